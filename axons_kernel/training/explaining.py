"""A configuration told in words: each value, what it is, what it does, and what else may be chosen."""

from __future__ import annotations

import html
from dataclasses import dataclass

from .config import TrainingConfig, allowed, effect


@dataclass(frozen=True)
class Row:
    """One setting; `usual` says whether it has its usual value."""

    name: str
    value: str
    usual: bool
    what: str
    effect: str
    allowed: str


@dataclass(frozen=True, repr=False)
class Explanation:
    """The settings as rows: print it, or let a notebook show it as a table."""

    rows: tuple[Row, ...]

    def __repr__(self) -> str:
        width = max(len(f"{row.name} = {row.value}") for row in self.rows)
        return "\n".join(f"{f'{r.name} = {r.value}':<{width}}  {r.what}; {r.effect}" for r in self.rows)

    def _repr_html_(self) -> str:
        head = "".join(f"<th style='text-align:left'>{text}</th>" for text in ("setting", "value", "what", "effect"))
        lines = []
        for row in self.rows:
            weight = "normal" if row.usual else "bold"
            what, does, name = (html.escape(text) for text in (row.what, row.effect, row.name))
            lines.append(
                f"<tr title='allowed: {html.escape(row.allowed, quote=True)}'><td><code>{name}</code></td>"
                f"<td style='font-weight:{weight};text-align:left'>{html.escape(row.value)}</td>"
                f"<td style='text-align:left'>{what}</td><td style='text-align:left'>{does}</td></tr>"
            )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def explain(config: TrainingConfig) -> Explanation:
    """Each setting of `config`; those that differ from the usual are bold in a notebook."""
    rows = []
    for name, field in TrainingConfig.model_fields.items():
        value = getattr(config, name)
        told = f"{value:g}" if isinstance(value, float) else str(value)
        rows.append(Row(name, told, value == field.default, field.description or "", effect(name), allowed(name)))
    return Explanation(tuple(rows))

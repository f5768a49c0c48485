"""Runs side by side: what was set differently, what came of it, and the same tiles through the eyes of each."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .. import plotting
from ..errors import InputError
from . import figures
from .colours import class_colours
from .scores import best_epoch, duration, mean_dice

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .run import Run

MOST = 8  # runs: more curves in one figure cannot be told apart
_CELL = "text-align:left;vertical-align:top"


@dataclass(frozen=True, repr=False)
class RunComparison:
    """Several runs of a project. A notebook shows all of it; the parts can be had one by one."""

    runs: tuple[Run, ...]

    @cached_property
    def metrics(self) -> dict[str, list[dict[str, Any]]]:
        """By run, one entry per epoch."""
        return {run.name: run.metrics() for run in self.runs}

    def differences(self) -> dict[str, list[Any]]:
        """What was set differently: setting -> value per run, in their order; None where a run has no such setting."""
        settings = [_settings(run) for run in self.runs]
        names = dict.fromkeys(name for one in settings for name in one)
        values = {name: [one.get(name) for one in settings] for name in names}
        return {name: found for name, found in values.items() if any(value != found[0] for value in found)}

    def scores(self) -> list[dict[str, Any]]:
        """Per run: state, epochs, best epoch, its Dice ("mean" and per class; not a number is None) and seconds."""
        return [self._score(run) for run in self.runs]

    def _score(self, run: Run) -> dict[str, Any]:
        metrics = self.metrics[run.name]
        best = best_epoch(metrics)
        dice = best["validation_dice"] if best else [None] * len(run.info.classes)
        return {
            "run": run.name,
            "state": run.status().state,
            "epochs": len(metrics),
            "best_epoch": best["epoch"] if best else None,
            "mean": mean_dice(best) if best else None,
            "dice": dict(zip(run.info.classes, dice, strict=True)),
            "seconds": metrics[-1]["seconds"] if metrics else 0.0,
        }

    def figure(self) -> Figure:
        """Loss and validation Dice of all runs, each in its colour."""
        return figures.curves({run.name: (run.info.classes, self.metrics[run.name]) for run in self.runs})

    def examples(self) -> Figure | None:
        """Tiles that all runs have shown, as each of them saw it about its best epoch; None when there are none."""
        best = {run.name: (best_epoch(self.metrics[run.name]) or {}).get("epoch", 1) for run in self.runs}
        tiles = figures.common_tiles(self.runs[0].store, best)
        names = self.runs[0].info.classes
        return figures.examples(tiles, dict(zip(names, class_colours(self.runs[0].store, names), strict=True)))

    def _repr_html_(self) -> str:
        examples = self.examples()
        parts = [
            "<h4>What is different</h4>",
            self._differences_html(),
            "<h4>What came of it</h4>",
            _table(["run", *_SCORE_NAMES, *self._classes, "time"], (self._row(score) for score in self.scores())),
            _picture(self.figure(), "curves of all runs"),
        ]
        if examples:
            parts += ["<h4>The same tiles</h4>", _picture(examples, "predictions of all runs on the same tiles")]
        return "".join(parts)

    def _differences_html(self) -> str:
        found = self.differences()
        if not found:
            return "<p>Nothing: the same settings on the same training set.</p>"
        rows = ([name, *map(_text, values)] for name, values in found.items())
        return _table(["setting", *(run.name for run in self.runs)], rows)

    @property
    def _classes(self) -> list[str]:
        return list(dict.fromkeys(name for run in self.runs for name in run.info.classes))

    def _row(self, score: Mapping[str, Any]) -> list[str]:
        numbers = [score["mean"], *(score["dice"].get(name) for name in self._classes)]
        dice = ["–" if value is None else f"{value:.3f}" for value in numbers]
        return [
            score["run"],
            score["state"],
            str(score["epochs"]),
            _text(score["best_epoch"]),
            *dice,
            duration(score["seconds"]),
        ]

    def __repr__(self) -> str:
        lines = [f"{name}: {', '.join(map(_text, values))}" for name, values in self.differences().items()]
        for score in self.scores():
            mean = "–" if score["mean"] is None else f"{score['mean']:.3f}"
            lines.append(f"{score['run']}: best mean Dice {mean} after {duration(score['seconds'])}, {score['state']}")
        return "\n".join(lines)


_SCORE_NAMES = ("state", "epochs", "best epoch", "mean Dice")


def compare_runs(runs: Sequence[Run]) -> RunComparison:
    """The runs side by side; see `Project.compare_runs`. Raises InputError for fewer than two, one twice, too many."""
    names = [run.name for run in runs]
    if not 2 <= len(names) <= MOST:
        raise InputError(f"{len(names)} runs are given: compare_runs takes 2 to {MOST}, as in compare_runs('a', 'b').")
    if len(set(names)) < len(names):
        raise InputError(f"Runs {', '.join(names)} are given: name each one once.")
    return RunComparison(tuple(runs))


def _settings(run: Run) -> dict[str, Any]:
    """All that a run was told, flat."""
    info = run.info
    data = {"training set": info.training_set, "its content": info.training_set_sha256[:8]}
    return {**data, "classes": list(info.classes), **info.config.model_dump(mode="json")}


def _text(value: Any) -> str:
    if value is None:
        return "–"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _table(head: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    """An HTML table; all text is escaped."""
    first = "".join(f'<th style="{_CELL}">{html.escape(text)}</th>' for text in head)
    body = "".join(
        "<tr>" + "".join(f'<td style="{_CELL}">{html.escape(text)}</td>' for text in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{first}</tr></thead><tbody>{body}</tbody></table>"


def _picture(figure: Figure, alt: str) -> str:
    return f'<img alt="{alt}" style="max-width:100%" src="{plotting.data_uri(plotting.figure_png(figure))}">'

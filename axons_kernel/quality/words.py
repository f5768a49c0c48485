"""Comparisons in plain sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .scores import ClassComparison


def summary(classes: Sequence[ClassComparison], hidden: int, pixel_size_um: float | None) -> list[str]:
    """One or two sentences per class, for the person who drew the annotation; `hidden` labels cover no pixel."""
    lines = [_class_line(scores, pixel_size_um) for scores in classes]
    if not lines:
        lines = ["Neither you nor the reference has a label here."]
    if hidden:
        verb = "covers" if hidden == 1 else "cover"
        lines.append(
            f"{_some(hidden, 'label')} of yours {verb} no pixel and did not count: points, or labels that others hide."
        )
    return lines


def _class_line(scores: ClassComparison, pixel_size_um: float | None) -> str:
    name, counts = scores.name, scores.counts
    if not scores.objects:
        if not scores.drawn:
            return f"{name}: nothing to find here, and you drew nothing."
        return f"{name}: the reference has none here; you drew {scores.drawn}."
    parts = [
        _were(counts["missed"], "missed"),
        _were(counts["split"], "split in pieces"),
        _merged(counts["merged"], scores.merges),
        _were(counts["wrong class"], "given another class"),
        _were(counts["far off"], "outlined too far off to count"),
    ]
    told = _and([part for part in parts if part])
    line = f"{name}: you found {counts['found']} of {scores.objects}" + (f"; {told}." if told else ".")
    if counts["extra"]:
        specks = f" ({scores.specks} of them specks)" if scores.specks else ""
        line += f" You drew {counts['extra']} that the reference does not have{specks}."
    return line + _outline(scores.offset_px, pixel_size_um)


def _were(count: int, what: str) -> str:
    return f"{count} {'was' if count == 1 else 'were'} {what}" if count else ""


def _merged(objects: int, merges: int) -> str:
    if not merges:
        return ""
    if objects == 2 * merges:
        return f"{_some(merges, 'pair')} {'was' if merges == 1 else 'were'} merged"
    return f"{objects} were merged into {merges}"


def _outline(offset_px: float, pixel_size_um: float | None) -> str:
    if math.isnan(offset_px):
        return ""
    if abs(offset_px) < 0.5:
        return " Your outlines are neither too wide nor too narrow on average."
    size = f" ({abs(offset_px) * pixel_size_um:.2g} µm)" if pixel_size_um else ""
    side = "wide" if offset_px > 0 else "narrow"
    return f" Your outlines are on average {abs(offset_px):.1f} px{size} too {side}."


def _some(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _and(parts: Sequence[str]) -> str:
    return ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else "".join(parts)

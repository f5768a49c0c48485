"""The command log: every edit with the labels before and after, for undo and redo. A frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..rasterize import Window
from .placed import Placed

STEPS = 400
POINTS = 1_000_000  # in all steps together, about 100 MB: older steps are forgotten beyond it


@dataclass(frozen=True)
class Step:
    """One edit: what it is called, where it was, and its labels (number -> placed label, or None) before and after.

    `rect` is the window, in image pixels, whose pixels it may have changed; None: what the labels cover.
    """

    name: str
    tile: int
    before: Mapping[int, Placed | None]
    after: Mapping[int, Placed | None]
    rect: Window | None = None
    points: int = field(default=0, compare=False)

    @classmethod
    def of(
        cls,
        name: str,
        tile: int,
        before: Mapping[int, Placed | None],
        after: Mapping[int, Placed | None],
        rect: Window | None = None,
    ) -> Step:
        """A step that knows its size."""
        placed = [p for side in (before, after) for p in side.values() if p]
        return cls(name, tile, before, after, rect, sum(len(ring) for p in placed for ring in p.label.rings()))


@dataclass(frozen=True)
class CommandLog:
    """Steps that can be undone (`past`, newest last) and redone (`future`, next one last)."""

    past: tuple[Step, ...] = ()
    future: tuple[Step, ...] = ()

    def then(self, step: Step) -> CommandLog:
        """A new step; what had been undone can no longer be redone."""
        past = (*self.past, step)[-STEPS:]
        size = sum(step.points for step in past)
        first = 0
        while size > POINTS and first < len(past) - 1:
            size -= past[first].points
            first += 1
        return CommandLog(past[first:])

    def undone(self) -> CommandLog:
        """One step back; only with a non-empty `past`."""
        return CommandLog(self.past[:-1], (*self.future, self.past[-1]))

    def redone(self) -> CommandLog:
        """One step forward; only with a non-empty `future`."""
        return CommandLog((*self.past, self.future[-1]), self.future[:-1])

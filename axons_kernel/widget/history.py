"""Undo and redo as a frozen value."""

from __future__ import annotations

from dataclasses import dataclass

from ..annotations import Label

UNDO_STEPS = 500


@dataclass(frozen=True)
class History:
    """Undo and redo over whole label tuples; the tuples share their labels, so a step costs few bytes."""

    present: tuple[Label, ...]
    past: tuple[tuple[Label, ...], ...] = ()
    future: tuple[tuple[Label, ...], ...] = ()

    def then(self, labels: tuple[Label, ...]) -> History:
        """A new step; what had been undone can no longer be redone."""
        return History(labels, (*self.past, self.present)[-UNDO_STEPS:])

    def undone(self) -> History:
        """One step back; only with a non-empty `past`."""
        return History(self.past[-1], self.past[:-1], (self.present, *self.future))

    def redone(self) -> History:
        """One step forward; only with a non-empty `future`."""
        return History(self.future[0], (*self.past, self.present), self.future[1:])

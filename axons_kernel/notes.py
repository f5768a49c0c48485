"""Notes: what was repaired, dropped or lost when labels went from one form to another, so that it can be told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_EXAMPLES = 3  # places that a summary names


@dataclass(frozen=True)
class Note:
    """One thing that did not go through as it was: `where` ("label 3"), what was `done` ("dropped") and `why`."""

    where: str
    done: str
    why: str

    def __str__(self) -> str:
        return f"{self.where} {self.done}: {self.why}" if self.where else f"{self.done}: {self.why}"


def summary(notes: Iterable[Note], limit: int = 20) -> list[str]:
    """Notes as lines, those of one kind together; at most `limit` kinds are told of, and the rest is counted."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for note in notes:
        kinds.setdefault((note.done, note.why), []).append(note.where)
    lines = []
    for (done, why), places in list(kinds.items())[:limit]:
        if len(places) == 1:
            lines.append(str(Note(places[0], done, why)))
        else:
            named = ", ".join(place for place in places[:_EXAMPLES] if place)
            more = ", ..." if len(places) > _EXAMPLES else ""
            lines.append(f"{len(places)} times {done}: {why} ({named}{more})")
    if len(kinds) > limit:
        rest = sum(len(places) for places in list(kinds.values())[limit:])
        lines.append(f"... and {rest} further notes of {len(kinds) - limit} other kinds")
    return lines

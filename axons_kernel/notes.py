"""Notes: what was repaired, dropped or lost when labels went from one form to another, so that it can be told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_EXAMPLES = 3  # places that a summary names


@dataclass(frozen=True)
class Note:
    """One thing that did not go through as it was: `where` ("Label 3"), what was `done` ("dropped") and `why`.

    `count` is how many labels it is about, where it is about several at that place.
    """

    where: str
    done: str
    why: str
    count: int | None = None


def labels_text(count: int) -> str:
    """The count with its noun: 1 label, 2 labels."""
    return f"{count} label{'s' if count != 1 else ''}"


def summary(notes: Iterable[Note], limit: int = 20) -> list[str]:
    """Notes as lines, those of one kind together; at most `limit` kinds are told of, and the rest is counted."""
    kinds: dict[tuple[str, str], list[Note]] = {}
    for note in notes:
        kinds.setdefault((note.done, note.why), []).append(note)
    lines = [_line(done, why, found) for (done, why), found in list(kinds.items())[:limit]]
    if len(kinds) > limit:
        rest = sum(len(found) for found in list(kinds.values())[limit:])
        lines.append(f"... and {rest} notes of {len(kinds) - limit} further kinds")
    return lines


def _line(done: str, why: str, found: list[Note]) -> str:
    places = [note.where for note in found]
    if found[0].count is not None:
        total = sum(note.count or 0 for note in found)
        return f"{labels_text(total)} {done}: {why} (in {_named(places)})"
    if len(found) == 1:
        return f"{places[0]} {done}: {why}"
    return f"{len(found)} times {done}: {why} ({_named(places)})"


def _named(places: list[str]) -> str:
    distinct = list(dict.fromkeys(places))
    return ", ".join(distinct[:_EXAMPLES]) + (", ..." if len(distinct) > _EXAMPLES else "")

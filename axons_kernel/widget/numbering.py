"""The numbers of labels in a file: ops that a view sends again after a restart of the kernel must mean the same label.

A file that somebody else has changed gets numbers that were never used: an old op then finds no label, not a wrong one.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

_Positive = Annotated[int, Field(ge=1, lt=2**32)]


class Numbering(BaseModel):
    """`runs` of numbers (first, how many) in the file's order, the `next` one, and a `check` of the labels' ids."""

    model_config = ConfigDict(frozen=True, extra="allow")
    runs: tuple[tuple[_Positive, _Positive], ...] = ()
    next: _Positive = 1
    check: int = 0

    @classmethod
    def of(cls, numbered: Iterable[tuple[int, str]], next_number: int) -> Self:
        """From (number, object id) in the file's order."""
        runs: list[tuple[int, int]] = []
        ids = []
        for number, object_id in numbered:
            ids.append(object_id)
            if runs and number == sum(runs[-1]):
                runs[-1] = (runs[-1][0], runs[-1][1] + 1)
            else:
                runs.append((number, 1))
        return cls(runs=tuple(runs), next=next_number, check=_check(ids))

    def numbers(self, object_ids: Sequence[str]) -> list[int]:
        """The number of each label of a file; new ones when these are not the labels that were numbered."""
        if sum(count for _, count in self.runs) == len(object_ids) and self.check == _check(object_ids):
            known = [number for first, count in self.runs for number in range(first, first + count)]
            if len(set(known)) == len(known):
                return known
        return list(range(self.next, self.next + len(object_ids)))


def _check(object_ids: Sequence[str]) -> int:
    return zlib.crc32("\n".join(object_ids).encode())

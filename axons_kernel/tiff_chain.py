"""The chain of a TIFF's pages: each says where the next one stands, and a broken file may lead round in a circle."""

from __future__ import annotations

import struct
from typing import IO

from .picture import Unreadable

_MOST_PAGES = 100_000


def check_chain(file: IO[bytes]) -> None:
    """Raise Unreadable when the pages of a TIFF (classic or Big) form a circle or are more than anybody can mean.

    A chain that leads out of the file ends there; the parser tells what is wrong with it.
    """
    file.seek(0)
    head = file.read(16)
    order = "<" if head[:2] == b"II" else ">"
    big = head[2:4] in (b"+\0", b"\0+")
    first, count, pointer, entry = (8, "Q", "Q", 20) if big else (4, "H", "I", 12)
    place = _number(head[first:], order + pointer)
    seen: set[int] = set()
    while place:
        if place in seen:
            raise Unreadable("its pages form a circle")
        if len(seen) == _MOST_PAGES:
            raise Unreadable(f"it has more than {_MOST_PAGES} pages")
        seen.add(place)
        file.seek(place)
        tags = _number(file.read(struct.calcsize(order + count)), order + count)
        if tags is None or tags > 0xFFFF:
            return
        file.seek(entry * tags, 1)
        place = _number(file.read(struct.calcsize(order + pointer)), order + pointer)


def _number(data: bytes, form: str) -> int | None:
    """The number at the start of some bytes; None where they are too few."""
    size = struct.calcsize(form)
    return int(struct.unpack(form, data[:size])[0]) if len(data) >= size else None

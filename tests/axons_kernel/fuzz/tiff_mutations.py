"""How TIFFs are broken: their directories, the entries in them, and what these point to."""

from __future__ import annotations

import contextlib
import random
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_NUMBERS = [0, 1, 2, 3, 7, 8, 9, 16, 17, 31, 32, 33, 64, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 10**6, 10**9]
_NUMBERS += [2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**64 - 1]
_ALLOWED = {  # what a tag may well hold, and what the rest of its file does not fit
    259: [1, 2, 3, 4, 5, 6, 7, 8, 9, 32773, 32946, 34712, 34887, 34892, 34925, 34926, 50000, 50001, 50002, 50013, 99],
    262: [*range(11), 32803, 34892],
    317: [1, 2, 3, 34892, 34893, 99],
    284: [1, 2, 3],
    339: [1, 2, 3, 4, 5, 6],
    338: [0, 1, 2, 999],
    258: [0, 1, 2, 4, 7, 8, 10, 12, 14, 16, 24, 31, 32, 64, 128],
    277: [0, 1, 2, 3, 4, 5, 255, 65535],
    274: list(range(10)),
    266: [0, 1, 2, 3],
    296: [0, 1, 2, 3, 9],
}
_SHAPE = [256, 257, 258, 277, 278, 284, 317, 322, 323, 32997, 32998]


@dataclass(frozen=True)
class Entry:
    """Where an entry of a directory stands, and what it says."""

    at: int
    tag: int
    type: int
    count: int


@dataclass(frozen=True)
class Tiff:
    """The directories of a TIFF: (place, entries, place of the pointer to the next)."""

    order: str
    big: bool
    directories: list[tuple[int, list[Entry], int]]

    @property
    def entries(self) -> list[Entry]:
        return [entry for _, entries, _ in self.directories for entry in entries]

    @property
    def pointer(self) -> str:
        return self.order + ("Q" if self.big else "I")

    @property
    def value_at(self) -> int:
        return 12 if self.big else 8


def parsed(data: bytes) -> Tiff | None:
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 16:
        return None
    big = 43 in data[2:4]
    tiff = Tiff(order, big, [])
    waiting = [struct.unpack_from(tiff.pointer, data, 8 if big else 4)[0]]
    while waiting and len(tiff.directories) < 20:
        waiting += _directory(tiff, data, waiting.pop())
    return tiff if tiff.entries else None


def _directory(tiff: Tiff, data: bytes, place: int) -> list[int]:
    """Adds one directory; returns the places of those that it leads to."""
    try:
        (count,) = struct.unpack_from(tiff.order + ("Q" if tiff.big else "H"), data, place)
        first, step = place + (8 if tiff.big else 2), 20 if tiff.big else 12
        form = tiff.order + ("HHQ" if tiff.big else "HHI")
        entries = [
            Entry(at, *struct.unpack_from(form, data, at)) for at in range(first, first + min(count, 99) * step, step)
        ]
        end = first + step * len(entries)
        tiff.directories.append((place, entries, end))
        next_ones = [struct.unpack_from(tiff.pointer, data, end)[0]]
        next_ones += [
            struct.unpack_from(tiff.pointer, data, e.at + tiff.value_at)[0]
            for e in entries
            if e.tag == 330 and e.count == 1
        ]
    except (struct.error, OverflowError):
        return []
    return [n for n in next_ones if n and n not in {d[0] for d in tiff.directories}]


def _put(data: bytes, at: int, form: str, number: int) -> bytes:
    size = struct.calcsize(form)
    return data[:at] + struct.pack(form, number % 2 ** (8 * size)) + data[at + size :]


def _value_place(tiff: Tiff, data: bytes, entry: Entry) -> tuple[int, int]:
    """Where the values of an entry stand, and how many bytes each has."""
    size = _SIZES.get(entry.type, 1)
    at = entry.at + tiff.value_at
    if size * min(entry.count, 10**6) > struct.calcsize(tiff.pointer):
        at = struct.unpack_from(tiff.pointer, data, at)[0]
    return at, size


def value(data: bytes, rng: random.Random) -> bytes:
    """One value of an entry, where it stands: a wrong size, a wrong kind, a resolution of 0/0."""
    tiff = parsed(data)
    if tiff is None:
        return data
    wanted = [e for e in tiff.entries if e.tag in _SHAPE] if rng.random() < 0.4 else tiff.entries
    entry = rng.choice(wanted or tiff.entries)
    at, size = _value_place(tiff, data, entry)
    if size == 8 and entry.type in (5, 10):
        at, size = at + rng.choice((0, 4)), 4
    at += size * rng.randrange(max(1, min(entry.count, 50)))
    number = rng.choice(_ALLOWED.get(entry.tag, _NUMBERS) if rng.random() < 0.7 else _NUMBERS)
    return _put(data, at, tiff.order + {1: "B", 2: "H", 4: "I", 8: "Q"}[size], number)


def claim(data: bytes, rng: random.Random) -> bytes:
    """A picture of 10^9 x 10^9 pixels, of none at all, or of one long row."""
    tiff = parsed(data)
    if tiff is None:
        return data
    sides = rng.choice(((10**9, 10**9), (0, 0), (1, 2**32 - 1), (2**32 - 1, 1), (20_000, 20_000), (65_536, 65_536)))
    for entry in tiff.entries:
        if entry.tag in (256, 257) or (entry.tag in (322, 323, 278) and rng.random() < 0.3):
            data = _put(data, entry.at + 2, tiff.order + "H", 4)
            data = _put(data, entry.at + tiff.value_at, tiff.order + "I", sides[entry.tag % 2])
    return data


def field(data: bytes, rng: random.Random) -> bytes:
    """The tag, the type, the count or the pointer of an entry is another one."""
    tiff = parsed(data)
    if tiff is None:
        return data
    entry, what = rng.choice(tiff.entries), rng.randrange(4)
    if what == 0:
        return _put(data, entry.at, tiff.order + "H", rng.choice((rng.choice(_SHAPE), rng.randrange(65536), 330, 347)))
    if what == 1:
        return _put(data, entry.at + 2, tiff.order + "H", rng.choice((*_SIZES, 0, 19, 65535)))
    if what == 2:
        return _put(data, entry.at + 4, tiff.pointer, rng.choice((*_NUMBERS, entry.count + 1, entry.count - 1)))
    return _put(data, entry.at + tiff.value_at, tiff.pointer, rng.choice((*_NUMBERS, len(data), len(data) - 1)))


def chain(data: bytes, rng: random.Random) -> bytes:
    """The number of entries, or where the next (or a sub) directory stands: also round in a circle."""
    tiff = parsed(data)
    if tiff is None:
        return data
    place, _, end = rng.choice(tiff.directories)
    places = [p for p, _, _ in tiff.directories]
    somewhere = rng.choice((*places, place, 0, 1, 8, len(data), len(data) - 2, rng.randrange(len(data)), 2**32 - 1))
    subs = [e for e in tiff.entries if e.tag == 330]
    what = rng.randrange(4)
    if what == 0:
        form = tiff.order + ("Q" if tiff.big else "H")
        return _put(data, place, form, rng.choice((0, 1, 5, 255, 4096, 65535)))
    if what == 1 and subs:
        return _put(data, subs[0].at + tiff.value_at, tiff.pointer, somewhere)
    if what == 2:
        return _put(data, 8 if tiff.big else 4, tiff.pointer, somewhere)
    return _put(data, end, tiff.pointer, somewhere)


def swap(data: bytes, rng: random.Random) -> bytes:
    """Two entries change places, or one comes twice in the place of another."""
    tiff = parsed(data)
    if tiff is None:
        return data
    first, second = rng.choice(tiff.entries), rng.choice(tiff.entries)
    step = 20 if tiff.big else 12
    one, other = data[first.at : first.at + step], data[second.at : second.at + step]
    changed = bytearray(data)
    changed[first.at : first.at + step] = other
    if rng.random() < 0.5:
        changed[second.at : second.at + step] = one
    return bytes(changed)


def places(data: bytes) -> list[int]:
    """Where a directory, an entry, a value or a strip or tile begins or ends."""
    tiff = parsed(data)
    if tiff is None:
        return []
    found = [place for start, _, end in tiff.directories for place in (start, start + 2, end, end + 4)]
    for entry in tiff.entries:
        at, size = _value_place(tiff, data, entry)
        found += [entry.at, entry.at + 4, entry.at + 8, at, at + size // 2, at + size * entry.count]
        if entry.tag in (273, 324) and size in (4, 8):
            form = f"{tiff.order}{entry.count}{'I' if size == 4 else 'Q'}"
            with contextlib.suppress(struct.error, OverflowError):
                found += [start + more for start in struct.unpack_from(form, data, at) for more in (0, 1)]
    return [place for place in found if place < len(data)]


def cut_at_a_place(data: bytes, rng: random.Random) -> bytes:
    """The file ends where something begins or ends."""
    return data[: rng.choice(places(data) or [len(data)])]


def description(data: bytes, rng: random.Random) -> bytes:
    """The XML or text of a description is broken, keeping its length."""
    found = re.search(rb"<\?xml.*?</OME>|ImageJ=[^\0]+|\{\"shape[^\0]+", data, re.DOTALL)
    text = found[0] if found else b""
    numbers, names = list(re.finditer(rb"(?<=[\"= ])[0-9.]+", text)), list(re.finditer(rb"[A-Za-z]+", text))
    if found is None or not numbers or not names:
        return value(data, rng)
    what = rng.randrange(5)
    if what == 0:
        changed = text[: rng.randrange(len(text))]
    elif what == 1:
        at = rng.choice(numbers)
        new = rng.choice((b"0", b"-1", b"nan", b"inf", b"1e999", b"999999999", b"4294967295", b"", b"x"))
        changed = text[: at.start()] + new + text[at.end() :]
    elif what == 2:
        at = rng.choice(names)
        changed = (
            text[: at.start()] + rng.choice((b"", b"\xff\xfe", b"Pixels", b"<", b"&a;", b"uint128")) + text[at.end() :]
        )
    elif what == 3:
        changed = b"<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;'>]><OME>&b;</OME>"
    else:
        changed = b"<" * len(text)
    return data[: found.start()] + changed[: len(text)].ljust(len(text), b" ") + data[found.end() :]


ALL: list[Callable[[bytes, random.Random], bytes]] = [
    *[value, value, value, claim, field, field, chain, swap, cut_at_a_place, description],
]

"""What a read cache keeps: pure rules, and the numbers it tells."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One object in the cache. `last_used` is in seconds since 1970; `uses` counts its reads."""

    source: str
    etag: str
    sha256: str
    bytes: int
    uses: int
    last_used: float


@dataclass(frozen=True)
class CacheInfo:
    """How a cache has served this process, and what it holds for all of them.

    `bytes` and `limit` are sizes on this machine's disk; `hits` and `misses` count reads, `evictions` objects that
    had to make room.
    """

    hits: int
    misses: int
    evictions: int
    objects: int
    bytes: int
    limit: int
    folder: str

    def _rows(self) -> list[tuple[str, str]]:
        reads = self.hits + self.misses
        share = f" ({100 * self.hits / reads:.0f} %)" if reads else ""
        return [
            ("read from the cache", f"{self.hits} of {reads} reads{share}"),
            ("fetched", str(self.misses)),
            ("held", f"{self.objects} objects, {human_bytes(self.bytes)} of {human_bytes(self.limit)}"),
            ("removed to make room", str(self.evictions)),
            ("folder", self.folder or "none: the project itself is on this machine"),
        ]

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><th style='text-align:left'>{name}</th><td style='text-align:left'>{value}</td></tr>"
            for name, value in self._rows()
        )
        return f"<table>{cells}</table>"

    def __str__(self) -> str:
        return "\n".join(f"{name:<21} {value}" for name, value in self._rows())


def human_bytes(count: float) -> str:
    """A size for people: '12 B', '3.4 MB', '1.2 GB' (powers of 1000)."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(count) < 999.5:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 99.5 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def to_evict(entries: Iterable[Entry], limit: int, now: float) -> list[Entry]:
    """What has to go so that the rest fits `limit` bytes: first what was unused longest for how often it is used.

    An object that was read 2 (4, 8, ...) times stays as long as one read once that is 2 (3, 4, ...) times as fresh.
    """
    kept = list(entries)
    total = sum(entry.bytes for entry in kept)
    gone = []
    for entry in sorted(kept, key=lambda e: (now - e.last_used) / (1 + math.log2(max(e.uses, 1))), reverse=True):
        if total <= limit:
            break
        gone.append(entry)
        total -= entry.bytes
    return gone

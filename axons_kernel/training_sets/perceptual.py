"""Pictures that look the same: by a hash of their coarse structure, also turned, mirrored, brighter or compressed.

The hash (pHash) says which of the 63 lowest frequencies of a 32 x 32 thumbnail are above their median. Pairs whose
hashes are near are compared once more by the correlation of their thumbnails.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import fft

SIDE = 32  # pixels of a thumbnail
NEAR_BITS = 12  # of 63; those of two different pictures differ in 31 or so
ALIKE = 0.9  # correlation of thumbnails
_AT_ONCE = 1 << 21  # pairs that are compared in one step


@dataclass(frozen=True)
class Fingerprint:
    """`thumb` (32, 32) float32 with mean 0 and deviation 1; `hashes` (8,) uint64 of its turns and mirrors."""

    thumb: NDArray[np.float32]
    hashes: NDArray[np.uint64]


def fingerprint(grey: NDArray[np.number]) -> Fingerprint | None:
    """Of a (h, w) picture; None when it is flat, as all flat pictures look the same."""
    small = Image.fromarray(np.ascontiguousarray(grey, np.float32)).resize((SIDE, SIDE), Image.Resampling.BOX)
    thumb = np.asarray(small, np.float32)
    spread = float(thumb.std())
    if spread <= 1e-6 * max(1.0, abs(float(thumb.mean()))):
        return None
    thumb = (thumb - thumb.mean()) / spread
    return Fingerprint(thumb, np.array([_hash(turned) for turned in turns(thumb)], np.uint64))


def turns(picture: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """The eight ways to lay a square picture, itself first."""
    return [np.rot90(side, count) for side in (picture, picture[:, ::-1]) for count in range(4)]


def _hash(thumb: NDArray[np.float32]) -> int:
    frequencies = fft.dctn(thumb, norm="ortho")[:8, :8].ravel()[1:]
    bits = frequencies > np.median(frequencies)
    return int("".join("01"[int(bit)] for bit in bits), 2)


def look_alikes(first: Sequence[Fingerprint], second: Sequence[Fingerprint]) -> Iterator[tuple[int, int]]:
    """(number in `first`, number in `second`) of all pairs that look the same."""
    if not first or not second:
        return
    hashes = np.array([one.hashes for one in second])  # (second, 8)
    step = max(1, _AT_ONCE // hashes.size)
    for start in range(0, len(first), step):
        mine = np.array([one.hashes[0] for one in first[start : start + step]])
        apart = np.bitwise_count(mine[:, None, None] ^ hashes[None])
        for i, j in np.argwhere(apart.min(axis=2) <= NEAR_BITS):
            if _correlation(first[start + i], second[j]) >= ALIKE:
                yield start + int(i), int(j)


def _correlation(first: Fingerprint, second: Fingerprint) -> float:
    return max(float((first.thumb * turned).mean()) for turned in turns(second.thumb))

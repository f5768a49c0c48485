"""Values of tiles that came before they were needed: in memory at first, then in a temporary file."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import InputError
from .tiling import Tile

_IN_MEMORY = 64 << 20  # bytes
_ALLOWED = ("uint8", "uint16", "float32")


class TileSpill(contextlib.AbstractContextManager["TileSpill"]):
    """Takes (tile, values) from `feed` as tiles are waited for, and gives rows of them; `tiles` are those to expect.

    `dtype` and `channels` are those of the first piece. The place of a forgotten tile is used again.
    """

    def __init__(self, tiles: Sequence[Tile], feed: Iterator[tuple[Tile, NDArray[Any]]], folder: Path | None):
        self._expected, self._places, self._seen = set(tiles), dict[Tile, int](), set[Tile]()
        self._free, self._next = list[int](), 0
        first = next(feed, None)
        if first is None:
            raise InputError(f"There is nothing to stitch: give (tile, values) of {len(self._expected)} tiles.")
        self._feed = itertools.chain([first], feed)
        self.dtype, self.channels = first[1].dtype, first[1].shape[2] if first[1].ndim == 3 else 1
        if self.dtype.name not in _ALLOWED:
            raise InputError(
                f"Values of type {self.dtype} cannot be stitched: give {', '.join(_ALLOWED)}, as in "
                "values.astype('float32'), or classes.astype('uint8')."
            )
        pixels = max((t.width * t.height for t in tiles), default=0)
        self._slot = pixels * self.channels * self.dtype.itemsize
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(folder) if folder else None)  # noqa: SIM115 - closed in __exit__

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def wait_for(self, tiles: Sequence[Tile]) -> None:
        """Take pieces until all of `tiles` are here. Raises InputError when the pieces end before."""
        needed = {tile for tile in tiles if tile not in self._places}
        while needed:
            piece = next(self._feed, None)
            if piece is None:
                some = min(needed, key=lambda t: (t.y, t.x))
                missing = len(self._expected - self._seen)
                raise InputError(f"{missing} of {len(self._expected)} tiles are missing, among them {some}.")
            needed.discard(self._keep(*piece))

    def expect_end(self) -> None:
        """Raise InputError when more pieces come: they are unknown or come twice."""
        for piece in self._feed:
            self._keep(*piece)

    def _keep(self, tile: Tile, values: NDArray[Any]) -> Tile:
        if tile not in self._expected:
            raise InputError(f"{tile} is no tile of this tiling.")
        if tile in self._seen:
            raise InputError(f"{tile} came twice: give each tile once.")
        wanted = (tile.height, tile.width, self.channels)
        if values.dtype != self.dtype or (*values.shape, 1)[:3] != wanted:
            raise InputError(
                f"{tile} has values {values.shape} of {values.dtype}; {wanted} of {self.dtype} are needed, as for the "
                "first tile."
            )
        place = self._free.pop() if self._free else self._next
        self._next = max(self._next, place + 1)
        self._file.seek(place * self._slot)
        self._file.write(np.ascontiguousarray(values).data)
        self._places[tile] = place
        self._seen.add(tile)
        return tile

    def rows(self, tile: Tile, top: int, bottom: int) -> NDArray[Any]:
        """Rows `top` to `bottom` of the image from a tile that is here: (h, width, C)."""
        row = tile.width * self.channels * self.dtype.itemsize
        self._file.seek(self._places[tile] * self._slot + (top - tile.y) * row)
        data = self._file.read((bottom - top) * row)
        return np.frombuffer(data, self.dtype).reshape(bottom - top, tile.width, self.channels)

    def forget(self, tile: Tile) -> None:
        """This tile is not needed any more."""
        self._free.append(self._places.pop(tile))

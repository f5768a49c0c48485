"""Write a tiled, compressed, pyramidal OME-TIFF in one pass over the rows, in little memory.

Layout: axes YX, YXS (RGB) or CYX; tiles of 512 x 512; Zstandard with horizontal prediction (none for float); each
coarser level, a SubIFD, is half of the one before (rounded down) until the longer side fits one tile.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .picture import Picture

TILE = 512  # pixels; the side of a stored block and the size at which the pyramid stops
_ZSTD_LEVEL = 1  # on micrographs the higher levels cost much time and save almost nothing
_IN_MEMORY = 32 << 20  # bytes of coarser levels that are kept in memory until level 0 is written
_T = TypeVar("_T")


def level_shapes(shape: tuple[int, int]) -> list[tuple[int, int]]:
    """(H, W) of every level, the image first."""
    shapes = [shape]
    while max(shapes[-1]) > TILE and min(shapes[-1]) >= 2:
        shapes.append((shapes[-1][0] // 2, shapes[-1][1] // 2))
    return shapes


def write_ome_tiff(
    target: Path | IO[bytes],
    picture: Picture,
    pixel_size_um: float | None,
    *,
    title: str | None = None,
    categorical: bool = False,
    on_rows: Callable[[int], object] = lambda rows: None,
) -> None:
    """Write `picture` (uint8, uint16 or float32) to a new file; `on_rows` hears how many rows were written.

    `title` is the name that viewers show. `categorical`: the values are class numbers, so the coarser levels pick
    values and never mix them.
    """
    import tifffile

    shapes = level_shapes(picture.shape)
    lead, rest = ((picture.channels,), ()) if len(picture.planes) > 1 else ((), (3,) if picture.rgb else ())
    options: dict[str, Any] = {
        "dtype": picture.dtype,
        "tile": (TILE, TILE),
        "compression": "zstd",
        "predictor": picture.dtype.kind != "f",  # Bio-Formats knows no predictor for floating point
        "photometric": "rgb" if picture.rgb else "minisblack",
    }
    raw_bytes = int(np.prod(picture.shape, dtype=np.int64)) * picture.channels * picture.dtype.itemsize
    folder = os.path.dirname(target) if isinstance(target, Path) else None
    with (
        tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=folder) as spill,
        ThreadPoolExecutor(os.cpu_count()) as pool,
        tifffile.TiffWriter(target, bigtiff=raw_bytes > 2**31, ome=True) as writer,
    ):
        pyramid = _PyramidWriter(picture, spill, pool, categorical)
        first = chain(pyramid.tiles(on_rows))  # which nobody can close
        metadata = _ome_metadata(picture, pixel_size_um) | ({"Name": title} if title else {})
        writer.write(first, shape=(*lead, *shapes[0], *rest), subifds=len(shapes) - 1, metadata=metadata, **options)
        for _ in first:  # the writer stops at the last tile of level 0; what follows fills the coarser levels
            pass
        for number, shape in enumerate(shapes[1:], start=1):
            tiles = pyramid.kept_tiles(number)
            writer.write(tiles, shape=(*lead, *shape, *rest), subfiletype=1, metadata=None, **options)


def encoded_ome_tiff(picture: Picture, pixel_size_um: float | None, *, categorical: bool = False) -> bytes:
    """The same as bytes, for small pictures."""
    buffer = io.BytesIO()
    write_ome_tiff(buffer, picture, pixel_size_um, categorical=categorical)
    return buffer.getvalue()


def _ome_metadata(picture: Picture, pixel_size_um: float | None) -> dict[str, Any]:
    metadata: dict[str, Any] = {"axes": "CYX" if len(picture.planes) > 1 else "YXS" if picture.rgb else "YX"}
    if pixel_size_um is not None:
        for axis in "XY":
            metadata[f"PhysicalSize{axis}"] = pixel_size_um
            metadata[f"PhysicalSize{axis}Unit"] = "µm"
    if picture.channel_names and not picture.rgb:
        metadata["Channel"] = {"Name": list(picture.channel_names)}
    return metadata


class _PyramidWriter:
    """Encodes all levels of all planes on the way; level 0 is given out at once, the others are kept for later.

    While the tiles of one block of rows are written, the next ones are encoded.
    """

    def __init__(self, picture: Picture, spill: IO[bytes], pool: ThreadPoolExecutor, categorical: bool):
        self._picture, self._spill, self._pool = picture, spill, pool
        self._halve = every_second if categorical else mean_of_four
        self._shapes = level_shapes(picture.shape)
        self._begun: deque[tuple[int, Future[bytes]]] = deque()  # (level, a tile of it), in the order of the file
        self._kept: list[list[tuple[int, int]]] = [[] for _ in self._shapes]  # (offset, size) in the spill file

    def tiles(self, on_rows: Callable[[int], object]) -> Iterator[bytes]:
        """The encoded tiles of level 0, plane after plane, row after row."""
        for plane in self._picture.planes:
            levels = [_Rows() for _ in self._shapes]
            for band in _one_ahead(plane()):
                for block in levels[0].add(band):
                    before = len(self._begun)
                    self._begin(0, block, levels)
                    yield from self._finished(before)
                on_rows(len(band))
            for number, rows in enumerate(levels):
                if (rest := rows.rest()) is not None:
                    self._begin(number, rest, levels)
            yield from self._finished(len(self._begun))

    def _begin(self, number: int, block: NDArray[Any], levels: list[_Rows]) -> None:
        """Start encoding one row of tiles, and hand its halves on to the next level."""
        pieces = [block[:, x : x + TILE] for x in range(0, block.shape[1], TILE)]
        coarser = number + 1 < len(levels)
        halves = [self._pool.submit(self._halve, piece) for piece in pieces] if coarser else []
        self._begun.extend((number, self._pool.submit(_encoded, piece)) for piece in pieces)
        if coarser:
            half = np.concatenate([piece.result() for piece in halves], axis=1)
            for next_block in levels[number + 1].add(half):
                self._begin(number + 1, next_block, levels)

    def _finished(self, count: int) -> Iterator[bytes]:
        """Wait for the `count` tiles that were begun first: those of level 0 are given out, the others kept."""
        for _ in range(count):
            number, tile = self._begun.popleft()
            data = tile.result()
            if number == 0:
                yield data
            else:
                self._kept[number].append((self._spill.tell(), len(data)))
                self._spill.write(data)

    def kept_tiles(self, number: int) -> Iterator[bytes]:
        """The encoded tiles of a coarser level."""
        for offset, size in self._kept[number]:
            self._spill.seek(offset)
            yield self._spill.read(size)


class _Rows:
    """Cuts bands of any height into blocks of `TILE` rows, which nobody changes later; only what is cut is copied."""

    def __init__(self) -> None:
        self._parts: list[NDArray[Any]] = []
        self._filled = 0

    def add(self, band: NDArray[Any]) -> Iterator[NDArray[Any]]:
        """Blocks that this band completes."""
        while len(band):
            part = band[: TILE - self._filled]
            self._parts.append(part)
            self._filled += len(part)
            band = band[len(part) :]
            if self._filled == TILE:
                yield self._whole()

    def rest(self) -> NDArray[Any] | None:
        """The rows that make no whole block."""
        return self._whole() if self._filled else None

    def _whole(self) -> NDArray[Any]:
        parts, self._parts, self._filled = self._parts, [], 0
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


def mean_of_four(pixels: NDArray[Any]) -> NDArray[Any]:
    """Half the size, each value the (rounded) mean of 2 x 2; an odd last row or column is left out."""
    h, w = pixels.shape[0] // 2 * 2, pixels.shape[1] // 2 * 2
    wide = {"u": np.uint32 if pixels.dtype.itemsize > 1 else np.uint16, "f": np.float32}[pixels.dtype.kind]
    rows = np.add(pixels[0:h:2, :w], pixels[1:h:2, :w], dtype=wide)
    four = rows[:, 0::2] + rows[:, 1::2]
    if pixels.dtype.kind == "f":
        return np.asarray(four / np.float32(4))
    return np.asarray((four + wide(2)) >> wide(2)).astype(pixels.dtype)


def every_second(pixels: NDArray[Any]) -> NDArray[Any]:
    """Half the size, each value the upper left of 2 x 2; an odd last row or column is left out."""
    return pixels[: pixels.shape[0] // 2 * 2 : 2, : pixels.shape[1] // 2 * 2 : 2]


def _encoded(piece: NDArray[Any]) -> bytes:
    """A tile as it stands in the file; one at the edge is filled up with zeros."""
    import imagecodecs

    if piece.shape[:2] == (TILE, TILE):
        tile = np.ascontiguousarray(piece)
    else:
        tile = np.zeros((TILE, TILE, *piece.shape[2:]), piece.dtype)
        tile[: piece.shape[0], : piece.shape[1]] = piece
    if tile.dtype.kind != "f":
        tile = imagecodecs.delta_encode(tile, axis=1)
    memory: Any = tile  # it takes any buffer
    return bytes(imagecodecs.zstd_encode(memory, level=_ZSTD_LEVEL))


def _one_ahead(items: Iterable[_T]) -> Iterator[_T]:
    """The same items; the next one is made in another thread while one is used."""
    iterator, end = iter(items), object()
    with ThreadPoolExecutor(1) as maker:
        coming = maker.submit(next, iterator, end)
        while (item := coming.result()) is not end:
            coming = maker.submit(next, iterator, end)
            yield item  # type: ignore[misc]

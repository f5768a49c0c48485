"""Rows of one TIFF page, decoded some strips or tiles at a time; nothing is believed that the file cannot hold."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .picture import WHOLE_LIMIT, Unreadable, band_rows

_BOMB_FLOOR = 64 << 20  # bytes; a picture up to this size may be as empty as it likes
# decoded bytes per byte of the file that a codec can reach at most, or that others reach on blank pictures
_RATIOS = {1: 1, 5: 1400, 8: 1040, 32946: 1040, 32773: 64}
_OTHER_RATIO = 5000
_UNKNOWN_SIZE = {34887: "LERC", 50002: "JPEG XL", 52546: "JPEG XL"}  # their parts may claim any size, unseen
_OWN_HEADER = {6, 7, 33003, 33004, 33005, 33007, 34712, 34892, 34927, 34933, 50001}  # JPEG, JPEG 2000, PNG, WebP


def check_size(page: Any, file_bytes: int) -> None:
    """Raise Unreadable when a page claims more pixels than its file can hold, or its data are cut off.

    Also for a compression whose parts claim sizes that nothing here can check.
    """
    keyframe = page.keyframe
    if unknown := _UNKNOWN_SIZE.get(int(keyframe.compression)):
        raise Unreadable(f"its compression {unknown} is not supported: save it with deflate, Zstandard or LZW")
    shape = keyframe.shaped  # separate samples, depth, rows, columns, samples
    if min(shape) < 1:
        raise Unreadable("it has no pixels")
    decoded = math.prod(shape) * keyframe.dtype.itemsize
    if decoded > max(_BOMB_FLOOR, _RATIOS.get(int(keyframe.compression), _OTHER_RATIO) * file_bytes):
        raise Unreadable(f"{shape[3]} x {shape[2]} pixels are too large for a file of {file_bytes} bytes")
    if shape[1] > 1:
        raise Unreadable("its pages are volumes, not pictures")
    segments = math.prod(keyframe.chunked)
    offsets, sizes = page.dataoffsets, page.databytecounts
    if len(offsets) < segments or len(sizes) < segments:
        raise Unreadable(f"it has {len(offsets)} of {segments} parts")
    if any(offset + size > file_bytes for offset, size in zip(offsets, sizes, strict=False)):
        raise Unreadable("it is cut off")
    if any((offset == 0) != (size == 0) for offset, size in zip(offsets[:segments], sizes, strict=False)):
        raise Unreadable("it lacks a part")


class SegmentReader:
    """Reads one page from top to bottom; `samples` is the number of values of a pixel."""

    def __init__(self, page: Any, file_bytes: int):
        check_size(page, file_bytes)
        self._page, self._keyframe = page, page.keyframe
        keyframe = self._keyframe
        separate, _, self.height, self.width, together = keyframe.shaped
        self.samples = separate * together
        if keyframe.is_tiled:
            self._chunk = (keyframe.tilelength, keyframe.tilewidth)
        else:
            self._chunk = (min(keyframe.rowsperstrip, self.height), self.width)
        self._across = -(-self.width // self._chunk[1])
        self._down = -(-self.height // self._chunk[0])
        row_bytes = self.width * self.samples * keyframe.dtype.itemsize
        if self._chunk[0] * max(row_bytes, self._chunk[1] * together * keyframe.dtype.itemsize) > WHOLE_LIMIT:
            raise Unreadable(
                f"its parts of {self._chunk[1]} x {self._chunk[0]} pixels are too large to be read: save it with "
                "tiles, or with strips of few rows"
            )
        self._chunk_rows = band_rows(row_bytes, self._chunk[0]) // self._chunk[0]  # rows of chunks in a band

    def bands(self) -> Iterator[NDArray[Any]]:
        """(h, W, samples), from top to bottom."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for first in range(0, self._down, self._chunk_rows):
                yield self._band(range(first, min(first + self._chunk_rows, self._down)), pool)

    def _band(self, rows: range, pool: ThreadPoolExecutor) -> NDArray[Any]:
        top, bottom = rows.start * self._chunk[0], min(rows.stop * self._chunk[0], self.height)
        out = np.zeros((bottom - top, self.width, self.samples), self._keyframe.dtype)
        planes = self._keyframe.shaped[0]
        of_plane = self._across * self._down
        indices = [
            plane * of_plane + number
            for plane in range(planes)
            for number in range(rows.start * self._across, rows.stop * self._across)
        ]

        def place(part: tuple[bytes | None, int]) -> None:
            chunk, (plane, _, y, x, _), _ = self._decoded(*part)
            if chunk is None:  # a part that was never written
                out[y - top : y - top + self._chunk[0], x : x + self._chunk[1], plane:] = self._keyframe.nodata
                return
            piece = chunk[0, : min(chunk.shape[1], bottom - y), : min(chunk.shape[2], self.width - x)]
            samples = slice(plane, plane + 1) if planes > 1 else slice(None)
            out[y - top : y - top + len(piece), x : x + piece.shape[1], samples] = piece

        for _ in pool.map(place, self._parts(indices)):
            pass
        return out

    def _parts(self, indices: list[int]) -> Iterator[tuple[bytes | None, int]]:
        offsets, sizes = self._page.dataoffsets, self._page.databytecounts
        parts = self._page.parent.filehandle.read_segments(
            [offsets[i] for i in indices], [sizes[i] for i in indices], indices=indices
        )
        yield from parts

    def _decoded(self, data: bytes | None, index: int) -> Any:
        keyframe = self._keyframe
        tables = {}
        if keyframe.compression in (6, 7, 34892, 33007):
            tables = {"jpegtables": self._page.jpegtables, "jpegheader": keyframe.jpegheader}
        if data is not None and keyframe.compression in _OWN_HEADER:
            self._check_own_header(data)
        return keyframe.decode(data, index, **tables)

    def _check_own_header(self, data: bytes) -> None:
        """A JPEG in a tile has a size of its own, which the decoder would believe."""
        from PIL import Image, UnidentifiedImageError

        try:
            with Image.open(io.BytesIO(data)) as part:
                width, height = part.size
        except UnidentifiedImageError:  # the decoder knows more dialects than Pillow
            return
        except Image.DecompressionBombError as error:
            raise Unreadable("a part of it claims more pixels than there is room for") from error
        if width * height > 4 * self._chunk[0] * self._chunk[1]:
            raise Unreadable(f"a part of it claims {width} x {height} pixels")


class ContiguousReader:
    """Reads a plane whose rows stand uncompressed in the file, one after the other."""

    def __init__(self, series: Any, page: Any, number: int, file_bytes: int):
        if min(page.shaped) < 1 or page.shaped[1] > 1:
            raise Unreadable("its pages are no pictures")
        self._separate, _, self.height, self.width, together = page.shaped
        self.samples = self._separate * together
        self._dtype = np.dtype(page.parent.byteorder + page.dtype.char)
        self._handle = page.parent.filehandle
        self._row = self.width * together * self._dtype.itemsize
        plane = self._separate * self.height * self._row
        self._start = series.dataoffset + number * plane
        if self._start + plane > file_bytes:
            raise Unreadable("it is cut off")

    def bands(self) -> Iterator[NDArray[Any]]:
        """(h, W, samples), from top to bottom."""
        step = band_rows(self._row * self._separate)
        for top in range(0, self.height, step):
            rows = min(step, self.height - top)
            parts = [self._rows(part, top, rows) for part in range(self._separate)]
            band = parts[0] if self._separate == 1 else np.concatenate(parts, axis=2)
            yield band.astype(self._dtype.newbyteorder("="), copy=False)

    def _rows(self, part: int, top: int, rows: int) -> NDArray[Any]:
        self._handle.seek(self._start + (part * self.height + top) * self._row)
        data = self._handle.read(rows * self._row)
        if len(data) != rows * self._row:
            raise Unreadable("it is cut off")
        return np.frombuffer(data, self._dtype).reshape(rows, self.width, -1)

"""Windows of a tiled, pyramidal TIFF, at any level, without reading the rest of it.

A level's pixel (x, y) covers the image pixels from (x * scale, y * scale) to ((x + 1) * scale, (y + 1) * scale).
"""

from __future__ import annotations

import io
import itertools
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache, partial
from typing import IO, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .chunk_cache import SHARED, ChunkCache
from .errors import ImageReadError, InputError
from .picture import why_unreadable
from .tiff_layout import Plane, read_layout
from .tiling import Tile

_T = TypeVar("_T")
_Begun = tuple[int, int, Plane, Future[NDArray[Any]]]  # top and left of a chunk, and the promise of it
_NUMBERS = itertools.count()  # each pyramid has chunks of its own


class Pyramid:
    """A tiled, pyramidal TIFF (axes YX, YXS, SYX or CYX), read by windows. Threads may share it.

    `levels[0]` is the whole image, the others are coarser; `shape` is (H, W) of level 0. Raises ImageReadError when
    the file, called `name`, is no such image. The pyramid closes `file` when it is no longer used.
    """

    def __init__(self, file: IO[bytes], name: str, cache: ChunkCache | None = None):
        self.name = name
        self._cache = SHARED if cache is None else cache
        self._number = next(_NUMBERS)
        self._read_bytes = _reader(file, name)
        weakref.finalize(self, file.close)
        try:
            layout = read_layout(file)
        except Exception as error:  # the parser raises whatever it likes on broken bytes
            raise ImageReadError(
                f"{name} cannot be read by windows ({why_unreadable(error)}). Import the image again from its original."
            ) from error
        self.levels, self._planes = layout.levels, layout.planes
        self.dtype, self.channels = layout.dtype, layout.channels

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of the image in pixels."""
        return self.levels[0].shape

    def level_for(self, scale: float) -> int:
        """The coarsest level with at most `scale` image pixels per pixel; 0 when even that is too coarse."""
        fine = [number for number, level in enumerate(self.levels) if level.scale <= scale * (1 + 1e-6)]
        return max(fine, key=lambda number: self.levels[number].scale, default=0)

    def read(self, tile: Tile, level: int = 0) -> NDArray[Any]:
        """A window's pixels, (h, w) or (h, w, C) of `dtype`; `tile` counts in pixels of that level.

        Raises InputError when the window reaches over the level's edge, ImageReadError when its bytes are broken.
        """
        return self._gather(tile, level, self._begin(tile, level, self._cache, last_here=True))

    def read_each(self, tiles: Sequence[Tile], level: int = 0) -> Iterator[NDArray[Any]]:
        """The pixels of many windows in their order, decoded some windows ahead by several threads.

        Faster than `read` one after the other where neighbours follow each other, as in a tiling.
        """
        cache = self._scan_cache(max((tile.height for tile in tiles), default=1), level)
        begun = ((tile, self._begin(tile, level, cache, last_here=False)) for tile in tiles)
        for tile, chunks in ahead(begun, 2 * _threads()):
            yield self._gather(tile, level, chunks)

    def _scan_cache(self, height: int, level: int) -> ChunkCache:
        """Where reading of many windows of `height` keeps its chunks: a large level must not push all others out.

        Then the rows of chunks under one row of windows are enough, in memory that is soon used again.
        """
        (h, w), (chunk_h, chunk_w) = self.levels[level].shape, self.levels[level].chunk
        row = -(-w // chunk_w) * chunk_w * chunk_h * self.channels * self.dtype.itemsize
        limit = self._cache.limit_bytes
        if row * -(-h // chunk_h) <= limit // 4:
            return self._cache
        return ChunkCache(min(limit, row * ((height - 1) // chunk_h + 2)))

    def _check(self, tile: Tile, level: int) -> None:
        if not 0 <= level < len(self.levels):
            raise InputError(f"{self.name} has no level {level}: give 0 to {len(self.levels) - 1}.")
        height, width = self.levels[level].shape
        inside = 0 <= tile.x <= tile.x + tile.width <= width and 0 <= tile.y <= tile.y + tile.height <= height
        if not inside or tile.width < 1 or tile.height < 1:
            raise InputError(
                f"The window x={tile.x}, y={tile.y}, {tile.width} x {tile.height} is not inside level {level} of "
                f"{self.name}, which is {width} x {height} pixels."
            )

    def _begin(self, tile: Tile, level: int, cache: ChunkCache, last_here: bool) -> list[_Begun]:
        """Start decoding the window's chunks in the pool, the last one in this thread if it would only wait."""
        self._check(tile, level)
        h, w = self.levels[level].chunk
        rows = range(tile.y // h, (tile.y + tile.height - 1) // h + 1)
        columns = range(tile.x // w, (tile.x + tile.width - 1) // w + 1)
        across = -(-self.levels[level].shape[1] // w)
        cells = list(itertools.product(rows, columns, self._planes[level]))
        begun = []
        for number, (row, column, plane) in enumerate(cells, start=1):
            index = plane.index + row * across + column
            pool = None if last_here and number == len(cells) else _pool()
            if pool and cache is not self._cache and self._is_chunk(tile, level, plane):
                promise = pool.submit(self._decode, plane, index)  # a scan needs it once: neither kept nor copied
            else:
                load = partial(self._decode_shared, plane, index)
                promise = cache.begin((self._number, level, plane.first, index), load, pool)
            begun.append((row * h, column * w, plane, promise))
        return begun

    def _is_chunk(self, tile: Tile, level: int, plane: Plane) -> bool:
        h, w = self.levels[level].chunk
        return tile == (tile.x // w * w, tile.y // h * h, w, h) and plane.channels == self.channels

    def _gather(self, tile: Tile, level: int, begun: list[_Begun]) -> NDArray[Any]:
        h, w = self.levels[level].chunk
        whole = begun[0][3].result() if self._is_chunk(tile, level, begun[0][2]) else None
        if whole is not None and whole.flags.writeable:  # the reader's alone
            return whole if self.channels > 1 else whole[..., 0]
        out = np.empty((tile.height, tile.width, self.channels), self.dtype)
        for y, x, plane, promise in begun:
            top, left = max(tile.y, y), max(tile.x, x)
            bottom, right = min(tile.y + tile.height, y + h), min(tile.x + tile.width, x + w)
            channels = slice(plane.first, plane.first + plane.channels)
            part = promise.result()[top - y : bottom - y, left - x : right - x]
            out[top - tile.y : bottom - tile.y, left - tile.x : right - tile.x, channels] = part
        return out if self.channels > 1 else out[..., 0]

    def _decode_shared(self, plane: Plane, index: int) -> NDArray[Any]:
        chunk = self._decode(plane, index)
        chunk.flags.writeable = False
        return chunk

    def _decode(self, plane: Plane, index: int) -> NDArray[Any]:
        """One chunk (h, w, channels); decoding lets other Python threads run."""
        size = plane.sizes[index]
        data = self._read_bytes(plane.offsets[index], size) if size else None
        try:
            if data is not None and plane.direct is not None:
                direct = plane.direct.decode(data)
                if direct is not None:
                    return direct
            whole = None if data is None else bytes(data)
            chunk, _, shape = plane.decode(whole, index, _fullsize=True, **plane.tables)
            if chunk is not None and chunk.shape[-1] != plane.channels:  # as broken LERC gives
                raise ValueError(f"its chunk has {chunk.shape[-1]} of {plane.channels} channels")
        except Exception as error:  # as do the codecs
            raise ImageReadError(
                f"{self.name} is broken at chunk {index}. Import the image again from its original."
            ) from error
        return np.full(shape[1:], plane.empty, self.dtype) if chunk is None else np.asarray(chunk[0])


def ahead(items: Iterable[_T], count: int) -> Iterator[_T]:
    """The same items, each given out when `count` more have been taken."""
    taken: deque[_T] = deque()
    for item in items:
        taken.append(item)
        if len(taken) > count:
            yield taken.popleft()
    yield from taken


def _threads() -> int:
    """How many threads decode: those that this process may use, and not more than help."""
    return min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def _pool() -> ThreadPoolExecutor:
    return _pool_of(os.getpid())


@lru_cache(maxsize=1)
def _pool_of(process: int) -> ThreadPoolExecutor:  # a forked child has none of its parent's threads
    return ThreadPoolExecutor(_threads(), thread_name_prefix="axons-decode")


_buffers = threading.local()  # compressed bytes are read into memory that is used again


def _reader(file: IO[bytes], name: str) -> Callable[[int, int], memoryview]:
    """read(offset, size) for several threads; what it gives is valid until the thread's next read.

    Without a lock where the operating system can.
    """
    lock = threading.Lock()
    handle = file.fileno() if isinstance(file, io.BufferedReader) and isinstance(file.raw, io.FileIO) else None

    length = file.seek(0, os.SEEK_END)

    def read(offset: int, size: int) -> memoryview:
        if offset + size > length:  # before memory is reserved for what a broken tag says
            raise cut_off(offset, size)
        if len(getattr(_buffers, "memory", b"")) < size:
            _buffers.memory = bytearray(size)
        view = memoryview(_buffers.memory)[:size]
        if handle is not None and hasattr(os, "preadv"):
            count = os.preadv(handle, [view], offset)
        else:
            with lock:
                file.seek(offset)
                data = file.read(size)
            count = len(data)
            view[:count] = data
        if count != size:
            raise cut_off(offset, size)
        return view

    def cut_off(offset: int, size: int) -> ImageReadError:
        return ImageReadError(f"{name} is cut off: {size} bytes are missing at byte {offset}. Import it again.")

    return read

"""Where the pixels of a tiled, pyramidal TIFF lie: its levels, and for each the chunks that hold its channels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from .chunk_codecs import DirectCodec, direct_codec
from .picture import Unreadable
from .tiff_chain import check_chain

_CHUNK_LIMIT = 1 << 30  # bytes; a larger one cannot be called a window
_JPEG = (6, 7, 34892, 33007)  # compressions whose chunks need tables of their page


@dataclass(frozen=True)
class Level:
    """One resolution. `shape` and `chunk` are (h, w) in this level's pixels, `scale` is image pixels per pixel."""

    shape: tuple[int, int]
    scale: float
    chunk: tuple[int, int]


@dataclass(frozen=True)
class Plane:
    """The chunks of one level that hold the channels `first`, `first + 1`, ...; all that is needed to decode one."""

    first: int
    channels: int
    index: int  # of its first chunk in `offsets`
    offsets: tuple[int, ...]
    sizes: tuple[int, ...]
    direct: DirectCodec | None
    decode: Callable[..., Any]
    tables: dict[str, bytes]
    empty: float


@dataclass(frozen=True)
class Layout:
    """All that reading windows needs to know; `planes[n]` belong to `levels[n]`."""

    levels: tuple[Level, ...]
    planes: tuple[tuple[Plane, ...], ...]
    dtype: np.dtype[Any]
    channels: int


def read_layout(file: IO[bytes]) -> Layout:
    """From the TIFF's directories; no pixel is read. Raises whatever a broken file makes the parser raise."""
    import tifffile

    check_chain(file)
    file.seek(0)
    with tifffile.TiffFile(file, _multifile=False) as tiff:
        first = tiff.series[0]
        found = first.levels  # in SubIFDs, or as plain images that follow
        whole = _plane_shape(first)
        planes = tuple(_planes(series) for series in found)
        levels = tuple(
            Level(_plane_shape(series), _scale(whole, _plane_shape(series)), _chunk_shape(series.keyframe))
            for series in found
        )
    channels = {sum(plane.channels for plane in level) for level in planes}
    if len(channels) != 1 or first.dtype is None:
        raise Unreadable("its levels do not have the same channels")
    return Layout(levels, planes, np.dtype(first.dtype).newbyteorder("="), channels.pop())


def _plane_shape(series: Any) -> tuple[int, int]:
    if series.axes not in ("YX", "YXS", "SYX", "CYX"):
        raise Unreadable(f"its axes are {series.axes}; YX, YXS, SYX or CYX is needed")
    return series.shape[series.axes.index("Y")], series.shape[series.axes.index("X")]


def _scale(whole: tuple[int, int], shape: tuple[int, int]) -> float:
    """Image pixels per pixel: a whole number where the level was made by one, as its size is rounded."""
    near = round(max(whole) / max(shape))
    rounded = all(n // near <= m <= -(-n // near) for n, m in zip(whole, shape, strict=True))
    return float(near) if rounded else max(whole) / max(shape)


def _chunk_shape(page: Any) -> tuple[int, int]:
    if page.is_tiled:
        return page.tilelength, page.tilewidth
    return min(page.rowsperstrip, page.imagelength), page.imagewidth


def _planes(series: Any) -> tuple[Plane, ...]:
    """The planes of one level: one for interleaved colours, else one per channel."""
    page = series.keyframe
    samples, height, width = page.shaped[-1], *_chunk_shape(page)
    if height * width * samples * page.dtype.itemsize > _CHUNK_LIMIT:
        raise Unreadable(f"it is stored in chunks of {width} x {height} pixels, too large for reading windows")
    per_plane = -(-page.imagelength // height) * -(-page.imagewidth // width)
    given = {"jpegtables": page.jpegtables, "jpegheader": page.jpegheader} if page.compression in _JPEG else {}
    tables = {name: table for name, table in given.items() if table is not None}
    codec = direct_codec(page, (height, width))
    planes: list[Plane] = []
    for frame in series.pages:
        offsets, sizes = tuple(frame.dataoffsets), tuple(frame.databytecounts)
        if len(offsets) != len(sizes) or len(offsets) < page.shaped[0] * per_plane:
            raise Unreadable(f"it has {len(offsets)} chunks; {page.shaped[0] * per_plane} are needed")
        _check_places(offsets, sizes)
        for part in range(page.shaped[0]):
            first = len(planes) * samples
            plane = Plane(first, samples, part * per_plane, offsets, sizes, codec, page.decode, tables, page.nodata)
            planes.append(plane)
    return tuple(planes)


def _check_places(offsets: tuple[int, ...], sizes: tuple[int, ...]) -> None:
    """Broken tags may hold fractions, or numbers that no file reaches."""
    if any(np.asarray(numbers).dtype.kind not in "iu" for numbers in (offsets, sizes)):
        raise Unreadable("its chunks stand nowhere")

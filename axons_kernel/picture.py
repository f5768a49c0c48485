"""A picture that is read from top to bottom, some rows at a time, so that its size does not matter."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import ImageReadError, InputError
from .pixel_sizes import KnownSize

Bands = Iterator[NDArray[Any]]
WHOLE_LIMIT = 512 << 20  # bytes; what cannot be read in parts must fit into this
BAND_BYTES = 16 << 20  # at most so much of a plane is in one band, where the file allows
_BLOCK_ROWS = 512  # bands are cut into such blocks when they are written: whole blocks need not be copied


class Unreadable(ValueError):
    """What is wrong with the bytes of an image, as the end of a sentence; a reader raises it, `reading` tells it."""


def why_unreadable(error: Exception) -> str:
    """What is wrong with the bytes; a decoder's own words, which are its cause, tell a student nothing."""
    if isinstance(error, Unreadable):
        return str(error)
    return "it needs more memory than there is" if isinstance(error, MemoryError) else "it is broken or cut off"


def band_rows(row_bytes: int, chunk_rows: int = 1) -> int:
    """How many rows of a plane to read at a time: whole chunks of the file, and whole blocks where they fit."""
    rows = max(1, BAND_BYTES // max(1, row_bytes * chunk_rows)) * chunk_rows
    whole = math.lcm(chunk_rows, _BLOCK_ROWS)
    return rows - rows % whole if rows > whole else rows


@dataclass(frozen=True)
class Picture:
    """An opened image whose pixels are still to be read.

    Each of `planes` starts reading one plane: bands from top to bottom, (h, W), or (h, W, 3) for the only plane of an
    RGB picture, of `dtype`. `shape` is (H, W). `axes`, `z` and `t` tell what the planes were taken from; `notes` are
    sentences that the reader should see.
    """

    shape: tuple[int, int]
    dtype: np.dtype[Any]
    planes: tuple[Callable[[], Bands], ...]
    rgb: bool = False
    sizes: tuple[KnownSize, ...] = ()
    channel_names: tuple[str, ...] = ()
    axes: str = "YX"
    z: int | None = None
    t: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def channels(self) -> int:
        """How many values a pixel has."""
        return 3 if self.rgb else len(self.planes)

    def pixels(self) -> NDArray[Any]:
        """All pixels, (H, W) or (H, W, C)."""
        planes = [_filled(self.shape, self.dtype, plane(), (3,) if self.rgb else ()) for plane in self.planes]
        return planes[0] if len(planes) == 1 else np.stack(planes, axis=2)

    def keeping(self, channels: Sequence[int]) -> Picture:
        """Only some of the channels, in the order given."""
        names = tuple(self.channel_names[c] for c in channels) if self.channel_names else ()
        if not self.rgb:
            return replace(self, planes=tuple(self.planes[c] for c in channels), channel_names=names)
        whole = self.planes[0]

        def one(channel: int) -> Bands:
            return (band[..., channel] for band in whole())

        planes = tuple(partial(one, c) for c in channels)
        return replace(self, planes=planes, rgb=False, channel_names=names or tuple("RGB"[c] for c in channels))


def _filled(shape: tuple[int, int], dtype: np.dtype[Any], bands: Bands, rest: tuple[int, ...]) -> NDArray[Any]:
    pixels = np.empty((*shape, *rest), dtype)
    row = 0
    for band in bands:
        pixels[row : row + len(band)] = band
        row += len(band)
    return pixels


def array_picture(pixels: NDArray[Any], *, rgb: bool, **facts: Any) -> Picture:
    """A picture of pixels in memory: (H, W) or (H, W, C); `rgb` when C are red, green and blue."""

    def bands(plane: NDArray[Any]) -> Bands:
        step = band_rows(plane[:1].nbytes)
        yield from (plane[row : row + step] for row in range(0, len(plane), step))

    split = [pixels] if pixels.ndim == 2 or rgb else [pixels[..., c] for c in range(pixels.shape[2])]
    planes = tuple(partial(bands, plane) for plane in split)
    height, width = pixels.shape[:2]
    return Picture((height, width), pixels.dtype, planes, rgb, **facts)


def standard_picture(picture: Picture, name: str) -> Picture:
    """The same with uint8, uint16 or float32 values: bilevel as 0 and 255, whole numbers as uint16 where they fit.

    Raises ImageReadError that calls the picture `name` when it holds no pixels or no numbers, and, while it is read,
    when it holds NaN or infinite values.
    """
    if 0 in picture.shape:
        raise ImageReadError(f"{name} holds no picture: it is {picture.shape[1]} x {picture.shape[0]} pixels.")
    kind, dtype = picture.dtype.kind, picture.dtype
    if kind not in "biuf":
        raise ImageReadError(f"{name} holds values of type {dtype}; whole or real numbers are needed.")
    if dtype in (np.uint8, np.uint16):
        target = dtype
    elif kind == "b":
        target = np.dtype(np.uint8)
    else:
        target = np.dtype(np.uint16 if kind in "iu" and _fits_16_bit(picture) else np.float32)

    def converted(plane: Callable[[], Bands]) -> Bands:
        for band in plane():
            if kind == "b":
                yield band.astype(np.uint8) * np.uint8(255)
                continue
            with np.errstate(over="ignore"):  # a float64 beyond float32 gets infinite, and is refused below
                values = band.astype(target, copy=False)
            if kind == "f" and not np.isfinite(values).all():
                raise ImageReadError(f"{name} holds NaN or infinite values; replace them before importing the image.")
            yield values

    return replace(picture, dtype=target, planes=tuple(partial(converted, plane) for plane in picture.planes))


def _fits_16_bit(picture: Picture) -> bool:
    """Whether all values are 0 to 65535; this reads the picture once more."""
    bands = (band for plane in picture.planes for band in plane())
    return all(band.min() >= 0 and band.max() <= 65535 for band in bands)


@dataclass(frozen=True)
class Choice:
    """What to take of a picture with several planes; None is everything (channels) or nothing chosen (z, t)."""

    channels: Sequence[int | str] | int | str | None = None
    z: int | str | None = None
    t: int | str | None = None

    def channel_numbers(self, count: int, names: Sequence[str], name: str) -> list[int]:
        """The chosen channels as numbers from 0. Raises InputError that lists what is allowed."""
        if self.channels is None:
            return list(range(count))
        one = isinstance(self.channels, int | str)
        wanted: list[Any] = [self.channels] if one else list(self.channels)  # type: ignore[arg-type]
        if not wanted:
            raise InputError(f"channels={self.channels!r} chooses none of {name}: leave it out to take all.")
        return [_channel(channel, count, names, name) for channel in wanted]

    def plane(self, axis: str, count: int, name: str) -> int:
        """The chosen plane along `axis` ("z" or "t") as a number from 0. Raises InputError."""
        given = getattr(self, axis)
        allowed = f'{axis}=0 to {axis}={count - 1}, or "first", "middle" or "last"'
        named = {"first": 0, "middle": count // 2, "last": count - 1}
        if given is None:
            if count == 1:
                return 0
            what = "planes in depth (or pages)" if axis == "z" else "points in time"
            raise InputError(f"{name} has {count} {what}, and an image has one: choose with {allowed}.")
        if given in named:
            return named[given]
        if isinstance(given, int) and not isinstance(given, bool) and 0 <= given < count:
            return int(given)
        raise InputError(f"{axis}={given!r} is not in {name}: give {allowed}.")


def _channel(channel: Any, count: int, names: Sequence[str], name: str) -> int:
    if isinstance(channel, str) and list(names).count(channel) == 1:
        return list(names).index(channel)
    if isinstance(channel, int) and not isinstance(channel, bool) and 0 <= channel < count:
        return channel
    listed = f" or one of {', '.join(map(repr, names))}" if names else ""
    raise InputError(f"{name} has no channel {channel!r}: give 0 to {count - 1}{listed}.")

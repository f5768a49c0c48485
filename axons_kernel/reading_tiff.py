"""Open a TIFF of any kind as a picture: its axes, its colours, and one plane of several."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from .errors import ImageReadError
from .picture import Bands, Choice, Picture, Unreadable
from .tiff_chain import check_chain
from .tiff_facts import channel_names, tiff_sizes
from .tiff_segments import ContiguousReader, SegmentReader

logging.getLogger("tifffile").addHandler(logging.NullHandler())  # its remarks on tags are for programmers
MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK, _YCBCR = 0, 1, 2, 3, 5, 6
_RGB_NAMES = ("red", "green", "blue")


@dataclass(frozen=True)
class _Colours:
    """How the samples of a page become values: `convert` makes (h, W, `channels`) of `dtype` from (h, W, samples)."""

    convert: Callable[[NDArray[Any]], NDArray[Any]]
    dtype: np.dtype[Any]
    channels: int
    is_colour: bool = False

    @property
    def rgb(self) -> bool:
        """Whether the channels can be stored as the colours of one plane."""
        return self.is_colour and self.dtype in (np.uint8, np.uint16)


def open_tiff(file: IO[bytes], name: str, choice: Choice) -> Picture:
    """Open the main image of a TIFF; its pixels are read later, from `file`.

    Raises InputError when a choice is missing or not there, and whatever the parser raises on broken bytes.
    """
    import tifffile

    check_chain(file)
    file.seek(0)
    tiff = tifffile.TiffFile(file, _multifile=False)  # only the bytes that were given are read
    if not tiff.series:
        raise Unreadable("it has no pages")
    number, notes = _main_series(tiff, name)
    series = tiff.series[number]
    page = series.keyframe
    leading = series.axes.removesuffix(page.axes)
    lengths = dict(zip(leading, series.shape, strict=False))
    if len(leading) == len(series.axes) or len(lengths) != len(leading):
        raise Unreadable(f"its axes {series.axes} are not supported")
    chosen = _chosen_planes(lengths, choice, name)
    colours = _colours(tiff, page)
    count = lengths.get("C", 1)
    channels = count if count > 1 else colours.channels
    names = channel_names(tiff, number, channels)
    numbers = [_plane_number(lengths, {**chosen, "C": channel}) for channel in range(count)]
    picture = _picture(colours, [_reader(tiff, series, index) for index in numbers], choice, names, name)
    depth = next((chosen[axis] for axis in chosen if axis != "T"), None)
    sizes = tiff_sizes(tiff, page, number)
    return replace(picture, sizes=sizes, axes=series.axes, z=depth, t=chosen.get("T"), notes=notes)


def _main_series(tiff: Any, name: str) -> tuple[int, tuple[str, ...]]:
    """The number of the image to take, and a note when there are others of its size."""
    pixels = [math.prod(series.keyframe.shaped) for series in tiff.series]
    main = 0 if 4 * pixels[0] > max(pixels) else pixels.index(max(pixels))  # a thumbnail may stand first
    others = sum(2 * count > pixels[main] for count in pixels) - 1
    if tiff.is_ome and tiff.series[main].kind != "ome":
        return main, (f"The OME metadata of {name} speak of other files; only what is in this one is taken.",)
    if not others:
        return main, ()
    which = "the first" if main == 0 else f"number {main + 1}"
    return main, (f"{name} holds {others + 1} images of about this size; {which} is taken.",)


def _chosen_planes(lengths: dict[str, int], choice: Choice, name: str) -> dict[str, int]:
    """Which plane to take along each axis but the channels; pages without a meaning count as depth."""
    depth = [axis for axis in lengths if axis not in "TC"]
    if len(depth) > 1:
        raise ImageReadError(
            f"{name} has the axes {''.join(lengths)} beside rows and columns, and at most channels, depth and time can "
            "be chosen from: save the planes that you need as a file of their own."
        )
    chosen = {axis: choice.plane("z", lengths[axis], name) for axis in depth}
    if "T" in lengths:
        chosen["T"] = choice.plane("t", lengths["T"], name)
    if not depth and choice.z is not None:
        choice.plane("z", 1, name)
    if "T" not in lengths and choice.t is not None:
        choice.plane("t", 1, name)
    return chosen


def _plane_number(lengths: dict[str, int], at: dict[str, int]) -> int:
    number = 0
    for axis, length in lengths.items():
        number = number * length + at[axis]
    return number


def _reader(tiff: Any, series: Any, number: int) -> SegmentReader | ContiguousReader:
    file_bytes = tiff.filehandle.size
    if series.dataoffset is not None:
        return ContiguousReader(series, series.keyframe, number, file_bytes)
    page = series.pages[number] if number < len(series.pages) else None
    if page is None:
        raise Unreadable("some of its planes are missing or stand in other files")
    return SegmentReader(page, file_bytes)


def _picture(colours: _Colours, readers: list[Any], choice: Choice, names: tuple[str, ...], name: str) -> Picture:
    """The chosen channels: of the samples of one page, or one per page."""
    shape = (readers[0].height, readers[0].width)
    if len(readers) > 1 and colours.channels > 1:
        wanted = [] if choice.channels is None else choice.channel_numbers(len(readers), names, name)
        if len(wanted) != 1:
            raise ImageReadError(f"{name} holds {len(readers)} colour pictures: choose one, as in channels=0.")
        readers, choice = [readers[wanted[0]]], Choice()
        names = ()

    def plane(reader: Any, channel: int | None) -> Bands:
        for band in reader.bands():
            values = colours.convert(band)
            yield values if channel is None else values[..., channel]

    if colours.rgb:
        picture = Picture(shape, colours.dtype, (lambda: plane(readers[0], None),), rgb=True)
    else:
        pairs = [(reader, channel) for reader in readers for channel in range(colours.channels)]
        planes = tuple(lambda pair=pair: plane(*pair) for pair in pairs)
        names = names or (_RGB_NAMES if colours.is_colour else ())
        picture = Picture(shape, colours.dtype, planes, channel_names=names)
    if choice.channels is None:
        return picture
    return picture.keeping(choice.channel_numbers(picture.channels, names or _RGB_NAMES * picture.rgb, name))


def _colours(tiff: Any, page: Any) -> _Colours:
    """Colour without alpha, a palette applied, ink turned into light, white as the largest value."""
    samples, extra, dtype = page.samplesperpixel, list(page.extrasamples), page.dtype
    alpha = [int(kind) in (1, 2) for kind in extra]
    kept = [i for i in range(samples) if i < samples - len(extra) or not alpha[i - samples + len(extra)]]
    if page.photometric in (_RGB, _YCBCR) and samples in (3, 4):
        return _Colours(lambda band: band[..., :3], dtype, 3, is_colour=True)
    if page.photometric == _PALETTE and samples == 1 and not tiff.is_imagej and page.colormap is not None:
        table = np.asarray(page.colormap).T  # 16 bits per colour; some programs fill only 8
        table = (table >> 8 if table.max() > 255 else table).astype(np.uint8)
        return _Colours(lambda band: table[band[..., 0].astype(np.intp)], table.dtype, 3, is_colour=True)
    if page.photometric == _CMYK and samples >= 4 and dtype in (np.uint8, np.uint16):
        return _Colours(_light_of_ink, dtype, 3, is_colour=True)
    by_tifffile = dtype.kind == "b" and page.software.startswith("tifffile")  # it calls a mask's True white, wrongly
    if page.photometric == _WHITE_IS_ZERO and dtype.kind in "bu" and not by_tifffile:
        white = np.array(1 if dtype.kind == "b" else (1 << int(page.bitspersample)) - 1, dtype)
        return _Colours(lambda band: white ^ band[..., kept], dtype, len(kept))
    if page.photometric in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE) and kept:
        return _Colours(lambda band: band if len(kept) == samples else band[..., kept], dtype, len(kept))
    kind = getattr(page.photometric, "name", "of an unknown kind")
    raise Unreadable(f"its colours ({kind}) are not supported")


def _light_of_ink(band: NDArray[Any]) -> NDArray[Any]:
    full = np.iinfo(band.dtype).max
    light = full - band[..., :4].astype(np.float32)
    return np.asarray(np.rint(light[..., :3] * (light[..., 3:] / np.float32(full)))).astype(band.dtype)

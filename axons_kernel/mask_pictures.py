"""Mask pictures: the labels of an image from a picture with one grey level per class. Originals are only read."""

from __future__ import annotations

import os
from collections.abc import Sequence

from .annotations import Label
from .errors import ImageReadError, InputError
from .import_source import Source, opened_source
from .masks import MaskReading, grey_levels, read_mask
from .picture import Choice
from .rasterize import mask_to_labels
from .resampling import resample_nearest

MASK_SOURCE = "mask"  # what labels that come from a mask picture say of themselves


def read_mask_picture(
    source: Source,
    shape: tuple[int, int],
    image: str,
    classes: Sequence[str],
    *,
    source_shape: tuple[int, int] | None = None,
) -> MaskReading:
    """The mask picture of an image of `shape` (H, W): its grey levels, ascending after 0, are `classes`.

    `source_shape` is what the image had before its import changed the pixel size; a mask of that size is brought to
    `shape`, each pixel taking the nearest value. Raises InputError when the size or the number of grey levels does not
    fit.
    """
    name = os.fspath(source) if isinstance(source, str | os.PathLike) else "the mask"
    try:
        with opened_source(source, name, Choice(), side_files=False) as opened:
            pixels = opened.picture.pixels()
    except ImageReadError as error:
        raise type(error)(str(error).replace("the array", name)) from error
    height, width = pixels.shape[:2]
    if (height, width) == source_shape != shape:
        pixels = resample_nearest(pixels if pixels.ndim == 2 else pixels[..., 0], shape)
    elif (height, width) != shape:
        raise InputError(
            f"{name} is {width} x {height} pixels, but {image} is {shape[1]} x {shape[0]}: "
            "a mask needs the size of its image."
        )
    levels = [level for level in grey_levels(pixels) if level]
    if len(levels) != len(classes):
        raise InputError(
            f"{name} has the grey levels {_listed(levels)} beside 0, which makes {len(levels)} classes, "
            f"but {len(classes)} are named ({', '.join(classes)}): name one class per grey level, darkest first."
        )
    return read_mask(pixels, dict(zip(classes, levels, strict=True)))


def _listed(levels: Sequence[int]) -> str:
    """The first few: a photograph that was taken for a mask has all there are."""
    return f"{list(levels[:8])}{' and more' * (len(levels) > 8)}"


def mask_labels(reading: MaskReading, classes: Sequence[str]) -> list[Label]:
    """One label per connected object of each class; `classes[i]` has the number i + 1."""
    return [
        label
        for number, label_class in enumerate(classes, start=1)
        for label in mask_to_labels(reading.classes == number, label_class, source=MASK_SOURCE)
    ]

"""Bring files into a project: images as OME-TIFF, mask pictures as labels. Originals are only read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .annotations import Label
from .documents import parse_json
from .errors import InputError, NotFoundError
from .images import (
    ImageInfo,
    Micrograph,
    check_pixel_size,
    decode_image,
    encode_ome_tiff,
    side_file_pixel_size_um,
    standard_pixels,
)
from .masks import MaskReading, grey_levels, read_mask
from .rasterize import mask_to_labels
from .storage import Store, check_name, name_from_file, read_source

MASK_SOURCE = "mask"  # what labels that come from a mask picture say of themselves

Source = str | os.PathLike[str] | NDArray[Any]


def store_image(store: Store, source: Source, name: str | None, pixel_size_um: float | None) -> ImageInfo:
    """Write `images/<name>/`; the same content under the same name is recognised.

    Raises ImageReadError when the source is no image, InputError when the name is taken by another image (or by
    this one with another pixel size) or the pixel size is known from nowhere.
    """
    data, source_name, micrograph = _read(source, name)
    size = pixel_size_of(source, micrograph, pixel_size_um)
    info = ImageInfo(
        name=check_name(name or name_from_file(source_name), "an image"),
        source_name=source_name,
        sha256=hashlib.sha256(data).hexdigest(),
        height=micrograph.shape[0],
        width=micrograph.shape[1],
        channels=1 if micrograph.pixels.ndim == 2 else micrograph.pixels.shape[2],
        dtype=str(micrograph.pixels.dtype),
        pixel_size_um=check_pixel_size(size, source_name),
    )
    key = f"images/{info.name}/image.json"
    if store.exists(key):
        known = ImageInfo.decode(store.read(key), key)
        if known.sha256 == info.sha256 and known.pixel_size_um == info.pixel_size_um:
            return known
        if known.sha256 == info.sha256:
            raise InputError(
                f"The project has '{info.name}' with {known.pixel_size_um:g} µm per pixel, not "
                f"{info.pixel_size_um:g}: import it under another name=... to change that."
            )
        raise InputError(f"The project has another image named '{info.name}': give this one a name=... of its own.")
    store.write(f"images/{info.name}/image.tif", encode_ome_tiff(Micrograph(micrograph.pixels, info.pixel_size_um)))
    store.write(key, info.encode())  # last: with it, the image is in the project
    return info


def _read(source: Source, name: str | None) -> tuple[bytes, str, Micrograph]:
    if isinstance(source, np.ndarray):
        pixels = standard_pixels(source, "the array")
        return f"{pixels.dtype} {pixels.shape} ".encode() + pixels.tobytes(), name or "array", Micrograph(pixels)
    data = read_source(source)
    return data, os.path.basename(os.fspath(source)), decode_image(data, os.fspath(source))


def pixel_size_of(source: Source, micrograph: Micrograph, given: float | None) -> float | None:
    """µm per pixel: as given, else from the file, else from a JSON side file of the same name, else None."""
    if given is not None or micrograph.pixel_size_um is not None:
        return given if given is not None else micrograph.pixel_size_um
    if isinstance(source, np.ndarray):
        return None
    side_file = os.path.splitext(os.fspath(source))[0] + ".json"
    try:
        return side_file_pixel_size_um(parse_json(read_source(side_file), side_file), side_file)
    except NotFoundError:
        return None


def read_mask_picture(source: Source, shape: tuple[int, int], image: str, classes: Sequence[str]) -> MaskReading:
    """The mask picture of an image of `shape` (H, W): its grey levels, ascending after 0, are `classes`.

    Raises InputError when the size or the number of grey levels does not fit.
    """
    if isinstance(source, np.ndarray):
        pixels, name = standard_pixels(source, "the mask"), "the mask"
    else:
        name = os.fspath(source)
        pixels = decode_image(read_source(source), name).pixels
    if pixels.shape[:2] != shape:
        raise InputError(
            f"{name} is {pixels.shape[1]} x {pixels.shape[0]} pixels, but {image} is {shape[1]} x {shape[0]}: "
            "a mask needs the size of its image."
        )
    levels = [level for level in grey_levels(pixels) if level]
    if len(levels) != len(classes):
        raise InputError(
            f"{name} has the grey levels {levels} beside 0, which makes {len(levels)} classes, "
            f"but {len(classes)} are named ({', '.join(classes)}): name one class per grey level, darkest first."
        )
    return read_mask(pixels, dict(zip(classes, levels, strict=True)))


def mask_labels(reading: MaskReading, classes: Sequence[str]) -> list[Label]:
    """One label per connected object of each class; `classes[i]` has the number i + 1."""
    return [
        label
        for number, label_class in enumerate(classes, start=1)
        for label in mask_to_labels(reading.classes == number, label_class, source=MASK_SOURCE)
    ]

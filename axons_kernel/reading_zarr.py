"""Open an OME-Zarr image (versions 0.4 and 0.5) as a picture: the finest level, by rows of chunks."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import MutableMapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import ImageReadError, needs_extra
from .picture import WHOLE_LIMIT, Bands, Choice, Picture, band_rows
from .pixel_sizes import UNIT_IN_UM, KnownSize, known_size

if TYPE_CHECKING:
    from .zarr_limits import CheckedStore

_ROOTS = (".zgroup", "zarr.json", ".zarray")  # one of these is in every Zarr folder
_RGB_COLOURS = ["FF0000", "00FF00", "0000FF"]


def open_zarr(files: MutableMapping[str, bytes], name: str, choice: Choice) -> Picture:
    """Open the image whose files (path in the folder: bytes) are given; its pixels are read later.

    Raises InputError for a choice that is missing or not there, MissingExtraError without zarr, and whatever zarr
    raises on broken files.
    """
    store = _checked_store(files, name)
    group, facts, notes = _image_group(store.group(), name)
    multiscale = facts["multiscales"][0]
    array = group[multiscale["datasets"][0]["path"]]
    axes = [axis["name"].lower() for axis in multiscale["axes"]]
    if axes[-2:] != ["y", "x"] or len(axes) != array.ndim or not set(axes) <= set("tczyx"):
        raise ImageReadError(f"{name} has the axes {', '.join(axes)}; t, c, z, y and x in this order can be read.")
    _check_chunks(array, name)
    store.expect(files, array)
    lengths = dict(zip(axes, array.shape, strict=True))
    at = {
        axis: choice.plane(axis, lengths.get(axis, 1), name) for axis in "zt" if axis in lengths or _given(choice, axis)
    }
    count = lengths.get("c", 1)
    names, rgb = _channels(facts, count, array.dtype)
    numbers = [list(range(count))] if rgb else [[c] for c in range(count)]
    picture = Picture(
        (lengths["y"], lengths["x"]),
        np.dtype(array.dtype).newbyteorder("="),
        tuple(partial(_bands, array, axes, at, wanted) for wanted in numbers),
        rgb,
        sizes=_sizes(multiscale, axes),
        channel_names=() if rgb else names,
        axes="".join(axes).upper(),
        z=at.get("z") if lengths.get("z", 1) > 1 else None,
        t=at.get("t") if lengths.get("t", 1) > 1 else None,
        notes=notes,
    )
    if choice.channels is None:
        return picture
    return picture.keeping(choice.channel_numbers(count, names, name))


def _checked_store(files: MutableMapping[str, bytes], name: str) -> CheckedStore:
    """Zarr's view of the files, which believes no size that they claim. Raises ImageReadError for other folders."""
    if not any(key in files for key in _ROOTS):
        raise ImageReadError(
            f"{name} cannot be imported: it is a folder, and holds no OME-Zarr image. Give a file, or import_images "
            "a list of files."
        )
    with needs_extra("zarr", "Reading OME-Zarr"):
        import zarr

        from .zarr_limits import CheckedStore

    return CheckedStore(zarr.open_group(files, mode="r").store)


def _channels(facts: dict[str, Any], count: int, dtype: Any) -> tuple[tuple[str, ...], bool]:
    """The channels' names, where each has one of its own, and whether they are the colours of a picture."""
    channels = [entry for entry in facts.get("omero", {}).get("channels", []) if isinstance(entry, dict)]
    names = tuple(str(channel.get("label", "")) for channel in channels)
    colours = [str(channel.get("color", "")).upper() for channel in channels]
    rgb = count == 3 and dtype == np.uint8 and colours == _RGB_COLOURS
    return (names if len(set(names)) == count and all(names) else ()), rgb


def _check_chunks(array: Any, name: str) -> None:
    """A chunk, and a row of chunks, must fit into memory."""
    row_of_chunks = max(array.chunks[-2] * array.shape[-1], math.prod(array.chunks))
    if row_of_chunks * array.dtype.itemsize > WHOLE_LIMIT:
        raise ImageReadError(
            f"{name} has {array.shape[-1]} pixels in a row and chunks of {array.chunks} values, too large to be read: "
            "save smaller chunks."
        )


def zarr_sha256(picture: Picture) -> str:
    """The hash of a picture's pixels, as a folder has no bytes of its own; it reads them all."""
    facts = [str(picture.dtype), picture.shape, picture.axes, picture.z, picture.t]
    digest = hashlib.sha256(json.dumps(facts).encode())
    for plane in picture.planes:
        for band in plane():
            digest.update(np.ascontiguousarray(band).data)
    return digest.hexdigest()


def _given(choice: Choice, axis: str) -> bool:
    return getattr(choice, axis) is not None


def _image_group(group: Any, name: str) -> tuple[Any, dict[str, Any], tuple[str, ...]]:
    """The group that holds an image, what it says of itself, and a note when there are other images."""
    facts = _facts(group)
    if "multiscales" in facts:
        return group, facts, ()
    images = sorted(
        (key for key, part in group.groups() if "multiscales" in _facts(part)), key=lambda key: (len(key), key)
    )
    if not images:
        raise ImageReadError(f"{name} is no OME-Zarr image: it has no 'multiscales'. Give the folder of one image.")
    listed = ", ".join(images[:5])
    more = (f"{name} holds the images {listed}; {images[0]} is taken. Give {name}/{images[-1]} for another.",)
    return group[images[0]], _facts(group[images[0]]), more if len(images) > 1 else ()


def _facts(group: Any) -> dict[str, Any]:
    attributes = dict(group.attrs)
    return dict(attributes.get("ome", attributes))  # version 0.5 has them one level deeper


def _bands(array: Any, axes: list[str], at: dict[str, int], channels: list[int]) -> Bands:
    """Rows of one plane, (h, W), or (h, W, C) where several channels are wanted."""
    row_bytes = math.prod(array.shape[-1:]) * array.dtype.itemsize * len(channels)
    step = band_rows(row_bytes, array.chunks[-2])
    for top in range(0, array.shape[-2], step):
        planes = []
        for channel in channels:
            index = tuple({**at, "c": channel}.get(axis, slice(None)) for axis in axes[:-2])
            planes.append(np.asarray(array[(*index, slice(top, top + step), slice(None))]))
        band = planes[0] if len(planes) == 1 else np.stack(planes, axis=2)
        yield band.astype(band.dtype.newbyteorder("="), copy=False)


def _sizes(multiscale: dict[str, Any], axes: list[str]) -> tuple[KnownSize, ...]:
    """The scale of the finest level along y and x, in the axes' units."""
    scale = np.ones(len(axes))
    told = [
        *multiscale["datasets"][0].get("coordinateTransformations", []),
        *multiscale.get("coordinateTransformations", []),
    ]
    for transformation in told:
        if transformation.get("type") == "scale":
            scale = scale * np.asarray(transformation["scale"], float)
    units = [axis.get("unit") for axis in multiscale["axes"]]
    if units[-1] not in UNIT_IN_UM or units[-2] not in UNIT_IN_UM:
        return ()  # pixels, or a unit that is no length
    y = float(scale[-2]) * UNIT_IN_UM[units[-2]] / UNIT_IN_UM[units[-1]]
    size = known_size(float(scale[-1]), y, units[-1], "its OME-Zarr metadata")
    return () if size is None else (size,)

"""Bring images into a project as tiled, compressed, pyramidal OME-TIFFs. Originals are only read."""

from __future__ import annotations

import contextlib
import math
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypedDict, Unpack

import numpy as np
from tqdm import tqdm

from .errors import AxonsKernelError, InputError
from .images import ImageInfo
from .import_source import OpenedSource, Source, opened_source
from .ome_tiff import level_shapes, write_ome_tiff
from .picture import Choice, Picture
from .pixel_sizes import agreed_size, check_pixel_size, same_size
from .resampling import resampled_picture, scaled_shape
from .storage import Store, check_name, file_sha256, name_from_file, shown

_LARGEST_GROWTH = 8  # how much larger, per side, resampling may make an image


class HowToImport(TypedDict, total=False):
    """The keywords of `Project.import_image`, which tells what they mean."""

    pixel_size_um: float | None
    source_pixel_size_um: float | None
    channels: Sequence[int | str] | int | str | None
    z: int | str | None
    t: int | str | None


@dataclass(frozen=True)
class ImportOptions:
    """How to import: the µm per pixel that the stored image gets, that of the source, and what to take of it."""

    pixel_size_um: float | None = None
    source_pixel_size_um: float | None = None
    choice: Choice = field(default_factory=Choice)
    progress: bool = True

    @classmethod
    def of(cls, **how: Unpack[HowToImport]) -> ImportOptions:
        """From the keywords."""
        choice = Choice(how.get("channels"), how.get("z"), how.get("t"))
        return cls(how.get("pixel_size_um"), how.get("source_pixel_size_um"), choice)


def store_images(store: Store, sources: Sequence[Source], options: ImportOptions) -> list[ImageInfo]:
    """Import several sources with one bar. All are tried; an InputError at the end names each that failed, and why."""
    if isinstance(sources, str | bytes | os.PathLike | np.ndarray):
        raise InputError("import_images takes a list: give [path, ...], or call import_image for one.")
    done, failed, stored = [], [], _StoredImages(store)
    quiet = replace(options, progress=False)
    with tqdm(sources, desc="importing", unit="image", disable=not options.progress, file=sys.stdout) as bar:
        for number, source in enumerate(bar, start=1):
            try:
                done.append(store_image(store, source, None, quiet, stored))
            except AxonsKernelError as error:
                called = _called(source, f"number {number}")
                failed.append(str(error) if called in str(error) else f"{called}: {error}")
    if failed:
        raise InputError(
            f"{len(failed)} of {len(sources)} could not be imported; the others are in the project.\n"
            + "\n".join(failed)
        )
    return done


def store_image(
    store: Store,
    source: Source,
    name: str | None,
    options: ImportOptions,
    stored: _StoredImages | None = None,
) -> ImageInfo:
    """Write `images/<name>/`, or find the same content that was imported the same way.

    Without a `name` the source's is taken, and the same content is also found under another name. Raises
    ImageReadError when the source is no image, InputError when the name is taken by another image (or by this one
    imported in another way) or the pixel size is known from nowhere.
    """
    if name:
        check_name(name, "an image")
    called = name or ("array" if isinstance(source, np.ndarray) else "image")
    asked = options.source_pixel_size_um is None  # else nobody needs what stands beside the source
    with opened_source(source, called, options.choice, side_files=asked, progress=options.progress) as opened:
        here = stored or _StoredImages(store)
        return _store(here, opened, name or name_from_file(opened.name), options, named=bool(name))


def store_picture(
    store: Store, picture: Picture, source_name: str, sha256: str, name: str, options: ImportOptions
) -> ImageInfo:
    """The same for a picture that something else has made; `sha256` tells its content, as that of a file does."""
    opened = OpenedSource(source_name, sha256, picture)
    return _store(_StoredImages(store), opened, check_name(name, "an image"), options, named=True)


def _store(stored: _StoredImages, opened: OpenedSource, name: str, options: ImportOptions, *, named: bool) -> ImageInfo:
    for note in opened.picture.notes:
        _say(note)
    picture, info = _planned(opened, name, options)
    known = _known(stored, info, named=named)
    if known is not None:
        return known
    if picture.shape != opened.picture.shape:
        _say(
            f"{info.source_name} has {info.source_pixel_size_um:g} µm per pixel; it is resampled to "
            f"{info.pixel_size_um:g} µm: {picture.shape[1]} x {picture.shape[0]} pixels."
        )
    return _write(stored.store, picture, info, options.progress)


def _planned(opened: OpenedSource, name: str, options: ImportOptions) -> tuple[Picture, ImageInfo]:
    """The picture to store and what image.json says of it. Raises InputError when the pixel size is not known."""
    source_size, size = chosen_pixel_size(opened, options)
    picture = opened.picture
    if not same_size(source_size, size):
        shape = scaled_shape(picture.shape, source_size / size)
        if max(shape) > _LARGEST_GROWTH * max(picture.shape):
            raise InputError(
                f"At {size:g} µm per pixel {opened.name}, which has {source_size:g}, would be {shape[1]} x {shape[0]} "
                f"pixels: choose a pixel_size_um= of {source_size / _LARGEST_GROWTH:g} or more."
            )
        picture = resampled_picture(picture, shape)
    channels = options.choice.channels
    return picture, ImageInfo(
        name=check_name(name, "an image"),
        source_name=opened.name,
        sha256=opened.sha256,
        height=picture.shape[0],
        width=picture.shape[1],
        channels=picture.channels,
        dtype=str(picture.dtype),
        pixel_size_um=size,
        channel_names=picture.channel_names,
        levels=len(level_shapes(picture.shape)),
        source_height=opened.picture.shape[0],
        source_width=opened.picture.shape[1],
        source_axes=picture.axes,
        source_channels=None
        if channels is None
        else (channels,)
        if isinstance(channels, int | str)
        else tuple(channels),
        source_pixel_size_um=source_size,
        z=picture.z,
        t=picture.t,
    )


def chosen_pixel_size(
    opened: OpenedSource, options: ImportOptions, how: str = "import_image(..., pixel_size_um=0.1)"
) -> tuple[float, float]:
    """(of the source, of the image to store) in µm per pixel; the same where they differ by no more than 1 %.

    Raises InputError when nothing is known (it says `how` to give it), or two sources do not agree.
    """
    given, source = options.pixel_size_um, options.source_pixel_size_um
    if given is not None:
        check_pixel_size(given, opened.name)
    if source is not None:
        source = check_pixel_size(source, opened.name)
    else:
        source = agreed_size(opened.picture.sizes, opened.name)
    if source is None:
        source = check_pixel_size(given, opened.name, how)
    return source, source if given is None or same_size(source, given) else float(given)


def _known(stored: _StoredImages, info: ImageInfo, *, named: bool) -> ImageInfo | None:
    """The image that has this content already, imported the same way. Raises InputError when the name is taken."""
    taken = stored.info(info.name)
    if taken is not None and taken.sha256 == info.sha256:
        if _same_import(taken, info):
            return taken
        if not math.isclose(taken.pixel_size_um, info.pixel_size_um, rel_tol=1e-6):
            raise InputError(
                f"The project has '{info.name}' with {taken.pixel_size_um:g} µm per pixel, not "
                f"{info.pixel_size_um:g}: import it under another name=... to change that."
            )
        raise InputError(
            f"The project has '{info.name}' with another choice of channels, z or t: import this one under another "
            "name=... to have both."
        )
    for other in () if named else stored.names():
        found = stored.info(other)
        if found is not None and found.sha256 == info.sha256 and _same_import(found, info):
            _say(f"{info.source_name} is in the project already, as '{other}'; that image is used.")
            return found
    if taken is not None:
        raise InputError(f"The project has another image named '{info.name}': give this one a name=... of its own.")
    return None


class _StoredImages:
    """The images of a project, each looked up once: reading them all again for every new one would take long."""

    def __init__(self, store: Store):
        self.store = store
        self._infos: dict[str, ImageInfo] = {}

    def names(self) -> list[str]:
        """All names that are taken."""
        return self.store.names("images")

    def info(self, name: str) -> ImageInfo | None:
        """What is known of an image; None when there is none of that name."""
        key = f"images/{name}/image.json"
        if name not in self._infos and self.store.exists(key):
            self._infos[name] = ImageInfo.decode(self.store.read(key), key)
        return self._infos.get(name)


def _same_import(known: ImageInfo, info: ImageInfo) -> bool:
    choice = (known.source_channels, known.z, known.t) == (info.source_channels, info.z, info.t)
    return choice and math.isclose(known.pixel_size_um, info.pixel_size_um, rel_tol=1e-6)


def _write(store: Store, picture: Picture, info: ImageInfo, progress: bool) -> ImageInfo:
    """image.tif, then image.json: with it, the image is in the project. Returns what image.json says."""
    pixels, key = f"images/{info.name}/image.tif", f"images/{info.name}/image.json"
    taken = InputError(
        f"Another process has just imported an image named '{info.name}': give this one another name=..."
    )
    rows = picture.shape[0] * len(picture.planes)
    bar = tqdm(desc=f"importing {info.name}", total=rows, unit="row", disable=not progress, delay=1, file=sys.stdout)
    with bar, _leaving_nothing(store, pixels, key):
        with store.writing(pixels) as path:
            write_ome_tiff(path, picture, info.pixel_size_um, title=info.name, on_rows=bar.update)
            info = info.model_copy(update={"file_sha256": file_sha256(path), "file_bytes": path.stat().st_size})
            if store.exists(key):
                raise taken
        if not store.create(key, info.encode()):
            raise taken
    return info


@contextlib.contextmanager
def _leaving_nothing(store: Store, pixels: str, key: str) -> Iterator[None]:
    """When the block fails, also for Ctrl-C, no half of an image is left."""
    try:
        yield
    except BaseException:
        if not store.exists(key):
            store.remove(pixels)
        raise


def _called(source: Any, otherwise: str) -> str:
    return shown(source) if isinstance(source, str | os.PathLike) else otherwise


def _say(line: str) -> None:
    tqdm.write(line, file=sys.stdout)

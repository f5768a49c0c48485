"""Open image files of every kind as pictures. Whatever is wrong with the bytes becomes an ImageReadError."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import replace
from functools import partial
from typing import IO

from .errors import AxonsKernelError, ImageReadError
from .picture import Bands, Choice, Picture, standard_picture, why_unreadable
from .reading_pillow import open_with_pillow
from .reading_tiff import MAGIC, open_tiff
from .reading_zarr import open_zarr

ALLOWED = "TIFF, PNG, JPEG, JPEG 2000, BMP and WebP files, and OME-Zarr folders"


def open_picture(file: IO[bytes], name: str, choice: Choice | None = None) -> Picture:
    """Open a file (seekable) as a picture of uint8, uint16 or float32; its pixels are read later, from `file`.

    Raises ImageReadError that names the file when the bytes are no such image, are broken or hold no pixels, also
    while the pixels are read; InputError when a choice among several planes is missing or not there.
    """
    choice = choice or Choice()
    with readable(name):
        file.seek(0)
        is_tiff = file.read(4) in MAGIC
        file.seek(0)  # decoders start where the file stands
        return _guarded(open_tiff(file, name, choice) if is_tiff else open_with_pillow(file, name, choice), name)


def open_folder_picture(files: MutableMapping[str, bytes], name: str, choice: Choice) -> Picture:
    """Open an OME-Zarr folder (path in it: bytes) in the same way."""
    with readable(name):
        return _guarded(open_zarr(files, name, choice), name)


@contextlib.contextmanager
def readable(name: str) -> Iterator[None]:
    """Turn whatever a decoder raises on broken bytes into one sentence that names the file."""
    try:
        yield
    except AxonsKernelError:  # a sentence already
        raise
    except Exception as error:  # decoders raise whatever they like
        raise ImageReadError(
            f"{name} is not an image that can be read ({why_unreadable(error)}). Allowed are {ALLOWED}."
        ) from error


def _guarded(picture: Picture, name: str) -> Picture:
    """The same in a standard type; reading its pixels, too, raises nothing but our own errors."""
    planes = tuple(partial(_guarded_bands, plane, name) for plane in picture.planes)
    return standard_picture(replace(picture, planes=planes), name)


def _guarded_bands(plane: Callable[[], Bands], name: str) -> Bands:
    with readable(name):
        yield from plane()

"""Micrographs as values: pixels with their physical size, decoded from and encoded to file bytes.

Nothing here opens a file: bytes come in and go out (`storage` does the rest).
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .documents import Document
from .errors import ImageReadError, InputError
from .ome_tiff import encoded_ome_tiff
from .picture import Picture, array_picture, standard_picture
from .pixel_sizes import agreed_size
from .reading import open_picture

_MOST_BYTES = 4 << 30  # of a picture that is decoded whole


@dataclass(frozen=True)
class Micrograph:
    """One image. `pixels` is (H, W) or (H, W, C), uint8, uint16 or float32; `pixel_size_um` is µm per pixel."""

    pixels: NDArray[Any]
    pixel_size_um: float | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]


class ImageInfo(Document):
    """image.json: where an image came from and what its pixels are.

    `sha256` is that of the source; `file_sha256` and `file_bytes` are those of image.tif. `source_*` tell what was in
    the source and `z`, `t` which plane was taken. All but the first are None or empty in images that were imported by
    an earlier version, or where the source does not say.
    """

    kind: ClassVar[str] = "image"
    name: str
    source_name: str
    sha256: str
    height: int
    width: int
    channels: int
    dtype: str
    pixel_size_um: float
    channel_names: tuple[str, ...] = ()
    levels: int | None = None
    source_height: int | None = None
    source_width: int | None = None
    source_axes: str = ""
    source_channels: tuple[int | str, ...] | None = None
    source_pixel_size_um: float | None = None
    z: int | None = None
    t: int | None = None
    file_sha256: str | None = None
    file_bytes: int | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return self.height, self.width

    @property
    def source_shape(self) -> tuple[int, int]:
        """(H, W) of the source in pixels: another than `shape` when the import changed the pixel size."""
        return self.source_height or self.height, self.source_width or self.width


def decode_image(data: bytes, name: str) -> Micrograph:
    """Decode a whole image file: TIFF, PNG, JPEG, JPEG 2000, BMP or WebP; alpha is dropped, a palette is applied.

    Raises ImageReadError that names the file when the bytes are no such image, are broken, hold no pixels, or hold
    several planes to choose from.
    """
    try:
        picture = open_picture(io.BytesIO(data), name)
        size = agreed_size(picture.sizes, name)
        if math.prod(picture.shape) * picture.channels * picture.dtype.itemsize > _MOST_BYTES:
            raise ImageReadError(f"{name} is too large to be held in memory: at most {_MOST_BYTES >> 30} GiB are.")
    except InputError as error:  # nothing can be chosen here
        raise ImageReadError(str(error)) from error
    return Micrograph(picture.pixels(), size)


def standard_pixels(pixels: NDArray[Any], name: str) -> NDArray[Any]:
    """Any pixels as `Micrograph` has them: (H, W) or (H, W, C) of uint8, uint16 or float32.

    Raises ImageReadError that calls the pixels `name` when they are no picture or hold NaN.
    """
    return np.ascontiguousarray(pixels_picture(pixels, name).pixels())


def pixels_picture(pixels: NDArray[Any], name: str) -> Picture:
    """An array (H, W) or (H, W, C) as a picture; three channels of uint8 are red, green and blue.

    Raises ImageReadError that calls the pixels `name` when they are no picture.
    """
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if pixels.ndim not in (2, 3) or 0 in pixels.shape:
        raise ImageReadError(f"{name} holds no picture: its pixels have the shape {pixels.shape}; (H, W) is needed.")
    rgb = pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.dtype == np.uint8
    return standard_picture(array_picture(pixels, rgb=rgb, axes="YXS"[: pixels.ndim]), name)


def encode_ome_tiff(micrograph: Micrograph, *, categorical: bool = False) -> bytes:
    """A tiled, compressed, pyramidal OME-TIFF (as `write_ome_tiff`) with the pixel size in its metadata.

    `categorical`: the values are class numbers, so the coarser levels pick values and never mix them.
    """
    picture = pixels_picture(micrograph.pixels, "the image")
    return encoded_ome_tiff(picture, micrograph.pixel_size_um, categorical=categorical)


def to_grey(pixels: NDArray[Any]) -> NDArray[np.float32]:
    """Intensity per pixel, each image scaled to mean 0 and standard deviation 1.

    Shape: (H, W) or (H, W, C) in; (H, W) float32 out. Channels are averaged; a flat image gives zeros.
    """
    grey = pixels.astype(np.float32)
    if grey.ndim == 3:
        grey = grey.mean(axis=2)
    spread = float(grey.std())
    return np.asarray((grey - grey.mean()) / (spread if spread > 0 else 1.0), dtype=np.float32)


def to_8bit(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """For looking at: uint8 as it is, other types stretched between their 0.1 % and 99.9 % quantiles."""
    if pixels.dtype == np.uint8:
        return pixels
    low, high = np.percentile(pixels, (0.1, 99.9))
    scaled = (pixels.astype(np.float32) - low) / max(float(high - low), 1e-9)
    return np.asarray(np.clip(scaled * 255, 0, 255), dtype=np.uint8)

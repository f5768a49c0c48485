"""Micrographs as values: pixels with their physical size, decoded from and encoded to file bytes.

Nothing here opens a file: bytes come in and go out (`storage` does the rest).
"""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .documents import Document
from .errors import ImageReadError, InputError

_TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_UNIT_IN_UM = {"m": 1e6, "mm": 1e3, "um": 1.0, "µm": 1.0, "μm": 1.0, "nm": 1e-3}
_MAX_BYTES = 8 << 30
_PYRAMID_TILE = 512  # pixels; the side of a stored block and the size at which the pyramid stops


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
    """image.json: where an image came from and what its pixels are."""

    kind: ClassVar[str] = "image"
    name: str
    source_name: str
    sha256: str
    height: int
    width: int
    channels: int
    dtype: str
    pixel_size_um: float

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return self.height, self.width


def decode_image(data: bytes, name: str) -> Micrograph:
    """Decode TIFF, PNG, JPEG, BMP or WebP bytes; an alpha channel is dropped, a palette is applied.

    Raises ImageReadError that names the file when the bytes are no such image, are broken, or hold no pixels.
    """
    try:
        micrograph = _decode_tiff(data) if data[:4] in _TIFF_MAGIC else _decode_pillow(data)
    except Exception as error:  # decoders raise whatever they like on broken bytes
        raise ImageReadError(
            f"{name} is not an image that can be read ({type(error).__name__}: {str(error)[:100]}). "
            "Allowed are TIFF, PNG, JPEG, BMP and WebP files."
        ) from error
    return Micrograph(standard_pixels(micrograph.pixels, name), micrograph.pixel_size_um)


def _decode_pillow(data: bytes) -> Micrograph:
    from PIL import Image, ImageOps

    with warnings.catch_warnings(), Image.open(io.BytesIO(data)) as image:
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        image.load()
        upright = ImageOps.exif_transpose(image)
        if upright.mode in ("LA", "La"):
            upright = upright.getchannel(0)  # converting would blend with black
        elif upright.mode in ("1",):
            upright = upright.convert("L")
        elif upright.mode not in ("L", "RGB", "I;16", "I;16B", "I", "F"):
            upright = upright.convert("RGB")
        return Micrograph(np.asarray(upright))


def _decode_tiff(data: bytes) -> Micrograph:
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as tiff:
        series = tiff.series[0]
        if series.nbytes > _MAX_BYTES:  # a few bytes can claim any size
            raise ValueError(f"{series.shape} pixels are too large: at most {_MAX_BYTES >> 30} GiB are read")
        axes, pixels = series.axes, series.asarray()
        extra = [axis for axis in axes if axis not in "YXSC"]
        index = tuple(0 if axis in extra else slice(None) for axis in axes)
        pixels, axes = pixels[index], "".join(axis for axis in axes if axis not in extra)
        pixels = np.moveaxis(pixels, [axes.index("Y"), axes.index("X")], [0, 1])
        if pixels.ndim == 3 and pixels.shape[2] == 1:
            pixels = pixels[..., 0]
        if pixels.ndim == 3 and pixels.shape[2] in (2, 4) and "S" in axes:  # grey or colour with alpha
            pixels = pixels[..., 0] if pixels.shape[2] == 2 else pixels[..., :3]
        return Micrograph(pixels, _tiff_pixel_size_um(tiff))


def _tiff_pixel_size_um(tiff: Any) -> float | None:
    if tiff.ome_metadata:
        match = re.search(r'PhysicalSizeX="([0-9.eE+-]+)"', tiff.ome_metadata)
        unit = re.search(r'PhysicalSizeXUnit="([^"]+)"', tiff.ome_metadata)
        if match:
            scale = _UNIT_IN_UM.get(unit[1] if unit else "µm")  # OME has units without a length, such as "pixel"
            return None if scale is None else float(match[1]) * scale
    return None  # TIFF resolution tags usually hold the printer's 72 dpi, not the microscope's


def standard_pixels(pixels: NDArray[Any], name: str) -> NDArray[Any]:
    """Any pixels as `Micrograph` has them: (H, W) or (H, W, C) of uint8, uint16 or float32.

    Raises ImageReadError that calls the pixels `name` when they are no picture or hold NaN.
    """
    if pixels.dtype.kind not in "biuf":
        raise ImageReadError(f"{name} holds values of type {pixels.dtype}; whole or real numbers are needed.")
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if pixels.ndim not in (2, 3) or 0 in pixels.shape:
        raise ImageReadError(f"{name} holds no picture: its pixels have the shape {pixels.shape}; (H, W) is needed.")
    if pixels.dtype == np.bool_:
        return pixels.astype(np.uint8) * 255
    if pixels.dtype in (np.uint8, np.uint16):
        return np.ascontiguousarray(pixels)
    if pixels.dtype.kind in "iu" and pixels.min() >= 0 and pixels.max() <= 65535:
        return pixels.astype(np.uint16)
    values = pixels.astype(np.float32)
    if not np.isfinite(values).all():
        raise ImageReadError(f"{name} holds NaN or infinite values; replace them before importing the image.")
    return values


def encode_ome_tiff(micrograph: Micrograph, *, categorical: bool = False) -> bytes:
    """A tiled, deflate-compressed, pyramidal OME-TIFF with the pixel size in its metadata.

    `categorical`: the values are class numbers, so the coarser levels pick values and never mix them.
    """
    import tifffile

    pixels = micrograph.pixels
    rgb = pixels.ndim == 3 and pixels.shape[2] == 3
    axes = "YX" if pixels.ndim == 2 else "YXS" if rgb else "CYX"  # 2 or 4 samples would be read as alpha
    metadata: dict[str, Any] = {"axes": axes}
    if micrograph.pixel_size_um is not None:
        for axis in "XY":
            metadata[f"PhysicalSize{axis}"] = micrograph.pixel_size_um
            metadata[f"PhysicalSize{axis}Unit"] = "µm"
    levels = _pyramid(pixels, categorical)
    if axes == "CYX":
        levels = [np.moveaxis(level, 2, 0) for level in levels]
    options: dict[str, Any] = {
        "tile": (_PYRAMID_TILE, _PYRAMID_TILE),
        "compression": "zlib",
        "photometric": "rgb" if rgb else "minisblack",
    }
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer, bigtiff=pixels.nbytes > 2**31, ome=True) as writer:
        writer.write(levels[0], subifds=len(levels) - 1, metadata=metadata, **options)
        for level in levels[1:]:
            writer.write(level, subfiletype=1, **options)
    return buffer.getvalue()


def _pyramid(pixels: NDArray[Any], categorical: bool) -> list[NDArray[Any]]:
    """The image and its halvings (2 x 2 means, or every second pixel), until the longer side fits one block."""
    levels = [pixels]
    while max(levels[-1].shape[:2]) > _PYRAMID_TILE and min(levels[-1].shape[:2]) >= 2:
        fine = levels[-1]
        h, w = fine.shape[0] // 2 * 2, fine.shape[1] // 2 * 2
        if categorical:
            levels.append(np.ascontiguousarray(fine[:h:2, :w:2]))
        else:
            blocks = fine[:h, :w].reshape(h // 2, 2, w // 2, 2, *fine.shape[2:])
            mean = blocks.mean(axis=(1, 3), dtype=np.float32)
            levels.append((mean if pixels.dtype.kind == "f" else np.rint(mean)).astype(pixels.dtype))
    return levels


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


def check_pixel_size(value: float | None, name: str, how: str = "import_image(..., pixel_size_um=0.1)") -> float:
    """Return µm per pixel, or raise InputError that says `how` to give it."""
    if value is None:
        raise InputError(f"The pixel size of {name} is not known: give it in µm, as in {how}.")
    if not 1e-4 <= value <= 1e3:
        raise InputError(f"pixel_size_um={value} for {name} is not allowed: give µm per pixel, from 0.0001 to 1000.")
    return float(value)


def side_file_pixel_size_um(content: Any, name: str) -> float | None:
    """The pixel size in a JSON side file of BIDS microscopy (`PixelSize`, `PixelSizeUnits`), if it has one."""
    if not isinstance(content, dict) or "PixelSize" not in content:
        return None
    size, unit = content["PixelSize"], content.get("PixelSizeUnits", "um")
    first = size[0] if isinstance(size, list) and size else size
    if not isinstance(first, int | float) or unit not in _UNIT_IN_UM:
        raise InputError(
            f"{name} gives the pixel size {size!r} in {unit!r}, which cannot be read: "
            "correct it, or give pixel_size_um=."
        )
    return float(first) * _UNIT_IN_UM[unit]

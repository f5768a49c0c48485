"""Small valid image files of every kind that can be imported: what the hostile ones are made from."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

GREY = (np.indices((50, 70)).sum(0) * 2 + np.random.default_rng(0).integers(0, 9, (50, 70))).astype(np.uint8)
DEEP = GREY.astype(np.uint16) * 200
RGB = np.dstack([GREY, GREY[::-1], GREY[:, ::-1]])
STACK = np.stack([DEEP, DEEP + 1, DEEP + 2])
EXIF = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
SIZE = {"PhysicalSizeX": 0.1, "PhysicalSizeY": 0.1}
TILES: dict[str, Any] = {"tile": (16, 32)}


def tiff(pixels: Any, **options: Any) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, **options)
    return buffer.getvalue()


def pillow(pixels: Any, kind: str, mode: str | None = None, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(buffer, kind, **options)
    return buffer.getvalue()


def pyramid(*, sub: bool) -> bytes:
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer, ome=sub) as writer:
        options: dict[str, Any] = {"compression": "zlib", **TILES}
        writer.write(RGB, subifds=1 if sub else 0, metadata=SIZE if sub else None, photometric="rgb", **options)
        writer.write(RGB[::2, ::2], subfiletype=1, metadata=None, photometric="rgb", **options)
    return buffer.getvalue()


def omezarr(version: int) -> dict[str, bytes]:
    """The files of an OME-Zarr folder: two channels of 16 bits, with a pixel size."""
    import zarr

    folder = Path(tempfile.mkdtemp())
    group = zarr.open_group(str(folder), mode="w", zarr_format=version)
    group.create_array("0", data=STACK[:2], chunks=(1, 32, 32))
    axes = [{"name": "c"}, *({"name": name, "type": "space", "unit": "micrometer"} for name in "yx")]
    datasets = [{"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 0.1, 0.1]}]}]
    told = {"multiscales": [{"axes": axes, "datasets": datasets}], "omero": {"channels": [{"label": "a"}, {}]}}
    group.attrs.update(told if version == 2 else {"ome": told})
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    shutil.rmtree(folder)
    return files


def hyperstack() -> bytes:
    metadata = {"axes": "ZYX", "unit": "um", "spacing": 0.5, "Labels": ["a", "b", "c"]}
    return tiff(STACK, imagej=True, resolution=(10.0, 10.0), metadata=metadata)


def ome() -> bytes:
    return tiff(STACK, ome=True, compression="zlib", metadata={"axes": "CYX", **SIZE, "Channel": {"Name": list("abc")}})


MAKERS: dict[str, Callable[[], bytes | dict[str, bytes]]] = {
    "strips.tif": lambda: tiff(GREY, rowsperstrip=16, resolution=(100_000, 100_000), resolutionunit="CENTIMETER"),
    "deflate.tif": lambda: tiff(RGB, compression="zlib", predictor=True, photometric="rgb", **TILES),
    "big.tif": lambda: tiff(DEEP, bigtiff=True, compression="zlib", **TILES),
    "planar.tif": lambda: tiff(np.moveaxis(RGB, 2, 0), planarconfig="separate", photometric="rgb", **TILES),
    "pages.tif": lambda: tiff(STACK, metadata=None, rowsperstrip=25, compression="lzw"),
    "16bit.tif": lambda: tiff(DEEP, byteorder=">", compression="zlib", predictor=True, rowsperstrip=20),
    "float.tif": lambda: tiff(DEEP.astype(np.float32), compression="zlib", predictor=True),
    "double.tif": lambda: tiff(DEEP.astype(np.float64), byteorder=">"),
    "int.tif": lambda: tiff(DEEP.astype(np.int32), **TILES),
    "lzw.tif": lambda: tiff(RGB, compression="lzw", photometric="rgb", predictor=True),
    "zstd.tif": lambda: tiff(DEEP, compression="zstd", **TILES),
    "packbits.tif": lambda: tiff(GREY, compression="packbits", rowsperstrip=10),
    "jpeg.tif": lambda: tiff(RGB, compression="jpeg", photometric="rgb", **TILES),
    "jpeg2000.tif": lambda: tiff(RGB, compression="jpeg2000", photometric="rgb", **TILES),
    "jpegxl.tif": lambda: tiff(RGB, compression="jpegxl", photometric="rgb", **TILES),
    "webp.tif": lambda: tiff(RGB, compression="webp", photometric="rgb", **TILES),
    "png.tif": lambda: tiff(DEEP, compression="png", **TILES),
    "lzma.tif": lambda: tiff(GREY, compression="lzma", **TILES),
    "lerc.tif": lambda: tiff(DEEP, compression="lerc", **TILES),
    "bilevel.tif": lambda: pillow(GREY > 90, "TIFF", compression="group4"),
    "1bit.tif": lambda: tiff(GREY > 90, compression="zlib"),
    "palette.tif": lambda: pillow(RGB, "TIFF", "P", compression="tiff_lzw"),
    "cmyk.tif": lambda: pillow(RGB, "TIFF", "CMYK", compression="tiff_deflate"),
    "alpha.tif": lambda: tiff(np.dstack([RGB, GREY]), photometric="rgb", extrasamples=["unassalpha"]),
    "old-jpeg.tif": lambda: pillow(RGB, "TIFF", compression="jpeg"),
    "imagej.tif": hyperstack,
    "ome.tif": ome,
    "ome-pyramid.tif": lambda: pyramid(sub=True),
    "pyramid.tif": lambda: pyramid(sub=False),
    "grey.png": lambda: pillow(GREY, "PNG", dpi=(254_000, 254_000)),
    "16bit.png": lambda: pillow(DEEP, "PNG"),
    "16bit-rgb.png": lambda: bytes(imagecodecs.png_encode(RGB.astype(np.uint16) * 200)),
    "palette.png": lambda: pillow(RGB, "PNG", "P", transparency=3),
    "alpha.png": lambda: pillow(RGB, "PNG", "RGBA"),
    "grey-alpha.png": lambda: pillow(GREY, "PNG", "LA"),
    "1bit.png": lambda: pillow(GREY > 90, "PNG"),
    "animated.png": lambda: pillow(RGB, "PNG", save_all=True, append_images=[Image.fromarray(RGB[::-1])]),
    "grey.jpg": lambda: pillow(GREY, "JPEG", dpi=(254_00, 254_00)),
    "rgb.jpg": lambda: pillow(RGB, "JPEG", exif=EXIF),
    "progressive.jpg": lambda: pillow(RGB, "JPEG", progressive=True),
    "cmyk.jpg": lambda: pillow(RGB, "JPEG", "CMYK"),
    "several.jpg": lambda: pillow(RGB, "MPO", save_all=True, append_images=[Image.fromarray(RGB[::-1])]),
    "lossy.webp": lambda: pillow(RGB, "WEBP", exif=EXIF),
    "lossless.webp": lambda: pillow(RGB, "WEBP", lossless=True),
    "alpha.webp": lambda: pillow(RGB, "WEBP", "RGBA"),
    "animated.webp": lambda: pillow(RGB, "WEBP", save_all=True, append_images=[Image.fromarray(RGB[::-1])]),
    "grey.bmp": lambda: pillow(GREY, "BMP"),
    "rgb.bmp": lambda: pillow(RGB, "BMP"),
    "1bit.bmp": lambda: pillow(GREY > 90, "BMP"),
    "rgb.jp2": lambda: pillow(RGB, "JPEG2000"),
    "16bit.jp2": lambda: pillow(DEEP, "JPEG2000"),
    "codestream.jp2": lambda: bytes(imagecodecs.jpeg2k_encode(GREY, codecformat="j2k")),
    "2.zarr": lambda: omezarr(2),
    "3.zarr": lambda: omezarr(3),
}

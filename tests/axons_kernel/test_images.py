"""Images: every file form a microscope or a student brings, bad bytes, and the OME-TIFF that is written."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from PIL import Image

from axons_kernel.errors import ImageReadError
from axons_kernel.images import (
    ImageInfo,
    Micrograph,
    decode_image,
    encode_ome_tiff,
    to_8bit,
    to_grey,
)

GREY = np.arange(48, dtype=np.uint8).reshape(6, 8)
RGB = np.stack([GREY, GREY + 50, GREY + 100], axis=2)


def tiff(array: NDArray[Any], **options: Any) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, **options)
    return buffer.getvalue()


# -- reading ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("array", "mode", "expected"),
    [
        (GREY, None, GREY),
        (RGB, None, RGB),
        (GREY.astype(np.uint16) * 1000, None, GREY.astype(np.uint16) * 1000),
        (GREY > 20, None, (GREY > 20) * np.uint8(255)),
        (np.stack([GREY, np.zeros_like(GREY)], axis=2), None, GREY),  # transparent, yet the grey stays
        (np.concatenate([RGB, np.zeros_like(RGB[..., :1])], axis=2), None, RGB),
        (np.uint8([[0, 255], [255, 0]]), "P", np.uint8([[0, 255], [255, 0]])[..., None].repeat(3, 2)),
    ],
    ids=["grey", "rgb", "16 bit", "bilevel", "grey+alpha", "rgb+alpha", "palette"],
)
def test_png(png: Callable[..., bytes], array: NDArray[Any], mode: str | None, expected: NDArray[Any]) -> None:
    micrograph = decode_image(png(array, mode), "x.png")
    assert micrograph.pixels.dtype == expected.dtype
    np.testing.assert_array_equal(micrograph.pixels, expected)
    assert micrograph.shape == expected.shape[:2] and micrograph.pixel_size_um is None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (tiff(GREY), GREY),
        (tiff(GREY, byteorder=">"), GREY),
        (tiff(GREY.astype(">u2")), GREY.astype(np.uint16)),
        (tiff(GREY.astype(np.int32)), GREY.astype(np.uint16)),
        (tiff(GREY.astype(np.uint32) + 70_000), GREY.astype(np.float32) + 70_000),
        (tiff(GREY.astype(np.int16) - 10), GREY.astype(np.float32) - 10),
        (tiff(GREY / 3), (GREY / 3).astype(np.float32)),
        (tiff(GREY > 20), (GREY > 20) * np.uint8(255)),
        (tiff(RGB, photometric="rgb"), RGB),
        (tiff(RGB.transpose(2, 0, 1), photometric="rgb", planarconfig="separate"), RGB),
        (tiff(np.dstack([RGB, GREY]), photometric="rgb", extrasamples=["unassalpha"]), RGB),
        (
            tiff(np.dstack([GREY, GREY]), photometric="minisblack", planarconfig="contig", extrasamples=["unassalpha"]),
            GREY,
        ),
        (
            tiff(np.stack([GREY] * 4), photometric="minisblack", ome=True, metadata={"axes": "CYX"}),
            np.dstack([GREY] * 4),
        ),
        (tiff(GREY, bigtiff=True, compression="lzw"), GREY),
    ],
    ids=[
        *("grey", "big-endian", "16 bit big-endian", "int32", "beyond 16 bit", "negative", "float64", "bilevel", "rgb"),
        *("planar rgb", "rgb+alpha", "grey+alpha", "four channels", "BigTIFF, LZW"),
    ],
)
def test_tiff(data: bytes, expected: NDArray[Any]) -> None:
    pixels = decode_image(data, "x.tif").pixels
    assert pixels.dtype == expected.dtype
    np.testing.assert_array_equal(pixels, expected)


def test_jpeg_is_turned_upright() -> None:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned
    Image.fromarray(GREY).save(buffer, "JPEG", exif=exif)
    assert decode_image(buffer.getvalue(), "x.jpg").shape == (8, 6)


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"PhysicalSizeX": 0.25, "PhysicalSizeXUnit": "µm"}, 0.25),
        ({"PhysicalSizeX": 250, "PhysicalSizeXUnit": "nm"}, 0.25),
        ({"PhysicalSizeX": 0.00025, "PhysicalSizeXUnit": "mm"}, 0.25),
        ({"PhysicalSizeX": 0.25}, 0.25),
        ({"PhysicalSizeX": 1, "PhysicalSizeXUnit": "pixel"}, None),
        ({}, None),
    ],
)
def test_ome_pixel_size(metadata: dict[str, Any], expected: float | None) -> None:
    size = decode_image(tiff(GREY, ome=True, metadata={"axes": "YX", **metadata}), "x.tif").pixel_size_um
    assert size == (None if expected is None else pytest.approx(expected))


def test_printer_resolution_is_no_pixel_size() -> None:
    assert decode_image(tiff(GREY, resolution=(72, 72), resolutionunit="INCH"), "x.tif").pixel_size_um is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not an image",
        b"II*\0",
        b"%PDF-1.4",
        b"\x89PNG\r\n\x1a\n",
        tiff(GREY)[:60],
        tiff(np.zeros((64, 64)))[:-1000],
    ],
    ids=["empty", "text", "TIFF head", "PDF", "PNG head", "TIFF cut in its head", "TIFF cut in its pixels"],
)
def test_no_image(data: bytes) -> None:
    with pytest.raises(ImageReadError, match=r"bad\.dat is not an image that can be read .*Allowed are TIFF, PNG"):
        decode_image(data, "bad.dat")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "tiled TIFF"])
def test_cut_file(kind: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (256, 256), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "PNG")
    data = {
        "PNG": buffer.getvalue(),
        "TIFF": tiff(noise),
        "tiled TIFF": tiff(noise, tile=(64, 64), compression="zlib"),
    }[kind]
    with pytest.raises(ImageReadError, match="is not an image that can be read"):
        decode_image(data[: int(len(data) * share)], "cut")


def png_bomb(side: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def tiff_bomb(side: int) -> bytes:
    tags = [(256, side), (257, side), (258, 8), (259, 8), (262, 1), (273, 8), (277, 1), (278, side), (279, 10)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<I", 18) + bytes(10) + struct.pack("<H", len(tags)) + entries + bytes(4)


@pytest.mark.parametrize("data", [png_bomb(100_000), tiff_bomb(300_000)], ids=["PNG", "TIFF"])
def test_decompression_bomb(data: bytes) -> None:
    assert len(data) < 2000
    with pytest.raises(ImageReadError, match=r"too many|too large"):
        decode_image(data, "bomb")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_is_refused(value: float) -> None:
    pixels = np.zeros((4, 4), np.float32)
    pixels[1, 1] = value
    with pytest.raises(ImageReadError, match=r"x\.tif holds NaN or infinite values; replace them"):
        decode_image(tiff(pixels), "x.tif")


# -- writing ----------------------------------------------------------------------------------------------------


@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.uint16, np.float32]),
        st.tuples(st.integers(1, 40), st.integers(1, 40))
        | st.tuples(st.integers(2, 9), st.integers(2, 9), st.integers(2, 6)),
        elements={"allow_nan": False, "allow_infinity": False},
    ),
    st.none() | st.floats(1e-3, 1e3),
)
def test_ome_tiff_round_trip(pixels: NDArray[Any], size: float | None) -> None:
    again = decode_image(encode_ome_tiff(Micrograph(pixels, size)), "x.tif")
    assert again.pixels.dtype == pixels.dtype
    np.testing.assert_array_equal(again.pixels, pixels)
    assert again.pixel_size_um == (None if size is None else pytest.approx(size))


@pytest.mark.parametrize("shape", [(1300, 700), (1300, 700, 3), (1300, 700, 2)])
def test_ome_tiff_is_tiled_compressed_and_pyramidal(shape: tuple[int, ...]) -> None:
    data = encode_ome_tiff(Micrograph(np.full(shape, 7, np.uint8), 0.13))
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        assert file.is_ome and 'PhysicalSizeX="0.13"' in str(file.ome_metadata)
        levels = [(level.sizes["height"], level.sizes["width"]) for level in file.series[0].levels]
        assert levels == [(1300, 700), (650, 350), (325, 175)]
        page = file.pages[0]
        assert isinstance(page, tifffile.TiffPage)
        assert page.is_tiled and page.tile == (512, 512) and page.compression == tifffile.COMPRESSION.ZSTD
    assert len(data) < 1300 * 700 / 10


def coarse(pixels: NDArray[Any], *, categorical: bool) -> NDArray[Any]:
    with tifffile.TiffFile(io.BytesIO(encode_ome_tiff(Micrograph(pixels), categorical=categorical))) as file:
        return np.asarray(file.series[0].levels[1].asarray())


def test_coarser_levels_are_rounded_means() -> None:
    assert set(np.unique(coarse(np.tile(np.uint8([[0, 1], [1, 1]]), (300, 300)), categorical=False))) == {1}


def test_coarser_levels_of_classes_never_mix() -> None:
    assert set(np.unique(coarse(np.tile(np.uint8([[0, 4], [0, 4]]), (300, 300)), categorical=True))) <= {0, 4}


def test_image_info_shape() -> None:
    info = ImageInfo(
        name="a", source_name="a.tif", sha256="", height=2, width=3, channels=1, dtype="uint8", pixel_size_um=1
    )
    assert info.shape == (2, 3) and ImageInfo.decode(info.encode(), "x") == info


# -- values -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pixels", [GREY, RGB, GREY.astype(np.float32) * 1e-4, GREY.astype(np.uint16) * 1000])
def test_to_grey_is_standardised(pixels: NDArray[Any]) -> None:
    grey = to_grey(pixels)
    assert grey.shape == (6, 8) and grey.dtype == np.float32
    assert grey.mean() == pytest.approx(0, abs=1e-5) and grey.std() == pytest.approx(1, abs=1e-4)
    np.testing.assert_allclose(grey, to_grey(GREY), atol=1e-4)


def test_flat_image_gives_zeros() -> None:
    assert not to_grey(np.full((5, 5), 9, np.uint8)).any()


def test_to_8bit() -> None:
    assert to_8bit(GREY) is GREY
    ramp = to_8bit(np.linspace(-3, 7, 10_000).reshape(100, 100))
    assert ramp.dtype == np.uint8 and ramp[0, 0] == 0 and ramp[-1, -1] == 255
    assert (np.diff(ramp.ravel().astype(int)) >= 0).all()
    assert not to_8bit(np.full((3, 3), 5000, np.uint16)).any()

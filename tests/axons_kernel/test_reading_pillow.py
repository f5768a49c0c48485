"""PNG, JPEG, JPEG 2000, BMP and WebP: colours, alpha, orientation, 16 bits, and what is too large."""

from __future__ import annotations

import io
from typing import Any

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from axons_kernel import reading_pillow
from axons_kernel.errors import ImageReadError, InputError
from axons_kernel.picture import Choice, Picture
from axons_kernel.reading import open_picture

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (20, 30), dtype=np.uint8)
RGB = RNG.integers(0, 256, (20, 30, 3), dtype=np.uint8)
DEEP = RNG.integers(0, 65536, (20, 30, 3), dtype=np.uint16)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def opened(data: bytes, **choice: Any) -> Picture:
    return open_picture(io.BytesIO(data), "x", Choice(**choice))


@pytest.mark.parametrize("array", [GREY, RGB], ids=["grey", "RGB"])
@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("BMP", {}), ("WEBP", {"lossless": True}), ("JPEG2000", {"irreversible": False})],
)
def test_lossless_files(kind: str, options: dict[str, Any], array: NDArray[np.uint8]) -> None:
    expected = array if kind != "WEBP" or array.ndim == 3 else np.dstack([array] * 3)
    np.testing.assert_array_equal(opened(saved(Image.fromarray(array), kind, **options)).pixels(), expected)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_lossy_files(kind: str) -> None:
    smooth = np.tile(np.arange(64, dtype=np.uint8)[:, None, None] * 3, (1, 64, 3))
    pixels = opened(saved(Image.fromarray(smooth), kind, quality=95)).pixels()
    assert np.abs(pixels.astype(int) - smooth).max() <= 5


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG2000"])
def test_alpha_is_dropped_and_blends_nothing(kind: str) -> None:
    clear = np.dstack([RGB, np.zeros_like(GREY)])
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    np.testing.assert_array_equal(opened(saved(Image.fromarray(clear), kind, **options)).pixels(), RGB)


@pytest.mark.parametrize("transparent", [None, 3])
def test_a_palette_is_applied(transparent: int | None) -> None:
    indexed = Image.fromarray(RGB).quantize(16)
    options = {} if transparent is None else {"transparency": transparent}
    expected = np.asarray(indexed.convert("RGB"))
    np.testing.assert_array_equal(opened(saved(indexed, "PNG", **options)).pixels(), expected)


def test_ink_becomes_light() -> None:
    inked = Image.fromarray(np.full((16, 16, 3), (200, 100, 50), np.uint8)).convert("CMYK")
    pixels = opened(saved(inked, "JPEG", quality=100)).pixels().astype(int)
    assert np.abs(pixels - (200, 100, 50)).max() <= 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_camera_may_have_been_turned(orientation: int, kind: str) -> None:
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(Image.fromarray(RGB), kind, exif=exif)
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    picture = opened(data)
    assert picture.shape == expected.shape[:2]
    np.testing.assert_array_equal(picture.pixels(), expected)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (DEEP[..., 0], DEEP[..., 0]),
        (DEEP, DEEP),
        (DEEP[..., :2], DEEP[..., 0]),
        (np.dstack([DEEP, DEEP[..., 0]]), DEEP),
    ],
    ids=["grey", "RGB", "grey+alpha", "RGB+alpha"],
)
def test_all_16_bits_of_a_png(array: NDArray[np.uint16], expected: NDArray[np.uint16]) -> None:
    pixels = opened(bytes(imagecodecs.png_encode(np.ascontiguousarray(array)))).pixels()
    assert pixels.dtype == np.uint16
    np.testing.assert_array_equal(pixels, expected)


def test_one_bit() -> None:
    assert set(np.unique(opened(saved(Image.fromarray(GREY > 99), "PNG")).pixels())) == {0, 255}


def test_a_channel_of_a_colour_picture() -> None:
    picture = opened(saved(Image.fromarray(RGB), "PNG"), channels="green")
    np.testing.assert_array_equal(picture.pixels(), RGB[..., 1])
    with pytest.raises(InputError, match=r"x has no channel 'infrared': give 0 to 2 or one of 'red', 'green', 'blue'"):
        opened(saved(Image.fromarray(RGB), "PNG"), channels="infrared")


def test_depth_of_a_flat_picture() -> None:
    assert opened(saved(Image.fromarray(GREY), "PNG"), z=0, t="first").z is None
    with pytest.raises(InputError, match=r"z=1 is not in x: give z=0 to z=0"):
        opened(saved(Image.fromarray(GREY), "PNG"), z=1)


@pytest.mark.parametrize(("dpi", "expected"), [((72, 72), None), ((300, 300), None), ((254_000, 254_000), 0.1)])
def test_resolution(dpi: tuple[int, int], expected: float | None) -> None:
    sizes = opened(saved(Image.fromarray(GREY), "PNG", dpi=dpi)).sizes
    assert [size.x_um for size in sizes] == ([] if expected is None else [pytest.approx(expected, rel=1e-3)])


def test_several_pictures_in_a_file() -> None:
    frames = [Image.fromarray(GREY), Image.fromarray(255 - GREY)]
    picture = opened(saved(frames[0], "PNG", save_all=True, append_images=frames[1:]))
    np.testing.assert_array_equal(picture.pixels(), GREY)
    assert picture.notes == ("x holds 2 pictures; the first is taken.",)


def test_what_is_read_whole_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_pillow, "WHOLE_LIMIT", 1000)
    with pytest.raises(
        ImageReadError, match=r"30 x 20 pixels are too many for a PNG file.*: save it as a TIFF with tiles"
    ):
        opened(saved(Image.fromarray(RGB), "PNG"))


@pytest.mark.parametrize("kind", ["GIF", "PPM", "PDF", "TGA"])
def test_other_kinds_are_refused(kind: str) -> None:
    """Pillow reads them, some with programs of their own."""
    with pytest.raises(ImageReadError, match=r"x is not an image that can be read .*Allowed are TIFF, PNG, JPEG"):
        opened(saved(Image.fromarray(GREY), kind))

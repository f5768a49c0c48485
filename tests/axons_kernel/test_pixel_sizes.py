"""Pixel sizes: what is believed, what is not, and what is said when two sources disagree."""

from __future__ import annotations

from typing import Any

import pytest

from axons_kernel.errors import InputError
from axons_kernel.pixel_sizes import (
    KnownSize,
    agreed_size,
    check_pixel_size,
    json_size,
    known_size,
    resolution_size,
    same_size,
    text_size,
)


@pytest.mark.parametrize("value", [0, -0.1, 1e-5, 1e4, float("nan"), float("inf"), True, "0.1"])
def test_pixel_size_out_of_range(value: Any) -> None:
    with pytest.raises(InputError, match=r"pixel_size_um=.* for x.tif is not allowed: give µm per pixel"):
        check_pixel_size(value, "x.tif")


def test_pixel_size_unknown() -> None:
    with pytest.raises(InputError, match=r"pixel size of x\.tif is not known: give it in µm, .*pixel_size_um"):
        check_pixel_size(None, "x.tif")


@pytest.mark.parametrize(
    ("size", "unit", "expected"),
    [
        (250, "nm", 0.25),
        (0.25, "µm", 0.25),  # micro sign
        (0.25, "μm", 0.25),  # Greek mu
        (0.25, "micron", 0.25),
        (2.5e-7, "m", 0.25),
        (2500, "Å", 0.25),
        (1, "pixel", None),
        (0, "um", None),
        (-1, "um", None),
        (float("nan"), "um", None),
        (float("inf"), "um", None),
        (1, "m", None),  # a metre per pixel is no microscope's
        ("text", "um", None),
        (None, "um", None),
    ],
)
def test_known_size(size: Any, unit: str, expected: float | None) -> None:
    known = known_size(size, None, unit, "here")
    assert (known and known.x_um) == (expected and pytest.approx(expected))


@pytest.mark.parametrize("dpi", [72, 96, 150, 300, 600, 1200, 2400])
@pytest.mark.parametrize("unit", ["inch", "cm"])
def test_printer_resolutions_are_not_believed(dpi: int, unit: str) -> None:
    per_unit = dpi / 2.54 if unit == "cm" else float(dpi)
    assert resolution_size(per_unit, per_unit, unit, "tag") is None


@pytest.mark.parametrize(
    ("per_unit", "unit", "expected"),
    [
        (100_000.0, "cm", 0.1),
        (254_000.0, "inch", 0.1),
        (28.3, "cm", None),  # 72 dpi, rounded by somebody
        (1.0, "cm", None),
        (0.0, "cm", None),
        (float("inf"), "cm", None),
        (1e30, "cm", None),
    ],
)
def test_resolution_tags(per_unit: float, unit: str, expected: float | None) -> None:
    known = resolution_size(per_unit, per_unit, unit, "tag")
    assert (known and known.x_um) == (expected and pytest.approx(expected))


def test_sources_that_agree_give_their_size() -> None:
    assert agreed_size([], "x") is None
    assert agreed_size([KnownSize(0.1, 0.1, "a"), KnownSize(0.1005, 0.1005, "b")], "x") == 0.1


def test_sources_that_disagree_are_both_named() -> None:
    with pytest.raises(
        InputError,
        match=r"pixel size of x\.tif is unclear: its OME metadata says 0\.1 µm, but x\.json says 0\.2 µm; .*"
        r"source_pixel_size_um= to settle",
    ):
        agreed_size([KnownSize(0.1, 0.1, "its OME metadata"), KnownSize(0.2, 0.2, "x.json")], "x.tif")


def test_pixels_that_are_not_square() -> None:
    with pytest.raises(InputError, match=r"not square, as its tag says 0\.1 x 0\.3 µm: give source_pixel_size_um="):
        agreed_size([KnownSize(0.1, 0.3, "its tag")], "x.tif")


def test_one_per_cent_is_the_same() -> None:
    assert same_size(100, 101) and not same_size(100, 101.1)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"PixelSize": [0.1, 0.1], "PixelSizeUnits": "um"}, 0.1),
        ({"PixelSize": [0.1, 0.1, 1.0]}, 0.1),
        ({"PixelSize": 100, "PixelSizeUnits": "nm"}, 0.1),
        ({"PixelSize": 0.1}, 0.1),
        ({"other": 1}, None),
        ([], None),
    ],
)
def test_json(content: Any, expected: float | None) -> None:
    known = json_size(content, "x.json")
    assert (known and known.x_um) == (expected and pytest.approx(expected))


@pytest.mark.parametrize(
    "content",
    [{"PixelSize": "0.1"}, {"PixelSize": []}, {"PixelSize": 1, "PixelSizeUnits": "elephant"}, {"PixelSize": -1}],
)
def test_unreadable_json(content: Any) -> None:
    with pytest.raises(InputError, match=r"x\.json gives the pixel size .*correct it, or give source_pixel_size_um"):
        json_size(content, "x.json")


HITACHI = "[SemImageFile]\nInstructName=S-3000N\nPixelSize=24.80469\nSignalName=SE\n"


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("0.07\n", "pixel_size_in_micrometer.txt", 0.07),
        ("0.07", "rat.txt", 0.07),
        (" 70 nm ", "rat.txt", 0.07),
        (HITACHI, "rat.txt", 0.02480469),
        ("The rat of Tuesday.", "rat.txt", None),
        ("0 0.5 0.5 0.1 0.1\n", "rat.txt", None),  # a label file that lies there too
        ("", "rat.txt", None),
    ],
)
def test_text(text: str, name: str, expected: float | None) -> None:
    known = text_size(text, name)
    assert (known and known.x_um) == (expected and pytest.approx(expected))


@pytest.mark.parametrize(
    ("text", "name"),
    [("", "a/pixel_size_in_micrometer.txt"), ("about 1", "a/pixel_size_in_micrometer.txt"), ("0", "rat.txt")],
)
def test_unreadable_text(text: str, name: str) -> None:
    with pytest.raises(InputError, match=r"should hold one number, the µm per pixel, and holds"):
        text_size(text, name)

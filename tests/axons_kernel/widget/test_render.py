"""The pictures that the canvas shows."""

from __future__ import annotations

import numpy as np
import pytest

from axons_kernel.annotations import BoxLabel, PointLabel, PolygonLabel
from axons_kernel.errors import InputError
from axons_kernel.widget.outlines import LabelIndex
from axons_kernel.widget.render import UNKNOWN_COLOUR, ImageView, render_labels, scale_bar, to_display
from axons_kernel.widget.viewport import Viewport

RED = {"axon": (255, 0, 0)}
ONE_TO_ONE = Viewport((100, 80), (100, 80), 1.0, (0.0, 0.0))


def ring_box(x0: float, y0: float, x1: float, y1: float) -> tuple[tuple[float, float], ...]:
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def test_8_bit_pixels_are_shown_as_they_are() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert np.array_equal(to_display(pixels), pixels)


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32, np.float64])
def test_other_types_are_stretched(dtype: type) -> None:
    shown = to_display(np.linspace(100, 60_000, 10_000).reshape(100, 100).astype(dtype))
    assert shown.dtype == np.uint8 and shown.min() == 0 and shown.max() == 255 and abs(shown.mean() - 127) < 3


def test_odd_pixels_still_give_a_picture() -> None:
    assert to_display(np.full((4, 4), 7.0)).shape == (4, 4)
    holes = np.ones((20, 20))
    holes[0, 0], holes[1, 1], holes[2, 2] = np.nan, np.inf, 5
    assert to_display(holes)[0, 0] == 0
    assert to_display(np.full((4, 4), np.nan)).max() == 0
    assert to_display(np.eye(4, dtype=bool)).max() == 255


@pytest.mark.parametrize("shape", [(4,), (4, 4, 2), (4, 4, 4), (2, 4, 4, 3), (0, 4)])
def test_pixels_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"\(height, width\) or \(height, width, 3\); these have \("):
        to_display(np.zeros(shape, np.uint8))
    with pytest.raises(InputError, match="are numbers; these are <U1"):
        to_display(np.array([["a"]]))


def test_one_to_one_view_shows_the_pixels_themselves() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (80, 100), dtype=np.uint8)
    picture, x, y = ImageView(pixels).draw(ONE_TO_ONE)
    assert (x, y) == (0, 0) and np.array_equal(picture, pixels)


def test_small_views_average_and_large_ones_repeat() -> None:
    checks = (np.indices((2000, 3000)).sum(axis=0) % 2 * 200).astype(np.uint8)
    small, x, _ = ImageView(checks).draw(Viewport.fitting((900, 640), (3000, 2000)))
    assert (x, small.shape[1]) == (12, 876) and np.all(np.abs(small.astype(int) - 100) <= 2)
    large, _, _ = ImageView(checks).draw(Viewport((90, 64), (3000, 2000), 16.0, (10.0, 10.0)))
    assert np.array_equal(large[:16, :16], np.zeros((16, 16))) and np.all(large[:16, 16:32] == 200)


def test_colour_goes_out_with_alpha_as_three_channels_would_be_lossy() -> None:
    picture, _, _ = ImageView(np.full((80, 100, 3), (10, 20, 30), np.uint8)).draw(ONE_TO_ONE)
    assert picture.shape == (80, 100, 4) and picture[5, 5].tolist() == [10, 20, 30, 255]


def test_labels_raster_has_fill_outline_and_hole() -> None:
    donut = PolygonLabel(label_class="axon", regions=(ring_box(10, 10, 50, 50), ring_box(20, 20, 40, 40)))
    other = BoxLabel(label_class="?", centre=(80, 20), size=(20, 20))
    index = LabelIndex.of((donut, other))
    raster = render_labels(index, ONE_TO_ONE, RED, 0.5, (0, 0, 100, 80))
    assert raster.shape == (80, 100, 4)
    assert raster[15, 15].tolist() == [255, 0, 0, 128]
    assert raster[30, 30, 3] == 0 and raster[70, 70, 3] == 0
    assert raster[10, 30, 3] > 200 and raster[20, 30, 3] > 200
    assert raster[20, 80, :3] == pytest.approx(UNKNOWN_COLOUR, abs=2)  # rounded twice on the way


def test_a_part_is_the_same_as_that_part_of_the_whole() -> None:
    index = LabelIndex.of(
        (
            PolygonLabel(label_class="axon", regions=(((5, 5), (60, 20), (30, 70)),)),
            PointLabel(label_class="axon", position=(40, 40)),
            BoxLabel(label_class="?", centre=(50, 40), size=(30, 10)),
        )
    )
    view = Viewport.fitting((100, 80), (90, 90))
    whole = render_labels(index, view, RED, 0.4, (0, 0, 100, 80))
    part = render_labels(index, view, RED, 0.4, (20, 10, 40, 50))
    assert np.abs(part.astype(int) - whole[10:60, 20:60]).max() <= 1


@pytest.mark.parametrize(
    ("pixel_size_um", "scale", "length", "text"),
    [
        (0.1, 1.0, 100, "10 µm"),
        (0.5, 2.0, 80, "20 µm"),
        (100, 1.0, 100, "10 mm"),
        (0.001, 1.0, 100, "0.1 µm"),
    ],
)
def test_scale_bar(pixel_size_um: float, scale: float, length: float, text: str) -> None:
    view = Viewport((900, 640), (9000, 9000), scale, (0.0, 0.0))
    bar_length, bar_text = scale_bar(view, pixel_size_um)
    assert bar_length == pytest.approx(length) and bar_text == text

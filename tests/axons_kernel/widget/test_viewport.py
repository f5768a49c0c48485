"""Canvas <-> image co-ordinates, zoom and pan."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axons_kernel.widget.viewport import MARGIN, Viewport

sizes = st.tuples(st.integers(1, 20_000), st.integers(1, 20_000))
points = st.tuples(st.floats(-100, 1000), st.floats(-100, 1000))
factors = st.floats(0.01, 100)


@st.composite
def views(draw: st.DrawFn) -> Viewport:
    """Any view that a user can get to: fitted, zoomed, panned."""
    view = Viewport.fitting((900, 640), draw(sizes))
    for _ in range(draw(st.integers(0, 3))):
        view = view.zoomed(draw(factors), draw(points)).panned(*draw(points))
    return view


@given(views(), points)
def test_canvas_to_image_and_back(view: Viewport, point: tuple[float, float]) -> None:
    assert view.to_canvas(view.to_image(point)) == pytest.approx(point, abs=1e-6)


@given(views(), st.data())
def test_the_centre_of_a_pixel_stays_in_its_pixel(view: Viewport, data: st.DataObject) -> None:
    col = data.draw(st.integers(0, view.image[0] - 1))
    row = data.draw(st.integers(0, view.image[1] - 1))
    x, y = view.to_image(view.to_canvas((col + 0.5, row + 0.5)))
    assert (int(x), int(y)) == (col, row)


@given(views(), factors, points)
def test_scale_and_place_stay_in_bounds(view: Viewport, factor: float, shift: tuple[float, float]) -> None:
    moved = view.zoomed(factor).panned(*shift)
    assert moved.min_scale <= moved.scale <= moved.max_scale
    for axis in (0, 1):
        left = moved.to_canvas((0.0, 0.0))[axis]
        right = moved.to_canvas((float(moved.image[0]), float(moved.image[1])))[axis]
        if right - left > moved.canvas[axis] - 2 * MARGIN + 1e-6:
            assert left <= MARGIN + 1e-6 and right >= moved.canvas[axis] - MARGIN - 1e-6
        else:
            assert left == pytest.approx(moved.canvas[axis] - right, abs=1e-6)


def test_zooming_keeps_what_is_under_the_pointer() -> None:
    view = Viewport.fitting((900, 640), (4000, 3000)).zoomed(4)
    about = (300.0, 200.0)
    assert view.zoomed(2, about).to_image(about) == pytest.approx(view.to_image(about))


@given(st.integers(0, 100), st.integers(0, 100), st.integers(1, 500), st.integers(1, 500))
def test_a_fitted_tile_is_visible_as_a_whole(x: int, y: int, width: int, height: int) -> None:
    fitted = Viewport.fitting((900, 640), (1000, 800), (x, y, width, height))
    for corner in ((x, y), (x + width, y + height)):
        at = fitted.to_canvas(corner)
        assert -1e-6 <= at[0] <= 900 + 1e-6 and -1e-6 <= at[1] <= 640 + 1e-6


def test_canvas_window_is_cut_to_the_canvas() -> None:
    view = Viewport((100, 80), (100, 80), 1.0, (0.0, 0.0))
    assert view.canvas_window((10.2, 20.7, 30.1, 40.0), pad=2) == (8, 18, 25, 24)
    assert view.canvas_window((-50, -50, 500, 500)) == (0, 0, 100, 80)
    assert view.canvas_window((200, 200, 300, 300))[2:] == (0, 0)

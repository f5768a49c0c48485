"""Shapes of known size, turned, at two pixel sizes; and the values of skimage on real outlines."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.measure import label, perimeter_crofton, regionprops

from axons_kernel.analysis.shapes import convex_areas, perimeters, shapes_of
from axons_kernel.samples import axon_micrograph


def ellipse(major: float, minor: float, degrees: float, pixel: float, side: float = 30) -> np.ndarray:
    """A mask (H, W) of an ellipse with these axes in µm, turned counter-clockwise, off the middle of a pixel."""
    count = int(side / pixel)
    y, x = (np.indices((count, count)) + 0.5) * pixel - side / 2 - 0.31 * pixel
    angle = np.radians(degrees)
    along, across = x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)
    return ((along / major) ** 2 + (across / minor) ** 2 <= 0.25).astype(np.int32)


@pytest.mark.parametrize("pixel", [0.05, 0.13])
@pytest.mark.parametrize("degrees", [0, 30, 90, 135])
@pytest.mark.parametrize(("major", "minor"), [(6, 6), (10, 4)])
def test_ellipses(major: float, minor: float, degrees: float, pixel: float) -> None:
    shapes = shapes_of(ellipse(major, minor, degrees, pixel))
    assert shapes.area[1] * pixel**2 == pytest.approx(np.pi / 4 * major * minor, rel=0.01)
    assert shapes.diameter[1] * pixel == pytest.approx(np.sqrt(major * minor), rel=0.005)
    assert shapes.major[1] * pixel == pytest.approx(major, rel=0.01)
    assert shapes.minor[1] * pixel == pytest.approx(minor, rel=0.01)
    ramanujan = 3 * (major + minor) - np.sqrt((3 * major + minor) * (major + 3 * minor))
    assert shapes.perimeter[1] * pixel == pytest.approx(np.pi / 2 * ramanujan, rel=0.04)
    assert shapes.solidity[1] > 0.975
    assert shapes.eccentricity[1] == pytest.approx(np.sqrt(1 - (minor / major) ** 2), abs=0.15)
    if major != minor:
        turn = (shapes.orientation[1] - degrees + 90) % 180 - 90
        assert abs(turn) < 1
    assert shapes.centre[1] == pytest.approx(np.full(2, 15 / pixel + 0.31), abs=0.2)


def test_skimage_measures_the_same() -> None:
    ids = label(axon_micrograph((320, 320), seed=2).mask == 2, connectivity=2)
    shapes = shapes_of(ids)
    for region in regionprops(ids):
        i = region.label
        assert shapes.area[i] == region.area
        assert shapes.centre[i] == pytest.approx(np.array(region.centroid)[::-1] + 0.5)
        for mine, theirs in ((shapes.major[i], region.axis_major_length), (shapes.minor[i], region.axis_minor_length)):
            assert (mine / 4) ** 2 == pytest.approx((theirs / 4) ** 2 + 1 / 12)  # their pixels are points
        assert shapes.eccentricity[i] == pytest.approx(region.eccentricity, abs=0.03 if region.area > 50 else 1)
        assert shapes.diameter[i] == pytest.approx(region.equivalent_diameter_area)
        assert shapes.perimeter[i] == pytest.approx(perimeter_crofton(region.image, directions=4))
        if region.area > 50:  # theirs counts pixels in the hull, ours is the hull's area
            assert shapes.solidity[i] == pytest.approx(region.solidity, abs=0.05)
        if region.eccentricity > 0.3:  # theirs is from the row axis
            turn = (shapes.orientation[i] - np.degrees(region.orientation) - 90 + 90) % 180 - 90
            assert abs(turn) < 0.01


def test_missing_ids_and_single_pixels() -> None:
    ids = np.zeros((9, 9), np.int32)
    ids[4, 4], ids[7:9, 0] = 3, 1
    shapes = shapes_of(ids)
    assert shapes.area.tolist() == [0, 2, 0, 1] and np.isnan(shapes.major[2]) and np.isnan(shapes.solidity[2])
    assert shapes.diameter[3] == pytest.approx(np.sqrt(4 / np.pi)) and shapes.solidity[3] == 1
    assert shapes_of(np.zeros((3, 3), np.int32)).area.tolist() == [0]


def test_concave_and_holed_objects() -> None:
    ids = np.zeros((60, 60), np.int32)
    ids[10:50, 10:50] = 1
    assert convex_areas(ids)[1] == pytest.approx(1600, rel=0.01)
    outer = perimeters(ids)[1]
    ids[20:50, 20:40] = 0  # a U
    assert shapes_of(ids).solidity[1] == pytest.approx(1000 / 1600, rel=0.01)
    ids[45:50, 20:40] = 1  # a ring
    hole = np.zeros_like(ids)
    hole[20:45, 20:40] = 1
    assert perimeters(ids)[1] == pytest.approx(outer + perimeters(hole)[1])

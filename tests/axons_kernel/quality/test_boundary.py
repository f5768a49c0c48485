"""Outlines: values by hand, beside DeepMind's surface-distance, and beside the code of the boundary IoU paper."""

from __future__ import annotations

from math import inf, isnan, pi, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy import ndimage

from axons_kernel.errors import InputError
from axons_kernel.quality import boundary_distances, boundary_iou, outline_lengths

Mask = NDArray[np.bool_]


def disc(radius: float, shape: tuple[int, int] = (90, 100), centre: tuple[float, float] = (45, 50)) -> Mask:
    rows, cols = np.indices(shape)
    return np.asarray((rows - centre[0]) ** 2 + (cols - centre[1]) ** 2 <= radius**2)


def square(x: int, y: int, side: int, shape: tuple[int, int] = (40, 40)) -> Mask:
    mask = np.zeros(shape, bool)
    mask[y : y + side, x : x + side] = True
    return mask


def blobs(seed: int) -> Mask:
    rng = np.random.default_rng(seed)
    return np.asarray(ndimage.gaussian_filter(rng.normal(size=(70, 80)), 4) > 0.02)


def test_outline_lengths_by_hand() -> None:
    ids = np.zeros((20, 30), int)
    ids[2:6, 2:6] = 1  # its four corners are cut
    ids[2:6, 6:10] = 2  # touches the first
    ids[15, 20] = 4
    expected = [0, 12 + 4 * sqrt(0.5), 12 + 4 * sqrt(0.5), 0, 4 * sqrt(0.5)]
    assert outline_lengths(ids) == pytest.approx(expected)


def test_outline_of_a_disc_and_of_a_hole() -> None:
    ring = disc(30) & ~disc(15)
    assert outline_lengths(ring.astype(int))[1] == pytest.approx(2 * pi * 45.5, rel=0.06)


@given(hnp.arrays(np.int64, (6, 7), elements=st.integers(0, 3)))
def test_outline_lengths_are_those_of_each_object_alone(ids: NDArray[np.int64]) -> None:
    alone = [0.0, *(outline_lengths((ids == i).astype(int)).sum() for i in range(1, ids.max() + 1))]
    assert outline_lengths(ids) == pytest.approx(alone)


def test_a_square_moved_by_one() -> None:
    distances = boundary_distances(square(10, 10, 10), square(11, 10, 10))
    assert distances.hausdorff(100) == 1
    assert distances.surface_dice(1) == 1
    assert 0 < distances.surface_dice(0.5) < 1
    assert 0.3 < distances.mean() < 0.7  # two of four sides are off by one


def test_a_disc_that_is_three_wider() -> None:
    distances = boundary_distances(disc(33), disc(30))
    assert distances.mean() == pytest.approx(3, abs=0.35)  # the nearest piece of a pixel outline is a little nearer
    assert distances.hausdorff(95) == pytest.approx(3, abs=0.5)
    assert distances.surface_dice(1) == 0
    assert distances.surface_dice(4) == 1


def test_one_or_both_are_empty() -> None:
    empty, one = np.zeros((40, 40), bool), square(10, 10, 1)
    both = boundary_distances(empty, empty)
    assert all(isnan(v) for v in (both.mean(), both.hausdorff(), both.surface_dice(1), boundary_iou(empty, empty)))
    for pair in ((empty, one), (one, empty)):
        distances = boundary_distances(*pair)
        assert (distances.mean(), distances.hausdorff(), distances.surface_dice(3)) == (inf, inf, 0)
        assert boundary_iou(*pair) == 0
    same = boundary_distances(one, one)
    assert (same.mean(), same.hausdorff(), same.surface_dice(0)) == (0, 0, 1)


@pytest.mark.filterwarnings("ignore:Please import:DeprecationWarning")  # within surface-distance
@pytest.mark.parametrize("seed", range(6))
def test_distances_are_those_of_surface_distance(seed: int) -> None:
    peer = pytest.importorskip(
        "surface_distance", reason="surface-distance is not installed: pip install 'axons[test]'"
    )
    annotated, reference = blobs(seed), blobs(seed + 100)
    if seed % 2:
        reference = ndimage.binary_dilation(annotated, iterations=2)
    ours = boundary_distances(annotated, reference)
    theirs = peer.compute_surface_distances(reference, annotated, (1, 1))
    assert ours.hausdorff(95) == pytest.approx(peer.compute_robust_hausdorff(theirs, 95))
    assert ours.hausdorff(100) == pytest.approx(peer.compute_robust_hausdorff(theirs, 100))
    for tolerance in (1, 2, 3):
        expected = peer.compute_surface_dice_at_tolerance(theirs, tolerance)
        assert ours.surface_dice(tolerance) == pytest.approx(expected)
    means = peer.compute_average_surface_distance(theirs)
    lengths = ours.reference_length.sum(), ours.annotated_length.sum()
    assert ours.mean() == pytest.approx(np.average(means, weights=lengths))


def paper_boundary_iou(annotated: Mask, reference: Mask, share: float) -> float:
    """The paper's algorithm: erode by 3 x 3, as often as the band is wide, with nothing around the image."""
    width = max(1, round(share * sqrt(annotated.shape[0] ** 2 + annotated.shape[1] ** 2)))
    bands = [m & ~ndimage.binary_erosion(m, np.ones((3, 3)), iterations=width) for m in (annotated, reference)]
    union = (bands[0] | bands[1]).sum()
    return float((bands[0] & bands[1]).sum() / union) if union else float("nan")


@pytest.mark.parametrize("share", [0.005, 0.02, 0.05, 0.5])
def test_boundary_iou_is_that_of_the_paper(share: float) -> None:
    for seed in range(4):
        pair = blobs(seed), blobs(seed) ^ disc(20, (70, 80), (0, 0))  # cut by the border
        assert boundary_iou(*pair, share=share) == pytest.approx(paper_boundary_iou(*pair, share))


def test_boundary_iou_sees_what_iou_does_not() -> None:
    wide, right = disc(41), disc(40)
    iou = (wide & right).sum() / (wide | right).sum()
    assert iou > 0.93
    assert boundary_iou(wide, right, share=0.02) < 0.65


def test_bad_arguments_are_told() -> None:
    with pytest.raises(InputError, match="40 x 40 and 30 x 20 pixels"):
        boundary_distances(square(0, 0, 3), square(0, 0, 3, (20, 30)))
    with pytest.raises(InputError, match="share=0 is not allowed"):
        boundary_iou(square(0, 0, 3), square(0, 0, 3), share=0)

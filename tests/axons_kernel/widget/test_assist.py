"""Help with drawing, without weights: what it finds on pictures whose truth is known."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from axons_kernel.errors import InputError, MissingExtraError
from axons_kernel.widget import assist, livewire


def disc(shape: tuple[int, int], y: float, x: float, radius: float) -> NDArray[np.bool_]:
    rows, cols = np.indices(shape)
    return np.asarray((rows - y) ** 2 + (cols - x) ** 2 <= radius**2)


SHAPE = (80, 100)
TRUTH = disc(SHAPE, 40, 30, 15)
OTHER = disc(SHAPE, 40, 75, 12)
GREY = (40 + 120 * (TRUTH | OTHER) + np.random.default_rng(0).normal(0, 6, SHAPE)).clip(0, 255).astype(np.uint8)


def iou(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    return float((a & b).sum() / (a | b).sum())


@pytest.mark.parametrize("kind", ["grey", "16 bits", "colour", "four stains"])
def test_wand(kind: str) -> None:
    pixels: NDArray[Any] = {
        "grey": GREY,
        "16 bits": GREY.astype(np.uint16) * 200,
        "colour": np.stack([GREY, 255 - GREY, GREY], axis=2),
        "four stains": np.stack([GREY.astype(np.float32)] * 4, axis=2),
    }[kind]
    found = assist.wand(pixels, (30, 40), 35, connected=True)
    assert iou(found, TRUTH) > 0.95
    everywhere = assist.wand(pixels, (30, 40), 35, connected=False)
    assert iou(everywhere, TRUTH | OTHER) > 0.95


def test_wand_on_a_flat_picture_takes_all() -> None:
    assert assist.wand(np.full((5, 5), 7, np.uint8), (2, 2), 0, connected=True).all()


def test_superpixels_follow_edges_and_are_the_same_each_time() -> None:
    segments = assist.superpixels(GREY, 8, 10)
    assert segments.shape == SHAPE
    assert segments.min() == 1
    assert 60 < segments.max() < 250
    inside = [number for number in np.unique(segments) if TRUTH[segments == number].mean() > 0.5]
    assert iou(np.isin(segments, inside), TRUTH) > 0.85
    np.testing.assert_array_equal(segments, assist.superpixels(GREY, 8, 10))
    assert assist.superpixels(np.stack([GREY] * 3, axis=2), 8, 10).shape == SHAPE


NOISY = (90 + 60 * TRUTH + np.random.default_rng(2).normal(0, 16, SHAPE)).clip(0, 255).astype(np.uint8)


def test_noise_leaves_no_specks_in_what_the_wand_finds() -> None:
    found = assist.wand(NOISY, (30, 40), 20, connected=True)
    assert iou(found, TRUTH) > 0.9
    inside = disc(SHAPE, 40, 30, 12)
    assert (found & inside).sum() > 0.97 * inside.sum()
    flat = np.where(TRUTH, 200, 10).astype(np.uint8)
    assert iou(assist.wand(flat, (30, 40), 0, connected=True), TRUTH) > 0.97


def test_superpixels_of_noise_stay_as_small_as_was_asked_for() -> None:
    segments = assist.superpixels(NOISY, 10, 10)
    extents = [part.stop - part.start for found in find_objects(segments) for part in found]
    assert max(extents) < 30
    assert segments.max() > 0.7 * SHAPE[0] * SHAPE[1] / 10**2


def test_a_threshold_finds_an_object_in_noise_and_no_specks() -> None:
    found = assist.threshold(NOISY, value=None, brighter=True)
    assert iou(found, TRUTH) > 0.9
    assert assist.objects(found, separate=False, min_area=5).max() == 1


def test_grabcut() -> None:
    pytest.importorskip("cv2", reason="opencv (of albumentations, the extra `train`) is not installed")
    found = assist.grabcut(GREY, (12, 22, 37, 37))
    assert iou(found, TRUTH) > 0.9
    np.testing.assert_array_equal(found, assist.grabcut(GREY, (12, 22, 37, 37)))
    large = np.kron(GREY, np.ones((8, 8), np.uint8))
    assert iou(assist.grabcut(large, (96, 176, 296, 296)), np.kron(TRUTH, np.ones((8, 8), bool))) > 0.9
    with pytest.raises(InputError, match="tiny"):
        assist.grabcut(GREY, (5, 5, 1, 1))


@pytest.mark.parametrize("kind", ["grey", "colour", "at the corner", "the whole tile"])
def test_grabcut_in_tissue_whose_ground_is_as_bright_as_what_is_looked_for(kind: str) -> None:
    pytest.importorskip("cv2", reason="opencv (of albumentations, the extra `train`) is not installed")
    rng = np.random.default_rng(1)
    fibre, axon = disc((80, 90), 40, 45, 24), disc((80, 90), 40, 45, 14)
    walls = disc((80, 90), 20, 5, 14) | disc((80, 90), 75, 88, 15)
    grey = np.where(axon | ~(fibre | walls), 150, 50) + rng.normal(0, 8, (80, 90))
    x, y = 45 - 26, 40 - 26
    if kind == "at the corner":
        grey, fibre = grey[y:, x:], fibre[y:, x:]
        x = y = 0
    pixels = np.dstack([grey, np.full_like(grey, 90), 220 - grey]) if kind == "colour" else grey
    box = (0, 0, 90, 80) if kind == "the whole tile" else (x, y, 52, 52)
    found = assist.grabcut(pixels.clip(0, 255).astype(np.uint8), box)
    if kind == "the whole tile":
        assert found[40, 45]
    else:
        assert iou(found, fibre) > 0.85 or iou(found, axon) > 0.85


def test_grabcut_of_pixels_that_are_all_alike_takes_the_middle() -> None:
    pytest.importorskip("cv2", reason="opencv (of albumentations, the extra `train`) is not installed")
    found = assist.grabcut(np.full((60, 60), 9, np.uint16), (10, 10, 40, 40))
    assert found[30, 30]
    assert not found[:10].any()


def test_grabcut_without_opencv_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(MissingExtraError, match=r"GrabCut needs cv2: pip install 'axons\[train\]'"):
        assist.grabcut(GREY, (12, 22, 37, 37))


def test_threshold_tells_bright_from_dark() -> None:
    bright = assist.threshold(GREY, value=None, brighter=True)
    assert iou(bright, TRUTH | OTHER) > 0.98
    dark = assist.threshold(GREY, value=None, brighter=False)
    assert (bright ^ dark).all()
    assert iou(assist.threshold(np.stack([GREY, GREY], axis=2), value=100, brighter=True), TRUTH | OTHER) > 0.98
    assert not assist.threshold(GREY, value=255, brighter=True).any()
    with pytest.raises(InputError, match="same value"):
        assist.threshold(np.zeros((4, 4)), value=None, brighter=True)


def test_a_watershed_parts_touching_discs_and_small_ones_are_left_out() -> None:
    touching = disc((60, 90), 30, 28, 16) | disc((60, 90), 30, 56, 16)
    touching[2, 2] = True
    assert assist.objects(touching, separate=False).max() == 2
    parts = assist.objects(touching, separate=True, min_area=5)
    assert sorted(np.unique(parts)) == [0, 1, 2]
    assert {int(parts[30, 28]), int(parts[30, 56])} == {1, 2}
    np.testing.assert_array_equal(parts > 0, touching & (parts > 0))
    assert (touching & (parts == 0)).sum() == 1
    assert assist.objects(np.zeros((5, 5), bool), separate=True).max() == 0


def test_the_live_wire_runs_along_an_edge() -> None:
    pixels = np.zeros((40, 60), np.uint8)
    pixels[20:, :] = 200
    pixels[:, 50:] = 90
    costs = livewire.cost_map(pixels)
    assert costs.dtype == np.uint8
    assert costs[19, 20] < 40 < 200 < costs[5, 20]
    way = livewire.path(costs, (3, 19), (45, 19))
    assert (way[0], way[-1]) == ((3, 19), (45, 19))
    assert all(abs(row - 19.5) <= 1.5 for _, row in way)
    steps = np.abs(np.diff(np.array(way), axis=0))
    assert steps.max() == 1, "each step goes to a neighbour"
    assert livewire.line([(1, 2), (3, 4)], (10, 20)) == [16 * 11 + 8, 16 * 22 + 8, 16 * 13 + 8, 16 * 24 + 8]


def test_a_flat_picture_costs_the_same_everywhere() -> None:
    assert (livewire.cost_map(np.full((9, 9), 3.0)) == livewire.DEAREST).all()

"""Counting block by block gives what the plain functions give on whole masks, whatever is cut where."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from axons_kernel import metrics
from axons_kernel.analysis import objects
from axons_kernel.analysis.blocks import blocks_of, count_blocks
from axons_kernel.analysis.objects import match_objects
from axons_kernel.analysis.scored import LabelWindows, ScoredImage, covered, windows_of
from axons_kernel.analysis.tallies import (
    calibration_error,
    class_scores,
    foreground_scores,
    hausdorff_px,
    joined,
    surface_dice,
)
from axons_kernel.annotations import Annotation
from axons_kernel.quality.boundary import boundary_distances, boundary_iou
from axons_kernel.rasterize import class_mask, mask_to_labels
from axons_kernel.samples import axon_micrograph
from axons_kernel.tiling import Tile

KNOWN = axon_micrograph((300, 420), seed=3).mask
GUESS = np.roll(KNOWN, (2, 1), (0, 1))
GUESS[100:140, 200:260] = 0
CLASSES = ("myelin", "axon")


def scored(predicted: np.ndarray, reference: np.ndarray, **more: object) -> ScoredImage:
    windows = windows_of(predicted), windows_of(reference)
    return ScoredImage("a", reference.shape, 0.1, CLASSES, *windows, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [1, 2])
def test_sums_over_blocks_are_the_scores_of_the_whole(number: int) -> None:
    counts = count_blocks(scored(GUESS, KNOWN))
    assert len(counts.blocks) >= 20
    mine = {name: values[0, number - 1] for name, values in class_scores(counts.tallies.total(), 0.1, 2).items()}
    masks = (number == GUESS), (number == KNOWN)
    pixels, found, outline = metrics.pixel_score(*masks), metrics.object_score(*masks), boundary_distances(*masks)
    for name in ("dice", "iou", "precision", "recall"):
        assert mine[name] == getattr(pixels, name)
    assert mine["f1"] == mine["rq"] == found.f1
    assert mine["sq"] == pytest.approx(found.mean_matched_score)
    assert mine["pq"] == pytest.approx(found.panoptic_quality) == pytest.approx(mine["sq"] * mine["rq"])
    assert mine["boundary_iou"] == boundary_iou(*masks)
    assert mine["surface_dice"] == pytest.approx(outline.surface_dice(2))
    assert mine["hd95_um"] == pytest.approx(0.1 * outline.hausdorff(), abs=0.011)  # steps of a tenth of a pixel
    whole = foreground_scores(counts.tallies.total())
    assert whole["dice"][0] == metrics.pixel_score(GUESS > 0, KNOWN > 0).dice


def test_confusion_has_every_pixel_once() -> None:
    table = count_blocks(scored(GUESS, KNOWN)).tallies.total().pixels[0]
    for known, guess in np.ndindex(3, 3):
        assert table[known, guess] == np.count_nonzero((known == KNOWN) & (guess == GUESS))


@given(st.data())
def test_objects_do_not_depend_on_strips(data: st.DataObject) -> None:
    shape = data.draw(st.tuples(st.integers(17, 60), st.integers(1, 12)))
    found, known = (data.draw(arrays(np.uint8, shape, elements=st.integers(0, 2))) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(objects, "_STRIP_PIXELS", 1)  # strips of 16 rows
        matches = match_objects(lambda tile: (tile.cut(found), tile.cut(known)), shape)
    for number in (1, 2):
        expected = metrics.object_score(found == number, known == number)
        right = matches.known_class == number
        assert np.count_nonzero(right & matches.known_matched) == expected.true_positive
        assert np.count_nonzero(right) == expected.true_positive + expected.false_negative
        assert np.count_nonzero(matches.found_class == number) == expected.true_positive + expected.false_positive
        assert matches.iou[right].sum() == pytest.approx(expected.iou_sum)


@pytest.mark.parametrize("turned", [False, True])
def test_a_diagonal_line_across_strips_is_one_object(turned: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "_STRIP_PIXELS", 1)
    line = np.eye(40, dtype=np.uint8)[:, :: -1 if turned else 1]
    matches = match_objects(lambda tile: (tile.cut(line), tile.cut(line)), (40, 40))
    assert matches.known_class.tolist() == [0, 1] and matches.known_centre[1].tolist() == [20, 20]


def test_what_the_model_has_seen_counts_nowhere() -> None:
    seen = (Tile(0, 0, 210, 300),)
    wrong = GUESS.copy()
    wrong[:, :210] = 2 - KNOWN[:, :210]
    image = scored(wrong, KNOWN, seen=seen)
    counts = count_blocks(image)
    table = counts.tallies.total().pixels[0]
    assert table.sum() == 300 * 210 == image.scored_pixels and image.scored_share == 0.5
    assert all(block.x + block.width > 210 for block in counts.blocks)
    right_half = metrics.pixel_score(wrong[:, 210:] > 0, KNOWN[:, 210:] > 0)
    assert foreground_scores(counts.tallies.total())["dice"][0] == right_half.dice


def test_the_edge_of_what_was_seen_is_no_outline() -> None:
    bar, shifted = np.zeros((128, 128), np.uint8), np.zeros((128, 128), np.uint8)
    bar[40:60], shifted[43:63] = 1, 1
    tallies = count_blocks(scored(shifted, bar, seen=(Tile(0, 0, 64, 128),))).tallies.total()
    at_border = 2 * (17 + 2 * 2) / (2 * (20 + 2 * 64))  # all else is 3 pixels off
    assert surface_dice(tallies.outlines, 2)[0, 0] == pytest.approx(at_border, abs=0.015)
    assert hausdorff_px(tallies.outlines)[0, 0] == 3


def test_outlines_beyond_reach_are_infinitely_far() -> None:
    one, other = np.zeros((200, 200), np.uint8), np.zeros((200, 200), np.uint8)
    one[5:10, 5:10], other[180:190, 180:190] = 1, 1
    tallies = count_blocks(scored(one, other)).tallies.total()
    assert hausdorff_px(tallies.outlines)[0, 0] == np.inf and surface_dice(tallies.outlines, 2)[0, 0] == 0
    assert np.isnan(hausdorff_px(tallies.outlines)[0, 1]), "the second class is nowhere"


def test_calibration_of_a_model_that_is_as_sure_as_it_is_right() -> None:
    rng = np.random.default_rng(0)
    sure = rng.uniform(0.5, 1, (300, 400)).astype(np.float32)
    known = np.ones(sure.shape, np.uint8)
    honest = np.where(rng.uniform(size=sure.shape) < sure, 1, 0)
    boastful = np.where(rng.uniform(size=sure.shape) < sure - 0.2, 1, 0)
    errors = [
        calibration_error(
            count_blocks(scored(guess, known, confidence=lambda t: t.cut(sure))).tallies.total().confidence
        )
        for guess in (honest, boastful)
    ]
    assert errors[0][0] < 0.01 and errors[1][0] == pytest.approx(0.2, abs=0.01)
    assert np.isnan(calibration_error(count_blocks(scored(known, known)).tallies.total().confidence)[0])


@pytest.mark.parametrize("shape", [(20, 30), (64, 64), (300, 420), (3000, 200), (5000, 5000)])
def test_blocks_cover_each_pixel_once(shape: tuple[int, int]) -> None:
    hit = np.zeros(shape, np.uint8)
    for block in blocks_of(shape):
        block.cut(hit)[...] += 1
        assert block.width <= 513 and block.height <= 513
    assert (hit == 1).all()


def test_labels_by_windows_are_the_mask() -> None:
    labels = (*mask_to_labels(KNOWN > 0, "myelin", source="x"), *mask_to_labels(KNOWN == 2, "axon", source="x"))
    annotation = Annotation(labels=labels)
    whole = class_mask(annotation, {"myelin": 1, "axon": 2}, KNOWN.shape)
    read = LabelWindows(annotation, CLASSES, KNOWN.shape)
    for tile in (Tile(0, 0, 420, 300), Tile(100, 50, 37, 90), Tile(419, 299, 1, 1)):
        np.testing.assert_array_equal(read(tile), tile.cut(whole))
    only_axons = LabelWindows(annotation, ("axon",), KNOWN.shape)(Tile(0, 0, 420, 300))
    np.testing.assert_array_equal(only_axons, whole == 2)
    assert covered(Tile(5, 5, 4, 4), [Tile(0, 0, 7, 100)]).sum() == 8


def test_parts_join() -> None:
    counts = count_blocks(scored(GUESS, KNOWN)).tallies
    both = joined([counts, counts])
    assert len(both) == 2 * len(counts)
    np.testing.assert_array_equal(both.total().pixels, 2 * counts.total().pixels)


SCRIPT = """
import sys
import numpy as np
from axons_kernel.analysis.blocks import count_blocks
from axons_kernel.analysis.scored import ScoredImage

def read(tile):  # discs of 40 pixels, 50 apart, made where they are looked at
    rows, cols = np.ogrid[tile.y : tile.y + tile.height, tile.x : tile.x + tile.width]
    return ((rows % 50 - 25) ** 2 + (cols % 50 - 25) ** 2 < 400).astype(np.uint8)

side = int(sys.argv[1])
counts = count_blocks(ScoredImage("a", (side, 1000), 0.1, ("disc",), read, read))
assert counts.tallies.total().objects[0, 0, 0] == side * 1000 / 2500
print(peak_mib())
"""


@pytest.mark.integration
def test_memory_does_not_grow_with_the_image(measured: Callable[..., list[str]]) -> None:
    small, large = (float(measured(SCRIPT, side)[0]) for side in ("2000", "8000"))
    assert large < small + 40, f"{small:.0f} MiB for 2 MPix, {large:.0f} MiB for 8 MPix"

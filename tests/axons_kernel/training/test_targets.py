"""What a network is to answer: as the mask of the whole image, window by window, and where objects touch."""

from __future__ import annotations

import numpy as np
import pytest

from axons_kernel.annotations import Annotation
from axons_kernel.labels import BoxLabel, Label
from axons_kernel.rasterize import class_mask
from axons_kernel.resampling import resample_nearest
from axons_kernel.tiling import Tile
from axons_kernel.training.targets import IGNORE, Targets

SHAPE = (60, 83)


def box(x: float, y: float, w: float, h: float, label_class: str | None = "axon") -> Label:
    return BoxLabel(label_class=label_class, centre=(x + w / 2, y + h / 2), size=(w, h))


def annotation(*labels: Label) -> Annotation:
    return Annotation(labels=labels)


def some() -> Annotation:
    rng = np.random.default_rng(0)
    kinds = ["axon", "myelin", "other"]
    boxes = rng.uniform((0, 0, 1, 1), (70, 50, 30, 25), (40, 4))
    return annotation(*(box(*b, kinds[i % 3]) for i, b in enumerate(boxes)))


@pytest.mark.parametrize("shape", [SHAPE, (30, 41), (121, 165), (31, 83)])
@pytest.mark.parametrize("border", [False, True])
def test_windows_are_parts_of_the_whole(shape: tuple[int, int], border: bool) -> None:
    targets = Targets(some(), ["axon", "myelin"], SHAPE, shape, border=border)
    whole = targets.window(Tile(0, 0, shape[1], shape[0]))
    if not border:
        mask = class_mask(some(), {"axon": 1, "myelin": 2}, SHAPE)
        # labels of a class that is not learned do not cover what is below, as in `class_mask`
        np.testing.assert_array_equal(whole, resample_nearest(mask, shape))
    for tile in (Tile(0, 0, 7, 9), Tile(5, 11, 20, 13), Tile(shape[1] - 9, shape[0] - 5, 9, 5)):
        np.testing.assert_array_equal(targets.window(tile), tile.cut(whole))


def test_a_label_without_a_class_is_not_known() -> None:
    targets = Targets(annotation(box(2, 3, 4, 5, None)), ["axon"], SHAPE, SHAPE)
    mask = targets.window(Tile(0, 0, 20, 20))
    assert (mask[3:8, 2:6] == IGNORE).all() and (mask == 0).sum() == 400 - 20


def bordered(*labels: Label) -> np.ndarray:
    return Targets(annotation(*labels), ["axon", "myelin"], SHAPE, SHAPE, border=True).window(Tile(0, 0, 40, 20))


def test_between_touching_objects_lies_a_border() -> None:
    mask = bordered(box(5, 5, 10, 10), box(15, 5, 10, 10))
    assert (mask[5:15, 14:16] == 3).all() and (mask[5:15, 5:14] == 1).all() and (mask[5:15, 16:25] == 1).all()
    assert set(np.argwhere(mask == 3)[:, 1]) == {14, 15}


def test_a_gap_of_one_pixel_is_a_border_and_of_more_is_none() -> None:
    near, far = (bordered(box(5, 5, 10, 10), box(15 + gap, 5, 10, 10)) for gap in (1, 2))
    assert (near[5:15, 15] == 3).all() and not (near[:, 14] == 3).any() and not (far == 3).any()


def test_objects_of_different_classes_have_no_border() -> None:
    """An axon lies in its myelin."""
    assert not (bordered(box(2, 2, 16, 16, "myelin"), box(6, 6, 8, 8)) == 3).any()


def test_a_border_does_not_cover_another_class() -> None:
    mask = bordered(box(5, 5, 10, 10, "myelin"), box(15, 5, 10, 10, "myelin"), box(13, 8, 4, 4))
    assert (mask[8:12, 13:17] == 1).all() and (mask[5:8, 14:16] == 3).all()


def test_one_object_alone_has_no_border() -> None:
    assert not (bordered(box(5, 5, 10, 10)) == 3).any()

"""Labels, masks and ids in the form that is compared."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from axons_kernel.annotations import Annotation, BoxLabel, PointLabel
from axons_kernel.errors import InputError
from axons_kernel.quality import as_instances, from_annotation, from_ids, from_mask
from axons_kernel.quality.instances import NO_CLASS
from axons_kernel.rasterize import class_mask
from axons_kernel.tiling import Tile


def box(x: int, y: int, width: int, height: int, label_class: str | None = "axon", object_id: str = "") -> BoxLabel:
    ids = {"object_id": object_id} if object_id else {}
    return BoxLabel(
        label_class=label_class, centre=(x + width / 2, y + height / 2), size=(float(width), float(height)), **ids
    )


def test_an_annotation_is_drawn_as_class_mask_draws_it() -> None:
    annotation = Annotation((box(1, 1, 8, 8, "myelin"), box(3, 3, 4, 4, "axon"), box(14, 2, 30, 3, "axon")))
    instances = from_annotation(annotation, (12, 20))
    expected = class_mask(annotation, {"myelin": 1, "axon": 2}, (12, 20))
    assert np.array_equal(instances.mask("myelin"), expected == 1)
    assert np.array_equal(instances.mask("axon"), expected == 2)
    assert instances.label_ids == tuple(label.object_id for label in annotation.labels)


def test_a_tile_is_drawn_alone_and_equals_the_cut() -> None:
    annotation = Annotation((box(1, 1, 8, 8, "myelin"), box(6, 3, 9, 4, "axon"), box(17, 9, 3, 3, None)))
    tile = Tile(5, 2, 9, 7)
    whole, part = from_annotation(annotation, (12, 20)), from_annotation(annotation, (12, 20), tile=tile)
    assert np.array_equal(part.ids, whole.cut(tile).ids)
    assert part.ids.any()


def test_labels_that_nobody_can_see_are_counted() -> None:
    below, above = box(2, 2, 3, 3), box(1, 1, 6, 6)
    point, far = PointLabel(label_class="axon", position=(9.5, 9.5)), PointLabel(position=(90.0, 9.0))
    annotation = Annotation((below, above, point, far))
    assert from_annotation(annotation, (20, 20)).hidden == 2
    assert from_annotation(annotation, (20, 20), tile=Tile(10, 0, 10, 20)).hidden == 0


def test_labels_without_a_class_and_classes_that_do_not_count() -> None:
    annotation = Annotation((box(0, 0, 2, 2, None), box(4, 0, 2, 2, "axon"), box(8, 0, 2, 2, "vessel")))
    assert from_annotation(annotation, (10, 10)).classes == (NO_CLASS, "axon", "vessel")
    assert from_annotation(annotation, (10, 10), ["axon"]).classes == ("axon",)


def test_objects_of_a_mask_touch_over_corners_and_end_at_another_class() -> None:
    mask = np.array([[1, 0, 2, 2], [0, 1, 2, 0], [0, 0, 0, 0], [1, 1, 0, 2]], np.uint8)
    instances = from_mask(mask, ["myelin", "axon"])
    assert sorted(instances.classes) == ["axon", "axon", "myelin", "myelin"]
    assert np.array_equal(instances.mask("axon"), mask == 2)
    assert instances.ids[0, 0] == instances.ids[1, 1] != instances.ids[3, 0]


def test_ids_may_have_gaps_and_touch() -> None:
    ids = np.array([[0, 7, 7], [3, 3, 7]], np.uint16)
    instances = from_ids(ids, "axon")
    assert instances.label_ids == ("3", "7")
    assert np.array_equal(instances.ids, [[0, 2, 2], [1, 1, 2]])
    assert from_ids(np.full((2, 2), 5), "axon").ids.tolist() == [[1, 1], [1, 1]]
    assert from_ids(ids, [*"abcdefg"]).classes == ("c", "g")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([[0, 3]]), "the value 3, but 2 classes are named"),
        (np.array([[0.5, 1]]), "whole numbers"),
        (np.array([[-1, 1]]), "no value below 0"),
        (np.zeros((0, 4), int), "at least one pixel"),
        (np.zeros((2, 2, 3), int), "shape \\(height, width\\)"),
    ],
)
def test_what_is_no_mask_is_told(labels: NDArray[np.integer], message: str) -> None:
    with pytest.raises(InputError, match=message):
        as_instances(labels, None, ["myelin", "axon"])


def test_an_annotation_needs_a_size_and_ids_a_class_each() -> None:
    with pytest.raises(InputError, match="shape="):
        as_instances(Annotation())
    with pytest.raises(InputError, match="'mask\\.png' cannot be compared: give an Annotation"):
        as_instances("mask.png")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="the id 3, but 2 classes"):
        from_ids(np.array([[3]]), ["a", "b"])
    with pytest.raises(InputError, match="4 x 3 and 4 x 4 pixels"):
        as_instances(np.zeros((3, 4), bool), (4, 4))

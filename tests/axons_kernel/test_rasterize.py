"""Rasterising is exact: masks to outlines and back bit for bit, in the right order, cut at the border."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy import ndimage
from skimage.draw import polygon2mask

from axons_kernel.annotations import Annotation, BoxLabel, EllipseLabel, GroupLabel, PointLabel, PolygonLabel, Ring
from axons_kernel.rasterize import bounding_window, class_mask, fill_rings, instance_mask, mask_to_labels, mask_to_rings

Mask = NDArray[np.bool_]


def drawn(text: str) -> Mask:
    """A mask from rows of '#' and '.'."""
    return np.array([[c == "#" for c in row] for row in text.split()])


SPECIAL = {
    "one pixel": drawn("#"),
    "full": drawn("### ### ###"),
    "hole": drawn("### #.# ###"),
    "diagonal": drawn("#.. .#. ..#"),
    "anti-diagonal": drawn(".# #."),
    "checkers": drawn("#.#. .#.# #.#. .#.#"),
    "diagonal hole": drawn("#### #.## ##.# ####"),
    "island in a hole": drawn("##### #...# #.#.# #...# #####"),
    "line": drawn("#####"),
    "empty": drawn(".. .."),
    "border": drawn("#..# .... .... #..#"),
}
masks = hnp.arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def box(x: float, y: float, w: float, h: float, label_class: str | None = "a") -> BoxLabel:
    return BoxLabel(label_class=label_class, centre=(x + w / 2, y + h / 2), size=(w, h))


@settings(max_examples=300)
@given(masks, st.tuples(st.integers(-5, 50), st.integers(-5, 50)))
def test_rings_give_the_mask_back(mask: Mask, origin: tuple[int, int]) -> None:
    rings = mask_to_rings(mask, origin)
    np.testing.assert_array_equal(fill_rings(rings, (*origin, mask.shape[1], mask.shape[0])), mask)


@pytest.mark.parametrize("mask", SPECIAL.values(), ids=SPECIAL)
def test_special_masks_go_round(mask: Mask) -> None:
    np.testing.assert_array_equal(fill_rings(mask_to_rings(mask), (0, 0, mask.shape[1], mask.shape[0])), mask)


@settings(max_examples=100)
@given(masks)
@example(SPECIAL["island in a hole"])
def test_labels_give_the_mask_back_one_per_object(mask: Mask) -> None:
    labels = mask_to_labels(mask, "a", source="test")
    assert len(labels) == ndimage.label(mask, np.ones((3, 3)))[1]
    np.testing.assert_array_equal(class_mask(Annotation(labels), {"a": 1}, mask.shape), mask)
    assert all(label.label_class == "a" and label.source == "test" for label in labels)
    assert len({label.object_id for label in labels}) == len(labels)


def test_small_objects_can_be_left_out() -> None:
    mask = drawn("##... ##... ....#")
    assert [len(mask_to_labels(mask, "a", source="t", min_area=n)) for n in (1, 2, 4, 5)] == [2, 1, 1, 0]


points = st.tuples(st.integers(-4, 14), st.integers(-4, 14))


@given(st.lists(points, min_size=3, max_size=7), st.integers(-6, 6), st.integers(-6, 6))
def test_a_window_is_a_part_of_the_whole(ring: list[tuple[int, int]], x: int, y: int) -> None:
    rings: list[Ring] = [tuple((a * 1.3, b * 0.7) for a, b in ring)]
    whole = fill_rings(rings, (-10, -10, 40, 40))
    np.testing.assert_array_equal(fill_rings(rings, (x, y, 8, 5)), whole[y + 10 : y + 15, x + 10 : x + 18])
    bx, by, bw, bh = bounding_window(rings, (30, 30))
    outside = whole[10:, 10:].copy()
    outside[by : by + bh, bx : bx + bw] = False
    assert not outside.any()


@given(st.lists(st.tuples(*[st.floats(0.01, 19.9)] * 2), min_size=3, max_size=3))
def test_agrees_with_another_implementation(triangle: list[tuple[float, float]]) -> None:
    expected = polygon2mask((20, 20), [(y - 0.5, x - 0.5) for x, y in triangle])
    ours = fill_rings([tuple(triangle)], (0, 0, 20, 20))
    centres = np.argwhere(ours != expected)[:, ::-1] + 0.5
    for centre in centres:  # they may differ only where a centre lies on an edge
        assert (
            min(distance_to_edge(centre, a, b) for a, b in zip(triangle, triangle[1:] + triangle[:1], strict=True))
            < 1e-6
        )


def distance_to_edge(p: NDArray[Any], a: tuple[float, float], b: tuple[float, float]) -> float:
    start, along = np.array(a), np.subtract(b, a)
    share = np.clip(np.dot(p - start, along) / max(float(np.dot(along, along)), 1e-300), 0, 1)
    return float(np.linalg.norm(p - start - share * along))


@pytest.mark.parametrize("shift", [0.0, 0.25, 0.5, 0.75])
def test_neighbours_share_no_pixel_and_leave_none_out(shift: float) -> None:
    left, right = box(0, 0, 4 + shift, 8), box(4 + shift, 0, 4, 8)
    filled = [fill_rings(b.rings(), (0, 0, 8, 8)).astype(int) for b in (left, right)]
    assert (filled[0] + filled[1] == 1).all()


@pytest.mark.parametrize("ring", [(), ((1.0, 1.0),), ((1.0, 1.0), (5.0, 5.0)), ((1.0, 1.0), (5.0, 1.0), (9.0, 1.0))])
def test_degenerate_rings_fill_nothing(ring: Ring) -> None:
    assert not fill_rings([ring], (0, 0, 10, 10)).any()


def test_a_later_label_covers_an_earlier_one() -> None:
    annotation = Annotation((box(0, 0, 4, 4), box(2, 2, 4, 4, "b"), box(5, 5, 1, 1, "unknown"), box(0, 5, 1, 1, None)))
    mask = class_mask(annotation, {"a": 1, "b": 2}, (6, 6))
    assert mask.dtype == np.uint8
    assert mask.tolist() == [
        [1, 1, 1, 1, 0, 0],
        [1, 1, 1, 1, 0, 0],
        [1, 1, 2, 2, 2, 2],
        [1, 1, 2, 2, 2, 2],
        [0, 0, 2, 2, 2, 2],
        [0, 0, 2, 2, 2, 2],
    ]
    reverse = class_mask(Annotation(annotation.labels[::-1]), {"a": 1, "b": 2}, (6, 6))
    assert reverse[2, 2] == 1 and reverse[5, 5] == 2


def test_a_hole_shows_what_is_below() -> None:
    ring = PolygonLabel(label_class="b", regions=(box(0, 0, 6, 6).rings()[0], box(2, 2, 2, 2).rings()[0]))
    mask = class_mask(Annotation((box(0, 0, 6, 6), ring)), {"a": 1, "b": 2}, (6, 6))
    assert (mask == 1).sum() == 4 and mask[2, 2] == 1


def test_instances_count_from_one_in_order() -> None:
    labels = (box(0, 0, 2, 2), box(0, 0, 1, 1, "b"), PointLabel(label_class="a", position=(5, 5)), box(3, 3, 2, 2))
    ids = instance_mask(Annotation(labels), "a", (6, 6))
    assert ids.dtype == np.int32 and ids[0, 0] == 1 and ids[4, 4] == 2 and ids.max() == 2 and ids[5, 5] == 0


def test_a_group_covers_what_any_of_its_components_covers() -> None:
    group = GroupLabel(label_class="a", components=(box(0, 0, 3, 3, "b"), box(2, 2, 3, 3, None)))
    ids = instance_mask(Annotation((box(5, 5, 1, 1), group)), "a", (6, 6))
    assert ids[2, 2] == ids[0, 0] == ids[4, 4] == 2 and (ids == 2).sum() == 17 and ids[5, 5] == 1


@pytest.mark.parametrize("at", [(-100.0, 2.0), (2.0, 1e12), (-1e12, -1e12)])
def test_labels_outside_the_image_draw_nothing(at: tuple[float, float]) -> None:
    assert not class_mask(Annotation((box(*at, 3, 3),)), {"a": 1}, (10, 10)).any()


def test_a_giant_ellipse_is_drawn_at_once() -> None:
    ellipse = EllipseLabel(label_class="a", centre=(5, 5), radius1=1e9, radius2=1e9, orientation_radians=0)
    assert class_mask(Annotation((ellipse,)), {"a": 1}, (10, 10)).all()


def test_ellipse_covers_its_area() -> None:
    ellipse = EllipseLabel(label_class="a", centre=(50, 40), radius1=30, radius2=10, orientation_radians=np.pi / 6)
    mask = class_mask(Annotation((ellipse,)), {"a": 1}, (80, 100))
    assert mask.sum() == pytest.approx(np.pi * 300, rel=0.01)
    assert mask[int(40 + 28 * 0.5), int(50 + 28 * 0.866)] == 1  # clockwise, as y points down


@pytest.mark.parametrize(
    ("ring", "window"),
    [
        (((1.2, 2.7), (3.9, 2.7), (3.9, 5.0)), (1, 2, 3, 3)),
        (((-5.0, -5.0), (50.0, -5.0), (50.0, 50.0)), (0, 0, 20, 10)),
        (((30.0, 30.0), (40.0, 30.0), (40.0, 40.0)), (20, 10, 0, 0)),
    ],
)
def test_bounding_window(ring: Ring, window: tuple[int, int, int, int]) -> None:
    assert bounding_window([ring], (10, 20)) == window
    assert bounding_window([], (10, 20)) == (0, 0, 0, 0)

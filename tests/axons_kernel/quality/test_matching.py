"""What becomes of each object, on small masks drawn by hand, and for masks that hypothesis draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from axons_kernel.quality import from_ids, match

Ids = NDArray[np.integer]


def draw(*boxes: tuple[int, int, int, int], shape: tuple[int, int] = (40, 60)) -> Ids:
    """Boxes (x, y, width, height) with ids 1, 2, ..."""
    ids = np.zeros(shape, int)
    for number, (x, y, width, height) in enumerate(boxes, start=1):
        ids[y : y + height, x : x + width] = number
    return ids


def fates(annotated: Ids, reference: Ids) -> tuple[list[str], list[str]]:
    """Fates of the annotated and of the reference's objects."""
    matching = match(from_ids(annotated), from_ids(reference))
    return matching.found[1:].tolist(), matching.known[1:].tolist()


WHOLE = (5, 5, 20, 10)
LEFT, RIGHT = (5, 5, 10, 10), (15, 5, 10, 10)


@pytest.mark.parametrize(
    ("annotated", "reference", "found", "known"),
    [
        (draw(WHOLE), draw(WHOLE), ["found"], ["found"]),
        (draw(), draw(WHOLE), [], ["missed"]),
        (draw(WHOLE), draw(), ["extra"], []),
        (draw(), draw(), [], []),
        (draw((5, 5, 1, 1)), draw((5, 5, 1, 1)), ["found"], ["found"]),  # one pixel
        (draw((5, 5, 1, 1)), draw((6, 6, 1, 1)), ["extra"], ["missed"]),
        (draw(LEFT, RIGHT), draw(LEFT, RIGHT), ["found"] * 2, ["found"] * 2),  # touching
        (draw(LEFT, RIGHT), draw(WHOLE), ["split"] * 2, ["split"]),
        (draw((5, 5, 13, 10), (18, 5, 7, 10)), draw(WHOLE), ["split"] * 2, ["split"]),  # one piece alone has IoU 0.65
        (draw(WHOLE), draw(LEFT, RIGHT), ["merged"], ["merged"] * 2),
        (draw((5, 5, 19, 10), (24, 5, 1, 5)), draw(WHOLE), ["found", "extra"], ["found"]),  # a speck is no split
        (draw((5, 5, 7, 10)), draw(WHOLE), ["far off"], ["far off"]),  # inside, IoU 0.35
        (draw((5, 5, 10, 10)), draw(WHOLE), ["far off"], ["far off"]),  # IoU of exactly one half
        (draw((5, 5, 11, 10)), draw(WHOLE), ["found"], ["found"]),
        (draw((17, 5, 20, 10)), draw(WHOLE), ["extra"], ["missed"]),  # 40 % of each: beside it
        (draw((50, 30, 10, 10)), draw((50, 30, 10, 10)), ["found"], ["found"]),  # cut by the border
    ],
)
def test_fates_by_hand(annotated: Ids, reference: Ids, found: list[str], known: list[str]) -> None:
    assert fates(annotated, reference) == (found, known)


def test_split_and_merged_at_once_each_side_tells_its_own_trouble() -> None:
    reference = draw((5, 5, 20, 10), (25, 5, 10, 10))
    annotated = draw((5, 5, 8, 10), (13, 5, 22, 10))  # the first object cut, its right part joined to the second
    matching = match(from_ids(annotated), from_ids(reference))
    assert matching.known[1:].tolist() == ["split", "merged"]
    assert matching.found[1:].tolist() == ["split", "merged"]
    assert matching.splits == ((1, (1, 2)),) and matching.merges == ((2, (1, 2)),)


def test_classes() -> None:
    reference = from_ids(draw(LEFT, (30, 5, 10, 10)), ["axon", "axon"])
    annotated = from_ids(draw(LEFT, (30, 5, 10, 10)), ["myelin", "axon"])
    matching = match(annotated, reference)
    assert matching.known[1:].tolist() == ["wrong class", "found"]
    assert matching.partner.tolist() == [0, 1, 2]


def test_objects_of_two_classes_are_never_merged() -> None:
    reference = from_ids(draw(LEFT, RIGHT), ["axon", "myelin"])
    matching = match(from_ids(draw(WHOLE), "axon"), reference)
    assert matching.known[1:].tolist() == ["far off", "missed"]


ids = hnp.arrays(np.int64, (8, 9), elements=st.integers(0, 4))


@given(ids, ids)
def test_exchanging_the_sides_exchanges_the_words(annotated: Ids, reference: Ids) -> None:
    exchange = {"extra": "missed", "missed": "extra", "split": "merged", "merged": "split"}
    found, known = fates(annotated, reference)
    swapped_found, swapped_known = fates(reference, annotated)
    # only whom a tie pairs with may differ
    for one, other in ((found, swapped_known), (known, swapped_found)):
        assert sorted(one.count(w) for w in ("found", "split", "merged")) == sorted(
            other.count(exchange.get(w, w)) for w in ("found", "split", "merged")
        )


@given(ids, ids)
def test_every_object_with_a_pixel_has_one_fate(annotated: Ids, reference: Ids) -> None:
    found, known = fates(annotated, reference)
    assert all(found) and all(known)
    pairs = ("found", "far off", "wrong class")
    assert sum(f in pairs for f in found) == sum(k in pairs for k in known)


@given(ids)
def test_the_same_is_found(labels: Ids) -> None:
    assert set(fates(labels, labels)[1]) <= {"found"}

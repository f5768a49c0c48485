"""COCO's run lengths, beside those of its own tool."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from axons_kernel.formats import rle

Mask = NDArray[np.bool_]
masks = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9))


def cut(mask: Mask) -> tuple[Mask, tuple[int, int, int, int]]:
    """The mask within its bounding box, and the box as a window."""
    rows, cols = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return mask[:0, :0], (0, 0, 0, 0)
    x, y, w, h = cols[0], rows[0], np.ptp(cols) + 1, np.ptp(rows) + 1
    return mask[y : y + h, x : x + w], (int(x), int(y), int(w), int(h))


@given(masks)
def test_there_and_back(mask: Mask) -> None:
    part, window = cut(mask)
    counts = rle.encode(part, window, mask.shape)
    assert sum(counts) == mask.size and min(counts) >= 0
    again, (x, y) = rle.decode(counts, mask.shape)
    np.testing.assert_array_equal(again, part)
    assert (x, y) == window[:2]
    assert rle.expand(rle.compress(counts)) == counts


@given(masks)
def test_same_as_pycocotools(mask: Mask) -> None:
    tool = pytest.importorskip("pycocotools.mask")
    counts = rle.encode(*cut(mask), mask.shape)
    theirs = tool.encode(np.asfortranarray(mask.astype(np.uint8)))
    assert rle.compress(counts) == theirs["counts"].decode()
    assert tool.frPyObjects({"size": list(mask.shape), "counts": counts}, *mask.shape)["counts"] == theirs["counts"]


def test_by_hand() -> None:
    mask = np.array([[0, 1, 0], [0, 1, 1]], dtype=bool)  # down the columns: 00 11 01
    assert rle.encode(mask, (0, 0, 3, 2), (2, 3)) == [2, 2, 1, 1]
    assert rle.compress([2, 2, 1, 1]) == "221O"
    assert rle.encode(np.ones((2, 3), bool), (0, 0, 3, 2), (2, 3)) == [0, 6]


@given(st.lists(st.integers(0, 1 << 40), max_size=8))
def test_compressed_numbers_of_any_size(counts: list[int]) -> None:
    assert rle.expand(rle.compress(counts)) == counts


@pytest.mark.parametrize("text", [" ", "o", "é", "P" * 20])
def test_text_that_is_no_run_length(text: str) -> None:
    with pytest.raises(ValueError, match="compressed run lengths"):
        rle.expand(text)


def test_a_huge_claim_allocates_nothing() -> None:
    with pytest.raises(ValueError, match="too large"):
        rle.decode([0, 1 << 40], (1 << 20, 1 << 20))

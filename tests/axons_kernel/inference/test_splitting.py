"""Touching objects apart: where they are narrow, and not where they are merely long or hollow."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from axons_kernel.inference.splitting import connected, cut_at_necks, grown

ROWS, COLS = np.indices((100, 220))


def disc(y: float, x: float, radius: float) -> NDArray[np.bool_]:
    return np.asarray((ROWS - y) ** 2 + (COLS - x) ** 2 < radius**2)


@pytest.mark.parametrize(
    ("mask", "parts"),
    [
        (disc(50, 60, 30), 1),
        (disc(50, 60, 30) | disc(50, 112, 30), 2),  # the neck is as wide as a half
        (disc(50, 60, 30) | disc(50, 85, 30), 1),  # they lie on each other: hardly a neck
        (disc(50, 60, 30) | disc(50, 112, 30) | disc(50, 155, 20), 3),
        (disc(50, 60, 30) | disc(50, 98, 10), 2),  # small beside large
        (disc(50, 60, 30) & ~disc(50, 60, 22), 1),  # a ring
        ((disc(50, 60, 30) & ~disc(50, 60, 22)) | (disc(50, 114, 30) & ~disc(50, 114, 22)), 1),  # share a wall
        ((ROWS > 40) & (ROWS < 52), 1),  # a rod
        (((ROWS - 50) / 20) ** 2 + ((COLS - 110) / 90) ** 2 < 1, 1),
        (np.zeros((100, 220), bool), 0),
    ],
)
def test_areas_are_cut_where_they_are_narrow(mask: NDArray[np.bool_], parts: int) -> None:
    labels = cut_at_necks(mask)
    assert labels.max() == parts and set(np.unique(labels)) <= set(range(parts + 1))
    np.testing.assert_array_equal(labels > 0, mask)


def test_the_cut_is_at_the_neck() -> None:
    labels = cut_at_necks(disc(50, 60, 30) | disc(50, 112, 30))
    left, right = labels[50, 60], labels[50, 112]
    columns = np.flatnonzero((labels == left).any(axis=0))[-1], np.flatnonzero((labels == right).any(axis=0))[0]
    assert abs(columns[0] - 86) <= 2 and abs(columns[1] - 86) <= 2


def test_pixels_that_touch_at_a_corner_are_connected() -> None:
    assert connected(np.eye(4, dtype=bool)).max() == 1


def test_objects_grow_into_the_border_beside_them_only() -> None:
    labels = np.zeros((20, 40), np.int32)
    labels[5:15, 2:15], labels[5:15, 20:33] = 1, 2
    border = np.zeros(labels.shape, bool)
    border[5:15, 15:20] = True  # between the two
    border[0, :] = True  # far away
    wider = grown(labels, border, reach=3)
    assert (wider[5:15, 15:17] == 1).all() and (wider[5:15, 18:20] == 2).all()
    assert not wider[:3].any() and (wider > 0).sum() == 10 * 31
    assert (labels[:, 15:20] == 0).all()  # the argument is as it was

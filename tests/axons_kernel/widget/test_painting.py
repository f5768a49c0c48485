"""All labels at once give the pixels that filling them one by one gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axons_kernel.annotations import BoxLabel, PointLabel, PolygonLabel
from axons_kernel.rasterize import fill_rings
from axons_kernel.tiling import Tile
from axons_kernel.widget.painting import Painting

coordinate = st.floats(-20, 60, width=32) | st.integers(-20, 60).map(lambda v: v / 2)
rings = st.lists(st.tuples(coordinate, coordinate), min_size=0, max_size=7).map(tuple)
polygons = st.lists(rings, max_size=3).map(lambda found: PolygonLabel(label_class="a", regions=tuple(found)))


@given(
    st.lists(polygons, max_size=5),
    st.tuples(st.integers(-5, 40), st.integers(-5, 40), st.integers(1, 30), st.integers(1, 30)).map(lambda t: Tile(*t)),
    st.sampled_from([1.0, 2.0, 4.0]),
)
def test_as_filled_one_by_one(labels: list[PolygonLabel], tile: Tile, scale: float) -> None:
    expected = np.zeros((tile.height, tile.width), int)
    for index, label in enumerate(labels, start=1):
        scaled = [tuple((x / scale, y / scale) for x, y in ring) for ring in label.regions]
        expected[fill_rings(scaled, tile)] = index
    assert (Painting(labels).draw(tile, scale) == expected).all()


def test_labels_that_fill_nothing() -> None:
    painting = Painting([PointLabel(label_class="a", position=(3, 3)), PolygonLabel(label_class="a", regions=())])
    assert not painting.draw(Tile(0, 0, 8, 8), 1.0).any()
    assert not Painting([]).draw(Tile(0, 0, 8, 8), 1.0).any()


@pytest.mark.parametrize("order", [1, -1])
def test_a_later_label_lies_above(order: int) -> None:
    boxes = [BoxLabel(label_class="a", centre=(x, 10), size=(10, 10)) for x in (8, 12)]
    drawn = Painting(boxes[::order]).draw(Tile(0, 0, 20, 20), 1.0)
    assert drawn[10, 10] == 2 and sorted(np.unique(drawn)) == [0, 1, 2]

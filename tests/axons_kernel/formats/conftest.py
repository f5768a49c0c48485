"""Labels of every kind, as they are written and read back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from axons_kernel.annotations import (
    Annotation,
    BoxLabel,
    CompositeLabel,
    EllipseLabel,
    GroupLabel,
    LabelClass,
    PointLabel,
    PolygonLabel,
    Ring,
)
from axons_kernel.formats.values import Hints, ImageLabels

SHAPE = (40, 60)


def square(x: float, y: float, side: float) -> Ring:
    return ((x, y), (x + side, y), (x + side, y + side), (x, y + side))


@pytest.fixture
def classes() -> tuple[LabelClass, ...]:
    return (LabelClass("axon", (230, 159, 0)), LabelClass('<b>µ & "co"</b>', (1, 2, 3), "marks"))


@pytest.fixture
def every_label() -> ImageLabels:
    """A label of each type, an outline with a hole, islands, and text that looks like HTML."""
    hole = PolygonLabel(label_class="axon", object_id="u__1", regions=(square(2, 2, 12), square(5, 5, 4)))
    islands = PolygonLabel(label_class="axon", object_id="u__2", regions=(square(20, 2, 5), square(30, 2, 6.5)))
    plain = PolygonLabel(
        label_class='<b>µ & "co"</b>',
        object_id="u__3",
        regions=(((40.5, 3), (50, 3.25), (45, 14)),),
        source="auto:unet",
        anno_data={"doubt": True, "note": "it's <i>thin</i>"},
    )
    box = BoxLabel(label_class="axon", object_id="u__4", centre=(10, 30), size=(8, 5))
    ellipse = EllipseLabel(
        label_class="axon", object_id="u__5", centre=(30, 28), radius1=8, radius2=4, orientation_radians=0.5
    )
    upright = EllipseLabel(
        label_class=None, object_id="u__6", centre=(50, 30), radius1=6, radius2=3, orientation_radians=0
    )
    point = PointLabel(label_class="axon", object_id="u__7", position=(55.5, 20.25))
    group = GroupLabel(
        label_class="axon",
        object_id="u__8",
        components=(BoxLabel(label_class="axon", object_id="u__9", centre=(4, 36), size=(4, 4)),),
    )
    composite = CompositeLabel(label_class="axon", object_id="u__10", components=("u__1", "u__2"))
    labels = (hole, islands, plain, box, ellipse, upright, point, group, composite)
    return ImageLabels("rat-6", Annotation(labels, "rat 6.png", ("outline",), {"checked_by": 4}), SHAPE)


@pytest.fixture
def hints() -> Callable[..., Hints]:
    """hints(*classes) -> hints of a project with the image rat-6."""

    def make(*names: str) -> Hints:
        return Hints(names, {"rat-6": SHAPE}, frozenset({SHAPE}))

    return make

"""The colours of a run's classes: those of the project, others for classes that it does not know any more."""

from __future__ import annotations

from collections.abc import Sequence

from ..label_classes import read_info
from ..plotting import Colour
from ..predictions import class_colours as colours_of
from ..storage import Store


def class_colours(store: Store, classes: Sequence[str]) -> list[Colour]:
    """One per class, in their order."""
    known = {c.name: c.colour for c in read_info(store).classes} if store.exists("project.json") else {}
    return list(colours_of(classes, known).values())

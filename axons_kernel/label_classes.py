"""The label classes of a project: project.json, what is added to it, and django-labeller's class schema in and out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from .annotations import ColourScheme, LabelClass
from .documents import Document
from .errors import InputError
from .formats.class_schema import ClassSchema
from .plotting import PALETTE
from .storage import Store

MOST_CLASSES = 255  # a mask has one byte per pixel, and 0 is background


class ProjectInfo(Document):
    """project.json."""

    kind: ClassVar[str] = "project"
    name: str
    classes: tuple[LabelClass, ...] = ()
    colour_schemes: tuple[ColourScheme, ...] = ()


def add_classes(store: Store, given: Sequence[str | LabelClass]) -> tuple[LabelClass, ...]:
    """Add label classes, by name with a colour of their own; those that are there stay as they are. Returns all.

    Raises InputError when these are no names, or would be more than 255 classes.
    """
    if isinstance(given, str) or not all(
        isinstance(item, LabelClass) or (isinstance(item, str) and item) for item in given
    ):
        raise InputError(f"{given!r:.200} are no class names: give a list of them, as in ['axon', 'myelin'].")

    def added(info: ProjectInfo) -> ProjectInfo:
        classes = {c.name: c for c in info.classes}
        for item in given:
            name = item if isinstance(item, str) else item.name
            fresh = LabelClass(name, PALETTE[len(classes) % len(PALETTE)]) if isinstance(item, str) else item
            classes.setdefault(name, fresh)
        return info.model_copy(update={"classes": tuple(classes.values())})

    return _change(store, added).classes


def set_schema(store: Store, schema: ClassSchema) -> tuple[LabelClass, ...]:
    """Take over a class schema: its classes come first and get its colours, other classes stay. Returns all."""

    def changed(info: ProjectInfo) -> ProjectInfo:
        classes = {c.name: c for c in (*schema.classes, *info.classes)} | {c.name: c for c in schema.classes}
        schemes = {s.name: s for s in (*info.colour_schemes, *schema.schemes)}
        return info.model_copy(update={"classes": tuple(classes.values()), "colour_schemes": tuple(schemes.values())})

    return _change(store, changed).classes


def read_info(store: Store) -> ProjectInfo:
    """project.json."""
    return ProjectInfo.decode(store.read("project.json"), store.path("project.json"))


def _change(store: Store, change: Callable[[ProjectInfo], ProjectInfo]) -> ProjectInfo:
    where = store.path("project.json")

    def changed(data: bytes | None) -> bytes:  # called again when another notebook was faster
        info = ProjectInfo.decode(data or b"", where)
        new = change(info)
        if len(new.classes) > MOST_CLASSES:
            raise InputError(
                f"The project would have {len(new.classes)} label classes; at most {MOST_CLASSES} are allowed: "
                "take fewer, or look whether it is the right file."
            )
        return data if data is not None and new == info else new.encode()

    return ProjectInfo.decode(store.update("project.json", changed), where)

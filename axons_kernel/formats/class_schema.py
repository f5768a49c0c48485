"""django-labeller's `schema.json`: label classes in groups, with their colours in one or more colour schemes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..annotations import ColourScheme, LabelClass
from ..errors import SchemaError
from ..notes import Note
from .values import colour_of, dropping, parse_label_json

DEFAULT = "default"  # the scheme that every class has a colour in


@dataclass(frozen=True)
class ClassSchema:
    """The label classes with the colour schemes that they are in; `notes` says what could not be read."""

    classes: tuple[LabelClass, ...]
    schemes: tuple[ColourScheme, ...] = ()
    notes: tuple[Note, ...] = ()


def write(schema: ClassSchema, name: str) -> bytes:
    """The file; `name` is the schema's own."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for label_class in schema.classes:
        colours = {DEFAULT: label_class.colour, **label_class.scheme_colours}
        groups.setdefault(label_class.group, []).append(
            {
                "name": label_class.name,
                "human_name": label_class.human_name or label_class.name,
                "colours": {scheme: list(colour) for scheme, colour in colours.items()},
            }
        )
    document = {
        "name": name,
        "colour_schemes": [{"name": s.name, "human_name": s.human_name} for s in schema.schemes],
        "label_class_groups": [{"group_name": name, "group_classes": found} for name, found in groups.items()],
    }
    return json.dumps(document, indent=1).encode()


def read(name: str, data: bytes) -> ClassSchema:
    """Read both of its forms; the old one has one `colour` per class. Raises SchemaError."""
    document = parse_label_json(data, name)
    groups = document.get("label_class_groups") if isinstance(document, dict) else None
    if not isinstance(groups, list):
        raise SchemaError(f"{name} holds no label classes: a class schema has the key 'label_class_groups'.")
    notes: list[Note] = []
    classes: dict[str, LabelClass] = {}
    for number, group in enumerate(groups, start=1):
        with dropping(notes, f"Group {number}"):
            _read_group(group, classes, notes)
    schemes = []
    given = document.get("colour_schemes")
    for number, scheme in enumerate(given if isinstance(given, list) else (), start=1):
        with dropping(notes, f"Colour scheme {number}"):
            schemes.append(ColourScheme(_text(scheme["name"]), _text(scheme.get("human_name", scheme["name"]))))
    return ClassSchema(tuple(classes.values()), tuple(schemes), tuple(notes))


def _read_group(group: Mapping[str, Any], classes: dict[str, LabelClass], notes: list[Note]) -> None:
    group_name, items = _text(group["group_name"]), group["group_classes"]
    for number, item in enumerate(items, start=1):
        where = f"Class {number} of group {group_name!r:.40}"
        with dropping(notes, where):
            read = _read_class(item, group_name)
            if read.name in classes:
                notes.append(Note(where, "dropped", f"the class {read.name!r:.40} is there already"))
            classes.setdefault(read.name, read)


def _read_class(item: Mapping[str, Any], group: str) -> LabelClass:
    name, human_name = _text(item["name"]), item.get("human_name")
    given = item["colours"] if "colours" in item else {DEFAULT: item["colour"]}
    colours = {_text(scheme): _colour(value) for scheme, value in given.items()}
    if not colours:
        raise ValueError("it has no colour")
    main = colours.pop(DEFAULT) if DEFAULT in colours else next(iter(colours.values()))
    human = _text(human_name) if human_name not in (None, name) else None
    return LabelClass(name, main, group, human, colours)


def _colour(value: Sequence[int]) -> tuple[int, int, int]:
    colour = colour_of(value)
    if colour is None:
        raise ValueError(f"{value!r:.40} is no colour: three whole numbers from 0 to 255 are needed")
    return colour


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r:.40} is no name")
    return value.encode("utf-8", "replace").decode()

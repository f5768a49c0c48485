"""django-labeller's class schema: groups and colour schemes, in and out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from axons_kernel.annotations import ColourScheme, LabelClass
from axons_kernel.errors import SchemaError
from axons_kernel.formats import class_schema
from axons_kernel.formats.class_schema import ClassSchema


def document(**class_keys: Any) -> bytes:
    return json.dumps({"label_class_groups": [{"group_name": "g", "group_classes": [class_keys]}]}).encode()


def test_sample_file_comes_back(sample_data: Path) -> None:
    data = (sample_data / "django_labeller" / "schema.json").read_bytes()
    schema = class_schema.read("schema.json", data)
    assert [c.name for c in schema.classes] == ["tree", "lake", "flower", "stem", "leaf", "building", "wall"]
    flower = schema.classes[2]
    assert (flower.colour, flower.group, flower.human_name) == ((255, 96, 192), "Natural", "Flower")
    assert flower.scheme_colours == {"natural": (255, 192, 96), "artificial": (128, 128, 128)}
    assert schema.schemes == (ColourScheme("natural", "Natural"), ColourScheme("artificial", "Artificial"))
    assert not schema.notes
    again = json.loads(class_schema.write(schema, "field"))
    assert again.pop("name") == "field"
    assert again == json.loads(data)


def test_old_form_with_one_colour() -> None:
    (found,) = class_schema.read("a", document(name="axon", colour=[1, 2, 3])).classes
    assert found == LabelClass("axon", (1, 2, 3), "g")


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"name": "axon"}, "the key 'colour' is missing"),
        ({"name": "axon", "colour": [1, 2, 300]}, "is no colour"),
        ({"name": "axon", "colours": {}}, "it has no colour"),
        ({"name": "", "colour": [1, 2, 3]}, "'' is no name"),
        ({"name": 3, "colour": [1, 2, 3]}, "3 is no name"),
    ],
)
def test_a_broken_class_is_dropped_and_told(keys: dict[str, Any], why: str) -> None:
    schema = class_schema.read("a", document(**keys))
    assert schema.classes == () and why in schema.notes[0].why
    assert schema.notes[0].where == "Class 1 of group 'g'"


def test_a_repeated_class_is_told() -> None:
    item = {"name": "axon", "colour": [1, 2, 3]}
    groups = [{"group_name": name, "group_classes": [item]} for name in "ab"]
    schema = class_schema.read("a", json.dumps({"label_class_groups": groups}).encode())
    assert [c.group for c in schema.classes] == ["a"] and "there already" in schema.notes[0].why


def test_broken_schemes_are_left_out() -> None:
    data = document(name="axon", colour=[1, 2, 3])
    for schemes in (b"3", b"[3]", b'[{"name": 4}]', b'[{"human_name": "x"}]'):
        schema = class_schema.read("a", data[:-1] + b', "colour_schemes": ' + schemes + b"}")
        assert schema.schemes == () and len(schema.classes) == 1


@pytest.mark.parametrize("data", [b"{}", b"[]", b"{", b'{"label_class_groups": 3}'])
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(SchemaError, match=r"schema\.json"):
        class_schema.read("schema.json", data)


def test_html_in_a_name_is_text() -> None:
    schema = ClassSchema((LabelClass("<img src=x onerror=alert(1)>", (1, 2, 3)),))
    assert class_schema.read("a", class_schema.write(schema, "n")).classes[0].name == "<img src=x onerror=alert(1)>"

"""The label classes of a project: added once, kept in order, and taken over from a schema."""

from __future__ import annotations

import pytest

from axons_kernel.annotations import ColourScheme, LabelClass
from axons_kernel.errors import InputError
from axons_kernel.formats.class_schema import ClassSchema
from axons_kernel.label_classes import read_info, set_schema
from axons_kernel.plotting import PALETTE
from axons_kernel.project import Project, open_project

RED, GREEN = (255, 0, 0), (0, 255, 0)


def test_names_get_colours_and_classes_keep_theirs(project: Project) -> None:
    project.add_classes(["axon", LabelClass("myelin", RED, "nerve")])
    again = project.add_classes(["axon", "myelin", "axon", "glia", LabelClass("axon", GREEN)])
    assert again == (
        LabelClass("axon", PALETTE[0]),
        LabelClass("myelin", RED, "nerve"),
        LabelClass("glia", PALETTE[2]),
    )
    assert open_project(project.store.url).classes == again


def test_schema_comes_first_and_others_stay(project: Project) -> None:
    project.add_classes(["axon", "glia"])
    axon = LabelClass("axon", RED, "nerve", "Axons", {"print": GREEN})
    set_schema(project.store, ClassSchema((LabelClass("myelin", GREEN), axon), (ColourScheme("print", "For print"),)))
    info = read_info(project.store)
    assert [c.name for c in info.classes] == ["myelin", "axon", "glia"]
    assert info.classes[1] == axon and info.classes[2].colour == PALETTE[1]
    assert info.colour_schemes == (ColourScheme("print", "For print"),)
    set_schema(project.store, ClassSchema((), (ColourScheme("print", "New name"),)))
    assert read_info(project.store).colour_schemes == (ColourScheme("print", "New name"),)


@pytest.mark.parametrize("names", ["axon", [""], [3], [None]])
def test_what_is_no_class(project: Project, names: object) -> None:
    with pytest.raises(InputError, match="are no class names: give a list of them"):
        project.add_classes(names)  # type: ignore[arg-type]


def test_a_mask_has_room_for_255(project: Project) -> None:
    project.add_classes([str(n) for n in range(255)])
    with pytest.raises(InputError, match="would have 256 label classes; at most 255 are allowed"):
        project.add_classes(["one more"])
    assert len(project.classes) == 255

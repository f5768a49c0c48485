"""The project: what a student can do with it, and what it answers to what cannot be done."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from axons_kernel.annotations import Annotation, BoxLabel, PointLabel
from axons_kernel.errors import InputError, NotFoundError, SchemaError, StorageError
from axons_kernel.project import Project, open_project


def test_open_makes_then_finds(store_url: str) -> None:
    with pytest.raises(NotFoundError, match=r"There is no project at .*: it has no project\.json"):
        open_project(store_url, create=False)
    open_project(store_url).add_classes(["axon"])
    assert [c.name for c in open_project(store_url, create=False).classes] == ["axon"]


def test_folder_of_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("")
    with pytest.raises(InputError, match="holds other files and is no project: choose a new or an empty folder"):
        open_project(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_project_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="Cannot write"):
        open_project(tmp_path / "file")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"project\.json is not readable JSON"),
        ('{"schema": "axons.project/9", "name": "x"}', r"project\.json was written by a newer Axons .*Update Axons"),
        ('{"schema": "axons.project/1"}', "name: field required"),
    ],
)
def test_broken_project_file(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "project.json").write_text(text)
    with pytest.raises(SchemaError, match=message):
        _ = open_project(tmp_path).info


def test_unknown_keys_survive_a_change(project: Project) -> None:
    content = {**json.loads(project.store.read("project.json")), "course": "neuro 1"}
    project.store.write("project.json", json.dumps(content).encode())
    project.add_classes(["axon"])
    assert json.loads(project.store.read("project.json"))["course"] == "neuro 1"


def test_classes_are_added_once_with_colours_of_their_own(project: Project) -> None:
    project.add_classes(["axon", "myelin"])
    classes = project.add_classes(["myelin", "vessel"])
    assert [c.name for c in classes] == ["axon", "myelin", "vessel"] and len({c.colour for c in classes}) == 3


@pytest.mark.parametrize("names", ["axon", [""], [None]])
def test_class_names_are_a_list(project: Project, names: Any) -> None:
    with pytest.raises(InputError, match="are no class names: give a list of them"):
        project.add_classes(names)
    assert project.classes == ()


# -- images and labels ------------------------------------------------------------------------------------------


def test_images_by_name(project: Project, add_discs: Callable[..., str]) -> None:
    for name in ("b", "a"):
        add_discs(project, name)
    project.store.write("images/half/image.tif", b"")  # an import that was cut off
    assert [image.name for image in project.images()] == ["a", "b"]
    with pytest.raises(NotFoundError, match="There is no image 'c' in this project; it has: a, b"):
        project.image("c")
    with pytest.raises(InputError, match="cannot name an image"):
        project.image("../a")


def test_image_handle(project: Project, discs: Callable[..., Any]) -> None:
    pixels, mask = discs((60, 90))
    image = project.import_image(pixels, name="a", pixel_size_um=0.5)
    assert image.shape == (60, 90) and image.pixel_size_um == 0.5
    np.testing.assert_array_equal(image.pixels(), pixels)
    assert image.annotation() == Annotation(image_filename="a") and not image.mask().any()
    assert "90 x 60 pixels, uint8, 0.5 µm per pixel (45 x 30 µm)" in str(image)
    project.import_mask(image, mask, ["disc"])
    image = project.image("a")
    np.testing.assert_array_equal(image.mask(), mask)
    assert image.preview().shape == (60, 90, 3)
    assert (image.preview() != image.preview(labels=False)).any(axis=2)[mask == 1].all()
    assert image._repr_jpeg_()[:2] == b"\xff\xd8"


def test_refused_mask_changes_nothing(project: Project, discs: Callable[..., Any]) -> None:
    pixels, mask = discs()
    image = project.import_image(pixels, name="a", pixel_size_um=0.1)
    for source, classes in ((mask[:50], ["disc"]), (mask, ["one", "two"])):
        with pytest.raises(InputError, match=r"needs the size of its image|name one class per grey level"):
            project.import_mask(image, source, classes)
    assert project.classes == () and not project.store.exists(image.annotation_key)


def test_a_mask_imported_again_replaces_its_labels_and_keeps_drawn_ones(
    project: Project, discs: Callable[..., Any]
) -> None:
    pixels, mask = discs()
    image = project.import_image(pixels, name="again", pixel_size_um=0.1)
    project.import_mask(image, mask, ["disc"])
    drawn = BoxLabel(label_class="disc", centre=(5, 5), size=(4, 4))
    image.save_annotation(image.annotation().adding(drawn))
    project.import_mask(image, mask, ["disc"])
    labels = image.annotation().labels
    assert labels[0] == drawn and {label.source for label in labels[1:]} == {"mask"}
    assert (project.image("again").mask()[10:] == mask[10:]).all()


def test_labels_of_classes_that_the_project_does_not_know_are_no_background(
    project: Project, discs: Callable[..., Any]
) -> None:
    image = project.import_image(discs()[0], name="strange", pixel_size_um=0.1)
    image.save_annotation(Annotation((BoxLabel(label_class="comet", centre=(5, 5), size=(4, 4)),)))
    project.tile(image, size=32, overlap=0)
    with pytest.raises(InputError, match=r"classes comet, which the project does not know.*add_classes\(\['comet'\]\)"):
        project.create_training_set(images=[image])


def test_label_hash_follows_the_labels_only(project: Project, add_discs: Callable[..., str]) -> None:
    image = project.image(add_discs(project, "a"))
    before, annotation = image.labels_sha256(), image.annotation()
    image.save_annotation(Annotation(annotation.labels, "renamed", ("finished",), {"note": 1}))
    assert image.labels_sha256() == before
    image.save_annotation(annotation.adding(PointLabel(position=(1, 1))))
    assert image.labels_sha256() != before


def test_label_hash_of_a_foreign_file_is_stable(project: Project, add_discs: Callable[..., str]) -> None:
    image = project.image(add_discs(project, "a"))
    labels = [{"label_type": "point", "label_class": "a", "position": {"x": 1, "y": 1}, "object_id": 4}]
    project.store.write(image.annotation_key, json.dumps(labels).encode())
    assert image.labels_sha256() == image.labels_sha256()


def test_labels_that_are_not_json_numbers_are_not_saved(project: Project, add_discs: Callable[..., str]) -> None:
    image = project.image(add_discs(project, "a"))
    before = image.labels_sha256()
    with pytest.raises(ValueError, match="JSON"):
        image.save_annotation(Annotation((PointLabel(position=(float("nan"), 0)),)))
    assert image.labels_sha256() == before


def test_tiling_is_remembered(project: Project, discs: Callable[..., Any]) -> None:
    image = project.import_image(discs()[0], name="a", pixel_size_um=0.1)
    with pytest.raises(NotFoundError, match=r"Image 'a' has no tiles yet: call project\.tile\(image\) first"):
        project.tiling(image)
    assert project.tile(image, size=64, overlap=16) == project.tiling("a")
    assert len(image.figure({"tiles": project.tiling(image).tiles}).axes[0].patches) == 9


# -- training sets ----------------------------------------------------------------------------------------------


def test_one_image_is_split_by_area(project: Project, add_discs: Callable[..., str]) -> None:
    training_set = project.create_training_set("s", images=[add_discs(project, "a")], validation=0.5)
    assert training_set.images("train") == training_set.images("validation") == ["a"]
    assert {t.x for t in training_set.windows("a", "train")} == {0}
    assert {t.x for t in training_set.windows("a", "validation")} == {64}
    assert project.training_set("s") == training_set


def test_several_images_are_split_whole(project: Project, add_discs: Callable[..., str]) -> None:
    names = [add_discs(project, name, seed=n) for n, name in enumerate("abcd")]
    training_set = project.create_training_set(images=names, validation=0.25)
    assert not set(training_set.images("train")) & set(training_set.images("validation"))
    assert len(training_set.images("train")) == 3


def test_training_sets_are_frozen(project: Project, add_discs: Callable[..., str]) -> None:
    name = add_discs(project, "a")
    first = project.create_training_set("s", images=[name])
    assert project.create_training_set("s", images=[name]) == first
    with pytest.raises(InputError, match="Training set 's' exists with other content: choose another name"):
        project.create_training_set("s", images=[name], validation=0.5)
    assert project.training_set("s") == first


def test_unnamed_sets_are_numbered_and_found_again(project: Project, add_discs: Callable[..., str]) -> None:
    name = add_discs(project, "a")
    made = [project.create_training_set(images=[name], validation=v).name for v in (0.2, 0.5, 0.2)]
    assert made == ["set-1", "set-2", "set-1"]


def test_training_set_without_labels(project: Project, discs: Callable[..., Any]) -> None:
    project.tile(project.import_image(discs()[0], name="a", pixel_size_um=0.1))
    with pytest.raises(InputError, match=r"cannot be made: a has no labels\. Annotate first: project\.annotate"):
        project.create_training_set(images=["a"])
    with pytest.raises(InputError, match="cannot be made: it has no images"):
        project.create_training_set(images=[])
    assert project.store.names("training_sets") == []


def test_missing_things_are_named(project: Project) -> None:
    for find, what in ((project.training_set, "training set"), (project.run, "run"), (project.model, "model")):
        with pytest.raises(NotFoundError, match=f"There is no {what} 'x' in this project"):
            find("x")
        with pytest.raises(InputError, match="cannot name"):
            find("../x")


def test_project_says_what_it_holds(project: Project, add_discs: Callable[..., str]) -> None:
    add_discs(project, "a")
    assert str(project).endswith("1 images, classes: disc")

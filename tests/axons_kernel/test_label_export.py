"""Labels out of a project: where the files go, what is told, and that nobody's files are overwritten."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from axons_kernel.annotations import Annotation, BoxLabel, PointLabel
from axons_kernel.errors import InputError
from axons_kernel.project import Project, open_project

BOX = BoxLabel(label_class="axon", object_id="u__1", centre=(20, 20), size=(8, 6))
POINT = PointLabel(label_class="axon", object_id="u__2", position=(3, 3))


@pytest.fixture
def rats(project: Project) -> Project:
    for name in ("rat-1", "rat-2", "rat-3"):
        image = project.import_image(np.zeros((40, 60), np.uint8), name=name, pixel_size_um=0.1)
        if name != "rat-3":
            image.save_annotation(Annotation((BOX, POINT)))
    project.add_classes(["axon"])
    return project


def test_files_lie_in_the_project_by_default(rats: Project) -> None:
    report = rats.export_annotations("labelme")
    folder = Path(rats.store.url) / "exports" / "labelme"
    assert [Path(path) for path in report.files] == [folder / "rat-1.json", folder / "rat-2.json"]
    assert all(Path(path).is_file() for path in report.files) and report.labels == 4
    assert repr(report).startswith(f"4 labels as labelme, 2 files: {folder}\n")
    assert "rat-1 written without its pixels: labelme needs 'rat-1', of 60 x 40 pixels, beside the file" in repr(report)
    assert repr(rats.export_annotations("coco")).endswith("\nNothing was lost.")
    assert rats.export_annotations("labelme").files == report.files  # again, without a question


def test_losses_are_told(rats: Project) -> None:
    report = rats.export_annotations("yolo")
    assert "2 labels left out: points have no place in this format (in rat-1, rat-2)" in repr(report)
    assert len([loss for loss in report.losses if loss.done == "left out"]) == 2


def test_images_can_be_chosen(rats: Project) -> None:
    assert len(rats.export_annotations("geojson", images=["rat-2", rats.image("rat-3")]).files) == 2


@pytest.mark.parametrize("name", ["labelme", "coco"])
def test_files_of_others_are_not_overwritten(rats: Project, tmp_path: Path, name: str) -> None:
    mine = tmp_path / "out" / ("rat-2.json" if name == "labelme" else "annotations.json")
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(InputError, match="is there already: choose another folder, or say overwrite=True"):
        rats.export_annotations(name, tmp_path / "out")
    assert mine.read_text() == "mine" and len(list(mine.parent.iterdir())) == 1
    rats.export_annotations(name, tmp_path / "out", overwrite=True)
    assert mine.read_text() != "mine"


def test_what_cannot_be_exported_is_said(rats: Project, project: Project) -> None:
    with pytest.raises(InputError, match="'voc' is no format for labels; there are: django-labeller, coco"):
        rats.export_annotations("voc")
    with pytest.raises(InputError, match="There is nothing to export: no image has labels"):
        rats.export_annotations("coco", images=[])


def test_in_any_kind_of_storage(store_url: str) -> None:
    project = open_project(store_url)
    image = project.import_image(np.zeros((40, 60), np.uint8), name="rat-1", pixel_size_um=0.1)
    image.save_annotation(Annotation((BOX,)))
    report = project.export_annotations("yolo")
    assert len(report.files) == 2 and report.files[0].endswith("exports/yolo/data.yaml")
    image.save_annotation(Annotation())
    imported = project.import_annotations(f"{store_url}/exports/yolo")
    assert imported.added == {"rat-1": 1} and image.annotation().counts() == {"axon": 1}

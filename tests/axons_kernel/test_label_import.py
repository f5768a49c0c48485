"""Labels into a project: they find their image, nothing is half imported, nothing of a person's work is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from axons_kernel.annotations import Annotation, BoxLabel, LabelClass, PointLabel, PolygonLabel
from axons_kernel.errors import AxonsKernelError, InputError, NotFoundError, SchemaError
from axons_kernel.formats.registry import FORMATS
from axons_kernel.formats.values import ImageLabels
from axons_kernel.project import Project, open_project

SHAPE = (40, 60)
BOX = BoxLabel(label_class="axon", object_id="u__1", centre=(20, 20), size=(8, 6))


def add_image(project: Project, name: str, shape: tuple[int, int] = SHAPE) -> str:
    return project.import_image(np.zeros(shape, np.uint8), name=name, pixel_size_um=0.1).name


def labelme_file(path: Path, *shapes: dict[str, Any], **keys: Any) -> Path:
    document = {"shapes": list(shapes), "imagePath": "rat-6.png", "imageHeight": 40, "imageWidth": 60, **keys}
    path.write_text(json.dumps(document))
    return path


TRIANGLE = {"label": "axon", "points": [[1, 1], [9, 1], [5, 9]]}


@pytest.fixture
def rat(project: Project) -> Project:
    add_image(project, "rat-6")
    return project


@pytest.mark.parametrize("name", FORMATS)
def test_exports_of_every_format_are_recognised(rat: Project, tmp_path: Path, name: str) -> None:
    rat.image("rat-6").save_annotation(Annotation((BOX,)))
    rat.export_annotations(name, tmp_path / "out")
    other = open_project(tmp_path / "other")
    add_image(other, "rat-6")
    report = other.import_annotations(tmp_path / "out")
    assert (report.format, report.added, report.known) == (name, {"rat-6": 1}, 0)
    (label,) = other.image("rat-6").annotation().labels
    assert label.label_class == "axon" and [c.name for c in other.classes] == ["axon"]
    mask = other.image("rat-6").mask()
    assert mask.sum() == 48 and mask[17:23, 16:24].all()


def test_sample_files_of_django_labeller(project: Project, sample_data: Path) -> None:
    add_image(project, "foxglove", (1100, 1600))
    report = project.import_annotations(sample_data / "django_labeller" / "foxglove__labels.json")
    assert report.added == {"foxglove": 25}
    assert project.image("foxglove").annotation().completed_tasks == ("finished",)
    project.import_classes(sample_data / "django_labeller" / "schema.json")
    assert [c.name for c in project.classes][:3] == ["tree", "lake", "flower"]
    assert project.classes[2].colour == (255, 96, 192)
    again = json.loads(Path(project.export_classes()).read_text())
    assert again["colour_schemes"][0]["human_name"] == "Natural"
    assert project.import_annotations(sample_data / "django_labeller" / "foxglove__labels.json").known == 25


def test_without_images_there_is_nothing_to_label(project: Project, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="The project has no image yet"):
        project.import_annotations(labelme_file(tmp_path / "a.json", TRIANGLE))


def test_twice_is_once(rat: Project, tmp_path: Path) -> None:
    """Also for formats without ids: those follow from the content."""
    source = labelme_file(tmp_path / "a.json", TRIANGLE, TRIANGLE)
    assert rat.import_annotations(source).added == {"rat-6": 2}
    report = rat.import_annotations(source)
    assert (report.added, report.known) == ({"rat-6": 0}, 2)
    assert repr(report).splitlines()[1:] == ["Already there (the same id): 2 labels; the project's own were kept."]


def test_what_was_changed_elsewhere_is_told_and_taken_when_asked_for(rat: Project, tmp_path: Path) -> None:
    rat.image("rat-6").save_annotation(Annotation((BOX,)))
    (path,) = rat.export_annotations("labelme", tmp_path / "out").files
    document = json.loads(Path(path).read_text())
    document["shapes"][0]["points"][1] = [40, 30]
    Path(path).write_text(json.dumps(document))
    report = rat.import_annotations(path)
    assert rat.image("rat-6").annotation().labels == (BOX,)
    assert "1 label not taken: they differ from the project's labels of the same ids; replace=True" in repr(report)
    rat.import_annotations(path, replace=True)
    (label,) = rat.image("rat-6").annotation().labels
    assert isinstance(label, BoxLabel) and label.object_id == "u__1" and label.size == (24, 13)


def test_a_persons_labels_stay_unless_they_are_to_be_replaced(rat: Project, tmp_path: Path) -> None:
    image = rat.image("rat-6")
    mine = PointLabel(label_class="axon", object_id="mine__1", position=(3, 3))
    image.save_annotation(Annotation((mine,), completed_tasks=("outline",), extra={"k": 1}))
    source = labelme_file(tmp_path / "a.json", TRIANGLE)
    rat.import_annotations(source)
    annotation = image.annotation()
    assert annotation.labels[0] == mine and len(annotation.labels) == 2
    assert annotation.completed_tasks == ("outline",) and annotation.extra == {"k": 1}
    rat.import_annotations(source, replace=True)
    assert [label.label_type for label in image.annotation().labels] == ["polygon"]


@pytest.mark.parametrize("path", ["rat-6.png", "some\\folder\\rat-6.png", "/home/x/RAT-6.tif", "rat 6.jpg"])
def test_image_is_found_by_what_the_file_says(rat: Project, tmp_path: Path, path: str) -> None:
    add_image(rat, "other")
    assert rat.import_annotations(labelme_file(tmp_path / "a.json", TRIANGLE, imagePath=path)).added == {"rat-6": 1}


def test_image_is_found_by_the_files_own_name(rat: Project, tmp_path: Path) -> None:
    add_image(rat, "other")
    feature = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [3, 4]}, "properties": {}}
    (tmp_path / "rat-6.geojson").write_text(json.dumps(feature))
    assert rat.import_annotations(tmp_path / "rat-6.geojson").added == {"rat-6": 1}


def test_image_can_be_named(rat: Project, tmp_path: Path) -> None:
    add_image(rat, "other")
    source = labelme_file(tmp_path / "a.json", TRIANGLE, imagePath="IMG_0001.JPG")
    with pytest.raises(InputError, match=r"belongs to none of the images \(other, rat-6\): .* image="):
        rat.import_annotations(source)
    assert rat.import_annotations(source, image="other").added == {"other": 1}


def test_one_image_alone_is_no_reason_to_guess(rat: Project, tmp_path: Path) -> None:
    """A file that names another image may be another student's."""
    source = labelme_file(tmp_path / "a.json", TRIANGLE, imagePath="other.png")
    with pytest.raises(InputError, match="belongs to none of the images"):
        rat.import_annotations(source)


def test_images_that_the_project_lacks_are_told(rat: Project, tmp_path: Path) -> None:
    images = tuple(ImageLabels(name, Annotation((BOX,)), SHAPE) for name in ("rat-6", "rat-7"))
    (tmp_path / "coco.json").write_bytes(FORMATS["coco"].write(images, ()).files["annotations.json"])
    add_image(rat, "other")
    report = rat.import_annotations(tmp_path / "coco.json")
    assert report.added == {"rat-6": 1}
    assert "rat-7 left out: the project has no image of that name" in repr(report)


def test_another_size_is_refused(rat: Project, tmp_path: Path) -> None:
    source = labelme_file(tmp_path / "a.json", TRIANGLE, imageHeight=400)
    with pytest.raises(InputError, match="is for an image of 60 x 400 pixels, but rat-6 is 60 x 40"):
        rat.import_annotations(source)
    assert rat.image("rat-6").annotation().labels == ()


def test_labels_follow_an_image_that_was_resampled(project: Project, tmp_path: Path) -> None:
    pixels = np.zeros((80, 120), np.uint8)
    project.import_image(pixels, name="rat-6", pixel_size_um=0.2, source_pixel_size_um=0.1)
    assert project.image("rat-6").shape == SHAPE
    report = project.import_annotations(labelme_file(tmp_path / "a.json", TRIANGLE, imageHeight=80, imageWidth=120))
    (label,) = project.image("rat-6").annotation().labels
    assert isinstance(label, PolygonLabel) and label.regions == (((0.5, 0.5), (4.5, 0.5), (2.5, 4.5)),)
    assert "scaled: the image was resampled" in repr(report)


def test_labels_of_which_none_fits_are_refused(rat: Project, tmp_path: Path) -> None:
    far = {"label": "axon", "points": [[100, 1], [109, 1], [105, 9]]}
    with pytest.raises(InputError, match=r"None of the 2 labels of .* \(60 x 40 pixels\): it lies outside the image"):
        rat.import_annotations(labelme_file(tmp_path / "a.json", far, far))
    assert rat.classes == ()


def test_repairs_are_told(rat: Project, tmp_path: Path) -> None:
    source = labelme_file(
        tmp_path / "a.json",
        TRIANGLE,
        {"label": "axon", "points": [[1, 1], [9, 9]]},
        {"label": "axon", "points": [[100, 1], [109, 1], [105, 9]]},
        {"label": "axon", "points": [[1, 1], [9, 9], [9, 1], [1, 9]]},
        {"label": "axon", "points": [[1, 1], [None, 9], [9, 1]]},
    )
    report = rat.import_annotations(source)
    assert report.added == {"rat-6": 2}
    assert repr(report).splitlines() == [
        f"2 labels imported from {source} (labelme): rat-6 2",
        "Not all could be taken as it is:",
        "  Shape 5 dropped: None is not a number",
        "  Label 2 dropped: an outline needs at least 3 points",
        "  Label 3 dropped: it lies outside the image",
        "  Label 4 kept: its outline crosses itself: what it goes around twice counts as outside",
    ]


def test_html_in_a_class_name_is_text(rat: Project, tmp_path: Path) -> None:
    nasty = "<img src=x onerror=alert(1)>"
    rat.import_annotations(labelme_file(tmp_path / "a.json", {**TRIANGLE, "label": nasty}))
    assert rat.classes[-1].name == nasty and rat.image("rat-6").annotation().labels[0].label_class == nasty


def test_too_many_classes_are_refused_and_nothing_is_changed(rat: Project, tmp_path: Path) -> None:
    source = labelme_file(tmp_path / "a.json", *({**TRIANGLE, "label": f"class {n}"} for n in range(300)))
    with pytest.raises(InputError, match="300 label classes; at most 255"):
        rat.import_annotations(source)
    assert rat.classes == () and rat.image("rat-6").annotation().labels == ()


def test_a_broken_file_among_others_changes_nothing(rat: Project, tmp_path: Path) -> None:
    add_image(rat, "rat-7")
    folder = tmp_path / "labels"
    folder.mkdir()
    labelme_file(folder / "rat-6.json", TRIANGLE)
    whole = labelme_file(folder / "rat-7.json", TRIANGLE, imagePath="rat-7.png").read_text()
    (folder / "rat-7.json").write_text(whole[: len(whole) // 2])
    with pytest.raises(SchemaError, match=r"rat-7\.json is not readable JSON"):
        rat.import_annotations(folder)
    assert rat.image("rat-6").annotation().labels == () and rat.classes == ()
    (folder / "rat-7.json").write_text(whole)
    (folder / "notes.json").write_text('{"BIDSVersion": "1.8"}')
    assert rat.import_annotations(folder).added == {"rat-6": 1, "rat-7": 1}


KILLED = """
import os, sys
from axons_kernel import label_files, open_project

save, saved = label_files.LabelEditing.save, []

def killed(self, annotation):
    if saved:
        os._exit(9)
    saved.append(1)
    save(self, annotation)

label_files.LabelEditing.save = killed
open_project(sys.argv[1]).import_annotations(sys.argv[2])
"""


def test_killed_half_way_it_goes_on_when_run_again(rat: Project, tmp_path: Path) -> None:
    add_image(rat, "rat-7")
    folder = tmp_path / "labels"
    folder.mkdir()
    for name in ("rat-6", "rat-7"):
        labelme_file(folder / f"{name}.json", TRIANGLE, TRIANGLE, imagePath=f"{name}.png")
    child = subprocess.run([sys.executable, "-c", KILLED, rat.store.url, str(folder)], check=False)
    assert child.returncode == 9
    assert [len(rat.image(name).annotation().labels) for name in ("rat-6", "rat-7")] == [2, 0]
    report = rat.import_annotations(folder)
    assert (report.added, report.known) == ({"rat-6": 0, "rat-7": 2}, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p, t: p.import_annotations(t / "nowhere.json"), "there is no such file"),
        (lambda p, t: p.import_annotations(t / "empty"), "is an empty folder"),
        (
            lambda p, t: p.import_annotations(labelme_file(t / "a.json"), format="voc"),
            "no format for labels; there are",
        ),
        (lambda p, t: p.import_annotations(labelme_file(t / "a.json"), format="coco"), "is no COCO file"),
        (lambda p, t: p.import_annotations(labelme_file(t / "a.json"), classes="axon"), "is one name: give a list"),
        (lambda p, t: p.import_annotations(labelme_file(t / "a.json"), image="x"), "no image 'x'"),
        (lambda p, t: p.import_classes(labelme_file(t / "a.json")), "holds no label classes"),
    ],
)
def test_what_cannot_be_imported_is_said(
    rat: Project, tmp_path: Path, call: Callable[[Project, Path], object], message: str
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises((InputError, NotFoundError, SchemaError), match=message) as caught:
        call(rat, tmp_path)
    assert isinstance(caught.value, AxonsKernelError)


# -- masks ------------------------------------------------------------------------------------------------------------

Png = Callable[..., bytes]


def disc(at: tuple[int, int], value: int = 255) -> NDArray[np.uint8]:
    rows, cols = np.indices(SHAPE)
    return np.where((rows - at[0]) ** 2 + (cols - at[1]) ** 2 <= 36, value, 0).astype(np.uint8)


def test_mask_folder(rat: Project, tmp_path: Path, png: Png) -> None:
    folder = tmp_path / "labels" / "deep"
    folder.mkdir(parents=True)
    axon, myelin = disc((20, 20)), disc((20, 45))
    axon[0, 0] = 100
    (folder / "rat-6_seg-axon-manual.png").write_bytes(png(axon))
    (folder / "rat-6_seg-Myelin-manual.png").write_bytes(png(myelin))
    (folder / "rat-6_seg-axonmyelin-manual.png").write_bytes(png(axon))
    (folder / "dog-1_seg-axon-manual.png").write_bytes(png(axon))
    (folder / "rat-60_seg-axon-manual.png").write_bytes(png(axon))
    (tmp_path / "labels" / "about.json").write_text("{}")
    report = rat.import_annotations(tmp_path / "labels", classes=["axon", "myelin"])
    assert report.format == "masks" and report.added == {"rat-6": 2}
    np.testing.assert_array_equal(rat.image("rat-6").mask(), np.where(disc((20, 20)), 1, np.where(myelin, 2, 0)))
    assert repr(report).splitlines()[2:] == [
        "  2 times left out: the project has no image that its name starts with "
        "(dog-1_seg-axon-manual.png, rat-60_seg-axon-manual.png)",
        "  rat-6_seg-axonmyelin-manual.png left out: its name names none of the classes",
        "  rat-6_seg-axon-manual.png mended on 1 pixels: the stray grey level 100 counts as the nearest one",
    ]
    assert rat.import_annotations(tmp_path / "labels", classes=["axon", "myelin"]).known == 2


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"rat-6_axon.png": disc((20, 20))[:30]}, "is 60 x 30 pixels, but rat-6 is 60 x 40"),
        ({"rat-6_axon.png": disc((20, 20)) + disc((20, 45), 90)}, r"has the grey levels \[90, 255\] beside 0"),
        ({"rat-6_axon.png": disc((20, 20)), "rat-6_axon-2.png": disc((20, 20))}, "are both the mask of 'axon'"),
        ({"rat-6_nerve.png": disc((20, 20))}, "None of the 1 pictures is a mask of axon"),
    ],
)
def test_masks_that_do_not_fit(
    rat: Project, tmp_path: Path, png: Png, files: dict[str, NDArray[np.uint8]], message: str
) -> None:
    folder = tmp_path / "masks"
    folder.mkdir()
    for name, pixels in files.items():
        (folder / name).write_bytes(png(pixels))
    with pytest.raises(InputError, match=message):
        rat.import_annotations(folder, classes=["axon"])
    assert rat.image("rat-6").annotation().labels == ()


def test_a_mask_that_names_no_classes(rat: Project, tmp_path: Path, png: Png) -> None:
    (tmp_path / "rat-6.png").write_bytes(png(disc((20, 20), 100) + disc((20, 45), 200)))
    with pytest.raises(InputError, match=r"grey levels \[100, 200\] beside 0 and does not name its classes"):
        rat.import_annotations(tmp_path / "rat-6.png")
    assert rat.import_annotations(tmp_path / "rat-6.png", classes=["myelin", "axon"]).added == {"rat-6": 2}
    assert rat.image("rat-6").annotation().counts() == {"myelin": 1, "axon": 1}


def test_real_mask_folder(project: Project, sample_data: Path) -> None:
    rats = sample_data / "axon_sem_rat"
    for image in (rats / "sub-rat2").rglob("*.png"):
        project.import_image(image)
    report = project.import_annotations(rats / "derivatives", classes=["axon", "myelin"])
    (name,) = report.added
    assert report.added[name] > 500 and "the stray grey level 130" in repr(report)
    assert sum(label.label_class == "axon" for label in project.image(name).annotation().labels) > 100


def test_colours_of_a_file_are_taken_for_new_classes(rat: Project, tmp_path: Path) -> None:
    rat.add_classes([LabelClass("axon", (9, 9, 9))])
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [3, 4]},
        "properties": {"classification": {"name": "glia", "colorRGB": -65536}},
    }
    (tmp_path / "rat-6.geojson").write_text(json.dumps(feature))
    rat.import_annotations(tmp_path / "rat-6.geojson")
    assert rat.classes == (LabelClass("axon", (9, 9, 9)), LabelClass("glia", (255, 0, 0)))

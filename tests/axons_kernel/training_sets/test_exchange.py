"""Training sets as files: the same tiles, masks and splits come back; what does not fit is told first."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from axons_kernel.annotations import Annotation, BoxLabel, PolygonLabel
from axons_kernel.errors import InputError, SchemaError
from axons_kernel.project import Project, open_project
from axons_kernel.training.targets import Targets
from axons_kernel.training_sets.training_set import TrainingSet

FORMATS: tuple[Literal["folder", "coco"], ...] = ("folder", "coco")


def pixels_of(kind: str, seed: int) -> NDArray[Any]:
    rng = np.random.default_rng(seed)
    shape = (60, 90, 3) if kind == "rgb" else (60, 90)
    if kind == "float32":
        return rng.normal(size=shape).astype(np.float32)
    return rng.integers(0, 60_000 if kind == "uint16" else 256, shape).astype(
        np.uint16 if kind == "uint16" else np.uint8
    )


def box(label_class: str | None, x: float, y: float, size: float) -> BoxLabel:
    return BoxLabel(label_class=label_class, centre=(x, y), size=(size, size))


def filled(project: Project, kind: str = "uint8") -> TrainingSet:
    """Three images: objects that touch, cover each other, have holes, have no class, or lie on the edge of a tile."""
    project.add_classes(["axon", "myelin", "unused"])
    square = ((10.0, 10.0), (30.0, 10.0), (30.0, 30.0), (10.0, 30.0))
    hole = tuple((x + 5, y + 5) for x, y in ((10, 10), (20, 10), (20, 20), (10, 20)))
    labels = [
        (box("axon", 20, 20, 10), box("axon", 30, 20, 10), box("myelin", 26, 24, 9), box(None, 70, 40, 12)),
        (PolygonLabel(label_class="axon", regions=(square, hole)), box("myelin", 20, 20, 4), box("axon", 64, 32, 20)),
        (box("myelin", 44, 30, 30),),
    ]
    for number, name in enumerate("abc"):
        image = project.import_image(pixels_of(kind, number), name=name, pixel_size_um=0.1 + 0.05 * number)
        image.save_annotation(Annotation(labels[number], completed_tasks=("finished",) if name == "b" else ()))
        project.tile(image, size=40, overlap=8)
    project.set_groups({"a": "rat1", "b": "rat2", "c": "rat3"})
    return project.create_training_set("first", classes=["axon", "myelin"], validation=["b"], test=["rat3"])


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("kind", ["uint8", "rgb", "uint16", "float32"])
def test_tiles_masks_and_splits_come_back(project: Project, tmp_path: Path, format: Any, kind: str) -> None:
    made = filled(project, kind)
    project.export_training_set(made, tmp_path / "out", format=format, progress=False)
    there = open_project(tmp_path / "other")
    again = there.import_training_set(tmp_path / "out")
    for field in ("name", "classes", "pixel_size_um", "groups", "finished", "fold", "channels"):
        assert getattr(again, field) == getattr(made, field), field
    assert again.tiles == made.tiles and there.groups() == project.groups()
    for item in made.tiles:
        old, new = project.image(item.image), there.image(item.image)
        assert new.pixel_size_um == pytest.approx(old.pixel_size_um) and new.shape == old.shape
        np.testing.assert_array_equal(new.read(item.tile), old.read(item.tile))
        masks = [Targets(i.annotation(), made.classes, i.shape, i.shape).window(item.tile) for i in (old, new)]
        np.testing.assert_array_equal(masks[0], masks[1])
    assert there.check() == [] and [c.colour for c in there.classes] == [c.colour for c in project.classes[:2]]


@pytest.mark.parametrize("format", FORMATS)
def test_import_where_it_came_from_changes_nothing(project: Project, tmp_path: Path, format: Any) -> None:
    made = filled(project)
    project.export_training_set(made, tmp_path / "out", format=format, progress=False)
    before = {key: project.store.read(key) for key, _ in project.store.walk()}
    assert project.import_training_set(tmp_path / "out") == made
    assert {key: project.store.read(key) for key, _ in project.store.walk()} == before


def test_files_are_where_other_programs_look(project: Project, tmp_path: Path) -> None:
    made = filled(project)
    project.export_training_set(made, tmp_path / "pairs", progress=False)
    for split in ("train", "validation", "test"):
        stems = [{p.stem for p in (tmp_path / "pairs" / split / kind).iterdir()} for kind in ("images", "masks")]
        assert stems[0] == stems[1] and len(stems[0]) == len(made.in_split(split))
    mask = Image.open(next((tmp_path / "pairs/train/masks").iterdir()))
    assert mask.mode == "P" and mask.size == (40, 40)
    project.export_training_set(made, tmp_path / "coco", format="coco", progress=False)
    coco = pytest.importorskip("pycocotools.coco", reason="pycocotools is not installed")
    opened = coco.COCO(str(tmp_path / "coco/annotations/instances_train.json"))
    assert {c["name"] for c in opened.loadCats(opened.getCatIds())} >= {"axon", "myelin"}
    assert all(
        (tmp_path / "coco/train" / picture["file_name"]).is_file() for picture in opened.loadImgs(opened.getImgIds())
    )


def test_masks_may_be_edited(project: Project, tmp_path: Path) -> None:
    project.export_training_set(filled(project), tmp_path / "out", progress=False)
    file = sorted((tmp_path / "out/train/masks").iterdir())[0]
    picture = Image.open(file)
    edited = np.asarray(picture).copy()
    edited[:5, :5] = 2
    changed = Image.fromarray(edited, "P")
    changed.putpalette(picture.getpalette() or [])
    changed.save(file)
    there = open_project(tmp_path / "other")
    there.import_training_set(tmp_path / "out")
    assert (there.image("a").mask()[:5, :5] == 2).all()
    with pytest.raises(InputError, match="has another image 'a', or other labels of it, so nothing was imported"):
        project.import_training_set(tmp_path / "out")


def changed_picture(folder: Path) -> None:
    file = sorted((folder / "train/images").iterdir())[0]
    Image.fromarray(255 - np.asarray(Image.open(file))).save(file)


def strange_mask(folder: Path) -> None:
    file = sorted((folder / "train/masks").iterdir())[0]
    Image.fromarray(np.full((40, 40), 7, np.uint8)).save(file)


def manifest_with(change: Callable[[Any], object]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        document = json.loads((folder / "training_set.json").read_text())
        change(document)
        (folder / "training_set.json").write_text(json.dumps(document))

    return edit


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (changed_picture, r"is not as it was exported: 1 changed \(train/images/a_x000000_y000000_40x40\.png\)"),
        (lambda f: sorted((f / "test/images").iterdir())[0].unlink(), r"1 missing \(test/images/c_"),
        (lambda f: sorted((f / "test/masks").iterdir())[0].unlink(), r"1 missing \(test/images/c_"),
        (strange_mask, r"holds the values \[7\]; there are 2 classes, so give 0 to 2, and 255"),
        (
            lambda f: Image.new("L", (9, 9)).save(sorted((f / "train/masks").iterdir())[0]),
            "is no PNG of 40 x 40 pixels",
        ),
        (
            manifest_with(lambda m: m["tiles"][0].update(picture="../../secret.png")),
            "names a tile or file that cannot be",
        ),
        (manifest_with(lambda m: m["tiles"][0].update(picture="/etc/passwd")), "names a tile or file that cannot be"),
        (manifest_with(lambda m: m["tiles"][0].update(tile=[80, 0, 40, 40])), "names a tile or file that cannot be"),
        (manifest_with(lambda m: m["tiles"][0].update(image="../a")), "cannot name an image"),
    ],
)
def test_exports_that_are_damaged(
    project: Project, tmp_path: Path, damage: Callable[[Path], object], message: str
) -> None:
    project.export_training_set(filled(project), tmp_path / "out", progress=False)
    damage(tmp_path / "out")
    there = open_project(tmp_path / "other")
    with pytest.raises(InputError, match=message):
        there.import_training_set(tmp_path / "out")
    assert [key for key, _ in there.store.walk()] == ["project.json"]


def test_what_cannot_be_exported(project: Project, tmp_path: Path) -> None:
    made = filled(project)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("")
    with pytest.raises(InputError, match=r"holds other files \(thesis\.txt\): choose a new or an empty folder"):
        project.export_training_set(made, tmp_path / "mine")
    with pytest.raises(InputError, match="format='voc' is not allowed: give 'folder' or 'coco'"):
        project.export_training_set(made, tmp_path / "out", format="voc")  # type: ignore[arg-type]
    project.image("a").save_annotation(Annotation())
    with pytest.raises(InputError, match="The labels of a have changed"):
        project.export_training_set(made, tmp_path / "out")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/training_set.json").write_text("{")
    with pytest.raises(SchemaError, match=r"training_set\.json is not readable JSON"):
        project.import_training_set(tmp_path / "broken")


# -- folders of other programs ---------------------------------------------------------------------------------------


def write_pair(folder: Path, split: str, name: str, levels: tuple[int, ...], size: tuple[int, int] = (48, 32)) -> None:
    rng = np.random.default_rng(sum(map(ord, name)))
    mask = np.zeros((size[1], size[0]), np.uint8)
    for number, level in enumerate(levels):
        mask[4:20, 4 + 14 * number : 16 + 14 * number] = level
    for kind, array in (("images", rng.integers(0, 256, (32, 48), np.uint8)), ("masks", mask)):
        (folder / split / kind).mkdir(parents=True, exist_ok=True)
        Image.fromarray(array).save(folder / split / kind / f"{name}.png")


@pytest.mark.parametrize(("low", "high"), [(1, 2), (128, 255)])
def test_pairs_of_other_programs(project: Project, tmp_path: Path, low: int, high: int) -> None:
    folder = tmp_path / "nerve data"
    write_pair(folder, "train", "one", (low, high))
    write_pair(folder, "train", "two", (high,))
    write_pair(folder, "val", "three", (low,))
    made = project.import_training_set(folder, classes=["myelin", "axon"], pixel_size_um=0.2)
    assert (made.name, made.pixel_size_um) == ("nerve-data", 0.2)
    assert made.images("train") == ["one", "two"] and made.images("validation") == ["three"]
    for name, numbers in (("one", {0, 1, 2}), ("two", {0, 2}), ("three", {0, 1})):
        found = project.image(name).mask()
        expected = np.asarray(Image.open(next(folder.glob(f"*/masks/{name}.png"))))
        assert set(np.unique(found)) == numbers
        np.testing.assert_array_equal(found == 2, expected == high)
    assert project.import_training_set(folder, classes=["myelin", "axon"], pixel_size_um=0.2) == made


@pytest.mark.parametrize("year", ["", "2017"])
def test_coco_of_other_programs(project: Project, tmp_path: Path, year: str) -> None:
    """Our own, without what only we write beside it."""
    made, folder = filled(project), tmp_path / "coco set"
    project.export_training_set(made, folder, format="coco", progress=False)
    (folder / "training_set.json").unlink()
    for split in ("train", "validation"):
        (folder / split).rename(folder / (split.replace("validation", "val") + year))
        name = f"instances_{split.replace('validation', 'val')}{year}.json"
        (folder / f"annotations/instances_{split}.json").rename(folder / "annotations" / name)
    there = open_project(tmp_path / "other")
    again = there.import_training_set(folder, pixel_size_um=0.3)
    assert again.name == "coco-set" and again.classes == ("axon", "myelin") and there.check() == []
    assert sorted(i.split for i in again.tiles) == sorted(i.split for i in made.tiles)
    for item in made.tiles:
        x, y, width, height = item.tile
        image = there.image(f"{item.image}_x{x:06d}_y{y:06d}_{width}x{height}")
        np.testing.assert_array_equal(image.pixels(), project.image(item.image).read(item.tile))
        old = project.image(item.image).mask(made.classes)
        np.testing.assert_array_equal(image.mask(made.classes), item.tile.cut(old))
    (folder / "test" / next((folder / "test").iterdir()).name).unlink()
    with pytest.raises(InputError, match=r"lacks the pictures c_x.*: add them first"):
        open_project(tmp_path / "third").import_training_set(folder, pixel_size_um=0.3)
    assert [key for key, _ in open_project(tmp_path / "third").store.walk()] == ["project.json"]


def coco_folder(folder: Path, outline: list[float], width: int = 48) -> None:
    write_pair(folder, "train", "one", (1,))
    (folder / "train/images/one.png").rename(folder / "train/one.png")
    picture = {"id": 1, "file_name": "../../train/one.png", "width": width, "height": 32}
    label = {"id": 1, "image_id": 1, "category_id": 3, "segmentation": [outline], "iscrowd": 0}
    document = {"images": [picture], "annotations": [label], "categories": [{"id": 3, "name": "axon"}]}
    (folder / "annotations").mkdir()
    (folder / "annotations/train.json").write_text(json.dumps(document))


def test_what_is_mended_in_coco_is_told(project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    coco_folder(tmp_path / "set", [-9, 4, 20, 4, 20, 20, -9, 20])
    made = project.import_training_set(tmp_path / "set", pixel_size_um=0.1)
    assert made.classes == ("axon",) and made.tiles[0].pixels == (48 * 32 - 320, 320)
    assert "../../train/one.png: " in capsys.readouterr().out


def test_coco_for_other_pictures(project: Project, tmp_path: Path) -> None:
    coco_folder(tmp_path / "set", [4, 4, 20, 4, 20, 20], width=96)
    with pytest.raises(InputError, match=r"is 48 x 32 pixels, and its labels say 96 x 32: they would lie in the wrong"):
        project.import_training_set(tmp_path / "set", pixel_size_um=0.1)
    assert [key for key, _ in project.store.walk()] == ["project.json"]


def test_pairs_without_splits_are_for_training(project: Project, tmp_path: Path) -> None:
    write_pair(tmp_path / "set", ".", "one", (1,))
    made = project.import_training_set(tmp_path / "set", classes=["axon"], pixel_size_um=0.2)
    assert {item.split for item in made.tiles} == {"train"}


@pytest.mark.parametrize(
    ("prepare", "classes", "message"),
    [
        (lambda f: None, ["axon"], "holds no training set: give a folder with training_set.json, or with train/images"),
        (lambda f: write_pair(f, "train", "one", (1,)), [], "The masks do not say their classes: name them"),
        (lambda f: write_pair(f, "train", "one", (9, 80)), ["axon"], r"have the grey levels \[9, 80\] beside 0, and 1"),
        (lambda f: write_pair(f, "train", "one", (1,), (20, 30)), ["axon"], "a mask needs the size of its picture"),
        (
            lambda f: (
                write_pair(f, "train", "one", (1,)),
                (f / "train/masks/one.png").rename(f / "train/masks/x.png"),
            ),
            ["axon"],
            "has pictures or masks without the other: train/images/one.png, train/masks/x.png",
        ),
        (
            lambda f: (write_pair(f, "train", "one", (1,)), write_pair(f, "test", "one", (1,))),
            ["axon"],
            "has several pictures called one",
        ),
    ],
)
def test_pairs_that_do_not_fit(
    project: Project, tmp_path: Path, prepare: Callable[[Path], object], classes: list[str], message: str
) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    prepare(folder)
    with pytest.raises(InputError, match=message):
        project.import_training_set(folder, classes=classes, pixel_size_um=0.1)
    assert [key for key, _ in project.store.walk()] == ["project.json"]

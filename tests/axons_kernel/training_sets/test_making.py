"""Training sets in a project: groups, filters, folds, sets put together, and what cannot be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from axons_kernel.annotations import Annotation, BoxLabel
from axons_kernel.errors import InputError
from axons_kernel.project import Project, open_project
from axons_kernel.training_sets.balance import split_pixels, unevenness
from axons_kernel.training_sets.training_set import SPLITS

SIZE = 64
Box = tuple[str, float, float, float, float]


def add(project: Project, name: str, *boxes: Box, finished: bool = False, seed: int = 0) -> None:
    """An image of 64 x 64 noise in four tiles, with boxes (class, centre x and y, width, height)."""
    rng = np.random.default_rng([seed, *map(ord, name)])
    image = project.import_image(rng.integers(0, 255, (SIZE, SIZE), np.uint8), name=name, pixel_size_um=0.1)
    project.tile(image, size=32, overlap=0)
    labels = tuple(BoxLabel(label_class=c, centre=(x, y), size=(w, h)) for c, x, y, w, h in boxes)
    image.save_annotation(Annotation(labels, completed_tasks=("finished",) if finished else ()))


@pytest.fixture
def study(project: Project) -> Project:
    """Four animals with two images each; `axon` in all, `myelin` in those of rat1 and rat3, rat4-b without a label."""
    project.add_classes(["axon", "myelin"])
    for animal in (1, 2, 3, 4):
        for letter in "ab":
            boxes: list[Box] = [("axon", 16, 16, 20, 10)] if (animal, letter) != (4, "b") else []
            boxes += [("myelin", 48, 48, 8, 8)] if animal % 2 else []
            add(project, f"rat{animal}-{letter}", *boxes, finished=animal != 2)
    project.set_groups(pattern=r"(rat\d)")
    return project


def test_groups_are_kept_and_changed(study: Project) -> None:
    assert study.groups()["rat3-b"] == "rat3" and len(study.groups()) == 8
    assert study.set_groups({"rat3-b": None, "rat1-a": " other "}).get("rat3-b") is None
    assert open_project(study.store.url).groups()["rat1-a"] == "other"
    assert "7 images in 5 groups" in repr(study.groups()) and "rat4: rat4-a, rat4-b" in repr(study.groups())


def test_groups_from_a_table(study: Project, tmp_path: Path) -> None:
    table = tmp_path / "animals.csv"
    table.write_text("\ufeffimage;age;animal\nrat1-a.png;3;r1\nrat2-a;4;r2\nnobody;5;r9\nrat2-b;4;\n", encoding="utf-8")
    found = study.set_groups(csv=table, column="animal")
    assert (found["rat1-a"], found["rat2-a"], found["rat2-b"]) == ("r1", "r2", "rat2")
    assert study.set_groups(csv=table)["rat1-a"] == "3"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"image,animal\nx,r1\n", "names none of the images"),
        (b"image\nrat1-a\n", "has the columns image: the first must name the images"),
        (b"", "has the columns none"),
        (b"image,animal\nrat1-a,r1\nrat1-a,r2\n", "gives 'rat1-a' two groups, r1 and r2: keep one"),
        (b"\xff\xfe\x00", "is no CSV table"),
    ],
)
def test_tables_that_say_nothing(study: Project, tmp_path: Path, text: bytes, message: str) -> None:
    (tmp_path / "a.csv").write_bytes(text)
    before = study.groups()
    with pytest.raises(InputError, match=message):
        study.set_groups(csv=tmp_path / "a.csv")
    assert study.groups() == before


def test_groups_that_are_not_allowed(study: Project) -> None:
    for arguments, message in (
        ({"groups": {"rat9": "x"}}, "There is no image rat9 in this project; it has: rat1-a"),
        ({"groups": {"rat1-a": " "}}, "The group of rat1-a is empty"),
        ({"groups": ["rat1-a"]}, "gives no groups: write project.set_groups"),
        ({"pattern": "("}, "is no regular expression"),
        ({"pattern": r"rat\d"}, "has no brackets"),
        ({"pattern": "(mouse)"}, "fits none of the images"),
    ):
        with pytest.raises(InputError, match=message):
            study.set_groups(**arguments)  # type: ignore[arg-type]


def test_animals_stay_together(study: Project) -> None:
    made = study.create_training_set("s", validation=0.3, test=0.3)
    splits = {split: {study.groups()[image] for image in made.images(split)} for split in SPLITS}
    assert sum(map(len, splits.values())) == 4 and all(splits.values())
    assert made.groups["rat1-a"] == "rat1" and made.shares["validation"] == 0.3


def test_both_classes_are_on_both_sides(study: Project) -> None:
    """Of rat1 and rat3, who have myelin, one is validated; by chance that would be so in two splits of three."""
    for seed in range(6):
        made = study.create_training_set(images=[i.name for i in study.images()], validation=0.5, seed=seed)
        assert all(split_pixels(made, split)[2] for split in ("train", "validation"))
        worst = unevenness(made)
        assert worst is not None and worst[0] < 0.2 and f"{100 * worst[0]:.2g} % at most (axon" in str(made)


def test_pixels_are_those_of_the_mask(study: Project) -> None:
    made = study.create_training_set("s", pixel_size_um=0.2)
    for item in made.tiles:
        mask = item.tile.cut(study.image(item.image).mask())[1::2, 1::2]
        assert item.pixels == tuple(np.bincount(mask.ravel(), minlength=3))


def test_images_are_chosen_by_group_class_and_being_finished(study: Project) -> None:
    assert set(study.create_training_set("s", groups=["rat1", "rat2"], validation=0).groups) == {
        "rat1-a", "rat1-b", "rat2-a", "rat2-b",
    }  # fmt: skip
    every = [image.name for image in study.images()]
    finished = study.create_training_set("f", images=every, finished=True)
    assert "rat2-a" not in finished.annotation_sha256 and "rat4-b" in finished.annotation_sha256
    one = study.create_training_set("c", classes=["myelin"], groups=["rat1", "rat3"], empty_tiles="drop")
    assert one.classes == ("myelin",) and len(one.tiles) == 4 and all(item.pixels[1] for item in one.tiles)


def test_tiles_without_a_label_are_told(study: Project) -> None:
    made = study.create_training_set("s")
    assert "6 of 28 tiles show no label (rat2-a, rat2-b)" in str(made)  # the others are marked as finished
    dropped = study.create_training_set("d", empty_tiles="drop")
    assert "show no label" not in str(dropped) and all(item.has_labels for item in dropped.tiles)
    assert dropped.content_sha256 != made.content_sha256


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": ["rat9"]}, "No image is of the group rat9; there are: rat1, rat2, rat3, rat4"),
        ({"groups": "rat1"}, r"groups='rat1' is one name: give a list, as in groups=\['rat1'\]"),
        (
            {"classes": ["vessel"]},
            r"classes=\['vessel'\] is not allowed: give some of the project's classes, axon, myelin",
        ),
        ({"classes": []}, r"classes=\[\] is not allowed"),
        ({"classes": ["myelin"], "groups": ["rat2"]}, "no tile shows a label of myelin"),
        ({"finished": True, "groups": ["rat2"]}, r"None of the images \(rat2-a, rat2-b\) is marked as finished"),
        ({"empty_tiles": "hide"}, "empty_tiles='hide' is not allowed: give one of 'keep', 'drop'"),
        ({"by": "animal"}, "by='animal' is not allowed: give one of 'auto', 'image', 'group'"),
        ({"channels": ["GFP"]}, "has no channel 'GFP'"),
        ({"groups": ["rat1"]}, r"There is 1 group \(rat1\), and 2 are needed.* or split by image with by='image'"),
        ({"pixel_size_um": -1}, "-1"),
    ],
)
def test_what_cannot_be_made(study: Project, options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        study.create_training_set("s", **options)  # type: ignore[arg-type]
    assert study.training_sets() == []


def test_an_image_without_a_group_stops_a_split_by_group(study: Project) -> None:
    study.set_groups({"rat1-a": None})
    with pytest.raises(InputError, match=r"rat1-a has no group, and a split by group needs one.*by='image'"):
        study.create_training_set("s")
    torn = study.create_training_set("s", by="image", validation=["rat2-b"])
    assert "images of rat2 are in several splits: validation and test look better than they are" in str(torn)


def test_empty_masks_make_no_set(project: Project) -> None:
    project.add_classes(["axon"])
    add(project, "a", finished=True)
    with pytest.raises(InputError, match="cannot be made: a has no labels"):
        project.create_training_set("s", images=["a"])
    add(project, "b", ("axon", 500, 500, 5, 5))  # a label that lies outside
    with pytest.raises(InputError, match="cannot be made: no tile shows a label of axon"):
        project.create_training_set("s", images=["b"])


def test_a_class_without_labels_is_told(study: Project) -> None:
    made = study.create_training_set("s", groups=["rat2"], by="image", validation=["rat2-b"])
    assert "no training tile shows 'myelin', so the model cannot learn it" in str(made)
    assert "no validation tile shows 'myelin', so its scores there say nothing" in str(made)


def test_folds(study: Project) -> None:
    folds = study.create_folds("cv", folds="each", images=[image.name for image in study.images()])
    assert [one.name for one in folds] == [f"cv-fold-{n}" for n in (1, 2, 3, 4)] and folds[2].fold == 3
    held = [{study.groups()[image] for image in one.images("validation")} for one in folds]
    assert sorted(map(sorted, held)) == [["rat1"], ["rat2"], ["rat3"], ["rat4"]]
    assert study.create_folds("cv", folds="each", images=[i.name for i in study.images()]) == folds
    with pytest.raises(InputError, match="'cv-fold-1' exists with other content"):
        study.create_folds("cv", folds=2)
    with pytest.raises(InputError, match=r"There is 4 groups \(rat1, rat2, rat3, rat4\), and 9 are needed"):
        study.create_folds("more", folds=9)
    assert [one.name for one in study.training_sets()] == [one.name for one in folds]


def test_sets_put_together(study: Project) -> None:
    first = study.create_training_set("first", groups=["rat1", "rat2"], validation=["rat2"])
    second = study.create_training_set("second", groups=["rat3"], validation=0)
    both = study.combine_training_sets([first, "second"], "both")
    assert set(both.tiles) == {*first.tiles, *second.tiles} and both.groups == {**first.groups, **second.groups}
    assert study.combine_training_sets([both, first], "again").content_sha256 == both.content_sha256
    other = study.create_training_set("other", groups=["rat2"], validation=0)
    with pytest.raises(InputError, match="'rat2' would be in train and validation, which tells nothing of new images"):
        study.combine_training_sets([first, other])
    fewer = study.create_training_set("fewer", groups=["rat3"], validation=0, classes=["axon"])
    with pytest.raises(InputError, match="'first' and 'fewer' differ in classes"):
        study.combine_training_sets([first, fewer])
    with pytest.raises(InputError, match="1 training set cannot be combined: give two or more"):
        study.combine_training_sets([first])


def test_areas_that_overlap_are_not_put_together(study: Project) -> None:
    one = study.create_training_set("one", images=["rat1-a"], by="image", validation=0.5)
    two = study.create_training_set("two", images=["rat1-a"], by="image", validation=0)
    with pytest.raises(InputError, match="Tiles of 'rat1-a' that overlap would be in several splits"):
        study.combine_training_sets([one, two])


def test_sets_made_smaller(study: Project) -> None:
    made = study.create_training_set("s", images=[i.name for i in study.images()], validation=["rat3"])
    smaller = study.filter_training_set(
        made, "smaller", groups=["rat1", "rat3"], classes=["myelin"], empty_tiles="drop"
    )
    assert smaller.classes == ("myelin",) and smaller.images("validation") == ["rat3-a", "rat3-b"]
    assert len(smaller.tiles) == 4 and smaller.made_with["filtered"].startswith("s ")
    assert "rat2-a" not in study.filter_training_set("s", "done", finished=True).annotation_sha256
    image = study.image("rat1-a")
    image.save_annotation(replace(image.annotation(), labels=()))
    with pytest.raises(InputError, match="The labels of rat1-a have changed since training set 's' was made"):
        study.filter_training_set("s", "later")


def test_old_sets_are_read(study: Project) -> None:
    """A set that was stored before sets had groups and counts: the same hash, and a card."""
    made = study.create_training_set("s", groups=["rat1", "rat2"])
    old = made.model_copy(
        update={"groups": {}, "tiles": tuple(t.model_copy(update={"pixels": ()}) for t in made.tiles)}
    )
    assert old.hashed() != made.content_sha256 and "32 pixels" not in str(old)
    assert made.model_copy(update={"finished": (), "shares": {}, "made_with": {}}).hashed() == made.content_sha256


def test_a_set_that_was_changed_is_found(study: Project, add_discs: Callable[..., str]) -> None:
    study.create_training_set("s")
    assert study.check() == []
    key = "training_sets/s.json"
    study.store.write(key, study.store.read(key).replace(b'"rat1"', b'"rat7"'))
    assert [problem.key for problem in study.check()] == [key]


def test_a_broken_table_of_groups_is_found(study: Project) -> None:
    study.store.write("groups.json", b'{"schema": "axons.groups/1", "groups": ["rat1"]}')
    assert [problem.key for problem in study.check()] == ["groups.json"]

"""The data card: balance, examples, and warnings that are true; look-alikes are found however they are turned."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import ndimage

from axons_kernel.project import Project
from axons_kernel.samples import axon_micrograph
from axons_kernel.tiling import Tile
from axons_kernel.training_sets.balance import unevenness, warnings
from axons_kernel.training_sets.card import choose_examples
from axons_kernel.training_sets.perceptual import fingerprint, look_alikes, turns
from axons_kernel.training_sets.training_set import SPLITS, TrainingSet, TrainingTile, new_training_set


def picture(seed: int, size: int = 96) -> NDArray[np.float32]:
    noise = np.random.default_rng(seed).normal(size=(size, size))
    return np.asarray(ndimage.gaussian_filter(noise, 3, mode="wrap"), np.float32)


@given(st.integers(0, 99), st.integers(0, 7), st.floats(0.5, 3), st.floats(-9, 9), st.integers(0, 9))
def test_a_picture_is_known_again(seed: int, turn: int, contrast: float, offset: float, noise: int) -> None:
    """Turned, mirrored, brighter, with noise, and half the size."""
    first = picture(seed)
    other = turns(first)[turn] + np.random.default_rng(noise).normal(0, 0.1 * first.std(), first.shape)
    marks = [fingerprint(first), fingerprint(contrast * other[::2, ::2] + offset)]
    assert marks[0] and marks[1]
    assert list(look_alikes([marks[0]], [marks[1]])) == [(0, 0)]


def test_other_pictures_are_not_taken_for_the_same() -> None:
    marks = [mark for seed in range(120) if (mark := fingerprint(picture(seed)))]
    assert list(look_alikes(marks[:60], marks[60:])) == []
    assert list(look_alikes(marks[:60], marks[30:90])) == [(n + 30, n) for n in range(30)]


@pytest.mark.parametrize("value", [0, 7.5, 1e6])
def test_flat_pictures_are_left_out(value: float) -> None:
    assert fingerprint(np.full((40, 40), value)) is None


@pytest.fixture
def study(project: Project) -> Project:
    """Three micrographs; `again` is the first one, turned and a little brighter."""
    sample = axon_micrograph((128, 128), seed=1)
    others = [axon_micrograph((128, 128), seed=seed) for seed in (2, 3)]
    turned = np.clip(np.rot90(sample.pixels).astype(int) + 9, 0, 255).astype(np.uint8)
    for name, pixels, mask in (
        ("first", sample.pixels, sample.mask),
        ("again", turned, np.ascontiguousarray(np.rot90(sample.mask))),
        ("second", others[0].pixels, others[0].mask),
        ("third", others[1].pixels, others[1].mask),
    ):
        image = project.import_image(np.ascontiguousarray(pixels), name=name, pixel_size_um=0.1)
        project.import_mask(image, mask, ["myelin", "axon"])
        project.tile(image, size=64, overlap=0)
    return project


def test_look_alikes_in_two_splits_are_told(study: Project) -> None:
    made = study.create_training_set("s", validation=["again"], test=["third"])
    (told,) = [line for line in study.data_card(made).warnings if "look the same" in line]
    assert told.startswith("these look the same, and are in different splits: first (train) and again (validation). ")
    study.set_groups({"first": "rat1", "again": "rat1", "second": "rat2", "third": "rat3"})
    apart = study.data_card(study.create_training_set("t", validation=["rat1"], test=["third"]))
    assert not [line for line in apart.warnings if "look the same" in line]


def test_a_single_tile_is_found_again(study: Project) -> None:
    """A part of one image, mirrored, within another one."""
    pixels = study.image("second").pixels().copy()
    pixels[64:, :64] = study.image("first").pixels()[:64, 64:][:, ::-1]
    image = study.import_image(pixels, name="montage", pixel_size_um=0.1)
    study.import_mask(image, study.image("second").mask(), ["myelin", "axon"])
    study.tile(image, size=64, overlap=0)
    made = study.create_training_set("s", images=["first", "montage"], validation=["montage"])
    told = [line for line in study.data_card(made).warnings if "look the same" in line]
    assert "first at x=64, y=0 (train) and montage at x=0, y=64 (validation). Are" in told[0]


def test_labels_that_have_changed_are_told(study: Project) -> None:
    made = study.create_training_set("s", images=["first", "second"], validation=["second"])
    assert study.data_card(made).warnings == ()
    image = study.image("first")
    image.save_annotation(replace(image.annotation(), labels=image.annotation().labels[1:]))
    study.store.remove("images/second/image.json")
    text = repr(study.data_card("s"))
    assert "note: the labels of first have changed since the set was made" in text
    assert "note: second is not in the project any more" in text


def test_page_and_picture(study: Project) -> None:
    study.set_groups({name: "<rat>" for name in ("first", "again", "second", "third")})
    card = study.data_card(study.create_training_set("s", by="image", validation=["second"], test=["third"]))
    page = card._repr_html_()
    assert "data:image/png;base64," in page and "<rat>" not in page and "1: &lt;rat&gt;" in page
    rows = re.findall(r"<tr>(.*?)</tr>", page)
    assert len(rows) == 4 and all(split in row for split, row in zip(SPLITS, rows[1:], strict=True))
    assert {example.split for example in card.examples} == set(SPLITS)
    for example in card.examples:
        image = study.image(example.image)
        np.testing.assert_array_equal(example.pixels, image.read(example.tile))
        np.testing.assert_array_equal(example.mask, example.tile.cut(image.mask()))
    assert card.figure().get_axes()[0].get_title(loc="left") == "share of each class of the pixels, by split"


def test_large_tiles_are_shown_small(project: Project, add_discs: Callable[..., str]) -> None:
    name = add_discs(project, "a", (1100, 1100))
    project.tile(name, size=1024)
    made = project.create_training_set("s", images=[name], validation=0)
    (example,) = project.data_card(made).examples
    assert max(example.pixels.shape) <= 512 and example.mask.shape == example.pixels.shape


# -- what the set alone tells ----------------------------------------------------------------------------------------


def item(image: str, split: str, *pixels: int, x: int = 0) -> TrainingTile:
    return TrainingTile(image=image, tile=Tile(x, 0, 16, 16), split=split, pixels=pixels)  # type: ignore[arg-type]


def made_of(*tiles: TrainingTile, **more: object) -> TrainingSet:
    hashes = {tile.image: "0" for tile in tiles}
    options = {"classes": ("axon", "myelin"), "annotation_sha256": hashes, "pixel_size_um": 0.1, **more}
    return new_training_set("s", tiles=tiles, **options)  # type: ignore[arg-type]


FINE = [item("a", "train", 100, 50, 50, x=16 * n) for n in range(3)] + [item("b", "validation", 200, 100, 100)]


@pytest.mark.parametrize(
    ("tiles", "more", "told"),
    [
        (FINE, {}, []),
        ([*FINE, item("a", "train", 9, 0, 0, x=64)], {}, ["1 of 5 tiles show no label (a)"]),
        ([*FINE, item("a", "train", 9, 0, 0, x=64)], {"finished": ("a",)}, []),
        (
            [*FINE[:3], item("b", "validation", 200, 100, 0)],
            {},
            ["no validation tile shows 'myelin'", "share of 'myelin'"],
        ),
        ([item("a", "train", 100, 50, 0), FINE[3]], {}, ["no training tile shows 'myelin'", "share of 'myelin'"]),
        (
            [item("a", "train", 10**6, 50, 10, x=16 * n) for n in range(3)] + [item("b", "validation", 10**6, 50, 10)],
            {},
            ["'axon' is rare: 0.005 % of the pixels, on 3 tiles", "'myelin' is rare: 0.001 %"],
        ),
        ([*FINE[:3], item("a", "validation", 100, 50, 50, x=80)], {}, ["too few images to split by image; a is split"]),
        (FINE, {"groups": {"a": "rat", "b": "rat"}}, ["images of rat are in several splits"]),
        (FINE[:3], {}, ["there is no validation"]),
    ],
)
def test_warnings(tiles: list[TrainingTile], more: dict[str, object], told: list[str]) -> None:
    found = warnings(made_of(*tiles, **more))
    assert len(found) == len(told), found
    for line, begin in zip(found, told, strict=True):
        assert begin in line


def test_how_uneven_a_split_is() -> None:
    tiles = [item("a", "train", 0, 60, 90), item("b", "validation", 0, 40, 10)]
    worst = unevenness(made_of(*tiles, shares={"train": 0.7, "validation": 0.3, "test": 0.0}))
    assert worst is not None and worst[0] == pytest.approx(0.2) and worst[1] == "myelin"
    assert "are off by 20 % at most (myelin in" in str(
        made_of(*tiles, shares={"train": 0.7, "validation": 0.3, "test": 0.0})
    )


def test_examples_show_much_and_are_not_the_same_place() -> None:
    tiles = [
        item("a", "train", 10, 5, 0),
        item("a", "train", 10, 5, 5, x=40),
        item("a", "train", 10, 4, 4, x=42),
        item("b", "train", 10, 0, 0),
    ]
    assert [(one.image, one.tile.x) for one in choose_examples(tiles)] == [("a", 40), ("b", 0), ("a", 0)]

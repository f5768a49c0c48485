"""Training sets: no pixel is ever in two splits, the same seed gives the same set, the hash tells content."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axons_kernel.errors import InputError
from axons_kernel.tiling import Tile, tile_grid
from axons_kernel.training_sets.splitting import Splitting, split_tiles
from axons_kernel.training_sets.training_set import SPLITS, TrainingSet, TrainingTile, new_training_set

SHAPE = (80, 130)
shares = st.sampled_from([0.0, 0.01, 0.1, 0.2, 0.25, 0.4])


def tilings(count: int, size: int = 32, overlap: int = 16) -> dict[str, tuple[Tile, ...]]:
    return {f"image-{n}": tile_grid(SHAPE, size, overlap) for n in range(count)}


@given(st.integers(1, 7), st.integers(16, 140), shares, shares, st.integers(0, 9))
def test_no_pixel_is_in_two_splits(count: int, size: int, validation: float, test: float, seed: int) -> None:
    tiles = split_tiles(tilings(count, size, size // 2), Splitting(validation, test, seed))
    for image in {item.image for item in tiles}:
        used = {}
        for split in SPLITS:
            used[split] = np.zeros(SHAPE, bool)
            for item in tiles:
                if (item.image, item.split) == (image, split):
                    assert item.tile.width > 0 and item.tile.height > 0
                    item.tile.cut(used[split])[...] = True
        assert not any((used[a] & used[b]).any() for a, b in combinations(SPLITS, 2))
    present = {item.split for item in tiles}
    assert "train" in present
    assert ("validation" in present) == (validation > 0)
    assert ("test" in present) == (test > 0)


@pytest.mark.parametrize(("validation", "test"), [(0.5, 0.5), (0.4, 0.4), (0.5, 0.1)])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 9])
def test_something_is_left_to_train_on(count: int, validation: float, test: float) -> None:
    if validation + test >= 1:
        with pytest.raises(InputError, match="leave nothing to train on"):
            split_tiles(tilings(count), Splitting(validation, test, 0))
    else:
        tiles = split_tiles(tilings(count), Splitting(validation, test, 0))
        assert any(item.split == "train" for item in tiles)


def test_enough_images_are_split_whole() -> None:
    tiles = split_tiles(tilings(10), Splitting(0.2, 0.1, 1))
    splits = {image: {item.split for item in tiles if item.image == image} for image in tilings(10)}
    assert all(len(found) == 1 for found in splits.values())
    counts = [sum(found == {split} for found in splits.values()) for split in SPLITS]
    assert counts == [7, 2, 1]
    assert len(tiles) == 10 * len(tile_grid(SHAPE, 32, 16))


@pytest.mark.parametrize("count", [1, 2])
def test_few_images_are_split_by_area(count: int) -> None:
    tiles = split_tiles(tilings(count, 32, 0), Splitting(0.3, 0.0, 0))
    for image in tilings(count):
        assert {item.split for item in tiles if item.image == image} == {"train", "validation"}
    ends = [max(t.tile.x + t.tile.width for t in tiles if t.split == split) for split in ("train", "validation")]
    assert ends[0] <= 0.7 * SHAPE[1] < ends[1] == SHAPE[1]


def test_seed_decides() -> None:
    splits = [split_tiles(tilings(8), Splitting(0.3, 0.2, seed)) for seed in (5, 5, 6)]
    assert splits[0] == splits[1] != splits[2]


@pytest.mark.parametrize("share", [-0.1, 0.51, 1, float("nan")])
@pytest.mark.parametrize("name", ["validation", "test"])
def test_share_out_of_range(name: str, share: float) -> None:
    with pytest.raises(InputError, match=f"{name}=.* is not allowed: give the share of the data, from 0 to 0.5"):
        split_tiles(tilings(3), Splitting(**{"validation": 0.0, "test": 0.0, name: share}))


@pytest.fixture
def training_set() -> TrainingSet:
    return made()


def made(**changes: object) -> TrainingSet:
    items = (
        TrainingTile(image="a", tile=Tile(0, 0, 16, 16), split="train"),
        TrainingTile(image="a", tile=Tile(16, 0, 16, 16), split="validation"),
        TrainingTile(image="b", tile=Tile(0, 0, 16, 16), split="test"),
    )
    values: dict[str, object] = {
        "classes": ["axon", "myelin"],
        "tiles": items,
        "annotation_sha256": {"a": "1", "b": "2"},
        "pixel_size_um": 0.1,
        **changes,
    }
    return new_training_set("first", **values)  # type: ignore[arg-type]


def test_round_trip_and_lookups(training_set: TrainingSet) -> None:
    again = TrainingSet.decode(training_set.encode(), "x")
    assert again == training_set
    assert again.images("train") == ["a"] and again.images("test") == ["b"]
    assert again.windows("a", "train", "validation") == [Tile(0, 0, 16, 16), Tile(16, 0, 16, 16)]
    assert again.windows("b", "train") == []


@pytest.mark.parametrize(
    "changes",
    [
        {"classes": ["myelin", "axon"]},
        {"annotation_sha256": {"a": "1", "b": "3"}},
        {"pixel_size_um": 0.2},
        {"tiles": (TrainingTile(image="a", tile=Tile(0, 0, 16, 16), split="test"),)},
    ],
)
def test_hash_tells_other_content(training_set: TrainingSet, changes: dict[str, object]) -> None:
    assert made(**changes).content_sha256 != training_set.content_sha256


def test_hash_is_that_of_the_content(training_set: TrainingSet) -> None:
    assert made(annotation_sha256={"b": "2", "a": "1"}).content_sha256 == training_set.content_sha256
    assert len(training_set.content_sha256) == 64


def test_card_tells_what_is_where(training_set: TrainingSet) -> None:
    card = str(training_set)
    assert "axon, myelin, 0.1 µm per pixel" in card and "train         1 tiles of a" in card
    assert "a is split by area, without overlap" in card

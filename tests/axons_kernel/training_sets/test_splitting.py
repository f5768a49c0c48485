"""Splits: an animal is never on both sides, classes are spread evenly, folds validate each animal once."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axons_kernel.errors import InputError
from axons_kernel.tiling import tile_grid
from axons_kernel.training_sets.partition import _improved, _off, _started, partition
from axons_kernel.training_sets.splitting import Splitting, fold_tiles, split_tiles
from axons_kernel.training_sets.training_set import TrainingTile

TILES = tile_grid((40, 64), 32, 8)


@st.composite
def studies(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    """Images with their animal, and pixels of background and two classes; some have none of a class."""
    animals = draw(st.lists(st.integers(0, 12), min_size=1, max_size=30))
    groups = {f"image-{n}": f"rat{animal}" for n, animal in enumerate(animals)}
    pixels = st.tuples(*[st.one_of(st.just(0), st.integers(0, 10_000))] * 3)
    return groups, {image: np.array(draw(pixels)) for image in groups}


shares = st.sampled_from([0.0, 0.01, 0.2, 0.3, 0.45])


def animals_of(items: tuple[TrainingTile, ...], groups: dict[str, str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for item in items:
        found.setdefault(groups[item.image], set()).add(item.split)
    return found


@given(studies(), shares, shares, st.integers(0, 3))
def test_no_animal_is_ever_on_both_sides(
    study: tuple[dict[str, str], dict[str, np.ndarray]], validation: float, test: float, seed: int
) -> None:
    groups, amounts = study
    how = Splitting(validation, test, seed, groups, amounts)
    needed = 1 + (validation > 0) + (test > 0)
    if len(set(groups.values())) < needed:
        with pytest.raises(InputError, match=rf"There is \d+ groups? \(.*and {needed} are needed for this split"):
            split_tiles(dict.fromkeys(groups, TILES), how)
        return
    items = split_tiles(dict.fromkeys(groups, TILES), how)
    assert {len(splits) for splits in animals_of(items, groups).values()} == {1}
    present = {item.split for item in items}
    assert present == {name for name, share in (("validation", validation), ("test", test)) if share} | {"train"}
    assert len(items) == len(groups) * len(TILES)


@given(studies(), st.integers(2, 6), st.sampled_from([0.0, 0.2]), st.integers(0, 3))
def test_each_animal_is_validated_in_exactly_one_fold(
    study: tuple[dict[str, str], dict[str, np.ndarray]], folds: int, test: float, seed: int
) -> None:
    groups, amounts = study
    tilings = dict.fromkeys(groups, TILES)
    how = Splitting(0.0, test, seed, groups, amounts)
    animals = set(groups.values())
    try:
        found = fold_tiles(tilings, folds, how)
    except InputError as error:
        assert "are needed for this split" in str(error) and (len(animals) < folds or test > 0)
        return
    assert len(found) == folds
    validated = [
        animal for items in found for animal, splits in animals_of(items, groups).items() if splits == {"validation"}
    ]
    tested = {animal for animal, splits in animals_of(found[0], groups).items() if splits == {"test"}}
    assert sorted(validated) == sorted(animals - tested) and bool(tested) == (test > 0)
    for items in found:
        assert {len(splits) for splits in animals_of(items, groups).values()} == {1}
        assert {item.split for item in items} >= {"train", "validation"}


def test_each_leaves_one_group_out() -> None:
    groups = {f"image-{n}": f"rat{n // 2}" for n in range(8)}
    found = fold_tiles(dict.fromkeys(groups, TILES), "each", Splitting(groups=groups))
    held = [{groups[item.image] for item in items if item.split == "validation"} for items in found]
    assert sorted(map(sorted, held)) == [["rat0"], ["rat1"], ["rat2"], ["rat3"]]


@pytest.mark.parametrize("folds", [1, 0, -2, 2.5, "all", True])
def test_folds_that_are_not_allowed(folds: object) -> None:
    with pytest.raises(InputError, match=r"folds=.* is not allowed: give 2 or more, or 'each'; there is 4 images"):
        fold_tiles(dict.fromkeys("abcd", TILES), folds, Splitting())  # type: ignore[arg-type]


def test_names_of_images_and_groups() -> None:
    groups = {"a": "rat1", "b": "rat1", "c": "rat2", "d": "rat3"}
    tilings = dict.fromkeys(groups, TILES)
    items = split_tiles(tilings, Splitting(["rat2"], ["d"], groups=groups))
    assert {(i.image, i.split) for i in items} == {
        ("a", "train"), ("b", "train"), ("c", "validation"), ("d", "test"),
    }  # fmt: skip
    mixed = split_tiles(tilings, Splitting(0.3, "rat1", groups=groups))
    assert {i.image for i in mixed if i.split == "test"} == {"a", "b"}
    assert len({i.image for i in mixed if i.split == "validation"}) == 1


@pytest.mark.parametrize(
    ("validation", "test", "message"),
    [
        (["rat9"], 0.0, "validation='rat9' is neither an image nor a group of the training set, which has: rat1, rat2"),
        (["a"], 0.0, "The images a, b are of the group 'rat1', and would be in train and validation: name the group"),
        (["rat1"], ["a"], "'a' is named for both validation and test"),
        (["rat1"], ["rat2"], "name all images, which leaves nothing to train on"),
    ],
)
def test_names_that_are_not_allowed(validation: list[str], test: object, message: str) -> None:
    groups = {"a": "rat1", "b": "rat1", "c": "rat2"}
    with pytest.raises(InputError, match=message):
        split_tiles(dict.fromkeys(groups, TILES), Splitting(validation, test, groups=groups))  # type: ignore[arg-type]


def test_classes_are_spread_as_evenly_as_can_be() -> None:
    """The rare class is in two of ten images: one of them goes to validation, which by number alone is unlikely."""
    amounts = {f"image-{n}": np.array([100, 50, 10 * (n < 2)]) for n in range(10)}
    for seed in range(8):
        items = split_tiles(dict.fromkeys(amounts, TILES), Splitting(0.5, 0.0, seed, amounts=amounts))
        held = {item.image for item in items if item.split == "validation"}
        assert len(held) == 5 and len(held & {"image-0", "image-1"}) == 1


@given(st.lists(st.tuples(*[st.integers(0, 99)] * 3), min_size=4, max_size=7), st.integers(0, 5))
def test_the_best_choice_is_found(rows: list[tuple[int, int, int]], seed: int) -> None:
    """Beside every choice there is, one after the other."""
    amounts, wanted = np.array(rows), np.array([0.5, 0.3, 0.2])
    kept = amounts[:, amounts.sum(axis=0) > 0]
    fractions = kept / kept.sum(axis=0) if kept.size else np.full((len(rows), 1), 1 / len(rows))

    def off(choice: tuple[int, ...]) -> float:
        return float(sum(((fractions[np.array(choice) == p].sum(axis=0) - wanted[p]) ** 2).sum() for p in range(3)))

    every = (choice for choice in product(range(3), repeat=len(rows)) if len(set(choice)) == 3)
    found = tuple(partition(amounts, wanted, np.random.default_rng(seed)))
    assert len(set(found)) == 3
    assert off(found) == pytest.approx(min(map(off, every)), abs=1e-8)


@given(st.integers(0, 30))
def test_steps_come_near_to_the_best(seed: int) -> None:
    rng = np.random.default_rng(seed)
    fractions = rng.dirichlet(np.ones(9), size=3).T
    wanted = np.array([0.6, 0.25, 0.15])
    exact = partition(fractions, wanted, rng)
    stepwise = min(
        (_improved(_started(fractions, wanted, rng), fractions, wanted) for _ in range(4)),
        key=lambda parts: _off(parts[None], fractions, wanted)[0],
    )
    best, near = (_off(np.array(parts)[None], fractions, wanted)[0] for parts in (exact, stepwise))
    assert set(stepwise) == {0, 1, 2} and best <= near + 1e-9 and near - best < 0.05


def test_many_units_are_split_evenly_and_soon() -> None:
    amounts = np.random.default_rng(0).lognormal(0, 1, (300, 4))
    parts = np.array(partition(amounts, [0.7, 0.2, 0.1], np.random.default_rng(1)))
    shares = np.stack([amounts[parts == part].sum(axis=0) for part in range(3)]) / amounts.sum(axis=0)
    assert abs(shares - np.array([[0.7], [0.2], [0.1]])).max() < 0.002

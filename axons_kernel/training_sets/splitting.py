"""Which tile is trained on, which chooses the checkpoint, which tests: nothing leaks from one split to another.

What is split are units: groups of images (an animal) where images have groups, else images; of too few images, areas.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..tiling import Tile
from .partition import partition
from .training_set import Split, TrainingTile

Share = float | Sequence[str]  # a share of the data, or names of images or groups


@dataclass(frozen=True)
class Splitting:
    """How to split. `groups` gives images their group (all of them, or none), `amounts` their pixels per class."""

    validation: Share = 0.2
    test: Share = 0.0
    seed: int = 0
    groups: Mapping[str, str] = field(default_factory=dict)
    amounts: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)

    @property
    def shares(self) -> dict[str, float]:
        """What was asked for as a share; empty where names were given."""
        if isinstance(self.validation, int | float) and isinstance(self.test, int | float):
            return {"train": 1 - self.validation - self.test, "validation": self.validation, "test": self.test}
        return {}


def split_tiles(tilings: Mapping[str, Sequence[Tile]], how: Splitting) -> tuple[TrainingTile, ...]:
    """Give each tile a split: whole groups or images where there are enough of them, else areas of each image.

    Shares are 0..0.5. Areas are cut along x; tiles that reach over a cut are left out, so no pixel is in two splits.
    """
    shares = _checked_shares(how)
    named = _named(tilings, how)
    units = _units([image for image in tilings if image not in named], how.groups)
    if len(units) < 1 + len(shares) and (how.groups or not units):
        raise InputError(_too_few(units, how, 1 + len(shares)))
    split_of: dict[str, Split] = dict(named)
    enough = len(units) >= (1 if named or how.groups else 2) + len(shares)
    if enough or not shares:
        split_of |= _split_units(units, shares, how)
    items = []
    for image, tiles in tilings.items():
        if image in split_of:
            items += [TrainingTile(image=image, tile=tile, split=split_of[image]) for tile in tiles]
        else:
            items += _split_by_area(image, tiles, shares)
    return tuple(items)


def fold_tiles(
    tilings: Mapping[str, Sequence[Tile]], folds: int | Literal["each"], how: Splitting
) -> list[tuple[TrainingTile, ...]]:
    """One split per fold; each group or image that is not for the test is in the validation of exactly one fold.

    "each" makes a fold of each group (or image). Raises InputError when there are fewer of them than folds.
    """
    shares = _checked_shares(Splitting(0.0, how.test))
    named = _named(tilings, Splitting((), how.test, groups=how.groups))
    units = _units([image for image in tilings if image not in named], how.groups)
    if shares:  # the test is taken away first
        if len(units) < 3:
            raise InputError(_too_few(units, how, 3))
        split_of = _split_units(units, shares, how)
        named |= {image: split for image, split in split_of.items() if split == "test"}
        units = _units([image for image in tilings if image not in named], how.groups)
    count = len(units) if folds == "each" else folds
    if isinstance(count, bool) or not isinstance(count, int) or count < 2:
        raise InputError(f"folds={folds!r} is not allowed: give 2 or more, or 'each'; there is {_listed(units, how)}.")
    if len(units) < count:
        raise InputError(_too_few(units, how, count))
    fold_of = partition(_amounts(units, how), [1 / count] * count, np.random.default_rng(how.seed))
    held = [
        {i for n, unit in zip(fold_of, units.values(), strict=True) if n == fold for i in unit} for fold in range(count)
    ]

    def split_in(fold: int, image: str) -> Split:
        return named.get(image) or ("validation" if image in held[fold] else "train")

    return [
        tuple(TrainingTile(image=i, tile=t, split=split_in(fold, i)) for i, tiles in tilings.items() for t in tiles)
        for fold in range(count)
    ]


def _checked_shares(how: Splitting) -> dict[Split, float]:
    """The shares above 0 by split, without that of training."""
    given: list[tuple[Split, Share]] = [("validation", how.validation), ("test", how.test)]
    shares: dict[Split, float] = {}
    for name, share in given:
        if isinstance(share, int | float):
            if not 0 <= share <= 0.5:
                raise InputError(
                    f"{name}={share} is not allowed: give the share of the data, from 0 to 0.5, or names of images or "
                    f"groups, as in {name}=['rat8']."
                )
            if share:
                shares[name] = float(share)
    if sum(shares.values()) >= 1:
        raise InputError(
            f"validation={how.validation} and test={how.test} leave nothing to train on: make one smaller."
        )
    return shares


def _named(tilings: Mapping[str, Sequence[Tile]], how: Splitting) -> dict[str, Split]:
    """The split of the images that are named, by themselves or by their group."""
    found: dict[str, Split] = {}
    given: list[tuple[Split, Share]] = [("validation", how.validation), ("test", how.test)]
    for split, names in given:
        if isinstance(names, int | float):
            continue
        for name in [names] if isinstance(names, str) else names:
            images = [i for i in tilings if how.groups.get(i) == name] or [i for i in tilings if i == name]
            if not images:
                have = ", ".join(dict.fromkeys([*how.groups.values(), *tilings]))
                raise InputError(
                    f"{split}={name!r} is neither an image nor a group of the training set, which has: {have}."
                )
            for image in images:
                if found.setdefault(image, split) != split:
                    raise InputError(f"'{image}' is named for both validation and test: name it for one of them.")
    for group, images in _units(list(tilings), how.groups).items():
        splits = {found.get(image, "train") for image in images}
        if len(splits) > 1:
            raise InputError(
                f"The images {', '.join(images)} are of the group '{group}', and would be in "
                f"{' and '.join(sorted(splits))}: name the group, or split by image with by='image'."
            )
    if len(found) == len(tilings):
        raise InputError("validation and test name all images, which leaves nothing to train on: name fewer.")
    return found


def _units(images: Sequence[str], groups: Mapping[str, str]) -> dict[str, list[str]]:
    """What stays together: the images of each group, or each image."""
    units: dict[str, list[str]] = {}
    for image in images:
        units.setdefault(groups.get(image, image), []).append(image)
    return units


def _amounts(units: Mapping[str, Sequence[str]], how: Splitting) -> NDArray[np.float64]:
    """(units, kinds): all pixels, then those of each class; how many images, where pixels are not known."""
    rows = []
    for images in units.values():
        if how.amounts:
            pixels = sum((how.amounts[image] for image in images), np.zeros(1, np.int64))
            rows.append([pixels.sum(), *pixels[1:]])
        else:
            rows.append([len(images)])
    return np.array(rows, np.float64)


def _split_units(units: Mapping[str, Sequence[str]], shares: Mapping[Split, float], how: Splitting) -> dict[str, Split]:
    parts: list[Split] = ["train", *shares]
    wanted = [1 - sum(shares.values()), *shares.values()]
    chosen = partition(_amounts(units, how), wanted, np.random.default_rng(how.seed))
    return {i: parts[part] for part, images in zip(chosen, units.values(), strict=True) for i in images}


def _too_few(units: Mapping[str, object], how: Splitting, needed: int) -> str:
    what = "annotate images of more groups, or split by image with by='image'" if how.groups else "annotate more images"
    return f"There is {_listed(units, how)}, and {needed} are needed for this split: {what}."


def _listed(units: Mapping[str, object], how: Splitting) -> str:
    what = "group" if how.groups else "image"
    return f"{len(units)} {what}{'s' * (len(units) != 1)} ({', '.join(units) or 'none'})"


def _split_by_area(image: str, tiles: Sequence[Tile], shares: Mapping[Split, float]) -> list[TrainingTile]:
    width = max(tile.x + tile.width for tile in tiles)
    validation, test = shares.get("validation", 0.0), shares.get("test", 0.0)
    train_end, validation_end = width * (1 - validation - test), width * (1 - test)
    areas: list[tuple[Split, float, float]] = [
        ("train", 0, train_end),
        ("validation", train_end, validation_end),
        ("test", validation_end, width),
    ]
    items = []
    for split, left, right in areas:
        inside = [t for t in tiles if t.x >= left and t.x + t.width <= right]
        if right - left >= 1 and not inside:
            inside = _narrow_tiles(tiles, round(left), round(right))
        items += [TrainingTile(image=image, tile=tile, split=split) for tile in inside]
    return items


def _narrow_tiles(tiles: Sequence[Tile], left: int, right: int) -> list[Tile]:
    """Tiles cut down to an area that is narrower than a tile."""
    rows = sorted({(tile.y, tile.height) for tile in tiles})
    return [Tile(left, y, right - left, height) for y, height in rows]

"""Which tile is trained on, which chooses the checkpoint, which tests: nothing leaks from one split to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..errors import InputError
from ..tiling import Tile
from .training_set import Split, TrainingTile


def split_tiles(
    tilings: Mapping[str, Sequence[Tile]], *, validation: float, test: float, seed: int
) -> tuple[TrainingTile, ...]:
    """Give each tile a split: whole images where there are enough of them, else areas of each image.

    `validation` and `test` are shares in 0..0.5. Areas are cut along x; tiles that reach over a cut are left
    out, so no pixel is in two splits.
    """
    for name, share in (("validation", validation), ("test", test)):
        if not 0 <= share <= 0.5:
            raise InputError(f"{name}={share} is not allowed: give the share of the data, from 0 to 0.5.")
    if validation + test >= 1:
        raise InputError(f"validation={validation} and test={test} leave nothing to train on: make one smaller.")
    parts = (validation > 0) + (test > 0)
    if len(tilings) >= 2 + parts or parts == 0:
        return _split_by_image(tilings, validation, test, seed)
    return tuple(item for image, tiles in tilings.items() for item in _split_by_area(image, tiles, validation, test))


def _split_by_image(
    tilings: Mapping[str, Sequence[Tile]], validation: float, test: float, seed: int
) -> tuple[TrainingTile, ...]:
    names = list(tilings)
    order = [names[i] for i in np.random.default_rng(seed).permutation(len(names))]
    n_validation = max(1, round(validation * len(names))) if validation else 0
    n_test = max(1, round(test * len(names))) if test else 0
    while n_validation + n_test >= len(names):  # rounded up together; one image at least is trained on
        n_validation, n_test = (n_validation - 1, n_test) if n_validation >= n_test else (n_validation, n_test - 1)
    split_of: dict[str, Split] = dict.fromkeys(names, "train")
    split_of.update(dict.fromkeys(order[:n_validation], "validation"))
    split_of.update(dict.fromkeys(order[n_validation : n_validation + n_test], "test"))
    return tuple(TrainingTile(image=n, tile=t, split=split_of[n]) for n, tiles in tilings.items() for t in tiles)


def _split_by_area(image: str, tiles: Sequence[Tile], validation: float, test: float) -> list[TrainingTile]:
    width = max(tile.x + tile.width for tile in tiles)
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

"""New training sets from old ones: several joined, or one made smaller. Splits stay as they are, so nothing leaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..annotations import Annotation
from ..errors import InputError
from ..project_image import ProjectImage
from .balance import listed
from .counting import TileCounter, is_finished
from .making import Recipe, in_groups, none_finished, select_classes
from .training_set import TrainingSet, TrainingTile, new_training_set

GetImage = Callable[[str], ProjectImage]


def combined(sets: Sequence[TrainingSet], name: str) -> TrainingSet:
    """The tiles of all sets. Raises InputError where they do not fit together, or something would leak."""
    if len(sets) < 2:
        raise InputError(f"{len(sets)} training set cannot be combined: give two or more.")
    first = sets[0]
    for other in sets[1:]:
        for what in ("classes", "channels", "pixel_size_um"):
            if getattr(other, what) != getattr(first, what):
                raise InputError(
                    f"'{first.name}' and '{other.name}' differ in {what} ({getattr(first, what)} and "
                    f"{getattr(other, what)}): make them alike, with filter_training_set or create_training_set."
                )
    tiles = {(item.image, item.tile, item.split): item for one in sets for item in one.tiles}
    _check_leaks(list(tiles.values()), sets)
    return new_training_set(
        name,
        classes=first.classes,
        tiles=list(tiles.values()),
        annotation_sha256=_joined(sets, "annotation_sha256", "labels"),
        pixel_size_um=first.pixel_size_um,
        channels=first.channels,
        groups=_joined(sets, "groups", "group"),
        finished=tuple(dict.fromkeys(image for one in sets for image in one.finished)),
        made_with={"combined": [f"{one.name} {one.short_hash}" for one in sets]},
    )


def _joined(sets: Sequence[TrainingSet], field: str, what: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in sets:
        for image, value in getattr(one, field).items():
            if found.setdefault(image, value) != value:
                raise InputError(
                    f"The {what} of '{image}' changed between the sets ({listed([one.name for one in sets])}): make "
                    "them again with create_training_set()."
                )
    return found


def _check_leaks(tiles: Sequence[TrainingTile], sets: Sequence[TrainingSet]) -> None:
    """No pixel in two splits, and no group, unless a set has it so on purpose."""
    torn_before = {unit for one in sets for unit, splits in _splits(one.tiles, one.groups).items() if len(splits) > 1}
    groups = {image: group for one in sets for image, group in one.groups.items()}
    for unit, splits in _splits(tiles, groups).items():
        if len(splits) > 1 and unit not in torn_before:
            where = " and ".join(sorted(splits))
            raise InputError(
                f"'{unit}' would be in {where}, which tells nothing of new images: make the set anew from all images "
                "with create_training_set()."
            )
    by_image: dict[str, list[TrainingTile]] = {}
    for item in tiles:
        by_image.setdefault(item.image, []).append(item)
    for image, items in by_image.items():
        places, names = np.array([item.tile for item in items]), np.array([item.split for item in items])
        for (x, y, width, height), split in zip(places, names, strict=True):
            across = (places[:, 0] < x + width) & (x < places[:, 0] + places[:, 2])
            down = (places[:, 1] < y + height) & (y < places[:, 1] + places[:, 3])
            if np.any(across & down & (names != split)):
                raise InputError(
                    f"Tiles of '{image}' that overlap would be in several splits: make the set anew from all images "
                    "with create_training_set()."
                )


def _splits(tiles: Sequence[TrainingTile], groups: dict[str, str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for item in tiles:
        found.setdefault(groups.get(item.image, item.image), set()).add(item.split)
    return found


def filtered(training_set: TrainingSet, name: str, recipe: Recipe, image: GetImage) -> TrainingSet:
    """The tiles of the images and groups that are wanted, with the wanted classes; splits stay.

    Raises InputError when nothing is left, or labels have changed so that they cannot be counted.
    """
    classes = select_classes(recipe.classes, training_set.classes)
    chosen = in_groups({i: image(i) for i in training_set.annotation_sha256}, recipe.groups, training_set.groups)
    tiles: list[TrainingTile] = []
    done = False
    for handle in chosen.values():
        annotation = handle.annotation()
        if recipe.finished and not is_finished(annotation):
            continue
        done = True
        check_unchanged(training_set, handle.name, annotation)
        counter = TileCounter(handle, annotation, classes, training_set.pixel_size_um)
        items = [item for item in training_set.tiles if item.image == handle.name]
        tiles += [item.model_copy(update={"pixels": counter.count(item.tile)}) for item in items]
    if chosen and not done:
        raise InputError(none_finished(list(chosen)))
    if recipe.empty_tiles == "drop":
        tiles = [item for item in tiles if item.has_labels]
    if not tiles:
        raise InputError(f"Nothing of '{training_set.name}' is left: ask for more classes, groups or images.")
    used = {item.image for item in tiles}
    more: dict[str, Any] = {"channels": training_set.channels, "shares": training_set.shares, "fold": training_set.fold}
    return new_training_set(
        name,
        classes=classes,
        tiles=tiles,
        annotation_sha256={i: sha for i, sha in training_set.annotation_sha256.items() if i in used},
        pixel_size_um=training_set.pixel_size_um,
        groups={i: group for i, group in training_set.groups.items() if i in used},
        finished=tuple(i for i in training_set.finished if i in used),
        made_with={
            "filtered": f"{training_set.name} {training_set.short_hash}",
            **recipe.noted(classes=recipe.classes),
        },
        **more,
    )


def check_unchanged(training_set: TrainingSet, image: str, annotation: Annotation) -> None:
    """Raise InputError when the labels of an image are not those that the set was made from."""
    if annotation.labels_sha256() != training_set.annotation_sha256[image]:
        raise InputError(
            f"The labels of {image} have changed since training set '{training_set.name}' was made: make a new "
            "one with create_training_set()."
        )

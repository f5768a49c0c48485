"""Make training sets from annotated images: which of them, which tiles, what is learned, and how it is split."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np

from ..errors import InputError
from ..model_input import ModelInput
from ..pixel_sizes import check_pixel_size
from ..project_image import ProjectImage
from ..tiling import Tile, Tiling
from .balance import listed
from .counting import TileCounter, count_tiles
from .splitting import Splitting, fold_tiles, split_tiles
from .stored import check_annotated
from .training_set import GREY, TrainingSet, TrainingTile, new_training_set

By = Literal["auto", "image", "group"]
EmptyTiles = Literal["keep", "drop"]
FINISHED = "finished"  # the task that says that all of an image is annotated


@dataclass(frozen=True)
class Recipe:
    """What goes into a set. None takes all: classes, groups; for the pixel size the images' median."""

    classes: Sequence[str] | None = None
    groups: Sequence[str] | None = None
    finished: bool = False
    empty_tiles: EmptyTiles = "keep"
    by: By = "auto"
    pixel_size_um: float | None = None
    channels: Sequence[str] = GREY

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("empty_tiles", self.empty_tiles, get_args(EmptyTiles)),
            ("by", self.by, get_args(By)),
        ):
            if value not in allowed:
                raise InputError(f"{name}={value!r} is not allowed: give one of {', '.join(map(repr, allowed))}.")
        for name, names in (("classes", self.classes), ("groups", self.groups), ("channels", self.channels)):
            if isinstance(names, str):
                raise InputError(f"{name}={names!r} is one name: give a list, as in {name}=[{names!r}].")

    def noted(self, **more: Any) -> dict[str, Any]:
        """What a set keeps of it: what is not as by default."""
        kept = {
            "groups": self.groups,
            "finished": self.finished,
            "empty_tiles": self.empty_tiles,
            "by": self.by,
            **more,
        }
        defaults = {"groups": None, "finished": False, "empty_tiles": "keep", "by": "auto"}
        return {key: list(v) if isinstance(v, tuple | list) else v for key, v in kept.items() if v != defaults.get(key)}


@dataclass(frozen=True)
class Ingredients:
    """What a set is made of: images, their tiles with pixels per class number, and their groups where they count."""

    recipe: Recipe
    images: tuple[ProjectImage, ...]
    classes: tuple[str, ...]
    pixel_size_um: float
    counts: Mapping[str, Mapping[Tile, tuple[int, ...]]]
    groups: Mapping[str, str]
    split_groups: Mapping[str, str]  # empty where the split is by image

    def splitting(self, how: Splitting) -> Splitting:
        """The same, with groups and pixels per class."""
        amounts = {image: np.sum(list(tiles.values()), axis=0) for image, tiles in self.counts.items()}
        return replace(how, groups=self.split_groups, amounts=amounts)

    def tilings(self) -> dict[str, list[Tile]]:
        """The tiles of each image."""
        return {image: list(tiles) for image, tiles in self.counts.items()}

    def training_set(self, name: str, tiles: Sequence[TrainingTile], **more: Any) -> TrainingSet:
        """The set of these tiles."""
        return new_training_set(
            name,
            classes=self.classes,
            tiles=self._counted(tiles),
            annotation_sha256={image.name: image.labels_sha256() for image in self.images if image.name in self.counts},
            pixel_size_um=self.pixel_size_um,
            channels=tuple(self.recipe.channels),
            groups={image: self.groups[image] for image in self.counts if image in self.groups},
            finished=tuple(i.name for i in self.images if i.name in self.counts and is_finished(i)),
            **more,
        )

    def _counted(self, tiles: Sequence[TrainingTile]) -> list[TrainingTile]:
        """With their pixels per class; those that the split has cut are counted anew."""
        counters: dict[str, TileCounter] = {}
        images = {image.name: image for image in self.images}
        found = []
        for item in tiles:
            pixels = self.counts[item.image].get(item.tile)
            if pixels is None:
                if item.image not in counters:
                    counters[item.image] = TileCounter(images[item.image], self.classes, self.pixel_size_um)
                pixels = counters[item.image].count(item.tile)
            found.append(item.model_copy(update={"pixels": pixels}))
        return found


def make_set(ingredients: Ingredients, name: str, how: Splitting) -> TrainingSet:
    """A set with its split; stored it is not yet."""
    how = ingredients.splitting(how)
    tiles = split_tiles(ingredients.tilings(), how)
    noted = ingredients.recipe.noted(validation=how.validation, test=how.test, seed=how.seed)
    return ingredients.training_set(name, tiles, shares=how.shares, made_with=noted)


def make_folds(ingredients: Ingredients, name: str, folds: int | Literal["each"], how: Splitting) -> list[TrainingSet]:
    """A set for each fold, named <name>-fold-1 and so on."""
    how = ingredients.splitting(how)
    found = fold_tiles(ingredients.tilings(), folds, how)
    noted = ingredients.recipe.noted(folds=folds, test=how.test, seed=how.seed)
    return [
        ingredients.training_set(f"{name}-fold-{number}", tiles, fold=number, made_with=noted)
        for number, tiles in enumerate(found, start=1)
    ]


def gather(
    images: Sequence[ProjectImage],
    recipe: Recipe,
    groups: Mapping[str, str],
    known_classes: Sequence[str],
    tiling: Callable[[ProjectImage], Tiling],
) -> Ingredients:
    """Everything that a set is made of. Raises InputError that says what is missing, or names what is not there."""
    images = select_images(list({image.name: image for image in images}.values()), recipe, groups)
    check_annotated(images)
    classes = select_classes(recipe.classes, known_classes)
    size = recipe.pixel_size_um or float(np.median([image.pixel_size_um for image in images]))
    check_pixel_size(size, "the training set")
    for image in images:
        ModelInput(image, size, tuple(recipe.channels))  # it knows whether the image has the channels
    counts = {i.name: count_tiles(i, tiling(i).inside_tiles, classes, size) for i in images}
    if not any(any(pixels[1:]) for tiles in counts.values() for pixels in tiles.values()):
        raise InputError(
            f"The training set cannot be made: no tile shows a label of {', '.join(classes)}. Annotate some, or choose "
            "other classes or tiles."
        )
    if recipe.empty_tiles == "drop":
        counts = {image: {t: p for t, p in tiles.items() if any(p[1:])} for image, tiles in counts.items()}
        counts = {image: tiles for image, tiles in counts.items() if tiles}
    kept = tuple(image for image in images if image.name in counts)
    return Ingredients(
        recipe, kept, classes, size, counts, groups, _split_groups([i.name for i in kept], recipe.by, groups)
    )


def select_images(images: Sequence[ProjectImage], recipe: Recipe, groups: Mapping[str, str]) -> list[ProjectImage]:
    """Those of the wanted groups, and, where that is asked for, those that are marked as finished."""
    chosen = list(images)
    if recipe.groups is not None:
        have = {groups[image.name] for image in chosen if image.name in groups}
        unknown = [group for group in recipe.groups if group not in have]
        if unknown:
            raise InputError(
                f"No image is of the group {listed(unknown)}; there are: {listed(sorted(have)) or 'none yet'}. Groups "
                "are given with project.set_groups({'image': 'group'})."
            )
        chosen = [image for image in chosen if groups.get(image.name) in set(recipe.groups)]
    if recipe.finished:
        done = [image for image in chosen if is_finished(image)]
        if chosen and not done:
            raise InputError(
                f"None of the images ({listed([image.name for image in chosen])}) is marked as finished: tick it in "
                "the annotation widget, or leave finished=True out."
            )
        chosen = done
    return chosen


def is_finished(image: ProjectImage) -> bool:
    """Whether somebody has ticked that all of it is annotated."""
    return FINISHED in image.annotation().completed_tasks


def select_classes(wanted: Sequence[str] | None, known: Sequence[str]) -> tuple[str, ...]:
    """The classes to learn, in the project's order. Raises InputError when one is not known, or none is left."""
    unknown = [name for name in wanted or () if name not in known]
    if unknown or (wanted is not None and not wanted):
        raise InputError(
            f"classes={list(wanted or ())} is not allowed: give some of the project's classes, "
            f"{', '.join(known) or 'none yet'}."
        )
    return tuple(name for name in known if wanted is None or name in wanted)


def _split_groups(images: Sequence[str], by: By, groups: Mapping[str, str]) -> dict[str, str]:
    """The groups that a split keeps together; none where it is by image."""
    found = {image: groups[image] for image in images if image in groups}
    if by == "image" or (by == "auto" and not found):
        return {}
    lacking = [image for image in images if image not in found]
    if lacking:
        raise InputError(
            f"{listed(lacking)} {'has' if len(lacking) == 1 else 'have'} no group, and a split by group needs one for "
            "every image: give it with project.set_groups({'image': 'group'}), or split with by='image'."
        )
    return found

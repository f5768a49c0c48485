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
from .counting import LabelledImage, TileCounter, is_finished, look_at
from .splitting import Splitting, fold_tiles, split_tiles
from .training_set import GREY, TrainingSet, TrainingTile, new_training_set

By = Literal["auto", "image", "group"]
EmptyTiles = Literal["keep", "drop"]


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
    """What a set is made of: images with what is in their tiles, and their groups where they count."""

    recipe: Recipe
    images: Mapping[str, LabelledImage]
    classes: tuple[str, ...]
    pixel_size_um: float
    groups: Mapping[str, str]
    split_groups: Mapping[str, str]  # empty where the split is by image

    def splitting(self, how: Splitting) -> Splitting:
        """The same, with groups and pixels per class."""
        amounts = {name: np.sum(list(image.pixels.values()), axis=0) for name, image in self.images.items()}
        return replace(how, groups=self.split_groups, amounts=amounts)

    def tilings(self) -> dict[str, list[Tile]]:
        """The tiles of each image."""
        return {name: list(image.pixels) for name, image in self.images.items()}

    def training_set(self, name: str, tiles: Sequence[TrainingTile], **more: Any) -> TrainingSet:
        """The set of these tiles."""
        return new_training_set(
            name,
            classes=self.classes,
            tiles=self._counted(tiles),
            annotation_sha256={name: image.labels_sha256 for name, image in self.images.items()},
            pixel_size_um=self.pixel_size_um,
            channels=tuple(self.recipe.channels),
            groups={image: self.groups[image] for image in self.images if image in self.groups},
            finished=tuple(name for name, image in self.images.items() if image.finished),
            **more,
        )

    def _counted(self, tiles: Sequence[TrainingTile]) -> list[TrainingTile]:
        """With their pixels per class; those that the split has cut are counted anew."""
        counters: dict[str, TileCounter] = {}
        found = []
        for item in tiles:
            pixels = self.images[item.image].pixels.get(item.tile)
            if pixels is None:
                if item.image not in counters:
                    image = self.images[item.image].image
                    counters[item.image] = TileCounter(image, image.annotation(), self.classes, self.pixel_size_um)
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
    *,
    labelled_only: bool = False,
) -> Ingredients:
    """Everything that a set is made of, of `images` or of those that have labels. Raises InputError."""
    chosen = in_groups({image.name: image for image in images}, recipe.groups, groups)
    classes = select_classes(recipe.classes, known_classes)
    size = recipe.pixel_size_um or float(np.median([i.pixel_size_um for i in chosen.values()] or [1]))
    check_pixel_size(size, "the training set")
    found: dict[str, LabelledImage] = {}
    for name, image in chosen.items():
        annotation = image.annotation()
        if (recipe.finished and not is_finished(annotation)) or (labelled_only and not annotation.labels):
            continue
        ModelInput(image, size, tuple(recipe.channels))  # it knows whether the image has the channels
        found[name] = look_at(image, annotation, tiling(image).inside_tiles, classes, size)
    if recipe.finished and chosen and not found:
        raise InputError(none_finished(list(chosen)))
    _check_annotated(list(found.values()), known_classes)
    kept = _with_labels(found, classes, recipe.empty_tiles)
    return Ingredients(recipe, kept, classes, size, groups, _split_groups(list(kept), recipe.by, groups))


def _check_annotated(images: Sequence[LabelledImage], known_classes: Sequence[str]) -> None:
    """An image without labels that is marked as finished shows background only, and is as good as any."""
    some = any(image.labels for image in images)
    empty = [image.name for image in images if not image.labels and not (some and image.finished)]
    if not images or empty:
        what = f"{listed(empty)} has no labels" if empty else "it has no images"
        raise InputError(f"The training set cannot be made: {what}. Annotate first: project.annotate(image).")
    known = {"", *known_classes}  # unclassified labels are allowed, and teach nothing
    unknown = sorted({name for image in images for name in image.labels} - known)
    if unknown:
        raise InputError(
            f"The training set cannot be made: labels have the classes {', '.join(unknown)}, which the project "
            f"does not know. Add them first: project.add_classes({unknown})."
        )


def _with_labels(
    images: Mapping[str, LabelledImage], classes: Sequence[str], empty_tiles: EmptyTiles
) -> dict[str, LabelledImage]:
    """The images, where that is asked for without tiles that show no label. Raises InputError when no tile does."""
    if not any(any(pixels[1:]) for image in images.values() for pixels in image.pixels.values()):
        raise InputError(
            f"The training set cannot be made: no tile shows a label of {', '.join(classes) or 'any class'}. Annotate "
            "some, or choose other classes or tiles."
        )
    if empty_tiles == "keep":
        return dict(images)
    kept = {n: replace(i, pixels={t: p for t, p in i.pixels.items() if any(p[1:])}) for n, i in images.items()}
    return {name: image for name, image in kept.items() if image.pixels}


def in_groups(
    images: Mapping[str, ProjectImage], wanted: Sequence[str] | None, groups: Mapping[str, str]
) -> dict[str, ProjectImage]:
    """The images of the wanted groups. Raises InputError when no image is of one of them."""
    if wanted is None:
        return dict(images)
    have = {groups[name] for name in images if name in groups}
    unknown = [group for group in wanted if group not in have]
    if unknown:
        raise InputError(
            f"No image is of the group {listed(unknown)}; there are: {listed(sorted(have)) or 'none yet'}. Groups "
            "are given with project.set_groups({'image': 'group'})."
        )
    return {name: image for name, image in images.items() if groups.get(name) in set(wanted)}


def none_finished(names: Sequence[str]) -> str:
    """What to do where no image is marked as finished."""
    return (
        f"None of the images ({listed(names)}) is marked as finished: tick it in the annotation widget, or leave "
        "finished=True out."
    )


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

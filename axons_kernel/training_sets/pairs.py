"""Training data of other programs: folders of pictures and masks, by split, each pair an image of its own.

    train/images/a.png   train/masks/a.png   validation/images/b.png   validation/masks/b.png   (and test/)

Without folders of splits, `images/` and `masks/` alone, all is for training.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..annotations import Label, LabelClass
from ..errors import InputError
from ..formats.mask_folder import PICTURES
from ..formats.objects import objects_of_mask
from ..formats.png import decode_numbers, png_shape
from ..formats.values import FileIds
from ..images import decode_image
from ..importing import ImportOptions, store_image
from ..label_classes import add_classes
from ..masks import grey_levels, read_mask
from ..storage import Store, name_from_file
from ..tiling import Tile
from .balance import listed
from .combining import GetImage
from .counting import TileCounter
from .training_set import Split, TrainingSet, TrainingTile, new_training_set

SPLIT_NAMES: dict[str, Split] = {
    **{"train": "train", "training": "train"},
    **{"validation": "validation", "valid": "validation", "val": "validation"},
    **{"test": "test", "testing": "test"},
}
_IMAGES, _MASKS = ("images", "image", "imgs"), ("masks", "mask", "labels", "annotations")


@dataclass(frozen=True)
class Pair:
    """A picture and its mask, by their keys in the folder, and what the image will be called."""

    name: str
    split: Split
    picture: str
    mask: str


def find_pairs(folder: Store) -> list[Pair]:
    """All pairs. Raises InputError when there are none, one is not complete, or two have the same name."""
    found: list[Pair] = []
    lonely: list[str] = []
    for prefix, split in _places(folder):
        pictures, masks = (_pictures(folder, prefix, names) for names in (_IMAGES, _MASKS))
        lonely += [pictures.get(stem) or masks[stem] for stem in sorted(set(pictures) ^ set(masks))]
        for stem in sorted(set(pictures) & set(masks)):
            found.append(Pair(name_from_file(stem), split, pictures[stem], masks[stem]))
    if lonely:
        raise InputError(f"{folder.url} has pictures or masks without the other: {listed(lonely)}. Add or remove them.")
    if not found:
        raise InputError(
            f"{folder.url} holds no training set: give a folder with training_set.json, or with train/images and "
            "train/masks (and the same for validation and test), where files of the same name belong together."
        )
    refuse_twice(folder, [pair.name for pair in found])
    return found


def _places(folder: Store) -> Iterator[tuple[str, Split]]:
    splits = [(f"{name}/", split) for name, split in SPLIT_NAMES.items() if folder.names(name)]
    yield from splits or [("", "train")]


def _pictures(folder: Store, prefix: str, names: Sequence[str]) -> dict[str, str]:
    """Stem -> key of the pictures in the first of these folders that is there."""
    for name in names:
        files = [file for file in folder.names(prefix + name) if file.lower().endswith(PICTURES)]
        if files:
            return {os.path.splitext(file)[0]: f"{prefix}{name}/{file}" for file in files}
    return {}


def class_levels(folder: Store, pairs: Sequence[Pair], classes: Sequence[str]) -> dict[str, int]:
    """The grey level of each class: 1, 2, ... where masks hold class numbers, else those found, in ascending order.

    Raises InputError when they are not as many as the classes.
    """
    levels = sorted({level for pair in pairs for level in grey_levels(read_numbers(folder, pair.mask)) if level})
    if all(level <= len(classes) for level in levels):
        return {name: number for number, name in enumerate(classes, start=1)}
    if len(levels) != len(classes):
        raise InputError(
            f"The masks of {folder.url} have the grey levels {levels[:8]} beside 0, and {len(classes)} classes are "
            f"named ({', '.join(classes) or 'none'}): name one class per grey level, darkest first."
        )
    return dict(zip(classes, levels, strict=True))


def read_numbers(folder: Store, key: str) -> NDArray[np.generic]:
    """(H, W) numbers of a mask picture; palettes are numbers, of colours the first channel counts."""
    data = folder.read(key)
    if png_shape(data) is not None:
        return decode_numbers(data, folder.path(key))[0]
    pixels = decode_image(data, folder.path(key)).pixels
    return pixels if pixels.ndim == 2 else pixels[..., 0]


def import_pairs(
    store: Store,
    folder: Store,
    get_image: GetImage,
    classes: Sequence[str],
    pixel_size_um: float | None,
    name: str,
) -> TrainingSet:
    """Each pair as an image with its labels, and the set of them; a tile is a whole image.

    Raises InputError, with nothing changed, when pictures and masks do not fit together or names are taken.
    """
    if not classes:
        raise InputError(
            "The masks do not say their classes: name them, darkest first, as in classes=['axon', 'myelin']."
        )
    pairs = find_pairs(folder)
    levels = class_levels(folder, pairs, classes)
    for pair in pairs:
        _check(folder, pair)
    given = [Given(pair.name, pair.split, pair.picture, partial(_labels, folder, pair, levels)) for pair in pairs]
    return keep_given(store, folder, get_image, given, classes, pixel_size_um, name)


@dataclass(frozen=True)
class Given:
    """A picture that becomes an image: its name, split and key in the folder, and what gives its labels."""

    name: str
    split: Split
    picture: str
    labels: Callable[[], tuple[Label, ...]]


def keep_given(
    store: Store,
    folder: Store,
    get_image: GetImage,
    given: Sequence[Given],
    classes: Sequence[str | LabelClass],
    pixel_size_um: float | None,
    name: str,
) -> TrainingSet:
    """Import the pictures, with their labels where the project has none of them, and make the set."""
    add_classes(store, classes)
    names = [c if isinstance(c, str) else c.name for c in classes]
    tiles, hashes, sizes = [], {}, []
    for item in tqdm(given, desc="importing", unit="image", delay=1, file=sys.stdout):
        options = ImportOptions(source_pixel_size_um=pixel_size_um, progress=False)
        handle = get_image(store_image(store, folder.read(item.picture), item.name, options).name)
        annotation = handle.annotation()
        if not annotation.labels:
            handle.save_annotation(replace(annotation, labels=item.labels()))
        whole = Tile(0, 0, handle.shape[1], handle.shape[0])
        pixels = TileCounter(handle, handle.annotation(), names, handle.pixel_size_um).count(whole)
        tiles.append(TrainingTile(image=item.name, tile=whole, split=item.split, pixels=pixels))
        hashes[item.name] = handle.labels_sha256()
        sizes.append(handle.pixel_size_um)
    return new_training_set(
        name,
        classes=names,
        tiles=tiles,
        annotation_sha256=hashes,
        pixel_size_um=float(np.median(sizes)),
        made_with={"imported": "pictures"},
    )


def refuse_twice(folder: Store, names: Sequence[str]) -> None:
    """Raise InputError when two pictures would be images of one name."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"{folder.url} has several pictures called {listed(twice)}: give each a name of its own.")


def _check(folder: Store, pair: Pair) -> None:
    height, width = decode_image(folder.read(pair.picture), folder.path(pair.picture)).shape
    numbers = read_numbers(folder, pair.mask)
    if numbers.shape != (height, width):
        raise InputError(
            f"{folder.path(pair.mask)} is {numbers.shape[1]} x {numbers.shape[0]} pixels, and its picture {width} x "
            f"{height}: a mask needs the size of its picture."
        )


def _labels(folder: Store, pair: Pair, levels: Mapping[str, int]) -> tuple[Label, ...]:
    mask = read_mask(read_numbers(folder, pair.mask), levels).classes
    ids = FileIds(folder.read(pair.mask))
    found: list[Label] = []
    for number, label_class in enumerate(levels, start=1):
        found += objects_of_mask(mask == number, label_class, "mask", ids)
    return tuple(found)

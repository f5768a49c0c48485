"""What a training set itself tells of its balance: pixels of each class in each split, and what to beware of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .training_set import SPLITS, Split, TrainingSet

TINY_SHARE = 0.001  # of the pixels that are trained on; a class with less is hard to learn
FEW_TILES = 3  # a class that fewer tiles show is hard to learn
_UNEVEN = 0.1  # a class's share of a split that is farther off than this is told
_NAMED = 8


def known(training_set: TrainingSet) -> bool:
    """Whether the set holds its pixels per class; those of earlier versions do not."""
    return all(item.pixels for item in training_set.tiles)


def split_pixels(training_set: TrainingSet, split: Split) -> NDArray[np.int64]:
    """(classes + 1,) pixels of each class number in the tiles of a split; those in several tiles count in each."""
    start = np.zeros(len(training_set.classes) + 1, np.int64)
    return sum((np.array(item.pixels, np.int64) for item in training_set.in_split(split)), start)


def class_shares(training_set: TrainingSet) -> dict[Split, NDArray[np.float64]]:
    """Per split, (classes + 1,): its share of all pixels, then of those of each class; NaN for a class without any."""
    pixels = {split: split_pixels(training_set, split) for split in SPLITS}
    counts = {split: np.append(found.sum(), found[1:]) for split, found in pixels.items()}
    every = np.asarray(sum(counts.values()), np.float64)
    every[every == 0] = np.nan
    return {split: counts[split] / every for split in SPLITS}


def unevenness(training_set: TrainingSet) -> tuple[float, str, Split] | None:
    """The class share that is farthest from what it should be: how far (0..1), the class and the split.

    It should be what was asked for, or, where images were named, the split's share of all pixels.
    """
    worst: tuple[float, str, Split] | None = None
    for split, shares in class_shares(training_set).items():
        wanted = training_set.shares.get(split, shares[0])
        for name, share in zip(training_set.classes, shares[1:], strict=True):
            off = abs(float(share - wanted))
            if np.isfinite(off) and (worst is None or off > worst[0]):
                worst = (off, name, split)
    return worst


def card_lines(training_set: TrainingSet) -> list[str]:
    """The data card as text."""
    lines = [headline(training_set)]
    for split in SPLITS:
        count = len(training_set.in_split(split))
        if count:
            lines.append(f"  {split:<10} {count:>4} tiles of {listed(training_set.images(split))}")
    if known(training_set):
        lines += [*_balance_lines(training_set), *(f"  evenness   {line}" for line in [evenness(training_set)] if line)]
    return lines + [f"  note: {warning}" for warning in warnings(training_set)]


def headline(training_set: TrainingSet) -> str:
    """Name, classes and pixel size in one line."""
    fold = f", fold {training_set.fold}" if training_set.fold else ""
    return (
        f"Training set '{training_set.name}'{fold}: classes {', '.join(training_set.classes)}, "
        f"{training_set.pixel_size_um:g} µm per pixel, version {training_set.short_hash}"
    )


def _balance_lines(training_set: TrainingSet) -> list[str]:
    present = [split for split in SPLITS if training_set.in_split(split)]
    pixels = {split: split_pixels(training_set, split) for split in present}
    lines = []
    for number, name in enumerate(training_set.classes, start=1):
        parts = [f"{split} {100 * found[number] / max(1, found.sum()):.3g} %" for split, found in pixels.items()]
        lines.append(f"  {name:<10} {', '.join(parts)} of the pixels")
    return lines


def evenness(training_set: TrainingSet) -> str:
    """How evenly the classes are split, as a sentence; empty where there is only one split."""
    worst = unevenness(training_set)
    if worst is None or sum(bool(training_set.in_split(split)) for split in SPLITS) < 2:
        return ""
    off, name, split = worst
    return f"shares of classes are off by {100 * off:.2g} % at most ({name} in {split})"


def warnings(training_set: TrainingSet) -> list[str]:
    """What to beware of, as sentences."""
    shared = sorted(set(training_set.images("train")) & set(training_set.images("validation")))
    found = []
    if shared:
        found.append(f"too few images to split by image; {listed(shared)} is split by area, without overlap")
    found += _torn_groups(training_set)
    if not training_set.in_split("validation"):
        found.append("there is no validation, so nothing tells which checkpoint is the best")
    if known(training_set):
        found += [*_unlabelled(training_set), *_tiny_classes(training_set), *_uneven(training_set)]
    return found


def _torn_groups(training_set: TrainingSet) -> list[str]:
    splits: dict[str, set[str]] = {}
    for item in training_set.tiles:
        if item.image in training_set.groups:
            splits.setdefault(training_set.groups[item.image], set()).add(item.split)
    torn = sorted(group for group, found in splits.items() if len(found) > 1)
    what = "validation and test look better than they are, as one group's images are alike"
    return [f"images of {listed(torn)} are in several splits: {what}"] if torn else []


def unlabelled(training_set: TrainingSet) -> dict[str, int]:
    """Tiles without any label of a class, per image; images that are marked as finished are left out."""
    counts: dict[str, int] = {}
    for item in training_set.tiles:
        if not item.has_labels and item.image not in training_set.finished:
            counts[item.image] = counts.get(item.image, 0) + 1
    return counts


def _unlabelled(training_set: TrainingSet) -> list[str]:
    counts = unlabelled(training_set)
    if not counts:
        return []
    return [
        f"{sum(counts.values())} of {len(training_set.tiles)} tiles show no label ({listed(sorted(counts))}), and the "
        "model learns that all in them is background: if nobody has annotated them, leave them out with "
        "empty_tiles='drop'; if there is nothing in them, tick the image as finished"
    ]


def _tiny_classes(training_set: TrainingSet) -> list[str]:
    train, found = split_pixels(training_set, "train"), []
    for number, name in enumerate(training_set.classes, start=1):
        tiles = sum(item.pixels[number] > 0 for item in training_set.in_split("train"))
        if not tiles:
            found.append(f"no training tile shows '{name}', so the model cannot learn it")
        elif train[number] < TINY_SHARE * train.sum() or tiles < min(FEW_TILES, len(training_set.in_split("train"))):
            share = 100 * train[number] / train.sum()
            found.append(
                f"'{name}' is rare: {share:.2g} % of the pixels, on {tiles} tile{'s' * (tiles != 1)}; annotate more of "
                "it, or expect it to be missed"
            )
        for split in SPLITS[1:]:
            if training_set.in_split(split) and not split_pixels(training_set, split)[number]:
                found.append(f"no {split} tile shows '{name}', so its scores there say nothing")
    return found


def _uneven(training_set: TrainingSet) -> list[str]:
    worst = unevenness(training_set)
    if worst is None or worst[0] <= _UNEVEN:
        return []
    off, name, split = worst
    return [f"the share of '{name}' in {split} is off by {100 * off:.0f} %: take scores of '{name}' with care"]


def listed(names: Sequence[str]) -> str:
    """Names in a line; of many, the first ones."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more

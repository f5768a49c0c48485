"""What several people say about each pixel of one image, grouped: pixels on which all say the same are one row.

A class of sixty on 4096 x 4096 pixels is a billion ratings, but few different rows. Agreement, majority and STAPLE
are computed on the rows; only their maps go back to pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from ..annotations import Annotation
from ..errors import InputError
from ..metrics import same_shape
from .instances import Instances, Labels, as_instances

MISSING = 255  # in a class mask: this person has not looked at the pixel
_BLOCK = 1 << 12  # rows
RIM = 5  # pixels of background around the union band


@dataclass(frozen=True, eq=False)
class Ratings:
    """Row `index[y, x]` of `rows` holds what each rater says of pixel (x, y); `weights` counts each row's pixels.

    Values are class numbers (0 background, i is `classes[i - 1]`) or MISSING. In a band, rows outside it weigh 0.
    """

    raters: tuple[str, ...]
    classes: tuple[str, ...]
    rows: NDArray[np.uint8]  # (m, raters)
    weights: NDArray[np.int64]  # (m,)
    index: NDArray[np.int32]  # (H, W)

    @property
    def categories(self) -> int:
        """How many values a rater can choose from: the classes and the background."""
        return len(self.classes) + 1

    def votes(self) -> NDArray[np.int64]:
        """(m, categories): how many raters chose each value; those who did not look at the pixels do not count."""
        return np.stack([(self.rows == value).sum(axis=1) for value in range(self.categories)], axis=1)

    def blocks(self) -> Iterator[slice]:
        """Slices of rows, few at a time: little memory, and small matrix products stay in the cache."""
        for start in range(0, len(self.rows), _BLOCK):
            yield slice(start, start + _BLOCK)

    def said(self, block: slice) -> list[NDArray[np.float64]]:
        """For each value, (b, raters) of 1 and 0: who chose it, in a block of rows."""
        return [(self.rows[block] == value).astype(np.float64) for value in range(self.categories)]

    def band(self, rim: int = RIM) -> Ratings:
        """Only the union of everybody's foreground and a rim of `rim` pixels around it.

        Background that nobody doubts dominates kappa and alpha over the whole image: there, two people agree by
        chance. The rim keeps some of it, as without any background a perfect agreement has no kappa.
        """
        if rim < 0:
            raise InputError(f"rim={rim} is not allowed: give a width in pixels, 0 or more.")
        claimed = ((self.rows > 0) & (self.rows != MISSING)).any(axis=1)
        near = claimed[self.index].view(np.uint8)
        for axis in (0, 1):
            near = maximum_filter1d(near, 2 * rim + 1, axis)
        return replace(self, weights=np.bincount(self.index[near > 0], minlength=len(self.rows)))

    def on_pixels(self, values: NDArray[Any]) -> NDArray[Any]:
        """(m,) values per row -> (H, W) per pixel."""
        return np.asarray(values[self.index])


def rate(
    annotations: Mapping[str, Labels], classes: Sequence[str] = ("object",), *, shape: tuple[int, int] | None = None
) -> Ratings:
    """Put together what several people (name -> their labels) say about one image.

    Annotations are drawn at `shape` (H, W). Class masks (H, W) hold i for `classes[i - 1]`, and MISSING (255) where a
    person has not looked. Raises InputError for fewer than two people, different sizes and values that are no class.
    """
    if len(annotations) < 2:
        raise InputError(
            f"Agreement needs two people or more; {len(annotations)} are given ({', '.join(annotations)})."
        )
    masks = [_class_numbers(name, labels, classes, shape) for name, labels in annotations.items()]
    for mask in masks[1:]:
        same_shape(mask.shape, masks[0].shape)
    first, index, weights = _group(masks)
    rows = np.stack([mask.ravel()[first] for mask in masks], axis=1)
    return Ratings(tuple(annotations), tuple(classes), rows, weights, index.reshape(masks[0].shape))


def _class_numbers(
    name: str, labels: Labels, classes: Sequence[str], shape: tuple[int, int] | None
) -> NDArray[np.uint8]:
    if isinstance(labels, Annotation):
        labels = as_instances(labels, shape, classes)
    if isinstance(labels, Instances):
        numbers = {known: number for number, known in enumerate(classes, start=1)}
        return np.array([0, *(numbers.get(given, 0) for given in labels.classes)], np.uint8)[labels.ids]
    wrong = (labels < 0) | ((labels > len(classes)) & (labels != MISSING))
    if labels.ndim != 2 or wrong.any():
        raise InputError(
            f"The mask of {name} has the shape {labels.shape} and values up to {labels.max()}: give "
            f"(height, width) and 0 to {len(classes)} ({', '.join(classes)}), or {MISSING} where {name} has not looked."
        )
    return labels.astype(np.uint8, copy=False)


def _group(masks: Sequence[NDArray[np.uint8]]) -> tuple[NDArray[np.intp], NDArray[np.int32], NDArray[np.int64]]:
    """First pixel, row of each pixel, and pixels of each row, for rows of equal ratings.

    A row is known by a 64-bit sum of random numbers, one per rater and value: two rows get the same one with a chance
    of about rows^2 / 2^65, under one in a million even for ten million rows.
    """
    numbers = np.random.default_rng(0).integers(0, 2**64, (len(masks), 256), dtype=np.uint64)
    keys = np.zeros(masks[0].size, np.uint64)
    for mask, table in zip(masks, numbers, strict=True):
        keys += table[mask.ravel()]
    # most pixels are one long background: sorting only the others is many times faster
    background = numbers[:, 0].sum(dtype=np.uint64)
    others = np.flatnonzero(keys != background)
    _, first, inverse, counts = np.unique(keys[others], return_index=True, return_inverse=True, return_counts=True)
    plain = keys.size - others.size
    index = np.full(keys.size, len(counts), np.int32)
    index[others] = inverse
    first = others[first]
    if plain:
        first = np.append(first, int(np.argmax(keys == background)))
        counts = np.append(counts, plain)
    return first, index, counts

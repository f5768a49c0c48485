"""Labels in the form that is compared: one instance mask over all classes, with each object's class and label id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label

from ..annotations import Annotation, PointLabel
from ..errors import InputError
from ..metrics import same_shape
from ..rasterize import bounding_window, fill_rings
from ..tiling import Tile

NO_CLASS = "no class"  # the class of labels that have none


@dataclass(frozen=True, eq=False)
class Instances:
    """`ids` (H, W) int32: 0 background, object i has the class `classes[i - 1]` and the label id `label_ids[i - 1]`.

    An object may have no pixel: a point, a label that others cover (`hidden` counts these), or one outside the tile.
    """

    ids: NDArray[np.int32]
    classes: tuple[str, ...]
    label_ids: tuple[str, ...]
    hidden: int = 0

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return (self.ids.shape[0], self.ids.shape[1])

    def is_class(self, name: str) -> NDArray[np.bool_]:
        """(n + 1,) bool by id: whether the object is of this class."""
        return np.array([False, *(given == name for given in self.classes)])

    def mask(self, name: str) -> NDArray[np.bool_]:
        """(H, W) bool: the pixels of a class."""
        return np.asarray(self.is_class(name)[self.ids])

    def cut(self, tile: Tile) -> Instances:
        """The part in a tile; ids stay."""
        return replace(self, ids=tile.cut(self.ids))


Labels = Annotation | Instances | NDArray[np.integer] | NDArray[np.bool_]


def as_instances(
    labels: Labels,
    shape: tuple[int, int] | None = None,
    classes: Sequence[str] | None = None,
    tile: Tile | None = None,
) -> Instances:
    """Bring labels into the form that is compared.

    labels : an annotation; or a class mask (H, W) whose value i is `classes[i - 1]` and whose objects are its
        8-connected areas; or Instances, as they are.
    shape : (H, W) of the image; an annotation needs it, and masks must have it.
    classes : the classes that count, in order; by default all, and one class "object" for a mask of 0 and 1.
    tile : the part that is wanted, within the image.
    """
    if isinstance(labels, Annotation):
        if shape is None:
            raise InputError("An annotation has no size of its own: give shape=(height, width) of its image.")
        return from_annotation(labels, shape, classes, tile)
    if not isinstance(labels, Instances | np.ndarray):
        raise InputError(f"{labels!r:.60} cannot be compared: give an Annotation, a mask (height, width) or Instances.")
    instances = labels if isinstance(labels, Instances) else from_mask(labels, classes or ("object",))
    same_shape(instances.shape, shape or instances.shape)
    return instances.cut(tile) if tile else instances


def from_annotation(
    annotation: Annotation, shape: tuple[int, int], classes: Sequence[str] | None = None, tile: Tile | None = None
) -> Instances:
    """Draw an annotation as it is seen: a later label covers an earlier one, as in `rasterize.class_mask`.

    Only `tile` is drawn, by default the whole image of `shape` (H, W).
    """
    part = tile or Tile(0, 0, shape[1], shape[0])
    labels = [item for item in annotation.labels if classes is None or (item.label_class or NO_CLASS) in classes]
    ids = np.zeros((part.height, part.width), np.int32)
    present = np.zeros(len(labels) + 1, bool)
    for number, item in enumerate(labels, start=1):
        present[number] = isinstance(item, PointLabel) and part.contains(*item.position)
        for rings in item.parts():
            x, y, width, height = _common(Tile(*bounding_window(rings, shape)), part)
            filled = fill_rings(rings, (x, y, width, height))
            ids[y - part.y : y - part.y + height, x - part.x : x - part.x + width][filled] = number
            present[number] |= filled.any()
    seen = np.bincount(ids[ids > 0], minlength=len(labels) + 1) > 0
    return Instances(
        ids,
        classes=tuple(item.label_class or NO_CLASS for item in labels),
        label_ids=tuple(item.object_id for item in labels),
        hidden=int(np.count_nonzero(present & ~seen)),
    )


def _common(one: Tile, other: Tile) -> Tile:
    moved = Tile(one.x - other.x, one.y - other.y, one.width, one.height).clipped((other.height, other.width))
    return Tile(moved.x + other.x, moved.y + other.y, moved.width, moved.height)


def from_mask(mask: NDArray[np.integer] | NDArray[np.bool_], classes: Sequence[str]) -> Instances:
    """Objects of a class mask: its 8-connected areas of one class, so objects of a class that touch are one.

    Shape: (H, W); value i is `classes[i - 1]`. Raises InputError for other values.
    """
    _check_ids(mask, "class mask")
    highest = int(mask.max(initial=0))
    if highest > len(classes):
        raise InputError(
            f"The mask holds the value {highest}, but {len(classes)} classes are named ({', '.join(classes)}): "
            "name one class per value, or use quality.from_ids(...) when the values are ids of objects."
        )
    ids, count = label(mask, connectivity=2, return_num=True)
    values = np.zeros(count + 1, np.int64)
    values[ids.ravel()] = mask.ravel()
    names = tuple(classes[value - 1] for value in values[1:])
    return Instances(ids.astype(np.int32), names, tuple(str(i) for i in range(1, count + 1)))


def from_ids(ids: NDArray[np.integer], classes: str | Sequence[str] = "object") -> Instances:
    """An instance mask (H, W) of ids from 1; `classes` is the class of all of them, or one per id.

    Ids may have gaps; label ids are the numbers themselves. Raises InputError for negative ids or too few classes.
    """
    _check_ids(ids, "instance mask")
    highest = int(ids.max(initial=0))
    used, packed = np.unique(ids, return_inverse=True)
    kept = used[used > 0]
    names = [classes] * highest if isinstance(classes, str) else list(classes)
    if len(names) < highest:
        raise InputError(f"The mask holds the id {highest}, but {len(names)} classes are given: give one per id.")
    packed = packed.reshape(ids.shape) + (0 if used[0] == 0 else 1)
    return Instances(packed.astype(np.int32), tuple(names[i - 1] for i in kept), tuple(str(i) for i in kept))


def _check_ids(ids: NDArray[np.generic], what: str) -> None:
    if ids.ndim != 2 or not (np.issubdtype(ids.dtype, np.integer) or ids.dtype == np.bool_):
        raise InputError(
            f"A {what} has the shape (height, width) and whole numbers; this has {ids.shape}, {ids.dtype}."
        )
    if ids.size == 0 or ids.min() < 0:
        raise InputError(f"A {what} needs at least one pixel and no value below 0.")

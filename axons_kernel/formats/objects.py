"""Objects in masks as polygon labels that give the same pixels back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..annotations import Label, Ring
from ..rasterize import mask_to_labels, mask_to_rings
from .values import FileIds


def objects_of_mask(mask: NDArray[np.bool_], label_class: str | None, source: str, ids: FileIds) -> list[Label]:
    """One label per 8-connected object of a (H, W) bool mask."""
    labels = mask_to_labels(mask, label_class or "", source=source)
    return [replace(label, label_class=label_class, object_id=ids.next()) for label in labels]


def rings_of_instances(instances: NDArray[Any]) -> Iterator[tuple[int, tuple[Ring, ...]]]:
    """(id, rings) for each id above 0 of an (H, W) mask of whole numbers; an object may have several parts."""
    values = np.unique(instances)
    values = values[values > 0]
    dense = np.searchsorted(values, instances).astype(np.int32) + (instances > 0)
    for number, found in enumerate(ndimage.find_objects(np.where(instances > 0, dense, 0)), start=1):
        if found is not None:
            rows, cols = found
            rings = mask_to_rings(dense[found] == number, (cols.start, rows.start))
            yield int(values[number - 1]), rings

"""Objects in masks as polygon labels that give the same pixels back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..annotations import Label, PolygonLabel, Ring
from ..rasterize import mask_to_rings
from .values import FileIds

_NEIGHBOURS = np.ones((3, 3), dtype=bool)  # objects that touch at a corner are one
_MOST_NUMBER = 1 << 22  # object numbers beyond it are counted anew


def objects_of_mask(mask: NDArray[np.bool_], label_class: str | None, source: str, ids: FileIds) -> list[Label]:
    """One label per 8-connected object of a (H, W) bool mask."""
    numbers = np.empty(mask.shape, dtype=np.int32)
    ndimage.label(mask, _NEIGHBOURS, output=numbers)
    return [
        PolygonLabel(label_class=label_class, object_id=ids.next(), source=source, regions=rings)
        for _, rings in rings_of_instances(numbers)
    ]


def rings_of_instances(instances: NDArray[Any]) -> Iterator[tuple[int, tuple[Ring, ...]]]:
    """(id, rings) for each id above 0 of an (H, W) mask of whole numbers; an object may have several parts."""
    values = None
    if int(instances.max(initial=0)) > _MOST_NUMBER or int(instances.min(initial=0)) < 0:
        values, dense = np.unique(np.maximum(instances, 0), return_inverse=True)
        values, instances = (values, dense) if values[0] == 0 else (np.append(0, values), dense + 1)
        instances = instances.reshape(dense.shape).astype(np.int32)
    for number, found in enumerate(ndimage.find_objects(instances), start=1):
        if found is not None:
            rows, cols = found
            rings = mask_to_rings(instances[found] == number, (cols.start, rows.start))
            yield number if values is None else int(values[number]), rings

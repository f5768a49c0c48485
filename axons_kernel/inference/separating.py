"""Tell the objects of a prediction apart over the whole image, block by block, with ids that are unique in it.

Each block is labelled with some pixels around it. Where blocks meet, objects that both blocks see alike become one.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from ..errors import InputError
from ..ome_tiff import write_ome_tiff
from ..picture import Picture
from ..predictions import Prediction
from ..tiling import Tile
from .splitting import connected, cut_at_necks, grown

_BLOCK = 1024  # pixels
_AROUND = 128  # pixels around a block that are labelled with it
_BORDER_REACH = 8.0  # pixels that an object may grow into the border beside it
_METHODS = ("watershed", "border", "touching")
Ids = NDArray[np.uint32]


def separate(
    prediction: Prediction, method: str | None, *, min_area_um2: float = 0.0, progress: bool = True
) -> Prediction:
    """Write instances.tif, and the counts into summary.json; see `Prediction.separate`. Raises InputError."""
    image, store = prediction.image, prediction.image.store
    has_border = store.exists(f"{prediction.folder}/border.tif")
    method = method or ("border" if has_border else "watershed")
    if method not in _METHODS or (method == "border" and not has_border):
        allowed = [name for name in _METHODS if name != "border" or has_border]
        why = "" if method != "border" else ", as the model of this prediction has not learned borders"
        raise InputError(f"method={method!r} is not allowed{why}: give one of {', '.join(map(repr, allowed))}.")
    if not min_area_um2 >= 0:
        raise InputError(f"min_area_um2={min_area_um2!r} is not allowed: give 0 or more µm².")
    with tempfile.TemporaryFile() as spill:
        objects = _Objects(prediction, method, spill)
        bar = tqdm(desc="separating objects", unit="block", disable=not progress, file=sys.stdout, total=objects.blocks)
        with bar:
            objects.find(bar)
        ids, counts = objects.numbered(min_area_um2 / image.pixel_size_um**2)
        picture = Picture(image.shape, np.dtype(np.uint32), (lambda: objects.bands(ids),))
        with store.writing(f"{prediction.folder}/instances.tif") as path:
            write_ome_tiff(path, picture, image.pixel_size_um, categorical=True)
    named = dict(zip(prediction.info.classes, counts, strict=True))
    new = {"objects": named, "instances_by": method, "min_area_um2": float(min_area_um2)}
    info = prediction.info.model_copy(update=new)
    store.write(f"{prediction.folder}/summary.json", info.encode())
    return Prediction(image, info)


@dataclass
class _Known:
    """What is known of the provisional ids, which count up block by block: index 0 is background."""

    classes: list[NDArray[np.uint8]] = field(default_factory=lambda: [np.zeros(1, np.uint8)])
    area: list[NDArray[np.int64]] = field(default_factory=lambda: [np.zeros(1, np.int64)])
    same: list[NDArray[np.int64]] = field(default_factory=list)  # (n, 2) pairs that are one object
    count: int = 1


class _Objects:
    """Finds objects row of blocks by row of blocks; the ids of finished rows wait, compressed, in `spill`."""

    def __init__(self, prediction: Prediction, method: str, spill: IO[bytes]):
        self._prediction, self._method, self._spill = prediction, method, spill
        self._shape = prediction.image.shape
        self._rows: list[tuple[int, int]] = []  # (bytes, height) of what is in the spill file
        self._known = _Known()

    @property
    def blocks(self) -> int:
        """How many there are."""
        return (-(-self._shape[0] // _BLOCK)) * (-(-self._shape[1] // _BLOCK))

    def find(self, bar: Any) -> None:
        """Label all blocks, and note what is the same where they meet."""
        height, width = self._shape
        above: Ids | None = None  # two rows of ids: the last of the row of blocks above, and the one below it
        for top in range(0, height, _BLOCK):
            rows = min(_BLOCK, height - top)
            ids: Ids = np.zeros((rows, width), np.uint32)
            upper, lower = np.zeros((2, width), np.uint32), np.zeros((2, width), np.uint32)
            left_edge: Ids | None = None
            for left in range(0, width, _BLOCK):
                core = Tile(left, top, min(_BLOCK, width - left), rows)
                window, labels = self._labelled(core)
                y, x = core.y - window.y, core.x - window.x
                inner = labels[y : y + rows, x : x + core.width]
                ids[:, left : left + core.width] = inner
                if left_edge is not None:
                    self._match(left_edge, labels[y : y + rows, x - 1 : x + 1].T)
                left_edge = labels[y : y + rows, x + core.width - 1 : x + core.width + 1].T
                columns = slice(left, left + core.width)
                if top:
                    upper[:, columns] = labels[y - 1 : y + 1, x : x + core.width]
                if top + rows < height:
                    lower[:, columns] = labels[y + rows - 1 : y + rows + 1, x : x + core.width]
                bar.update()
            if above is not None:
                self._match(above, upper)
            above = lower
            self._keep(ids)

    def _labelled(self, core: Tile) -> tuple[Tile, Ids]:
        """A block with its surroundings: the window, and provisional ids (h, w) in it."""
        around = Tile(core.x - _AROUND, core.y - _AROUND, core.width + 2 * _AROUND, core.height + 2 * _AROUND)
        window = around.clipped(self._shape)
        mask = self._prediction.window(window)
        border = self._prediction.border_window(window) if self._method == "border" else None
        ids: Ids = np.zeros(mask.shape, np.uint32)
        for number in range(1, len(self._prediction.info.classes) + 1):
            area = mask == number
            if not area.any():
                continue
            labels = cut_at_necks(area) if self._method == "watershed" else connected(area)
            if border is not None:
                labels = grown(labels, border, _BORDER_REACH)
            found = labels > 0
            ids[found] = labels[found] + np.uint32(self._known.count - 1)
            self._known.classes.append(np.full(int(labels.max()), number, np.uint8))
            self._known.count += int(labels.max())
        inner = ids[core.y - window.y :, core.x - window.x :][: core.height, : core.width]
        first = sum(map(len, self._known.area))
        counts = np.bincount(inner.ravel().astype(np.int64), minlength=self._known.count)
        self._known.area.append(counts[first : self._known.count])
        return window, ids

    def _match(self, one: Ids, other: Ids) -> None:
        """Both (2, n) along the line where two blocks meet: what the one, and what the other block sees there."""
        both = np.stack([one.ravel(), other.ravel()]).astype(np.int64)
        pairs, count = np.unique(both[:, (both > 0).all(axis=0)], axis=1, return_counts=True)
        if not pairs.size:
            return
        a, b = pairs
        if self._method == "watershed":  # each must be most of the other; a connected area is one object anyhow
            most = [np.bincount(side[side > 0], minlength=self._known.count) for side in both]
            alike = 2 * count > np.maximum(most[0][a], most[1][b])
        else:
            classes = np.concatenate(self._known.classes)
            alike = classes[a] == classes[b]
        self._known.same.append(pairs[:, alike].T)

    def _keep(self, ids: Ids) -> None:
        memory: Any = ids
        self._rows.append((self._spill.write(imagecodecs.zstd_encode(memory, level=1)), len(ids)))

    def numbered(self, min_area: float) -> tuple[Ids, list[int]]:
        """By provisional id the final one, 0 for what is too small (in pixels); and how many objects each class has."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        known = self._known
        pairs = np.concatenate([np.zeros((0, 2), np.int64), *known.same])
        graph = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(known.count, known.count))
        _, group = connected_components(graph, directed=False)
        area = np.bincount(group, np.concatenate(known.area))
        kept = (area > 0) & (area >= min_area)
        kept[group[0]] = False  # the background
        first = np.full(len(area), known.count)
        np.minimum.at(first, group, np.arange(known.count))
        order = np.argsort(np.where(kept, first, known.count), kind="stable")[: int(kept.sum())]
        number = np.zeros(len(area), np.uint32)
        number[order] = np.arange(1, len(order) + 1)
        classes = np.concatenate(known.classes)[first[order]]
        per_class = np.bincount(classes, minlength=len(self._prediction.info.classes) + 1)[1:]
        return number[group], [int(count) for count in per_class]

    def bands(self, ids: Ids) -> Iterator[NDArray[Any]]:
        """The image's rows with the final ids."""
        self._spill.seek(0)
        for size, height in self._rows:
            data = imagecodecs.zstd_decode(self._spill.read(size))
            yield ids[np.frombuffer(data, np.uint32).reshape(height, self._shape[1])]

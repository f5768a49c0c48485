"""Compare an annotation with a reference: scores per class, numbered findings, and all of it in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..metrics import same_shape
from ..tiling import Tile
from .agreement import cohen_kappa
from .findings import TOLERANCE_PX, Finding, Outlines, find, outlines
from .instances import Instances, Labels, as_instances
from .matching import Matching, match
from .painting import raster
from .scores import ClassComparison, compare_class
from .turns import Turn, turned_back
from .words import summary

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """What an annotation is worth beside a reference; a notebook shows it in words, as a picture and as tables.

    `annotated` and `reference` are cut to `tile`, which says where they lie in the image; `image` (H, W[, C]) are the
    same part's pixels, None when they were not given.
    """

    annotated: Instances
    reference: Instances
    tile: Tile
    classes: tuple[ClassComparison, ...]
    findings: tuple[Finding, ...]
    matching: Matching
    outlines: Outlines
    tolerance_px: float
    pixel_size_um: float | None
    image: NDArray[Any] | None

    def of(self, name: str) -> ClassComparison:
        """The scores of one class. Raises InputError."""
        for scores in self.classes:
            if scores.name == name:
                return scores
        raise InputError(f"There is no class '{name}' in this comparison: {', '.join(c.name for c in self.classes)}.")

    def class_kappa(self) -> float:
        """Cohen's kappa of the classes of the objects that both have, whatever their outlines; 1 is no confusion."""
        names = [c.name for c in self.classes]
        table = np.zeros((len(names), len(names)), np.int64)
        for a, r in zip(*self.matching.pairs("found", "far off", "wrong class"), strict=True):
            table[names.index(self.annotated.classes[a - 1]), names.index(self.reference.classes[r - 1])] += 1
        return cohen_kappa(table)

    def rows(self) -> list[dict[str, str | int | float]]:
        """All scores of each class by name: one line each in a table or a CSV file."""
        return [scores.row() for scores in self.classes]

    def raster(self, window: Tile | None = None) -> NDArray[np.uint8]:
        """The findings as (h, w, 4) uint8 RGBA over `window` (image pixels), by default over all that was compared."""
        part = window or self.tile
        inner = Tile(part.x - self.tile.x, part.y - self.tile.y, part.width, part.height)
        windows = (self.annotated.cut(inner).ids, self.reference.cut(inner).ids)
        origin = (part.x, part.y)
        return raster(*windows, self.matching, self.outlines, origin=origin, tolerance_px=self.tolerance_px)

    def summary(self) -> list[str]:
        """Sentences for the person who drew the annotation, one or two per class."""
        return summary(self.classes, self.annotated.hidden, self.pixel_size_um)

    def figure(self, *, numbers: int = 25) -> Figure:
        """Where it is wrong: the picture with a legend, and the first `numbers` findings numbered."""
        from .figures import comparison_figure

        return comparison_figure(self, numbers)

    def close_ups(self, *, count: int = 8) -> Figure:
        """The first `count` findings at full size: both outlines, yours and the reference's."""
        from .figures import close_ups_figure

        return close_ups_figure(self, count)

    def to_json(self) -> dict[str, Any]:
        """Findings and counts as plain values, for a feedback layer or a file."""
        return {
            "tile": self.tile._asdict(),
            "summary": self.summary(),
            "classes": [{"name": c.name, "objects": c.objects, "counts": c.counts} for c in self.classes],
            "findings": [finding.to_json() for finding in self.findings],
        }

    def _repr_html_(self) -> str:
        from .page import comparison_html

        return comparison_html(self)

    def __repr__(self) -> str:
        return "\n".join(self.summary())


def compare(
    annotated: Labels,
    reference: Labels,
    *,
    shape: tuple[int, int] | None = None,
    classes: Sequence[str] | None = None,
    image: NDArray[Any] | None = None,
    tile: Tile | None = None,
    pixel_size_um: float | None = None,
    tolerance_px: float = TOLERANCE_PX,
) -> Comparison:
    """Compare an annotation, a class mask (H, W) or an instance mask (`from_ids`) with a reference.

    Parameters
    ----------
    shape : (H, W) of the image, needed for annotations when `image` is not given.
    classes : which count, in order; value i of a class mask is `classes[i - 1]`. By default all.
    image : the pixels (H, W) or (H, W, C), for pictures only.
    tile : the part of the image that counts, such as the one tile that was annotated. By default all of it.
    tolerance_px : outlines that are off by no more are not among the findings.

    Raises InputError when sizes, values or the tile do not fit.
    """
    shape = shape or _shape_of(image, reference, annotated)
    if image is not None:
        same_shape(image.shape[:2], shape)
    part = _part(tile, shape)
    mine, theirs = (as_instances(labels, shape, classes, part) for labels in (annotated, reference))
    matching = match(mine, theirs)
    pairs = outlines(mine, theirs, matching)
    names = classes or tuple(dict.fromkeys((*theirs.classes, *mine.classes)))
    return Comparison(
        annotated=mine,
        reference=theirs,
        tile=part,
        classes=tuple(compare_class(name, mine, theirs, matching, pairs) for name in names),
        findings=find(mine, theirs, matching, pairs, origin=(part.x, part.y), tolerance_px=tolerance_px),
        matching=matching,
        outlines=pairs,
        tolerance_px=tolerance_px,
        pixel_size_um=pixel_size_um,
        image=None if image is None else part.cut(image),
    )


def _part(tile: Tile | None, shape: tuple[int, int]) -> Tile:
    whole = Tile(0, 0, shape[1], shape[0])
    part = whole if tile is None else Tile(*tile).clipped(shape)
    if not part.width or not part.height:
        raise InputError(f"{tile} is not on the image of {shape[1]} x {shape[0]} pixels: choose one of its tiles.")
    return part


def self_agreement(
    first: Labels,
    second: Labels,
    *,
    turn: Turn = "none",
    shape: tuple[int, int] | None = None,
    classes: Sequence[str] | None = None,
    image: NDArray[Any] | None = None,
    **options: Any,
) -> Comparison:
    """How far a person agrees with themselves: the same tile annotated twice, the second time shown `turned`.

    The second time is compared with the first, as `compare` does (options as there). `shape` and `image` are those
    of the tile as it was shown first. Raises InputError when the turned sizes do not fit.
    """
    shape = shape or _shape_of(image, first)
    turned_shape = (shape[1], shape[0]) if turn in ("left", "right") else shape
    again = as_instances(second, turned_shape, classes)
    straight = replace(again, ids=turned_back(again.ids, turn))
    return compare(straight, first, shape=shape, classes=classes, image=image, **options)


def _shape_of(*sources: Labels | None) -> tuple[int, int]:
    """(H, W) of the first source that has a size; annotations have none."""
    for source in sources:
        if isinstance(source, np.ndarray | Instances) and len(source.shape) > 1:
            return (source.shape[0], source.shape[1])
    raise InputError("Annotations have no size of their own: give shape=(height, width) of their image, or image=....")

"""What is wrong and where: the numbered findings of a comparison, as a feedback layer and a list show them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from ..tiling import Tile
from .boundary import outline_lengths
from .instances import Instances
from .matching import MATCH, Ids, Matching

Kind = Literal["missed", "extra", "wrong class", "split", "merged", "too wide", "too narrow", "shifted"]
Colour = tuple[int, int, int]
# Okabe and Ito's colours, told apart by colour-blind eyes: what lacks is warm, what is too much is blue.
# Where two meet, the later one shows.
COLOURS: dict[Kind, Colour] = {
    "too narrow": (230, 159, 0),
    "too wide": (86, 180, 233),
    "split": (240, 228, 66),
    "merged": (204, 121, 167),
    "wrong class": (0, 158, 115),
    "missed": (213, 94, 0),
    "extra": (0, 114, 178),
    "shifted": (130, 130, 130),  # painted as too wide and too narrow
}
MEANING: dict[Kind, str] = {
    "missed": "in the reference, not in yours",
    "extra": "in yours, not in the reference",
    "wrong class": "right place, other class",
    "split": "one object that you drew as several",
    "merged": "several objects that you drew as one",
    "too wide": "your outline reaches too far",
    "too narrow": "your outline leaves out a part",
    "shifted": "too wide on one side, too narrow on the other",
}
_TRUE_LENGTH = 0.948  # of the length of a pixel outline, on average over all directions (Dorst and Smeulders 1987)
TOLERANCE_PX = 2.0  # outlines that are off by no more than this are fine: people do not agree better


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. Places are in image pixels, (x, y) from the top left; `x`, `y` is on the object.

    `number` counts from 1, what concerns most pixels first. `label_ids` are labels of the annotation (to be shown or
    changed), `reference_ids` those of the reference. `offset_px` is how far the outline is off on average, above 0
    when too wide; `iou` the overlap of a pair, None where there is none.
    """

    number: int
    kind: Kind
    label_class: str  # the right one; for extra objects, the one given
    given_class: str | None  # the one given, None when there is none
    x: float
    y: float
    box: Tile
    pixels: int  # that it concerns
    label_ids: tuple[str, ...]
    reference_ids: tuple[str, ...]
    offset_px: float | None = None
    iou: float | None = None

    def sentence(self) -> str:
        """What to know about it, for the person who drew the annotation."""
        name, given = self.label_class, self.given_class
        match self.kind:
            case "missed":
                return f"{name}: in the reference, and you have no such label here"
            case "extra":
                return f"{name}: you have a label here, and the reference has none"
            case "wrong class":
                return f"{name}: you called it {given}"
            case "split":
                return f"{name}: one object, and you drew {len(self.label_ids)}"
            case "merged":
                return f"{name}: {len(self.reference_ids)} objects, and you drew one"
        by, iou = abs(self.offset_px or 0), self.iou or 0
        said = f"{name}: outline {MEANING['shifted'] if self.kind == 'shifted' else f'about {by:.1f} px {self.kind}'}"
        return said if iou > MATCH else f"{said}; it shares {100 * iou:.0f} % with the right one, too little to count"

    def to_json(self) -> dict[str, Any]:
        """Plain values, with the sentence and the colour, for a view that shows it."""
        return {**asdict(self), "box": self.box._asdict(), "sentence": self.sentence(), "colour": COLOURS[self.kind]}


@dataclass(frozen=True, eq=False)
class Outlines:
    """How far the outlines of the pairs (found, far off) are apart, in pixels; all arrays are (k,).

    `offset_px` is the mean signed distance, above 0 where the annotated outline is wider: the difference of the areas
    over the mean length of the two outlines. `deviation_px` is the mean distance to either side: the area of the pixels
    that differ over the same length. Both are exact for parallel outlines, but for a few per cent in the lengths.
    """

    annotated: Ids
    reference: Ids
    offset_px: NDArray[np.float64]
    deviation_px: NDArray[np.float64]
    iou: NDArray[np.float64]

    def flagged(self, tolerance_px: float) -> NDArray[np.bool_]:
        """(k,) bool: the pairs whose outlines are among the findings."""
        return (self.deviation_px > tolerance_px) | (self.iou <= MATCH)


def outlines(annotated: Instances, reference: Instances, matching: Matching) -> Outlines:
    """Measure the outlines of all pairs."""
    lengths = [_at_least(outline_lengths(x.ids), len(x.classes) + 1) for x in (annotated, reference)]
    a, r = matching.pairs("found", "far off")
    table = matching.table
    place = {(int(i), int(j)): k for k, (i, j) in enumerate(zip(table.found, table.known, strict=True))}
    pair = np.array([place[int(i), int(j)] for i, j in zip(a, r, strict=True)], dtype=np.int64)
    mine, theirs = table.found_area[a], table.known_area[r]
    length = _TRUE_LENGTH * (lengths[0][a] + lengths[1][r]) / 2
    differing = mine + theirs - 2 * table.pixels[pair]
    return Outlines(a, r, (mine - theirs) / length, differing / length, table.iou[pair])


def _at_least(values: NDArray[Any], size: int) -> NDArray[Any]:
    return np.pad(values, (0, max(0, size - values.size)))


def find(
    annotated: Instances,
    reference: Instances,
    matching: Matching,
    pairs: Outlines,
    *,
    origin: tuple[int, int] = (0, 0),
    tolerance_px: float = TOLERANCE_PX,
) -> tuple[Finding, ...]:
    """All findings, those that concern most pixels first; `origin` (x, y) is where the compared part lies in the image.

    Outlines are among them when they are off by more than `tolerance_px` on average.
    """
    boxes = [find_objects(x.ids) for x in (annotated, reference)]

    def finding(kind: Kind, mine: tuple[int, ...], theirs: tuple[int, ...], pixels: int, **more: Any) -> Finding:
        side = 1 if theirs and kind != "merged" else 0
        shown = ((annotated, mine), (reference, theirs))[side]
        x, y, box = _place(shown[0].ids, [boxes[side][i - 1] for i in shown[1]], shown[1], origin)
        given = annotated.classes[mine[0] - 1] if mine else None
        right = reference.classes[theirs[0] - 1] if theirs else str(given)
        mine_ids = tuple(annotated.label_ids[i - 1] for i in mine)
        their_ids = tuple(reference.label_ids[i - 1] for i in theirs)
        return Finding(0, kind, right, given, x, y, box, pixels, mine_ids, their_ids, **more)

    found = [finding(*arguments, **more) for arguments, more in _collect(matching, pairs, tolerance_px)]
    found.sort(key=lambda f: (-f.pixels, f.y, f.x))
    return tuple(replace(f, number=number) for number, f in enumerate(found, start=1))


Arguments = tuple[Kind, tuple[int, ...], tuple[int, ...], int]


def _collect(matching: Matching, pairs: Outlines, tolerance_px: float) -> Iterator[tuple[Arguments, dict[str, Any]]]:
    """Kind, annotated ids, reference ids, pixels, and what else is known, of each finding."""
    table = matching.table
    for r in np.flatnonzero(matching.known == "missed"):
        yield ("missed", (), (int(r),), int(table.known_area[r])), {}
    for a in np.flatnonzero(matching.found == "extra"):
        yield ("extra", (int(a),), (), int(table.found_area[a])), {}
    for a, r in zip(*matching.pairs("wrong class"), strict=True):
        yield ("wrong class", (int(a),), (int(r),), int(table.known_area[r])), {}
    for whole, parts in matching.splits:
        yield ("split", parts, (whole,), int(table.known_area[whole])), {}
    for whole, parts in matching.merges:
        yield ("merged", (whole,), parts, int(table.found_area[whole])), {}
    for k in np.flatnonzero(pairs.flagged(tolerance_px)):
        mine, theirs = int(pairs.annotated[k]), int(pairs.reference[k])
        offset, iou = float(pairs.offset_px[k]), float(pairs.iou[k])
        kind: Kind = "too wide" if offset > 0 else "too narrow"
        if abs(offset) < pairs.deviation_px[k] / 2:
            kind = "shifted"
        union = float(table.found_area[mine] + table.known_area[theirs]) / (1 + iou)
        yield (kind, (mine,), (theirs,), round((1 - iou) * union)), {"offset_px": offset, "iou": iou}


def _place(
    ids: NDArray[np.int32], boxes: list[tuple[slice, ...]], wanted: tuple[int, ...], origin: tuple[int, int]
) -> tuple[float, float, Tile]:
    """The pixel of the first object that is nearest to its centre, and the box around all of them."""
    rows, cols = boxes[0]
    ys, xs = np.nonzero(ids[boxes[0]] == wanted[0])
    middle = int(np.argmin((ys - ys.mean()) ** 2 + (xs - xs.mean()) ** 2))
    top, left = (min(box[axis].start for box in boxes) for axis in (0, 1))
    bottom, right = (max(box[axis].stop for box in boxes) for axis in (0, 1))
    x, y = origin[0] + cols.start + xs[middle] + 0.5, origin[1] + rows.start + ys[middle] + 0.5
    return float(x), float(y), Tile(origin[0] + left, origin[1] + top, right - left, bottom - top)

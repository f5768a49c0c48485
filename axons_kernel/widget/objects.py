"""Edits of whole labels: merge, delete, class, attributes, proposals, and parting one label into several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np
from scipy.ndimage import find_objects

from ..annotations import Label, OpaqueLabel, PolygonLabel
from ..errors import InputError
from ..rasterize import Window
from . import assist, ink, ops
from .assist import Parts, Pixels
from .booleans import changed_rect, cut
from .controls import Control, check_value
from .edits import NO_PIXELS, Edit, class_name, counted, known
from .placed import Mask, Placed, around, covered, outline, polygon_like
from .sheet import Sheet

_LARGEST_MERGE = 2**26  # pixels of the window around what is merged


def merge(sheet: Sheet, op: ops.Merge) -> Edit:
    """The union of labels takes the first one's number and attributes, the most frequent class, and the top place."""
    numbers = tuple(dict.fromkeys(op.ids))
    if len(numbers) < 2:
        raise InputError("Only one label is chosen: choose two or more to merge.")
    parts = [known(sheet, number) for number in numbers]
    if any(p.bounds is None for p in parts):
        raise InputError("Only labels with an area can be merged: leave out points and empty labels.")
    whole = around(*(p.bounds for p in parts)) or NO_PIXELS
    if whole[2] * whole[3] > _LARGEST_MERGE:
        raise InputError("These labels are too far apart, or too large, to be merged: choose labels close by.")
    mask = np.zeros((whole[3], whole[2]), bool)
    for placed in parts:
        window = placed.bounds or whole
        cut(mask, whole, window)[...] |= covered(placed.label, window)
    classes = Counter(p.label.label_class for p in parts)
    label = replace(polygon_like(parts[0].label, outline(mask, whole)), label_class=classes.most_common(1)[0][0])
    placed = replace(parts[0].having(label, sheet.shape), z=max(p.z for p in parts))
    gone: dict[int, Placed | None] = dict.fromkeys(numbers[1:])
    return Edit(f"{counted(len(numbers))} merged", {numbers[0]: placed, **gone})


def delete(sheet: Sheet, op: ops.Delete) -> Edit:
    """Remove labels."""
    for number in op.ids:
        known(sheet, number)
    return Edit(f"{counted(len(set(op.ids)))} deleted", dict.fromkeys(op.ids))


def set_class(sheet: Sheet, op: ops.SetClass) -> Edit:
    """Give labels another class."""
    labels = {number: known(sheet, number).label for number in op.ids}
    changed = {n: replace(label, label_class=op.label_class) for n, label in labels.items()}
    return Edit(
        f"class {class_name(op.label_class)} given to {counted(len(labels))}", _kept_in_place(sheet, changed), NO_PIXELS
    )


def set_attribute(sheet: Sheet, op: ops.SetAttribute, controls: Iterable[Control]) -> Edit:
    """Set or remove an attribute of labels."""
    check_value(tuple(controls), op.name, op.value)
    changed: dict[int, Label] = {}
    for number in op.ids:
        label = known(sheet, number).label
        if isinstance(label, OpaqueLabel):
            raise InputError("A label of a kind that is not known here has no attributes.")
        data = {key: value for key, value in label.anno_data.items() if key != op.name}
        if op.value is not None:
            data[op.name] = op.value
        changed[number] = replace(label, anno_data=data)
    return Edit(
        f"attribute {op.name} {'removed' if op.value is None else 'set'}", _kept_in_place(sheet, changed), NO_PIXELS
    )


def _kept_in_place(sheet: Sheet, labels: Mapping[int, Label]) -> dict[int, Placed | None]:
    return {number: replace(sheet.labels[number], label=label) for number, label in labels.items()}


def decide(sheet: Sheet, op: ops.Decide) -> Edit:
    """Accept proposals, or remove them; without numbers all that touch the tile."""
    here = op.ids if op.ids is not None else tuple(sheet.touching(sheet.tiles[op.tile]))
    chosen = [number for number in here if known(sheet, number).proposal]
    if not chosen:
        raise InputError("There is no proposal to decide on here: ask a model first.")
    if op.op == "reject":
        return Edit(f"{counted(len(chosen), 'proposal')} rejected", dict.fromkeys(chosen))
    accepted = {number: replace(sheet.labels[number], proposal=False) for number in chosen}
    return Edit(f"{counted(len(chosen), 'proposal')} accepted", dict(accepted), NO_PIXELS)


def knife(sheet: Sheet, op: ops.Knife) -> Edit:
    """Cut a label along a line, on the op's tile."""
    line = ink.stroke(op.points, ink.SUB // 2, sheet.tiles[op.tile])
    return _parted(sheet, op, lambda mask: assist.knife(mask, line), "The line does not cut through the label")


def separate(sheet: Sheet, op: ops.Separate) -> Edit:
    """Part a label at its waists, on the op's tile."""
    return _parted(sheet, op, lambda mask: assist.objects(mask, separate=True), "The label has no waist to part it at")


def _parted(sheet: Sheet, op: ops.Knife | ops.Separate, part: Callable[[Mask], Parts], refusal: str) -> Edit:
    whole, ids = known(sheet, op.id), sheet.raster(op.tile)
    parts = part(ids == op.id)
    areas = np.bincount(parts.ravel())[1:]
    if len(areas) < 2:
        raise InputError(f"{refusal}: draw the line from one side to the other, or use split.")
    others = [n for n in range(1, len(areas) + 1) if n != areas.argmax() + 1]
    after = ids.copy()
    numbers = {n: sheet.next_id + i for i, n in enumerate(others)}
    for n, number in numbers.items():
        after[parts == n] = number
    rect = changed_rect(ids, after, sheet.tiles[op.tile]) or NO_PIXELS
    changes = sheet.repainted(op.tile, after, rect)
    for n in others:
        label = polygon_like(whole.label, outline(parts == n, sheet.tiles[op.tile]))
        number, placed = sheet.add(_fresh(label), proposal=whole.proposal)
        changes[number] = placed
    return Edit(f"label parted into {len(areas)}", changes, rect)


def _fresh(label: PolygonLabel) -> PolygonLabel:
    return PolygonLabel(
        label_class=label.label_class, source=label.source, anno_data=label.anno_data, regions=label.regions
    )


def threshold(sheet: Sheet, op: ops.Threshold, pixels: Pixels) -> Edit:
    """New labels from what is brighter or darker, in a window of the op's tile; `pixels` are the tile's."""
    tile = sheet.tiles[op.tile]
    window = (op.x, op.y, op.width, op.height)
    if around(tile, window) != tile:
        raise InputError("The area reaches over the tile's border: choose one inside of it.")
    mask = assist.threshold(cut(pixels, tile, window), value=op.value, brighter=op.brighter)
    if op.protect:
        mask &= cut(sheet.raster(op.tile), tile, window) == 0
    parts = assist.objects(mask, separate=op.separate, min_area=op.min_area)
    labels = labels_of(parts, window, op.label_class, "auto:threshold")
    if not labels:
        raise InputError("Nothing was found here: choose another area, the other side, or a smaller least area.")
    return Edit(f"{counted(len(labels))} added", dict(sheet.add(label) for label in labels))


def propose(sheet: Sheet, op: ops.Propose, masks: Mapping[str, Mask]) -> Edit:
    """What a model finds on the tile, as proposals, on free pixels only. `masks`: class -> (h, w) bool of the tile."""
    window = sheet.tiles[op.tile]
    free = sheet.raster(op.tile) == 0
    labels = [
        label
        for label_class, mask in masks.items()
        for label in labels_of(
            assist.objects(mask & free, separate=False, min_area=9), window, label_class, f"auto:{op.model}"
        )
    ]
    if not labels:
        raise InputError(f"The model '{op.model}' finds nothing on the free pixels of this tile.")
    return Edit(
        f"{counted(len(labels), 'proposal')} of {op.model}", dict(sheet.add(label, proposal=True) for label in labels)
    )


def labels_of(parts: Parts, window: Window, label_class: str | None, source: str) -> list[PolygonLabel]:
    """One polygon per part of a (h, w) map of `window`."""
    labels = []
    for number, where in enumerate(find_objects(parts), start=1):
        if where is not None:
            rows, columns = where
            origin = (window[0] + columns.start, window[1] + rows.start, 0, 0)
            regions = outline(parts[where] == number, origin)
            labels.append(PolygonLabel(label_class=label_class, regions=regions, source=source))
    return labels

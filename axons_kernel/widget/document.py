"""The document that a view edits: labels, rasters, undo and redo. Pure: no widget, no clock, no file.

`apply` does one op, completely or not at all. It raises InputError, a sentence for the user, when it cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..annotations import Annotation
from ..errors import InputError
from ..label_json import read_labels, strict
from ..rasterize import Window
from . import assist, edits, grouping, inserting, objects, ops, shapes
from .asking import Model, model_of
from .assets import Assets
from .booleans import Ids, changed_rect
from .controls import Control
from .edits import Edit
from .log import CommandLog, Step
from .numbering import Numbering
from .picture import MAX_SIDE, Picture
from .placed import Placed
from .progress import Progress
from .sheet import Sheet


@dataclass(frozen=True)
class Settings:
    """What may be done: names of classes and tasks, attributes, and the models that can be asked."""

    classes: tuple[str, ...]
    tasks: tuple[str, ...] = ("finished",)
    controls: tuple[Control, ...] = ()
    models: Mapping[str, Model] | None = None


@dataclass(frozen=True)
class Outcome:
    """What an op has done: the numbers whose labels changed or went, and the window of the tile that looks new."""

    message: str
    changed: tuple[int, ...] = ()
    removed: tuple[int, ...] = ()
    rect: Window | None = None


class Document:
    """`rev` counts what was done. `sheet` holds labels and rasters, `log` the steps that can be undone."""

    sheet: Sheet

    def __init__(
        self,
        annotation: Annotation,
        picture: Picture,
        tiles: Sequence[Window],
        settings: Settings,
        *,
        earlier: Document | None = None,
    ) -> None:
        """Labels that `earlier` has too keep their numbers. Raises InputError for tiles that are too large."""
        _check_tiles(tiles, picture.shape)
        self.picture, self.settings = picture, settings
        self.progress = Progress.of(annotation)
        proposals = read_labels(list(self.progress.proposals), strict)
        labels, numbering = (*annotation.labels, *proposals), self.progress.numbering or Numbering()
        object_ids = [label.object_id for label in labels]
        numbers, next_id = numbering.numbers(object_ids), numbering.next
        if earlier:
            next_id = earlier.sheet.next_id + len(labels)
            known = {placed.label.object_id: number for number, placed in earlier.sheet.labels.items()}
            numbers = [known.get(name, earlier.sheet.next_id + i) for i, name in enumerate(object_ids)]
        self.sheet = Sheet(dict(zip(numbers, labels, strict=True)), picture.shape, tiles, next_id)
        for number in numbers[len(annotation.labels) :]:
            self.sheet.labels[number] = replace(self.sheet.labels[number], proposal=True)
        self.log = CommandLog()
        self.rev = 0
        self.assets = Assets(picture)
        self._frame = replace(annotation, labels=())

    @property
    def annotation(self) -> Annotation:
        """The labels as they stand, in drawing order, and the finished tasks; proposals and progress beside them."""
        ordered = sorted(self.sheet.labels.items(), key=lambda item: (item[1].proposal, item[1].z))
        proposals = tuple(p.label.to_json() for _, p in ordered if p.proposal)
        labels = tuple(p.label for _, p in ordered if not p.proposal)
        changes: dict[str, Any] = {"proposals": proposals}
        if self.progress.sessions:
            numbered = ((number, placed.label.object_id) for number, placed in ordered)
            changes["numbering"] = Numbering.of(numbered, self.sheet.next_id)
        return self.progress.model_copy(update=changes).into(replace(self._frame, labels=labels))

    @property
    def completed_tasks(self) -> tuple[str, ...]:
        """The tasks of the image that are ticked."""
        return self._frame.completed_tasks

    @property
    def finished_tiles(self) -> list[int]:
        """The numbers of the tiles that are ticked."""
        done = set(self.progress.finished_tiles)
        return [number for number, tile in enumerate(self.sheet.tiles) if tuple(tile) in done]

    def apply(self, op: ops.Op) -> Outcome:
        """Do one op. Raises InputError, with nothing changed, when it makes no sense."""
        if op.tile >= len(self.sheet.tiles):
            raise InputError(f"There is no tile {op.tile}: the image has {len(self.sheet.tiles)}.")
        if isinstance(op, ops.Task | ops.TileDone):
            outcome = self._tick(op)
        elif isinstance(op, ops.Undo):
            outcome = self._step_back(op)
        else:
            outcome = self._edit(op)
        self.rev += 1
        return outcome

    def _edit(self, op: ops.Op) -> Outcome:
        label_class = getattr(op, "label_class", None)
        if label_class is not None and label_class not in self.settings.classes:
            have = ", ".join(map(repr, self.settings.classes))
            raise InputError(f"There is no class {label_class!r:.60}; there are: {have}.")
        next_id, next_z = self.sheet.next_id, self.sheet.next_z
        try:
            edit = self._work_out(op)
        except BaseException:
            self.sheet.next_id, self.sheet.next_z = next_id, next_z
            raise
        before = {number: self.sheet.labels.get(number) for number in edit.changes}
        self.log = self.log.then(Step.of(edit.message, op.tile, before, edit.changes, edit.rect))
        return self._put(op.tile, edit)

    def _work_out(self, op: ops.Op) -> Edit:
        sheet = self.sheet
        if isinstance(op, ops.Paint):
            return edits.paint(sheet, op, self._from_pixels)
        if isinstance(op, ops.SetAttribute):
            return objects.set_attribute(sheet, op, self.settings.controls)
        if isinstance(op, ops.Insert):
            return inserting.insert(sheet, op, self.settings.classes, self.settings.controls)
        if isinstance(op, ops.Threshold):
            return objects.threshold(sheet, op, self.assets.pixels(sheet.tiles[op.tile]))
        if isinstance(op, ops.Propose):
            model = model_of(self.settings.models, op.model)
            if not model.has_seen():
                raise InputError(f"The model '{op.model}' has not seen this image yet: ask it in the panel first.")
            return objects.propose(sheet, op, model.propose(sheet.tiles[op.tile]))
        work: Mapping[type[ops.Op], Callable[[Sheet, Any], Edit]] = _WORK
        return work[type(op)](sheet, op)

    def _from_pixels(self, op: ops.Paint) -> NDArray[np.bool_]:
        """The region of an op that is read off the image, as a mask of the op's tile."""
        tile = self.sheet.tiles[op.tile]
        if isinstance(op, ops.Wand):
            seed = edits.inside((op.x, op.y), tile)
            return assist.wand(self.assets.pixels(tile), seed, op.tolerance, connected=op.connected)
        if isinstance(op, ops.Superpixels):
            return np.isin(self.assets.superpixels(tile, op.size, op.compactness), op.segments)
        if isinstance(op, ops.GrabCut):
            left, right = sorted(min(max(v // 16 - tile[0], 0), tile[2]) for v in (op.x0, op.x1))
            top, bottom = sorted(min(max(v // 16 - tile[1], 0), tile[3]) for v in (op.y0, op.y1))
            return assist.grabcut(self.assets.pixels(tile), (left, top, right - left, bottom - top))
        raise AssertionError(f"{type(op).__name__} does not cover pixels")

    def _put(self, tile: int, edit: Edit) -> Outcome:
        before: Ids = self.sheet.raster(tile)
        self.sheet.put(edit.changes, edit.rect)
        rect = changed_rect(before, self.sheet.raster(tile), self.sheet.tiles[tile])
        changed = tuple(n for n, now in edit.changes.items() if now)
        removed = tuple(n for n, now in edit.changes.items() if now is None)
        return Outcome(f"{edit.message[0].upper()}{edit.message[1:]}.", changed, removed, rect)

    def _step_back(self, op: ops.Undo) -> Outcome:
        steps = self.log.past if op.op == "undo" else self.log.future
        if not steps:
            raise InputError(f"There is nothing to {op.op}.")
        step = steps[-1]
        changes: Mapping[int, Placed | None] = step.before if op.op == "undo" else step.after
        self.log = self.log.undone() if op.op == "undo" else self.log.redone()
        elsewhere = "" if step.tile == op.tile else f" on tile {step.tile + 1}"
        word = "undone" if op.op == "undo" else "done again"
        return self._put(op.tile, Edit(f"{word}: {step.name}{elsewhere}", changes, step.rect))

    def _tick(self, op: ops.Task | ops.TileDone) -> Outcome:
        """Tick or untick; no edit of labels, so undo leaves it alone."""
        word = "Ticked" if op.done else "Unticked"
        if isinstance(op, ops.Task):
            if op.name not in self.settings.tasks:
                have = ", ".join(map(repr, self.settings.tasks))
                raise InputError(f"There is no task {op.name!r:.60}; there are: {have}.")
            others = tuple(name for name in self._frame.completed_tasks if name != op.name)
            self._frame = replace(self._frame, completed_tasks=(*others, op.name) if op.done else others)
            return Outcome(f"{word}: {op.name}.")
        tile = tuple(self.sheet.tiles[op.tile])
        rest = tuple(window for window in self.progress.finished_tiles if window != tile)
        finished = (*rest, tile) if op.done else rest
        self.progress = self.progress.model_copy(update={"finished_tiles": finished})
        return Outcome(f"{word}: tile {op.tile + 1}.")


_WORK: Mapping[type[ops.Op], Callable[[Sheet, Any], Edit]] = {
    ops.Box: shapes.box,
    ops.Ellipse: shapes.ellipse,
    ops.PointOp: shapes.point,
    ops.Vertex: shapes.vertex,
    ops.Move: shapes.move,
    ops.Resize: shapes.resize,
    ops.Paste: shapes.paste,
    ops.Separate: objects.separate,
    ops.Knife: objects.knife,
    ops.Merge: objects.merge,
    ops.Group: grouping.group,
    ops.Ungroup: grouping.ungroup,
    ops.Delete: objects.delete,
    ops.SetClass: objects.set_class,
    ops.Decide: objects.decide,
}


def _check_tiles(tiles: Sequence[Window], shape: tuple[int, int]) -> None:
    if not tiles:
        raise InputError("There is no tile to annotate: give at least one window (x, y, width, height).")
    for x, y, w, h in tiles:
        if not (0 <= x < x + w <= shape[1] and 0 <= y < y + h <= shape[0]):
            raise InputError(f"The tile {(x, y, w, h)} reaches over the image of {shape[1]} x {shape[0]} pixels.")
        if max(w, h) > MAX_SIDE:
            raise InputError(f"The tile {(x, y, w, h)} is too large: {MAX_SIDE} pixels a side are allowed.")

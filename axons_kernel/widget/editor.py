"""What pointer and commands do to an annotation: tools, selection, undo. No GUI, no canvas co-ordinates.

All points are whole-image co-ordinates. `reach` is a distance in image pixels: how far a click may miss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..annotations import Annotation, BoxLabel, Label, Point, PointLabel, PolygonLabel, Ring
from .history import History
from .outlines import LabelIndex, clip_ring, covers_a_pixel, distance, simplify
from .tools import HINTS, Tool

FINISHED = "finished"  # django-labeller's name for the task that its old boolean `complete` stood for
DOUBLE_CLICK = 0.4  # of the reach: two clicks that near are one double click


class Editor:
    """Holds the current annotation and turns gestures and commands into new ones.

    Attributes: `annotation`; `selected` (object id or None); `draft`, the points of the shape being drawn;
    `message`, the last thing to tell the user, and `refused`, whether it says that something was not done.
    """

    def __init__(self, annotation: Annotation, size: tuple[int, int], classes: Sequence[str]) -> None:
        """`size` is the image's (width, height); new labels take the first of `classes` at first."""
        self.size = size
        self.classes = tuple(classes)
        self.label_class = self.classes[0]
        self.tool = Tool.POLYGON
        self.selected: str | None = None
        self.draft: Ring = ()
        self.pressed = False
        self.refused = False
        self.message = HINTS[self.tool]
        self._frame = annotation
        self._history = History(annotation.labels)
        self._index = LabelIndex.of(annotation.labels)
        self._picked_at: Point | None = None

    @property
    def annotation(self) -> Annotation:
        """The current annotation, a frozen value."""
        return replace(self._frame, labels=self._history.present)

    @property
    def index(self) -> LabelIndex:
        """The current labels, indexed for drawing and picking."""
        return self._index

    @property
    def finished(self) -> bool:
        """Whether the image is ticked as completely annotated."""
        return FINISHED in self._frame.completed_tasks

    @property
    def can_undo(self) -> bool:
        """Whether `undo` has something to take back."""
        return bool(self._history.past or self.draft)

    @property
    def can_redo(self) -> bool:
        """Whether `redo` has something to do again."""
        return bool(self._history.future)

    # -- the pointer ---------------------------------------------------------------------------------------

    def press(self, point: Point, reach: float) -> None:
        """The button goes down at `point`."""
        if self.tool is Tool.POLYGON:
            self._add_corner(point, reach)
        elif self.tool is Tool.POINT:
            self._add_point(point)
        elif self.tool is Tool.PICK:
            self._pick(point, reach)
        elif self.tool is not Tool.PAN:
            self.pressed, self.draft = True, (point,)

    def move(self, point: Point, reach: float) -> bool:
        """The pointer moves with the button down; whether the draft has changed."""
        if not self.pressed or distance(self.draft[-1], point) < reach / 8:
            return False
        self.draft = (self.draft[0], point) if self.tool is Tool.BOX else (*self.draft, point)
        return True

    def release(self, point: Point, reach: float) -> None:
        """The button goes up, or the pointer leaves the canvas: a release out there would not be heard of."""
        if not self.pressed:
            return
        self.move(point, reach)
        draft, self.draft, self.pressed = self.draft, (), False
        if self.tool is Tool.BOX:
            self._add_box(draft)
        else:
            self._add_polygon(simplify(draft, reach / 16))

    def finish(self) -> None:
        """Close the polygon that is being drawn."""
        if self.tool is not Tool.POLYGON or not self.draft:
            return
        if len(self.draft) < 3:
            self._refuse(f"An outline needs at least 3 corners; this one has {len(self.draft)}. Click further corners.")
            return
        draft, self.draft = self.draft, ()
        self._add_polygon(draft)

    def cancel(self) -> None:
        """Drop what is being drawn; with nothing in hand, drop the selection."""
        if self.draft:
            self.draft, self.pressed = (), False
            self._say("Dropped the unfinished outline.")
        else:
            self.selected = None
            self._say(HINTS[self.tool])

    # -- commands ------------------------------------------------------------------------------------------

    def choose_tool(self, tool: Tool) -> None:
        """Take another tool; an unfinished outline is dropped, and only the pick tool keeps a selection."""
        self.draft, self.pressed = (), False
        self.tool = tool
        if tool not in (Tool.PICK, Tool.PAN):
            self.selected = None
        self._say(HINTS[tool])

    def choose_class(self, name: str) -> None:
        """New labels get this class; a selected label gets it at once."""
        self.label_class = name
        label = self.selected_label
        if label is None:
            self._say(f"New labels are of class {name}.")
        elif label.label_class != name:
            changed = replace(label, label_class=name)
            self._commit(tuple(changed if item is label else item for item in self._history.present))
            self._say(f"The selected label is now {name}.")

    @property
    def selected_label(self) -> Label | None:
        """The selected label itself."""
        return next((item for item in self._history.present if item.object_id == self.selected), None)

    def delete(self) -> None:
        """Remove the selected label."""
        if self.selected_label is None:
            self._refuse("Nothing is selected: take the pick tool and click the label to delete.")
            return
        self._commit(self.annotation.without([str(self.selected)]).labels)
        self.selected = None
        self._say("Deleted. Undo brings it back.")

    def undo(self) -> None:
        """Take back the last corner of an unfinished polygon, else the last edit."""
        if self.draft:
            self.draft = () if self.pressed else self.draft[:-1]
            self.pressed = False
            self._say("Took back the last corner.")
        elif self._history.past:
            self._set_history(self._history.undone())
            self._say(f"Undone; {len(self._history.past)} earlier steps are left.")
        else:
            self._refuse("There is nothing to undo.")

    def redo(self) -> None:
        """Do again what was undone last."""
        if self._history.future:
            self._set_history(self._history.redone())
            self._say("Redone.")
        else:
            self._refuse("There is nothing to redo.")

    def set_finished(self, finished: bool) -> None:
        """Tick or untick the task `finished`; not an edit of labels, so undo leaves it alone."""
        others = tuple(task for task in self._frame.completed_tasks if task != FINISHED)
        self._frame = replace(self._frame, completed_tasks=(*others, FINISHED) if finished else others)

    # -- one step each -------------------------------------------------------------------------------------

    def _add_corner(self, point: Point, reach: float) -> None:
        closes = len(self.draft) >= 3 and distance(point, self.draft[0]) <= reach
        double_click = bool(self.draft) and distance(point, self.draft[-1]) <= reach * DOUBLE_CLICK
        if closes or double_click:
            self.finish()
        else:
            self.draft = (*self.draft, point)
            self._say(f"{len(self.draft)} corners. {HINTS[Tool.POLYGON]}" if len(self.draft) > 1 else HINTS[self.tool])

    def _add_polygon(self, ring: Ring) -> None:
        ring = clip_ring(ring, self.size)
        if covers_a_pixel(ring, self.size):
            self._add(PolygonLabel(label_class=self.label_class, regions=(ring,)))
        else:
            self._refuse("Not added: the outline covers no pixel of the image. Draw around the object.")

    def _add_box(self, corners: Ring) -> None:
        low = [max(min(p[axis] for p in corners), 0.0) for axis in (0, 1)]
        high = [min(max(p[axis] for p in corners), float(self.size[axis])) for axis in (0, 1)]
        width, height = high[0] - low[0], high[1] - low[1]
        if width < 1 or height < 1:
            self._refuse("Not added: the box is less than one pixel wide or high. Drag from corner to corner.")
            return
        centre = (low[0] + width / 2, low[1] + height / 2)
        self._add(BoxLabel(label_class=self.label_class, centre=centre, size=(width, height)))

    def _add_point(self, point: Point) -> None:
        if all(0 <= value < limit for value, limit in zip(point, self.size, strict=True)):
            self._add(PointLabel(label_class=self.label_class, position=point))
        else:
            self._refuse("Not added: the point is outside the image.")

    def _pick(self, point: Point, reach: float) -> None:
        found = self._index.at(point, reach)
        again = self._picked_at is not None and distance(point, self._picked_at) <= reach
        self._picked_at = point
        if again and self.selected in found:
            self.selected = found[(found.index(self.selected) + 1) % len(found)]
        else:
            self.selected = found[0] if found else None
        label = self.selected_label
        if label is None:
            self._say("No label here. " + HINTS[Tool.PICK])
        else:
            which = f" ({found.index(label.object_id) + 1} of {len(found)} here)" if len(found) > 1 else ""
            self._say(f"Selected: {label.label_class or 'unclassified'}{which}. Choose its class, or delete it.")

    def _add(self, label: Label) -> None:
        self._commit((*self._history.present, label))
        self._say(f"Added: {label.label_class}.")

    def _commit(self, labels: tuple[Label, ...]) -> None:
        self._set_history(self._history.then(labels))

    def _set_history(self, history: History) -> None:
        self._history = history
        self._index = LabelIndex.of(history.present, self._index)
        if self.selected_label is None:
            self.selected = None

    def _say(self, message: str) -> None:
        self.message, self.refused = message, False

    def _refuse(self, message: str) -> None:
        self.message, self.refused = message, True

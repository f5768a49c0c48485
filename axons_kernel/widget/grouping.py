"""Several labels as one, and one as several again: groups move, are copied and go as a whole."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from ..annotations import CompositeLabel, GroupLabel, OpaqueLabel
from ..errors import InputError
from . import ops
from .edits import Edit, counted, known
from .placed import Placed
from .sheet import Sheet


def group(sheet: Sheet, op: ops.Group) -> Edit:
    """The labels become parts of a new one, of the class that most of them have, in the highest place of them."""
    numbers = tuple(dict.fromkeys(op.ids))
    if len(numbers) < 2:
        raise InputError("Only one label is chosen: choose two or more to group.")
    parts = sorted((known(sheet, number) for number in numbers), key=lambda placed: placed.z)
    if any(p.bounds is None or isinstance(p.label, CompositeLabel | OpaqueLabel) for p in parts):
        raise InputError("Only labels with an area can be grouped: leave out points and empty labels.")
    if any(p.proposal for p in parts):
        raise InputError("Proposals cannot be grouped: accept them first.")
    classes = Counter(known(sheet, number).label.label_class for number in numbers)
    label = GroupLabel(label_class=classes.most_common(1)[0][0], components=tuple(p.label for p in parts))
    number, placed = sheet.add(label)
    gone: dict[int, Placed | None] = dict.fromkeys(numbers)
    return Edit(f"{counted(len(numbers))} grouped", {**gone, number: replace(placed, z=parts[-1].z)})


def ungroup(sheet: Sheet, op: ops.Ungroup) -> Edit:
    """The parts of groups become labels of their own again, with their own classes, on top."""
    changes: dict[int, Placed | None] = {}
    for number in dict.fromkeys(op.ids):
        placed = known(sheet, number)
        if not isinstance(placed.label, GroupLabel):
            raise InputError(f"Label {number} is no group: choose a group to dissolve.")
        changes[number] = None
        changes.update(sheet.add(part, proposal=placed.proposal) for part in placed.label.components)
    groups = len(set(op.ids))
    return Edit("group dissolved" if groups == 1 else f"{groups} groups dissolved", changes)

"""Labels that were copied from another image: checked as if a stranger had sent them, and pasted as new ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ..annotations import CompositeLabel, GroupLabel, Label, OpaqueLabel, PointLabel
from ..errors import InputError, SchemaError
from ..label_json import read_labels, strict
from . import ops
from .controls import Control, check_value
from .edits import Edit, counted
from .ink import FARTHEST, SUB
from .placed import Placed
from .shapes import check_place, mapped, shift, with_new_ids
from .sheet import Sheet


def insert(sheet: Sheet, op: ops.Insert, classes: Iterable[str], controls: Iterable[Control]) -> Edit:
    """The labels, shifted, on top of all. Attributes that this image does not have are left out, and it is said.

    Raises InputError for labels that cannot be read, of classes that this image does not have, or outside of it.
    """
    try:
        given = read_labels(list(op.labels), strict)
    except SchemaError as error:
        raise InputError(f"What was copied cannot be pasted. {error}") from error
    _check_classes(given, tuple(classes))
    to, left_out, changes = shift(op.dx, op.dy), 0, {}
    for label in given:
        _check_shape(label)
        kept = _known_attributes(label, tuple(controls))
        left_out += kept != label
        number, placed = sheet.add(mapped(with_new_ids(kept), to))
        check_place(placed, sheet)
        changes[number] = placed
    less = ", without attributes that this image does not have" if left_out else ""
    return Edit(f"{counted(len(given))} pasted{less}", dict[int, Placed | None](changes))


def _all(labels: Iterable[Label]) -> Iterator[Label]:
    """The labels and the parts of groups."""
    for label in labels:
        yield label
        if isinstance(label, GroupLabel):
            yield from _all(label.components)


def _check_classes(labels: Iterable[Label], classes: tuple[str, ...]) -> None:
    wanted = {label.label_class for label in _all(labels)} - {None, *classes}
    if wanted:
        names, have = (", ".join(sorted(f"'{name:.60}'" for name in some)) for some in (wanted, classes))
        raise InputError(
            f"Not pasted: the labels are of the class {names}, and this image has {have}. Add the class first, with "
            "project.add_classes, and open the image again."
        )


def _check_shape(label: Label) -> None:
    for part in _all((label,)):
        if isinstance(part, CompositeLabel | OpaqueLabel):
            kind = part.to_json().get("label_type", "unknown")
            raise InputError(f"Not pasted: a label of the kind '{kind:.60}' cannot be copied.")
        points = [part.position] if isinstance(part, PointLabel) else [p for ring in part.rings() for p in ring]
        if not all(abs(value) <= FARTHEST / SUB for point in points for value in point):
            raise InputError("Not pasted: a corner of what was copied is too far away. Copy the labels again.")


def _known_attributes(label: Label, controls: tuple[Control, ...]) -> Label:
    def allowed(name: str, value: object) -> bool:
        try:
            check_value(controls, name, value)
        except InputError:
            return False
        return True

    kept = replace(label, anno_data={name: value for name, value in label.anno_data.items() if allowed(name, value)})
    if isinstance(kept, GroupLabel):
        return replace(kept, components=tuple(_known_attributes(part, controls) for part in kept.components))
    return kept

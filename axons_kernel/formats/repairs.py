"""Makes the labels of a foreign file fit for use: what is broken is mended or dropped, each with a note."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..annotations import (
    Annotation,
    BoxLabel,
    EllipseLabel,
    GroupLabel,
    Label,
    PointLabel,
    PolygonLabel,
)
from ..notes import Note
from .crossings import crossing, flat_points
from .values import Shape

_MOST_LETTERS = 200  # of a class name
_FAR = 1e7  # pixels: no micrograph is as large


def repaired(annotation: Annotation, shape: Shape | None, notes: list[Note]) -> Annotation:
    """The annotation without labels that cannot be drawn; `notes` gets what was done.

    `shape` is the image's (H, W); None when it is not known, and then nothing is said of labels outside it.
    """
    kept = _sound(annotation.labels, "Label", notes)
    if shape is not None:
        kept = _inside(kept, shape, notes)
    _tell_crossings(kept, notes)
    return replace(annotation, labels=_with_own_ids([label for _, label in kept], notes))


def _sound(labels: Sequence[Label], what: str, notes: list[Note]) -> list[tuple[str, Label]]:
    kept = []
    for number, label in enumerate(labels, start=1):
        where = f"{what} {number}"
        fit = _fit(label, where, notes)
        if fit is not None:
            kept.append((where, _with_clean_text(fit, where, notes)))
    return kept


def _fit(label: Label, where: str, notes: list[Note]) -> Label | None:
    if isinstance(label, PolygonLabel):
        if all([len(ring) >= 3 for ring in label.regions]) and label.regions:
            return label
        rings = tuple(ring for ring in label.regions if len(ring) >= 3)
        done = "kept without some of its regions" if rings else "dropped"
        notes.append(Note(where, done, "an outline needs at least 3 points"))
        return replace(label, regions=rings) if rings else None
    if isinstance(label, BoxLabel):
        return _with_size(label, where, notes)
    if isinstance(label, EllipseLabel):
        radii = abs(label.radius1), abs(label.radius2)
        if not all(radii):
            notes.append(Note(where, "dropped", "the ellipse has no area"))
            return None
        if radii != (label.radius1, label.radius2):
            notes.append(Note(where, "turned", "a radius of the ellipse was negative"))
        return replace(label, radius1=radii[0], radius2=radii[1])
    if isinstance(label, GroupLabel):
        inner = tuple(part for _, part in _sound(label.components, f"{where}, component", notes))
        if label.components and not inner:
            notes.append(Note(where, "dropped", "nothing of the group is left"))
            return None
        return label if inner == label.components else replace(label, components=inner)
    return label


def _with_size(label: BoxLabel, where: str, notes: list[Note]) -> BoxLabel | None:
    width, height = label.size
    if width > 0 and height > 0:
        return label
    if width == 0 or height == 0:
        notes.append(Note(where, "dropped", "the box has no area"))
        return None
    notes.append(Note(where, "turned", "a side of the box was negative"))
    return replace(label, size=(abs(width), abs(height)))


def _with_clean_text(label: Label, where: str, notes: list[Note]) -> Label:
    """With a class name that can be stored and shown: half a surrogate pair cannot."""
    name = label.label_class or None
    if (name is None or (name.isascii() and len(name) <= _MOST_LETTERS)) and label.object_id.isascii():
        return label if name == label.label_class else replace(label, label_class=name)
    clean = name and name.encode("utf-8", "replace").decode()[:_MOST_LETTERS]
    if clean != name:
        notes.append(Note(where, "renamed", "its class name is too long, or holds broken characters"))
    return replace(label, label_class=clean, object_id=label.object_id.encode("utf-8", "replace").decode())


def _inside(kept: list[tuple[str, Label]], shape: Shape, notes: list[Note]) -> list[tuple[str, Label]]:
    """Without the labels of which nothing lies in the image."""
    outlines = [_outline(label) for _, label in kept]
    known = [i for i, outline in enumerate(outlines) if outline]
    if not known:
        return kept
    points, starts = flat_points([outlines[i] for i in known])
    low, high = np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)
    limit = np.array([shape[1], shape[0]], dtype=np.float64)
    outside = np.any((high <= 0) | (low >= limit), axis=1)
    far = np.any((low < -_FAR) | (high > _FAR), axis=1)
    across = np.any((low < -1) | (high > limit + 1), axis=1)
    gone = set()
    for i in np.flatnonzero(outside | far | across).tolist():
        where = kept[known[i]][0]
        if outside[i] or far[i]:
            gone.add(known[i])
            notes.append(
                Note(where, "dropped", "it lies outside the image" if outside[i] else "it reaches too far away")
            )
        else:
            notes.append(Note(where, "kept", "it reaches out of the image, and is drawn only inside"))
    return [item for i, item in enumerate(kept) if i not in gone]


def _outline(label: Label) -> tuple[tuple[float, float], ...]:
    if isinstance(label, PointLabel):
        x, y = label.position
        return ((x, y), (x + 1e-9, y + 1e-9))  # the border's own points count as inside
    if isinstance(label, PolygonLabel) and len(label.regions) == 1:
        return label.regions[0]
    if isinstance(label, EllipseLabel):
        (x, y), radius = label.centre, max(label.radius1, label.radius2)
        return ((x - radius, y - radius), (x + radius, y + radius))
    return tuple(point for ring in label.rings() for point in ring)


def _tell_crossings(kept: list[tuple[str, Label]], notes: list[Note]) -> None:
    rings = [(where, ring) for where, label in kept if isinstance(label, PolygonLabel) for ring in label.regions]
    found = crossing([ring for _, ring in rings])
    for where in dict.fromkeys(rings[i][0] for i in np.flatnonzero(found)):
        notes.append(Note(where, "kept", "its outline crosses itself: what it goes around twice counts as outside"))


def _with_own_ids(labels: list[Label], notes: list[Note]) -> tuple[Label, ...]:
    if len({label.object_id for label in labels}) == len(labels):
        return tuple(labels)
    seen: set[str] = set()
    kept = []
    for number, label in enumerate(labels, start=1):
        own, turn = label.object_id, 0
        while own in seen:
            turn += 1
            own = f"{uuid.uuid5(uuid.NAMESPACE_OID, label.object_id)}__{turn}"
        seen.add(own)
        if turn:
            notes.append(Note(f"Label {number}", "given a new id", "an earlier label has the same"))
            label = replace(label, object_id=own)
        kept.append(label)
    return tuple(kept)

"""What a format cannot hold of given labels, so that an export can say it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..annotations import Label
from ..notes import Note
from .values import ImageLabels

HOLES = ("written as pixels", "with their holes, this format has no other form for them")
PLURALS = {
    "polygon": "polygons",
    "box": "boxes",
    "point": "points",
    "oriented_ellipse": "ellipses",
    "group": "groups",
    "composite": "composites",
}


@dataclass(frozen=True)
class Holds:
    """What a format keeps: label types `as_they_are`, `as_outlines` (their form is lost), and which facts of a label.

    `also` says of a label of the second kind that its form is kept after all; `form` is what outlines are written as.
    """

    as_they_are: frozenset[str]
    as_outlines: frozenset[str] = frozenset()
    object_ids: bool = True
    sources: bool = True
    attributes: bool = True
    unclassified: bool = True
    form: str = "outlines"
    also: Callable[[Label], bool] = lambda label: False

    def writes(self, label: Label) -> bool:
        """Whether the label is written in some form."""
        drawn = label.label_type in self.as_they_are | self.as_outlines
        return drawn and (self.unclassified or label.label_class is not None)


def counted(counts: Mapping[str, int], done: str, why: str) -> tuple[Note, ...]:
    """One note per image with its count of labels."""
    return tuple(Note(image, done, why, count) for image, count in counts.items())


def losses(images: Sequence[ImageLabels], holds: Holds) -> tuple[Note, ...]:
    """What is lost of `images`, one note per image and kind."""
    return tuple(note for image in images for note in _of_image(image, holds))


def _of_image(image: ImageLabels, holds: Holds) -> Iterable[Note]:
    annotation = image.annotation
    components = [part for label in annotation.labels for part in _components(label)]
    written = [label for label in (*annotation.labels, *components) if holds.writes(label)]
    left_out = Counter(_left_out(label, holds) for label in (*annotation.labels, *components))
    as_outlines = Counter(
        label.label_type for label in written if label.label_type in holds.as_outlines and not holds.also(label)
    )
    yield from (
        _note(image, n, "left out", f"{kind} have no place in this format") for kind, n in left_out.items() if kind
    )
    for kind, count in as_outlines.items():
        yield _note(
            image, count, f"written as {holds.form}", f"{PLURALS[kind]} have no form of their own in this format"
        )
    groups = sum(label.label_type == "group" for label in annotation.labels)
    if groups and "group" not in holds.as_they_are:
        yield _note(image, groups, "taken apart", "groups are written as their components")
    if not holds.attributes and (n := sum(bool(label.anno_data) for label in written)):
        yield _note(image, n, "written without attributes", "this format has no room for them")
    if not holds.sources and (n := sum(label.source not in (None, "manual") for label in written)):
        yield _note(image, n, "written without source", "this format does not say who made a label")
    if not holds.object_ids and written:
        yield _note(image, len(written), "written without ids", "this format has none: on import they are new labels")
    if n := sum(bool(label.extra) for label in written):
        yield _note(image, n, "written without further keys", "keys of other programs have no place in this format")
    if annotation.completed_tasks or annotation.extra:
        yield Note(image.image, "written without what is said of the whole image", "such as finished tasks")


def _components(label: Label) -> list[Label]:
    parts = getattr(label, "components", ()) if label.label_type == "group" else ()
    return [inner for part in parts for inner in (part, *_components(part))]


def _left_out(label: Label, holds: Holds) -> str:
    if label.label_type == "group" or holds.writes(label):
        return ""
    if label.label_type in holds.as_they_are | holds.as_outlines:
        return "labels without a class"
    return PLURALS.get(label.label_type, "labels of unknown types")


def _note(image: ImageLabels, count: int, done: str, why: str) -> Note:
    return Note(image.image, done, why, count)

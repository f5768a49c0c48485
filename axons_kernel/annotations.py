"""Annotations: all labels of one image, as frozen values in whole-image co-ordinates.

The file form is django-labeller's JSON; labels and keys that this library does not know are kept as they came.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .errors import SchemaError
from .label_json import Problem, read_labels, strict
from .labels import (
    BoxLabel,
    ColourScheme,
    CompositeLabel,
    EllipseLabel,
    GroupLabel,
    Label,
    LabelClass,
    OpaqueLabel,
    Point,
    PointLabel,
    PolygonLabel,
    Ring,
    new_object_id,
)
from .notes import Note

__all__ = [
    "Annotation",
    "BoxLabel",
    "ColourScheme",
    "CompositeLabel",
    "EllipseLabel",
    "GroupLabel",
    "Label",
    "LabelClass",
    "OpaqueLabel",
    "Point",
    "PointLabel",
    "PolygonLabel",
    "Ring",
    "label_line",
    "new_object_id",
]


_JSON = json.JSONEncoder(allow_nan=False)


def label_line(label: Label) -> str:
    """A label as one line of a label file. Raises ValueError for NaN."""
    return _JSON.encode(label.to_json())


@dataclass(frozen=True)
class Annotation:
    """All labels of one image, in drawing order: a later label covers an earlier one.

    `version` says what they were when they were read from a project, so that saving does not undo what others did.
    """

    labels: tuple[Label, ...] = ()
    image_filename: str | None = None
    completed_tasks: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    version: str | None = field(default=None, compare=False, repr=False)

    def adding(self, *labels: Label) -> Annotation:
        """The same annotation with `labels` on top."""
        return replace(self, labels=self.labels + labels)

    def without(self, object_ids: Iterable[str]) -> Annotation:
        """The same annotation without the labels of these ids."""
        gone = set(object_ids)
        return replace(self, labels=tuple(label for label in self.labels if label.object_id not in gone))

    def counts(self) -> dict[str, int]:
        """Labels per class name; unclassified ones are counted under an empty name."""
        counts: dict[str, int] = {}
        for label in self.labels:
            name = label.label_class or ""
            counts[name] = counts.get(name, 0) + 1
        return counts

    def labels_sha256(self) -> str:
        """A hash over the labels alone: it does not change with file layout or finished tasks."""
        labels = [label.to_json() for label in self.labels]
        return hashlib.sha256(json.dumps(labels, sort_keys=True).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """django-labeller's object form, with the newer `completed_tasks` key."""
        document = dict(self.extra)
        if self.image_filename is not None:
            document["image_filename"] = self.image_filename
        document["completed_tasks"] = list(self.completed_tasks)
        document["labels"] = [label.to_json() for label in self.labels]
        return document

    def encode(self, line: Callable[[Label], str] | None = None) -> bytes:
        """The file: `to_json` as UTF-8, a line per label, so that files can be compared. Raises ValueError for NaN.

        `line` may remember the lines of labels that it has seen before; by default it is `label_line`.
        """
        head = {key: value for key, value in replace(self, labels=()).to_json().items() if key != "labels"}
        lines = ",\n".join([(line or label_line)(label) for label in self.labels])
        return f'{_JSON.encode(head)[:-1]}, "labels": [\n{lines}\n]}}\n'.encode()

    @classmethod
    def from_json(cls, document: Any, problem: Problem = strict) -> Annotation:
        """Read both of django-labeller's forms, old and new.

        `problem` is told of each thing that cannot be taken as it is; by default it raises SchemaError, which names
        the label. Raises SchemaError when the document is no label file at all.
        """
        if isinstance(document, list):
            document = {"labels": document}
        if not isinstance(document, dict) or not isinstance(document.get("labels"), list):
            raise SchemaError(
                "A label file holds a list of labels, or an object with the key 'labels'; this one has neither."
            )
        tasks, filename = document.get("completed_tasks"), document.get("image_filename")
        if tasks is None:  # the old form had one boolean
            tasks = ["finished"] if document.get("complete") else []
        if not isinstance(tasks, list) or not all(isinstance(task, str) for task in tasks):
            problem(Note("The file", "left as not finished", f"completed_tasks is no list of names but {tasks!r:.60}"))
            tasks = []
        if filename is not None and not isinstance(filename, str):
            problem(Note("The file", "left without an image name", f"image_filename is no text but {filename!r:.60}"))
            filename = None
        known = ("labels", "completed_tasks", "complete", "image_filename")
        return cls(
            labels=read_labels(document["labels"], problem),
            image_filename=filename,
            completed_tasks=tuple(tasks),
            extra={k: v for k, v in document.items() if k not in known},
        )

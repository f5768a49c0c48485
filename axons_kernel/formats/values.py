"""What all formats share: labels with their image's name, what was read or written, and what is kept of a label."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..annotations import Annotation, Label, LabelClass
from ..errors import SchemaError
from ..label_json import BROKEN, check_plain, reason
from ..notes import Note
from ..pausing import collection_paused

Shape = tuple[int, int]  # (H, W) in pixels
UNCLASSIFIED = "unclassified"  # how a label without a class is written where a class is a must


@dataclass(frozen=True)
class ImageLabels:
    """The labels of one image. `image` is its name, or what a file calls it ("" when it does not say)."""

    image: str
    annotation: Annotation
    shape: Shape | None = None


@dataclass(frozen=True)
class Reading:
    """What a file holds; `classes` are those whose colour it knows."""

    images: tuple[ImageLabels, ...]
    classes: tuple[LabelClass, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Writing:
    """Files by name (with '/' for folders), and what they could not hold."""

    files: Mapping[str, bytes]
    losses: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Hints:
    """What a reader may need beside the file: the project's class names, and its images' (H, W).

    `shapes` is by name, in lower case; `sizes` are all that an image has or had before it was resampled.
    """

    classes: tuple[str, ...] = ()
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    sizes: frozenset[Shape] = frozenset()

    def shape_of(self, stem: str) -> Shape | None:
        """(H, W) of the image of that name, if it is known."""
        return self.shapes.get(stem.casefold())

    def fits(self, size: Shape) -> bool:
        """Whether a mask of that size can belong to an image; any can when no image is known."""
        return not self.sizes or size in self.sizes


class FileIds:
    """Ids for labels that come without: they follow from the file's content, so that reading twice gives the same."""

    def __init__(self, data: bytes) -> None:
        self._prefix = uuid.uuid5(uuid.NAMESPACE_OID, hashlib.sha256(data).hexdigest())
        self._count = 0

    def next(self) -> str:
        """A further id."""
        self._count += 1
        return f"{self._prefix}__{self._count}"


def kept_of(label: Label) -> dict[str, Any]:
    """What a format with room for own keys keeps of a label beside class and outline."""
    return {
        "object_id": label.object_id,
        "source": label.source,
        "anno_data": dict(label.anno_data),
        "label_type": label.label_type,
    }


def restored(kept: Any, ids: FileIds, source: str) -> dict[str, Any]:
    """Arguments for a label from what `kept_of` wrote; `source` is for labels that say nothing of themselves.

    Raises ValueError when attributes are there and cannot be kept.
    """
    if not isinstance(kept, dict):
        return {"object_id": ids.next(), "source": source}
    object_id, anno_data, made_by = kept.get("object_id"), kept.get("anno_data"), kept.get("source", source)
    anno_data = anno_data if isinstance(anno_data, dict) else {}
    check_plain(anno_data)
    return {
        "object_id": object_id if isinstance(object_id, str) and object_id else ids.next(),
        "source": made_by if made_by is None or isinstance(made_by, str) else source,
        "anno_data": anno_data,
    }


def class_text(label_class: str | None) -> str:
    """The class as formats write it that need one."""
    return UNCLASSIFIED if label_class is None else label_class


def class_of(text: Any) -> str | None:
    """The class that `class_text` has written. Raises ValueError when it is no text."""
    if text is not None and not isinstance(text, str):
        raise ValueError(f"its class {text!r:.40} is no text")
    return None if text in (None, "", UNCLASSIFIED) else text


def colour_of(value: Any) -> tuple[int, int, int] | None:
    """(red, green, blue) from a list of three whole numbers in 0..255, else None."""
    if not isinstance(value, list | tuple) or len(value) != 3:
        return None
    if not all(isinstance(part, int) and 0 <= part <= 255 for part in value):
        return None
    return (value[0], value[1], value[2])


def parse_label_json(data: bytes, name: str) -> Any:
    """Parse the JSON of a label file; NaN stays, so that only the label that holds it is lost. Raises SchemaError."""
    try:
        with collection_paused():
            return json.loads(data)
    except RecursionError as error:
        raise SchemaError(f"{name} is nested too deep to be a label file: export it again.") from error
    except ValueError as error:
        raise SchemaError(f"{name} is not readable JSON ({error}): it may be cut off; export it again.") from error


def as_text(document: Any) -> bytes:
    """UTF-8 JSON, one line per file; with ASCII escapes, so that any text can be written."""
    return (json.dumps(document, allow_nan=False) + "\n").encode()


@contextmanager
def dropping(notes: list[Note], where: str) -> Iterator[None]:
    """Around the reading of one item: when it is broken, it is dropped with a note."""
    try:
        yield
    except BROKEN as error:
        notes.append(Note(where, "dropped", reason(error)))

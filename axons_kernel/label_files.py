"""Label files that several notebooks write: each save sees what the others have done meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .annotation_merge import merge
from .annotations import Annotation
from .documents import parse_json
from .errors import ConflictError, NotFoundError
from .pausing import collection_paused
from .storage import Store

_TRIES = 20
ABSENT = "absent"  # the version of a file that is not there yet

# what this process wrote last, by full path: its own work is nobody else's
_written: dict[str, str] = {}


@collection_paused()
def read_annotation(store: Store, key: str, image_filename: str) -> Annotation:
    """The labels in a file, with their version; none when it is not there."""
    try:
        data, version = store.read_versioned(key)
    except NotFoundError:
        return Annotation(image_filename=image_filename, version=ABSENT)
    return replace(Annotation.from_json(parse_json(data, key)), version=version)


def write_annotation(store: Store, key: str, annotation: Annotation) -> None:
    """Replace the labels in a file. One that was made from nothing replaces whatever is there.

    Raises ConflictError, with nothing changed, when another process has changed the file since this was read.
    """
    data, path = annotation.encode(), store.path(key)
    expected = annotation.version
    if expected is None:
        store.write(key, data)
        _written[path] = store.read_versioned(key)[1]
        return
    try:
        _written[path] = store.replace(key, data, None if expected == ABSENT else expected)
    except ConflictError:
        if path not in _written:
            raise _changed(key) from None
        try:
            _written[path] = store.replace(key, data, _written[path])
        except ConflictError:
            raise _changed(key) from None


def _changed(key: str) -> ConflictError:
    return ConflictError(
        f"{key} was changed by another process since these labels were read, and is as it left it. Read them again "
        "with image.annotation(), and do your change again."
    )


class LabelEditing:
    """One editor's view of a label file. Its saves are merged with what others have saved since it was opened."""

    def __init__(self, store: Store, key: str, image_filename: str):
        self._store, self._key, self._filename = store, key, image_filename
        self._mine = self._file = read_annotation(store, key, image_filename)

    @property
    def annotation(self) -> Annotation:
        """The labels as this editor has them."""
        return self._mine

    def save(self, annotation: Annotation) -> None:
        """Keep these labels, together with other people's.

        Raises ConflictError, with nothing changed, when both have changed one label in different ways.
        """
        for attempt in range(_TRIES):
            merged = merge(self._mine, annotation, self._file)
            expected = None if self._file.version == ABSENT else self._file.version
            try:
                version = self._store.replace(self._key, merged.encode(), expected)
            except ConflictError:
                if attempt == _TRIES - 1:
                    raise
                self._file = read_annotation(self._store, self._key, self._filename)
            else:
                self._mine, self._file = annotation, replace(merged, version=version)
                _written[self._store.path(self._key)] = version
                return


class LabelShelf:
    """A label file for an editor that decides itself what becomes of other people's changes."""

    def __init__(self, store: Store, key: str, image_filename: str):
        self._store, self._key, self._filename = store, key, image_filename

    def read(self) -> Annotation:
        """The labels, with their version."""
        return read_annotation(self._store, self._key, self._filename)

    def replace(self, annotation: Annotation, version: str | None, encode: Callable[[Annotation], bytes]) -> str:
        """Replace that version of the file; returns the new one. Raises ConflictError when it is not that any more."""
        written = self._store.replace(self._key, encode(annotation), None if version == ABSENT else version)
        _written[self._store.path(self._key)] = written
        return written

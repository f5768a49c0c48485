"""Keeps a document's labels stored: soon after every change, never over what somebody else has saved meanwhile.

A change is stored at most `DELAY_S` after it was made, by a thread of its own, so also while the kernel computes; the
changes until then go along. At the end of the process what is left is stored at once.
"""

from __future__ import annotations

import atexit
import logging
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from ..annotations import Annotation, Label, label_line
from ..errors import AxonsKernelError, ConflictError

DELAY_S = 0.5
RETRY_S = 5.0  # after a failure
WARM_S = 1.5  # after the opening; the first picture is there by then
_MANY = 500  # labels; fewer are written in no time
log = logging.getLogger(__name__)


Encode = Callable[[Annotation], bytes]


class Shelf(Protocol):
    """Where labels are kept."""

    def read(self) -> Annotation:
        """The stored labels, with their version."""

    def replace(self, annotation: Annotation, version: str | None, encode: Encode) -> str | None:
        """Store labels in place of that version; returns the new one. Raises ConflictError, StorageError.

        `encode` makes the label file, faster than `Annotation.encode` does.
        """


@dataclass(frozen=True)
class Stored:
    """What the shelf holds: the document's revision and the last op of each session; `base` are these labels."""

    base: Annotation
    rev: int = 0
    sessions: dict[str, int] = field(default_factory=dict)
    error: str | None = None
    conflict: bool = False


class Encoder:
    """`Annotation.encode` that writes only the lines of labels that it has not seen the last time."""

    def __init__(self) -> None:
        self._lines: dict[int, tuple[Label, str]] = {}

    def encode(self, annotation: Annotation) -> bytes:
        """The label file."""
        lines: dict[int, tuple[Label, str]] = {}

        def line(label: Label) -> str:
            known = self._lines.get(id(label))
            text = known[1] if known and known[0] is label else label_line(label)
            lines[id(label)] = (label, text)
            return text

        data = annotation.encode(line)
        self._lines = lines
        return data


class Callback:
    """A shelf that hands the labels to a function, which knows what to do with them."""

    def __init__(self, annotation: Annotation, on_save: Callable[[Annotation], None] | None) -> None:
        """Without `on_save` they stay in this process only."""
        self._annotation, self._on_save = annotation, on_save

    def read(self) -> Annotation:
        """What was handed over last."""
        return self._annotation

    def replace(self, annotation: Annotation, version: str | None, encode: Encode) -> str | None:
        """Hand it over."""
        if self._on_save:
            self._on_save(annotation)
        self._annotation = annotation
        return version


class Autosave:
    """Stores what `snapshot` gives: the labels and their revision. `told` hears of every try, in any thread.

    `snapshot` may wait for whoever changes the document; it is never called by a thread that is storing.
    """

    def __init__(
        self,
        shelf: Shelf,
        start: Annotation,
        snapshot: Callable[[], tuple[Annotation, int]],
        told: Callable[[Stored], None] = lambda stored: None,
        delay_s: float = DELAY_S,
    ) -> None:
        """`start` is what the shelf holds, with its version."""
        self.stored = Stored(start)
        self._shelf, self._snapshot, self._told, self._delay_s = shelf, snapshot, told, delay_s
        self._version = start.version
        self._encoder = Encoder()
        self._storing = threading.Lock()
        self._timing = threading.Lock()
        self._timer: threading.Timer | None = None
        _OPEN.add(self)
        if len(start.labels) >= _MANY:
            warming = threading.Timer(WARM_S, self._warm)
            warming.daemon = True
            warming.start()

    def _warm(self) -> None:
        """Write lines for the labels that are stored already, so that the first change is stored as fast as others."""
        with self._storing:
            self._encoder.encode(self.stored.base)

    def changed(self, delay_s: float | None = None) -> None:
        """The document has changed: store it soon. Changes until then go along, so none waits longer than the first."""
        with self._timing:
            if self._timer is None and not self.stored.conflict:
                self._timer = threading.Timer(self._delay_s if delay_s is None else delay_s, self._in_time)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Store now what is not stored yet."""
        with self._timing:
            if self._timer:
                self._timer.cancel()
                self._timer = None
        annotation, rev = self._snapshot()
        with self._storing:
            if rev > self.stored.rev and not self.stored.conflict:
                self._store(annotation, rev)

    def resolved(self, theirs: Annotation) -> None:
        """Go on from what somebody else has stored; what is here now is stored in its place next."""
        with self._storing:
            self._version = theirs.version
            self.stored = replace(self.stored, base=theirs, conflict=False, error=None)

    def theirs(self) -> Annotation:
        """What the shelf holds now, with its version."""
        return self._shelf.read()

    def _in_time(self) -> None:
        with self._timing:
            self._timer = None
        try:
            self.flush()
        except Exception:
            log.exception("the labels could not be stored in time")
            self.changed(RETRY_S)

    def _store(self, annotation: Annotation, rev: int) -> None:
        sessions = dict(annotation.extra.get("axons", {}).get("sessions", {}))
        try:
            self._version = self._shelf.replace(annotation, self._version, self._encoder.encode)
        except ConflictError:
            text = "Somebody else, or another notebook, has changed the labels of this image meanwhile."
            self.stored = replace(self.stored, error=text, conflict=True)
        except AxonsKernelError as error:
            self.stored = replace(self.stored, error=str(error))
            self.changed(RETRY_S)
        else:
            self.stored = Stored(annotation, rev, sessions)
        self._told(self.stored)


_OPEN: weakref.WeakSet[Autosave] = weakref.WeakSet()


@atexit.register
def _flush_all() -> None:
    """At the end of the process; one that fails does not keep the others from being stored."""
    for autosave in list(_OPEN):
        try:
            autosave.flush()
        except Exception:
            log.exception("labels could not be stored at the end")

"""A document at work: its views' messages, one at a time, and its labels stored. No widget, so that tests need none."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ..annotations import Annotation
from ..errors import InputError
from ..rasterize import Window
from .answering import Course, Reply
from .asking import Asking
from .autosave import Autosave, Shelf, Stored
from .conflict import keep_both
from .conversation import Conversation
from .document import Document, Settings
from .leading import tile_at, tile_of_label
from .picture import Picture
from .protocol import Predicting, Saved, Show


class Desk:
    """Takes messages from any thread. `told` gets messages that nobody has asked for, in any thread."""

    def __init__(
        self,
        shelf: Shelf,
        picture: Picture,
        tiles: Sequence[Window],
        settings: Settings,
        course: Course,
        *,
        told: Callable[[Saved | Predicting], None] = lambda message: None,
        delay_s: float = 0.5,
    ) -> None:
        """Opens what is on the shelf. Raises InputError, SchemaError."""
        self._lock = threading.RLock()
        start = shelf.read()
        document = Document(start, picture, tiles, settings)
        self.autosave = Autosave(shelf, start, self._snapshot, lambda stored: told(saved_message(stored)), delay_s)
        self.asking = Asking(settings.models or {}, told)
        self.conversation = Conversation(
            document,
            course,
            clock=time.monotonic,
            changed=self.autosave.changed,
            saved=lambda: saved_message(self.autosave.stored),
            save=self.autosave.flush,
            resolve=self._resolve,
            asking=self.asking,
            tile=_first_unfinished(document),
        )

    @property
    def name(self) -> str:
        """The image's name."""
        return self.conversation.document.picture.name or "an image"

    @property
    def annotation(self) -> Annotation:
        """The labels as they stand."""
        return self._snapshot()[0]

    @property
    def tile(self) -> Window:
        """The tile that a view has opened last."""
        return self.conversation.document.sheet.tiles[self.conversation.tile]

    def receive(self, content: Any) -> Reply:
        """The answer to a message of a view."""
        with self._lock:
            return self.conversation.receive(content)

    def first_state(self) -> Reply:
        """What a view can show before it has said hello."""
        with self._lock:
            return self.conversation.first_state()

    def show_tile(self, where: int | tuple[float, float]) -> Show:
        """What leads the views to a tile. Raises InputError."""
        with self._lock:
            talk = self.conversation
            talk.tile, talk.show = tile_at(talk.document.sheet.tiles, where), None
            return {"answer": "show", "session": None, "tile": talk.tile, "label": None}

    def show_label(self, object_id: str) -> Show:
        """What leads the views to a label. Raises InputError."""
        with self._lock:
            talk = self.conversation
            talk.tile, talk.show = tile_of_label(talk.document.sheet, object_id, talk.tile)
            return {"answer": "show", "session": None, "tile": talk.tile, "label": talk.show}

    def flush(self) -> None:
        """Store now what is not stored yet."""
        self.autosave.flush()

    def close(self) -> None:
        """Store what is left, and stop a model that looks at the image; views get no further than here."""
        with self._lock:
            self.conversation.closed = True
        self.asking.close()
        self.autosave.flush()

    def _snapshot(self) -> tuple[Annotation, int]:
        with self._lock:
            return self.conversation.annotation, self.conversation.document.rev

    def _resolve(self, choice: str) -> None:
        """End a conflict: take the labels of the others, or keep both. Called with the lock held."""
        stored = self.autosave.stored
        if not stored.conflict:
            raise InputError("There is no conflict to resolve: the labels are this notebook's.")
        theirs, old = self.autosave.theirs(), self.conversation.document
        labels = theirs
        if choice == "keep_both":
            labels = keep_both(stored.base, self.conversation.annotation, theirs)
        document = Document(
            replace(labels, version=theirs.version), old.picture, old.sheet.tiles, old.settings, earlier=old
        )
        self.conversation.renew(document)
        self.autosave.resolved(theirs)
        self.autosave.flush()


_at_work: weakref.WeakValueDictionary[str, Desk] = weakref.WeakValueDictionary()


def take_over(document: str, open_desk: Callable[[], Desk]) -> Desk:
    """Open a desk on a document. An older one in this process is closed first: its labels are stored by then."""
    older = _at_work.pop(document, None)
    if older:
        older.close()
    desk = _at_work[document] = open_desk()
    return desk


def _first_unfinished(document: Document) -> int:
    done = set(document.finished_tiles)
    return next((number for number in range(len(document.sheet.tiles)) if number not in done), 0)


def saved_message(stored: Stored) -> Saved:
    """What the views are told."""
    return {
        "answer": "saved",
        "session": None,
        "request": None,
        "rev": stored.rev,
        "seqs": stored.sessions,
        "error": stored.error,
        "conflict": stored.conflict,
    }

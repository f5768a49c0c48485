"""Keeps count of what is not saved yet, and says so.

Saving happens at once after each completed edit, in the handler of that edit: no timer, hence no thread
that talks to the browser, and never a "saved" for something that is not.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable

from ..annotations import Annotation

log = logging.getLogger(__name__)


class Saver:
    """Hands annotations to `on_save`. `text` is for the status line; `failed` says that it is bad news."""

    def __init__(self, on_save: Callable[[Annotation], None] | None, annotation: Annotation) -> None:
        """`annotation` is what the storage holds already."""
        self._on_save = on_save
        self._last = annotation
        self._unsaved = 0
        self.text = ""
        self.failed = False

    def changed(self, annotation: Annotation) -> None:
        """Save when labels or tasks differ from those of the last call."""
        before, self._last = self._last, annotation
        if annotation.labels is before.labels and annotation.completed_tasks == before.completed_tasks:
            return
        self._unsaved += 1
        self.save(annotation)

    def save(self, annotation: Annotation) -> None:
        """Save now. An error goes into `text`; the edits stay counted as unsaved until a save succeeds."""
        if self._on_save is None:
            self.text = f"{self._unsaved} unsaved: kept in `.annotation` only" if self._unsaved else ""
            return
        try:
            self._on_save(annotation)
        except Exception as error:  # whatever a storage raises, the student must see it
            log.exception("saving the annotation failed")
            reason = str(error) or type(error).__name__
            self.text, self.failed = f"{self._unsaved} unsaved: {reason} Press save to try again.", True
        else:
            self._unsaved, self.failed = 0, False
            self.text = f"saved {datetime.datetime.now():%H:%M:%S}"

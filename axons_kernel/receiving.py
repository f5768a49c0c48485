"""A file that comes in pieces: kept under a temporary name beside the project until it is whole."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
import uuid
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from .storage import TEMPORARY_PREFIX, Store, explained


def incoming_folder(store: Store) -> str:
    """Where files come in: in the project's own folder, on this machine's disk for a project that is elsewhere."""
    return store.path("") if store.is_local else tempfile.gettempdir()


def free_bytes(store: Store) -> int:
    """How many bytes the disk has left where files come in."""
    return shutil.disk_usage(incoming_folder(store)).free


class IncomingFile:
    """What has come of a file. It is removed with `discard`, and when nobody holds it any more."""

    def __init__(self, folder: str):
        self._path = Path(folder, TEMPORARY_PREFIX + uuid.uuid4().hex)
        self._digest = hashlib.sha256()
        self.size = 0
        with explained(f"write to {folder}"):
            self._file = open(self._path, "xb")  # noqa: SIM115 -- open until it is discarded
        self._remove = weakref.finalize(self, _remove, self._file, self._path)

    @property
    def sha256(self) -> str:
        """Of all bytes so far."""
        return self._digest.hexdigest()

    def append(self, data: bytes | memoryview) -> None:
        """Add the next piece. Raises StorageError, as when the disk is full."""
        with explained(f"write {self._path.name}"):
            self._file.write(data)
            self._file.flush()
        self._digest.update(data)
        self.size += len(data)

    @contextlib.contextmanager
    def named(self, name: str) -> Iterator[Path]:
        """A path that ends with `name` and leads to the file, as long as the block runs."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, os.path.basename(name))
            path.symlink_to(self._path.resolve())
            yield path

    def discard(self) -> None:
        """Remove the file; again does nothing."""
        self._remove()


def _remove(file: IO[bytes], path: Path) -> None:
    file.close()
    path.unlink(missing_ok=True)

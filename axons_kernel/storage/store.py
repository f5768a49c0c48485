"""Objects under one root: a folder, `s3://` or `memory://`.

A write is atomic: a reader sees the old object or the new one, never half of one, also when the writer is killed.
"""

from __future__ import annotations

import contextlib
import os
import random
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import IO

import fsspec
from fsspec.implementations.local import LocalFileSystem

from ..errors import ConflictError, InputError, needs_extra
from .backend import Backend, Stat, file_sha256
from .cache_policy import CacheInfo
from .explain import explained
from .folder import FolderBackend
from .memory import MemoryBackend
from .names import LOCK_NAME, TEMPORARY_PREFIX, check_key, shown

_UPDATE_TRIES = 60


class Store:
    """Objects under one root; keys are relative paths with '/'."""

    def __init__(self, url: str | os.PathLike[str]):
        given = os.fspath(url)
        if given.startswith("s3://") and "@" in given[5:].partition("/")[0]:
            raise InputError(
                f"{shown(given)} was given with a password: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead, "
                "so that it stands in no notebook."
            )
        with explained(f"open {shown(given)}"):
            self._backend, self._root = _backend(given)
        self.url = self._root if self.is_local else given  # a full path: it means the same in every process

    @property
    def is_local(self) -> bool:
        """Whether the root is a folder of this machine."""
        return self._backend.is_local

    @property
    def is_shared(self) -> bool:
        """Whether another process can see the same objects (not so for memory://)."""
        return self._backend.is_shared

    def path(self, key: str) -> str:
        """The full path or URL of `key`. Raises InputError when it leads out of the root, or is too long."""
        return f"{self.url.rstrip('/')}/{check_key(key)}" if key else self.url

    @contextlib.contextmanager
    def _at(self, key: str, action: str) -> Iterator[str]:
        """What the backend calls `key`; an error in the block says which `action` on it has failed."""
        place = f"{self._root}/{check_key(key)}" if key else self._root
        with explained(f"{action} {self.path(key)}"):
            yield place

    def exists(self, key: str) -> bool:
        """Whether the object or folder is there."""
        with self._at(key, "look for") as place:
            return self._backend.exists(place)

    def names(self, folder: str) -> list[str]:
        """Sorted names directly under `folder`; empty when it is not there. Temporaries are left out."""
        with self._at(folder, "list") as place:
            return sorted(name for name in self._backend.names(place) if not _is_internal(name))

    def walk(self, folder: str = "", *, temporaries: bool = False) -> Iterator[tuple[str, Stat]]:
        """(key, what is known of it) of every object below `folder`, at any depth; with `temporaries` only those."""
        with self._at(folder, "list") as place:
            for stat in self._backend.walk(place):
                key = stat.path.removeprefix(self._root).lstrip("/")
                name = key.rpartition("/")[2]
                if name != LOCK_NAME and name.startswith(TEMPORARY_PREFIX) == temporaries:
                    yield key, stat

    def stat(self, key: str) -> Stat:
        """Size and time of an object. Raises NotFoundError."""
        with self._at(key, "look for") as place:
            return self._backend.stat(place)

    def read(self, key: str) -> bytes:
        """The object's bytes. Raises NotFoundError when it is not there."""
        return self.read_versioned(key)[0]

    def read_versioned(self, key: str) -> tuple[bytes, str]:
        """The object's bytes, and the version that `replace` asks for. Raises NotFoundError when it is not there."""
        with self._at(key, "read") as place:
            return self._backend.read_versioned(place)

    def version(self, key: str) -> str | None:
        """The version that `replace` asks for; None when the object is not there."""
        with contextlib.suppress(FileNotFoundError):
            return self.read_versioned(key)[1]
        return None

    def open(self, key: str) -> IO[bytes]:
        """The object as a seekable binary file, for reading windows of it; S3's comes from the cache.

        Raises NotFoundError.
        """
        with self._at(key, "read") as place:
            return self._backend.open(place)

    @contextlib.contextmanager
    def writing(self, key: str) -> Iterator[Path]:
        """A path of a local temporary file to write; at the end of the block it becomes the object, atomically.

        When the block raises, the object stays as it was and the temporary file is removed. For objects that are too
        large to hold in memory.
        """
        with self._at(key, "write") as place, contextlib.ExitStack() as cleanup:
            temporary = self._backend.temporary_folder(place) / (TEMPORARY_PREFIX + uuid.uuid4().hex)
            cleanup.callback(temporary.unlink, missing_ok=True)
            yield temporary
            self._backend.publish(temporary, place)

    def write_pieces(self, key: str, pieces: Iterable[bytes]) -> None:
        """Replace the object atomically by what the pieces make; as it was when the last of them does not come."""
        with self.writing(key) as path, open(path, "wb") as file:
            for piece in pieces:
                file.write(piece)

    def write(self, key: str, data: bytes) -> None:
        """Replace the object atomically, whatever it was."""
        with self._at(key, "write") as place:
            self._backend.write(place, data)

    def sha256(self, key: str) -> str:
        """The hash of an object's content: as its writer noted it with the object, else of all its bytes."""
        return self.stat(key).sha256 or self.content_sha256(key)

    def content_sha256(self, key: str) -> str:
        """The hash of all bytes of an object. Raises StorageError when its writer had noted another."""
        with self.as_file(key) as file, explained(f"read {self.path(key)}"):
            return file_sha256(file)

    @contextlib.contextmanager
    def as_file(self, key: str, on_bytes: Callable[[int], object] = int) -> Iterator[Path]:
        """The object as a local file to read: its own, or a copy that goes when the block ends.

        Fetching that was killed goes on where it stopped; `on_bytes` is told how many more bytes have come.
        """
        with self._at(key, "read") as place:
            file, is_copy = self._backend.fetch(place, on_bytes)
        try:
            yield file
        finally:
            if is_copy:
                file.unlink(missing_ok=True)

    def put(self, key: str, file: Path, on_bytes: Callable[[int], object] = int) -> str:
        """Make a copy of a local file the object, atomically, and return its sha256; a killed upload to S3 goes on.

        `on_bytes` is told how many more bytes are there.
        """
        with self._at(key, "write") as place:
            return self._backend.put(file, place, on_bytes)

    def create(self, key: str, data: bytes) -> bool:
        """Write a new object; False, and nothing changed, when it is there already. Two writers never both get True."""
        with self._at(key, "write") as place:
            return self._backend.replace(place, data, None) is not None

    def replace(self, key: str, data: bytes, expected: str | None) -> str:
        """Replace the object if it still has the version `expected`; None: if it is not there. Returns the new version.

        Raises ConflictError, with nothing changed, when another process was faster.
        """
        with self._at(key, "write") as place:
            version = self._backend.replace(place, data, expected)
        if version is None:
            raise ConflictError(
                f"Cannot write {self.path(key)}: another process has changed it meanwhile. Read it again first."
            )
        return version

    def update(self, key: str, change: Callable[[bytes | None], bytes]) -> bytes:
        """Read, change and replace an object (None: not there) until nobody was faster; returns what was written.

        `change` may be called several times. Raises ConflictError when others never leave it alone.
        """
        for attempt in range(_UPDATE_TRIES):
            known: tuple[bytes | None, str | None] = (None, None)
            with contextlib.suppress(FileNotFoundError):
                known = self.read_versioned(key)
            data = change(known[0])
            if data == known[0]:
                return data
            try:
                self.replace(key, data, known[1])
            except ConflictError:
                if attempt == _UPDATE_TRIES - 1:
                    raise
                time.sleep(random.uniform(0, min(0.5, 0.005 * 2**attempt)))  # so that no two go in step
            else:
                return data
        raise AssertionError("the loop returns or raises")

    def remove(self, key: str) -> None:
        """Remove an object; nothing happens when it is not there."""
        with self._at(key, "remove") as place:
            self._backend.remove(place)

    def unfinished_uploads(self, older_than_s: float) -> list[tuple[str, str]]:
        """(key, id) of uploads to S3 that were begun so many seconds ago and never finished."""
        with explained(f"list {self.url}"):
            found = self._backend.unfinished(self._root, older_than_s)
        return [(path.removeprefix(self._root).lstrip("/"), upload_id) for path, upload_id in found]

    def abort_upload(self, key: str, upload_id: str) -> None:
        """Give up an unfinished upload: its parts are freed, the object stays as it is."""
        with self._at(key, "remove") as place:
            self._backend.abort(place, upload_id)

    def append_line(self, key: str, line: str) -> None:
        """Add one line of text to an object; a reader may see the last line unfinished after a crash."""
        data = line.encode() + b"\n"
        if not isinstance(self._backend, FolderBackend):
            self.update(key, lambda known: (known or b"") + data)
            return
        with self._at(key, "write") as place:
            self._backend.append(place, data)

    def open_locked(self, key: str) -> IO[bytes] | None:
        """Open a local object for appending and hold it until the file is closed, here and in child processes.

        None for an object store, which knows no locks. Raises StorageError when another process holds it.
        """
        if not isinstance(self._backend, FolderBackend):
            return None
        with self._at(key, "hold") as place:
            return self._backend.open_locked(place)

    def is_held(self, key: str) -> bool | None:
        """Whether a living process holds a local object; None when that cannot be known."""
        return self._backend.is_held(self.path(key)) if isinstance(self._backend, FolderBackend) else None

    def cache_info(self) -> CacheInfo:
        """How the read cache has served; all zero where the root is on this machine and needs none."""
        from .s3 import S3Backend

        if isinstance(self._backend, S3Backend):
            return self._backend.cache.info()
        return CacheInfo(0, 0, 0, 0, 0, 0, "")


def _is_internal(name: str) -> bool:
    return name == LOCK_NAME or name.startswith(TEMPORARY_PREFIX)


def _backend(url: str) -> tuple[Backend, str]:
    if url.startswith("s3://"):
        with needs_extra("s3", "A project on s3://"):
            import_module("s3fs")
        from .s3 import S3Backend

        root = url.removeprefix("s3://").rstrip("/")
        if not root or root.startswith("/"):
            raise InputError(f"{url} is no place for a project: give s3://<bucket>/<folder>.")
        return S3Backend(), root
    filesystem, root = fsspec.core.url_to_fs(url)
    root = root.rstrip("/")
    if isinstance(filesystem, LocalFileSystem):
        return FolderBackend(root), root
    if "memory" in filesystem.protocol:
        return MemoryBackend(), root
    raise InputError(
        f"{shown(url)} is no place for a project: give a folder, s3://<bucket>/<folder>, or memory://<name>."
    )

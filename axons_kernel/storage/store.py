"""Objects under one root, a folder or any fsspec URL.

A write is atomic: a reader sees the old object or the new one, never half of one, also when the writer is killed.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import fsspec
from fsspec.implementations.local import LocalFileSystem

from .explain import explained
from .names import TEMPORARY_PREFIX


class Store:
    """Objects under one root; keys are relative paths with '/'."""

    def __init__(self, url: str | os.PathLike[str]):
        given = os.fspath(url)
        with explained(f"open {given}"):
            filesystem, root = fsspec.core.url_to_fs(given)
        self._fs, self._root = filesystem, root.rstrip("/")
        self.url = self._root if self.is_local else given  # a full path: it means the same in every process

    @property
    def is_local(self) -> bool:
        """Whether the root is a folder of this machine."""
        return isinstance(self._fs, LocalFileSystem)

    @property
    def is_shared(self) -> bool:
        """Whether another process can see the same objects (not so for memory://)."""
        return "memory" not in self._fs.protocol

    def path(self, key: str) -> str:
        """The full path or URL path of `key`."""
        return f"{self._root}/{key}" if key else self._root

    def exists(self, key: str) -> bool:
        """Whether the object or folder is there."""
        with explained(f"look for {self.path(key)}"):
            return bool(self._fs.exists(self.path(key)))

    def names(self, folder: str) -> list[str]:
        """Sorted names directly under `folder`; empty when it is not there. Temporaries are left out."""
        with explained(f"list {self.path(folder)}"):
            if not self._fs.isdir(self.path(folder)):
                return []
            entries = self._fs.ls(self.path(folder), detail=False)
        names = (entry.rstrip("/").rsplit("/", 1)[-1] for entry in entries)
        return sorted(name for name in names if not name.startswith(TEMPORARY_PREFIX))

    def read(self, key: str) -> bytes:
        """The object's bytes. Raises NotFoundError when it is not there."""
        with explained(f"read {self.path(key)}"):
            return bytes(self._fs.cat_file(self.path(key)))

    def open(self, key: str) -> IO[bytes]:
        """The object as a seekable binary file, for reading windows of it. Raises NotFoundError."""
        with explained(f"read {self.path(key)}"):
            return open(self.path(key), "rb") if self.is_local else io.BytesIO(self._fs.cat_file(self.path(key)))

    @contextlib.contextmanager
    def writing(self, key: str) -> Iterator[Path]:
        """A path of a local temporary file to write; at the end of the block it becomes the object, atomically.

        When the block raises, the object stays as it was and the temporary file is removed. For objects that are too
        large to hold in memory.
        """
        folder = os.path.dirname(self.path(key)) if self.is_local else tempfile.gettempdir()
        with explained(f"write {self.path(key)}"), contextlib.ExitStack() as cleanup:
            os.makedirs(folder, exist_ok=True)
            temporary = Path(folder, TEMPORARY_PREFIX + uuid.uuid4().hex)
            cleanup.callback(temporary.unlink, missing_ok=True)
            yield temporary
            if self.is_local:
                with open(temporary, "rb") as file:
                    os.fsync(file.fileno())
                os.replace(temporary, self.path(key))
            else:
                self._fs.put_file(str(temporary), self.path(key))

    def write(self, key: str, data: bytes) -> None:
        """Replace the object atomically."""
        with explained(f"write {self.path(key)}"):
            if self.is_local:
                _write_local(self.path(key), data)
            else:  # object stores replace a whole object at once
                self._fs.pipe_file(self.path(key), data)

    def create(self, key: str, data: bytes) -> bool:
        """Write a new object; False, and nothing changed, when it is there already.

        In a local folder two processes never both get True; in an object store that is not promised yet.
        """
        if not self.is_local:
            if self.exists(key):
                return False
            self.write(key, data)
            return True
        with explained(f"write {self.path(key)}"):
            return _create_local(self.path(key), data)

    def open_locked(self, key: str) -> IO[bytes] | None:
        """Open a local object for appending and hold it until the file is closed, here and in child processes.

        None for an object store, which knows no locks. Raises StorageError when another process holds it.
        """
        if not self.is_local:
            return None
        with explained(f"hold {self.path(key)}"):
            Path(self.path(key)).parent.mkdir(parents=True, exist_ok=True)
            with contextlib.ExitStack() as on_failure:
                file = on_failure.enter_context(open(self.path(key), "ab"))
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                on_failure.pop_all()  # the caller closes it
            return file

    def is_held(self, key: str) -> bool | None:
        """Whether a living process holds a local object; None when that cannot be known."""
        if not self.is_local or not os.path.exists(self.path(key)):
            return None
        with open(self.path(key), "rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def append_line(self, key: str, line: str) -> None:
        """Add one line of text to an object; a reader may see the last line unfinished after a crash."""
        data = line.encode() + b"\n"
        if not self.is_local:
            self.write(key, (self.read(key) if self.exists(key) else b"") + data)
            return
        with explained(f"write {self.path(key)}"):
            Path(self.path(key)).parent.mkdir(parents=True, exist_ok=True)
            with open(self.path(key), "ab") as file:
                file.write(data)


def _write_local(path: str, data: bytes) -> None:
    with _whole_file_beside(path, data) as temporary:
        os.replace(temporary, path)


def _create_local(path: str, data: bytes) -> bool:
    with _whole_file_beside(path, data) as temporary:
        try:
            os.link(temporary, path)  # unlike a rename, it fails when the name is taken
        except FileExistsError:
            return False
    return True


@contextlib.contextmanager
def _whole_file_beside(path: str, data: bytes) -> Iterator[str]:
    """A finished temporary file in the folder of `path`; what the caller leaves of it is removed."""
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    temporary = os.path.join(folder, TEMPORARY_PREFIX + uuid.uuid4().hex)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)

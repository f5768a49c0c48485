"""`memory://`: objects of this process alone, gone with it. For tests and for trying things."""

from __future__ import annotations

import io
import tempfile
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from fsspec.implementations.memory import MemoryFileSystem

from .backend import Backend, OnBytes, Stat, content_version
from .names import TEMPORARY_PREFIX

_LOCK = threading.RLock()  # all memory roots share one dictionary


class MemoryBackend(Backend):
    """Objects in fsspec's memory; a version is the hash of the content."""

    is_shared = False

    def __init__(self) -> None:
        self._fs = MemoryFileSystem()

    def stat(self, path: str) -> Stat:
        """Size and time."""
        info = self._fs.info(path)
        if info["type"] != "file":
            raise FileNotFoundError(path)
        return Stat(path, info["size"], self._fs.modified(path).timestamp())

    def exists(self, path: str) -> bool:
        """A folder is there when an object is in it."""
        return bool(self._fs.exists(path))

    def names(self, path: str) -> list[str]:
        """Objects and folders."""
        with _LOCK:
            entries = self._fs.ls(path, detail=False) if self._fs.isdir(path) else []
        return [entry.rstrip("/").rsplit("/", 1)[-1] for entry in entries]

    def walk(self, path: str) -> Iterator[Stat]:
        """In the order of their paths."""
        with _LOCK:
            found = sorted(self._fs.find(path)) if self._fs.isdir(path) else []
        yield from (self.stat(name) for name in found)

    def read_versioned(self, path: str) -> tuple[bytes, str]:
        """The whole object."""
        data = bytes(self._fs.cat_file(path))
        return data, content_version(data)

    def write(self, path: str, data: bytes) -> None:
        """At once."""
        with _LOCK:
            self._fs.pipe_file(path, data)

    def replace(self, path: str, data: bytes, version: str | None) -> str | None:
        """Under the lock that all writers take."""
        with _LOCK:
            present = self._fs.isfile(path)
            if present != (version is not None) or (present and self.read_versioned(path)[1] != version):
                return None
            self._fs.pipe_file(path, data)
        return content_version(data)

    def open(self, path: str) -> IO[bytes]:
        """A copy, which later writes do not change."""
        return io.BytesIO(self._fs.cat_file(path))

    def temporary_folder(self, path: str) -> Path:
        """The system's."""
        return Path(tempfile.gettempdir())

    def publish(self, temporary: Path, path: str) -> None:
        """Read whole."""
        self.write(path, temporary.read_bytes())

    def put(self, file: Path, path: str, on_bytes: OnBytes) -> str:
        """Read whole."""
        data = file.read_bytes()
        self.write(path, data)
        on_bytes(len(data))
        return content_version(data)

    def fetch(self, path: str, on_bytes: OnBytes) -> tuple[Path, bool]:
        """Written whole."""
        copy = self.temporary_folder(path) / (TEMPORARY_PREFIX + uuid.uuid4().hex)
        copy.write_bytes(self._fs.cat_file(path))
        return copy, True

    def remove(self, path: str) -> None:
        """At once."""
        with _LOCK:
            if self._fs.isfile(path):
                self._fs.rm_file(path)

"""What every kind of storage offers, in full paths. `Store` gives it keys and sentences; users never see it.

Errors are those of the operating system or the server: FileNotFoundError and so on; `Store` explains them.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True)
class Stat:
    """What is known of an object without reading it. `modified` is in seconds since 1970, `path` is a full path."""

    path: str
    bytes: int
    modified: float
    etag: str | None = None  # the server's mark of this content, where there is a server
    sha256: str | None = None  # what its writer said of it, where that is kept


OnBytes = Callable[[int], object]  # told how many more bytes are there


def content_version(data: bytes) -> str:
    """The version of an object on a storage that gives it no mark of its own: the hash of its content."""
    return hashlib.sha256(data).hexdigest()


def file_sha256(path: Path) -> str:
    """The hash of a local file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Backend(ABC):
    """One kind of storage. A version (text) stands for the content that `read_versioned` has returned."""

    is_local = False  # a folder of this machine
    is_shared = True  # another process sees the same objects

    @abstractmethod
    def stat(self, path: str) -> Stat:
        """Raises FileNotFoundError."""

    @abstractmethod
    def exists(self, path: str) -> bool:
        """Whether an object or a folder is there."""

    @abstractmethod
    def names(self, path: str) -> list[str]:
        """Names directly under a folder, temporaries included; empty when it is not there."""

    @abstractmethod
    def walk(self, path: str) -> Iterator[Stat]:
        """All objects under a folder, at any depth, temporaries included."""

    @abstractmethod
    def read_versioned(self, path: str) -> tuple[bytes, str]:
        """Content and version. Raises FileNotFoundError."""

    @abstractmethod
    def write(self, path: str, data: bytes) -> None:
        """Replace the object at once."""

    @abstractmethod
    def replace(self, path: str, data: bytes, version: str | None) -> str | None:
        """Replace the object if it still has this version (None: if it is not there), else do nothing.

        Returns the new version, or None when nothing was done. Two processes never both succeed.
        """

    @abstractmethod
    def open(self, path: str) -> IO[bytes]:
        """The object as a seekable file. Raises FileNotFoundError."""

    @abstractmethod
    def temporary_folder(self, path: str) -> Path:
        """The local folder where a file that becomes the object may be written; `publish` takes it from there."""

    @abstractmethod
    def publish(self, temporary: Path, path: str) -> None:
        """Make a finished local file the object, at once. The file may stay or go."""

    @abstractmethod
    def put(self, file: Path, path: str, on_bytes: OnBytes) -> str:
        """Make a copy of a local file the object, at once, and return its sha256; the file stays."""

    @abstractmethod
    def fetch(self, path: str, on_bytes: OnBytes) -> tuple[Path, bool]:
        """A local file with the object's content, and whether that is a copy for the caller to remove.

        A fetch that was killed goes on where it stopped.
        """

    def unfinished(self, path: str, older_than_s: float) -> list[tuple[str, str]]:
        """(path, id) of uploads below a folder that nobody has finished, begun so many seconds ago."""
        return []

    def abort(self, path: str, upload_id: str) -> None:
        """Give up an unfinished upload."""
        raise FileNotFoundError(f"{path} has no upload {upload_id}")

    @abstractmethod
    def remove(self, path: str) -> None:
        """Remove an object; nothing happens when it is not there."""

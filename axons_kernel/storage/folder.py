"""A folder of this machine: atomic by a temporary sibling and a rename, exclusive by a lock file in the root."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from .backend import Backend, OnBytes, Stat, content_version
from .names import LOCK_NAME, TEMPORARY_PREFIX

_CHUNK = 4 << 20  # bytes


class FolderBackend(Backend):
    """Objects are files; a version is the hash of the content."""

    is_local = True

    def __init__(self, root: str):
        self._root = root

    def stat(self, path: str) -> Stat:
        """Size and time of a file."""
        found = os.stat(path)
        return Stat(path, found.st_size, found.st_mtime)

    def exists(self, path: str) -> bool:
        """A NUL in the path raises ValueError, as everywhere else."""
        try:
            os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def names(self, path: str) -> list[str]:
        """Files and folders."""
        try:
            return os.listdir(path)
        except (FileNotFoundError, NotADirectoryError):
            return []

    def walk(self, path: str) -> Iterator[Stat]:
        """Folder by folder; what vanishes meanwhile is left out."""
        for folder, folders, files in os.walk(path, onerror=_raise):
            folders.sort()
            for name in sorted(files):
                with contextlib.suppress(FileNotFoundError):
                    yield self.stat(os.path.join(folder, name))

    def read_versioned(self, path: str) -> tuple[bytes, str]:
        """The whole file."""
        data = Path(path).read_bytes()
        return data, content_version(data)

    def write(self, path: str, data: bytes) -> None:
        """Through a temporary sibling."""
        with _whole_file_beside(path, data) as temporary:
            os.replace(temporary, path)

    def replace(self, path: str, data: bytes, version: str | None) -> str | None:
        """Checked and renamed under the root's lock."""
        with _whole_file_beside(path, data) as temporary, self._locked():
            try:
                present: str | None = self.read_versioned(path)[1]
            except FileNotFoundError:
                present = None
            if present != version:
                return None
            os.replace(temporary, path)
        return content_version(data)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One at a time, among threads and processes. A lock ends with its process, so none is left behind."""
        with open(os.path.join(self._root, LOCK_NAME), "ab") as file:  # a network disk locks only what is writable
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def open(self, path: str) -> IO[bytes]:
        """The file itself."""
        return open(path, "rb")

    def temporary_folder(self, path: str) -> Path:
        """The object's own folder: a rename does not cross disks."""
        folder = Path(path).parent
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def publish(self, temporary: Path, path: str) -> None:
        """The content reaches the disk before the name does."""
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)

    def put(self, file: Path, path: str, on_bytes: OnBytes) -> str:
        """Through a temporary sibling."""
        temporary = self.temporary_folder(path) / (TEMPORARY_PREFIX + uuid.uuid4().hex)
        try:
            sha256 = _copy(file, temporary, on_bytes)
            self.publish(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        return sha256

    def fetch(self, path: str, on_bytes: OnBytes) -> tuple[Path, bool]:
        """The object is a file."""
        return Path(path), False

    def remove(self, path: str) -> None:
        """And the folders that this leaves empty, up to the root."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        folder = os.path.dirname(path)
        while len(folder) > len(self._root):
            try:
                os.rmdir(folder)
            except OSError:  # it holds other files, or is gone
                return
            folder = os.path.dirname(folder)

    def append(self, path: str, data: bytes) -> None:
        """Add to the end of a file; what a full disk has cut short is taken back."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with open(path, "ab", buffering=0) as file:
            before, rest = os.fstat(file.fileno()).st_size, memoryview(data)
            try:
                while rest:
                    rest = rest[file.write(rest) :]
            except OSError:
                if os.fstat(file.fileno()).st_size == before + len(data) - len(rest):  # nobody has added since
                    os.ftruncate(file.fileno(), before)
                raise

    def open_locked(self, path: str) -> IO[bytes]:
        """Opened for appending and held until it is closed. Raises BlockingIOError when somebody holds it."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as on_failure:
            file = on_failure.enter_context(open(path, "ab"))
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            on_failure.pop_all()  # the caller closes it
        return file

    def is_held(self, path: str) -> bool | None:
        """Whether a living process holds the file; None when it is not there."""
        if not os.path.exists(path):
            return None
        with open(path, "rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False


def _copy(source: Path, target: Path, on_bytes: OnBytes) -> str:
    """Copy a file and return its sha256."""
    digest = hashlib.sha256()
    with open(source, "rb") as reading, open(target, "wb") as writing:
        while chunk := reading.read(_CHUNK):
            digest.update(chunk)
            writing.write(chunk)
            on_bytes(len(chunk))
    return digest.hexdigest()


def _raise(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


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

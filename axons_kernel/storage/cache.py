"""A read cache on this machine for objects of a server, shared by all processes of a user.

Every read asks the server whether the object has changed. Two readers of a new object cause one download; an entry
is a finished file with a note of its ETag and sha256, written last, so that a killed download leaves no bad entry.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import functools
import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO

from ..errors import AxonsKernelError, InputError, StorageError
from .cache_policy import CacheInfo, Entry, to_evict
from .names import TEMPORARY_PREFIX

FOLDER_SETTING, LIMIT_SETTING, LIMIT_GB = "AXONS_CACHE", "AXONS_CACHE_GB", 10.0
_ABANDONED_S = 86_400.0  # a temporary that nobody has touched for a day is nobody's
Fetch = Callable[[IO[bytes] | None, str | None], str | None]  # (empty file or none, known ETag) -> ETag, None: known


def cache_folder() -> Path:
    """`$AXONS_CACHE`, else `axons` in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get(FOLDER_SETTING) or Path(base) / "axons").absolute()


def inner_folder(folder: Path, name: str) -> Path:
    """A folder in the cache's, made where it is missing; nobody but its user can look into the cache."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    inner = folder / name
    inner.mkdir(exist_ok=True)
    return inner


def cache_limit() -> int:
    """Bytes. Raises InputError when the setting is no such number."""
    given = os.environ.get(LIMIT_SETTING, "")
    try:
        value = float(given or LIMIT_GB)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1e6:
        raise InputError(f"{LIMIT_SETTING}={given!r} is not allowed: give gigabytes, from 0 to 1000000.")
    return int(value * 1e9)


def shared_cache() -> ReadCache:
    """The cache that the settings name; one per process, so that its counts are of all projects."""
    return _cache(cache_folder(), cache_limit())


@functools.lru_cache(maxsize=16)
def _cache(folder: Path, limit: int) -> ReadCache:
    return ReadCache(folder, limit)


class ReadCache:
    """Files under `folder`, at most `limit` bytes of them. Objects are named by a text that is theirs alone."""

    def __init__(self, folder: Path, limit: int):
        self.folder, self.limit = folder, limit
        self._hits = self._misses = self._evictions = 0
        self._seen, self._since_look = limit, 0  # bytes: at the last look at everything, and added since
        self._verified: dict[Path, tuple[str, tuple[int, int, int]]] = {}  # file -> its hash, and what it was then

    def open(self, source: str, fetch: Fetch) -> tuple[IO[bytes], str]:
        """The object's current content as a file, and its ETag; `fetch` gets it, or says that it has not changed."""
        with _disk_of(self.folder):
            return self._open(source, fetch)

    def _open(self, source: str, fetch: Fetch) -> tuple[IO[bytes], str]:
        data = self._data(source)
        while True:
            entry = self._sound_entry(source)
            if entry and fetch(None, entry.etag) is None:
                with contextlib.suppress(FileNotFoundError):  # evicted this moment: once more
                    file = data.open("rb")
                    self._hits += 1
                    with contextlib.suppress(OSError):  # on a full disk, what is here can still be read
                        self._note(replace(entry, uses=entry.uses + 1, last_used=time.time()))
                    return file, entry.etag
                continue
            with self._locked(source):
                now = self._sound_entry(source)
                if now and (not entry or now.etag != entry.etag):
                    continue  # somebody has fetched it while we waited
                self._misses += 1
                return self._fetched(source, fetch, now.uses if now else 0)

    def _fetched(self, source: str, fetch: Fetch, uses: int) -> tuple[IO[bytes], str]:
        with self._temporary() as temporary:
            with open(temporary, "wb") as file:
                etag = str(fetch(file, None))
            return self._keep(source, temporary, etag, uses), etag

    def adopt(self, source: str, file: Path, etag: str) -> None:
        """Take over a file that was just written to the server, so that reading it needs no download."""
        if file.stat().st_size <= self.limit:
            with self._locked(source), self._temporary() as temporary:
                os.replace(file, temporary)
                self._keep(source, temporary, etag, 0).close()

    def _keep(self, source: str, temporary: Path, etag: str, uses: int) -> IO[bytes]:
        data, note = self._data(source), self._note_path(source)
        note.unlink(missing_ok=True)  # until the new one is there, the entry does not count
        file = temporary.open("rb")  # it stays readable, also when it is evicted at once
        try:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            found = os.fstat(file.fileno())
            entry = Entry(source, etag, sha256, found.st_size, uses + 1, time.time())
            os.replace(temporary, data)
            self._verified[data] = sha256, _identity(found)
            self._note(entry)
            self._make_room(entry.bytes)
        except BaseException:
            file.close()
            raise
        return file

    def _sound_entry(self, source: str) -> Entry | None:
        """The entry, if its file is what was fetched: hashed when this process meets it first, and when it changed."""
        entry, data = _read_note(self._note_path(source)), self._data(source)
        if entry is None or entry.source != source:
            return None
        try:
            if self._verified.get(data) == (entry.sha256, _identity(data.stat())):
                return entry
            with open(data, "rb") as file:
                sha256, identity = hashlib.file_digest(file, "sha256").hexdigest(), _identity(os.fstat(file.fileno()))
        except FileNotFoundError:
            return None
        if sha256 != entry.sha256:
            if _read_note(self._note_path(source)) == entry:  # else somebody has just fetched it anew
                self._forget(entry)
            return None
        self._verified[data] = sha256, identity
        return entry

    def info(self) -> CacheInfo:
        """What was asked of it and what it holds."""
        entries = self._entries()
        total = sum(entry.bytes for entry in entries)
        counts = (self._hits, self._misses, self._evictions)
        return CacheInfo(*counts, len(entries), total, self.limit, str(self.folder))

    def clear(self) -> None:
        """Forget everything."""
        shutil.rmtree(self.folder / "objects", ignore_errors=True)
        self._verified.clear()

    def _make_room(self, added: int) -> None:
        """Look at everything only when the limit may be reached: with what others add, at the latest 5 % after it."""
        self._since_look += added
        if self._seen + self._since_look <= self.limit and self._since_look <= self.limit / 20:
            return
        entries = self._entries()
        gone = to_evict(entries, self.limit, time.time())
        for entry in gone:
            self._forget(entry)
        self._evictions += len(gone)
        self._seen = sum(entry.bytes for entry in entries) - sum(entry.bytes for entry in gone)
        self._since_look = 0
        for path in self.folder.glob(f"*/{TEMPORARY_PREFIX}*"):  # what killed processes have left
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _ABANDONED_S:
                    path.unlink()

    def _forget(self, entry: Entry) -> None:
        self._note_path(entry.source).unlink(missing_ok=True)
        self._data(entry.source).unlink(missing_ok=True)
        self._verified.pop(self._data(entry.source), None)

    def _entries(self) -> list[Entry]:
        notes = (_read_note(path) for path in (self.folder / "objects").glob("*/*.json"))
        return [entry for entry in notes if entry and self._data(entry.source).exists()]

    def _note(self, entry: Entry) -> None:
        with self._temporary() as temporary:
            temporary.write_text(json.dumps(asdict(entry)))
            os.replace(temporary, self._note_path(entry.source))

    def _data(self, source: str) -> Path:
        return self._place(source, ".data")

    def _note_path(self, source: str) -> Path:
        return self._place(source, ".json")

    def _place(self, source: str, ending: str) -> Path:
        name = hashlib.sha256(source.encode()).hexdigest()
        return self.folder / "objects" / name[:2] / (name + ending)

    @contextlib.contextmanager
    def _temporary(self) -> Iterator[Path]:
        temporary = inner_folder(self.folder, "objects") / f"{TEMPORARY_PREFIX}{uuid.uuid4().hex}"
        try:
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _locked(self, source: str) -> Iterator[None]:
        """One download of an object at a time, among threads and processes; the lock ends with its process."""
        locks = inner_folder(self.folder, "locks")
        inner_folder(self.folder, "objects").joinpath(self._data(source).parent.name).mkdir(exist_ok=True)
        with open(locks / hashlib.sha256(source.encode()).hexdigest()[:3], "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _read_note(path: Path) -> Entry | None:
    try:
        return Entry(**json.loads(path.read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):  # none, or one of another version
        return None


def _identity(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns


@contextlib.contextmanager
def _disk_of(folder: Path) -> Iterator[None]:
    """A disk error is this machine's, and not the server's whose object is read."""
    try:
        yield
    except OSError as error:
        reasons = {errno.ENOSPC: "the disk is full", errno.EDQUOT: "the quota is used up", errno.EROFS: "is read-only"}
        reason = reasons.get(error.errno or 0, "no permission" if isinstance(error, PermissionError) else "")
        if not reason or isinstance(error, AxonsKernelError):
            raise
        raise StorageError(
            f"The read cache at {folder} cannot be written: {reason}. Free some space there, or set {FOLDER_SETTING} "
            "to another folder."
        ) from error

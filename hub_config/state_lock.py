"""One hub per state folder: a lock that the operating system releases when its holder ends, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub_config.errors import HubConfigError


class StateLockError(HubConfigError):
    """The state folder is in use, or its lock cannot be written."""


@contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Hold the lock file, which then contains our process id. Raises `StateLockError` if another process holds it."""
    lock = _open(path)
    try:
        _acquire(lock, path)
        yield
    finally:
        os.close(lock)  # which also releases it


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StateLockError(f"the lock {path} cannot be opened: {error.strerror}") from error


def _acquire(lock: int, path: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.truncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
    except BlockingIOError:
        holder = os.read(lock, 20).decode().strip() or "?"
        raise StateLockError(
            f"another hub (process {holder}) uses the folder {path.parent}; stop it, or choose another folder with: "
            "axons hub --state DIR"
        ) from None
    except OSError as error:
        raise StateLockError(f"the lock {path} cannot be written: {error.strerror}") from error

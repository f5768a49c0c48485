"""A user's file at hand for reading here and there in it: opened where it lies, or copied from afar first."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, MutableMapping
from typing import IO

import fsspec
from fsspec.implementations.local import LocalFileSystem

from ..errors import InputError, NotFoundError, StorageError
from .explain import explained
from .names import shown

_PIECE = 4 << 20  # bytes that are copied at a time
Location = str | os.PathLike[str]


@contextlib.contextmanager
def fetch_source(location: Location, on_bytes: Callable[[int, int], object]) -> Iterator[IO[bytes]]:
    """A user's file as a local, seekable one, never written to; one that is elsewhere is copied for the time.

    `on_bytes` hears how many of how many bytes (0: unknown) have come. Raises NotFoundError, or StorageError for a
    folder, a pipe, a device, no permission, a full disk or a connection that was cut.
    """
    action = f"read {shown(location)}"
    with contextlib.ExitStack() as opened:
        with explained(action):
            filesystem, path = fsspec.core.url_to_fs(os.fspath(location))
            if isinstance(filesystem, LocalFileSystem):
                file = opened.enter_context(_open_regular(path, action))
            else:
                file = opened.enter_context(tempfile.TemporaryFile(prefix="axons-"))
                copy_all(opened.enter_context(fsspec.open(os.fspath(location), "rb")), file, action, on_bytes)
        yield file


def read_if_there(location: Location) -> bytes | None:
    """A small file, such as one beside an image; None when there is none."""
    with explained(f"read {shown(location)}"):
        filesystem, path = fsspec.core.url_to_fs(os.fspath(location))
        if not filesystem.exists(path):
            return None
    try:
        with fetch_source(location, lambda done, total: None) as file:
            return file.read()
    except NotFoundError:
        return None


def _open_regular(path: str, action: str) -> IO[bytes]:
    """Open a file; a pipe or a device would wait for ever, or never end."""
    kind = os.stat(path).st_mode
    if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
        raise StorageError(f"Cannot {action}: it is a pipe or a device, and a file is needed.")
    return open(path, "rb")


def copy_all(source: IO[bytes], target: IO[bytes], action: str, on_bytes: Callable[[int, int], object]) -> None:
    """Copy a stream to its end. Raises StorageError (`action` says what for) when it ends before its own `size`."""
    total = int(getattr(source, "size", None) or 0)
    done = 0
    while piece := source.read(_PIECE):
        target.write(piece)
        done += len(piece)
        on_bytes(done, total)
    if done < total:
        raise StorageError(f"Cannot {action}: the connection was cut after {done} of {total} bytes. Run it again.")
    target.flush()
    target.seek(0)


def source_folder(location: Location) -> MutableMapping[str, bytes] | None:
    """A user's folder as its files (path in the folder: bytes); None when `location` is a file.

    What is elsewhere counts as a folder in or below a name that ends with ".zarr": servers need not know folders.
    """
    if not os.fspath(location):
        raise InputError("No file is named: give the path of a file or folder, or a URL.")
    with explained(f"read {shown(location)}"):
        filesystem, path = fsspec.core.url_to_fs(os.fspath(location))
        is_local = isinstance(filesystem, LocalFileSystem)
        named_so = any(part.endswith(".zarr") for part in shown(location).split("/"))
        if not (os.path.isdir(path) if is_local else named_so):
            return None
        files: MutableMapping[str, bytes] = fsspec.get_mapper(os.fspath(location))
        return files

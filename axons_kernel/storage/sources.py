"""A user's own files, at a path or a URL: only ever read."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import IO

import fsspec

from .explain import explained
from .names import shown


def read_source(location: str | os.PathLike[str]) -> bytes:
    """Read a user's file (a path or a URL) whole.

    Raises NotFoundError or StorageError, with what was given and what to do.
    """
    with explained(f"read {shown(location)}"), fsspec.open(os.fspath(location), "rb") as file:
        return bytes(file.read())


@contextlib.contextmanager
def open_source(location: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """A user's file (a path or a URL) opened for reading; seekable, and never written to.

    Raises NotFoundError or StorageError, with what was given and what to do.
    """
    with explained(f"read {shown(location)}"):
        file = fsspec.open(os.fspath(location), "rb").open()
    with file:
        yield file

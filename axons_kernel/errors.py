"""Errors that a user of the library can cause; each message is one sentence that says what to do next.

Every class also inherits the builtin that callers already catch (`ValueError`, `FileNotFoundError`, ...).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class AxonsKernelError(Exception):
    """Base of all errors that this library raises on purpose."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the sentence alone, as the way through the library helps no student."""
        return [f"{type(self).__name__}: {self}"]


class InputError(AxonsKernelError, ValueError):
    """An argument is not allowed; the message gives the value, what is allowed and what to do."""


class ImageReadError(AxonsKernelError, ValueError):
    """The file is not an image that can be read."""


class NotFoundError(AxonsKernelError, FileNotFoundError):
    """A project, image, training set, run or model of that name is not there."""

    def __str__(self) -> str:  # FileNotFoundError would print errno fields
        return str(self.args[0]) if self.args else ""


class StorageError(AxonsKernelError, OSError):
    """Reading or writing failed: no permission, no space, a broken file."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class ConflictError(StorageError):
    """Another process has changed the same object meanwhile; nothing was overwritten."""


class SchemaError(AxonsKernelError, ValueError):
    """A JSON document is broken or was written by a newer version of Axons."""


class TrainingError(AxonsKernelError, RuntimeError):
    """Training or prediction cannot go on (no labelled pixels, NaN loss, a model for other classes)."""


class NotebookError(AxonsKernelError, RuntimeError):
    """A cell of an executed notebook failed; the message names the cell."""


class MissingExtraError(AxonsKernelError, ImportError):
    """An optional part is not installed; the message names what to install."""


@contextmanager
def needs_extra(extra: str, what: str) -> Iterator[None]:
    """Around imports that `what` needs from the package extra `extra`. Raises MissingExtraError."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"{what} needs {error.name}: pip install 'axons[{extra}]'.") from error


class StoppedPredictingError(KeyboardInterrupt):
    """The prediction was interrupted; what is finished is kept, and the same call goes on."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the sentence alone."""
        return [str(self)]


class StoppedLookingError(KeyboardInterrupt):
    """The cell that follows a run was interrupted; the run goes on."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the sentence alone."""
        return [str(self)]

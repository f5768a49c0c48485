"""The upload: files come from the browser in pieces, are checked, and become images of the project."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Protocol

import traitlets

from ..errors import AxonsKernelError, ImageReadError, InputError
from .lab_widget import LabWidget
from .subshell import answer_where_asked
from .upload_messages import CHUNK, Chunk, Finish, Import, Offer, Remove, parse_upload_message

IN_FLIGHT = 4  # pieces that may be on their way at a time
LARGEST = 16 * 10**9  # bytes
MOST_FILES = 200
PUBLISH_S = 1.0  # seconds between two states of the list while a file comes, for a page that is loaded again
log = logging.getLogger(__name__)


class Incoming(Protocol):
    """What has come of a file."""

    size: int

    @property
    def sha256(self) -> str:
        """Of all bytes so far."""

    def append(self, data: bytes | memoryview) -> None:
        """Add the next piece. Raises StorageError."""

    def discard(self) -> None:
        """Remove the file."""


@dataclass(frozen=True)
class Imported:
    """An image that a file has become: its name, a line about it, and a small PNG of it."""

    name: str
    text: str
    picture: bytes


@dataclass(frozen=True)
class Place:
    """Where the files go. `bring_in(file, file name, name or "", µm per pixel)` makes an image of one.

    It raises ImageReadError when the file is no image, InputError when a name or a pixel size is wanted.
    """

    new_file: Callable[[], Incoming]
    free_bytes: Callable[[], int]
    bring_in: Callable[[Any, str, str, float | None], Imported]


@dataclass(frozen=True)
class FileRow:
    """One file in the list; `received` counts bytes, `message` is what its person should know."""

    name: str
    size: int
    modified: float
    state: Literal["receiving", "importing", "asking", "done", "failed"] = "receiving"
    received: int = 0
    message: str = ""
    image: str = ""


class UploadWidget(LabWidget):
    """Drop files into it; each becomes an image of the project. What has come stays when the page is loaded again."""

    _model_name = traitlets.Unicode("UploadModel").tag(sync=True)
    _view_name = traitlets.Unicode("UploadView").tag(sync=True)
    files = traitlets.Dict(help="the list, by the id of the file").tag(sync=True)
    pictures = traitlets.Dict(help="PNG of each image that is there, by the id of the file").tag(sync=True)
    limits = traitlets.Dict(help="bytes per file and piece, pieces in flight").tag(sync=True)

    def __init__(self, place: Place, *, largest: int = LARGEST) -> None:
        """`largest` is the most bytes that one file may have."""
        self._place, self._largest = place, largest
        self._rows: dict[str, FileRow] = {}
        self._incoming: dict[str, Incoming] = {}
        self._published = 0.0
        self._lock = threading.RLock()  # messages and imports come from different threads
        self._imports = ThreadPoolExecutor(1, thread_name_prefix="axons-upload")
        limits = {"largest": largest, "chunk": CHUNK, "in_flight": IN_FLIGHT, "free": place.free_bytes()}
        super().__init__(limits=limits)
        self.on_msg(self._answer)
        answer_where_asked(self.comm)

    @property
    def images(self) -> list[str]:
        """The names of the images that have come."""
        with self._lock:
            return [row.image for row in self._rows.values() if row.state == "done"]

    def close(self) -> None:
        """Give up what has not come completely, and go from the page."""
        with self._lock:
            for key in list(self._incoming):
                self._drop(key)
        self._imports.shutdown(wait=False)
        super().close()

    # -- messages from the browser ---------------------------------------------------------------------------

    def _answer(self, _: Any, content: Any, buffers: Any) -> None:
        """Do what a message asks for; one that is none of ours is refused and changes nothing."""
        try:
            message = parse_upload_message(content)
        except InputError as error:
            log.warning("%s", error)
            return
        with self._lock:
            if isinstance(message, Offer):
                self._offered(message)
            elif message.id not in self._rows:
                self.send({"op": "stop", "id": message.id})
            elif isinstance(message, Chunk):
                self._came(message, buffers)
            elif isinstance(message, Finish):
                self._finished(message)
            elif isinstance(message, Import):
                self._answered(message)
            elif isinstance(message, Remove):
                self._remove(message.id)

    def _offered(self, offer: Offer) -> None:
        """Take a new file, or go on with one of which a part is here: after a break, or after a reload of the page."""
        known = self._unfinished(offer)
        if known is not None:
            row = self._rows.pop(known)
            self._incoming[offer.id] = self._incoming.pop(known)
            self._show(offer.id, row)
            self.send({"op": "accept", "id": offer.id, "offset": self._incoming[offer.id].size})
            return
        if offer.id in self._rows or len(self._rows) >= MOST_FILES:
            self.send({"op": "stop", "id": offer.id})
            return
        row = FileRow(_printable(offer.name), offer.size, offer.modified)
        problem = self._problem(row)
        if not problem:
            try:
                self._incoming[offer.id] = self._place.new_file()
            except AxonsKernelError as error:
                problem = str(error)
        if problem:
            self._fail(offer.id, row, problem)
        else:
            self._show(offer.id, row)
            self.send({"op": "accept", "id": offer.id, "offset": 0})

    def _unfinished(self, offer: Offer) -> str | None:
        wanted = (_printable(offer.name), offer.size, offer.modified)
        for key, row in self._rows.items():
            if (row.name, row.size, row.modified) == wanted and row.state == "receiving":
                return key
        return None

    def _problem(self, row: FileRow) -> str:
        """Why a file is not taken, said before a byte of it is sent."""
        free = self._place.free_bytes()
        coming = sum(r.size - r.received for r in self._rows.values() if r.state == "receiving")
        if row.size == 0:
            return f"{row.name} is empty: choose another file."
        if row.size > self._largest:
            return f"{row.name} has {_size(row.size)}; a file may have {_size(self._largest)} at most."
        if 2 * row.size + coming > free:  # it is there twice until it has been imported
            return (
                f"{row.name} needs {_size(2 * row.size)} while it is imported, and the disk has "
                f"{_size(max(0, free - coming))} left: remove something first."
            )
        return ""

    def _came(self, chunk: Chunk, buffers: Any) -> None:
        row, incoming = self._rows[chunk.id], self._incoming.get(chunk.id)
        if row.state != "receiving" or incoming is None:
            self.send({"op": "stop", "id": chunk.id})
            return
        data = memoryview(buffers[0]).cast("B") if buffers else memoryview(b"")
        fits = len(data) <= CHUNK and incoming.size + len(data) <= row.size
        if chunk.offset == incoming.size and data and fits:  # else it came twice, or after one that was lost
            try:
                incoming.append(data)
            except AxonsKernelError as error:
                self._fail(chunk.id, row, str(error))
                return
            self._rows[chunk.id] = replace(row, received=incoming.size)
            if time.monotonic() - self._published > PUBLISH_S:
                self._publish()
        self.send({"op": "ack", "id": chunk.id, "received": incoming.size})

    def _finished(self, finish: Finish) -> None:
        row, incoming = self._rows[finish.id], self._incoming.get(finish.id)
        if row.state != "receiving" or incoming is None:
            return
        if incoming.size != row.size:
            self.send({"op": "accept", "id": finish.id, "offset": incoming.size})
        elif incoming.sha256 != finish.sha256:
            self._fail(finish.id, row, f"{row.name} has arrived damaged or was changed meanwhile: choose it again.")
        else:
            self._start_import(finish.id, row, "", None)

    def _answered(self, message: Import) -> None:
        row = self._rows[message.id]
        if row.state == "asking":
            self._start_import(message.id, row, message.name.strip(), message.pixel_size_um)

    def _remove(self, key: str) -> None:
        if self._rows[key].state != "importing":
            self._drop(key)
            del self._rows[key]
            self.pictures = {other: data for other, data in self.pictures.items() if other != key}
            self.send({"op": "stop", "id": key})
            self._publish()

    # -- importing -------------------------------------------------------------------------------------------

    def _start_import(self, key: str, row: FileRow, name: str, size: float | None) -> None:
        self._show(key, replace(row, state="importing", message=""))
        self._imports.submit(self._import, key, name, size)

    def _import(self, key: str, name: str, size: float | None) -> None:
        with self._lock:
            row, incoming = self._rows[key], self._incoming[key]
        try:
            image = self._place.bring_in(incoming, row.name, name, size)
        except ImageReadError as error:
            self._fail(key, row, str(error))
        except InputError as error:  # a name or a pixel size is missing: its person can give it
            self._show(key, replace(row, state="asking", message=str(error)))
        except AxonsKernelError as error:
            self._fail(key, row, str(error))
        except Exception as error:
            log.exception("an upload could not be imported")
            self._fail(key, row, f"{row.name} could not be imported: {type(error).__name__}: {error}")
        else:
            with self._lock:
                self._drop(key)
                self.pictures = {**self.pictures, key: image.picture}
                self._show(key, replace(row, state="done", message=image.text, image=image.name))

    def _fail(self, key: str, row: FileRow, message: str) -> None:
        with self._lock:
            self._drop(key)
            self._show(key, replace(row, state="failed", message=message))
            self.send({"op": "stop", "id": key})

    def _drop(self, key: str) -> None:
        incoming = self._incoming.pop(key, None)
        if incoming is not None:
            incoming.discard()

    def _show(self, key: str, row: FileRow) -> None:
        with self._lock:
            self._rows[key] = row
            self._publish()

    def _publish(self) -> None:
        self.files = {key: asdict(row) for key, row in self._rows.items()}
        self.limits = {**self.limits, "free": self._place.free_bytes()}
        self._published = time.monotonic()


def _printable(name: str) -> str:
    """A file's name to show: control characters could hide what it is."""
    return "".join(c if c.isprintable() else "�" for c in name) or "a file without a name"


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"

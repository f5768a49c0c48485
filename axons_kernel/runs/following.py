"""What is new of a run, read from its files bit by bit; whoever asks says what it has already.

Nothing is kept of those who ask: any number of views, here or elsewhere, may follow one run, and come and go.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from ..documents import parse_json
from ..errors import NotFoundError
from ..storage import Store
from . import control, examples
from .scores import duration

if TYPE_CHECKING:
    from .run import Run, RunStatus

File = Literal["metrics", "resources", "messages"]
FILES: tuple[File, ...] = ("metrics", "resources", "messages")
Known = Mapping[File, tuple[str, int]]  # the writing that it has of a file, and how many of its lines
_SILENT_S = 120.0  # a training on a server writes every 15 s, more slowly after hours
ENDED = ("finished", "stopped", "failed")


class Lines:
    """A file of JSON lines that grows, and may be written anew, shorter: then it is another `writing`."""

    def __init__(self, store: Store, key: str):
        self._store, self._key = store, key
        self.modified = 0.0
        self._start_again()

    def _start_again(self) -> None:
        self.writing = uuid.uuid4().hex[:8]
        self.lines: list[dict[str, Any]] = []
        self._end, self._last, self._seen = 0, b"", -1

    def read(self) -> None:
        """Take in what has been added; a last line that is not finished is left for later."""
        try:
            stat = self._store.stat(self._key)
            size, self.modified = stat.bytes, stat.modified
        except NotFoundError:
            size = 0
        if size == self._seen:
            return
        if not self._goes_on(added := self._from(self._end - len(self._last)) if size else b""):
            self._start_again()
            added = self._from(0) if size else b""
        whole = added[len(self._last) : added.rfind(b"\n") + 1]
        found = [line for line in whole.split(b"\n") if line]
        self.lines += [parse_json(line, self._key) for line in found]
        self._end += len(whole)
        self._seen = size
        if found:
            self._last = found[-1] + b"\n"

    def _goes_on(self, added: bytes) -> bool:
        """Whether the last line that is known is still where it was."""
        return added.startswith(self._last)

    def _from(self, start: int) -> bytes:
        if not self._store.is_local:
            return self._store.read(self._key)[start:]
        with self._store.open(self._key) as file:
            file.seek(start)
            return file.read()


class Follower:
    """What a view of a run asks for."""

    def __init__(self, run: Run):
        self.run = run
        self._files = {name: Lines(run.store, run.key(f"{name}.jsonl")) for name in FILES}
        self._reading = threading.Lock()  # a cell and a view may ask at the same time

    def news(self, known: Known) -> dict[str, Any]:
        """How the run is now, and the lines that are not `known`; JSON."""
        run = self.run
        status, asked = run.status(), control.requested(run.store, run.name)
        with self._reading:
            new: dict[str, Any] = {name: self._new(name, known.get(name, ("", 0))) for name in FILES}
        return {
            "state": "paused" if status.state == "running" and asked == "pause" else status.state,
            "asked": asked,
            "message": status.message,
            "advice": advice(run, status) or self._doubt(status),
            "left_s": self.left_s(),
            "now": round(time.time(), 1),
            **new,
            "examples": {
                "epochs": examples.read_epochs(run.store, run.name),
                "tiles": examples.count(run.store, run.name),
            },
        }

    def _new(self, name: File, known: tuple[str, int]) -> dict[str, Any]:
        file = self._files[name]
        file.read()
        start = min(known[1], len(file.lines)) if known[0] == file.writing else 0
        return {"writing": file.writing, "start": start, "lines": file.lines[start:]}

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """One entry per epoch, as of the last news."""
        return self._files["metrics"].lines

    def _doubt(self, status: RunStatus) -> str:
        """That a run may have died, where nobody can know: a server knows no locks, but the training writes often."""
        run = self.run
        if status.state in ENDED or run.store.is_held(run.key("log.txt")) is not None:
            return ""
        started = datetime.fromisoformat(run.info.started).timestamp()
        silence = time.time() - max(started, *(file.modified for file in self._files.values()))
        usage = [line["time"] for line in self._files["resources"].lines[-2:]]
        if silence < max(_SILENT_S, 3 * (usage[-1] - usage[0] if usage else 0)):
            return ""
        call = f'project.run("{run.name}").resume()'
        return f"Nothing has been heard of it for {duration(silence)}: if it has died, {call} goes on with it."

    def left_s(self) -> float | None:
        """Seconds until the end, as it goes and at most until its time is up; None before the first epoch has ended."""
        if not self.metrics or not self.metrics[-1]["progress"]:
            return None
        last = self.metrics[-1]
        longest = 60 * self.run.info.config.max_minutes - last["seconds"]
        since = time.time() - self.run.store.stat(self.run.key("metrics.jsonl")).modified
        return float(round(max(0.0, min(seconds_left(last), longest) - since), 1))

    def picture(self, kind: Literal["image", "reference"] | int, tile: int) -> bytes:
        """PNG bytes of an example; see `examples.read_picture`."""
        return examples.read_picture(self.run.store, self.run.name, kind, tile)

    def ask(self, request: control.Request) -> None:
        """Leave a request for the training."""
        control.ask(self.run.store, self.run.name, request)

    def withdraw(self, request: control.Request) -> None:
        """Take a request back."""
        control.withdraw(self.run.store, self.run.name, request)


def seconds_left(last: Mapping[str, Any]) -> float:
    """Until the end, counted from the end of the epoch that this line of metrics is about."""
    return float(last["seconds"] * (1 - last["progress"]) / last["progress"])


def advice(run: Run, status: RunStatus) -> str:
    """What to do about a run that has not come to its end; "" when there is nothing to do, or it is said already."""
    can_go_on = status.state in ("failed", "stopped") and bool(run.store.names(run.key("checkpoints")))
    if not can_go_on or "resume()" in status.message:
        return ""
    return f'project.run("{run.name}").resume() goes on from its last checkpoint.'

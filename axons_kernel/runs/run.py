"""Runs: one training each, started in a process of its own and followed through the files that it writes."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ..documents import Document, parse_json
from ..errors import NotFoundError, TrainingError
from ..model_files import ModelInfo, read_model_info
from ..storage import Store
from ..training.config import TrainingConfig
from . import control

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..widget.run_view import RunWidget
    from .live import StaticRun


_NOTED = re.compile(r"\d{4}-\d\d-\d\dT")  # how a line of the log begins that the training has written by itself


class RunInfo(Document):
    """runs/<run>/config.json: what is trained on what."""

    kind: ClassVar[str] = "run"
    name: str
    training_set: str
    training_set_sha256: str
    classes: tuple[str, ...]
    config: TrainingConfig
    started: str


class RunStatus(Document):
    """runs/<run>/status.json."""

    kind: ClassVar[str] = "run_status"
    state: Literal["starting", "running", "finished", "stopped", "failed"]
    message: str = ""


@dataclass(frozen=True, repr=False)
class Run:
    """A handle on `runs/<name>/`."""

    store: Store
    info: RunInfo

    @property
    def name(self) -> str:
        """The run's name in the project."""
        return self.info.name

    def key(self, file: str) -> str:
        """Where a file of this run is stored."""
        return f"runs/{self.name}/{file}"

    def status(self) -> RunStatus:
        """How far the run is; a process that died without a word counts as failed."""
        status = self.recorded_status()
        if status.state in ("starting", "running") and self.store.is_held(self.key("log.txt")) is False:
            status = self.recorded_status()  # it may have ended just now
            if status.state in ("starting", "running"):
                ended = f"its process ended without a word{self._last_words()}; run.resume() goes on with it"
                return RunStatus(state="failed", message=ended)
        return status

    def recorded_status(self) -> RunStatus:
        """What the run's process has written last, also when it has died since."""
        key = self.key("status.json")
        if not self.store.exists(key):
            return RunStatus(state="starting")  # its config was written this moment
        return RunStatus.decode(self.store.read(key), key)

    def _last_words(self) -> str:
        lines = self.store.read(self.key("log.txt")).decode(errors="replace").split("\n")
        said = [line for line in lines if line.strip() and not _NOTED.match(line)]
        return f"; the end of its log: {said[-1]}" if said else ", most often because memory ran out"

    def set_status(self, status: RunStatus) -> None:
        """Record how far the run is."""
        self.store.write(self.key("status.json"), status.encode())

    def log(self, text: str) -> None:
        """Add to the run's log.txt."""
        self.store.append_line(self.key("log.txt"), text)

    def append_metrics(self, metrics: dict[str, Any]) -> None:
        """Add one epoch to metrics.jsonl."""
        self.store.append_line(self.key("metrics.jsonl"), json.dumps(metrics))

    def metrics(self) -> list[dict[str, Any]]:
        """One entry per finished epoch; a last line cut by a crash is left out."""
        key = self.key("metrics.jsonl")
        if not self.store.exists(key):
            return []
        lines = self.store.read(key).decode().split("\n")[:-1]  # what follows the last line end is unfinished
        return [parse_json(line.encode(), key) for line in lines]

    def stop(self, *, after_epoch: bool = False) -> None:
        """Ask the run to end after the step, or the epoch, that it is at; its best model is kept."""
        control.ask(self.store, self.name, "stop_after_epoch" if after_epoch else "stop")

    def pause(self) -> None:
        """Ask the run to wait after the step that it is at, until `resume`; the time does not count."""
        control.ask(self.store, self.name, "pause")

    def resume(self, *, on: Literal["here", "inline"] = "here") -> Run:
        """Go on with a run that is paused, or with one that was stopped, failed or has died, from its last checkpoint;
        on the CPU its numbers are those of a run that was never interrupted.

        Raises InputError when it has finished, or is still being trained.
        """
        from .starting import resume_run

        if control.requested(self.store, self.name) == "pause" and self.status().state == "running":
            control.withdraw(self.store, self.name, "pause")
            return self
        resume_run(self, on)
        return self

    @property
    def best(self) -> ModelInfo:
        """The best model of a run that has ended. Raises TrainingError when there is none (yet)."""
        status = self.status()
        if status.state == "failed":
            raise TrainingError(f"Run '{self.name}' failed: {status.message}")
        if status.state not in ("finished", "stopped"):
            raise TrainingError(
                f"Run '{self.name}' is still {status.state}: look with run.live(), wait with run.wait()."
            )
        return read_model_info(self.store, self.name)

    def wait(self, poll_seconds: float = 0.5) -> Run:
        """Say how far the run is until it has ended, then return it. Raises TrainingError with the reason if it failed.

        Interrupting the cell ends the waiting, not the run.
        """
        from .live import follow

        follow(self, poll_seconds)
        if self.status().state == "failed":
            raise TrainingError(f"Run '{self.name}' failed: {self.status().message}")
        return self

    def figure(self) -> Figure:
        """Loss and Dice curves so far."""
        from ..plotting import curves_figure

        return curves_figure(self.metrics(), self.info.classes)

    def live(self) -> RunWidget | StaticRun:
        """A view with curves that grow, examples, and buttons; it comes at once, and `wait` is what waits for the end.

        Also for a run that another notebook or a job has started: project.run("run-1").live().
        """
        from .live import live

        return live(self)

    def to_tensorboard(self, folder: str | os.PathLike[str]) -> str:
        """Write the run so far as TensorBoard's files to `folder`/<run>. Raises InputError, MissingExtraError."""
        from .tensorboard import to_tensorboard

        return to_tensorboard(self, folder)

    def __repr__(self) -> str:
        return f"run '{self.name}': {self.status().state}, {len(self.metrics())} epochs"


def read_run(store: Store, name: str) -> Run:
    """The run of that name. Raises NotFoundError when there is none."""
    key = f"runs/{name}/config.json"
    if not store.exists(key):
        have = ", ".join(store.names("runs")) or "none"
        raise NotFoundError(f"There is no run '{name}' in this project; it has: {have}.")
    return Run(store, RunInfo.decode(store.read(key), key))


def now() -> str:
    """The time in UTC, to the second, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")

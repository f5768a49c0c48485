"""Runs: one training each, started in a process of its own and followed through the files that it writes."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any, ClassVar, Literal

from ..documents import Document, parse_json
from ..errors import InputError, NotFoundError, TrainingError
from ..model_files import ModelInfo, read_model_info
from ..storage import Store
from ..training.config import TrainingConfig

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..widget.run_view import RunWidget
    from .live import StaticRun

# kept so that finished ones are reaped: a dropped Popen warns, and leaves a zombie
_children: list[subprocess.Popen[bytes]] = []


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


class RunEnvironment(Document):
    """runs/<run>/environment.json: what the run ran on."""

    kind: ClassVar[str] = "environment"
    versions: dict[str, str]
    device: str
    platform: str


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
        status = self._recorded_status()
        if status.state in ("starting", "running") and self.store.is_held(self.key("log.txt")) is False:
            status = self._recorded_status()  # it may have ended just now
            if status.state in ("starting", "running"):
                return RunStatus(state="failed", message=f"its process ended without a word{self._last_words()}")
        return status

    def _recorded_status(self) -> RunStatus:
        key = self.key("status.json")
        if not self.store.exists(key):
            return RunStatus(state="starting")  # its config was written this moment
        return RunStatus.decode(self.store.read(key), key)

    def _last_words(self) -> str:
        lines = self.store.read(self.key("log.txt")).decode(errors="replace").split("\n")
        said = [line for line in lines if line.strip()]
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

    def stop(self) -> None:
        """Ask the run to end after the step that it is at; its best model is kept."""
        self.store.write(self.key("stop"), b"")

    def stop_requested(self) -> bool:
        """Whether `stop` was called."""
        return self.store.exists(self.key("stop"))

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

    def __repr__(self) -> str:
        return f"run '{self.name}': {self.status().state}, {len(self.metrics())} epochs"


def read_run(store: Store, name: str) -> Run:
    """The run of that name. Raises NotFoundError when there is none."""
    key = f"runs/{name}/config.json"
    if not store.exists(key):
        have = ", ".join(store.names("runs")) or "none"
        raise NotFoundError(f"There is no run '{name}' in this project; it has: {have}.")
    return Run(store, RunInfo.decode(store.read(key), key))


def start_run(store: Store, info: RunInfo, on: Literal["here", "inline"], *, numbered: bool = False) -> Run:
    """Record a new run and start it: `here` in a process of its own, `inline` in this one, returning at its end.

    A `numbered` one gets the first number that is free, also when another process starts one at the same time.
    """
    if on == "here" and not store.is_shared:
        raise InputError("A memory:// project cannot be seen by another process: train with on='inline'.")
    run = _recorded(store, info, numbered)
    log = store.open_locked(run.key("log.txt"))  # held by who trains: when it is free, the training has ended
    try:
        run.set_status(RunStatus(state="starting"))
        if on == "inline":
            from .process import execute

            execute(run)
        else:
            _children.append(_start_process(run, log))
    finally:
        if log:
            log.close()  # the child has its own
    return run


def _recorded(store: Store, info: RunInfo, numbered: bool) -> Run:
    taken = set(store.names("runs"))  # half-started ones included
    numbers = (n for n in itertools.count(1) if f"run-{n}" not in taken)
    while True:
        run = Run(store, info.model_copy(update={"name": f"run-{next(numbers)}"}) if numbered else info)
        if store.create(run.key("config.json"), run.info.encode()):
            return run
        if not numbered:
            raise InputError(f"There is a run '{info.name}' already: choose another name.")


def _start_process(run: Run, log: IO[bytes] | None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "axons_kernel.runs.process", run.store.url, run.name, str(os.getpid())],
        stdin=subprocess.DEVNULL,
        stdout=log or subprocess.DEVNULL,
        stderr=log or subprocess.DEVNULL,
        start_new_session=True,  # interrupting a cell signals the kernel's whole process group
    )


def now() -> str:
    """The time in UTC, to the second, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")

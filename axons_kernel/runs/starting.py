"""Starting a run, and going on with one that was stopped or has died: each by one process at a time."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Literal

from ..errors import InputError, StorageError
from ..storage import Store
from .control import withdraw
from .run import Run, RunInfo, RunStatus

Place = Literal["here", "inline"]

_SILENT_S = 120.0  # where no lock tells: a training that has written nothing for so long has died

# kept so that finished ones are reaped: a dropped Popen warns, and leaves a zombie
_children: list[subprocess.Popen[bytes]] = []


def start_run(store: Store, info: RunInfo, on: Place, *, numbered: bool = False) -> Run:
    """Record a new run and start it: `here` in a process of its own, `inline` in this one, returning at its end.

    A `numbered` one gets the first number that is free, also when another process starts one at the same time.
    """
    _check_place(store, on)
    run = _recorded(store, info, numbered)
    with _held(run) as log:
        run.set_status(RunStatus(state="starting"))
        _train(run, log, on)
    return run


def resume_run(run: Run, on: Place) -> None:
    """Go on with a run from its last checkpoint, or from the start where it has none yet.

    Raises InputError when it has finished, or another process is at it.
    """
    _check_place(run.store, on)
    if run.recorded_status().state == "finished":
        raise InputError(f"Run '{run.name}' has finished: for more epochs, start a new one with project.train().")
    with _held(run) as log:
        version = run.store.version(run.key("status.json"))
        status = run.recorded_status()
        if log is None and status.state in ("starting", "running") and _silence(run) < _SILENT_S:
            raise _busy(run)
        withdraw(run.store, run.name)
        # compared and swapped, as a server knows no locks: of two processes one goes on
        run.store.replace(run.key("status.json"), RunStatus(state="starting", message="resumed").encode(), version)
        _train(run, log, on)


def _check_place(store: Store, on: Place) -> None:
    if on not in ("here", "inline"):
        raise InputError(f"on={on!r} is not allowed: train on='here' (in the background) or on='inline'.")
    if on == "here" and not store.is_shared:
        raise InputError("A memory:// project cannot be seen by another process: train with on='inline'.")


@contextmanager
def _held(run: Run) -> Iterator[IO[bytes] | None]:
    """The run's log, held by who trains: when it is free, the training has ended. None where there are no locks."""
    try:
        log = run.store.open_locked(run.key("log.txt"))
    except StorageError as error:
        if run.store.is_held(run.key("log.txt")):
            raise _busy(run) from error
        raise
    try:
        yield log
    finally:
        if log:
            log.close()  # a child has its own


def _busy(run: Run) -> InputError:
    return InputError(
        f"Run '{run.name}' is being trained by another process: look with run.live(), or end it with run.stop() first."
    )


def _silence(run: Run) -> float:
    """Seconds since the run has written anything."""
    files = ("status.json", "resources.jsonl", "metrics.jsonl")
    times = [run.store.stat(run.key(name)).modified for name in files if run.store.exists(run.key(name))]
    return time.time() - max(times, default=0.0)


def _train(run: Run, log: IO[bytes] | None, on: Place) -> None:
    if on == "inline":
        from .process import execute

        execute(run)
    else:
        _children.append(_start_process(run, log))


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
        env=_environment(),
    )


def _environment() -> dict[str, str]:
    """What the user has set, and for a machine that many share: a thread that waits for others leaves the core to them.

    At twice as many threads as cores, spinning takes more than ten times as long. A hub says in CPU_LIMIT how many
    cores a server may use, which torch does not know.
    """
    polite = {"OMP_WAIT_POLICY": "passive"}
    if limit := os.environ.get("CPU_LIMIT"):
        polite["OMP_NUM_THREADS"] = str(max(1, round(float(limit))))
    return {**polite, **os.environ}

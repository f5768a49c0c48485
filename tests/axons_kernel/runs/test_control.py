"""Requests to a training: left by anybody, seen soon, looked for seldom."""

from __future__ import annotations

from pathlib import Path

import pytest

from axons_kernel.runs import control
from axons_kernel.runs.control import REQUESTS, Control, Request, ask, requested, withdraw
from axons_kernel.runs.run import Run, RunInfo, RunStatus, now
from axons_kernel.storage import Store
from axons_kernel.training.config import TrainingConfig


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return Store(tmp_path if request.param == "folder" else f"memory://control-{tmp_path.name}")


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_request_is_there_until_it_is_withdrawn(store: Store, request_: Request) -> None:
    assert requested(store, "r") == "go"
    ask(store, "r", request_)
    ask(store, "r", request_)
    assert requested(store, "r") == request_ and requested(store, "other") == "go"
    withdraw(store, "r", request_)
    withdraw(store, "r", request_)
    assert requested(store, "r") == "go"


def test_stop_counts_before_pause_and_pause_before_the_end_of_the_epoch(store: Store) -> None:
    seen = []
    for request in reversed(REQUESTS):
        ask(store, "r", request)
        seen.append(requested(store, "r"))
    assert seen == ["stop_after_epoch", "pause", "stop"]
    withdraw(store, "r")
    assert requested(store, "r") == "go"


def test_a_training_looks_seldom_and_sees_it_soon(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, looks = [0.0], []
    monkeypatch.setattr(control.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(control, "requested", lambda *where: looks.append(where) or requested(*where))
    asking, every = Control(store, "r"), 0.2 if store.is_local else 2.0
    assert asking.state() == "go"
    ask(store, "r", "pause")
    for clock[0] in (0.01, every - 0.01):
        assert asking.state() == "go"
    assert looks == [(store, "r")]
    clock[0] = every
    assert asking.state() == "pause" and len(looks) == 2


def test_a_run_is_paused_resumed_and_stopped_by_its_handle(tmp_path: Path) -> None:
    info = RunInfo(
        name="r", training_set="s", training_set_sha256="", classes=("a",), config=TrainingConfig(), started=now()
    )
    run = Run(Store(tmp_path), info)
    run.set_status(RunStatus(state="running"))
    seen = []
    with run.store.open_locked(run.key("log.txt")) or pytest.fail("a folder has locks"):  # a process is at it
        for act in (run.pause, run.resume, lambda: run.stop(after_epoch=True), run.stop):
            act()
            seen.append(requested(run.store, "r"))
    assert seen == ["pause", "go", "stop_after_epoch", "stop"]

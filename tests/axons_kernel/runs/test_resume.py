"""Runs that were stopped, killed or hit a full disk go on, and come out as if nothing had happened."""

from __future__ import annotations

import gc
import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from axons_kernel.errors import ConflictError, InputError, StorageError, TrainingError
from axons_kernel.project import Project, open_project
from axons_kernel.project_image import _pyramid_of
from axons_kernel.runs import starting
from axons_kernel.runs.control import ask
from axons_kernel.runs.keeping import Keeper
from axons_kernel.runs.run import Run, RunStatus
from axons_kernel.training.checkpoints import CheckpointFiles
from axons_kernel.training.config import TrainingConfig
from axons_kernel.training.progress import Checkpoints

CONFIG = TrainingConfig(epochs=3, batch=1, crop=64, width=4, depth=2, ema=0.9, patience=2, max_minutes=60)


@pytest.fixture(autouse=True)
def checkpoints_in_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Checkpoints, "make_in_time", lambda self, **_: self.make())


@pytest.fixture
def ready(project: Project, add_discs: Callable[..., str]) -> Project:
    """A project with the training set 'set-1'."""
    project.create_training_set(images=[add_discs(project, "a", (64, 128))], validation=0.5)
    return project


def curve(run: Run) -> list[Any]:
    """What does not depend on the time."""
    return [{k: v for k, v in line.items() if k not in ("seconds", "samples_per_s")} for line in run.metrics()]


def in_a_process(work: Callable[[], object]) -> int:
    """Do it in a process of its own, forked from this one; returns the signal that has killed it, or 0."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    status = os.waitpid(child, 0)[1]
    assert not os.WIFEXITED(status) or os.WEXITSTATUS(status) == 0
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def killed_at_write(number: int, work: Callable[[], object]) -> Callable[[], object]:
    """`work`, killed when a file has been written beside the one that it replaces, for the `number`th time."""
    replace, left = os.replace, [number]

    def kill_or_replace(source: Any, target: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        replace(source, target)

    def run() -> None:
        os.replace = kill_or_replace
        work()

    return run


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment_it_goes_on_to_the_same_curve_bit_for_bit(ready: Project, seed: int) -> None:
    whole = ready.train("set-1", CONFIG, on="inline", name="whole")
    chance, deaths = random.Random(seed), 0

    def begin() -> object:
        return ready.train("set-1", CONFIG, on="inline", name="killed")

    while in_a_process(killed_at_write(chance.randint(2, 25), begin)):
        run = ready.run("killed")
        assert run.status().state == "failed" and "run.resume()" in run.status().message
        deaths += 1
        assert deaths < 60

        def begin(run: Run = run) -> object:
            return run.resume(on="inline")

    assert deaths >= 2
    run = ready.run("killed")
    assert run.status().state == "finished" and curve(run) == curve(whole)
    assert run.best.weights_sha256 == whole.best.weights_sha256
    assert ready.store.names("runs/killed/checkpoints") == ["best.safetensors", "last.safetensors"]


@pytest.mark.integration
def test_a_training_in_the_background_is_killed_and_goes_on(ready: Project) -> None:
    config = CONFIG.model_copy(update={"epochs": 40, "patience": 0})
    whole = ready.train("set-1", config, on="inline")
    run = ready.train("set-1", config)
    until(lambda: len(run.metrics()) >= 2)
    os.kill(starting._children[-1].pid, signal.SIGKILL)
    until(lambda: run.status().state in ("failed", "finished"))
    assert run.status().state == "failed", "it was too quick to be killed"
    run.resume()
    with pytest.raises(InputError, match="is being trained by another process"):
        open_project(ready.store.url).run(run.name).resume()
    until(lambda: len(run.metrics()) >= 4)
    os.kill(starting._children[-1].pid, signal.SIGTERM)  # as a container that is stopped
    until(lambda: run.status().state in ("stopped", "finished"))
    assert run.status().state == "stopped" and starting._children[-1].wait(30) == 0
    run.resume().wait(0.05)
    assert run.status().state == "finished" and curve(run) == curve(whole)


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not happen in time"
        time.sleep(0.01)


def stopped_after(monkeypatch: pytest.MonkeyPatch, steps: int, request: str = "stop") -> None:
    """The training is asked for something in its step number `steps`."""
    from axons_kernel.runs.recording import Recording

    original, count = Recording.on_step, [0]

    def on_step(self: Recording, *step: int) -> None:
        original(self, *step)
        count[0] += 1
        if count[0] == steps:
            ask(self._sampler._store, "run-1", request)  # type: ignore[arg-type]

    monkeypatch.setattr(Recording, "on_step", on_step)
    monkeypatch.setattr("axons_kernel.runs.control._LOOK_S", 0)


@pytest.mark.parametrize("request_", ["stop", "stop_after_epoch"])
def test_stopped_and_gone_on_with(ready: Project, monkeypatch: pytest.MonkeyPatch, request_: str) -> None:
    whole = ready.train("set-1", CONFIG, on="inline", name="whole")
    stopped_after(monkeypatch, 6, request_)
    run = ready.train("set-1", CONFIG, on="inline")
    assert run.status().state == "stopped" and run.best.name == "run-1"
    assert [line["epoch"] for line in run.metrics()] == [1, 2]
    run.resume(on="inline")
    assert run.status().state == "finished" and curve(run) == curve(whole)
    told = [json.loads(line)["text"] for line in ready.store.read("runs/run-1/messages.jsonl").decode().splitlines()]
    assert told[-1].startswith("Goes on at epoch 2, step 3" if request_ == "stop" else "Goes on at epoch 3, step 1")
    assert told[-1].encode() in ready.store.read("runs/run-1/log.txt")


def test_interrupted_in_the_notebook_and_gone_on_with(ready: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ready.train("set-1", CONFIG, on="inline", name="whole")
    original = Keeper.on_checkpoint
    count = [0]

    def interrupted(self: Keeper, state: Any) -> None:
        original(self, state)
        count[0] += 1
        if count[0] == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(Keeper, "on_checkpoint", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ready.train("set-1", CONFIG, on="inline")
    run = ready.run("run-1")
    assert run.status() == RunStatus(state="stopped", message="interrupted; run.resume() goes on with it")
    run.resume(on="inline")
    assert curve(run) == curve(whole)


def test_what_has_finished_does_not_go_on(ready: Project) -> None:
    run = ready.train("set-1", CONFIG, on="inline")
    with pytest.raises(InputError, match="Run 'run-1' has finished: for more epochs, start a new one"):
        run.resume()


def test_a_broken_checkpoint_is_told_and_the_one_before_it_is_used(
    ready: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ready.train("set-1", CONFIG, on="inline", name="whole")
    stopped_after(monkeypatch, 6)
    run = ready.train("set-1", CONFIG, on="inline")
    keys = [run.key(f"checkpoints/state-{slot}.safetensors") for slot in (1, 2)]
    newest = max(keys, key=lambda key: ready.store.stat(key).modified)
    ready.store.write(newest, ready.store.read(newest)[:-7])
    run.resume(on="inline")
    assert curve(run) == curve(whole)
    log = ready.store.read("runs/run-1/log.txt").decode()
    assert (
        f"{newest.rpartition('/')[2]} is cut" in log and "The checkpoint before it is used. Goes on at epoch 2" in log
    )


def test_no_checkpoint_is_whole(ready: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped_after(monkeypatch, 3)
    run = ready.train("set-1", CONFIG, on="inline")
    for slot in (1, 2):
        ready.store.write(run.key(f"checkpoints/state-{slot}.safetensors"), b"x")
    with pytest.raises(TrainingError, match="No checkpoint can be read"):
        run.resume(on="inline")
    assert run.status().state == "failed"


def test_labels_that_changed_meanwhile(ready: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped_after(monkeypatch, 3)
    run = ready.train("set-1", CONFIG, on="inline")
    image = ready.image("a")
    image.save_annotation(image.annotation().without([image.annotation().labels[0].object_id]))
    with pytest.raises(TrainingError, match="labels of a have changed"):
        run.resume(on="inline")


def test_another_machine_is_told(ready: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped_after(monkeypatch, 3)
    run = ready.train("set-1", CONFIG, on="inline")
    key = run.key("environment.json")
    written = json.loads(ready.store.read(key))
    assert written["threads"] == 1 and written["versions"]["torch"] and written["instructions"]
    written["versions"]["torch"] = "2.6.0"
    ready.store.write(key, json.dumps(written).encode())
    run.resume(on="inline")
    log = ready.store.read(run.key("log.txt")).decode()
    assert f"Goes on elsewhere (torch 2.6.0 -> {torch.__version__}): the last digits may" in log


# -- one at a time -----------------------------------------------------------------------------------------------


def test_a_run_that_is_being_trained_is_not_resumed(ready: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped_after(monkeypatch, 3)
    run = ready.train("set-1", CONFIG, on="inline")
    with ready.store.open_locked(run.key("log.txt")):  # type: ignore[union-attr]
        for on in ("here", "inline"):
            with pytest.raises(InputError, match=r"'run-1' is being trained by another process: look with run\.live"):
                run.resume(on=on)  # type: ignore[arg-type]
    assert ready.run("run-1").recorded_status().state == "stopped"
    run.resume(on="inline")
    assert run.status().state == "finished"


def test_without_locks_the_first_one_wins(add_discs: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a server: what tells is whether the run has written anything lately, and who writes its status first."""
    project = open_project("memory://resume-test")
    project.create_training_set(images=[add_discs(project, "a", (64, 128))], validation=0.5)
    stopped_after(monkeypatch, 3)
    run = project.train("set-1", CONFIG, on="inline")
    run.set_status(RunStatus(state="running"))
    with pytest.raises(InputError, match="is being trained by another process"):
        run.resume(on="inline")
    monkeypatch.setattr(starting, "_SILENT_S", 0)
    replace = project.store.replace

    def slower(key: str, data: bytes, version: str | None) -> str:
        run.set_status(RunStatus(state="starting"))
        return replace(key, data, version)

    monkeypatch.setattr(run.store, "replace", slower)
    with pytest.raises(ConflictError):
        run.resume(on="inline")
    monkeypatch.setattr(run.store, "replace", replace)
    run.resume(on="inline")
    assert run.status().state == "finished"


# -- a full disk -------------------------------------------------------------------------------------------------


@pytest.fixture
def on_small_disk(small_disk: Path, add_discs: Callable[..., str]) -> Iterator[Project]:
    project = open_project(small_disk / "project")
    project.create_training_set(images=[add_discs(project, "a", (64, 128))], validation=0.5)
    yield project
    _pyramid_of.cache_clear()  # a disk with an open file cannot be unmounted
    gc.collect()


def fill(disk: Path) -> None:
    with open(disk / "filler", "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


@pytest.mark.parametrize("small_disk", ["1m"], indirect=True)
def test_a_disk_that_is_full_for_a_while_costs_nothing(
    on_small_disk: Project, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Keeper.on_epoch

    def on_epoch(self: Keeper, metrics: dict[str, Any], net: nn.Module) -> None:
        if metrics["epoch"] == 3:
            (small_disk / "filler").unlink()
        original(self, metrics, net)
        if metrics["epoch"] == 1:
            fill(small_disk)

    monkeypatch.setattr(Keeper, "on_epoch", on_epoch)
    run = on_small_disk.train("set-1", CONFIG, on="inline")
    assert run.status().state == "finished" and [line["epoch"] for line in run.metrics()] == [1, 2, 3]
    log = on_small_disk.store.read(run.key("log.txt")).decode()
    assert log.count("The checkpoint before this one stays, and the training goes on.") == 1 and "Cannot write" in log
    assert run.best.scores["epoch"] in (1, 2, 3)


@pytest.fixture
def filled_at_the_sixth_checkpoint(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original, count = Keeper.on_checkpoint, [0]

    def on_checkpoint(self: Keeper, state: Any) -> None:
        original(self, state)
        count[0] += 1
        if count[0] == 6:
            fill(small_disk)

    monkeypatch.setattr(Keeper, "on_checkpoint", on_checkpoint)


@pytest.mark.parametrize("small_disk", ["1m"], indirect=True)
@pytest.mark.usefixtures("filled_at_the_sixth_checkpoint")
def test_on_a_disk_that_stays_full_the_training_ends_with_its_model(on_small_disk: Project) -> None:
    run = on_small_disk.train("set-1", CONFIG, on="inline")
    assert run.status().state == "finished" and run.best.scores["epoch"] in (1, 2, 3)
    assert [line["epoch"] for line in run.metrics()] == [1, 2, 3]


@pytest.mark.parametrize("small_disk", ["1m"], indirect=True)
@pytest.mark.usefixtures("filled_at_the_sixth_checkpoint")
def test_stopped_on_a_full_disk_it_can_go_on(
    on_small_disk: Project, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped_after(monkeypatch, 5)
    with pytest.raises(StorageError, match=r"Cannot write .*: (?i:the disk is full|no space)"):
        on_small_disk.train("set-1", CONFIG, on="inline")
    state, wrong = CheckpointFiles(on_small_disk.store, "runs/run-1/checkpoints").newest()
    assert state is not None and wrong == ""
    (small_disk / "filler").unlink()
    run = on_small_disk.run("run-1")
    run.resume(on="inline")
    assert run.status().state == "finished" and [line["epoch"] for line in run.metrics()] == [1, 2, 3]

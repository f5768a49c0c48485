"""Runs: a training in a process of its own, followed through its files, whatever happens to the process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from axons_kernel.errors import InputError, NotFoundError, SchemaError, TrainingError
from axons_kernel.model_files import load_network, read_model_info
from axons_kernel.project import Project, open_project
from axons_kernel.runs import starting
from axons_kernel.runs.control import requested
from axons_kernel.runs.reading import load_data
from axons_kernel.runs.run import Run, RunInfo, RunStatus, now
from axons_kernel.storage import Store
from axons_kernel.training.config import TrainingConfig

TINY = TrainingConfig(epochs=2, batch=1, crop=64, width=4, depth=2)
ENDLESS = TINY.model_copy(update={"epochs": 10_000, "max_minutes": 10.0})


@pytest.fixture
def ready(project: Project, add_discs: Callable[..., str]) -> Project:
    """A project with the training set 'set-1'."""
    project.create_training_set(images=[add_discs(project, "a", (64, 128))], validation=0.5)
    return project


@pytest.fixture
def bare_run(tmp_path: Path) -> Run:
    """A run that was never started."""
    info = RunInfo(name="r", training_set="s", training_set_sha256="", classes=("disc",), config=TINY, started=now())
    return Run(Store(tmp_path), info)


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not happen in time"
        time.sleep(0.05)


def pid_of(run: Run) -> int:
    return starting._children[-1].pid


def test_inline_run_leaves_everything(ready: Project) -> None:
    run = ready.train("set-1", TINY, on="inline")
    assert run.status().state == "finished" and run.name == "run-1"
    assert [line["epoch"] for line in run.metrics()] == [1, 2]
    assert ready.store.names("runs/run-1") == [
        "checkpoints",
        "config.json",
        "environment.json",
        "examples",
        "log.txt",
        "metrics.jsonl",
        "resources.jsonl",
        "status.json",
    ]
    assert ready.store.names("runs/run-1/checkpoints") == ["best.safetensors", "last.safetensors"]
    best = max(run.metrics(), key=lambda line: line["validation_dice"][0])
    assert run.best == ready.model("run-1") and run.best.scores == best
    assert load_network(ready.store, run.best).divisor == 4
    assert "finished, 2 epochs" in str(run) and run.wait() is run


def test_stop_ends_the_background_and_keeps_the_model(ready: Project) -> None:
    run = ready.train("set-1", ENDLESS)
    assert run.status().state in ("starting", "running")
    with pytest.raises(TrainingError, match=r"is still .*: look with run\.live\(\), wait with run\.wait\(\)"):
        _ = run.best
    until(lambda: len(run.metrics()) >= 1)
    run.stop()
    assert run.wait(0.05).status().state == "stopped"
    assert run.best.name == run.name
    assert open_project(ready.store.url, create=False).run(run.name).status().state == "stopped"


def test_killed_training_has_failed_and_the_project_opens(ready: Project) -> None:
    run = ready.train("set-1", ENDLESS)
    until(lambda: len(run.metrics()) >= 1)
    os.kill(pid_of(run), signal.SIGKILL)
    with pytest.raises(TrainingError, match=r"failed: its process ended without a word"):
        run.wait(0.05)
    assert run.status().state == "failed"
    with pytest.raises(TrainingError, match="Run 'run-1' failed"):
        _ = run.best
    again = open_project(ready.store.url, create=False)
    assert [r.name for r in again.runs()] == ["run-1"] and again.runs()[0].metrics()
    assert again.train("set-1", TINY, on="inline").name == "run-2"


def test_a_run_killed_with_its_notebook_does_not_look_alive_to_another_one(ready: Project) -> None:
    """Nobody's child any more: what tells is that no process holds its log."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT, ready.store.url], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = int(parent.stdout.readline())
    run = ready.run("run-1")
    until(lambda: run.status().state == "running")
    os.kill(child, signal.SIGKILL)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: not alive(child))
    until(lambda: ready.run("run-1").status().state == "failed")  # its other threads may take a moment longer


def test_interrupting_the_notebook_does_not_end_its_training(ready: Project) -> None:
    """Jupyter signals the kernel's whole process group."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, ready.store.url], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert parent.stdout
    parent.stdout.readline()
    run = ready.run("run-1")
    until(lambda: len(run.metrics()) >= 1)
    seen = len(run.metrics())
    parent_group = os.getpgid(parent.pid)
    children = [int(pid) for pid in Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()]
    assert children and all(os.getpgid(child) != parent_group for child in children)
    until(lambda: len(run.metrics()) > seen)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: not any(map(alive, children)))


def test_what_a_process_said_before_it_died_is_told(ready: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting.sys, "executable", "/bin/cat")  # says that it knows no option -m
    run = ready.train("set-1", TINY)
    until(lambda: run.status().state == "failed")
    assert "the end of its log: " in run.status().message and "cat" in run.status().message


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"OMP_WAIT_POLICY": "passive"}),
        ({"CPU_LIMIT": "2.0"}, {"OMP_NUM_THREADS": "2"}),
        ({"CPU_LIMIT": "4", "OMP_NUM_THREADS": "3"}, {"OMP_NUM_THREADS": "3"}),
        ({"CPU_LIMIT": "0.3"}, {"OMP_NUM_THREADS": "1"}),
        ({"OMP_WAIT_POLICY": "active"}, {"OMP_WAIT_POLICY": "active"}),
    ],
)
def test_threads_suit_a_machine_that_many_share(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], expected: dict[str, str]
) -> None:
    for name in ("CPU_LIMIT", "OMP_NUM_THREADS", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    found = starting._environment()
    assert {name: found[name] for name in expected} == expected and found["PATH"] == os.environ["PATH"]


def test_a_name_is_given_once(ready: Project) -> None:
    ready.train("set-1", TINY, on="inline", name="mine")
    with pytest.raises(InputError, match="There is a run 'mine' already"):
        ready.train("set-1", TINY, on="inline", name="mine")


PARENT = """
import sys, time
import axons_kernel as ax
from axons_kernel.runs import starting as runs
config = ax.TrainingConfig(epochs=10_000, batch=1, crop=64, width=4, depth=2)
run = ax.open_project(sys.argv[1]).train("set-1", config)
print(runs._children[-1].pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("after_epochs", [0, 1])
def test_training_ends_with_the_notebook_that_started_it(ready: Project, after_epochs: int) -> None:
    """Also when the notebook is gone before the training has even begun."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT, ready.store.url], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = int(parent.stdout.readline())
    run = ready.run("run-1")
    until(lambda: len(run.metrics()) >= after_epochs)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: not alive(child))
    assert run.status().state == "stopped" and run.best.name == "run-1"


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


# -- without a process ------------------------------------------------------------------------------------------


def test_cut_line_of_metrics_is_left_out(bare_run: Run) -> None:
    assert bare_run.metrics() == []
    bare_run.append_metrics({"epoch": 1})
    bare_run.store.write(bare_run.key("metrics.jsonl"), bare_run.store.read(bare_run.key("metrics.jsonl")) + b'{"epo')
    assert bare_run.metrics() == [{"epoch": 1}]


def test_broken_line_of_metrics_is_named(bare_run: Run) -> None:
    bare_run.store.write(bare_run.key("metrics.jsonl"), b'{"epo\n{"epoch": 2}\n')
    with pytest.raises(SchemaError, match=r"runs/r/metrics\.jsonl is not readable JSON"):
        bare_run.metrics()


@pytest.mark.parametrize("state", ["starting", "running", "finished", "stopped", "failed"])
def test_status_round_trip(bare_run: Run, state: Any) -> None:
    bare_run.set_status(RunStatus(state=state, message="µ"))
    assert bare_run.status() == RunStatus(state=state, message="µ")


def test_stop_is_a_request(bare_run: Run) -> None:
    assert requested(bare_run.store, "r") == "go"
    bare_run.stop()
    assert requested(bare_run.store, "r") == "stop"


def test_log_grows(bare_run: Run) -> None:
    bare_run.log("one")
    bare_run.log("two")
    assert bare_run.store.read(bare_run.key("log.txt")) == b"one\ntwo\n"


def test_now_is_utc() -> None:
    assert now().endswith("+00:00") and len(now()) == 25


def test_half_started_run_does_not_close_the_project(ready: Project) -> None:
    ready.store.write("runs/run-1/status.json", RunStatus(state="starting").encode())
    assert ready.runs() == []
    with pytest.raises(NotFoundError, match="There is no run 'run-1'"):
        ready.run("run-1")
    assert ready.train("set-1", TINY, on="inline").name == "run-2"


def test_the_log_tells_what_was_done(ready: Project) -> None:
    run = ready.train("set-1", TINY.model_copy(update={"crop": 128}), on="inline")
    lines = run.store.read(run.key("log.txt")).decode().splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00 .", line) for line in lines)
    told = [line[26:] for line in lines]
    assert told[0].endswith("1 tiles (0.00 MPix) to train on, 1 to validate with; 4 steps of 1 crops per epoch")
    assert told[1].startswith("The largest tile has 64 pixels a side") and "instead of 128" in told[1]
    assert re.fullmatch(r"epoch 2: loss \d\.\d{4}, validation Dice \d\.\d{3}, \d+\.\d samples/s", told[3])
    assert told[4] == f"finished, {run.status().message}"


def test_what_the_training_noted_are_no_last_words(bare_run: Run) -> None:
    bare_run.set_status(RunStatus(state="running"))
    bare_run.log(f"{now()} epoch 1: loss 0.3")
    assert "without a word, most often because memory ran out; run.resume()" in bare_run.status().message
    bare_run.log("Segmentation fault")
    bare_run.log(f"{now()} epoch 2: loss 0.2")
    assert "the end of its log: Segmentation fault; run.resume() goes on" in bare_run.status().message


def test_names_and_places_that_are_refused(ready: Project) -> None:
    with pytest.raises(InputError, match=r"on='gpu' is not allowed: train on='here'"):
        ready.train("set-1", TINY, on="gpu")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="cannot name a run"):
        ready.train("set-1", TINY, on="inline", name="../x")
    ready.train("set-1", TINY, on="inline", name="mine")
    with pytest.raises(InputError, match="There is a run 'mine' already"):
        ready.train("set-1", TINY, on="inline", name="mine")


def test_memory_project_cannot_train_in_the_background(add_discs: Callable[..., str]) -> None:
    project = open_project("memory://runs-test")
    project.create_training_set(images=[add_discs(project, "a")])
    with pytest.raises(InputError, match="cannot be seen by another process: train with on='inline'"):
        project.train("set-1", TINY)
    assert project.runs() == [] and project.train("set-1", TINY, on="inline").best.classes == ("disc",)


# -- what goes in and what comes out ----------------------------------------------------------------------------


def test_changed_labels_are_refused(ready: Project) -> None:
    image = ready.image("a")
    image.save_annotation(image.annotation().without([image.annotation().labels[0].object_id]))
    with pytest.raises(
        TrainingError, match=r"labels of a have changed since training set 'set-1' was made: make a new"
    ):
        ready.train("set-1", TINY)
    assert ready.runs() == []  # it is told before anything starts


def test_other_errors_are_logged(ready: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("axons_kernel.runs.process.train", broken)
    with pytest.raises(ZeroDivisionError):
        ready.train("set-1", TINY, on="inline")
    run = ready.run("run-1")
    assert run.status().message == "ZeroDivisionError: a bug (see log.txt of the run)"
    assert b"in broken" in run.store.read(run.key("log.txt"))


@pytest.mark.parametrize("pixel_size_um", [0.1, 0.2, 0.05])
def test_data_come_at_the_pixel_size_of_the_set(
    project: Project, add_discs: Callable[..., str], pixel_size_um: float
) -> None:
    training_set = project.create_training_set(
        images=[add_discs(project, "a")], validation=0.5, pixel_size_um=pixel_size_um
    )
    data = load_data(training_set, TINY, project.image)
    side = round(64 * 0.1 / pixel_size_um)
    assert [tile.pixels.shape for tile in (*data.train, *data.validation)] == [(1, side, side)] * 4
    for tile in data.train:
        assert tile.pixels[0][tile.mask == 1].mean() > tile.pixels[0][tile.mask == 0].mean() + 1


def test_tampered_weights_are_refused(ready: Project) -> None:
    run = ready.train("set-1", TINY, on="inline")
    key = "models/run-1/model.safetensors"
    ready.store.write(key, ready.store.read(key)[:-4] + b"\0\0\0\1")
    with pytest.raises(TrainingError, match="weights of model 'run-1' are not those that were saved"):
        load_network(ready.store, run.best)


def test_weights_of_another_network_are_refused(ready: Project) -> None:
    run = ready.train("set-1", TINY, on="inline")
    other = run.best.model_copy(update={"network": run.best.network.model_copy(update={"width": 8})})
    with pytest.raises(TrainingError, match="weights of model 'run-1' do not fit a U-Net of width 8"):
        load_network(ready.store, other)


def test_missing_model_names_those_that_are_there(ready: Project) -> None:
    with pytest.raises(NotFoundError, match="no model 'x' in this project; it has: none yet"):
        read_model_info(ready.store, "x")


def test_same_seed_same_model(ready: Project) -> None:
    weights = [ready.train("set-1", TINY, on="inline").best.weights_sha256 for _ in range(2)]
    assert weights[0] == weights[1]


def test_figure_has_both_curves(ready: Project) -> None:
    figure = ready.train("set-1", TINY, on="inline").figure()
    assert [len(axes.lines) for axes in figure.axes] == [3, 2]
    assert np.isfinite(figure.axes[0].lines[0].get_ydata()).all()

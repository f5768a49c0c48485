"""What is new of a run, whatever happens to its files between two questions."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from axons_kernel.errors import NotFoundError, SchemaError
from axons_kernel.runs.control import requested
from axons_kernel.runs.following import Follower, Lines
from axons_kernel.runs.recording import say
from axons_kernel.runs.run import Run, RunInfo, RunStatus, now
from axons_kernel.storage import Store
from axons_kernel.training.config import TrainingConfig

KEY = "runs/r/metrics.jsonl"


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return Store(tmp_path if request.param == "folder" else f"memory://following-{tmp_path.name}")


@pytest.fixture
def run(store: Store) -> Run:
    info = RunInfo(
        name="r", training_set="s", training_set_sha256="", classes=("a",), config=TrainingConfig(), started=now()
    )
    run = Run(store, info)
    run.set_status(RunStatus(state="running", message="training"))
    return run


def epoch(number: int, **more: Any) -> dict[str, Any]:
    return {"epoch": number, "progress": number / 4, "seconds": 10.0 * number, "validation_dice": [0.5], **more}


def test_lines_come_once_and_unfinished_ones_later(store: Store) -> None:
    file = Lines(store, KEY)
    file.read()
    assert file.lines == []
    first = file.writing
    whole = b'{"n": 1}\n{"n": 2}\n{"n": 3}\n'
    for end in range(len(whole) + 1):
        store.write(KEY, whole[:end])
        file.read()
        assert [line["n"] for line in file.lines] == list(range(1, 1 + whole[:end].count(b"\n")))
    assert file.writing == first


@pytest.mark.parametrize(
    "anew", [b"", b'{"n": 1}\n', b'{"n": 7}\n' * 2, b'{"n": 1}\n{"n": 9}\n{"n": 3}\n', b'{"n": 8}\n' * 50]
)
def test_a_file_that_was_written_anew_is_read_anew(store: Store, anew: bytes) -> None:
    file = Lines(store, KEY)
    store.write(KEY, b'{"n": 1}\n{"n": 2}\n')
    file.read()
    first = file.writing
    store.write(KEY, anew)
    if len(anew) == 18:  # of the same size: told when it has grown
        store.append_line(KEY, '{"n": 1}')
    file.read()
    assert file.lines == [json.loads(line) for line in store.read(KEY).splitlines()]
    assert file.writing != first


def test_a_broken_line_is_named(store: Store) -> None:
    store.write(KEY, b'{"n": 1}\n{"n"\n')
    with pytest.raises(SchemaError, match=r"runs/r/metrics\.jsonl is not readable JSON"):
        Lines(store, KEY).read()


def test_a_view_is_told_what_it_has_not(run: Run) -> None:
    follower = Follower(run)
    news = follower.news({})
    json.dumps(news)
    assert (news["state"], news["asked"], news["message"], news["left_s"]) == ("running", "go", "training", None)
    assert news["metrics"]["lines"] == [] and news["examples"] == {"epochs": [], "tiles": 0}
    run.append_metrics(epoch(1))
    run.append_metrics(epoch(2))
    say(run.store, "r", "batch lowered")
    news = follower.news({"metrics": (news["metrics"]["writing"], 0)})
    assert [line["epoch"] for line in news["metrics"]["lines"]] == [1, 2]
    assert news["messages"]["lines"][0]["text"] == "batch lowered" and 15 < news["left_s"] <= 20
    known = {name: (news[name]["writing"], len(news[name]["lines"])) for name in ("metrics", "messages")}
    run.append_metrics(epoch(3))
    news = follower.news(known)  # type: ignore[arg-type]
    assert [line["epoch"] for line in news["metrics"]["lines"]] == [3] and news["metrics"]["start"] == 2
    assert news["messages"]["lines"] == []
    assert len(follower.news({"metrics": ("another kernel", 2)})["metrics"]["lines"]) == 3
    assert len(follower.news({})["metrics"]["lines"]) == 3  # a page that was loaded again


def test_requests_are_left_and_taken_back(run: Run) -> None:
    follower = Follower(run)
    follower.ask("pause")
    assert follower.news({})["state"] == "paused" and requested(run.store, "r") == "pause"
    follower.withdraw("pause")
    follower.ask("stop_after_epoch")
    news = follower.news({})
    assert (news["state"], news["asked"]) == ("running", "stop_after_epoch")


def test_the_time_left_runs_down_between_epochs(tmp_path: Path) -> None:
    run = Run(Store(tmp_path), RunInfo(
        name="r", training_set="s", training_set_sha256="", classes=("a",), config=TrainingConfig(), started=now()
    ))  # fmt: skip
    run.append_metrics(epoch(1))
    os.utime(tmp_path / KEY, (time.time() - 12, time.time() - 12))
    follower = Follower(run)
    assert follower.news({})["left_s"] == pytest.approx(18, abs=1)
    os.utime(tmp_path / KEY, (0, 0))
    assert follower.news({})["left_s"] == 0
    run.append_metrics(epoch(2, progress=1e-4, seconds=200.0))  # as its epochs go, it would take days
    assert follower.news({})["left_s"] == pytest.approx(60 * run.info.config.max_minutes - 200, abs=1)


def test_a_run_that_died_says_so_and_what_to_do(tmp_path: Path) -> None:
    run = Run(Store(tmp_path), RunInfo(
        name="r", training_set="s", training_set_sha256="", classes=("a",), config=TrainingConfig(), started=now()
    ))  # fmt: skip
    run.set_status(RunStatus(state="running"))
    run.log("Killed")
    news = Follower(run).news({})
    assert (
        news["state"] == "failed" and "its process ended without a word; the end of its log: Killed" in news["message"]
    )
    assert "resume()" in news["message"] + news["advice"]
    run.set_status(RunStatus(state="failed", message="the loss is not a number any more"))
    assert Follower(run).news({})["advice"] == ""  # there is nothing to go on from
    run.store.write(run.key("checkpoints/last.safetensors"), b"weights")
    assert Follower(run).news({})["advice"] == 'project.run("r").resume() goes on from its last checkpoint.'


def test_a_run_on_a_server_that_is_silent_may_have_died(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(Store(f"memory://silent-{tmp_path.name}"), RunInfo(
        name="r", training_set="s", training_set_sha256="", classes=("a",), config=TrainingConfig(), started=now()
    ))  # fmt: skip
    run.set_status(RunStatus(state="running"))
    run.append_metrics(epoch(1))
    follower, clock = Follower(run), time.time
    assert follower.news({})["advice"] == ""
    monkeypatch.setattr(time, "time", lambda: clock() + 200)
    advice = follower.news({})["advice"]
    assert advice.startswith("Nothing has been heard of it for 3 min 2") and "resume()" in advice
    run.set_status(RunStatus(state="finished"))
    assert follower.news({})["advice"] == ""


def test_a_picture_that_is_not_there(run: Run) -> None:
    with pytest.raises(NotFoundError):
        Follower(run).picture(3, 0)

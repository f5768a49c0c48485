"""Looking at a run: a line that is true at every moment, waiting that ends with the run, a view that comes at once."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from axons_kernel.runs import live
from axons_kernel.runs.live import PictureKeeper, StaticRun, progress_line
from axons_kernel.runs.run import Run, RunInfo, RunStatus, now
from axons_kernel.storage import Store
from axons_kernel.training.config import TrainingConfig


def line(epoch: int, progress: float, seconds: float = 30.0) -> dict[str, Any]:
    return {
        "epoch": epoch, "progress": progress, "seconds": seconds,
        "loss": 1.0, "validation_loss": 1.0, "validation_dice": [0.5, 0.75],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("metrics", "state", "parts"),
    [
        ([], "starting", ["starting: reading tiles and the first epoch, 7 s"]),
        ([line(1, 0.25)], "running", ["█████░", "25 %", "epoch 1", "about 90 s left", "Dice 0.500, 0.750", "running"]),
        ([line(1, 0.25), line(9, 1.0)], "finished", ["█" * 20, "100 %", "epoch 9", "finished"]),
        ([line(2, 0.5)], "stopped", ["100 %", "stopped"]),
        ([line(2, 0.5)], "failed", ["50 %", "failed"]),
    ],
)
def test_progress_line(metrics: list[dict[str, Any]], state: str, parts: list[str]) -> None:
    text = progress_line(metrics, state, elapsed=7.2)
    assert all(part in text for part in parts)
    assert ("left" in text) == ("about 90 s left" in parts or state == "failed")


class Shown:
    """A display that remembers what it showed."""

    def __init__(self) -> None:
        self.contents: list[Any] = []

    def update(self, content: Any, raw: bool = False) -> None:
        self.contents.append(content)


class StagedRun:
    """A run whose state moves on each time it is asked; an exception in the stages is raised."""

    name, info = "r", type("Info", (), {"classes": ("a", "b")})

    def __init__(self, *stages: Any) -> None:
        self.stages = list(stages)

    def status(self) -> RunStatus:
        if isinstance(self.stages[0], BaseException):
            raise self.stages[0]
        self.current = self.stages.pop(0)
        return RunStatus(state=self.current[0])

    def metrics(self) -> list[dict[str, Any]]:
        return list(self.current[1])


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Shown]:
    displays: list[Shown] = []

    def display(*_: Any, **__: Any) -> Shown:
        displays.append(Shown())
        return displays[-1]

    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr(live, "_in_notebook", lambda: True)
    return displays


ONE, TWO = [line(1, 0.5)], [line(1, 0.5), line(2, 1.0)]


def test_waiting_ends_with_the_run_and_draws_where_no_view_can_be(
    shown: list[Shown], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "can_be_live", lambda: False)
    live.follow(StagedRun(("starting", []), ("running", ONE), ("running", ONE), ("finished", TWO)), 0)  # type: ignore[arg-type]
    text, picture = shown
    assert text.contents[0]["text/plain"][:10] == "starting: "
    assert len(text.contents) == 4 and "finished" in text.contents[-1]["text/plain"]
    assert len(picture.contents) == 2 and picture.contents[-1]["image/png"].startswith(b"\x89PNG")


def test_waiting_beside_a_live_view_is_one_line(shown: list[Shown], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "can_be_live", lambda: True)
    live.follow(StagedRun(("running", ONE), ("finished", TWO)), 0)  # type: ignore[arg-type]
    assert len(shown) == 1


def test_interrupt_ends_the_waiting_not_the_run(shown: list[Shown]) -> None:
    run = StagedRun(("running", []), KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        live.follow(run, 0)  # type: ignore[arg-type]
    said = shown[0].contents[-1]["text/plain"]
    assert "run 'r' goes on: run.live() shows it, run.wait() waits for it, run.stop() ends it" in said


def test_in_a_script_each_epoch_is_one_printed_line(capsys: pytest.CaptureFixture[str]) -> None:
    live.follow(StagedRun(("running", []), ("running", ONE), ("running", ONE), ("finished", TWO)), 0)  # type: ignore[arg-type]
    said = capsys.readouterr().out.splitlines()
    assert [text.split("epoch ")[1][0] for text in said] == ["1", "2"]


# -- without a live view ------------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path: Path) -> Run:
    info = RunInfo(
        name="r", training_set="s", training_set_sha256="", classes=("a", "b"), config=TrainingConfig(), started=now()
    )
    run = Run(Store(tmp_path), info)
    run.store.write(run.key("config.json"), info.encode())
    run.set_status(RunStatus(state="finished", message="best epoch 1"))
    return run


def test_a_terminal_gets_text_at_once(run: Run) -> None:
    view = run.live()
    assert isinstance(view, StaticRun)
    assert set(view._repr_mimebundle_()) == {"text/plain"}
    assert repr(view).startswith("run 'r': finished: reading tiles")
    run.append_metrics(line(1, 1.0))
    bundle = view._repr_mimebundle_()
    assert "Dice 0.500, 0.750" in bundle["text/plain"] and "(best epoch 1); run.wait()" in bundle["text/plain"]
    assert np.asarray(Image.open(io.BytesIO(bundle["image/png"]))).std() > 1


def test_the_kept_picture_is_made_seldom_and_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(live.time, "monotonic", lambda: clock[0])
    keeper, drawn = PictureKeeper("r", ("a", "b")), []
    for epoch in range(101):
        clock[0] += 5
        new = {"writing": "w", "start": max(0, epoch - 1), "lines": [line(epoch, 0.5)] if epoch else []}
        if keeper.picture({"state": "running", "metrics": new}):
            drawn.append(epoch)
    assert drawn == [1, 6, 18, 54]  # three times as many, and 20 s later
    ended = {"state": "finished", "metrics": {"writing": "w", "start": 100, "lines": []}}
    bundle = keeper.picture(ended)
    assert bundle and "100 %  epoch 100" in bundle["text/plain"] and keeper.picture(ended) is None
    again = {"state": "running", "metrics": {"writing": "other", "start": 0, "lines": []}}
    assert keeper.picture(again) is None  # written anew, and nothing in it yet

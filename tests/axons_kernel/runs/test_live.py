"""The live view: a line that is true at every moment, and a loop that ends with the run."""

from __future__ import annotations

from typing import Any

import pytest

from axons_kernel.runs import live
from axons_kernel.runs.live import progress_line
from axons_kernel.runs.run import RunStatus


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


def test_view_follows_until_the_end_and_draws_once_per_epoch(shown: list[Shown]) -> None:
    one, two = [line(1, 0.5)], [line(1, 0.5), line(2, 1.0)]
    live.follow(StagedRun(("starting", []), ("running", one), ("running", one), ("finished", two)), 0)  # type: ignore[arg-type]
    text, picture = shown
    assert text.contents[0]["text/plain"][:10] == "starting: "
    assert len(text.contents) == 4 and "finished" in text.contents[-1]["text/plain"]
    assert len(picture.contents) == 2


def test_interrupt_ends_the_view_not_the_run(shown: list[Shown]) -> None:
    run = StagedRun(("running", []), KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        live.follow(run, 0)  # type: ignore[arg-type]
    assert "run 'r' goes on: run.live() shows it again, run.stop() ends it" in shown[0].contents[-1]["text/plain"]


def test_in_a_script_each_epoch_is_one_printed_line(capsys: pytest.CaptureFixture[str]) -> None:
    one, two = [line(1, 0.5)], [line(1, 0.5), line(2, 1.0)]
    live.follow(StagedRun(("running", []), ("running", one), ("running", one), ("finished", two)), 0)  # type: ignore[arg-type]
    said = capsys.readouterr().out.splitlines()
    assert [text.split("epoch ")[1][0] for text in said] == ["1", "2"]

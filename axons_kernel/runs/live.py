"""The live view of a run in a notebook: a progress line and curves, redrawn as epochs end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .. import plotting
from ..errors import StoppedLookingError

if TYPE_CHECKING:
    from .run import Run


def progress_line(metrics: list[dict[str, Any]], state: str, elapsed: float) -> str:
    """One line of text: a bar, the share that is done, the time left, the last Dice.

    `elapsed` is in seconds since the view was opened; it is what is shown before the first epoch ends.
    """
    if not metrics:
        return f"{state}: reading tiles and the first epoch, {elapsed:.0f} s"
    last = metrics[-1]
    share = 1.0 if state in ("finished", "stopped") else last["progress"]
    left = last["seconds"] * (1 - last["progress"]) / last["progress"]
    bar = "█" * round(20 * share) + "░" * (20 - round(20 * share))
    eta = "" if share == 1.0 else f", about {left:.0f} s left"
    dice = ", ".join(f"{d:.3f}" for d in last["validation_dice"])
    return f"{bar} {100 * share:.0f} %  epoch {last['epoch']}{eta}  ·  validation Dice {dice}  ·  {state}"


class _NotebookView:
    """A line and a picture in the cell's output, each replaced in place."""

    def __init__(self) -> None:
        from IPython.display import display

        blank = {"text/plain": ""}
        self._line = display(blank, raw=True, display_id=True)
        self._picture = display(blank, raw=True, display_id=True)

    def say(self, line: str) -> None:
        self._line.update({"text/plain": line}, raw=True)

    def draw(self, metrics: list[dict[str, Any]], classes: Sequence[str]) -> None:
        from IPython.display import Image

        self._picture.update(Image(plotting.figure_png(plotting.curves_figure(metrics, classes))))


class _TerminalView:
    """In a script: one printed line per epoch, and no picture."""

    def __init__(self) -> None:
        self._last = ""

    def say(self, line: str) -> None:
        self._last = line

    def draw(self, metrics: list[dict[str, Any]], classes: Sequence[str]) -> None:
        print(self._last, flush=True)


def _in_notebook() -> bool:
    try:
        from IPython import get_ipython
    except ModuleNotFoundError:
        return False
    return hasattr(get_ipython(), "kernel")


def follow(run: Run, poll_seconds: float = 0.5) -> None:
    """Show the run until it ends; interrupting the cell ends the view, not the run."""
    view: _NotebookView | _TerminalView = _NotebookView() if _in_notebook() else _TerminalView()
    started, drawn = time.monotonic(), 0
    try:
        while True:
            state, metrics = run.status().state, run.metrics()
            view.say(progress_line(metrics, state, time.monotonic() - started))
            if len(metrics) > drawn:
                drawn = len(metrics)
                view.draw(metrics, run.info.classes)
            if state not in ("starting", "running"):
                return
            time.sleep(poll_seconds)
    except KeyboardInterrupt:
        message = f"run '{run.name}' goes on: run.live() shows it again, run.stop() ends it."
        view.say(message)
        raise StoppedLookingError(message) from None

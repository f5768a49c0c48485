"""Looking at a run: the live view in a notebook, a picture where there can be none, a line while a cell waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import plotting
from ..errors import StoppedLookingError
from ..looking import has_extension
from .colours import class_colours
from .following import ENDED, Follower, seconds_left

if TYPE_CHECKING:
    from ..widget.run_view import RunWidget
    from .run import Run

_OFTEN_S = 20.0  # at most so often is the picture that a notebook keeps made anew
_ASK_S, _ASK_FAR_S = 1, 5  # between two questions for news: of a folder, of a server
_MORE = 3  # times as many epochs, since the picture before
_FACTS = ("epochs", "batch", "crop", "learning_rate", "max_minutes", "seed")
_WHY_NO_VIEW = "a live view needs a notebook that a person runs, and the JupyterLab extension of Axons"


def progress_line(metrics: Sequence[Mapping[str, Any]], state: str, elapsed: float) -> str:
    """One line of text: a bar, the share that is done, the time left, the last Dice.

    `elapsed` is in seconds since the view was opened; it is what is shown before the first epoch ends.
    """
    if not metrics:
        return f"{state}: reading tiles and the first epoch, {elapsed:.0f} s"
    last = metrics[-1]
    share = 1.0 if state in ("finished", "stopped") else last["progress"]
    bar = "█" * round(20 * share) + "░" * (20 - round(20 * share))
    eta = "" if share == 1.0 else f", about {seconds_left(last):.0f} s left"
    dice = ", ".join(f"{d:.3f}" for d in last["validation_dice"])
    return f"{bar} {100 * share:.0f} %  epoch {last['epoch']}{eta}  ·  validation Dice {dice}  ·  {state}"


# -- the view ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, repr=False)
class StaticRun:
    """What stands for the live view where it cannot run: how far the run is, and its curves so far."""

    run: Run

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        metrics = self.run.metrics()
        picture = {"image/png": _curves(metrics, self.run.info.classes)} if metrics else {}
        return {**picture, "text/plain": repr(self)}

    def __repr__(self) -> str:
        status = self.run.status()
        message = f" ({status.message})" if status.message else ""
        line = progress_line(self.run.metrics(), status.state, 0)
        return f"run '{self.run.name}': {line}{message}; run.wait() waits for its end ({_WHY_NO_VIEW})"


def live(run: Run) -> RunWidget | StaticRun:
    """A view of the run that grows by itself, or what stands for it; see `Run.live`."""
    if not can_be_live():
        return StaticRun(run)
    from ..widget.run_view import RunWidget

    shared = {"project": run.store.url, "run": run.name} if run.store.is_shared else None
    return RunWidget(Follower(run), scene(run), shared, PictureKeeper(run.name, run.info.classes).picture)


def scene(run: Run) -> dict[str, Any]:
    """What the view says of a run that does not change while it goes on."""
    config = run.info.config.model_dump(mode="json")
    colours = class_colours(run.store, run.info.classes)
    return {
        "name": run.name,
        "training_set": run.info.training_set,
        "started": run.info.started,
        "every_s": _ASK_S if run.store.is_local else _ASK_FAR_S,
        "classes": [
            {"name": name, "colour": "#{:02x}{:02x}{:02x}".format(*colour)}
            for name, colour in zip(run.info.classes, colours, strict=True)
        ],
        "facts": {name: config[name] for name in _FACTS if name in config},
    }


def can_be_live() -> bool:
    """Whether a widget of ours would be seen: a person at a notebook, and JupyterLab with our extension."""
    if not _in_notebook() or not has_extension():
        return False
    try:
        from ..widget.viewer import is_live
    except ModuleNotFoundError:  # no ipywidgets
        return False
    return is_live()


def _in_notebook() -> bool:
    try:
        from IPython import get_ipython
    except ModuleNotFoundError:
        return False
    return hasattr(get_ipython(), "kernel")


class PictureKeeper:
    """Decides when the picture that stays in the notebook's file is worth making anew: seldom, and at the end."""

    def __init__(self, name: str, classes: Sequence[str]):
        self._name, self._classes = name, classes
        self._metrics: list[dict[str, Any]] = []
        self._writing = ""
        self._drawn, self._at, self._state = 0, float("-inf"), ""

    def picture(self, news: Mapping[str, Any]) -> dict[str, Any] | None:
        """The bundle to show after these news, or None."""
        new = news["metrics"]
        if new["writing"] != self._writing or new["start"] > len(self._metrics):
            self._writing, self._metrics = new["writing"], []
        self._metrics[new["start"] :] = new["lines"]
        ended = news["state"] in ENDED and news["state"] != self._state
        grown = len(self._metrics) >= max(1, _MORE * self._drawn) and time.monotonic() - self._at > _OFTEN_S
        if not self._metrics or not (ended or grown):
            return None
        self._drawn, self._at, self._state = len(self._metrics), time.monotonic(), news["state"]
        text = progress_line(self._metrics, news["state"], 0)
        title = f"{self._name}, {news['state']}"
        if not ended:  # a notebook that is opened later may hold no later picture
            title += (
                f' at epoch {self._metrics[-1]["epoch"]}; project.run("{self._name}").live() shows what became of it'
            )
        return {"image/png": _curves(self._metrics, self._classes, title), "text/plain": text}


def _curves(metrics: Sequence[Mapping[str, Any]], classes: Sequence[str], title: str = "") -> bytes:
    return plotting.figure_png(plotting.curves_figure(metrics, classes, title))


# -- waiting ----------------------------------------------------------------------------------------------------------


class _NotebookLine:
    """A line in the cell's output that is replaced in place, and the curves under it where no live view can be."""

    def __init__(self, *, with_picture: bool) -> None:
        from IPython.display import display

        blank = {"text/plain": ""}
        self._line = display(blank, raw=True, display_id=True)
        self._picture = display(blank, raw=True, display_id=True) if with_picture else None

    def say(self, line: str) -> None:
        self._line.update({"text/plain": line}, raw=True)

    def draw(self, metrics: Sequence[Mapping[str, Any]], classes: Sequence[str]) -> None:
        if self._picture:
            self._picture.update({"image/png": _curves(metrics, classes)}, raw=True)


class _TerminalLine:
    """In a script: one printed line per epoch, and no picture."""

    def __init__(self) -> None:
        self._last = ""

    def say(self, line: str) -> None:
        self._last = line

    def draw(self, metrics: Sequence[Mapping[str, Any]], classes: Sequence[str]) -> None:
        print(self._last, flush=True)


def follow(run: Run, poll_seconds: float = 0.5) -> None:
    """Say how far the run is until it ends; interrupting the cell ends the waiting, not the run."""
    shown = _NotebookLine(with_picture=not can_be_live()) if _in_notebook() else _TerminalLine()
    worth_drawing = _seldom()
    started, told = time.monotonic(), 0
    try:
        while True:
            state, metrics = run.status().state, run.metrics()
            shown.say(progress_line(metrics, state, time.monotonic() - started))
            over = state in ENDED
            if len(metrics) > told and (over or isinstance(shown, _TerminalLine) or worth_drawing()):
                told = len(metrics)
                shown.draw(metrics, run.info.classes)
            if over:
                return
            time.sleep(poll_seconds)
    except KeyboardInterrupt:
        message = f"run '{run.name}' goes on: run.live() shows it, run.wait() waits for it, run.stop() ends it."
        shown.say(message)
        raise StoppedLookingError(message) from None


def _seldom() -> Callable[[], bool]:
    """True at once, then at most every few seconds: drawing takes the training's processor."""
    at = float("-inf")

    def due() -> bool:
        nonlocal at
        if time.monotonic() - at < _OFTEN_S / 4:
            return False
        at = time.monotonic()
        return True

    return due

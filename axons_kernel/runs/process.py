"""What a training process does: `python -m axons_kernel.runs.process <project> <run> <parent's pid>`.

Everything goes to the run's folder, so that any notebook can follow it. The process ends by itself, with its
work saved, when the notebook that started it is gone or is asked to by a file in the run's folder (`control`). Started
again, it goes on from the run's last checkpoint.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

from .. import project as projects
from ..errors import AxonsKernelError, StorageError
from ..training.config import TrainingConfig
from ..training.data import TrainingData
from ..training.loading import Crops
from ..training.loop import Asked, Hooks, train
from ..training_sets.training_set import TrainingSet
from .colours import class_colours
from .control import Control
from .environment import RunEnvironment, environment
from .keeping import Keeper
from .reading import load_data
from .recording import Recording
from .run import Run, RunStatus, now


def execute(run: Run, *, gone: Callable[[], bool] = lambda: False) -> None:
    """Train as the run's config says, recording state, metrics, checkpoints and the best model.

    It stops when `gone()`: then nobody wants it any more.
    """
    project = projects.Project(run.store)
    try:
        run.set_status(RunStatus(state="running", message="reading the training set"))
        training_set = project.training_set(run.info.training_set)
        keeper = Keeper(run, training_set)
        asked = _train(run, project, training_set, keeper, gone)
        complete = asked == "go" or keeper.metrics["progress"] >= 1
        keeper.finish(complete=complete)
    except AxonsKernelError as error:
        run.log(f"{now()} {error}")
        run.set_status(RunStatus(state="failed", message=str(error)))
        raise
    except KeyboardInterrupt:
        run.set_status(RunStatus(state="stopped", message="interrupted; run.resume() goes on with it"))
        raise
    except BaseException as error:
        run.log(traceback.format_exc())
        run.set_status(RunStatus(state="failed", message=f"{type(error).__name__}: {error} (see log.txt of the run)"))
        raise
    best = f"best epoch {keeper.best['epoch']}"
    ended = RunStatus(state="finished" if complete else "stopped", message=best)
    keeper.note(f"{ended.state}, {best}")
    try:
        run.set_status(ended)
        if complete:
            keeper.clear()
    except StorageError:
        if not complete:
            raise
        keeper.clear()  # makes room on a disk that is full
        run.set_status(ended)


def _train(
    run: Run, project: projects.Project, training_set: TrainingSet, keeper: Keeper, gone: Callable[[], bool]
) -> Asked:
    """Train to the end, or until it is asked to stop; returns what it was asked for last."""
    data = load_data(training_set, run.info.config, project.image)
    state = keeper.resume()
    _note_environment(run, keeper)
    _note_data(run.info.config, data, keeper)
    run.set_status(RunStatus(state="running", message="training"))
    control = Control(run.store, run.name)
    asked: Asked = "go"
    colours = class_colours(run.store, training_set.classes)

    def ask() -> Asked:
        nonlocal asked
        asked = "stop" if gone() else control.state()
        return asked

    def on_epoch(metrics: dict[str, Any], net: nn.Module) -> None:
        keeper.on_epoch(metrics, net)
        with _unharmed(keeper):
            recording.on_epoch(metrics)

    tiles = data.validation or data.train
    with Recording(run.store, run.name, colours, tiles, epochs=run.info.config.epochs) as recording:
        hooks = Hooks(on_epoch, recording.on_step, recording.on_guess, keeper.on_checkpoint, keeper.tell, ask)
        train(run.info.config, data, hooks, state=state)
        with _unharmed(keeper):
            recording.finish()
    return asked


@contextmanager
def _unharmed(keeper: Keeper) -> Iterator[None]:
    """A disk that is too full for pictures ends no training."""
    try:
        yield
    except StorageError as error:
        keeper.tell(f"{error} The training goes on without examples of this epoch.")


def _note_data(config: TrainingConfig, data: TrainingData, keeper: Keeper) -> None:
    crops = Crops(config, data.train)
    pixels = sum(tile.shape[0] * tile.shape[1] for tile in data.train) / 1e6
    keeper.note(
        f"{config.network(data.classes, data.channels)}; {len(data.train)} tiles ({pixels:.2f} MPix) to train on, "
        f"{len(data.validation)} to validate with; {crops.steps} steps of {config.batch} crops per epoch"
    )
    if crops.side < config.crop:
        keeper.tell(
            f"The largest tile has {crops.side} pixels a side at the model's pixel size: crops are of {crops.side} "
            f"instead of {config.crop}."
        )


def _note_environment(run: Run, keeper: Keeper) -> None:
    key, now = run.key("environment.json"), environment()
    if run.store.exists(key):
        changed = RunEnvironment.decode(run.store.read(key), key).differences(now)
        if changed:
            keeper.tell(f"Goes on elsewhere ({', '.join(changed)}): the last digits may come out differently.")
    run.store.write(key, now.encode())


def main(url: str, name: str, parent: int) -> int:
    """Run in a process of its own, as long as process `parent` lives; 0 when it finished or was stopped."""
    run = projects.open_project(url, create=False).run(name)
    asked_to_end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked_to_end.set())  # a container that ends says so some seconds before
    try:
        execute(run, gone=lambda: asked_to_end.is_set() or os.getppid() != parent)
    except AxonsKernelError:
        return 1  # the message is in the run's status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))

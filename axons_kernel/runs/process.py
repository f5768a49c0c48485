"""What a training process does: `python -m axons_kernel.runs.process <project> <run> <parent's pid>`.

Everything goes to the run's folder, so that any notebook can follow it. The process ends by itself, with its
work saved, when the notebook that started it is gone or a file `stop` appears in the run's folder.
"""

from __future__ import annotations

import os
import platform
import sys
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from safetensors.torch import save as save_safetensors

from .. import project as projects
from ..errors import AxonsKernelError, TrainingError
from ..images import to_grey
from ..model_files import write_model
from ..resampling import resample, resample_nearest, scaled_shape
from ..tiling import Tile
from ..training.data import LabelledTile
from ..training.loop import TrainingData, train
from ..training.unet import UNet
from ..training_sets.training_set import TrainingSet
from .run import Run, RunEnvironment, RunStatus


def execute(run: Run, *, should_stop: Callable[[], bool] = lambda: False) -> None:
    """Train as the run's config says, recording state, metrics, checkpoints and the best model."""
    project = projects.Project(run.store)
    try:
        run.set_status(RunStatus(state="running", message="reading the training set"))
        training_set = project.training_set(run.info.training_set)
        data = load_data(project, training_set)
        run.store.write(run.key("environment.json"), _environment())
        recorder = _Recorder(run, training_set)
        run.set_status(RunStatus(state="running", message="training"))
        train(run.info.config, data, on_epoch=recorder, should_stop=lambda: should_stop() or run.stop_requested())
        recorder.export_best()
    except AxonsKernelError as error:
        run.set_status(RunStatus(state="failed", message=str(error)))
        raise
    except BaseException as error:
        run.log(traceback.format_exc())
        run.set_status(RunStatus(state="failed", message=f"{type(error).__name__}: {error} (see log.txt of the run)"))
        raise
    stopped = should_stop() or run.stop_requested()
    best = f"best epoch {recorder.best_metrics['epoch']}"
    run.set_status(RunStatus(state="stopped" if stopped else "finished", message=best))


def load_data(project: projects.Project, training_set: TrainingSet) -> TrainingData:
    """The set's tiles at its pixel size. Raises TrainingError when labels have changed since it was made."""
    tiles: dict[str, list[LabelledTile]] = {"train": [], "validation": []}
    for name, sha256 in training_set.annotation_sha256.items():
        image = project.image(name)
        if image.labels_sha256() != sha256:
            raise TrainingError(
                f"The labels of {name} have changed since training set '{training_set.name}' was made: "
                "make a new one with create_training_set()."
            )
        scale = image.pixel_size_um / training_set.pixel_size_um
        shape = scaled_shape(image.shape, scale)
        pixels = resample(to_grey(image.pixels()), shape)
        mask = resample_nearest(image.mask(training_set.classes), shape)
        for split, found in tiles.items():
            windows = training_set.windows(name, split)  # type: ignore[arg-type]
            found += [LabelledTile(*(_scaled(w, scale, shape).cut(a) for a in (pixels, mask))) for w in windows]
    return TrainingData(tiles["train"], tiles["validation"], len(training_set.classes))


def _scaled(window: Tile, scale: float, shape: tuple[int, int]) -> Tile:
    x, y = round(window.x * scale), round(window.y * scale)
    right = min(round((window.x + window.width) * scale), shape[1])
    bottom = min(round((window.y + window.height) * scale), shape[0])
    return Tile(x, y, right - x, bottom - y)


class _Recorder:
    """Writes each epoch down: weights first, then its line of metrics, so that a line never lacks its weights."""

    def __init__(self, run: Run, training_set: TrainingSet):
        self.run, self.training_set = run, training_set
        self.best = -1.0
        self.best_metrics: dict[str, Any] = {}

    def __call__(self, metrics: dict[str, Any], net: UNet) -> None:
        weights = save_safetensors({name: t.contiguous() for name, t in net.state_dict().items()})
        self.run.store.write(self.run.key("checkpoints/last.safetensors"), weights)
        score = float(np.mean(metrics["validation_dice"]))
        if score > self.best:
            self.best, self.best_metrics = score, metrics
            self.run.store.write(self.run.key("checkpoints/best.safetensors"), weights)
        self.run.append_metrics(metrics)

    def export_best(self) -> None:
        """The best checkpoint as a model of the project, under the run's name."""
        run = self.run
        weights = run.store.read(run.key("checkpoints/best.safetensors"))
        write_model(run.store, run.name, weights, run.info.config, self.training_set, self.best_metrics)


def _environment() -> bytes:
    versions = {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    return RunEnvironment(versions=versions, device=device, platform=platform.platform()).encode()


def main(url: str, name: str, parent: int) -> int:
    """Run in a process of its own, as long as process `parent` lives; 0 when it finished or was stopped."""
    run = projects.open_project(url, create=False).run(name)
    try:
        execute(run, should_stop=lambda: os.getppid() != parent)
    except AxonsKernelError:
        return 1  # the message is in the run's status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))

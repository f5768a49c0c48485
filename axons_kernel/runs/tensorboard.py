"""A run as TensorBoard's event files, for those who have TensorBoard at hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..errors import InputError, needs_extra
from ..storage import explained
from . import examples
from .following import Lines

if TYPE_CHECKING:
    from .run import Run

_NUMBERS = {"cpu": "CPU %", "memory_mb": "memory MB", "gpu": "GPU %", "gpu_memory_mb": "GPU memory MB"}


def to_tensorboard(run: Run, folder: str | os.PathLike[str]) -> str:
    """Write the run's curves, examples and use of the machine so far to `folder`/<run>, and return that folder.

    Writing again replaces nothing: give a new or an empty folder. Raises InputError, MissingExtraError, StorageError.
    """
    with needs_extra("tensorboard", "Writing TensorBoard files"):
        from tensorboardX import SummaryWriter
    out = os.path.join(os.fspath(folder), run.name)
    if os.path.exists(out) and not (os.path.isdir(out) and not os.listdir(out)):
        raise InputError(f"{out} is there already: TensorBoard would show it twice. Choose another folder.")
    with explained(f"write to {out}"):
        writer = SummaryWriter(out)
        try:
            _write(run, writer)
        finally:
            writer.close()
    return out


def _write(run: Run, writer: Any) -> None:
    times = _times(run)
    for line in run.metrics():
        epoch, at = line["epoch"], times(line["seconds"])
        for name, value in _scalars(line, run.info.classes):
            writer.add_scalar(name, value, epoch, walltime=at)
    usage = Lines(run.store, run.key("resources.jsonl"))
    usage.read()
    for number, line in enumerate(usage.lines):
        for key, name in _NUMBERS.items():
            if key in line:
                writer.add_scalar(f"machine/{name}", line[key], number, walltime=line["time"])
    for tile in range(examples.count(run.store, run.name)):
        _write_tile(run, writer, tile)


def _scalars(line: dict[str, Any], classes: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    yield "loss/training", line["loss"]
    yield "loss/validation", line["validation_loss"]
    for name, dice in zip(classes, line["validation_dice"], strict=True):
        yield f"validation Dice/{name}", dice
    for key in ("learning_rate", "samples_per_s"):
        if key in line:
            yield key, line[key]


def _write_tile(run: Run, writer: Any, tile: int) -> None:
    from .figures import picture_array, tinted

    image = picture_array(examples.read_picture(run.store, run.name, "image", tile), "L")
    kinds: list[str | int] = ["reference", *examples.read_epochs(run.store, run.name)]
    for kind in kinds:
        labels = picture_array(examples.read_picture(run.store, run.name, kind, tile), "RGBA")
        name = "reference" if kind == "reference" else "prediction"
        step = 0 if kind == "reference" else kind
        writer.add_image(f"tile {tile + 1}/{name}", tinted(image, labels), step, dataformats="HWC")


def _times(run: Run) -> Any:
    """From seconds since the start to seconds since 1970."""
    from datetime import datetime

    start = datetime.fromisoformat(run.info.started).timestamp()
    return lambda seconds: start + seconds

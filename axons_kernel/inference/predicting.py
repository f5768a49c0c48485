"""Predict a whole image of a project with one of its models, in bounded memory, and keep the result."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from ..errors import InputError, StoppedPredictingError, StorageError
from ..model_files import ModelInfo, cached_network
from ..model_input import ModelInput
from ..predictions import Prediction, prediction_folder
from ..project_image import ProjectImage
from .grid import TileGrid
from .guessing import TURNS, Guesser
from .image_rows import ImageRows, classified
from .options import PredictOptions
from .outcome import write_outcome
from .progress_files import LOCK, ProgressFiles, State
from .rows import Probabilities, finished_rows

OnProgress = Callable[[int, int], object]  # so many tiles are done, of so many
_MOST_RESAMPLING = 8  # how many times finer or coarser than the model's pixels an image may be


@dataclass(frozen=True)
class _Job:
    """One image, one model, and how."""

    model: ModelInfo
    seen: ModelInput
    options: PredictOptions

    @property
    def image(self) -> ProjectImage:
        return self.seen.image

    @property
    def grid(self) -> TileGrid:
        return TileGrid(self.seen.shape, self.options.size, self.options.overlap, self.options.blend)

    @property
    def key(self) -> str:
        """A hash of all that the result depends on."""
        info = self.image.info
        facts = [
            *(info.sha256, info.file_sha256, info.shape, info.pixel_size_um),
            *(self.model.weights_sha256, self.model.network.model_dump(), self.model.classes, self.model.channels),
            *(self.model.pixel_size_um, self.options.what_is_computed()),
        ]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def predict(
    model: ModelInfo,
    image: ProjectImage,
    options: PredictOptions,
    *,
    progress: bool = True,
    on_progress: OnProgress = lambda done, count: None,
) -> Prediction:
    """Predict at the model's pixel size, bring the probabilities to the image's, and take the likeliest class.

    Writes `predictions/<image>/<model>/`. A killed or interrupted prediction goes on where it was when it is asked for
    again, and gives the same bits. A KeyboardInterrupt that `on_progress` raises interrupts it as well. Raises
    InputError when image and model do not go together, StorageError while another process predicts the same.
    """
    _check_pixel_size(model, image)
    job = _Job(model, ModelInput(image, model.pixel_size_um, model.channels), options)
    started = time.monotonic()
    folder = prediction_folder(image.name, model.name)
    with _alone(image, folder):
        files = ProgressFiles(image.store, folder, job.key)
        earlier = _run(job, files, progress, on_progress)
        seconds = earlier + time.monotonic() - started
        prediction = write_outcome(model, image, options, files, seconds, progress)
        files.remove()
    return prediction


def _run(job: _Job, files: ProgressFiles, progress: bool, on_progress: OnProgress) -> float:
    """All rows into `files`; returns the seconds that attempts before this one took."""
    state = files.resume() or {}
    earlier, started = float(state.get("seconds", 0.0)), time.monotonic()
    done = int(state.get("done", 0))
    rows = ImageRows(
        job.seen.shape,
        job.image.shape,
        next_row=int(state.get("next_row", 0)),
        held_top=int(state.get("held_top", 0)),
        held=state.get("held"),
    )
    with _bar(job, done, progress) as bar:
        if done == len(job.grid.tops):
            return earlier
        guess, on_tiles = _guesser(job, bar.write), _counting(bar, on_progress)
        parts = finished_rows(guess, job.seen, job.grid, done=done, carry=state.get("carry"), on_tiles=on_tiles)
        try:
            on_progress(bar.n, bar.total)
            for number, part in enumerate(parts, start=done + 1):
                for _, values in rows.push(part.values):
                    files.add(classified(values, len(job.model.classes), probabilities=job.options.probabilities))
                files.mark(_state(rows, number, part.carry, earlier + time.monotonic() - started))
                if files.due:
                    files.save()
        except KeyboardInterrupt as interrupt:
            files.save()
            raise StoppedPredictingError(
                f"Stopped the prediction of '{job.image.name}' at {100 * bar.n // bar.total} %: the same call goes on."
            ) from interrupt
    return earlier


def _state(rows: ImageRows, done: int, carry: Probabilities, seconds: float) -> State:
    numbers = {"done": done, "next_row": rows.next_row, "held_top": rows.held_top, "seconds": seconds}
    held = {} if rows.held is None else {"held": rows.held}
    return {"carry": carry, **held, **{name: np.array(number) for name, number in numbers.items()}}


def _guesser(job: _Job, on_message: Callable[[str], None]) -> Guesser:
    turns = {1: TURNS[:1], 2: TURNS[:2], 4: TURNS[::2], 8: TURNS}[job.options.turns]
    net = cached_network(job.image.store, job.model)
    return Guesser(net, turns=turns, batch=job.options.batch, on_message=on_message)


def _counting(bar: Any, on_progress: OnProgress) -> Callable[[int], None]:
    def counted(tiles: int) -> None:
        bar.update(tiles)
        if bar.disable:  # then it does not count
            bar.n += tiles
        on_progress(bar.n, bar.total)

    return counted


def _bar(job: _Job, done: int, progress: bool) -> Any:
    """A bar of tiles, which says when the image is resampled, and where the prediction goes on."""
    image, model = job.image.pixel_size_um, job.model.pixel_size_um
    sizes = "" if job.seen.shape == job.image.shape else f" at {model:g} µm per pixel (it has {image:g})"
    return tqdm(
        desc=f"{'going on with' if done else 'predicting'} {job.image.name}{sizes}",
        total=job.grid.count,
        initial=done * len(job.grid.lefts),
        unit="tile",
        disable=not progress,
        file=sys.stdout,
    )


@contextlib.contextmanager
def _alone(image: ProjectImage, folder: str) -> Iterator[None]:
    """Keep other processes from writing the same prediction, where the storage knows locks."""
    key = f"{folder}/partial/{LOCK}"
    try:
        lock = image.store.open_locked(key)
    except StorageError as error:
        raise StorageError(
            f"Another notebook is predicting '{image.name}' with this model: wait until it is done, or stop it there."
        ) from error
    with contextlib.ExitStack() as cleanup:
        if lock is not None:
            cleanup.callback(lock.close)
        yield
        image.store.remove(key)


def _check_pixel_size(model: ModelInfo, image: ProjectImage) -> None:
    factor = model.pixel_size_um / image.pixel_size_um
    if not 1 / _MOST_RESAMPLING <= factor <= _MOST_RESAMPLING:
        how = f"{factor:.3g} times smaller" if factor > 1 else f"{1 / factor:.3g} times larger"
        raise InputError(
            f"Model '{model.name}' sees {model.pixel_size_um:g} µm per pixel and '{image.name}' has "
            f"{image.pixel_size_um:g}, so it would have to be made {how}; {_MOST_RESAMPLING} times is the most. Check "
            "the image's pixel size, and import it again with the right one: import_image(..., pixel_size_um=...)."
        )

"""What a training leaves in its run's folder while it goes on. A full disk costs no training: what could not be written
is tried again, and what was written before stays."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import numpy as np
from safetensors.torch import load as load_safetensors
from safetensors.torch import save as save_safetensors
from torch import nn

from ..errors import StorageError
from ..model_files import write_model
from ..training.checkpoints import CheckpointFiles, metadata_of
from ..training.progress import TrainingState
from ..training_sets.training_set import TrainingSet
from .recording import say
from .run import Run, RunStatus, now

_LAST, _BEST = "checkpoints/last.safetensors", "checkpoints/best.safetensors"


class Keeper:
    """Writes metrics as epochs end; weights and the state of the training when a checkpoint is made.

    `metrics` are those of the last epoch, `best` those of the best one.
    """

    def __init__(self, run: Run, training_set: TrainingSet):
        self._run, self._training_set = run, training_set
        self._files = CheckpointFiles(run.store, run.key("checkpoints"))
        self._weights: dict[str, bytes] = {}  # by key, not yet written
        self._lines: list[str] = []  # metrics, not yet written
        self._messages: list[str] = []  # not yet written
        self._failing = False
        self.metrics: dict[str, Any] = {}
        self.best: dict[str, Any] = {}

    def resume(self) -> TrainingState | None:
        """The state of the last checkpoint, None at the start; what was told of a later time is taken back.

        Raises TrainingError when there are checkpoints and none can be read.
        """
        state, wrong = self._files.newest()
        done = state.numbers["position"]["epoch"] if state else 0
        known = [line for line in self._run.metrics() if line["epoch"] <= done]
        if len(known) < len(self._run.metrics()):
            text = "".join(f"{json.dumps(line)}\n" for line in known)
            self._run.store.write(self._run.key("metrics.jsonl"), text.encode())
        if state:
            self.metrics, self.best = known[-1] if known else {}, self._stored_best()
            where = f"epoch {done + 1}, step {state.numbers['position']['step'] + 1}"
            self.tell(f"{f'{wrong} The checkpoint before it is used. ' if wrong else ''}Goes on at {where}.")
        return state

    def _stored_best(self) -> dict[str, Any]:
        key = self._run.key(_BEST)
        try:
            found: dict[str, Any] = json.loads(metadata_of(self._run.store.read(key))["metrics"])
        except (ValueError, KeyError, TypeError, FileNotFoundError) as error:
            self.tell(f"The best weights so far cannot be read ({error}): the best of the epochs to come are kept.")
            return {}
        return found

    def on_epoch(self, metrics: dict[str, Any], net: nn.Module) -> None:
        """An epoch has ended."""
        tensors = {name: value.detach().cpu().contiguous() for name, value in net.state_dict().items()}
        weights = save_safetensors(tensors, {"metrics": json.dumps(metrics)})
        self._weights[_LAST] = weights
        if not self.best or _score(metrics) > _score(self.best):
            self.best, self._weights[_BEST] = metrics, weights
        self.metrics = metrics
        dice = ", ".join(f"{value:.3f}" for value in metrics["validation_dice"])
        speed = f"{metrics['samples_per_s']:.1f} samples/s"
        self.note(f"epoch {metrics['epoch']}: loss {metrics['loss']:.4f}, validation Dice {dice}, {speed}")
        self._lines.append(json.dumps(metrics))
        self._try(self._write_lines, "Its metrics are written later")

    def on_checkpoint(self, state: TrainingState) -> None:
        """Write all that it takes to go on from here, the weights first: they are never older than the state."""

        def write() -> None:
            self._write_lines()
            self._write_weights()
            self._files.write(state)

        self._try(write, "The checkpoint before this one stays")

    def _try(self, write: Callable[[], None], otherwise: str) -> None:
        """Write, or tell why not, once until it can be written again."""
        try:
            write()
            self._write_messages()
        except StorageError as error:
            if not self._failing:
                self.tell(f"{error} {otherwise}, and the training goes on.")
            self._failing = True
        else:
            self._failing = False

    def finish(self, *, complete: bool) -> None:
        """The training has ended: its best weights become a model of the project, under the run's name.

        Where the disk is full for them, the state of a `complete` training makes room.
        """
        try:
            self._export()
        except StorageError:
            if not complete:
                raise
            self.clear()
            self._export()

    def clear(self) -> None:
        """Nothing is left to go on with: the state of the training makes room."""
        self._files.remove()

    def _export(self) -> None:
        self._write_messages()
        self._write_lines()
        self._write_weights()
        run = self._run
        weights = save_safetensors(load_safetensors(run.store.read(run.key(_BEST))))
        write_model(run.store, run.name, weights, run.info.config, self._training_set, self.best)

    def _write_lines(self) -> None:
        while self._lines:
            self._run.store.append_line(self._run.key("metrics.jsonl"), self._lines[0])
            del self._lines[0]

    def _write_weights(self) -> None:
        for key in list(self._weights):
            self._run.store.write(self._run.key(key), self._weights[key])
            del self._weights[key]

    def note(self, text: str) -> None:
        """A line for the log."""
        with contextlib.suppress(StorageError):  # the disk is full, and this is no news
            self._run.log(f"{now()} {text}")

    def tell(self, text: str) -> None:
        """A message for the author of the training: in the run's status, its log and its live view."""
        self._messages.append(text)
        with contextlib.suppress(StorageError):  # the disk is full: it is told when there is room
            self._write_messages()

    def _write_messages(self) -> None:
        while self._messages:
            text, run = self._messages[0], self._run
            run.log(f"{now()} {text}")
            run.set_status(RunStatus(state="running", message=text))
            say(run.store, run.name, text)
            del self._messages[0]


def _score(metrics: dict[str, Any]) -> float:
    return float(np.mean(metrics["validation_dice"]))

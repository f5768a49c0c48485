"""What a training tells of itself while it runs, beside its metrics: use of the machine, examples, messages."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from ..plotting import Colour
from ..storage import Store
from .examples import Examples, Labelled
from .resources import GpuMeter, Meter, Sampler

_OVER = 5  # lines that the speed is taken over: between two of them may be one slow step, or none


def say(store: Store, run: str, text: str) -> None:
    """A message for the person who looks at the run, in messages.jsonl."""
    line = {"time": round(time.time(), 1), "text": text}
    store.append_line(f"runs/{run}/messages.jsonl", json.dumps(line, ensure_ascii=False))


class Recording:
    """Around a training: its callbacks are cheap, a thread writes how far it is and what it takes of the machine."""

    def __init__(self, store: Store, run: str, colours: Sequence[Colour], tiles: Sequence[Labelled], *, epochs: int):
        """`colours` in class order, the validation `tiles`, `epochs` that are planned."""
        self._examples = Examples(store, run, colours, tiles, epochs)
        self.on_guess = self._examples.on_guess
        self._meter, self._gpu = Meter(), GpuMeter()
        self._sampler = Sampler(store, f"runs/{run}/resources.jsonl", self._read)
        self._place = (0, 0, 0)
        self._samples = 0
        self._counted = deque([(0, time.monotonic())], maxlen=_OVER)
        self._epoch = 0

    def __enter__(self) -> Recording:
        self._sampler.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._sampler.__exit__(*exception)

    def on_step(self, epoch: int, step: int, steps: int, samples: int) -> None:
        """Step `step` of `steps` (from 1) of this epoch (from 1) has been done, on so many samples."""
        self._place = (epoch, step, steps)
        self._samples += samples

    def on_epoch(self, metrics: Mapping[str, Any]) -> None:
        """An epoch has ended and its weights and metrics are written."""
        self._epoch = metrics["epoch"]
        self._examples.on_epoch(self._epoch)

    def finish(self) -> None:
        """The training has ended: what the last epoch has predicted is kept."""
        if self._epoch:
            self._examples.keep(self._epoch)

    def _read(self) -> dict[str, float]:
        """One line of resources.jsonl, without its time."""
        epoch, step, steps = self._place
        samples, now = self._samples, time.monotonic()
        before, at = self._counted[0]
        self._counted.append((samples, now))
        speed = round((samples - before) / max(1e-3, now - at), 2)
        place = {"epoch": epoch, "step": step, "steps": steps, "samples_per_s": speed} if epoch else {}
        return {**place, **self._meter.read(), **self._gpu.read()}

"""Asks a model that has not seen the image yet: it looks at all of it in a thread, while drawing and saving go on."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import AxonsKernelError, InputError
from ..rasterize import Window
from .protocol import Predicting

TELL_S = 0.25  # between two messages about how far it is
_LEAVING_S = 3.0  # to wait for a model that was stopped, as another may ask it next
log = logging.getLogger(__name__)

Proposer = Callable[[Window], Mapping[str, NDArray[np.bool_]]]  # window -> class -> (h, w)
OnProgress = Callable[[int, int], None]  # so many tiles are done, of so many
_State = Literal["running", "stopping", "done", "stopped", "failed"]


@dataclass(frozen=True)
class Model:
    """A model that can be asked for labels, once `has_seen` the image; `look` shows it to the model.

    `look` tells how far it is, and ends at a KeyboardInterrupt that its listener raises.
    """

    propose: Proposer
    has_seen: Callable[[], bool] = lambda: True
    look: Callable[[OnProgress], None] = lambda on_progress: None


class Asking:
    """At most one model looks at the image; `told` hears how far it is, in any thread."""

    def __init__(self, models: Mapping[str, Model], told: Callable[[Predicting], None]) -> None:
        self._models, self._told = models, told
        self._lock = threading.Lock()
        self._last: Predicting | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> Predicting | None:
        """How far the model is that looks at the image now."""
        last = self._last
        return last if last and last["state"] in ("running", "stopping") else None

    def ask(self, name: str) -> Predicting:
        """Let the model look at the image, unless it has. Raises InputError while another one does."""
        model = model_of(self._models, name)
        with self._lock:
            running = self.running
            if running and running["model"] != name:
                raise InputError(f"The model '{running['model']}' is looking at the image: wait for it, or stop it.")
            if running:
                return running
            if model.has_seen():
                return _predicting(name, "done")
            self._stop = threading.Event()
            self._last = begun = _predicting(name, "running")
            arguments, label = (name, model, self._stop), f"axons-asking-{name}"
            self._thread = threading.Thread(target=self._look, name=label, args=arguments, daemon=True)
            self._thread.start()
        return begun

    def stop(self) -> Predicting:
        """Stop at the next tile; what is done is kept. Raises InputError when there is nothing to stop."""
        with self._lock:
            if self.running is None or self._last is None:
                raise InputError("No model is looking at the image now.")
            self._stop.set()
            self._last = {**self._last, "state": "stopping"}
            return self._last

    def close(self) -> None:
        """Stop, and tell nobody."""
        self._told = lambda predicting: None
        self._stop.set()
        if self._thread:
            self._thread.join(_LEAVING_S)

    def _look(self, name: str, model: Model, stop: threading.Event) -> None:
        told_at = time.monotonic() - TELL_S

        def on_progress(tiles: int, total: int) -> None:
            nonlocal told_at
            if stop.is_set():
                raise KeyboardInterrupt
            self._change(tiles=tiles, total=total)
            if tiles == total or time.monotonic() >= told_at + TELL_S:
                told_at = time.monotonic()
                self._tell()

        try:
            model.look(on_progress)
        except KeyboardInterrupt:
            self._change("stopped")
        except AxonsKernelError as error:
            self._change("failed", error=str(error))
        except Exception as error:
            log.exception("a model could not look at the image")
            self._change("failed", error=f"That did not work: {type(error).__name__}: {error}")
        else:
            self._change("done")
        self._tell()

    def _change(
        self, state: _State | None = None, tiles: int | None = None, total: int | None = None, error: str | None = None
    ) -> None:
        with self._lock:
            assert self._last is not None, "a model is looking"
            last = self._last
            self._last = {
                **last,
                "state": state or last["state"],
                "tiles": last["tiles"] if tiles is None else tiles,
                "total": last["total"] if total is None else total,
                "error": error,
            }

    def _tell(self) -> None:
        if self._last:
            self._told(self._last)


def model_of(models: Mapping[str, Model] | None, name: str) -> Model:
    """The model of that name. Raises InputError."""
    if not models or name not in models:
        have = ", ".join(map(repr, models or ())) or "none yet: train one first"
        raise InputError(f"There is no model {name!r:.60}; there are: {have}.")
    return models[name]


def _predicting(model: str, state: _State) -> Predicting:
    return {
        "answer": "predicting",
        "session": None,
        "request": None,
        "model": model,
        "state": state,
        "tiles": 0,
        "total": 0,
        "error": None,
    }

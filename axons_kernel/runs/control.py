"""Pause, stop, stop after the epoch: empty files in the run's folder. Any notebook leaves them, the training looks."""

from __future__ import annotations

import time
from typing import Literal, get_args

from ..storage import Store

Request = Literal["stop", "pause", "stop_after_epoch"]
State = Literal["go", "stop", "pause", "stop_after_epoch"]
REQUESTS: tuple[Request, ...] = get_args(Request)  # the first that is there counts

_LOOK_S, _LOOK_FAR_S = 0.2, 2.0  # seconds between two looks: at a folder, at a server


def ask(store: Store, run: str, request: Request) -> None:
    """Ask the training of that run for something; it does so within a step."""
    store.write(f"runs/{run}/{request}", b"")


def withdraw(store: Store, run: str, *requests: Request) -> None:
    """Take requests back, all of them when none is named: a paused training goes on."""
    for request in requests or REQUESTS:
        store.remove(f"runs/{run}/{request}")


def requested(store: Store, run: str) -> State:
    """What the training of that run is asked for now. One listing of its folder."""
    names = store.names(f"runs/{run}")
    return next((request for request in REQUESTS if request in names), "go")


class Control:
    """What a training is asked for, cheap enough to look at in every step."""

    def __init__(self, store: Store, run: str):
        self._store, self._run = store, run
        self._every = _LOOK_S if store.is_local else _LOOK_FAR_S
        self._state: State = "go"
        self._looked = float("-inf")

    def state(self) -> State:
        """The request of at most 0.2 s ago (2 s, where the project is on a server)."""
        now = time.monotonic()
        if now - self._looked >= self._every:
            self._looked, self._state = now, requested(self._store, self._run)
        return self._state

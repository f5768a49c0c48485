"""A prediction that is under way, in files: what is finished and what is needed to go on after a crash.

`predictions/<image>/<model>/partial/` holds numbered parts (rows that are done, compressed) and `state.npz`, which is
written after its parts and names the job: another image, model or setting never goes on with it. No pickle is read.
"""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from ..storage import Store
from .image_rows import Planes

LOCK = "lock"  # in the folder: whoever holds it predicts
State = dict[str, NDArray[Any]]
_SAVE_S = 10.0  # at most so much work is lost
_SAVE_BYTES = 32 << 20  # of finished rows that wait in memory, compressed


class ProgressFiles:
    """Finished rows and the state after them; `job` says what is being done."""

    def __init__(self, store: Store, folder: str, job: str):
        self._store, self._folder, self._job = store, f"{folder}/partial", job
        self._parts = 0  # that are saved
        self._waiting: list[dict[str, NDArray[Any]]] = []
        self._marked: tuple[State, int] | None = None
        self._saved_at = time.monotonic()

    def resume(self) -> State | None:
        """The state to go on from; None, and the files of another job are removed, when there is none."""
        key = f"{self._folder}/state.npz"
        state = None
        if self._store.exists(key):
            try:
                state = _unpacked(self._store.read(key))
            except (ValueError, OSError, zipfile.BadZipFile):  # it is not ours, or broken: begin again
                state = None
        if state is None or str(state.get("job")) != self._job:
            self.remove()
            return None
        self._parts = int(state["parts"])
        return state

    def add(self, rows: Planes) -> None:
        """Rows of the image that follow those before."""
        piece: dict[str, NDArray[Any]] = {}
        for name, values in rows.items():
            for number, plane in enumerate(values if values.ndim == 3 else values[None]):
                piece[f"{name}/{number}"] = _compressed(plane)
                piece[f"{name}/shape"] = np.array(plane.shape)
        self._waiting.append(piece)

    def mark(self, state: State) -> None:
        """What was added so far belongs together with `state`; what is added later waits for the next mark."""
        self._marked = (state, len(self._waiting))

    @property
    def due(self) -> bool:
        """Whether what waits should be saved."""
        waiting = sum(values.nbytes for piece in self._waiting for values in piece.values())
        return time.monotonic() - self._saved_at > _SAVE_S or waiting > _SAVE_BYTES

    def save(self) -> None:
        """Write what waits up to the last mark, then its state; what was added since is forgotten."""
        if self._marked is None:
            return
        state, count = self._marked
        for number, piece in enumerate(self._waiting[:count], start=self._parts):
            self._store.write(self._part(number), _packed(piece))
        numbers = {"job": np.array(self._job), "parts": np.array(self._parts + count)}
        self._store.write(f"{self._folder}/state.npz", _packed({**state, **numbers}))
        self._parts, self._waiting, self._marked = self._parts + count, [], None
        self._saved_at = time.monotonic()

    def bands(self, name: str, plane: int = 0) -> Callable[[], Iterator[NDArray[np.uint8]]]:
        """A plane of what was added, from top to bottom."""

        def read() -> Iterator[NDArray[np.uint8]]:
            for piece in self._pieces():
                yield _decompressed(piece[f"{name}/{plane}"], piece[f"{name}/shape"])

        return read

    def _pieces(self) -> Iterator[dict[str, NDArray[Any]]]:
        for number in range(self._parts):
            yield _unpacked(self._store.read(self._part(number)))
        yield from self._waiting

    def _part(self, number: int) -> str:
        return f"{self._folder}/part-{number:05}.npz"

    def remove(self) -> None:
        """Remove the files; the state first, so that no state is left without its parts."""
        names = self._store.names(self._folder)
        for name in sorted(names, key=lambda name: name != "state.npz"):
            if name != LOCK:  # which is not ours
                self._store.remove(f"{self._folder}/{name}")
        self._parts, self._waiting, self._marked = 0, [], None


def _packed(arrays: State) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **{name.replace("/", "."): values for name, values in arrays.items()})  # type: ignore[arg-type]
    return buffer.getvalue()


def _unpacked(data: bytes) -> State:
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return {name.replace(".", "/"): arrays[name] for name in arrays.files}


def _compressed(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    memory: Any = np.ascontiguousarray(plane)  # it takes any buffer
    return np.frombuffer(imagecodecs.zstd_encode(memory, level=1), np.uint8)


def _decompressed(data: NDArray[np.uint8], shape: NDArray[Any]) -> NDArray[np.uint8]:
    height, width = (int(side) for side in shape)
    return np.frombuffer(imagecodecs.zstd_decode(data.tobytes()), np.uint8).reshape(height, width)

"""What a training takes of its machine, written to resources.jsonl by a light thread; the file stays small."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import psutil

from ..storage import Store

EVERY_S, EVERY_FAR_S = 2.0, 15.0  # between two lines at first: in a folder, on a server
KEEP = 1200  # lines; then every second one goes, and half as many come
log = logging.getLogger(__name__)

Usage = Mapping[str, float | int]


class Meter:
    """CPU and memory of this process and its children since the last reading."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self.cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self._at, self._used = time.monotonic(), self._measure()[0]

    def read(self) -> dict[str, float]:
        """`cpu` in % (100: all cores that it may use are busy) and `memory_mb`, what is resident."""
        used, resident = self._measure()
        now = time.monotonic()
        share = max(0.0, used - self._used) / max(1e-3, now - self._at) / self.cores  # a child that ends takes its time
        self._at, self._used = now, used
        return {"cpu": round(100 * share, 1), "memory_mb": round(resident / 2**20, 1)}

    def _measure(self) -> tuple[float, int]:
        """CPU seconds and resident bytes."""
        seconds, resident = 0.0, 0
        for process in (self._process, *self._process.children(recursive=True)):
            try:
                times, memory = process.cpu_times(), process.memory_info()
            except psutil.NoSuchProcess:  # it ended this moment
                continue
            seconds, resident = seconds + times.user + times.system, resident + memory.rss
        return seconds, resident


class GpuMeter:
    """Use of the GPU that torch uses; nothing where there is none."""

    def __init__(self) -> None:
        self._utilization: Callable[[], float] | None = None
        self._memory: Callable[[], tuple[int, int]] | None = None
        import torch

        if torch.cuda.is_available():
            self._utilization, self._memory = torch.cuda.utilization, torch.cuda.mem_get_info

    def read(self) -> dict[str, float]:
        """`gpu` in % and `gpu_memory_mb`, of all who use it; the first alone is left out where the driver hides it."""
        found: dict[str, float] = {}
        if self._utilization:
            try:
                found["gpu"] = float(self._utilization())
            except Exception as error:  # NVML has many: not installed, not allowed, not known to this card
                log.warning("how busy the GPU is cannot be told: %s", error, exc_info=True)
                self._utilization = None
        if self._memory:
            free, total = self._memory()
            found["gpu_memory_mb"] = round((total - free) / 2**20, 1)
        return found


class Sampler:
    """The thread: a line of `read()` now and then, until the block ends."""

    def __init__(
        self, store: Store, key: str, read: Callable[[], Usage], *, every_s: float | None = None, keep: int = KEEP
    ):
        self._store, self._key, self._read, self._keep = store, key, read, keep
        self._every = every_s or (EVERY_S if store.is_local else EVERY_FAR_S)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="resources", daemon=True)

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        """What goes wrong here ends the recording, never the training."""
        try:
            lines = self._store.read(self._key).decode().splitlines() if self._store.exists(self._key) else []
            count = len(lines)
            ended = False
            while not ended:
                ended = self._end.wait(self._every)  # and one more line at the end
                count = self._thinned(count)
                line = {"time": round(time.time(), 1), **self._read()}
                self._store.append_line(self._key, json.dumps(line))
                count += 1
        except Exception:
            log.exception("the use of the machine is not recorded any more")

    def _thinned(self, count: int) -> int:
        if count < self._keep:
            return count
        lines = self._store.read(self._key).decode().splitlines()[::2]
        self._store.write(self._key, "".join(f"{line}\n" for line in lines).encode())
        self._every *= 2
        return len(lines)


def machine() -> dict[str, Any]:
    """Cores that a process may use, and memory in MB that it shares with all others."""
    return {"cores": Meter().cores, "memory_mb": round(psutil.virtual_memory().total / 2**20)}

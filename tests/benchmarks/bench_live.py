"""What being watched costs a training: the same one bare, and with metrics, examples, use of the machine and a reader.

The reader is a process that asks for news each second, as a notebook's kernel does for its live view. Both trainings
do the same steps; they take turns, so that a machine that others use disturbs both. What the recording takes is also
counted by itself, which no neighbour can disturb: that is the number that must stay under 2 %.

    python tests/benchmarks/bench_live.py [epochs [repeats]]
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from axons_kernel.runs.control import Control
from axons_kernel.runs.recording import Recording
from axons_kernel.runs.run import Run, RunInfo, RunStatus, now
from axons_kernel.samples import axon_micrograph
from axons_kernel.storage import Store
from axons_kernel.training.config import TrainingConfig
from axons_kernel.training.data import LabelledTile, TrainingData
from axons_kernel.training.loop import Hooks, train

LIMIT = 0.02
READER = """
import sys, time
from axons_kernel.runs.following import FILES, Follower
from axons_kernel.runs.run import read_run
from axons_kernel.storage import Store
follower = Follower(read_run(Store(sys.argv[1]), "watched"))
print("ready", flush=True)
known, began = {}, time.process_time()
while not sys.stdin.closed:
    news = follower.news(known)
    known = {name: (news[name]["writing"], news[name]["start"] + len(news[name]["lines"])) for name in FILES}
    if news["state"] == "finished":
        break
    time.sleep(1)
print(time.process_time() - began)
"""


class Spent:
    """CPU seconds of the thread that is in one of the wrapped functions."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._lock = threading.Lock()

    def on(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any, **named: Any) -> Any:
            began = time.thread_time()
            try:
                return function(*given, **named)
            finally:
                with self._lock:
                    self.seconds += time.thread_time() - began

        return counted


def tiles(seeds: range) -> list[LabelledTile]:
    """Made-up micrographs of 256 x 256 pixels."""
    made = []
    for seed in seeds:
        sample = axon_micrograph((256, 256), seed=seed)
        pixels = sample.pixels.astype(np.float32)
        numbers = np.searchsorted(np.unique(sample.mask), sample.mask).astype(np.uint8)
        made.append(LabelledTile(((pixels - pixels.mean()) / pixels.std())[None], numbers))
    return made


def bare(config: TrainingConfig, data: TrainingData) -> tuple[float, float]:
    """CPU and wall seconds of a training that nobody watches."""
    cpu, wall = time.process_time(), time.perf_counter()
    train(config, data)
    return time.process_time() - cpu, time.perf_counter() - wall


def watched(config: TrainingConfig, data: TrainingData, folder: Path) -> tuple[float, float, float, float]:
    """The same with all that `run.live()` shows, and a reader; then CPU seconds of recording, and of the reader."""
    info = RunInfo(
        name="watched",
        training_set="s",
        training_set_sha256="",
        classes=("myelin", "axon"),
        config=config,
        started=now(),
    )
    run = Run(Store(folder), info)
    run.store.write(run.key("config.json"), info.encode())
    run.set_status(RunStatus(state="running"))
    reader = subprocess.Popen([sys.executable, "-c", READER, str(folder)], stdin=-1, stdout=-1, text=True)
    assert reader.stdout
    reader.stdout.readline()
    spent = Spent()
    cpu, wall = time.process_time(), time.perf_counter()
    control = Control(run.store, run.name)
    recording = spent.on(Recording)(
        run.store, run.name, [(230, 159, 0), (86, 180, 233)], data.validation, epochs=config.epochs
    )
    recording._sampler._thread = threading.Thread(target=spent.on(recording._sampler._run))

    def on_epoch(metrics: dict[str, Any], _: Any) -> None:
        run.append_metrics(metrics)
        recording.on_epoch(metrics)

    hooks = Hooks(
        on_epoch=spent.on(on_epoch),
        on_step=spent.on(recording.on_step),
        on_guess=spent.on(recording.on_guess),
        control=spent.on(control.state),
    )
    with recording:
        train(config, data, hooks)
        spent.on(recording.finish)()
    taken = time.process_time() - cpu, time.perf_counter() - wall
    run.set_status(RunStatus(state="finished"))
    return *taken, spent.seconds, float(reader.communicate()[0])


def main() -> None:
    epochs, repeats = (int(given) for given in (sys.argv[1:] + ["6", "3"][len(sys.argv) - 1 :]))
    config = TrainingConfig(epochs=epochs, batch=8, crop=128, width=16, depth=4, max_minutes=60)
    data = TrainingData(tiles(range(4)), tiles(range(4, 8)), 2)
    bare(config.model_copy(update={"epochs": 1}), data)  # what is loaded once
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(repeats):
            theirs.append(bare(config, data))
            ours.append(watched(config, data, Path(scratch) / str(number)))
    print(f"being watched, {epochs} epochs of 8 crops of 128 x 128, {repeats} times each in turn:")
    for name, place in (("CPU", 0), ("wall", 1)):
        without, with_it = (statistics.median(one[place] for one in taken) for taken in (theirs, ours))
        print(f"  {name}: bare {without:.2f} s, watched {with_it:.2f} s, ratio {with_it / without:.3f}")
    cpu = statistics.median(one[0] for one in ours)
    recording, reading = (statistics.median(one[place] for one in ours) for place in (2, 3))
    share = (recording + reading) / cpu
    print(
        f"  counted by itself: recording {recording * 1000:.0f} ms, reader {reading * 1000:.0f} ms of CPU, "
        f"{100 * share:.2f} % of the training's (limit {100 * LIMIT:.0f} %)"
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  peak memory {peak:.0f} MB")
    if share > LIMIT:
        sys.exit(f"being watched takes more than {100 * LIMIT:.0f} % of a training")


if __name__ == "__main__":
    main()

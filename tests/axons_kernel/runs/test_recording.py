"""What a training tells of itself: bounded files, true numbers, and nothing that could end the training."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from axons_kernel.errors import NotFoundError, StorageError
from axons_kernel.runs import resources
from axons_kernel.runs.examples import (
    COUNT,
    MOST,
    SIDE,
    chosen,
    count,
    epochs_kept,
    read_epochs,
    read_picture,
    window_of,
)
from axons_kernel.runs.recording import Recording, say
from axons_kernel.runs.resources import GpuMeter, Meter, Sampler
from axons_kernel.storage import Store
from axons_kernel.tiling import Tile
from axons_kernel.training.data import LabelledTile

ORANGE, BLUE = (230, 159, 0), (86, 180, 233)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def tile(side: int, *squares: tuple[int, int]) -> LabelledTile:
    """Squares (class number, where its diagonal starts) of 8 pixels on a dark ground."""
    mask = np.zeros((side, side), np.uint8)
    for number, start in squares:
        mask[start : start + 8, start : start + 8] = number
    return LabelledTile(np.where(mask > 0, 2.0, -0.5).astype(np.float32), mask)


def lines(store: Store, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in store.read(f"runs/r/{name}").splitlines()]


# -- the machine ------------------------------------------------------------------------------------------------


def test_cpu_and_memory_of_the_process_and_its_children() -> None:
    meter = Meter()
    time.sleep(0.2)
    idle = meter.read()
    began, end = time.monotonic(), time.process_time() + 0.3
    while time.process_time() < end:
        pass
    busy = meter.read()
    share = 0.3 / (time.monotonic() - began) / meter.cores  # less on a machine that others use
    child = subprocess.Popen([sys.executable, "-c", "x = bytearray(80_000_000); print(); input()"], stdin=-1, stdout=-1)
    assert child.stdin and child.stdout
    child.stdout.readline()
    with_child = meter.read()
    child.communicate(b"\n")
    assert busy["cpu"] == pytest.approx(100 * share, rel=0.3) and idle["cpu"] < 25
    assert with_child["memory_mb"] > busy["memory_mb"] + 70


def test_no_gpu_is_no_line() -> None:
    meter = GpuMeter()
    meter._utilization = meter._memory = None
    assert meter.read() == {}


def test_a_gpu_that_hides_how_busy_it_is_tells_its_memory(caplog: pytest.LogCaptureFixture) -> None:
    meter, asked = GpuMeter(), []

    def hidden() -> float:
        asked.append(1)
        raise ModuleNotFoundError("nvidia-ml-py does not seem to be installed")

    meter._utilization, meter._memory = hidden, lambda: (1 << 30, 3 << 30)
    assert meter.read() == meter.read() == {"gpu_memory_mb": 2048.0}
    assert asked == [1] and "how busy the GPU is cannot be told: nvidia-ml-py" in caplog.text
    meter._utilization = lambda: 87
    assert meter.read() == {"gpu": 87.0, "gpu_memory_mb": 2048.0}


def test_the_file_stays_small_and_spans_the_whole_time(store: Store) -> None:
    numbers = iter(range(10_000))
    with Sampler(store, "runs/r/resources.jsonl", lambda: {"n": next(numbers)}, every_s=0.001, keep=16) as sampler:
        deadline = time.monotonic() + 20
        while sampler._every < 0.008:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    found = [line["n"] for line in lines(store, "resources.jsonl")]
    assert len(found) <= 16 and found[0] == 0 and found == sorted(set(found))
    assert found[-1] == next(numbers) - 1  # and the end is there


def test_a_broken_recording_does_not_end_the_training(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    def full() -> dict[str, float]:
        raise StorageError("the disk is full")

    with Sampler(store, "runs/r/resources.jsonl", full, every_s=0.001):
        time.sleep(0.05)
    assert "not recorded any more" in caplog.text and "the disk is full" in caplog.text


def test_a_project_on_a_server_is_written_to_seldom() -> None:
    assert Sampler(Store("memory://far"), "r", dict)._every == resources.EVERY_FAR_S


# -- the examples -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("planned", [1, 2, 7, 40, 300, 10_000])
def test_epochs_that_are_kept(planned: int) -> None:
    kept = epochs_kept(planned)
    assert {1, planned} <= kept and len(kept) <= MOST and max(kept) == planned
    assert planned < 20 or {1, 2, 3} <= epochs_kept(min(planned, 300))


def test_tiles_are_spread_and_those_that_show_something() -> None:
    empty, one, both = tile(64), tile(64, (1, 0)), tile(64, (1, 0), (2, 20))
    assert chosen([empty, one, both, one, empty, one], 2) == [1, 2, 4, 5]
    assert len(chosen([one] * 50, 2)) == COUNT
    assert chosen([empty, both, one], 2) == [0, 1, 2]
    assert chosen([empty] * 4 + [both] + [one] * 3, 2) == [0, 2, 4, 6]
    assert chosen([], 2) == []


def test_of_a_large_tile_the_part_that_shows_most() -> None:
    window = window_of(tile(700, (1, 10), (1, 600), (2, 630)).mask, 2)
    assert window == Tile(700 - SIDE, 700 - SIDE, SIDE, SIDE)
    assert window_of(tile(64).mask, 2) == Tile(0, 0, 64, 64)


def test_examples_of_a_training(store: Store) -> None:
    tiles = [tile(40, (1, 4)), tile(300, (2, 290), (1, 200))]
    with Recording(store, "r", (ORANGE, BLUE), tiles, epochs=2) as recording:
        for epoch in (1, 2, 3):
            recording.on_step(epoch, 1, 1, 8)
            for index, one in enumerate(tiles):
                padded = np.pad(np.full_like(one.mask, epoch), (0, 8))  # 3: a border between objects
                recording.on_guess(index, padded)
            recording.on_epoch({"epoch": epoch})
        assert read_epochs(store, "r") == [1, 2]
        recording.finish()
    assert read_epochs(store, "r") == [1, 2, 3] and count(store, "r") == 2
    for number, one in enumerate(tiles):
        window = window_of(one.mask, 2)
        assert (numbers_of(store, "reference", number) == window.cut(one.mask)).all()
        assert (numbers_of(store, 2, number) == 2).all() and not numbers_of(store, 3, number).any()
        grey = np.asarray(Image.open(io.BytesIO(read_picture(store, "r", "image", number))))
        assert grey.shape == window.cut(one.mask).shape
        assert grey[window.cut(one.mask) > 0].min() > grey[window.cut(one.mask) == 0].max()
    picture = Image.open(io.BytesIO(read_picture(store, "r", 1, 0))).convert("RGBA")
    assert picture.getpixel((0, 0)) == (*ORANGE, 255)
    last = lines(store, "resources.jsonl")[-1]
    assert (last["epoch"], last["step"], last["steps"]) == (3, 1, 1) and last["samples_per_s"] > 0
    with pytest.raises(NotFoundError):
        read_picture(store, "r", 4, 0)


def numbers_of(store: Store, kind: str | int, number: int) -> Any:
    return np.asarray(Image.open(io.BytesIO(read_picture(store, "r", kind, number))))


def test_messages_are_kept_in_order(store: Store) -> None:
    say(store, "r", "batch lowered to 4: memory ran out")
    say(store, "r", "µ\nx")
    assert [line["text"] for line in lines(store, "messages.jsonl")] == ["batch lowered to 4: memory ran out", "µ\nx"]

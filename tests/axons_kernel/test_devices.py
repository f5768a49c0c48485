"""What there is to train with: this machine, or the part of it that a container gives."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from axons_kernel import devices
from axons_kernel.devices import Device, this_device


def test_this_machine() -> None:
    device = this_device()
    assert 1 <= device.cores <= (psutil.cpu_count() or 1)
    assert 0.1 < device.memory_gb <= psutil.virtual_memory().total / 1e9 + 0.01
    assert 0 < device.training_memory_gb < max(device.memory_gb, device.gpu_memory_gb)


def test_a_container_has_what_it_is_limited_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(devices, "_LIMITS", (str(limit), str(tmp_path / "absent")))
    limit.write_text("500000000\n")
    assert this_device().memory_gb == 0.5
    limit.write_text("max\n")
    assert this_device().memory_gb > 0.5


def test_a_hub_may_give_fewer_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit, cores in (("0.5", 1), ("1.0", 1), ("1000", len(os.sched_getaffinity(0)))):
        monkeypatch.setenv("CPU_LIMIT", limit)
        assert this_device().cores == cores


class Error(Exception):
    """As pynvml's."""


def driver(names: list[str]) -> SimpleNamespace:
    """A driver with these GPUs, in pynvml's words."""

    def handle(index: int) -> int:
        if index >= len(names):
            raise Error
        return index

    return SimpleNamespace(
        NVMLError=Error,
        nvmlInit=lambda: None,
        nvmlShutdown=lambda: None,
        nvmlDeviceGetHandleByIndex=handle,
        nvmlDeviceGetName=lambda index: names[index],
        nvmlDeviceGetMemoryInfo=lambda index: SimpleNamespace(total=8e9 * (index + 1)),
    )


@pytest.mark.parametrize(
    ("visible", "torch", "expected"),
    [
        (None, "2.13.0", ("RTX 1", 8)),
        ("1", "2.13.0+cu126", ("RTX 2", 16)),
        ("", "2.13.0", ("", 0)),
        ("-1", "2.13.0", ("", 0)),
        ("7", "2.13.0", ("", 0)),
        (None, "2.13.0+cpu", ("", 0)),
    ],
)
def test_gpu(visible: str | None, torch: str, expected: tuple[str, float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", driver(["RTX 1", "RTX 2"]))
    monkeypatch.setattr(devices, "version", lambda package: torch)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    device = this_device()
    assert (device.gpu, device.gpu_memory_gb) == expected


def test_words() -> None:
    assert str(Device(1, 4)) == "1 processor core with 4 GB of memory"
    assert str(Device(8, 32, "Tesla V100", 34)) == "Tesla V100 with 34 GB"

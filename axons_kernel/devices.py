"""What there is to train with: processor cores, memory, and the GPU."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_GB = 1e9
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@dataclass(frozen=True)
class Device:
    """`cores` that may be used; memory in GB (1e9 bytes); `gpu` is its name, empty where there is none."""

    cores: int
    memory_gb: float
    gpu: str = ""
    gpu_memory_gb: float = 0.0

    @property
    def training_memory_gb(self) -> float:
        """What a training may take of the memory it works in: the rest is for others, on a CPU for the notebook."""
        return 0.85 * self.gpu_memory_gb if self.gpu else 0.6 * self.memory_gb

    def __str__(self) -> str:
        if self.gpu:
            return f"{self.gpu} with {self.gpu_memory_gb:.0f} GB"
        return f"{self.cores} processor core{'s' * (self.cores != 1)} with {self.memory_gb:.0f} GB of memory"


def this_device() -> Device:
    """This machine, or as much of it as this process may use. Of several GPUs, the first that may be used."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if limit := os.environ.get("CPU_LIMIT"):  # a hub says so how much of the machine a student has
        cores = max(1, min(cores, round(float(limit))))
    gpu, gpu_bytes = _gpu()
    return Device(cores, _memory_bytes() / _GB, gpu, gpu_bytes / _GB)


def _memory_bytes() -> int:
    """The machine's memory, or what its container is limited to."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else int(8 * _GB)
    limits = [Path(name).read_text().strip() for name in _LIMITS if Path(name).is_file()]
    return min([pages, *(int(limit) for limit in limits if limit.isdigit())])


def _gpu() -> tuple[str, int]:
    """Name and memory of the GPU; asked of the driver, as torch would take some of its memory to answer."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    try:
        import pynvml

        if version("torch").endswith("+cpu"):  # a torch that cannot use it
            return "", 0
    except (ModuleNotFoundError, PackageNotFoundError):
        return "", 0
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:  # no driver
        return "", 0
    try:
        if visible.isdigit():
            handle = pynvml.nvmlDeviceGetHandleByIndex(int(visible))
        elif visible.startswith(("GPU-", "MIG-")):
            handle = pynvml.nvmlDeviceGetHandleByUUID(visible)
        else:  # -1 or nothing: hidden
            return "", 0
        return str(pynvml.nvmlDeviceGetName(handle)), int(pynvml.nvmlDeviceGetMemoryInfo(handle).total)
    except pynvml.NVMLError:  # there is no such GPU
        return "", 0
    finally:
        pynvml.nvmlShutdown()

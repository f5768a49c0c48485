"""What a run ran on: all that the last digits of its numbers may depend on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any, ClassVar

import torch

from ..documents import Document

_PACKAGES = """
    axons torch numpy scipy albumentations opencv-python-headless safetensors monai pydantic scikit-image tifffile
    imagecodecs
"""


class RunEnvironment(Document):
    """runs/<run>/environment.json: `threads` are those that torch computes with, `instructions` those of the CPU that
    it uses; `cuda` and `cudnn` are empty without a GPU."""

    kind: ClassVar[str] = "environment"
    versions: dict[str, str]
    device: str
    platform: str
    cores: int | None = None
    threads: int | None = None
    instructions: str = ""
    cuda: str = ""
    cudnn: str = ""

    def differences(self, other: RunEnvironment) -> list[str]:
        """What is not the same in `other`, as in "torch 2.13.0 -> 2.14.0"."""
        mine, theirs = self._flat(), other._flat()
        return [f"{name} {mine.get(name)} -> {theirs.get(name)}" for name in mine if mine[name] != theirs.get(name)]

    def _flat(self) -> dict[str, Any]:
        return {**self.model_dump(exclude={"versions"}), **self.versions}


def environment() -> RunEnvironment:
    """That of this process."""
    gpu = torch.cuda.is_available()
    return RunEnvironment(
        versions={"python": platform.python_version(), **_versions()},
        device=torch.cuda.get_device_name() if gpu else "cpu",
        platform=platform.platform(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        threads=torch.get_num_threads(),
        instructions=torch.backends.cpu.get_cpu_capability(),
        cuda=str(torch.version.cuda) if gpu else "",
        cudnn=str(torch.backends.cudnn.version()) if gpu else "",  # type: ignore[no-untyped-call]
    )


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES.split():
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # MONAI is needed by some networks only
            continue
    return found

"""Presets fit the device; the estimate of memory is what torch keeps."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from axons_kernel.devices import Device
from axons_kernel.errors import InputError
from axons_kernel.training.architectures import ARCHITECTURES, NetworkSpec
from axons_kernel.training.config import TrainingConfig
from axons_kernel.training.networks import build
from axons_kernel.training.presets import fitted, memory_gb, memory_problem, preset

LAPTOP = Device(cores=2, memory_gb=8)
V100 = Device(cores=13, memory_gb=40, gpu="Tesla V100S-PCIE-32GB", gpu_memory_gb=34)
SMALL_GPU = Device(cores=8, memory_gb=32, gpu="RTX 2070", gpu_memory_gb=8.5)
TINY = Device(cores=1, memory_gb=1.2)


@pytest.mark.parametrize("device", [LAPTOP, V100, SMALL_GPU, TINY], ids=str)
@pytest.mark.parametrize("name", ["quick", "good", "best"])
def test_presets_fit(name: str, device: Device) -> None:
    config = preset(name, device)
    assert memory_gb(config, gpu=bool(device.gpu)) <= device.training_memory_gb
    assert TrainingConfig(**config.model_dump()) == config, "it is allowed"
    assert 1 <= config.workers <= max(1, device.cores - 1)
    assert config == getattr(TrainingConfig, name)(device)


def test_presets_grow_with_patience_and_with_the_device() -> None:
    for device in (LAPTOP, V100):
        quick, good, best = (preset(name, device) for name in ("quick", "good", "best"))
        assert quick.max_minutes < good.max_minutes < best.max_minutes
        assert quick.width < good.width < best.width
    assert preset("good", V100).width > preset("good", LAPTOP).width
    assert preset("good", TINY).batch < preset("good", LAPTOP).batch


def test_unknown_preset() -> None:
    with pytest.raises(InputError, match="preset='great' is not allowed; choose one of quick, good, best"):
        preset("great", LAPTOP)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_registry_holds_what_torch_keeps(architecture: str) -> None:
    """The sizes of what the backward pass needs, and of the weights: on the meta device, so nothing is computed."""
    spec = NetworkSpec(architecture=architecture, classes=2, width=16, depth=4)
    kept: dict[int, Any] = {}

    def keep(tensor: Any) -> Any:
        kept[tensor.untyped_storage()._cdata] = tensor
        return tensor

    with torch.device("meta"), torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        net = build(spec).train()
        net(torch.empty(2, 1, 64, 64))
    weights = {p.untyped_storage()._cdata for p in net.parameters()}
    floats = sum(tensor.numel() for key, tensor in kept.items() if key not in weights) / (2 * 64**2 * 16)
    known = ARCHITECTURES[architecture]
    assert floats == pytest.approx(known.floats, rel=0.06)
    assert sum(p.numel() for p in net.parameters()) == pytest.approx(known.weights * 16**2 * 4**4, rel=0.06)


def test_what_does_not_fit_is_told_with_what_would() -> None:
    huge = TrainingConfig(batch=256, crop=1024)
    message = memory_problem(huge, LAPTOP, classes=2, channels=1)
    assert message.startswith("The training takes about 2")
    assert "2 processor cores with 8 GB of memory leaves 4.8 GB for it: batch=4" in message
    assert memory_problem(TrainingConfig(), LAPTOP, classes=2, channels=1) == ""
    assert memory_gb(huge, gpu=True) < memory_gb(huge, gpu=False), "16 bits take less"
    with pytest.raises(InputError, match="No training fits 1 processor core with 0 GB of memory"):
        fitted(TrainingConfig(), Device(1, 0.3))

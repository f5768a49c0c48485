"""Presets, and what fits into a device: how much memory a training takes, and how to take less."""

from __future__ import annotations

from ..devices import Device, this_device
from ..errors import InputError
from .architectures import ARCHITECTURES
from .config import TrainingConfig

_BASE_GB = {True: 0.9, False: 0.5}  # on a GPU or not: libraries and kernels
_LOSS_FLOATS = 8  # per pixel and class: scores, probabilities, targets and their gradients
_REFINE_FLOATS = 26  # per pixel: the last layers of our U-Net
_SLACK = 1.25  # gradients on their way, and what convolutions work with

# What suits a CPU. Averaged weights without class weights, with crops turned by any angle, were best on electron
# micrographs of eight rats.
_COMMON = {"ema": 0.995, "class_weights": "equal", "augmentation": "light", "schedule": "cosine"}
_CPU = {
    "quick": {"epochs": 30, "max_minutes": 1.0, "width": 16, "crop": 192},
    "good": {"epochs": 200, "max_minutes": 5.0, "width": 32},
    "best": {"epochs": 600, "max_minutes": 30.0, "width": 48},
}
# a GPU does ten times as much in the same time
_GPU = {
    "quick": {"epochs": 60, "max_minutes": 1.0, "width": 32, "batch": 16},
    "good": {"epochs": 300, "max_minutes": 5.0, "width": 48, "batch": 16},
    "best": {"epochs": 1000, "max_minutes": 30.0, "width": 64, "depth": 5, "crop": 384, "batch": 16},
}


def preset(name: str, device: Device | None = None) -> TrainingConfig:
    """The preset of that name, fitted to a device, by default this one. Raises InputError."""
    if name not in _CPU:
        raise InputError(f"preset={name!r} is not allowed; choose one of {', '.join(_CPU)}.")
    device = device or this_device()
    values = {**_COMMON, **(_GPU if device.gpu else _CPU)[name], "workers": max(1, min(4, device.cores - 1))}
    return fitted(TrainingConfig(**values), device)


def memory_gb(config: TrainingConfig, *, gpu: bool, classes: int = 2, channels: int = 1) -> float:
    """About how much memory a training takes, in GB (1e9 bytes)."""
    family = ARCHITECTURES[config.architecture]
    outputs = classes + 1 + config.border
    bytes_each = 2 if gpu and config.amp else 4
    floats = family.floats * config.width + _REFINE_FLOATS * (config.architecture == "unet")
    kept = floats * bytes_each + (_LOSS_FLOATS * outputs + channels) * 4
    weights = family.weights * config.width**2 * float(4**config.depth)
    copies = 4 + bool(config.ema)  # weights, gradients, the two averages of the optimizer
    return _BASE_GB[gpu] + (config.batch * config.crop**2 * kept * _SLACK + weights * copies * 4) / 1e9


def fitted(config: TrainingConfig, device: Device, *, classes: int = 2, channels: int = 1) -> TrainingConfig:
    """The configuration, made smaller until it fits: first smaller batches, then smaller crops, then fewer channels.

    Raises InputError when nothing fits.
    """
    while memory_gb(config, gpu=bool(device.gpu), classes=classes, channels=channels) > device.training_memory_gb:
        step = 2**config.depth
        if config.batch > 4:
            smaller = {"batch": config.batch // 2}
        elif config.crop >= 256:
            smaller = {"crop": max(2 * step, config.crop // 2 // step * step)}
        elif config.batch > 1:
            smaller = {"batch": config.batch // 2}
        elif config.width >= 16:
            smaller = {"width": config.width // 2}
        else:
            raise InputError(
                f"No training fits {device}: {device.training_memory_gb:.1f} GB are free for it. Use a larger machine."
            )
        config = config.model_copy(update=smaller)
    return config


def memory_problem(config: TrainingConfig, device: Device, *, classes: int, channels: int) -> str:
    """Why a training does not fit into a device, and what would; empty when it does."""
    needs = memory_gb(config, gpu=bool(device.gpu), classes=classes, channels=channels)
    if needs <= device.training_memory_gb:
        return ""
    fits = fitted(config, device, classes=classes, channels=channels)
    names = ("batch", "crop", "width")
    changes = [f"{n}={getattr(fits, n)}" for n in names if getattr(fits, n) != getattr(config, n)]
    return (
        f"The training takes about {needs:.1f} GB, and {device} leaves {device.training_memory_gb:.1f} GB for it: "
        f"{', '.join(changes)} would fit"
    )

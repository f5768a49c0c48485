"""Augmentation: changes to a crop that leave the tissue true, of pixels and mask together.

Mask pixels keep their class number: the nearest one is taken, and what comes from outside the crop is not known.
"""

from __future__ import annotations

import copy
from typing import Any

import albumentations as A
import numpy as np
from numpy.typing import NDArray

from .config import TrainingConfig
from .losses import IGNORE

Pixels = NDArray[np.float32]
Mask = NDArray[np.uint8]

_RANGE = 16.0  # deviations that augmentation keeps, from -8 to 8: albumentations clips pixels to 0..1
_CONSTANT, _REFLECT = 0, 4  # how OpenCV numbers what lies outside


class Augmenter:
    """Changes crops as `config.augmentation` says. Each thread makes its own: all chance comes from the generator
    that is given with a crop.

    none: nothing. light: mirror, any rotation, zoom by a third, contrast, brightness, noise. strong: more zoom,
    shear and bending, blur, and more of the tones.
    """

    def __init__(self, config: TrainingConfig):
        self._strength = config.augmentation
        self._moves = A.Compose(_MOVES[self._strength]())
        self._blur = A.Compose([A.GaussianBlur(sigma_limit=(0.5, 1.5), blur_limit=0, p=0.2)])

    def __call__(self, pixels: Pixels, mask: Mask, rng: np.random.Generator) -> tuple[Pixels, Mask]:
        """A changed crop of the same shapes: pixels (C, h, w) of mean 0 and deviation 1, mask (h, w)."""
        if self._strength == "none":
            return pixels, mask
        moved, mask = self.move(pixels, mask, rng)
        if self._strength == "strong":
            moved = _applied(self._blur, moved, None, rng)[0]
        return vary_tones(moved, rng, 1.0 if self._strength == "light" else 1.6), mask

    def move(self, pixels: Pixels, mask: Mask, rng: np.random.Generator) -> tuple[Pixels, Mask]:
        """The same for places alone: every pixel goes with its class."""
        moved, changed = _applied(self._moves, pixels, mask, rng)
        assert changed is not None
        return moved, changed


def _applied(
    change: A.Compose, pixels: Pixels, mask: Mask | None, rng: np.random.Generator
) -> tuple[Pixels, Mask | None]:
    change.set_random_seed(int(rng.integers(2**32)))
    image = np.moveaxis(pixels, 0, 2) / np.float32(_RANGE) + np.float32(0.5)
    changed = change(image=image, mask=mask) if mask is not None else change(image=image)
    result: Pixels = np.moveaxis(np.atleast_3d(changed["image"]), 2, 0)
    return (result - np.float32(0.5)) * np.float32(_RANGE), changed.get("mask")


def vary_tones(pixels: Pixels, rng: np.random.Generator, strength: float = 1.0) -> Pixels:
    """Contrast, brightness and noise as they differ between micrographs; pixels have mean 0 and deviation 1."""
    gain, offset = (rng.uniform(-0.25, 0.25), rng.uniform(-0.3, 0.3)) if rng.random() < 0.7 else (0.0, 0.0)
    level = 0.1 * strength * rng.random()
    noise = rng.standard_normal(pixels.shape, dtype=np.float32)
    noise *= np.float32(level)
    noise += np.float32(1 + strength * gain) * pixels
    noise += np.float32(strength * offset)
    return np.ascontiguousarray(noise)


def _unknown_outside(transform: A.DualTransform) -> A.DualTransform:
    """The transform for a mask: where the picture is mirrored at its edge, the mask is not known."""
    twin = copy.copy(transform)
    twin.border_mode = _CONSTANT
    return twin


class _Turn(A.Affine):  # type: ignore[misc]
    """Rotation, zoom and shear."""

    def apply_to_mask(self, mask: Mask, **params: Any) -> Mask:
        """(h, w) class numbers."""
        moved: Mask = A.Affine.apply_to_mask(_unknown_outside(self), mask, **params)
        return moved


class _Bend(A.ElasticTransform):  # type: ignore[misc]
    """Bending, as a section bends on its slide."""

    def apply_to_mask(self, mask: Mask, **params: Any) -> Mask:
        """(h, w) class numbers."""
        moved: Mask = A.ElasticTransform.apply_to_mask(_unknown_outside(self), mask, **params)
        return moved


def _light() -> list[A.DualTransform]:
    outside = {"border_mode": _REFLECT, "fill_mask": IGNORE}
    return [A.D4(p=1), _Turn(scale=(0.75, 1.33), rotate=(-45, 45), keep_ratio=True, p=0.5, **outside)]


def _strong() -> list[A.DualTransform]:
    outside = {"border_mode": _REFLECT, "fill_mask": IGNORE}
    return [
        A.D4(p=1),
        _Turn(scale=(0.6, 1.6), rotate=(-45, 45), shear=(-10, 10), keep_ratio=True, p=0.8, **outside),
        _Bend(alpha=200, sigma=14, p=0.3, **outside),
    ]


_MOVES = {"none": list, "light": _light, "strong": _strong}

"""Augmentation: changes to a crop that leave the tissue true, of pixels and mask together."""

from __future__ import annotations

import albumentations as A
import numpy as np
from numpy.typing import NDArray

from .config import TrainingConfig
from .losses import DiceCrossEntropy

_RANGE = 16.0  # deviations that augmentation keeps, from -8 to 8: albumentations clips pixels to 0..1


class Augmenter:
    """Mirror, quarter turns, slight rotation and zoom, blur, contrast, brightness and noise.

    Each thread makes its own: all chance comes from the generator that is given with a crop.
    """

    def __init__(self, config: TrainingConfig):
        self._off = config.augmentation == "none"
        self._shape = A.Compose(
            [
                A.D4(p=1),
                A.Affine(
                    scale=(0.8, 1.25),
                    rotate=(-20, 20),
                    border_mode=2,  # reflect
                    fill_mask=DiceCrossEntropy.IGNORE,
                    p=0.3,
                ),
                A.GaussianBlur(sigma_limit=(0.5, 1.2), blur_limit=0, p=0.15),
            ]
        )

    def __call__(
        self, pixels: NDArray[np.float32], mask: NDArray[np.uint8], rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """A changed crop of the same shapes: pixels (C, h, w) of mean 0 and deviation 1, mask (h, w)."""
        if self._off:
            return pixels, mask
        self._shape.set_random_seed(int(rng.integers(2**32)))
        changed = self._shape(image=np.moveaxis(pixels, 0, 2) / _RANGE + 0.5, mask=mask)
        image: NDArray[np.float32] = np.moveaxis(np.atleast_3d(changed["image"]), 2, 0)
        return vary_tones((image - 0.5) * np.float32(_RANGE), rng), changed["mask"]


def vary_tones(pixels: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Contrast, brightness and noise as they differ between micrographs; pixels have mean 0 and deviation 1."""
    gain, offset = (rng.uniform(0.75, 1.25), rng.uniform(-0.3, 0.3)) if rng.random() < 0.7 else (1.0, 0.0)
    noise = rng.normal(0, 0.1 * rng.random(), size=pixels.shape)
    return np.ascontiguousarray(gain * pixels + offset + noise, dtype=np.float32)

"""Training data in memory: images and masks at the model's pixel size, cut at random or tile by tile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import albumentations as A
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .losses import DiceCrossEntropy

_RANGE = 16.0  # deviations that augmentation keeps, from -8 to 8


@dataclass(frozen=True)
class LabelledTile:
    """`pixels` (H, W) float32, mean 0 and deviation 1 over its image; `mask` (H, W) uint8 class numbers."""

    pixels: NDArray[np.float32]
    mask: NDArray[np.uint8]


def augmentation(seed: int) -> A.Compose:
    """Changes that leave the tissue true: mirror, quarter turns, slight rotation and zoom, blur.

    Works on pixels in 0..1: albumentations clips floating-point images to that range.
    """
    return A.Compose(
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
        ],
        seed=seed,
    )


def random_batches(
    tiles: Sequence[LabelledTile], crop: int, batch: int, steps: int, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield `steps` batches of augmented random crops: (N, 1, crop, crop) float32 and (N, crop, crop) int64.

    A tile is chosen in proportion to its area, so that every pixel is seen about equally often.
    """
    rng = np.random.default_rng(seed)
    augment = augmentation(seed)
    padded = [pad_to(tile, crop) for tile in tiles]
    area = np.array([tile.pixels.size for tile in padded], dtype=float)
    for _ in range(steps):
        images, masks = [], []
        for index in rng.choice(len(padded), size=batch, p=area / area.sum()):
            sample = _crop(padded[index], crop, rng)
            changed = augment(image=(sample.pixels / _RANGE + 0.5)[..., None], mask=sample.mask)
            images.append(vary_tones((changed["image"][..., 0] - 0.5) * _RANGE, rng))
            masks.append(changed["mask"])
        yield torch.from_numpy(np.stack(images)[:, None]), torch.from_numpy(np.stack(masks).astype(np.int64))


def vary_tones(pixels: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Contrast, brightness and noise as they differ between micrographs; pixels have mean 0 and deviation 1."""
    gain, offset = (rng.uniform(0.75, 1.25), rng.uniform(-0.3, 0.3)) if rng.random() < 0.7 else (1.0, 0.0)
    noise = rng.normal(0, 0.1 * rng.random(), size=pixels.shape)
    return (gain * pixels + offset + noise).astype(np.float32)


def pad_to(tile: LabelledTile, size: int, divisor: int = 1) -> LabelledTile:
    """Reflect a tile to at least `size` pixels a side and to a multiple of `divisor`; padding is not scored."""
    h, w = (max(size, -(-n // divisor) * divisor) for n in tile.pixels.shape)
    if (h, w) == tile.pixels.shape:
        return tile
    margin = ((0, h - tile.pixels.shape[0]), (0, w - tile.pixels.shape[1]))
    return LabelledTile(
        np.pad(tile.pixels, margin, mode="symmetric"),
        np.pad(tile.mask, margin, constant_values=DiceCrossEntropy.IGNORE),
    )


def _crop(tile: LabelledTile, size: int, rng: np.random.Generator) -> LabelledTile:
    y = int(rng.integers(0, tile.pixels.shape[0] - size + 1))
    x = int(rng.integers(0, tile.pixels.shape[1] - size + 1))
    return LabelledTile(tile.pixels[y : y + size, x : x + size], tile.mask[y : y + size, x : x + size])


def class_counts(tiles: Sequence[LabelledTile], classes: int) -> Tensor:
    """(classes + 1,) pixels per class number over all tiles; ignored pixels are left out."""
    counts = sum(np.bincount(t.mask[t.mask <= classes].ravel(), minlength=classes + 1) for t in tiles)
    return torch.as_tensor(np.asarray(counts))

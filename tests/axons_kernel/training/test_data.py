"""Training data: batches that keep pixels and mask together, padding that is not scored."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from axons_kernel.training.data import LabelledTile, augmentation, class_counts, pad_to, random_batches, vary_tones
from axons_kernel.training.losses import DiceCrossEntropy

IGNORE = DiceCrossEntropy.IGNORE


def tile(height: int, width: int, seed: int = 0) -> LabelledTile:
    mask = np.random.default_rng(seed).integers(0, 2, (height, width)).astype(np.uint8)
    return LabelledTile(mask.astype(np.float32) * 4 - 2, mask)


@pytest.mark.parametrize(
    ("size", "divisor", "expected"),
    [(1, 1, (5, 9)), (8, 1, (8, 9)), (1, 16, (16, 16)), (20, 1, (20, 20)), (12, 8, (12, 16))],
)
def test_padding_reflects_and_is_ignored(size: int, divisor: int, expected: tuple[int, int]) -> None:
    original = tile(5, 9)
    padded = pad_to(original, size, divisor)
    assert padded.pixels.shape == padded.mask.shape == expected
    np.testing.assert_array_equal(padded.pixels[:5, :9], original.pixels)
    np.testing.assert_array_equal(padded.mask[:5, :9], original.mask)
    assert (padded.mask == IGNORE).sum() == expected[0] * expected[1] - 45
    assert set(np.unique(padded.pixels)) <= set(np.unique(original.pixels))


def test_batches_have_their_shape_and_type() -> None:
    batches = list(random_batches([tile(100, 70), tile(30, 200)], crop=64, batch=3, steps=4, seed=0))
    assert len(batches) == 4
    for images, masks in batches:
        assert images.shape == (3, 1, 64, 64) and images.dtype == torch.float32
        assert masks.shape == (3, 64, 64) and masks.dtype == torch.int64
        assert set(masks.unique().tolist()) <= {0, 1, IGNORE}


def test_seed_decides() -> None:
    first, again, other = (next(random_batches([tile(80, 80)], 64, 2, 1, seed)) for seed in (3, 3, 4))
    assert torch.equal(first[0], again[0]) and torch.equal(first[1], again[1])
    assert not torch.equal(first[0], other[0])


def test_pixels_and_mask_change_together() -> None:
    large = np.zeros((96, 96), np.uint8)
    large[20:60, 30:80] = 1
    source = LabelledTile(large.astype(np.float32) * 10 - 5, large)
    for images, masks in random_batches([source], 96, 4, 6, seed=1):
        bright = images[:, 0] > 0
        known = masks != IGNORE
        agreement = (bright == (masks == 1))[known].float().mean()
        assert agreement > 0.97


def test_larger_tiles_are_seen_more() -> None:
    large, small = (
        LabelledTile(np.zeros((n, n), np.float32), np.full((n, n), c, np.uint8)) for n, c in ((256, 1), (64, 0))
    )
    masks = torch.cat([m for _, m in random_batches([small, large], 64, 8, 25, seed=0)])
    share = (masks == 1).float().mean()
    assert 0.88 < share < 0.99  # 256² / (256² + 64²) = 0.94


def test_augmentation_varies() -> None:
    augment = augmentation(0)
    picture = np.random.default_rng(0).uniform(size=(64, 64, 1)).astype(np.float32)
    results = [augment(image=picture, mask=np.zeros((64, 64), np.uint8))["image"] for _ in range(5)]
    assert len({result.tobytes() for result in results}) == 5
    assert all(result.min() >= 0 and result.max() <= 1 for result in results)


def test_dark_and_bright_pixels_are_not_clipped() -> None:
    """albumentations clips floating-point images to 0..1, and standardised pixels lie on both sides of that."""
    ramp = np.tile(np.linspace(-4, 4, 64, dtype=np.float32), (64, 1))
    for images, _ in random_batches([LabelledTile(ramp, np.zeros((64, 64), np.uint8))], 64, 4, 5, seed=0):
        for image in images.numpy():
            assert image.min() < -2 and image.max() > 2
            assert np.unique(image.round(1)).size > 30


def test_tones_vary_and_stay_near() -> None:
    ramp = np.linspace(-4, 4, 1000, dtype=np.float32).reshape(20, 50)
    varied = [vary_tones(ramp, np.random.default_rng(seed)) for seed in range(20)]
    fits = np.array([np.polyfit(ramp.ravel(), v.ravel(), 1) for v in varied])
    assert (fits[:, 0] > 0.7).all() and (fits[:, 0] < 1.3).all() and fits[:, 0].std() > 0.05
    assert (abs(fits[:, 1]) < 0.4).all() and fits[:, 1].std() > 0.05


def test_class_counts_leave_ignored_pixels_out() -> None:
    mask = np.uint8([[0, 1, 1], [IGNORE, 2, 0]])
    tiles = [LabelledTile(mask.astype(np.float32), mask)] * 2
    assert class_counts(tiles, 3).tolist() == [4, 4, 2, 0]

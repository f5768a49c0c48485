"""Batches: pixels and mask together, the same whoever makes them and in whatever order, ready in time."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np
import pytest
import torch

from axons_kernel.training.config import TrainingConfig
from axons_kernel.training.data import IGNORE, LabelledTile
from axons_kernel.training.loading import Batch, Crops, prefetched, to_device


def crops(tiles: list[LabelledTile], **config: Any) -> Crops:
    return Crops(TrainingConfig(**{"crop": 64, "batch": 3, "depth": 2, "epochs": 2, **config}), tiles)


def tile(height: int, width: int, seed: int = 0) -> LabelledTile:
    mask = np.random.default_rng(seed).integers(0, 2, (height, width)).astype(np.uint8)
    return LabelledTile(mask[None].astype(np.float32) * 4 - 2, mask)


def same(one: Batch, other: Batch) -> bool:
    return torch.equal(one[0], other[0]) and torch.equal(one[1], other[1])


def test_batches_have_their_shape_and_type() -> None:
    for number in range(4):
        images, masks = crops([tile(100, 70), tile(30, 200)]).batch(number)
        assert images.shape == (3, 1, 64, 64) and images.dtype == torch.float32
        assert masks.shape == (3, 64, 64) and masks.dtype == torch.uint8
        assert set(masks.unique().tolist()) <= {0, 1, IGNORE}
        moved, target = to_device((images, masks), torch.device("cpu"))
        assert torch.equal(moved, images) and target.dtype == torch.int64


def test_a_batch_depends_on_the_seed_and_its_number_alone() -> None:
    tiles = [tile(80, 80), tile(90, 64, 1)]
    first = crops(tiles, seed=3)
    batches = [first.batch(n) for n in range(3)]
    assert same(batches[2], crops(tiles, seed=3).batch(2)) and same(batches[0], first.batch(0))
    assert not same(batches[0], batches[1]) and not same(batches[0], crops(tiles, seed=4).batch(0))


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_threads_change_nothing_and_any_batch_can_be_the_first(workers: int) -> None:
    made = crops([tile(80, 80)], workers=workers)
    batches = list(made.batches())
    assert len(batches) == 2 * made.steps
    assert all(same(batch, made.batch(number)) for number, batch in enumerate(batches))
    assert all(same(a, b) for a, b in zip(made.batches(3), batches[3:], strict=True))


def test_pixels_and_mask_change_together() -> None:
    large = np.zeros((96, 96), np.uint8)
    large[20:60, 30:80] = 1
    source = crops([LabelledTile(large[None].astype(np.float32) * 10 - 5, large)], batch=4)
    for images, masks in map(source.batch, range(6)):
        bright, known = images[:, 0] > 0, masks != IGNORE
        assert (bright == (masks == 1))[known].float().mean() > 0.95


def test_larger_tiles_are_seen_more() -> None:
    large, small = (
        LabelledTile(np.zeros((1, n, n), np.float32), np.full((n, n), c, np.uint8)) for n, c in ((256, 1), (64, 0))
    )
    source = crops([small, large], batch=8)
    masks = torch.cat([source.batch(number)[1] for number in range(25)])
    assert 0.88 < (masks == 1).sum() / (masks != IGNORE).sum() < 0.99  # 256² / (256² + 64²) = 0.94


@pytest.mark.parametrize(
    ("shapes", "side"), [([(60, 60)], 60), ([(50, 33), (20, 20)], 52), ([(5, 5)], 8), ([(300, 10)], 64)]
)
def test_crops_are_no_larger_than_the_largest_tile(shapes: list[tuple[int, int]], side: int) -> None:
    """More would be padding in every crop."""
    made = crops([tile(*shape) for shape in shapes])
    assert made.side == side and made.batch(0)[0].shape[2:] == (side, side)


def test_an_epoch_shows_about_all_pixels() -> None:
    assert crops([tile(640, 640)], batch=4).steps == 25
    assert crops([tile(64, 64)]).steps == 4  # some steps at least


def numbered(made: list[int]) -> Any:
    def make(number: int) -> Batch:
        made.append(number)
        return torch.full((1,), number), torch.zeros(1)

    return make


def test_few_batches_are_made_ahead() -> None:
    made: list[int] = []
    batches = prefetched(numbered(made), range(100), workers=2)
    assert int(next(batches)[0]) == 0
    time.sleep(0.1)
    assert len(made) == 5
    batches.close()
    assert len(made) == 5


def test_closing_ends_the_threads() -> None:
    before = threading.active_count()
    batches = prefetched(numbered([]), range(100), workers=3)
    next(batches)
    assert threading.active_count() > before
    batches.close()
    assert threading.active_count() == before


@pytest.mark.parametrize("workers", [0, 2])
def test_an_error_in_a_thread_comes_out_with_its_batch(workers: int) -> None:
    def make(number: int) -> Batch:
        if number == 2:
            raise OSError("the image is gone")
        return torch.zeros(1), torch.zeros(1)

    batches = prefetched(make, range(9), workers)
    next(batches), next(batches)
    with pytest.raises(OSError, match="the image is gone"):
        next(batches)

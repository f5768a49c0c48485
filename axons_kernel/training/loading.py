"""Batches of random crops, prepared in the background so that the device never waits for them.

Batch number n depends on the seed and on n alone: any number of threads gives the same batches, and a training that
goes on later goes on with the batch that comes next.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from ..tiling import Tile
from .augmentation import Augmenter
from .config import TrainingConfig
from .data import LabelledTile, TrainingTile, pad_to

Batch = tuple[Tensor, Tensor]  # images (N, C, crop, crop) float32, masks (N, crop, crop) uint8


class Crops:
    """Batches of augmented random crops of the tiles. A tile is chosen in proportion to its area, so that every pixel
    is seen about equally often; a tile smaller than the crop is padded, and the padding does not count."""

    def __init__(self, config: TrainingConfig, tiles: Sequence[TrainingTile]):
        self._config, self._tiles = config, tiles
        self.side = crop_side(config, tiles)
        self._area = np.cumsum([max(self.side, h) * max(self.side, w) for h, w in (tile.shape for tile in tiles)])
        self._own = threading.local()  # each thread has an augmenter of its own

    @property
    def steps(self) -> int:
        """How many batches show about as many pixels as there are."""
        return max(4, round(int(self._area[-1]) / int(self._config.batch * self.side**2)))

    def batches(self, start: int = 0) -> Generator[Batch]:
        """All batches of the training from number `start` on, made in the background; close it to end the threads."""
        numbers = range(start, self._config.epochs * self.steps)
        return prefetched(self.batch, numbers, self._config.workers, pin_memory=torch.cuda.is_available())

    def batch(self, number: int) -> Batch:
        """Batch `number`, from 0."""
        rng = np.random.default_rng((self._config.seed, number))
        chosen = np.searchsorted(self._area, rng.random(self._config.batch) * self._area[-1], side="right")
        crops = [self._crop(self._tiles[index], rng) for index in chosen]
        images, masks = (np.stack(part) for part in zip(*((c.pixels, c.mask) for c in crops), strict=True))
        return torch.from_numpy(images), torch.from_numpy(masks)

    def _crop(self, tile: TrainingTile, rng: np.random.Generator) -> LabelledTile:
        h, w = (min(self.side, n) for n in tile.shape)
        y, x = (int(rng.integers(0, n - side + 1)) for n, side in zip(tile.shape, (h, w), strict=True))
        crop = pad_to(tile.cut(Tile(x, y, w, h)), self.side)
        if not hasattr(self._own, "augment"):
            self._own.augment = Augmenter(self._config)
        return LabelledTile(*self._own.augment(crop.pixels, crop.mask, rng))


def crop_side(config: TrainingConfig, tiles: Sequence[TrainingTile]) -> int:
    """The side of the crops: as configured, or what the largest tile needs, as more would be padding in every crop."""
    step = 1 << config.depth
    largest = max(max(tile.shape) for tile in tiles)
    return min(config.crop, max(2 * step, -(-largest // step) * step))


def prefetched(
    make: Callable[[int], Batch], numbers: Iterable[int], workers: int, *, pin_memory: bool = False
) -> Generator[Batch]:
    """The batches of these numbers, in order; `workers` threads are ahead by two batches each, 0 makes them here.

    `pin_memory` puts them where a GPU fetches them while it computes. Close it to end the threads.
    """

    def ready(number: int) -> Batch:
        images, masks = make(number)
        return (images.pin_memory(), masks.pin_memory()) if pin_memory else (images, masks)

    if workers == 0:
        yield from map(ready, numbers)
        return
    pool = ThreadPoolExecutor(workers, thread_name_prefix="crops")
    waiting: deque[Future[Batch]] = deque()
    try:
        for number in numbers:
            waiting.append(pool.submit(ready, number))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def to_device(batch: Batch, device: torch.device) -> Batch:
    """Images in the layout that convolutions like, and masks as int64, on the device."""
    images, masks = batch
    moved = images.to(device, memory_format=torch.channels_last, non_blocking=True)
    return moved, masks.to(device, non_blocking=True).long()

"""Tiles with their masks: padding that is not scored, windows read when they are asked for, within a budget."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from axons_kernel.tiling import Tile
from axons_kernel.training.data import IGNORE, LabelledTile, StoredTile, TileCache, blocks, class_counts, pad_to


def tile(height: int, width: int, seed: int = 0, channels: int = 1) -> LabelledTile:
    mask = np.random.default_rng(seed).integers(0, 2, (height, width)).astype(np.uint8)
    return LabelledTile(np.stack([mask.astype(np.float32) * 4 - 2 + c for c in range(channels)]), mask)


@pytest.mark.parametrize(
    ("size", "divisor", "expected"),
    [(1, 1, (5, 9)), (8, 1, (8, 9)), (1, 16, (16, 16)), (20, 1, (20, 20)), (12, 8, (12, 16))],
)
def test_padding_reflects_and_is_ignored(size: int, divisor: int, expected: tuple[int, int]) -> None:
    original = tile(5, 9, channels=2)
    padded = pad_to(original, size, divisor)
    assert padded.pixels.shape == (2, *expected) and padded.mask.shape == padded.shape == expected
    np.testing.assert_array_equal(padded.pixels[:, :5, :9], original.pixels)
    np.testing.assert_array_equal(padded.mask[:5, :9], original.mask)
    assert (padded.mask == IGNORE).sum() == expected[0] * expected[1] - 45
    assert set(np.unique(padded.pixels)) <= set(np.unique(original.pixels))


@pytest.mark.parametrize("shape", [(1, 1), (5, 9), (10, 4), (8, 8)])
def test_blocks_cover_each_pixel_once(shape: tuple[int, int]) -> None:
    seen = np.zeros(shape, int)
    for block in blocks(shape, 4):
        assert block.width <= 4 and block.height <= 4 and block.clipped(shape) == block
        block.cut(seen)[...] += 1
    assert (seen == 1).all()


def test_class_counts_leave_ignored_pixels_out(monkeypatch: pytest.MonkeyPatch) -> None:
    mask = np.array([[0, 1, 1], [IGNORE, 2, 0]], np.uint8)
    tiles = [LabelledTile(mask[None].astype(np.float32), mask)] * 2
    assert class_counts(tiles, 4).tolist() == [4, 4, 2, 0]
    monkeypatch.setattr(blocks, "__defaults__", (2,))
    assert class_counts(tiles, 4).tolist() == [4, 4, 2, 0]


class Reads:
    """An image that counts what is read of it."""

    def __init__(self, whole: LabelledTile):
        self.whole, self.windows = whole, list[Tile]()

    def stored(self, window: Tile, cache: TileCache) -> StoredTile:
        return StoredTile(window, 1, self.pixels, lambda tile: self.whole.mask_of(tile), cache)

    def pixels(self, window: Tile) -> np.ndarray:
        self.windows.append(window)
        return self.whole.cut(window).pixels


@pytest.mark.parametrize("limit", [0, 10**6])
def test_a_stored_tile_is_a_window_of_its_image(limit: int) -> None:
    image = Reads(tile(40, 50))
    stored = image.stored(Tile(10, 5, 20, 30), TileCache(limit))
    assert stored.shape == (30, 20) and image.windows == []
    part = Tile(3, 4, 5, 6)
    for _ in range(2):
        cut = stored.cut(part)
        np.testing.assert_array_equal(cut.pixels, image.whole.pixels[:, 9:15, 13:18])
        np.testing.assert_array_equal(cut.mask, image.whole.mask[9:15, 13:18])
        np.testing.assert_array_equal(stored.mask_of(part), cut.mask)
    assert image.windows == ([Tile(10, 5, 20, 30)] if limit else [Tile(13, 9, 5, 6)] * 2)
    np.testing.assert_array_equal(stored.pixels, image.whole.pixels[:, 5:35, 10:30])
    np.testing.assert_array_equal(stored.mask, image.whole.mask[5:35, 10:30])


def test_the_cache_keeps_to_its_budget() -> None:
    image = Reads(tile(10, 40))
    cache = TileCache(2 * 100 * 5)
    tiles = [image.stored(Tile(10 * i, 0, 10, 10), cache) for i in range(4)]
    for stored in tiles * 2:
        stored.cut(Tile(0, 0, 1, 1))
    assert [window.width for window in image.windows] == [10, 10, 1, 1, 1, 1]


def test_threads_that_read_the_same_tile_take_its_room_once() -> None:
    image, together = Reads(tile(10, 20)), threading.Barrier(2)
    cache = TileCache(3 * 100 * 5)  # two threads may hold room for one tile twice, for a moment
    first, second = (image.stored(Tile(x, 0, 10, 10), cache) for x in (0, 10))
    read = image.pixels

    def slow(window: Tile) -> np.ndarray:
        together.wait(10)
        return read(window)

    shared = StoredTile(first.window, 1, slow, first.read_mask, cache)
    threads = [threading.Thread(target=shared.cut, args=(Tile(0, 0, 1, 1),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.get(first) is not None and cache.get(second) is not None
    assert cache.get(image.stored(first.window, cache)) is None

"""Tiles over an image and their blending: as one picture, whatever the tiles, in rows that can be taken up again."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from axons_kernel.errors import InputError
from axons_kernel.inference.grid import TileGrid
from axons_kernel.inference.rows import Rows, finished_rows
from axons_kernel.stitching import stitched
from axons_kernel.tiling import Tile, tile_grid

RNG = np.random.default_rng(0)


class Whole:
    """A source whose windows are cut from one array (1, H, W)."""

    def __init__(self, pixels: NDArray[np.float32]):
        self.pixels = pixels
        self.read: list[Tile] = []

    def window(self, tile: Tile) -> NDArray[np.float32]:
        self.read.append(tile)
        return self.pixels[:, tile.y : tile.y + tile.height, tile.x : tile.x + tile.width]


class PixelByPixel:
    """Guesses from each pixel alone, so that tiles must agree."""

    def __init__(self, batch: int = 1, workers: int = 0):
        self.batch, self.workers, self.given = batch, workers, list[int]()

    def batch_for(self, shape: tuple[int, int]) -> int:
        return self.batch

    def __call__(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        self.given.append(len(windows))
        return np.concatenate([windows, 1 - windows], axis=1)


class TileByTile(PixelByPixel):
    """Answers each tile with other numbers, so that the blending shows."""

    def __call__(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        first = windows[:, :, :1, :1]
        return np.concatenate([windows * first, windows + first], axis=1)


def put_together(parts: list[Rows], shape: tuple[int, int]) -> NDArray[np.float32]:
    top = 0
    for part in parts:
        assert part.top == top
        top += part.values.shape[1]
    assert top == shape[0]
    return np.concatenate([part.values for part in parts], axis=1)


GRIDS = [
    ((100, 130), 64, 16),
    ((200, 70), 64, 32),  # a half: pixels under four tiles
    ((64, 64), 64, 16),
    ((40, 300), 64, 0),
    ((129, 257), 64, 31),
    ((30, 20), 64, 8),
]


@pytest.mark.parametrize(("shape", "size", "overlap"), GRIDS)
@pytest.mark.parametrize("blend", ["gaussian", "linear"])
@pytest.mark.parametrize("workers", [0, 3])
def test_tiles_that_agree_are_one_picture(
    shape: tuple[int, int], size: int, overlap: int, blend: str, workers: int
) -> None:
    source = Whole(RNG.random((1, *shape), np.float32))
    guess = PixelByPixel(batch=3, workers=workers)
    grid = TileGrid(shape, size, overlap, blend)  # type: ignore[arg-type]
    told: list[int] = []
    made = put_together(list(finished_rows(guess, source, grid, on_tiles=told.append)), shape)
    np.testing.assert_allclose(made, np.concatenate([source.pixels, 1 - source.pixels]), atol=2e-7)
    assert sum(told) == grid.count == len(source.read) and max(guess.given) <= (1 if workers else 3)


@pytest.mark.parametrize(("shape", "size", "overlap"), GRIDS)
@pytest.mark.parametrize("blend", ["gaussian", "linear"])
def test_tiles_that_differ_are_blended_as_stitching_does(
    shape: tuple[int, int], size: int, overlap: int, blend: str
) -> None:
    source = Whole(RNG.random((1, *shape), np.float32))
    made = put_together(list(finished_rows(TileByTile(), source, TileGrid(shape, size, overlap, blend))), shape)  # type: ignore[arg-type]
    tiles = tile_grid(shape, size, overlap)
    pieces = [(tile, TileByTile()(source.window(tile)[None])[0].transpose(1, 2, 0)) for tile in tiles]
    expected = stitched(pieces, tiles, shape, blend=blend)  # type: ignore[arg-type]
    np.testing.assert_allclose(made, expected.transpose(2, 0, 1), atol=3e-6)


def test_rows_can_be_taken_up_after_any_row_of_tiles() -> None:
    source = Whole(RNG.random((1, 300, 90), np.float32))
    grid = TileGrid((300, 90), 64, 20)
    whole = list(finished_rows(TileByTile(), source, grid))
    for done in range(1, len(whole)):
        rest = list(finished_rows(TileByTile(), source, grid, done=done, carry=whole[done - 1].carry))
        assert [part.top for part in rest] == [part.top for part in whole[done:]]
        for part, expected in zip(rest, whole[done:], strict=True):
            np.testing.assert_array_equal(part.values, expected.values)


def test_workers_change_neither_the_result_nor_the_threads_of_torch() -> None:
    source, grid = Whole(RNG.random((1, 300, 200), np.float32)), TileGrid((300, 200), 64, 20)
    one, many = (list(finished_rows(TileByTile(workers=workers), source, grid)) for workers in (0, 4))
    np.testing.assert_array_equal(put_together(one, grid.shape), put_together(many, grid.shape))
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        inside = {torch.get_num_threads()}

        class Watching(PixelByPixel):
            def __call__(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
                inside.add(torch.get_num_threads())
                return super().__call__(windows)

        list(finished_rows(Watching(workers=2), source, grid))
        assert inside == {1, 2} and torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_shares_of_a_pixel_sum_to_1_and_alone_a_tile_has_all() -> None:
    grid = TileGrid((1000, 777), 128, 48)
    for shares, side in ((grid.shares_down(), 1000), (grid.shares_across(), 777)):
        total, count = np.zeros(side), np.zeros(side)
        for start, share in shares.items():
            total[start : start + 128] += share
            count[start : start + 128] += 1
        np.testing.assert_allclose(total, 1, atol=1e-6)
        alone = np.concatenate([share[count[start : start + 128] == 1] for start, share in shares.items()])
        assert (alone == 1).all() and (count > 1).any()


@pytest.mark.parametrize(
    ("size", "overlap", "message"),
    [
        (32, 0, "size=32 is not allowed: give tiles of 64 to 4096"),
        (5000, 0, "size=5000 is not allowed"),
        (128, 65, "overlap=65 is not allowed for tiles of 128: give 0 to 64"),
        (128, -1, "overlap=-1 is not allowed"),
    ],
)
def test_tiles_that_make_no_sense_are_refused(size: int, overlap: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        TileGrid((500, 500), size, overlap)

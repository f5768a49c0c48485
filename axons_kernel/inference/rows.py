"""From windows to finished rows of probabilities: tiles are guessed row by row, and blended where they overlap.

One row of tiles is held, and of the row above what reaches into it; so memory grows with the image's width only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from ..pyramid import ahead
from ..tiling import Tile
from .grid import TileGrid

Probabilities = NDArray[np.float32]  # (planes, h, w)


class Source(Protocol):
    """What windows are read from, as `ModelInput`."""

    def window(self, tile: Tile) -> NDArray[np.float32]:
        """(C, h, w)."""


class Guess(Protocol):
    """A network, as `Guesser`."""

    def __call__(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, C, h, w) to (N, planes, h, w)."""

    def batch_for(self, shape: tuple[int, int]) -> int:
        """How many windows at once."""

    @property
    def workers(self) -> int:
        """How many threads guess beside each other, each one window; 0 where windows come in batches."""


class Rows(NamedTuple):
    """Finished rows (planes, h, W) from `top` on, and what the next row of tiles needs to go on, (planes, o, W)."""

    top: int
    values: Probabilities
    carry: Probabilities


def finished_rows(
    guess: Guess,
    source: Source,
    grid: TileGrid,
    *,
    done: int = 0,
    carry: Probabilities | None = None,
    on_tiles: Callable[[int], object] = int,
) -> Iterator[Rows]:
    """The rows of probabilities from top to bottom, one part per row of tiles.

    `done` rows of tiles are left out; then `carry` is what came with the last of them. `on_tiles` hears how many
    tiles were guessed.
    """
    down, across, tops = grid.shares_down(), grid.shares_across(), grid.tops
    guesses = _beside_each_other if guess.workers else _in_batches
    values_of = guesses(guess, source, [grid.row(top) for top in tops[done:]])
    for number, top in list(enumerate(tops))[done:]:
        end = tops[number + 1] if number + 1 < len(tops) else grid.shape[0]
        band: Probabilities | None = None
        for tile in grid.row(top):
            values = next(values_of)
            if band is None:
                band = _band(values.shape[0], grid, carry)
            _add(band, tile, values, down[top], across[tile.x])
            on_tiles(1)
        assert band is not None, "a row has at least one tile"
        carry = band[:, end - top :].copy()
        yield Rows(top, band[:, : end - top], carry)


def _beside_each_other(guess: Guess, source: Source, rows: list[list[Tile]]) -> Iterator[Probabilities]:
    """What is guessed of each tile, on a CPU: every thread reads a window and guesses it alone.

    So no thread waits for another within a network's many small steps, which costs much on a machine that is shared.
    """

    def work(tile: Tile) -> Probabilities:
        values: Probabilities = guess(source.window(tile)[None])[0]
        return values

    before = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(guess.workers, "axons-guess", torch.set_num_threads, (1,)) as pool:
            begun = (pool.submit(work, tile) for row in rows for tile in row)
            for coming in ahead(begun, guess.workers):
                yield coming.result()
    finally:
        torch.set_num_threads(before)  # threads that begin later start with what was set last


def _in_batches(guess: Guess, source: Source, rows: list[list[Tile]]) -> Iterator[Probabilities]:
    """What is guessed of each tile, on a GPU: batches within a row; the next one is read while one is guessed."""

    def read(some: list[Tile]) -> NDArray[np.float32]:
        return np.stack([source.window(tile) for tile in some])

    with ThreadPoolExecutor(1, "axons-read") as reader:
        for row in rows:
            batch = guess.batch_for((row[0].height, row[0].width))
            batches = (row[start : start + batch] for start in range(0, len(row), batch))
            for coming in ahead((reader.submit(read, some) for some in batches), 1):
                yield from guess(coming.result())


def _band(planes: int, grid: TileGrid, carry: Probabilities | None) -> Probabilities:
    band = np.zeros((planes, grid.tile_shape[0], grid.shape[1]), np.float32)
    if carry is not None:
        band[:, : carry.shape[1]] = carry
    return band


def _add(
    band: Probabilities, tile: Tile, values: Probabilities, down: NDArray[np.float32], across: NDArray[np.float32]
) -> None:
    """Add a tile with its share; where it is alone, its share is 1 and it is copied."""
    top, bottom = _alone(down)
    left, right = _alone(across)
    place = band[:, :, tile.x : tile.x + tile.width]
    place[:, top:bottom, left:right] = values[:, top:bottom, left:right]
    strips = (
        (slice(0, top), slice(0, tile.width)),
        (slice(bottom, tile.height), slice(0, tile.width)),
        (slice(top, bottom), slice(0, left)),
        (slice(top, bottom), slice(right, tile.width)),
    )
    for rows, columns in strips:
        share = down[rows, None] * across[None, columns]
        if share.size:
            place[:, rows, columns] += values[:, rows, columns] * share


def _alone(share: NDArray[np.float32]) -> tuple[int, int]:
    """The run of pixels that one tile alone covers: its first and end; empty in the middle when there is none."""
    ones = np.flatnonzero(share == 1)
    if not len(ones) or ones[-1] - ones[0] + 1 != len(ones):
        return len(share) // 2, len(share) // 2
    return int(ones[0]), int(ones[-1]) + 1

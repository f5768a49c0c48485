"""A few validation tiles whose predictions are kept as small pictures while the training goes on.

runs/<run>/examples/image/<i>.png and reference/<i>.png once, epoch-<NNNN>/<i>.png for at most 30 epochs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..plotting import Colour, png
from ..storage import Store
from ..tiling import Tile
from ..widget.layers import encode_numbers

COUNT = 4  # tiles
SIDE = 256  # pixels; of larger tiles the part that holds most
MOST = 30  # epochs
_LOOK = 8  # tiles of each part that are looked at
_PLACES = 3  # along each side, that are tried for that part
_DEVIATIONS = 2.5  # on either side of the mean, that grey reaches to


class Labelled(Protocol):
    """As `training.data.TrainingTile`: pixels (H, W) or (C, H, W) of mean 0 and deviation 1, mask (H, W)."""

    @property
    def pixels(self) -> NDArray[np.float32]:
        """As it is trained on."""

    @property
    def mask(self) -> NDArray[np.uint8]:
        """Class numbers; those above the classes are not known."""

    def cut(self, window: Tile) -> Labelled:
        """A part of the tile."""


class Examples:
    """The tiles that are shown, and the latest guess on each."""

    def __init__(self, store: Store, run: str, colours: Sequence[Colour], tiles: Sequence[Labelled], epochs: int):
        """`colours` in class order; `epochs` are planned."""
        self._store, self._folder, self._colours = store, f"runs/{run}/examples", list(colours)
        self._windows = {i: window_of(tiles[i].mask, len(colours)) for i in chosen(tiles, len(colours))}
        self._due = epochs_kept(epochs)
        self._latest: dict[int, NDArray[np.uint8]] = {}
        self._written = 0
        for number, (index, window) in enumerate(self._windows.items()):
            part = tiles[index].cut(window)
            self._put("image", number, png(_grey(part.pixels)))
            self._put("reference", number, self._numbers(part.mask))

    def on_guess(self, index: int, guess: Any) -> None:
        """The class numbers (h, w), an integer tensor, that the network has just found on validation tile `index`."""
        if index in self._windows:
            part = self._windows[index].cut(guess)
            self._latest[index] = np.asarray(part.cpu() if hasattr(part, "cpu") else part).astype(np.uint8)

    def on_epoch(self, epoch: int) -> None:
        """Keep the guesses of this epoch, when it is one of those that are kept."""
        if epoch in self._due:
            self.keep(epoch)

    def keep(self, epoch: int) -> None:
        """Keep the latest guesses as those of this epoch, also when it is not one of those; once."""
        if epoch == self._written or not self._latest:
            return
        for number, index in enumerate(self._windows):
            self._put(f"epoch-{epoch:04d}", number, self._numbers(self._latest[index]))
        self._written = epoch

    def _numbers(self, mask: NDArray[np.integer[Any]]) -> bytes:
        known = np.where(mask <= len(self._colours), mask, 0).astype(np.uint8)  # a border between objects is none
        return encode_numbers(known, self._colours).data

    def _put(self, kind: str, number: int, data: bytes) -> None:
        self._store.write(f"{self._folder}/{kind}/{number}.png", data)


def epochs_kept(planned: int) -> frozenset[int]:
    """At most MOST epochs of 1..planned, close at first, when most is learned, wide later; the last one is in."""
    return frozenset(round(1 + (planned - 1) * (i / (MOST - 1)) ** 3) for i in range(MOST))


def chosen(tiles: Sequence[Labelled], classes: int) -> list[int]:
    """At most COUNT tiles, spread over the list, in each part the one that shows most classes, then most labels."""
    parts = np.array_split(np.arange(len(tiles)), min(COUNT, len(tiles))) if len(tiles) else []
    some = [part[:: -(-len(part) // _LOOK)] for part in parts]  # tiles may have to be read first
    return [max((int(i) for i in part), key=lambda i: _worth(tiles[i].mask, classes)) for part in some]


def window_of(mask: NDArray[Any], classes: int) -> Tile:
    """At most SIDE x SIDE pixels, where the mask shows most classes, then most labels."""
    height, width = (min(SIDE, side) for side in mask.shape)  # what is padded to the lower right is not shown
    starts = [np.unique(np.linspace(0, max(0, n - SIDE), _PLACES).round().astype(int)) for n in mask.shape]
    windows = [Tile(int(x), int(y), width, height) for y in starts[0] for x in starts[1]]
    return max(windows, key=lambda window: _worth(window.cut(mask), classes))


def _worth(mask: NDArray[Any], classes: int) -> tuple[int, int]:
    labelled = mask[(mask > 0) & (mask <= classes)]
    return len(np.unique(labelled)), labelled.size


def _grey(pixels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The first channel, as (h, w) uint8 around the mean."""
    plane = pixels if pixels.ndim == 2 else pixels[0]
    return ((plane / _DEVIATIONS + 1) * 127.5).clip(0, 255).astype(np.uint8)


def read_epochs(store: Store, run: str) -> list[int]:
    """The epochs whose predictions are there, ascending."""
    names = store.names(f"runs/{run}/examples")
    return sorted(int(found[1]) for name in names if (found := re.fullmatch(r"epoch-(\d+)", name)))


def count(store: Store, run: str) -> int:
    """How many tiles are shown."""
    return len(store.names(f"runs/{run}/examples/reference"))


def read_picture(store: Store, run: str, kind: str | int, number: int) -> bytes:
    """PNG bytes of tile `number`: its "image", its "reference" or what an epoch has predicted. Raises NotFoundError."""
    folder = f"epoch-{kind:04d}" if isinstance(kind, int) else kind
    return store.read(f"runs/{run}/examples/{folder}/{number}.png")

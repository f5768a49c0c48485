"""An image as a model sees it: at the model's pixel size, each channel with mean 0 and deviation 1.

Training and inference read their windows here, so that they cannot differ. Nothing is read before it is asked for, and
a pixel's value does not depend on the window that it is read in.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .errors import InputError
from .project_image import ProjectImage
from .pyramid import Pyramid
from .resampling import resampled_window, scaled_shape
from .tiling import Tile

GREY = "grey"  # the mean of all channels
_WINDOW = 512  # pixels; statistics are read in such windows, as image files are stored
_GRID = 8  # of a larger image, 8 x 8 windows tell mean and deviation


@dataclass(frozen=True)
class ModelInput:
    """`image` at `pixel_size_um`; `channels` are names of its channels, or "grey" for the mean of all.

    Raises InputError when the image lacks a channel.
    """

    image: ProjectImage
    pixel_size_um: float
    channels: tuple[str, ...] = (GREY,)

    def __post_init__(self) -> None:
        names = channel_names(self.image)
        lacking = [name for name in self.channels if name != GREY and name not in names]
        if lacking or not self.channels:
            raise InputError(
                f"Image '{self.image.name}' has no channel {', '.join(map(repr, lacking)) or 'chosen'}; it has "
                f"{', '.join(map(repr, [*names, GREY]))}, of which the model needs {list(self.channels)}: import the "
                "image with these channels, or take a model for the channels that it has."
            )

    @property
    def factor(self) -> float:
        """Image pixels along the side of one of the model's pixels: above 1 the image is made smaller."""
        return self.pixel_size_um / self.image.pixel_size_um

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) in pixels of the model."""
        return scaled_shape(self.image.shape, 1 / self.factor)

    def window(self, tile: Tile) -> NDArray[np.float32]:
        """(C, h, w) float32 of `tile`, in pixels of the model. Raises InputError when it is not inside the image."""
        if 0 in tile[2:] or tile.clipped(self.shape) != tile:
            raise InputError(f"{tile} is not inside '{self.image.name}', {self.shape[1]} x {self.shape[0]} pixels.")
        pyramid = self.image.pyramid()
        same = self.shape == self.image.shape
        values = self._chosen(pyramid.read(tile)) if same else self._resampled(pyramid, tile)
        mean, spread = self._statistics
        values -= mean[:, None, None]
        values /= spread[:, None, None]
        return values

    def _resampled(self, pyramid: Pyramid, tile: Tile) -> NDArray[np.float32]:
        """From a level that is still twice as fine as needed, where there is one: far fewer pixels are read."""
        number = pyramid.level_for(self.factor / 2)
        level = pyramid.levels[number]
        down, across = (old / new / level.scale for old, new in zip(self.image.shape, self.shape, strict=True))
        return resampled_window(
            lambda source: self._chosen(pyramid.read(source, number)), level.shape, (down, across), tile
        )

    def _chosen(self, pixels: NDArray[np.generic]) -> NDArray[np.float32]:
        """(C, h, w) of the channels that were asked for, from (h, w) or (h, w, C) of the image."""
        names, planes = channel_names(self.image), pixels if pixels.ndim == 3 else pixels[..., None]
        out = np.empty((len(self.channels), *pixels.shape[:2]), np.float32)
        for place, name in enumerate(self.channels):
            if name != GREY:
                out[place] = planes[..., names.index(name)]
            elif planes.shape[2] == 1:
                out[place] = planes[..., 0]
            else:
                out[place] = planes.mean(axis=2, dtype=np.float32)
        return out

    @cached_property
    def _statistics(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Mean and deviation of each channel, (C,) each; the deviation of a flat one counts as 1."""
        count, mean, squares = 0, np.zeros(len(self.channels)), np.zeros(len(self.channels))
        for pixels in self.image.pyramid().read_each(list(_sample(self.image.shape))):
            values = self._chosen(pixels).astype(np.float64)
            here, more = values.mean(axis=(1, 2)), values[0].size
            apart = here - mean
            squares += values.var(axis=(1, 2)) * more + apart**2 * count * more / (count + more)
            mean += apart * more / (count + more)
            count += more
        spread = np.sqrt(squares / count)
        some = np.where(spread > 1e-6 * np.abs(mean), spread, 1.0)
        return mean.astype(np.float32), some.astype(np.float32)


def channel_names(image: ProjectImage) -> tuple[str, ...]:
    """A name for each channel of an image: its own, or R, G, B, or its number from 0."""
    count = image.info.channels
    if len(image.info.channel_names) == count:
        return image.info.channel_names
    return ("R", "G", "B") if count == 3 else tuple(map(str, range(count)))


def _sample(shape: tuple[int, int]) -> Iterator[Tile]:
    """Windows that tell mean and deviation: all of a small image, of a large one some that lie evenly in it."""
    rows, columns = (math.ceil(side / _WINDOW) for side in shape)
    if rows * columns > _GRID**2:
        down, across = _some(rows), _some(columns)
    else:
        down, across = list(range(rows)), list(range(columns))
    for row in down:
        for column in across:
            yield Tile(column * _WINDOW, row * _WINDOW, _WINDOW, _WINDOW).clipped(shape)


def _some(count: int) -> list[int]:
    return sorted({int((i + 0.5) * count / _GRID) for i in range(_GRID)})

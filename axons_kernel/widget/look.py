"""How pixels of any type become a picture: limits and colour per channel, gamma, channels added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

Limits = tuple[float, float]
WHITE = "#ffffff"
_RGB = ("#ff0000", "#00ff00", "#0000ff")
# seen together, each pair of neighbours makes a third colour, also for most colour-blind eyes
_COLOURS = ("#ff00ff", "#00ff00", "#00ffff", "#ffff00", "#ff8000", "#0080ff", "#ff0000", "#ffffff")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ChannelLook(_Strict):
    """One channel: values up to `low` are black, from `high` on they have the full `colour`."""

    visible: bool
    colour: str = Field(pattern="^#[0-9a-fA-F]{6}$")
    low: float
    high: float


class Look(_Strict):
    """How an image is drawn; channels are added up, `gamma` bends the middle tones."""

    channels: tuple[ChannelLook, ...] = Field(max_length=64)
    gamma: float = Field(ge=0.05, le=10)


@dataclass(frozen=True)
class ChannelStatistics:
    """Of one channel: its name, the values it can be stretched between, and limits that suit it."""

    name: str
    range: Limits
    auto: Limits


def channel_statistics(coarse: NDArray[Any], names: Sequence[str]) -> tuple[ChannelStatistics, ...]:
    """From the pixels of a coarse level, (h, w) or (h, w, C): the range, and the 0.1 % and 99.9 % quantiles.

    8-bit pixels have the range 0 to 255.
    """
    planes = coarse[..., None] if coarse.ndim == 2 else coarse
    found = []
    for number, name in enumerate(names):
        plane = planes[..., number]
        low, high = (float(v) for v in np.percentile(plane, (0.1, 99.9)))
        lowest, highest = (0.0, 255.0) if plane.dtype == np.uint8 else (float(plane.min()), float(plane.max()))
        if plane.dtype.kind in "iu":
            low, high = float(np.floor(low)), float(np.ceil(high))
        found.append(ChannelStatistics(name, _apart(lowest, highest), _apart(low, high)))
    return tuple(found)


def _apart(low: float, high: float) -> Limits:
    """Limits that differ, so that a flat image can be drawn."""
    return (low, high) if high > low else (low, low + 1.0)


def is_rgb(dtype: np.dtype[Any], channels: int) -> bool:
    """Whether the channels are red, green and blue light rather than stains."""
    return channels == 3 and dtype in (np.uint8, np.uint16)


def default_look(channels: Sequence[ChannelStatistics], *, rgb: bool) -> Look:
    """Limits and a colour per channel: 8-bit values as they are, others stretched; red, green and blue share limits."""
    chosen = [c.range if c.range == (0, 255) else c.auto for c in channels]
    low, high = min(limits[0] for limits in chosen), max(limits[1] for limits in chosen)
    looks = []
    for number in range(len(channels)):
        colour = WHITE if len(channels) == 1 else _COLOURS[number % len(_COLOURS)]
        if rgb:
            colour = _RGB[number]
        limits = (low, high) if rgb else chosen[number]
        looks.append(ChannelLook(visible=True, colour=colour, low=limits[0], high=limits[1]))
    return Look(channels=tuple(looks), gamma=1.0)


def draw(pixels: NDArray[Any], look: Look) -> NDArray[np.uint8]:
    """The picture of (h, w) or (h, w, C) pixels: (h, w) grey for one white channel, else (h, w, 3)."""
    planes = pixels[..., None] if pixels.ndim == 2 else pixels
    first = look.channels[0]
    if planes.shape[2] == 3 and look.channels == tuple(_coloured(first, colour) for colour in _RGB):
        return _stretch(planes, first, look.gamma)  # a colour picture, all three at once
    shown = [(planes[..., n], c) for n, c in enumerate(look.channels[: planes.shape[2]]) if c.visible]
    if len(look.channels) == 1 and shown and shown[0][1].colour == WHITE:
        return _stretch(shown[0][0], shown[0][1], look.gamma)
    single = all(sum(part > 0 for part in _rgb(c.colour)) == 1 and max(_rgb(c.colour)) == 255 for _, c in shown)
    picture = np.zeros((*planes.shape[:2], 3), np.uint8 if single else np.uint16)
    for plane, channel in shown:
        grey = _stretch(plane, channel, look.gamma)
        for part, strength in enumerate(_rgb(channel.colour)):
            if strength == 255 and single:
                picture[..., part] = np.maximum(picture[..., part], grey)
            elif strength:
                picture[..., part] += grey.astype(np.uint16) * strength // 255
    return picture if single else np.minimum(picture, 255).astype(np.uint8)


def _coloured(channel: ChannelLook, colour: str) -> ChannelLook:
    return channel.model_copy(update={"visible": True, "colour": colour})


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _stretch(plane: NDArray[Any], channel: ChannelLook, gamma: float) -> NDArray[np.uint8]:
    """One channel between its limits as 0..255; whole numbers go through a table."""
    if plane.dtype in (np.uint8, np.uint16):
        if plane.dtype == np.uint8 and (channel.low, channel.high, gamma) == (0, 255, 1):
            return np.ascontiguousarray(plane)
        table = _scaled(np.arange(np.iinfo(plane.dtype).max + 1, dtype=np.float32), channel, gamma)
        return np.asarray(np.take(table, plane))
    return _scaled(plane.astype(np.float32), channel, gamma)


def _scaled(values: NDArray[np.float32], channel: ChannelLook, gamma: float) -> NDArray[np.uint8]:
    span = max(channel.high - channel.low, 1e-12)
    share = np.clip((values - np.float32(channel.low)) / np.float32(span), 0, 1)
    if gamma != 1:
        share **= np.float32(1 / gamma)
    return np.asarray(np.rint(share * 255), dtype=np.uint8)

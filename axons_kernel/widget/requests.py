"""The requests of the annotation view: they change no label. See `protocol`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .fields import Message, Numbers

TileNumber = Annotated[int, Field(ge=0)]


class Request(Message):
    """Base of what changes nothing: not numbered; the answer has the same `request` (a number of the view's)."""

    request: Annotated[int, Field(ge=0, lt=2**53)]


class Hello(Request):
    """The view is there, or there again: answered with `state`.

    `next` is the number of the oldest op that it still has, or else of the one that it will do next. `pixels_of` is a
    tile whose pixels it has already.
    """

    op: Literal["hello"]
    next: Annotated[int, Field(ge=1, lt=2**53)] = 1
    pixels_of: TileNumber | None = None


class State(Request):
    """Everything about a tile: answered with `state`. So a view goes to another tile. `pixels_of`: see `Hello`."""

    op: Literal["state"]
    tile: TileNumber
    pixels_of: TileNumber | None = None


class Geometry(Request):
    """The outlines of labels, for editing corners: answered with `geometry`."""

    op: Literal["geometry"]
    ids: Numbers


class Copy(Request):
    """Labels in a form that another image can take: answered with `copied`."""

    op: Literal["copy"]
    ids: Numbers


class SuperpixelMap(Request):
    """SLIC superpixels of about `size` x `size` pixels: answered with `superpixels`, its buffer 0 uint32 (h, w)."""

    op: Literal["superpixel_map"]
    tile: TileNumber
    size: Annotated[int, Field(ge=4, le=256)] = 24
    compactness: Annotated[float, Field(gt=0, le=100)] = 10.0


class CostMap(Request):
    """What a live-wire pays per pixel, 1 (edge) to 255: answered with `cost_map`, its buffer 0 uint8 (h, w)."""

    op: Literal["cost_map"]
    tile: TileNumber


class LiveWire(Request):
    """The cheapest way between two pixels: answered with `livewire`, its `points` sub-pixels."""

    op: Literal["livewire"]
    tile: TileNumber
    x0: int
    y0: int
    x1: int
    y1: int


class Predict(Request):
    """Let a model look at the whole image, unless it has: answered with `predicting`, of which more will come."""

    op: Literal["predict"]
    model: Annotated[str, Field(min_length=1, max_length=200)]


class StopPredicting(Request):
    """Stop the model that looks at the image: answered with `predicting`. The same goes on when it is asked again."""

    op: Literal["stop_predicting"]


class Save(Request):
    """Save now: answered with `saved`."""

    op: Literal["save"]


class Resolve(Request):
    """What to do when another notebook has saved this image meanwhile: take its labels, or keep theirs and mine."""

    op: Literal["resolve"]
    choice: Literal["reload", "keep_both"]

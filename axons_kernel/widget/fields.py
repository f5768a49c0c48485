"""The kinds of values in messages from the annotation view, with their limits."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from .ink import FARTHEST, WIDEST

MAX_POINTS = 20_000  # per line or ring

Sub = Annotated[int, Field(ge=-FARTHEST, le=FARTHEST)]
Number = Annotated[int, Field(ge=1, lt=2**32)]  # of a label
Numbers = Annotated[tuple[Number, ...], Field(min_length=1, max_length=100_000)]
Radius = Annotated[int, Field(ge=0, le=WIDEST)]
NAME = re.compile(r"^[A-Za-z0-9_-]{4,64}$")
Session = Annotated[str, Field(pattern=NAME.pattern)]
Text = Annotated[str, Field(max_length=1000)]


def _in_pairs(points: tuple[int, ...]) -> tuple[int, ...]:
    if len(points) % 2:
        raise ValueError("should be pairs x, y")
    return points


Points = Annotated[tuple[Sub, ...], Field(min_length=2, max_length=2 * MAX_POINTS), AfterValidator(_in_pairs)]
Rings = Annotated[tuple[Points, ...], Field(min_length=1, max_length=1000)]


class Message(BaseModel):
    """Base of all messages from the view: exactly the named keys, exactly these types."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    session: Session

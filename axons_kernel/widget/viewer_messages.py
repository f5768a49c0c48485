"""What the viewer's front end may ask for. Messages come from a browser: whatever is not exactly this is refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ..documents import problems
from ..errors import InputError
from .look import Look

IMAGE = "image"  # the layer of the pixels; other layers are called by the ids of overlays
_Whole = Annotated[int, Field(ge=0, lt=2**31, strict=True)]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class TileRequest(_Message):
    """One tile of a layer; x and y count tiles from the top left of the level."""

    id: _Whole
    layer: str = Field(max_length=300)
    level: _Whole
    x: _Whole
    y: _Whole
    look: Look | None = None
    outline: bool = False


class TilesMessage(_Message):
    """Tiles that are asked for together; each is answered by a message of its own."""

    op: Literal["tiles"]
    tiles: tuple[TileRequest, ...] = Field(min_length=1, max_length=64)


class ValueMessage(_Message):
    """The value of one image pixel, and what the overlays say there."""

    op: Literal["value"]
    id: _Whole
    x: _Whole
    y: _Whole


Message = TilesMessage | ValueMessage
_MESSAGE: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="op")])


class OverlayLook(_Message):
    """How an overlay is drawn; `opacity` from 0 to 1."""

    visible: bool
    opacity: float = Field(ge=0, le=1)
    outline: bool = False


def parse_message(content: Any) -> Message:
    """The message in the content of a comm message. Raises InputError."""
    try:
        return _MESSAGE.validate_python(content)
    except (ValidationError, RecursionError) as error:
        text = problems(error) if isinstance(error, ValidationError) else "nested too deeply"
        raise InputError(f"The message from the browser is not one of the viewer's: {text}.") from error

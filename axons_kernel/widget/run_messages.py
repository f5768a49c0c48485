"""What the live view's front end may ask for. Messages come from a browser: whatever is not this is refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ..documents import problems
from ..errors import InputError

_Whole = Annotated[int, Field(ge=0, lt=2**31, strict=True)]
_Request = Literal["stop", "pause", "stop_after_epoch"]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class NewsMessage(_Message):
    """What is new; `known` are the writing that the view has of each file, and how many of its lines."""

    op: Literal["news"]
    known: dict[Literal["metrics", "resources", "messages"], tuple[Annotated[str, Field(max_length=40)], _Whole]]


class PictureMessage(_Message):
    """A picture of tile `tile` of the examples: the image, the reference or what an epoch (from 1) has predicted."""

    op: Literal["picture"]
    id: _Whole
    kind: Literal["image", "reference"] | Annotated[int, Field(ge=1, lt=2**31, strict=True)]
    tile: Annotated[int, Field(ge=0, lt=100, strict=True)]


class AskMessage(_Message):
    """A button was pressed: ask the training for something, or take that back."""

    op: Literal["ask", "withdraw"]
    request: _Request


Message = NewsMessage | PictureMessage | AskMessage
_MESSAGE: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="op")])


def parse_message(content: Any) -> Message:
    """The message in the content of a comm message. Raises InputError."""
    try:
        return _MESSAGE.validate_python(content)
    except (ValidationError, RecursionError) as error:
        text = problems(error) if isinstance(error, ValidationError) else "nested too deeply"
        raise InputError(f"The message from the browser is not one of the live view's: {text}.") from error

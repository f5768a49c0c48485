"""What the upload's front end may send. Messages come from a browser: whatever is not exactly this is refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ..documents import problems
from ..errors import InputError

CHUNK = 1 << 20  # bytes; the largest piece of a file in one message
Id = Annotated[str, Field(pattern="^[A-Za-z0-9-]{1,40}$")]
_Bytes = Annotated[int, Field(ge=0, lt=2**53, strict=True)]


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    id: Id


class Offer(_Message):
    """A file that was chosen, or that goes on after a break. `modified` tells two versions of it apart."""

    op: Literal["offer"]
    name: str = Field(max_length=1000)
    size: _Bytes
    modified: float


class Chunk(_Message):
    """The bytes from `offset` on, which come as the message's only buffer."""

    op: Literal["chunk"]
    offset: _Bytes


class Finish(_Message):
    """All bytes were sent; `sha256` is that of the file on the person's machine."""

    op: Literal["finish"]
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Import(_Message):
    """What a person has answered: the image's name and its pixel size."""

    op: Literal["import"]
    name: str = Field(default="", max_length=200)
    pixel_size_um: float | None = None


class Remove(_Message):
    """Stop the transfer, or take the file off the list."""

    op: Literal["remove"]


Message = Offer | Chunk | Finish | Import | Remove
_MESSAGE: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="op")])


def parse_upload_message(content: Any) -> Message:
    """The message in the content of a comm message. Raises InputError."""
    try:
        return _MESSAGE.validate_python(content)
    except (ValidationError, RecursionError) as error:
        text = problems(error) if isinstance(error, ValidationError) else "nested too deeply"
        raise InputError(f"The message from the browser is not one of the upload's: {text}.") from error

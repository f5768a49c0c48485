"""What stands beside the labels in a label file, under the key `axons`: proposals, finished tiles, time, numbers.

django-labeller keeps keys that it does not know, so a file may go there and back.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..annotations import Annotation
from ..documents import problems
from ..errors import SchemaError
from ..rasterize import Window
from .numbering import Numbering

KEY = "axons"
SESSIONS_KEPT = 16


class Progress(BaseModel):
    """`active_s` seconds of work; `sessions` (newest last): the last op of each view that is in this file.

    `numbering` is that of the labels, and of the proposals after them.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    proposals: tuple[dict[str, Any], ...] = ()
    finished_tiles: tuple[Window, ...] = ()
    active_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    sessions: dict[str, int] = {}
    numbering: Numbering | None = None

    @classmethod
    def of(cls, annotation: Annotation) -> Progress:
        """What an annotation brings. Raises SchemaError."""
        try:
            return cls.model_validate(annotation.extra.get(KEY, {}))
        except ValidationError as error:
            raise SchemaError(f"The key '{KEY}' of the label file is broken: {problems(error)}.") from error

    def into(self, annotation: Annotation) -> Annotation:
        """The annotation with this beside its labels; nothing is added when there is nothing to say."""
        extra = {key: value for key, value in annotation.extra.items() if key != KEY}
        content = self.model_dump(mode="json", exclude_defaults=True)
        return replace(annotation, extra={**extra, KEY: content} if content else extra)


def active_seconds(claimed_ms: int, since_last_s: float) -> float:
    """The time that counts as active: what the view says, and never more than has passed since its last message.

    Two seconds more are allowed, for messages that were held up on the way.
    """
    return min(claimed_ms / 1000, since_last_s + 2.0)

"""After a restart of the kernel: a view that is still in the page opens its document again, and no cell is run.

The view asks for a connection of the kind `axons-annotator` with what the widget had told it to `revive` it.
"""

from __future__ import annotations

import logging
from typing import Any

import comm
from pydantic import BaseModel, ConfigDict, ValidationError

from ..annotating import image_workplace
from ..documents import problems
from ..errors import AxonsKernelError, InputError
from ..project import open_project
from .desk import Desk, take_over
from .subshell import answer_where_asked

TARGET = "axons-annotator"
log = logging.getLogger(__name__)


class RevivedOptions(BaseModel):
    """As `annotating.Options`, but from a browser."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    tasks: dict[str, str] = {}
    controls: list[dict[str, Any]] = []
    schemes: dict[str, str] = {}


class Revive(BaseModel):
    """What a widget tells its view: the project's URL, the image's name, and the options that it was opened with."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    project: str
    image: str
    options: RevivedOptions = RevivedOptions()


def register() -> None:
    """Let views open documents in this kernel."""
    comm.get_comm_manager().register_target(TARGET, _opened)


def _opened(connection: Any, message: Any) -> None:
    """A view has opened a connection."""
    try:
        desk = open_again(message["content"]["data"].get("revive"), connection)
    except AxonsKernelError as error:
        log.warning("an annotator could not be opened again: %s", error)
        connection.close({"error": str(error)})
        return

    def answer(message: Any) -> None:
        reply = desk.receive(message["content"]["data"])
        connection.send(dict(reply.content), buffers=list(reply.buffers))

    answer_where_asked(connection)
    connection.on_msg(answer)
    connection.on_close(lambda _: desk.close())


def open_again(revive: Any, connection: Any) -> Desk:
    """The desk that a widget had in the kernel before. Raises InputError, NotFoundError, SchemaError, StorageError."""
    try:
        wanted = Revive.model_validate(revive)
    except ValidationError as error:
        raise InputError(f"What to open again is not said well: {problems(error)}.") from error
    project = open_project(wanted.project, create=False)
    chosen = wanted.options
    place = image_workplace(
        project, project.image(wanted.image), tasks=chosen.tasks, controls=chosen.controls, schemes=chosen.schemes
    )
    return take_over(place.name, lambda: place.desk(lambda message: connection.send(dict(message))))

"""After a restart of the kernel: a live view that is still in the page goes on, and no cell is run.

The view asks for a connection of the kind `axons-run` with what the widget had told it to `revive` it.
"""

from __future__ import annotations

import logging
from typing import Any

import comm
from pydantic import BaseModel, ConfigDict, ValidationError

from ..documents import problems
from ..errors import AxonsKernelError, InputError
from ..project import open_project
from ..runs.following import Follower
from .run_view import answer
from .subshell import answer_where_asked

TARGET = "axons-run"
log = logging.getLogger(__name__)


class Revive(BaseModel):
    """What a widget tells its view: the project's URL and the run's name."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    project: str
    run: str


def register() -> None:
    """Let views follow runs in this kernel."""
    comm.get_comm_manager().register_target(TARGET, _opened)


def _opened(connection: Any, message: Any) -> None:
    """A view has opened a connection."""
    try:
        source = open_again(message["content"]["data"].get("revive"))
    except AxonsKernelError as error:
        log.warning("a run could not be followed again: %s", error)
        connection.close({"error": str(error)})
        return

    def send(content: dict[str, Any], buffers: list[bytes]) -> None:
        connection.send(content, buffers=buffers)

    def receive(message: Any) -> None:
        answer(source, message["content"]["data"], send)

    answer_where_asked(connection)
    connection.on_msg(receive)


def open_again(revive: Any) -> Follower:
    """The run that a widget had shown in the kernel before. Raises InputError, NotFoundError, StorageError."""
    try:
        wanted = Revive.model_validate(revive)
    except ValidationError as error:
        raise InputError(f"What to follow again is not said well: {problems(error)}.") from error
    return Follower(open_project(wanted.project, create=False).run(wanted.run))

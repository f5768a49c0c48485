"""The live view of a run: its front end asks what is new, about once a second, and is told that and no more.

Nothing is sent when nobody looks, and nothing is kept here of those who look: a page that is loaded again asks for
all. JupyterLab sends a widget's messages to a thread of their own (a subshell), so curves grow while a cell runs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import traitlets
from IPython.display import display, update_display

from ..errors import AxonsKernelError, InputError
from .lab_widget import LabWidget
from .run_messages import AskMessage, Message, NewsMessage, PictureMessage, parse_message
from .subshell import answer_where_asked

log = logging.getLogger(__name__)
Send = Callable[[dict[str, Any], list[bytes]], None]


class Source(Protocol):
    """Where a run is read from; `runs.following.Follower`."""

    def news(self, known: Any) -> dict[str, Any]:
        """How the run is, and the lines that are not known."""

    def picture(self, kind: Any, tile: int) -> bytes:
        """PNG bytes. Raises NotFoundError."""

    def ask(self, request: Any) -> None:
        """Leave a request for the training."""

    def withdraw(self, request: Any) -> None:
        """Take it back."""


def answer(source: Source, content: Any, send: Send) -> dict[str, Any] | None:
    """Do what a message asks for and send the answer; the news that were told, if any.

    What is none of ours is refused and changes nothing.
    """
    try:
        message = parse_message(content)
    except InputError as error:
        log.warning("%s", error)
        return None
    try:
        return _do(source, message, send)
    except AxonsKernelError as error:
        text = str(error)
    except Exception as error:
        log.exception("the live view could not answer")
        text = f"The run could not be read: {error}"
    send({"op": "failed", "id": getattr(message, "id", None), "message": text}, [])
    return None


def _do(source: Source, message: Message, send: Send) -> dict[str, Any] | None:
    if isinstance(message, PictureMessage):
        send({"op": "picture", "id": message.id}, [source.picture(message.kind, message.tile)])
    elif isinstance(message, AskMessage):
        (source.ask if message.op == "ask" else source.withdraw)(message.request)
        send({"op": "noted"}, [])
    elif isinstance(message, NewsMessage):
        news = source.news(message.known)
        send({"op": "news", **news}, [])
        return news
    return None


class RunWidget(LabWidget):
    """The live view in a notebook, and the picture that stands for it in the notebook's file."""

    _model_name = traitlets.Unicode("RunModel").tag(sync=True)
    _view_name = traitlets.Unicode("RunView").tag(sync=True)
    scene = traitlets.Dict(help="what the run is").tag(sync=True)
    revive: Any = traitlets.Any(None, help="project and run, to follow it from a kernel that was restarted").tag(
        sync=True
    )

    def __init__(
        self,
        source: Source,
        scene: Mapping[str, Any],
        revive: Mapping[str, str] | None,
        picture: Callable[[Mapping[str, Any]], dict[str, Any] | None],
    ) -> None:
        """`picture` gives what stands for the view after these news, or None when the one before is good enough."""
        self._source, self._picture = source, picture
        self._shown: str | None = None
        super().__init__(scene=dict(scene), revive=revive and dict(revive))
        self.on_msg(self._answer)
        answer_where_asked(self.comm)

    def _answer(self, _: Any, content: Any, __: Any) -> None:
        news = answer(self._source, content, self.send)
        if news and self._shown and (bundle := self._picture(news)):
            update_display(bundle, display_id=self._shown, raw=True)

    def _ipython_display_(self) -> None:
        """The picture, and under it the live view, which hides the picture for as long as it lives."""
        text = {"text/plain": repr(self)}
        handle = display(self._picture(self._source.news({})) or text, raw=True, display_id=True)
        self._shown = handle.display_id
        bundle = self._repr_mimebundle_(include=None, exclude=None)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        display({**data, **text}, metadata=metadata, raw=True)

    def __repr__(self) -> str:
        return f'live view of run {self.scene["name"]}: project.run("{self.scene["name"]}").live() shows it again'

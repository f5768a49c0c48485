"""Answers the messages of the annotation views of one document. Pure but for the clock that it is given.

Whatever comes in, the document stays as it was or becomes what one legal op makes of it, and there is an answer.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from ..annotations import Annotation
from ..errors import AxonsKernelError, InputError
from . import answering, livewire, ops, requests
from .answering import Course, Reply, pack
from .asking import Asking
from .document import Document
from .edits import inside, known
from .fields import NAME, Message
from .progress import SESSIONS_KEPT, active_seconds
from .protocol import Refused, Saved, parse
from .sessions import Session, Sessions

log = logging.getLogger(__name__)
MAX_SEQ = 2**53


class Conversation:
    """Takes messages of views, and gives answers.

    `saved` tells what the storage holds, `save` and `resolve` do what the requests of these names ask for; `changed`
    is called after each op; `asking` lets models look at the image. `tile` is where the last view was; `closed` refuses
    everything.
    """

    def __init__(
        self,
        document: Document,
        course: Course,
        *,
        clock: Callable[[], float],
        changed: Callable[[], None] = lambda: None,
        saved: Callable[[], Saved] | None = None,
        save: Callable[[], None] = lambda: None,
        resolve: Callable[[str], None] = lambda choice: None,
        asking: Asking | None = None,
        tile: int = 0,
    ) -> None:
        """`clock` gives seconds that only go up."""
        self.document, self.course, self.tile = document, course, tile
        self._clock, self._changed, self._save, self._resolve = clock, changed, save, resolve
        self._saved = saved or (lambda: not_saved(self.document.rev))
        self._asking = asking or Asking(document.settings.models or {}, lambda predicting: None)
        self._sessions = Sessions(document.progress.sessions)
        self.closed = False
        self.show: int | None = None  # the label that the next view looks at

    def renew(self, document: Document) -> None:
        """Go on with another document: other labels of the same image. The numbering of ops goes on."""
        document.rev = self.document.rev + 1
        self.document = document

    @property
    def annotation(self) -> Annotation:
        """The labels as they stand, with what the file says of the sessions."""
        lasts = self._sessions.lasts(SESSIONS_KEPT)
        self.document.progress = self.document.progress.model_copy(update={"sessions": lasts})
        return self.document.annotation

    def receive(self, content: Any) -> Reply:
        """The answer to a message."""
        try:
            message = parse(content)
        except InputError as error:
            return self._not_understood(content, str(error))
        if self.closed:
            return refused(message, "This image was opened again in another cell: go on there.")
        session = self._sessions.get(message.session, self._clock())
        try:
            if isinstance(message, ops.Op):
                return self._answer_op(message, session)
            return self._answer_request(message, session)
        except AxonsKernelError as error:
            return refused(message, str(error))
        except Exception as error:
            log.exception("the annotator could not answer a message")
            return refused(message, f"That did not work: {type(error).__name__}: {error}")
        finally:
            session.heard = self._clock()

    def first_state(self) -> Reply:
        """What a view can show before it has said hello."""
        document, course, saved = self.document, self.course, self._saved()
        return answering.state(document, course, session="", request=0, last=0, tile=self.tile, saved=saved, show=None)

    # -- ops -------------------------------------------------------------------------------------------------------

    def _answer_op(self, op: ops.Op, session: Session) -> Reply:
        if op.seq <= session.last:
            again = session.answers.get(op.seq)
            return again or refused(op, f"Op {op.seq} is done already.", expected=session.last + 1, consumed=True)
        if op.seq > session.last + 1:
            text = f"Op {op.seq} came before op {session.last + 1}: send from {session.last + 1} on again."
            return refused(op, text, expected=session.last + 1)
        if op.base_rev > self.document.rev:
            text = f"Revision {op.base_rev} is newer than the labels here: say hello first."
            return refused(op, text, expected=op.seq)
        answer = self._do(op, session)
        session.done(op.seq, answer)
        self._changed()
        return answer

    def _do(self, op: ops.Op, session: Session) -> Reply:
        """Do an op that has its turn; its number counts also when it makes no sense."""
        try:
            outcome = self.document.apply(op)
        except AxonsKernelError as error:
            return refused(op, str(error), expected=op.seq + 1, consumed=True)
        except Exception as error:
            log.exception("the annotator could not do an op")
            text = f"That did not work: {type(error).__name__}: {error}"
            return refused(op, text, expected=op.seq + 1, consumed=True)
        progress = self.document.progress
        active = progress.active_s + active_seconds(op.active_ms, self._clock() - session.heard)
        self.document.progress = progress.model_copy(update={"active_s": active})
        return answering.acknowledge(self.document, op, outcome)

    # -- requests --------------------------------------------------------------------------------------------------

    def _answer_request(self, message: Message, session: Session) -> Reply:
        if isinstance(message, requests.Hello):
            session.last = max(session.last, message.next - 1)  # nobody has the earlier ones any more
            return self._state(message, session)
        if isinstance(message, requests.State):
            self.tile = self._checked(message.tile)
            return self._state(message, session)
        if isinstance(message, requests.Save):
            self._save()
            return Reply({**self._saved(), "request": message.request, "session": message.session})
        if isinstance(message, requests.Resolve):
            self._resolve(message.choice)
            return Reply({**self._saved(), "request": message.request, "session": message.session})
        if isinstance(message, requests.Predict):
            return self._reply(message, **self._asking.ask(message.model))
        if isinstance(message, requests.StopPredicting):
            return self._reply(message, **self._asking.stop())
        if isinstance(message, requests.Geometry):
            return self._reply(message, answer="geometry", shapes=answering.geometry(self.document, message.ids))
        if isinstance(message, requests.Copy):
            labels = [known(self.document.sheet, number).label.to_json() for number in message.ids]
            return self._reply(message, answer="copied", labels=labels)
        return self._answer_assist(message)

    def _answer_assist(self, message: Message) -> Reply:
        assets, tiles = self.document.assets, self.document.sheet.tiles
        if isinstance(message, requests.SuperpixelMap):
            tile = tiles[self._checked(message.tile)]
            block, data = pack(assets.superpixels(tile, message.size, message.compactness), 0)
            known = message.model_dump(include={"tile", "size", "compactness"})
            return self._reply(message, data, answer="superpixels", segments=block, **known)
        if isinstance(message, requests.CostMap):
            block, data = pack(assets.costs(tiles[self._checked(message.tile)]), 0)
            return self._reply(message, data, answer="cost_map", costs=block, tile=message.tile)
        if isinstance(message, requests.LiveWire):
            tile = tiles[self._checked(message.tile)]
            ends = [inside(pixel, tile) for pixel in ((message.x0, message.y0), (message.x1, message.y1))]
            steps = livewire.path(assets.costs(tile), ends[0], ends[1])
            return self._reply(message, answer="livewire", points=livewire.line(steps, tile[:2]))
        raise AssertionError(f"{type(message).__name__} is a request that is not answered here")

    def _reply(self, message: Any, *buffers: bytes, **content: Any) -> Reply:
        return Reply({**content, "session": message.session, "request": message.request}, buffers)

    def _state(self, message: requests.Hello | requests.State, session: Session) -> Reply:
        show, self.show = self.show, None
        return answering.state(
            self.document,
            self.course,
            session=message.session,
            request=message.request,
            last=session.last,
            tile=self.tile,
            saved=self._saved(),
            show=show,
            predicting=self._asking.running,
            pixels_of=message.pixels_of,
        )

    def _checked(self, tile: int) -> int:
        if tile >= len(self.document.sheet.tiles):
            raise InputError(f"There is no tile {tile}: the image has {len(self.document.sheet.tiles)}.")
        return tile

    def _not_understood(self, content: Any, error: str) -> Reply:
        """A refusal that names number and session where they can be read.

        Where an op has its turn, its number counts as done: else a view would send it again and again.
        """
        part = content if isinstance(content, dict) else {}
        seq, request, name = part.get("seq"), part.get("request"), part.get("session")
        answer: Refused = {
            "answer": "refused",
            "session": name if isinstance(name, str) and NAME.fullmatch(name) else None,
            "seq": seq if type(seq) is int and 0 < seq < MAX_SEQ else None,
            "request": request if type(request) is int and 0 <= request < MAX_SEQ else None,
            "expected": None,
            "consumed": False,
            "error": error,
        }
        reply = Reply(answer)
        if answer["session"] and answer["seq"] and answer["request"] is None:
            session = self._sessions.get(answer["session"], self._clock())
            answer["consumed"] = answer["seq"] == session.last + 1
            if answer["consumed"]:
                session.done(answer["seq"], reply)
            answer["expected"] = session.last + 1
        return reply


def refused(message: Message, error: str, *, expected: int | None = None, consumed: bool = False) -> Reply:
    """The answer to what was not done."""
    answer: Refused = {
        "answer": "refused",
        "session": message.session,
        "seq": getattr(message, "seq", None),
        "request": getattr(message, "request", None),
        "expected": expected,
        "consumed": consumed,
        "error": error,
    }
    return Reply(answer)


def not_saved(rev: int) -> Saved:
    """What is told of a document that nothing is stored of."""
    return {
        "answer": "saved",
        "session": None,
        "request": None,
        "rev": rev,
        "seqs": {},
        "error": None,
        "conflict": False,
    }

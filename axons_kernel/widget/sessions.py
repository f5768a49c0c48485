"""The numbering of ops: each view has a session, and each of its ops is done exactly once, in order."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from .answering import Reply

SESSIONS = 64  # that are remembered
ANSWERS = 64  # of each, for ops that come twice
ANSWER_BYTES = 2**20  # larger answers are not kept


@dataclass
class Session:
    """One view: the number of its last op that was done, the answers to the latest, when it was last heard of."""

    last: int
    heard: float
    answers: OrderedDict[int, Reply] = field(default_factory=OrderedDict)

    def done(self, seq: int, answer: Reply) -> None:
        """Op `seq` is done, with that answer."""
        self.last = seq
        if sum(map(len, answer.buffers)) <= ANSWER_BYTES:
            self.answers[seq] = answer
        while len(self.answers) > ANSWERS:
            self.answers.popitem(last=False)


class Sessions:
    """All views that have been heard of lately."""

    def __init__(self, known: dict[str, int]) -> None:
        """`known` are sessions of earlier kernels: name -> the last op that is in the stored labels."""
        self._known = known
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def get(self, name: str, now: float) -> Session:
        """The session of that name, a new one if need be."""
        session = self._sessions.setdefault(name, Session(self._known.get(name, 0), now))
        self._sessions.move_to_end(name)
        while len(self._sessions) > SESSIONS:
            self._sessions.popitem(last=False)
        return session

    def lasts(self, count: int) -> dict[str, int]:
        """The last ops of the `count` sessions that were heard of latest, for the stored labels."""
        own = {name: session.last for name, session in self._sessions.items() if session.last}
        older = {name: last for name, last in self._known.items() if name not in own}
        return dict(list({**older, **own}.items())[-count:])

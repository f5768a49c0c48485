"""A model looks at the whole image in a thread: it tells how far it is, can be stopped, and nothing waits for it."""

from __future__ import annotations

import queue
import threading
from typing import Any

import numpy as np
import pytest

from axons_kernel.annotations import Annotation, LabelClass
from axons_kernel.errors import InputError, StoppedPredictingError, StorageError
from axons_kernel.widget import asking
from axons_kernel.widget.answering import Course
from axons_kernel.widget.asking import Model, OnProgress
from axons_kernel.widget.autosave import Callback
from axons_kernel.widget.desk import Desk
from axons_kernel.widget.document import Settings
from axons_kernel.widget.picture import Picture
from axons_kernel.widget.protocol import Predicting, Saved

SECONDS = 20.0


class Slow:
    """A model that looks at one tile for each `go`, and a desk that asks it."""

    def __init__(self, count: int = 4) -> None:
        self.count, self.seen, self.calls = count, False, 0
        self.error: Exception | None = None
        self.go = threading.Semaphore(0)
        self.heard: queue.Queue[dict[str, Any]] = queue.Queue()
        found = np.zeros((32, 32), bool)
        found[4:12, 4:12] = True
        model = Model(lambda _: {"axon": found}, lambda: self.seen, self.look)
        self.seq = 0
        self.desk = Desk(
            Callback(Annotation(), None),
            Picture.of(np.zeros((32, 32), np.uint8)),
            [(0, 0, 32, 32)],
            Settings(("axon",), models={"m": model, "other": Model(lambda _: {}, lambda: False)}),
            Course((LabelClass("axon", (0, 0, 255)),)),
            told=self.hear,
            delay_s=60,
        )

    def hear(self, message: Saved | Predicting) -> None:
        if message["answer"] == "predicting":
            self.heard.put(dict(message))

    def look(self, on_progress: OnProgress) -> None:
        self.calls += 1
        on_progress(0, self.count)
        try:
            for done in range(1, self.count + 1):
                assert self.go.acquire(timeout=SECONDS)
                if self.error:
                    raise self.error
                on_progress(done, self.count)
        except KeyboardInterrupt as interrupt:
            raise StoppedPredictingError("stopped") from interrupt
        self.seen = True

    def ask(self, op: str, /, **content: Any) -> Any:
        return self.desk.receive({"op": op, "session": "view-1", "request": 1, **content}).content

    def do(self, op: str, /, **content: Any) -> Any:
        self.seq += 1
        head = {"op": op, "session": "view-1", "seq": self.seq, "base_rev": 0, "tile": 0}
        return self.desk.receive({**head, **content}).content

    def next(self) -> tuple[str, int, int]:
        """The next message of all that views are told."""
        message = self.heard.get(timeout=SECONDS)
        assert (message["answer"], message["session"], message["model"]) == ("predicting", None, "m")
        return message["state"], message["tiles"], message["total"]

    def end(self) -> str:
        """The last state."""
        while (state := self.next()[0]) in ("running", "stopping"):
            pass
        return state


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    monkeypatch.setattr(asking, "TELL_S", 0.0)
    return Slow()


def test_a_model_tells_how_far_it_is_while_ops_are_answered(slow: Slow) -> None:
    refused = slow.do("propose", model="m")
    assert "has not seen this image yet" in refused["error"]
    begun = slow.ask("predict", model="m")
    assert [begun[key] for key in ("answer", "session", "request", "state")] == ["predicting", "view-1", 1, "running"]
    assert slow.next() == ("running", 0, 4)
    slow.go.release()
    assert slow.next() == ("running", 1, 4)
    assert slow.do("point", label_class="axon", x=8, y=8)["answer"] == "ack"
    slow.ask("save")
    state = slow.ask("hello")
    assert (state["predicting"]["tiles"], state["predicting"]["total"]) == (1, 4), "a page that is loaded again knows"
    slow.go.release(3)
    assert slow.end() == "done"
    assert slow.do("propose", model="m")["rows"][0]["proposal"] is True


def test_asking_twice_looks_once(slow: Slow) -> None:
    slow.ask("predict", model="m")
    assert slow.ask("predict", model="m")["state"] == "running"
    assert "'m' is looking at the image" in slow.ask("predict", model="other")["error"]
    slow.go.release(4)
    assert slow.end() == "done"
    assert slow.calls == 1
    assert slow.ask("predict", model="m")["state"] == "done", "it has seen the image"
    assert slow.calls == 1
    assert slow.ask("hello")["predicting"] is None
    assert [row["source"] for row in slow.do("propose", model="m")["rows"]] == ["auto:m"]


def test_a_model_can_be_stopped_and_asked_again(slow: Slow) -> None:
    assert "No model is looking" in slow.ask("stop_predicting")["error"]
    slow.ask("predict", model="m")
    slow.go.release()
    assert [slow.next(), slow.next()] == [("running", 0, 4), ("running", 1, 4)]
    assert slow.ask("stop_predicting")["state"] == "stopping"
    slow.go.release()
    assert slow.next() == ("stopped", 1, 4)
    slow.ask("predict", model="m")
    slow.go.release(4)
    assert (slow.end(), slow.calls) == ("done", 2)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (StorageError("The disk is full."), "The disk is full."),
        (ZeroDivisionError("by zero"), "That did not work: ZeroDivisionError: by zero"),
    ],
)
def test_what_goes_wrong_is_told(slow: Slow, error: Exception, text: str) -> None:
    slow.error = error
    slow.ask("predict", model="m")
    slow.next()
    slow.go.release()
    message = slow.heard.get(timeout=SECONDS)
    assert (message["state"], message["error"]) == ("failed", text)
    assert slow.ask("predict", model="m")["state"] == "running", "it can be tried again"
    slow.go.release()
    assert slow.end() == "failed"


def test_messages_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "TELL_S", 3600.0)
    slow = Slow(count=500)
    slow.go.release(500)
    slow.ask("predict", model="m")
    assert [slow.next() for _ in range(3)] == [("running", 0, 500), ("running", 500, 500), ("done", 500, 500)]


def test_closing_stops_it_and_tells_nobody(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_LEAVING_S", 0.0)
    slow.ask("predict", model="m")
    slow.next()
    slow.desk.close()
    slow.go.release(4)
    (thread,) = [thread for thread in threading.enumerate() if thread.name == "axons-asking-m"]
    thread.join(SECONDS)
    assert (slow.seen, slow.heard.empty()) == (False, True)


def test_a_model_that_is_not_there(slow: Slow) -> None:
    assert "There is no model 'gone'; there are: 'm', 'other'" in slow.ask("predict", model="gone")["error"]
    with pytest.raises(InputError, match="none yet: train one first"):
        asking.model_of(None, "m")

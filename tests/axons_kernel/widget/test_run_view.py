"""The live view's kernel side, driven by the messages that a browser sends: right ones, wrong ones, forged ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ipywidgets", reason="the extra `widget` is not installed")

from axons_kernel.errors import InputError, NotFoundError
from axons_kernel.project import Project
from axons_kernel.runs import live
from axons_kernel.runs.control import requested
from axons_kernel.runs.following import Follower
from axons_kernel.runs.recording import say
from axons_kernel.runs.run import Run, RunInfo, RunStatus, now
from axons_kernel.training.config import TrainingConfig
from axons_kernel.widget import run_reviving, run_view
from axons_kernel.widget.run_messages import parse_message
from axons_kernel.widget.run_reviving import open_again
from axons_kernel.widget.run_view import RunWidget

MESSAGES = json.loads((Path(__file__).parents[2] / "data" / "run" / "messages.json").read_text())
NEWS = MESSAGES["from_kernel"][0]
NASTY = "<img src=x onerror=alert(1)>"
PICTURE = b"\x89PNG bytes"


@pytest.fixture
def run(project: Project) -> Run:
    """The run that the messages are about."""
    info = RunInfo(
        name="r",
        training_set="s",
        training_set_sha256="",
        classes=("disc", NASTY),
        config=TrainingConfig(),
        started=now(),
    )
    run = Run(project.store, info)
    run.store.write(run.key("config.json"), info.encode())
    run.set_status(RunStatus(state="running", message="training"))
    for line in NEWS["metrics"]["lines"]:
        run.append_metrics(line)
    run.store.append_line(run.key("resources.jsonl"), json.dumps(NEWS["resources"]["lines"][0]))
    say(run.store, "r", NEWS["messages"]["lines"][0]["text"])
    for kind in ("image", "reference", "epoch-0001"):
        run.store.write(run.key(f"examples/{kind}/0.png"), PICTURE)
    run.store.write(run.key("examples/epoch-0002/1.png"), PICTURE)
    return run


class Front:
    """A live view and what it has sent to the browser."""

    def __init__(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(live, "can_be_live", lambda: True)
        self.sent: list[tuple[dict[str, Any], list[bytes]]] = []
        widget = run.live()
        assert isinstance(widget, RunWidget)
        self.widget = widget
        self.widget.send = lambda content, buffers=(): self.sent.append((content, list(buffers)))

    def tell(self, content: Any) -> list[tuple[dict[str, Any], list[bytes]]]:
        """What the kernel answers to a message."""
        self.sent.clear()
        self.widget._handle_custom_msg(content, [])
        return list(self.sent)


@pytest.fixture
def front(run: Run, monkeypatch: pytest.MonkeyPatch) -> Front:
    return Front(run, monkeypatch)


def shape(value: Any) -> Any:
    """The keys of a message, and of what is in it."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else type(value).__name__


def test_the_scene_tells_what_the_run_is(front: Front, project: Project) -> None:
    scene = front.widget.scene
    assert (scene["name"], scene["training_set"], scene["facts"]["epochs"]) == ("r", "s", TrainingConfig().epochs)
    assert scene["every_s"] == 1  # and less often from a server
    assert scene["classes"][1]["name"] == NASTY and scene["classes"][0]["colour"].startswith("#")
    assert front.widget.revive == {"project": project.store.url, "run": "r"}
    json.dumps([scene, front.widget.revive])


def test_answers_are_what_the_browser_is_tested_with(front: Front) -> None:
    ((news, _),) = front.tell(MESSAGES["to_kernel"][0])
    assert shape(news) == shape(NEWS)
    assert news["metrics"]["lines"] == NEWS["metrics"]["lines"] and news["examples"] == NEWS["examples"]
    for number in (2, 3):
        ((answer, buffers),) = front.tell(MESSAGES["to_kernel"][number])
        assert answer == {"op": "picture", "id": number - 1} and bytes(buffers[0]) == PICTURE
    ((failed, _),) = front.tell(MESSAGES["to_kernel"][4])  # of epoch 2 there is another tile
    assert shape(failed) == shape(MESSAGES["from_kernel"][4]) and failed["id"] == 3


def test_buttons_leave_requests(front: Front, run: Run) -> None:
    seen = []
    for message in MESSAGES["to_kernel"][5:]:
        assert front.tell(message) == [({"op": "noted"}, [])]
        seen.append(requested(run.store, "r"))
    assert seen == ["pause", "go", "stop_after_epoch", "stop"]


def test_a_second_page_is_told_all_and_the_first_what_is_new(front: Front, run: Run) -> None:
    ((first, _),) = front.tell(MESSAGES["to_kernel"][0])
    known = {name: [first[name]["writing"], len(first[name]["lines"])] for name in ("metrics", "resources", "messages")}
    run.append_metrics({**NEWS["metrics"]["lines"][1], "epoch": 3})
    ((more, _),) = front.tell({"op": "news", "known": known})
    assert [line["epoch"] for line in more["metrics"]["lines"]] == [3]
    ((all_, _),) = front.tell(MESSAGES["to_kernel"][0])
    assert [line["epoch"] for line in all_["metrics"]["lines"]] == [1, 2, 3]


@pytest.mark.parametrize(
    "content",
    [
        None, 3, [], {}, {"op": "boo"}, {"op": "ask", "request": "format the disk"}, {"op": "ask", "request": "../x"},
        {"op": "picture", "id": 1, "kind": "../../x", "tile": 0}, {"op": "picture", "id": 1, "kind": 0, "tile": 0},
        {"op": "picture", "id": 1, "kind": True, "tile": 0}, {"op": "picture", "id": 1, "kind": "image", "tile": -1},
        {"op": "news", "known": {"status": ["", 0]}}, {"op": "news", "known": {"metrics": ["", -1]}},
        {"op": "news", "known": {"metrics": ["x" * 100, 0]}}, {"op": "news", "known": {}, "more": 1},
    ],
)  # fmt: skip
def test_forged_messages_change_nothing(front: Front, run: Run, content: Any, caplog: pytest.LogCaptureFixture) -> None:
    before = sorted(key for key, _ in run.store.walk())
    assert front.tell(content) == []
    assert "not one of the live view's" in caplog.text
    assert sorted(key for key, _ in run.store.walk()) == before
    with pytest.raises(InputError):
        parse_message(content)


def test_a_run_that_cannot_be_read_says_why(front: Front, run: Run) -> None:
    run.store.write(run.key("metrics.jsonl"), b"{nonsense}\n")
    ((answer, _),) = front.tell(MESSAGES["to_kernel"][0])
    assert shape(answer) == shape(MESSAGES["from_kernel"][5])
    assert "runs/r/metrics.jsonl is not readable JSON" in answer["message"]


def test_a_notebook_keeps_a_picture_that_is_made_anew_at_the_end(
    front: Front, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[str, dict[str, Any]]] = []
    handle = type("Handle", (), {"display_id": "here"})()
    monkeypatch.setattr(run_view, "display", lambda data, **_: shown.append(("new", data)) or handle)
    monkeypatch.setattr(run_view, "update_display", lambda data, display_id, raw: shown.append((display_id, data)))
    front.widget._ipython_display_()
    assert [set(data) for _, data in shown] == [
        {"image/png", "text/plain"},
        {"application/vnd.jupyter.widget-view+json", "text/plain"},
    ]
    assert "epoch 2" in shown[0][1]["text/plain"]
    for _ in range(5):
        front.tell(MESSAGES["to_kernel"][0])
    assert len(shown) == 2  # no flood
    run.set_status(RunStatus(state="finished"))
    for _ in range(3):
        front.tell(MESSAGES["to_kernel"][0])
    assert len(shown) == 3 and shown[2][0] == "here" and "finished" in shown[2][1]["text/plain"]


def test_a_kernel_that_was_restarted_follows_the_run_again(front: Front, run: Run) -> None:
    follower = open_again(front.widget.revive)
    assert isinstance(follower, Follower)
    assert len(follower.news({})["metrics"]["lines"]) == 2
    with pytest.raises(InputError, match="not said well: run: field required"):
        open_again({"project": run.store.url})
    with pytest.raises(NotFoundError, match="no run 'other'"):
        open_again({"project": run.store.url, "run": "other"})


class Connection:
    """What a view opens in a kernel that was restarted, and what has come through it."""

    def __init__(self) -> None:
        self.sent: list[tuple[dict[str, Any], list[bytes]]] = []
        self.closed: dict[str, Any] | None = None
        self.hear: Any = None

    def send(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        self.sent.append((content, buffers))

    def on_msg(self, hear: Any) -> None:
        self.hear = hear

    def close(self, data: dict[str, Any]) -> None:
        self.closed = data


def test_a_view_that_connects_again_is_answered(front: Front) -> None:
    connection = Connection()
    run_reviving._opened(connection, {"content": {"data": {"revive": front.widget.revive}}})
    for message in (*MESSAGES["to_kernel"][:3], {"op": "nonsense"}):
        connection.hear({"content": {"data": message}})
    assert [content["op"] for content, _ in connection.sent] == ["news", "news", "picture"]
    assert connection.sent[2][1] == [PICTURE]
    gone = Connection()
    run_reviving._opened(gone, {"content": {"data": {"revive": {"project": "/nowhere", "run": "r"}}}})
    assert gone.hear is None and gone.closed and "no project at /nowhere" in gone.closed["error"]

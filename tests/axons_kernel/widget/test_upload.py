"""The upload's kernel side, driven by the messages that a browser sends: right ones, wrong ones, forged ones."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("ipywidgets", reason="the extra `widget` is not installed")

from axons_kernel.errors import ImageReadError, InputError, StorageError
from axons_kernel.widget.upload import Imported, Place, UploadWidget
from axons_kernel.widget.upload_messages import CHUNK, parse_upload_message

MESSAGES = json.loads((Path(__file__).parents[2] / "data" / "upload" / "messages.json").read_text())
HELLO = b"hello"
MODIFIED = 12.5


class Kept:
    """An incoming file in memory that a full disk can stop."""

    def __init__(self) -> None:
        self.data = b""
        self.discarded = False
        self.full = False

    @property
    def size(self) -> int:
        return len(self.data)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def append(self, data: bytes | memoryview) -> None:
        if self.full:
            raise StorageError("Cannot write the file: the disk is full. Free some space, then run it again.")
        self.data += bytes(data)

    def discard(self) -> None:
        self.discarded = True


class Page:
    """An upload, what it has sent to the browser, and a browser's messages."""

    def __init__(
        self, bring_in: Callable[..., Imported] | None = None, free: int = 10**9, largest: int = 10**6
    ) -> None:
        self.kept: list[Kept] = []
        self.brought: list[tuple[bytes, str, str, float | None]] = []
        self.sent: list[dict[str, Any]] = []
        self.bring_in = bring_in or (lambda *_: Imported("sciatic", "sciatic: 4 x 4 pixels", b"PNG"))
        self.widget = UploadWidget(Place(self._new, lambda: free, self._bring_in), largest=largest)
        self.widget.send = lambda content, buffers=(): self.sent.append(content)

    def _new(self) -> Kept:
        self.kept.append(Kept())
        return self.kept[-1]

    def _bring_in(self, file: Kept, filename: str, name: str, size: float | None) -> Imported:
        self.brought.append((file.data, filename, name, size))
        return self.bring_in(file, filename, name, size)

    def tell(self, content: Any, *buffers: bytes) -> list[dict[str, Any]]:
        self.sent.clear()
        self.widget._handle_custom_msg(content, [memoryview(b) for b in buffers])
        return list(self.sent)

    def offer(self, id: str = "f1", **other: Any) -> list[dict[str, Any]]:
        return self.tell({"op": "offer", "id": id, "name": "a.png", "size": 5, "modified": MODIFIED, **other})

    def chunk(self, offset: int, data: bytes, id: str = "f1") -> list[dict[str, Any]]:
        return self.tell({"op": "chunk", "id": id, "offset": offset}, data)

    def finish(self, data: bytes = HELLO, id: str = "f1") -> list[dict[str, Any]]:
        return self.tell({"op": "finish", "id": id, "sha256": hashlib.sha256(data).hexdigest()})

    def whole(self) -> None:
        self.offer()
        self.chunk(0, HELLO)
        self.finish()

    def row(self, id: str = "f1") -> dict[str, Any]:
        return self.widget.files[id]

    def wait(self, *states: str, id: str = "f1") -> dict[str, Any]:
        end = time.monotonic() + 5
        while self.row(id)["state"] not in states:
            assert time.monotonic() < end, self.row(id)
            time.sleep(0.01)
        return self.row(id)


@pytest.fixture
def page() -> Iterator[Page]:
    made = Page()
    yield made
    made.widget.close()


def test_a_file_becomes_an_image(page: Page) -> None:
    assert page.offer() == [{"op": "accept", "id": "f1", "offset": 0}]
    assert page.chunk(0, b"hel") == [{"op": "ack", "id": "f1", "received": 3}]
    assert page.chunk(3, b"lo") == [{"op": "ack", "id": "f1", "received": 5}]
    page.finish()
    row = page.wait("done")
    assert page.brought == [(HELLO, "a.png", "", None)]
    assert (row["image"], row["message"]) == ("sciatic", "sciatic: 4 x 4 pixels")
    assert page.widget.images == ["sciatic"] and page.widget.pictures == {"f1": b"PNG"}
    assert page.kept[0].discarded


def test_pieces_that_come_twice_or_too_early_change_nothing(page: Page) -> None:
    page.offer()
    page.chunk(0, b"he")
    assert page.chunk(0, b"he") == [{"op": "ack", "id": "f1", "received": 2}]
    assert page.chunk(3, b"lo") == [{"op": "ack", "id": "f1", "received": 2}]
    page.chunk(2, b"llo")
    assert page.kept[0].data == HELLO


def test_more_bytes_than_were_told_are_not_taken(page: Page) -> None:
    page.offer()
    page.chunk(0, b"hello world")
    page.tell({"op": "chunk", "id": "f1", "offset": 0})
    assert page.kept[0].data == b""
    page.offer("f2", name="b.png", size=10 * CHUNK // 20)
    page.chunk(0, bytes(CHUNK + 1), "f2")
    assert page.kept[1].data == b""


def test_after_a_break_or_a_reload_it_goes_on_where_it_was(page: Page) -> None:
    page.offer()
    page.chunk(0, b"hel")
    assert page.offer("f1") == [{"op": "accept", "id": "f1", "offset": 3}]
    assert page.offer("f2") == [{"op": "accept", "id": "f2", "offset": 3}]
    assert list(page.widget.files) == ["f2"] and len(page.kept) == 1
    page.chunk(3, b"lo", "f2")
    page.finish(id="f2")
    page.wait("done", id="f2")
    assert page.brought[0][0] == HELLO


def test_another_version_of_a_file_starts_anew(page: Page) -> None:
    page.offer()
    page.chunk(0, b"hel")
    assert page.offer("f2", modified=99.0) == [{"op": "accept", "id": "f2", "offset": 0}]


def test_bytes_that_are_missing_at_the_end_are_asked_for(page: Page) -> None:
    page.offer()
    page.chunk(0, b"hel")
    assert page.finish() == [{"op": "accept", "id": "f1", "offset": 3}]


def test_a_damaged_file_is_not_imported(page: Page) -> None:
    page.offer()
    page.chunk(0, b"hellO")
    page.finish()
    assert "damaged" in page.wait("failed")["message"]
    assert not page.brought and page.kept[0].discarded


@pytest.mark.parametrize(
    ("size", "free", "sentence"),
    [
        (0, 10**9, "is empty"),
        (2_000_000, 10**9, "has 2 MB; a file may have 1 MB at most"),
        (500_000, 700_000, "needs 1 MB while it is imported, and the disk has 700 kB left"),
    ],
)
def test_what_cannot_be_taken_is_told_before_a_byte_is_sent(size: int, free: int, sentence: str) -> None:
    page = Page(free=free)
    assert page.offer(size=size) == [{"op": "stop", "id": "f1"}]
    assert page.row()["state"] == "failed" and sentence in page.row()["message"]
    assert not page.kept


def test_what_is_still_to_come_counts_as_taken_space() -> None:
    page = Page(free=1_500_000)
    page.offer(size=500_000)
    assert page.offer("f2", name="b.png", size=550_000) == [{"op": "stop", "id": "f2"}]
    assert "the disk has 1 MB left" in page.row("f2")["message"]


def test_a_full_disk_ends_a_transfer_with_its_sentence(page: Page) -> None:
    page.offer()
    page.kept[0].full = True
    assert page.chunk(0, HELLO) == [{"op": "stop", "id": "f1"}]
    assert "the disk is full" in page.row()["message"] and page.kept[0].discarded


def test_what_is_no_image_is_told_and_removed() -> None:
    def refuse(*_: Any) -> Imported:
        raise ImageReadError("a.png is not an image that can be read.")

    page = Page(refuse)
    page.whole()
    assert page.wait("failed")["message"] == "a.png is not an image that can be read."
    assert page.kept[0].discarded


def test_a_pixel_size_is_asked_for_and_the_file_need_not_come_again() -> None:
    def import_with_size(_: Any, __: str, name: str, size: float | None) -> Imported:
        if size is None:
            raise InputError("The pixel size of a.png is not known: give it in µm here.")
        return Imported(name or "a", "an image", b"")

    page = Page(import_with_size)
    page.whole()
    assert "pixel size" in page.wait("asking")["message"] and not page.kept[0].discarded
    page.tell({"op": "import", "id": "f1", "name": " nerve ", "pixel_size_um": 0.1})
    assert page.wait("done")["image"] == "nerve"
    assert page.brought[-1] == (HELLO, "a.png", "nerve", 0.1) and page.kept[0].discarded


def test_an_error_that_nobody_has_thought_of_is_told(caplog: pytest.LogCaptureFixture) -> None:
    page = Page(lambda *_: 1 / 0)  # type: ignore[return-value, arg-type]
    page.whole()
    assert "ZeroDivisionError" in page.wait("failed")["message"]
    assert "could not be imported" in caplog.text


def test_cancelling_removes_what_has_come(page: Page) -> None:
    page.offer()
    page.chunk(0, b"hel")
    page.tell({"op": "remove", "id": "f1"})
    assert not page.widget.files and page.kept[0].discarded
    assert page.chunk(3, b"lo") == [{"op": "stop", "id": "f1"}]


def test_an_import_is_not_taken_away_under_its_feet() -> None:
    go = threading.Event()

    def slow(*_: Any) -> Imported:
        go.wait(5)
        return Imported("a", "", b"")

    page = Page(slow)
    page.whole()
    page.tell({"op": "remove", "id": "f1"})
    assert page.row()["state"] == "importing" and not page.kept[0].discarded
    go.set()
    page.wait("done")


def test_closing_removes_what_has_come(page: Page) -> None:
    page.offer()
    page.widget.close()
    assert page.kept[0].discarded


def test_names_that_hide_something_are_shown_as_they_are(page: Page) -> None:
    page.offer(name="\u202egnp.exe\0<b>")
    assert page.row()["name"] == "�gnp.exe�<b>"


def test_both_sides_know_the_same_messages(page: Page) -> None:
    for message in MESSAGES["to_kernel"]:
        parse_upload_message(message)
    offer, chunk, _, _, remove = MESSAGES["to_kernel"]
    data = MESSAGES["chunk_bytes"].encode()
    assert page.tell(offer) + page.tell(chunk, data) + page.tell(remove) == MESSAGES["from_kernel"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
FIELDS = st.sampled_from(["op", "id", "name", "size", "modified", "offset", "sha256", "pixel_size_um"])


@st.composite
def forged(draw: Any) -> Any:
    """A right message of which something has been replaced, or anything at all."""
    message = dict(draw(st.sampled_from(MESSAGES["to_kernel"])))
    message[draw(FIELDS)] = draw(JSON)
    return draw(st.sampled_from([message, draw(JSON)]))


@settings(max_examples=100)
@given(st.lists(st.tuples(forged(), st.lists(st.binary(max_size=8), max_size=2)), max_size=5))
def test_forged_messages_do_no_harm(messages: list[tuple[Any, list[bytes]]]) -> None:
    page = Page()
    page.offer("good")
    page.chunk(0, b"hel", "good")
    for message, buffers in messages:
        page.tell(message, *buffers)
    page.chunk(3, b"lo", "good")
    page.finish(id="good")
    assert page.wait("done", id="good")["image"] == "sciatic"
    assert (HELLO, "a.png", "", None) in page.brought
    page.widget.close()

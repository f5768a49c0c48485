"""JSON documents: schema and version first, unknown keys kept, every problem named."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axons_kernel.documents import Document, parse_json
from axons_kernel.errors import SchemaError


class Note(Document):
    """A document of these tests."""

    kind: ClassVar[str] = "note"
    version: ClassVar[int] = 2
    text: str
    marks: tuple[float, ...] = ()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.text(), st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=4), JSON)
def test_round_trip_keeps_unknown_keys(text: str, marks: list[float], extra: Any) -> None:
    note = Note.model_validate({"text": text, "marks": tuple(marks), "x-later": extra})
    again = Note.decode(note.encode(), "n.json")
    assert again == note
    assert json.loads(again.encode())["x-later"] == extra


def test_schema_comes_first_and_text_stays_readable() -> None:
    data = Note(text="µm").encode().decode()
    assert data.startswith('{\n  "schema": "axons.note/2"') and "µm" in data and data.endswith("}\n")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_cannot_be_read_back_is_not_written(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        Note(text="", marks=(value,)).encode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "n.json is not readable JSON"),
        (b"{", "n.json is not readable JSON"),
        (b"\xff\xfe{}", "n.json is not readable JSON"),
        (b"[" * 100_000, "n.json is not readable JSON"),
        (b'{"schema": "axons.note/2", "text": "", "marks": [NaN]}', "NaN is not a number in JSON"),
        (b"[]", "n.json should hold a JSON object, and holds a list"),
        (b"{}", "n.json says its schema is None; axons.note/2 is needed"),
        (b'{"schema": "axons.image/1"}', "'axons.image/1'; axons.note/2 is needed"),
        (b'{"schema": "axons.note/2x"}', "axons.note/2 is needed"),
        (b'{"schema": "axons.note/3"}', r"newer Axons \(schema axons.note/3, this one reads up to /2\)"),
        (b'{"schema": "axons.note/2"}', "n.json is not a valid note: text: field required"),
        (b'{"schema": "axons.note/2", "text": 5, "marks": [1, "x"]}', r"text: .*\(given 5\); marks.1: .*\(given 'x'\)"),
    ],
)
def test_bad_document(data: bytes, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        Note.decode(data, "n.json")


def test_older_schema_is_read() -> None:
    assert Note.decode(b'{"schema": "axons.note/1", "text": "t"}', "n.json").text == "t"


def test_documents_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Note(text="a").text = "b"  # type: ignore[misc]


def test_parse_json_reads_values() -> None:
    assert parse_json(b'{"a": [1, null]}', "x") == {"a": [1, None]}

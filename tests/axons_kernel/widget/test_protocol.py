"""Messages: the examples that the TypeScript tests read too, and nothing else gets through."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axons_kernel.errors import InputError
from axons_kernel.widget import protocol

DATA = Path(__file__).parents[2] / "data" / "annotate"
MESSAGES = json.loads((DATA / "messages.json").read_text())
ANSWERS = {
    "ack": protocol.Ack,
    "refused": protocol.Refused,
    "saved": protocol.Saved,
    "predicting": protocol.Predicting,
    "state": protocol.StateAnswer,
    "geometry": protocol.GeometryAnswer,
    "copied": protocol.Copied,
    "show": protocol.Show,
    "superpixels": protocol.SuperpixelAnswer,
    "cost_map": protocol.CostAnswer,
    "livewire": protocol.LiveWireAnswer,
}


@pytest.mark.parametrize("message", MESSAGES["ops"] + MESSAGES["requests"], ids=lambda message: message["op"])
def test_examples_are_understood(message: dict[str, Any]) -> None:
    parsed = protocol.parse(message)
    assert protocol.is_op(parsed) == ("seq" in message)
    again = json.loads(parsed.model_dump_json(exclude_unset=True))
    assert again == message


def test_there_is_an_example_of_every_message() -> None:
    kinds = {type(protocol.parse(message)) for message in MESSAGES["ops"] + MESSAGES["requests"]}
    assert kinds == {*get_args(protocol.AnyOp), *get_args(protocol.AnyRequest)}


@pytest.mark.parametrize("case", MESSAGES["refused"], ids=lambda case: case["name"])
def test_anything_else_is_refused_in_a_sentence(case: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"(?s)^The message .*\.$"):
        protocol.parse(case["message"])


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)
    )
)
def test_junk_is_refused(content: Any) -> None:
    with pytest.raises(InputError):
        protocol.parse(content)


def test_a_message_that_is_too_long_is_refused() -> None:
    with pytest.raises(InputError, match="too long"):
        protocol.parse({"op": "x" * protocol.LARGEST_MESSAGE})


@pytest.mark.parametrize("answer", MESSAGES["answers"], ids=lambda answer: answer["answer"])
def test_example_answers_have_the_documented_keys(answer: dict[str, Any]) -> None:
    assert ANSWERS[answer["answer"]].__required_keys__ == set(answer)

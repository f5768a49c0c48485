"""Attributes of labels: the controls that a course offers for them, in django-labeller's form, and the values allowed.

A control is a check box (bool), a choice (radio buttons or a pop-up menu: one of its values) or a text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ..documents import problems
from ..errors import InputError


class Choice(BaseModel):
    """One value of a choice."""

    model_config = ConfigDict(frozen=True, extra="allow")
    value: str
    label_text: str
    tooltip: str = ""


class ChoiceGroup(BaseModel):
    """Values that stand together in a menu."""

    model_config = ConfigDict(frozen=True, extra="allow")
    label_text: str
    choices: tuple[Choice, ...]


class _Control(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")
    identifier: Annotated[str, Field(min_length=1, max_length=100)]
    label_text: str
    visibility_label_text: str | None = None


class CheckBox(_Control):
    """True or false."""

    control: Literal["checkbox"]


class Radio(_Control):
    """One of a few values, all in sight."""

    control: Literal["radio"]
    choices: tuple[Choice, ...]
    label_on_own_line: bool = False


class Menu(_Control):
    """One of many values."""

    control: Literal["popup_menu"]
    groups: tuple[ChoiceGroup, ...]


class TextBox(_Control):
    """A text of the student's own."""

    control: Literal["text"]
    multiline: bool = False


Control = CheckBox | Radio | Menu | TextBox
_CONTROLS: TypeAdapter[tuple[Control, ...]] = TypeAdapter(
    tuple[Annotated[Control, Field(discriminator="control")], ...]
)


def read_controls(items: Iterable[Mapping[str, Any]]) -> tuple[Control, ...]:
    """Controls from django-labeller's JSON. Raises InputError that names every problem."""
    try:
        controls = _CONTROLS.validate_python(tuple(items))
    except ValidationError as error:
        raise InputError(f"The attributes cannot be taken: {problems(error)}.") from error
    names = [control.identifier for control in controls]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"Attributes need different identifiers; {', '.join(map(repr, twice))} occurs twice.")
    return controls


def check_value(controls: Iterable[Control], name: str, value: Any) -> None:
    """Raises InputError when no control allows this value of the attribute `name`; None, to remove it, is allowed."""
    control = next((c for c in controls if c.identifier == name), None)
    if control is None:
        have = ", ".join(repr(c.identifier) for c in controls) or "none"
        raise InputError(f"There is no attribute {name!r} here; there are: {have}.")
    if value is None:
        return
    if isinstance(control, CheckBox):
        allowed, wanted = isinstance(value, bool), "yes or no"
    elif isinstance(control, TextBox):
        allowed, wanted = isinstance(value, str), "a text"
    else:
        groups = [control.choices] if isinstance(control, Radio) else [group.choices for group in control.groups]
        values = [choice.value for choices in groups for choice in choices]
        allowed, wanted = value in values and isinstance(value, str), "one of " + ", ".join(map(repr, values))
    if not allowed:
        raise InputError(f"The attribute {name!r} cannot be {value!r:.60}: it is {wanted}.")

"""Keys, and what the status line says about saving."""

from __future__ import annotations

import re

import pytest

from axons_kernel.annotations import Annotation, PointLabel
from axons_kernel.widget.keys import command_for_key
from axons_kernel.widget.saving import Saver
from axons_kernel.widget.tools import Tool

POINT = PointLabel(label_class="axon", position=(1, 1))


@pytest.mark.parametrize(
    ("key", "modifiers", "command"),
    [
        ("z", {"control": True}, ("undo", None)),
        ("Z", {"control": True, "shift": True}, ("redo", None)),
        ("y", {"control": True}, ("redo", None)),
        ("s", {"control": True}, ("save", None)),
        ("s", {}, ("tool", Tool.PICK)),
        ("2", {}, ("label_class", "myelin")),
        ("3", {}, None),
        ("²", {}, None),
        ("Tab", {}, ("leave", None)),
        ("ArrowLeft", {}, ("pan", (60, 0))),
        ("c", {"control": True}, None),
        ("F5", {}, None),
    ],
)
def test_keys(key: str, modifiers: dict[str, bool], command: object) -> None:
    pressed = {"shift": False, "control": False, **modifiers}
    assert command_for_key(key, classes=["axon", "myelin"], **pressed) == command


def test_saves_each_change_once() -> None:
    saved: list[Annotation] = []
    start = Annotation()
    saver = Saver(saved.append, start)
    saver.changed(start)
    changed = start.adding(POINT)
    saver.changed(changed)
    saver.changed(changed)
    assert saved == [changed] and re.fullmatch(r"saved \d\d:\d\d:\d\d", saver.text) and not saver.failed


def test_a_failed_save_is_said_counted_and_made_good() -> None:
    problems: list[Exception] = [OSError("No space left."), OSError()]

    def save(_: Annotation) -> None:
        if problems:
            raise problems.pop(0)

    saver = Saver(save, Annotation())
    saver.changed(Annotation((POINT,)))
    assert saver.failed and saver.text == "1 unsaved: No space left. Press save to try again."
    saver.changed(Annotation())
    assert saver.failed and saver.text == "2 unsaved: OSError Press save to try again."
    saver.save(Annotation())
    assert not saver.failed and saver.text.startswith("saved ")


def test_without_storage_it_says_where_the_changes_are() -> None:
    saver = Saver(None, Annotation())
    saver.save(Annotation())
    assert saver.text == ""
    saver.changed(Annotation((POINT,)))
    assert saver.text == "1 unsaved: kept in `.annotation` only"

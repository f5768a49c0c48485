"""Which key asks for what.

ipycanvas swallows every key while the canvas has the focus, whether or not Python listens. So the common
ones are answered: Ctrl+S saves, and Tab leaves the canvas instead of keeping keyboard users inside.
"""

from __future__ import annotations

from collections.abc import Sequence

from .tools import Tool

Command = tuple[str, object]
PLAIN = {
    "Enter": "finish",
    "Escape": "cancel",
    "Delete": "delete",
    "Backspace": "delete",
    "+": "zoom_in",
    "=": "zoom_in",
    "-": "zoom_out",
    "0": "fit",
    "[": "previous_tile",
    "]": "next_tile",
    "v": "toggle_visible",
    "Tab": "leave",
}
CONTROL = {"z": "undo", "y": "redo", "s": "save"}
TOOLS = {
    "p": Tool.POLYGON,
    "f": Tool.FREEHAND,
    "b": Tool.BOX,
    "o": Tool.POINT,
    "s": Tool.PICK,
    "m": Tool.PAN,
}
PAN_STEP = 60  # canvas pixels per press of an arrow key
ARROWS = {
    "ArrowLeft": (PAN_STEP, 0),
    "ArrowRight": (-PAN_STEP, 0),
    "ArrowUp": (0, PAN_STEP),
    "ArrowDown": (0, -PAN_STEP),
}


def command_for_key(key: str, *, shift: bool, control: bool, classes: Sequence[str]) -> Command | None:
    """The command and its value for a key as browsers name it; 1 to 9 choose a class; None for other keys.

    `control` is Ctrl, or Command on a Mac.
    """
    if control:
        name = "redo" if shift and key.lower() == "z" else CONTROL.get(key.lower())
        return (name, None) if name else None
    if key in PLAIN:
        return (PLAIN[key], None)
    if key in TOOLS:
        return ("tool", TOOLS[key])
    if key in ARROWS:
        return ("pan", ARROWS[key])
    if len(key) == 1 and key in "123456789" and int(key) <= len(classes):
        return ("label_class", classes[int(key) - 1])
    return None

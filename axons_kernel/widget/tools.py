"""The tools of the annotator and what the status line says about each."""

from __future__ import annotations

from enum import StrEnum


class Tool(StrEnum):
    """What a press on the picture does."""

    POLYGON = "polygon"
    FREEHAND = "freehand"
    BOX = "box"
    POINT = "point"
    PICK = "pick"
    PAN = "pan"


HINTS = {
    Tool.POLYGON: "Click corner after corner. Close it on the first corner, by double-click or Enter.",
    Tool.FREEHAND: "Hold the button and draw around the object; let go to close the outline.",
    Tool.BOX: "Hold the button at one corner, drag to the opposite one, let go.",
    Tool.POINT: "Click on the object.",
    Tool.PICK: "Click an object to select it; click again for the one beneath it.",
    Tool.PAN: "Drag to move the picture; turn the wheel to zoom.",
}

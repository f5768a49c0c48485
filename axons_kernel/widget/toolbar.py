"""The rows of controls around the canvas, in ipywidgets. It shows a state and reports what was asked for.

Class names come from users and are text: they go only where ipywidgets sets text content (button
descriptions) or through `html.escape`; never into raw HTML.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets

from ..annotations import LabelClass
from .tools import HINTS, Tool

TOOL_FACES = {  # text, icon (Font Awesome 5), key
    Tool.POLYGON: ("Polygon", "draw-polygon", "p"),
    Tool.FREEHAND: ("Freehand", "pencil", "f"),
    Tool.BOX: ("Box", "square-o", "b"),
    Tool.POINT: ("Point", "dot-circle-o", "o"),
    Tool.PICK: ("Select", "mouse-pointer", "s"),
    Tool.PAN: ("Move", "arrows", "m"),
}
COMMANDS = {  # command: icon, tooltip
    "undo": ("undo", "Undo (Ctrl+Z)"),
    "redo": ("repeat", "Redo (Ctrl+Y)"),
    "delete": ("trash", "Delete the selected label (Delete)"),
    "zoom_out": ("search-minus", "Zoom out (-)"),
    "fit": ("arrows-alt", "Show everything (0)"),
    "zoom_in": ("search-plus", "Zoom in (+)"),
    "previous_tile": ("chevron-left", "Previous tile ([)"),
    "next_tile": ("chevron-right", "Next tile (])"),
    "save": ("save", "Save now (Ctrl+S)"),
}
BUTTON = {"width": "36px", "margin": "2px 1px", "padding": "0"}


@dataclass(frozen=True)
class ToolbarState:
    """All that the controls show."""

    tool: Tool
    label_class: str
    counts: Mapping[str, int]  # labels per class name
    can_undo: bool
    can_redo: bool
    can_delete: bool
    finished: bool
    message: str
    warning: bool
    saved: str
    save_failed: bool
    tile: int  # counted from 0


class Toolbar:
    """Widgets `top`, `classes`, `status`; `ask(command, value)` is called for everything a user asks for."""

    def __init__(self, classes: Sequence[LabelClass], n_tiles: int, ask: Callable[[str, Any], None]) -> None:
        """One button per class; tile buttons when `n_tiles` is not 0."""
        self._ask = ask
        self._showing = False  # while values are set from here, their observers must keep still
        self._n_tiles = n_tiles
        self._commands = {name: self._command_button(name) for name in COMMANDS}
        self._tools = {tool: self._tool_button(tool) for tool in Tool}
        self._classes = {c.name: self._class_button(c, number) for number, c in enumerate(classes, start=1)}
        self._visible = widgets.ToggleButton(
            value=True, icon="eye", tooltip="Show or hide the labels (v)", layout=widgets.Layout(**BUTTON)
        )
        self._opacity = widgets.FloatSlider(
            value=0.35, min=0.0, max=1.0, step=0.05, readout=False, continuous_update=False,
            tooltip="How strongly labels are filled", layout=widgets.Layout(width="110px"),
        )  # fmt: skip
        self._finished = widgets.Checkbox(
            description="Finished", indent=False, tooltip="This image is completely annotated",
            layout=widgets.Layout(width="auto", margin="2px 8px"),
        )  # fmt: skip
        self._message, self._saved, self._tile, self._others = (widgets.HTML() for _ in range(4))
        for control, command in (
            (self._visible, "visible"),
            (self._opacity, "opacity"),
            (self._finished, "finished"),
        ):
            control.observe(self._reporter(command), "value")
        self._arrange()

    def _arrange(self) -> None:
        row = widgets.Layout(flex_flow="row wrap", align_items="center", overflow="visible")
        gap = widgets.Layout(width="12px")
        c = self._commands
        views = [c["zoom_out"], c["fit"], c["zoom_in"], self._visible, self._opacity]
        self.top = widgets.HBox(
            [*self._tools.values(), widgets.Box(layout=gap), c["undo"], c["redo"], c["delete"],
             widgets.Box(layout=gap), *views], layout=row,
        )  # fmt: skip
        self.classes = widgets.HBox([*self._classes.values(), self._others], layout=row)
        tiles = [c["previous_tile"], self._tile, c["next_tile"]] if self._n_tiles else []
        self._message.layout = widgets.Layout(flex="1 1 0%", min_width="240px")
        self.status = widgets.HBox([self._message, self._saved, c["save"], *tiles, self._finished], layout=row)

    def show(self, state: ToolbarState) -> None:
        """Bring all controls to `state`."""
        self._showing = True
        try:
            for tool, button in self._tools.items():
                button.value = tool is state.tool
            for name, button in self._classes.items():
                button.value = name == state.label_class
                button.description = f"{name} · {state.counts.get(name, 0)}"
            others = sum(state.counts.values()) - sum(state.counts.get(name, 0) for name in self._classes)
            self._others.value = _text(f"other classes · {others}") if others else ""
            self._commands["undo"].disabled = not state.can_undo
            self._commands["redo"].disabled = not state.can_redo
            self._commands["delete"].disabled = not state.can_delete
            self._commands["previous_tile"].disabled = state.tile == 0
            self._commands["next_tile"].disabled = state.tile >= self._n_tiles - 1
            self._finished.value = state.finished
            self._tile.value = _text(f"Tile {state.tile + 1} of {self._n_tiles}")
            self._message.value = _text(state.message, warning=state.warning)
            self._saved.value = _text(state.saved, warning=state.save_failed)
        finally:
            self._showing = False

    def toggle_visible(self) -> None:
        """Press the eye."""
        self._visible.value = not self._visible.value

    def _command_button(self, name: str) -> widgets.Button:
        icon, tooltip = COMMANDS[name]
        button = widgets.Button(icon=icon, tooltip=tooltip, layout=widgets.Layout(**BUTTON))
        button.add_class(f"axons-{name.replace('_', '-')}")
        button.on_click(lambda _: self._ask(name, None))
        return button

    def _tool_button(self, tool: Tool) -> widgets.ToggleButton:
        text, icon, key = TOOL_FACES[tool]
        button = widgets.ToggleButton(
            description=text, icon=icon, tooltip=f"{HINTS[tool]} ({key})",
            layout=widgets.Layout(width="auto", margin="2px 1px"),
        )  # fmt: skip
        button.add_class(f"axons-tool-{tool}")
        button.observe(self._radio_reporter("tool", tool), "value")
        return button

    def _class_button(self, label_class: LabelClass, number: int) -> widgets.ToggleButton:
        colour = "rgb({}, {}, {})".format(*label_class.colour)
        key = f" (key {number})" if number <= 9 else ""
        button = widgets.ToggleButton(
            tooltip=f"New labels are {label_class.name}; a selected label becomes it{key}",
            layout=widgets.Layout(width="auto", margin="2px 2px", border_left=f"10px solid {colour}"),
        )
        button.add_class("axons-class")
        button.observe(self._radio_reporter("label_class", label_class.name), "value")
        return button

    def _reporter(self, command: str) -> Callable[[Any], None]:
        def report(change: Any) -> None:
            if not self._showing:
                self._ask(command, change["new"])

        return report

    def _radio_reporter(self, command: str, value: Any) -> Callable[[Any], None]:
        """Report a press, also of the button that is on already: `show` then switches it on again."""

        def report(_: Any) -> None:
            if not self._showing:
                self._ask(command, value)

        return report


def _text(text: str, *, warning: bool = False) -> str:
    """Escaped text that screen readers announce; warnings stand out in light and dark themes."""
    colour = "var(--jp-error-color1, #d32f2f)" if warning else "inherit"
    weight = "600" if warning else "normal"
    style = f"color: {colour}; font-weight: {weight}; line-height: 1.4; margin: 0 6px; display: block"
    return f'<span class="axons-text" role="status" style="{style}">{html.escape(text)}</span>'

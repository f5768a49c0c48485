"""The image viewer: answers its front end's wishes for tiles and pixel values.

JupyterLab sends a widget's messages to a thread of their own (a subshell), so tiles come while a cell runs.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import traitlets
from IPython import get_ipython
from IPython.display import display
from pydantic import TypeAdapter, ValidationError

from ..documents import problems
from ..errors import AxonsKernelError, InputError
from ..pyramid import Pyramid
from ..tiling import Tile
from .lab_widget import LabWidget
from .layers import Overlay, Picture, Window, encode_numbers, encode_pixels
from .look import Look, channel_statistics, default_look, is_rgb
from .subshell import answer_where_asked
from .viewer_messages import IMAGE, OverlayLook, TileRequest, TilesMessage, ValueMessage, parse_message

TILE = 512  # pixels; the side of a stored block, so that one tile needs one of them
_COARSE = 512  # pixels; the longer side of the level that the statistics come from
log = logging.getLogger(__name__)


class ViewerWidget(LabWidget):
    """A zoomable view of a pyramid with overlays; how it is shown lives here and survives a reload of the page."""

    _model_name = traitlets.Unicode("ViewerModel").tag(sync=True)
    _view_name = traitlets.Unicode("ViewerView").tag(sync=True)
    scene = traitlets.Dict(help="what the image is").tag(sync=True)
    look = traitlets.Dict(help="how its channels are drawn").tag(sync=True)
    overlays = traitlets.Dict(help="how each overlay is drawn, by id").tag(sync=True)
    place: Any = traitlets.Any(None, help="x, y, width of the view").tag(sync=True)
    revision = traitlets.Int(0, help="counts the changes of the overlays").tag(sync=True)

    def __init__(
        self,
        pyramid: Pyramid,
        *,
        name: str,
        pixel_size_um: float,
        channels: Sequence[str] = (),
        overlays: Mapping[str, Overlay] | None = None,
        static: bytes = b"",
    ) -> None:
        """`channels` are names, () for colours; `overlays` by id, bottom first; `static` is a JPEG of it."""
        self._pyramid, self._static = pyramid, static
        self._layers = dict(overlays or {})
        level = pyramid.level_for(max(1.0, max(pyramid.shape) / _COARSE))
        height, width = pyramid.levels[level].shape
        coarse = pyramid.read(Tile(0, 0, min(width, 2 * _COARSE), min(height, 2 * _COARSE)), level)[::2, ::2]
        rgb = is_rgb(pyramid.dtype, pyramid.channels) and not channels
        statistics = channel_statistics(coarse, channel_names(channels, pyramid.channels, rgb=rgb))
        self._look = default_look(statistics, rgb=rgb)
        visible = {key: _look_of(number, len(self._layers)) for number, key in enumerate(self._layers)}
        super().__init__(
            scene={
                "name": name,
                "width": pyramid.shape[1],
                "height": pyramid.shape[0],
                "tile_size": TILE,
                "pixel_size_um": pixel_size_um,
                "dtype": str(pyramid.dtype),
                "rgb": rgb,
                "levels": [{"width": v.shape[1], "height": v.shape[0], "scale": v.scale} for v in pyramid.levels],
                "channels": [{"name": c.name, "range": c.range, "auto": c.auto} for c in statistics],
                "overlays": [_overlay_info(key, overlay) for key, overlay in self._layers.items()],
            },
            look=self._look.model_dump(),
            overlays=visible,
        )
        self.on_msg(self._answer)
        answer_where_asked(self.comm)

    @traitlets.validate("look")
    def _check_look(self, proposal: Any) -> Any:
        return _checked(_LOOK, proposal["value"], "look").model_dump()

    @traitlets.validate("overlays")
    def _check_overlays(self, proposal: Any) -> Any:
        looks = _checked(_OVERLAYS, proposal["value"], "overlays")
        if unknown := set(looks) - set(self._layers):
            raise traitlets.TraitError(f"There is no overlay {sorted(unknown)}; there are {list(self._layers)}.")
        return {key: look.model_dump() for key, look in looks.items()}

    @traitlets.validate("place")
    def _check_place(self, proposal: Any) -> Any:
        place = proposal["value"]
        return None if place is None else list(_checked(_PLACE, place, "place"))

    def update_overlay(self, key: str, overlay: Overlay) -> None:
        """Draw a new state of the overlay `key`; how it is shown stays."""
        if key not in self._layers:
            raise InputError(f"The viewer has no overlay '{key}'; it has: {', '.join(self._layers) or 'none'}.")
        self._layers[key] = overlay
        self.revision += 1

    # -- messages from the browser ---------------------------------------------------------------------------

    def _answer(self, _: Any, content: Any, __: Any) -> None:
        """Do what a message asks for; one that is none of ours is refused and changes nothing."""
        try:
            message = parse_message(content)
        except InputError as error:
            log.warning("%s", error)
            return
        if isinstance(message, TilesMessage):
            for request in message.tiles:
                self._answer_tile(request)
        else:
            self._answer_value(message)

    def _answer_tile(self, request: TileRequest) -> None:
        try:
            picture = self._tile(request)
        except AxonsKernelError as error:
            self.send({"op": "failed", "id": request.id, "message": str(error)})
        except Exception as error:
            log.exception("the viewer could not draw a tile")
            self.send({"op": "failed", "id": request.id, "message": f"A tile could not be drawn: {error}"})
        else:
            self.send({"op": "tile", "id": request.id, "type": picture.type}, [picture.data])

    def _tile(self, request: TileRequest) -> Picture:
        window = self._window(request)
        if request.layer == IMAGE:
            pixels = self._pyramid.read(window.tile, window.level)
            return encode_pixels(pixels, self._fitting(request.look), window.level)
        if request.layer not in self._layers:
            raise InputError(f"The viewer has no layer '{request.layer}'.")
        overlay = self._layers[request.layer]
        numbers = overlay.numbers(window, outline=request.outline)
        return encode_numbers(numbers, [colour for _, colour in overlay.classes])

    def _window(self, request: TileRequest) -> Window:
        """The tile's window, cut to the level. Raises InputError when there is no such tile."""
        levels = self._pyramid.levels
        if request.level >= len(levels):
            raise InputError(f"There is no level {request.level}; the image has {len(levels)}.")
        level = levels[request.level]
        x, y = request.x * TILE, request.y * TILE
        width, height = min(TILE, level.shape[1] - x), min(TILE, level.shape[0] - y)
        if width < 1 or height < 1:
            raise InputError(f"Tile ({request.x}, {request.y}) lies outside of level {request.level}.")
        return Window(Tile(x, y, width, height), request.level, level.scale)

    def _fitting(self, look: Look | None) -> Look:
        look = self._look if look is None else look
        if len(look.channels) != self._pyramid.channels:
            raise InputError(f"The look has {len(look.channels)} channels; the image has {self._pyramid.channels}.")
        return look

    def _answer_value(self, message: ValueMessage) -> None:
        height, width = self._pyramid.shape
        if message.x >= width or message.y >= height:
            return
        pixel = Tile(message.x, message.y, 1, 1)
        values = [float(v) for v in np.ravel(self._pyramid.read(pixel))]
        labels = {}
        for key, overlay in self._layers.items():
            number = int(overlay.numbers(Window(pixel, 0, 1.0), outline=False)[0, 0])
            if number and self.overlays.get(key, {}).get("visible"):
                labels[key] = overlay.classes[number - 1][0]
        self.send({"op": "value", "id": message.id, "values": values, "labels": labels})

    # -- in a notebook ---------------------------------------------------------------------------------------

    def _ipython_display_(self) -> None:
        """The picture, and under it the live view, which hides the picture for as long as it lives."""
        display({"image/jpeg": self._static, "text/plain": repr(self)}, raw=True)
        if is_live():
            bundle = self._repr_mimebundle_(include=None, exclude=None)
            data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
            display({**data, "text/plain": repr(self)}, metadata=metadata, raw=True)

    def __repr__(self) -> str:
        return f"viewer of {self.scene['name']}: it can be zoomed while the notebook's kernel runs"


_LOOK = TypeAdapter(Look)
_OVERLAYS = TypeAdapter(dict[str, OverlayLook])
_PLACE = TypeAdapter(tuple[float, float, float])


def _checked(adapter: TypeAdapter[Any], value: Any, what: str) -> Any:
    """What comes from Python or from the browser, in the one form. Raises TraitError."""
    try:
        return adapter.validate_python(value)
    except (ValidationError, RecursionError) as error:
        text = problems(error) if isinstance(error, ValidationError) else "nested too deeply"
        raise traitlets.TraitError(f"The viewer's {what} cannot be that: {text}.") from error


def channel_names(given: Sequence[str], count: int, *, rgb: bool) -> list[str]:
    """A name for each channel."""
    if len(given) == count:
        return list(given)
    return ["red", "green", "blue"] if rgb else [f"channel {number + 1}" for number in range(count)]


def _look_of(number: int, count: int) -> dict[str, Any]:
    """All overlays are there; the topmost is shown first, as two over each other hide the image."""
    return OverlayLook(visible=number == count - 1, opacity=0.4, outline=False).model_dump()


def _overlay_info(key: str, overlay: Overlay) -> dict[str, Any]:
    colours = [{"name": name, "colour": "#{:02x}{:02x}{:02x}".format(*colour)} for name, colour in overlay.classes]
    return {"id": key, "title": overlay.title, "classes": colours}


def is_live() -> bool:
    """Whether a person sits at the notebook; one that a program runs (papermill, nbconvert) tells no cell's id."""
    kernel = getattr(get_ipython(), "kernel", None)
    return kernel is None or "cellId" in kernel.get_parent().get("metadata", {})

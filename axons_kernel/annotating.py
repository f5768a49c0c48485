"""Opens an image of a project, or an array, for the annotator."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from .annotations import Annotation, ColourScheme, LabelClass
from .errors import InputError, needs_extra
from .label_files import LabelShelf
from .looking import open_pyramid
from .predictions import PredictionInfo, prediction_folder
from .project_image import ProjectImage
from .rasterize import Window
from .tiling import Tile
from .widget.answering import Course
from .widget.asking import Model, OnProgress
from .widget.autosave import Callback, Shelf
from .widget.controls import read_controls
from .widget.desk import Desk
from .widget.document import Settings
from .widget.look import is_rgb
from .widget.picture import MAX_SIDE, Picture, default_tiles
from .widget.protocol import Predicting, Saved

if TYPE_CHECKING:
    from .project import Project
    from .widget.annotator import AnnotatorWidget

Told = Callable[[Saved | Predicting], None]


class Options(TypedDict):
    """What a course can choose. All of it is plain data, so that a new kernel can open the same again.

    `tasks` are what can be ticked per image, name -> text; `controls` attributes of labels, in django-labeller's form;
    `schemes` colour schemes, name -> text.
    """

    tasks: NotRequired[Mapping[str, str]]
    controls: NotRequired[Sequence[Mapping[str, Any]]]
    schemes: NotRequired[Mapping[str, str]]


@dataclass(frozen=True)
class Workplace:
    """Everything about a document but the desk itself, which `desk` makes; `name` tells it from all others."""

    name: str
    shelf: Shelf
    picture: Picture
    tiles: tuple[Window, ...]
    settings: Settings
    course: Course
    revive: Mapping[str, Any] | None = None

    @classmethod
    def of(
        cls,
        shelf: Shelf,
        picture: Picture,
        classes: Sequence[LabelClass],
        tiles: Sequence[Sequence[int]],
        options: Options,
        models: Mapping[str, Model] | None = None,
    ) -> Workplace:
        """Raises InputError for classes, tasks or controls that cannot be."""
        tasks = dict(options.get("tasks") or {"finished": "Finished"})
        schemes = tuple(ColourScheme(name, text) for name, text in (options.get("schemes") or {}).items())
        controls = read_controls(options.get("controls") or ())
        return cls(
            name=uuid.uuid4().hex,
            shelf=shelf,
            picture=picture,
            tiles=_usable(tiles) or default_tiles(picture.shape),
            settings=Settings(_class_names(classes), tuple(tasks), controls, models),
            course=Course(tuple(classes), schemes, tasks),
        )

    def desk(self, told: Told) -> Desk:
        """A desk; `told` gets the messages that no view has asked for. Raises InputError, SchemaError."""
        return Desk(self.shelf, self.picture, self.tiles, self.settings, self.course, told=told)

    def widget(self) -> AnnotatorWidget:
        """The annotation widget. Raises MissingExtraError when ipycanvas is not installed."""
        with needs_extra("widget", "The annotation widget"):
            from .widget.annotator import AnnotatorWidget
        return AnnotatorWidget(self.name, self.desk, self.revive)


def array_workplace(
    pixels: NDArray[Any],
    annotation: Annotation,
    classes: Sequence[LabelClass],
    *,
    on_save: Callable[[Annotation], None] | None = None,
    tiles: Sequence[Sequence[int]] = (),
    title: str = "",
    pixel_size_um: float | None = None,
    **options: Unpack[Options],
) -> Workplace:
    """For an array (H, W) or (H, W, C); `on_save` gets the annotation soon after each change."""
    picture = Picture.of(pixels, title, pixel_size_um)
    return Workplace.of(Callback(annotation, on_save), picture, classes, tiles, options)


def image_workplace(project: Project, image: ProjectImage, **options: Unpack[Options]) -> Workplace:
    """For an image of a project, on its tiles; the project's models can be asked for proposals."""
    pyramid, info, store = image.pyramid(), image.info, image.store
    picture = Picture(
        name=image.name,
        shape=image.shape,
        read=lambda window: pyramid.read(Tile(*window)),
        channels=info.channel_names or tuple(f"channel {i + 1}" for i in range(pyramid.channels)),
        rgb=is_rgb(pyramid.dtype, pyramid.channels) and not info.channel_names,
        pixel_size_um=image.pixel_size_um,
    )
    has_tiles = store.exists(f"tilings/{image.name}.json")
    place = Workplace.of(
        LabelShelf(store, image.annotation_key, info.source_name),
        picture,
        project.classes,
        project.tiling(image).inside_tiles if has_tiles else (),
        options,
        {name: _model(project, image, name) for name in store.names("models")},
    )
    where = hashlib.sha256(f"{store.url}/{image.annotation_key}".encode()).hexdigest()[:24]
    revive = {"project": store.url, "image": image.name, "options": options} if store.is_shared else None
    return Workplace(**{**vars(place), "name": where, "revive": revive})


def _model(project: Project, image: ProjectImage, model: str) -> Model:
    """What a model says of a window is read off its prediction of the whole image."""
    folder = prediction_folder(image.name, model)
    key = f"{folder}/summary.json"

    def propose(window: Window) -> dict[str, NDArray[np.bool_]]:
        info = PredictionInfo.decode(image.store.read(key), key)
        mask = open_pyramid(image.store, f"{folder}/mask.tif").read(Tile(*window))
        return {name: mask == value for value, name in enumerate(info.classes, start=1)}

    def look(on_progress: OnProgress) -> None:  # proposals need no ids of objects, which take long to find
        project.predict(model, image, instances="none", progress=False, on_progress=on_progress)

    return Model(propose, lambda: image.store.exists(key), look)


def _class_names(classes: Sequence[LabelClass]) -> tuple[str, ...]:
    names = [c.name for c in classes]
    if not names:
        raise InputError(
            "There is no label class to annotate with: add one first, as in project.add_classes(['axon'])."
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"Label classes need different names; {', '.join(map(repr, twice))} occurs twice.")
    return tuple(names)


def _usable(tiles: Sequence[Sequence[int]]) -> tuple[Window, ...]:
    """Tiles that a browser can draw on; none when one of them is too large."""
    windows = [(int(x), int(y), int(w), int(h)) for x, y, w, h in tiles]
    return tuple(windows) if all(max(w, h) <= MAX_SIDE for _, _, w, h in windows) else ()

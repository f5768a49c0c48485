"""`project.show(image)`: the viewer with its overlays, or a picture where the viewer is not installed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .errors import MissingExtraError, NotFoundError, needs_extra
from .predictions import PredictionInfo, class_colours, prediction_folder
from .project_image import ProjectImage
from .pyramid import Pyramid
from .storage import Store
from .thumbnails import jpeg, thumbnail
from .widget.layers import LabelOverlay, MaskOverlay
from .widget.module import NAME

if TYPE_CHECKING:
    from .widget.viewer import ViewerWidget

ANNOTATION = "annotation"


@dataclass(frozen=True, repr=False)
class StaticView:
    """What stands for the viewer where it cannot run: a JPEG of the image with its labels, and the reason."""

    picture: bytes
    reason: str

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"image/jpeg": self.picture, "text/plain": repr(self)}

    def __repr__(self) -> str:
        return self.reason


def show(image: ProjectImage) -> ViewerWidget | StaticView:
    """A zoomable view of an image with its labels and all predictions of it; see `Project.show`."""
    labels = label_overlay(image)
    pyramid = image.pyramid()
    picture = jpeg(thumbnail(pyramid, labels, channel_names=image.info.channel_names))
    try:
        with needs_extra("widget", "Zooming into an image"):
            from .widget.viewer import ViewerWidget
    except MissingExtraError as error:
        return _static(picture, str(error))
    if not has_extension():
        return _static(
            picture,
            "Zooming into an image needs the JupyterLab extension of Axons: pip install axons where JupyterLab runs, "
            "then reload the page.",
        )
    return ViewerWidget(
        pyramid,
        name=image.name,
        pixel_size_um=image.pixel_size_um,
        channels=image.info.channel_names,
        overlays={**predictions(image), ANNOTATION: labels},
        static=picture,
    )


def _static(picture: bytes, reason: str) -> StaticView:
    print(reason)
    return StaticView(picture, reason)


def label_overlay(image: ProjectImage) -> LabelOverlay:
    """The image's labels as they are now."""
    return LabelOverlay(image.annotation(), image.colours)


def predictions(image: ProjectImage) -> Mapping[str, MaskOverlay]:
    """One overlay per model that has predicted this image, by the folder's name."""
    found = {}
    for model in image.store.names(f"predictions/{image.name}"):
        overlay = prediction_overlay(image, model)
        if overlay is not None and overlay.pyramid.shape == image.shape:
            found[f"prediction:{model}"] = overlay
    return found


def prediction_overlay(image: ProjectImage, model: str) -> MaskOverlay | None:
    """What a model has predicted; None when it has not been finished."""
    folder = prediction_folder(image.name, model)
    if not image.store.exists(f"{folder}/summary.json"):
        return None
    info = PredictionInfo.decode(image.store.read(f"{folder}/summary.json"), f"{folder}/summary.json")
    return MaskOverlay(
        open_pyramid(image.store, f"{folder}/mask.tif"),
        f"prediction of {info.model}",
        tuple(class_colours(info.classes, image.colours).items()),
    )


def prediction_picture(image: ProjectImage, model: str) -> NDArray[np.uint8]:
    """A small picture (h, w, 3) of the image with what a model has predicted. Raises NotFoundError."""
    overlay = prediction_overlay(image, model)
    if overlay is None:
        raise NotFoundError(f"There is no finished prediction of '{image.name}' by '{model}': call project.predict.")
    return thumbnail(image.pyramid(), overlay, channel_names=image.info.channel_names)


def open_pyramid(store: Store, key: str) -> Pyramid:
    """A stored picture for reading windows."""
    return Pyramid(store.open(key), store.path(key))


def has_extension() -> bool:
    """Whether JupyterLab, where it uses this Python's folders, finds the extension with the viewer's front end."""
    from jupyter_core.paths import jupyter_path

    return any(os.path.isdir(os.path.join(folder, NAME)) for folder in jupyter_path("labextensions"))

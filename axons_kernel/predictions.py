"""Predictions: a class for every pixel of an image, stored beside the image's project, and read by windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from .documents import Document
from .errors import NotFoundError
from .images import Micrograph, encode_ome_tiff
from .project_image import ProjectImage
from .pyramid import Pyramid
from .tiling import Tile

if TYPE_CHECKING:
    from . import plotting


class PredictionInfo(Document):
    """predictions/<image>/<model>/summary.json. What earlier versions did not tell is None or empty.

    `pixel_size_um` is that of the image, and so of the files; `model_pixel_size_um` is what the model has seen.
    `objects` counts those in instances.tif, by class. `seconds` were spent in all attempts.
    """

    kind: ClassVar[str] = "prediction"
    image: str
    model: str
    classes: tuple[str, ...]
    pixel_size_um: float
    area_share: dict[str, float]
    model_sha256: str | None = None
    model_pixel_size_um: float | None = None
    seconds: float | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    objects: dict[str, int] | None = None
    instances_by: str | None = None
    min_area_um2: float = 0.0

    @property
    def resampled(self) -> bool:
        """Whether the model has seen another pixel size than the image's."""
        return self.model_pixel_size_um is not None and abs(self.model_pixel_size_um / self.pixel_size_um - 1) > 1e-6


def prediction_folder(image: str, model: str) -> str:
    """Where a prediction is stored."""
    return f"predictions/{image}/{model}"


@dataclass(frozen=True, repr=False)
class Prediction:
    """A handle on `predictions/<image>/<model>/`: a class per pixel of the whole image.

    Nothing is read before it is asked for. All windows are in pixels of the image.
    """

    image: ProjectImage
    info: PredictionInfo

    @property
    def folder(self) -> str:
        """Where it is stored."""
        return prediction_folder(self.info.image, self.info.model)

    def mask(self) -> NDArray[np.uint8]:
        """Class numbers (H, W): `info.classes[i]` as i + 1. For images that fit into memory; else take `window`."""
        return self.window(self._whole)

    def window(self, tile: Tile, level: int = 0) -> NDArray[np.uint8]:
        """Class numbers (h, w) of a window; at a coarser `level` of mask.tif the window counts in its pixels."""
        return self._mask.read(tile, level).astype(np.uint8)

    def confidence_window(self, tile: Tile) -> NDArray[np.float32] | None:
        """The probability of the class that was taken, (h, w) from 0 to 1; 1 less this is the uncertainty.

        None for predictions of earlier versions, which did not keep it.
        """
        pyramid = self._open("confidence.tif")
        return None if pyramid is None else _shares(pyramid.read(tile))

    def probability_window(self, tile: Tile) -> NDArray[np.float32] | None:
        """(h, w, classes + 1) probabilities, background first, in steps of 1 / 255; None when they were not kept."""
        pyramid = self._open("probability.tif")
        return None if pyramid is None else _shares(pyramid.read(tile))

    def border_window(self, tile: Tile) -> NDArray[np.bool_] | None:
        """(h, w): where the model sees a border between touching objects; None for a model that knows none."""
        pyramid = self._open("border.tif")
        return None if pyramid is None else pyramid.read(tile).astype(bool)

    def instances(self) -> NDArray[np.uint32]:
        """An id per object, (H, W) with 0 for background. Raises NotFoundError when they were not separated."""
        return self.instances_window(self._whole)

    def instances_window(self, tile: Tile) -> NDArray[np.uint32]:
        """The ids (h, w) in a window; an object has the same id in all windows. Raises NotFoundError."""
        pyramid = self._open("instances.tif")
        if pyramid is None:
            raise NotFoundError(
                f"The objects of this prediction of '{self.info.image}' were not separated: call prediction.separate()."
            )
        return pyramid.read(tile).astype(np.uint32)

    def separate(self, method: str | None = None, *, min_area_um2: float = 0.0, progress: bool = True) -> Prediction:
        """Tell touching objects apart, and keep an id for each; the model is not asked again.

        `method`: "watershed" cuts where an object is narrow, "border" along the borders that the model has learned,
        "touching" not at all. Objects below `min_area_um2` get no id. Returns the prediction with its new counts.
        """
        from .inference.separating import separate

        return separate(self, method, min_area_um2=min_area_um2, progress=progress)

    @property
    def _whole(self) -> Tile:
        height, width = self._mask.shape
        return Tile(0, 0, width, height)

    @cached_property
    def _mask(self) -> Pyramid:
        key = f"{self.folder}/mask.tif"
        return Pyramid(self.image.store.open(key), self.image.store.path(key))

    def _open(self, name: str) -> Pyramid | None:
        key = f"{self.folder}/{name}"
        if not self.image.store.exists(key):
            return None
        known = self.__dict__.setdefault("_opened", {})
        version = self.image.store.stat(key).modified
        if known.get(name, (None,))[0] != version:
            known[name] = (version, Pyramid(self.image.store.open(key), self.image.store.path(key)))
        found: Pyramid = known[name][1]
        return found

    def picture(self) -> NDArray[np.uint8]:
        """The image with the predicted classes tinted: (H, W, 3)."""
        colours = class_colours(self.info.classes, self.image.colours)
        from . import plotting

        return plotting.overlay(self.image.pixels(), self.mask(), list(colours.values()))

    def _repr_html_(self) -> str:
        from .prediction_page import prediction_html

        return prediction_html(self)

    def __repr__(self) -> str:
        shares = ", ".join(f"{name} {100 * share:.1f} %" for name, share in self.info.area_share.items())
        return f"prediction of {self.info.image} by {self.info.model}: {shares} of the area{self._counts()}"

    def _counts(self) -> str:
        if self.info.objects is None:
            return ""
        return "; objects: " + ", ".join(f"{name} {count}" for name, count in self.info.objects.items())


def _shares(values: NDArray[Any]) -> NDArray[np.float32]:
    return values.astype(np.float32) / np.float32(255)


def class_colours(classes: Sequence[str], known: Mapping[str, plotting.Colour]) -> dict[str, plotting.Colour]:
    """A colour for each class of a model; one that the project does not know gets one of the palette."""
    from . import plotting  # with matplotlib: a widget that shows no figure does not wait for it

    spare = dict(zip(classes, plotting.PALETTE * len(classes), strict=False))
    return {name: known.get(name, spare[name]) for name in classes}


def save_prediction(image: ProjectImage, info: PredictionInfo, mask: NDArray[np.uint8]) -> Prediction:
    """Write a mask that is in memory (a tiled OME-TIFF), then the summary."""
    prediction = Prediction(image, info)
    picture = encode_ome_tiff(Micrograph(mask, image.pixel_size_um), categorical=True)
    image.store.write(f"{prediction.folder}/mask.tif", picture)
    image.store.write(f"{prediction.folder}/summary.json", info.encode())
    return prediction


def area_shares(mask: NDArray[np.uint8], classes: tuple[str, ...]) -> dict[str, float]:
    """Share of the image per class."""
    return {name: float((mask == number).mean()) for number, name in enumerate(classes, start=1)}

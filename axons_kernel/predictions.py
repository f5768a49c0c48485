"""Predictions: a class for every pixel of an image, stored beside the image's project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from . import plotting
from .documents import Document
from .images import Micrograph, decode_image, encode_ome_tiff
from .project_image import ProjectImage
from .thumbnails import jpeg


class PredictionInfo(Document):
    """predictions/<image>/<model>/summary.json."""

    kind: ClassVar[str] = "prediction"
    image: str
    model: str
    classes: tuple[str, ...]
    pixel_size_um: float
    area_share: dict[str, float]


@dataclass(frozen=True, repr=False)
class Prediction:
    """A handle on `predictions/<image>/<model>/`: a class per pixel of the whole image."""

    image: ProjectImage
    info: PredictionInfo

    @property
    def folder(self) -> str:
        """Where it is stored."""
        return f"predictions/{self.info.image}/{self.info.model}"

    def mask(self) -> NDArray[np.uint8]:
        """Class numbers (H, W): `info.classes[i]` as i + 1."""
        key = f"{self.folder}/mask.tif"
        return decode_image(self.image.store.read(key), key).pixels.astype(np.uint8)

    def picture(self) -> NDArray[np.uint8]:
        """The image with the predicted classes tinted: (H, W, 3)."""
        colours = [self.image.colours[name] for name in self.info.classes]
        return plotting.overlay(self.image.pixels(), self.mask(), colours)

    def _repr_jpeg_(self) -> bytes:
        from .looking import prediction_picture

        return jpeg(prediction_picture(self.image, self.info.model))

    def __repr__(self) -> str:
        shares = ", ".join(f"{name} {100 * share:.1f} %" for name, share in self.info.area_share.items())
        return f"prediction of {self.info.image} by {self.info.model}: {shares} of the area"


def save_prediction(image: ProjectImage, info: PredictionInfo, mask: NDArray[np.uint8]) -> Prediction:
    """Write the mask (a tiled OME-TIFF), then the summary."""
    prediction = Prediction(image, info)
    picture = encode_ome_tiff(Micrograph(mask, image.pixel_size_um), categorical=True)
    image.store.write(f"{prediction.folder}/mask.tif", picture)
    image.store.write(f"{prediction.folder}/summary.json", info.encode())
    return prediction


def area_shares(mask: NDArray[np.uint8], classes: tuple[str, ...]) -> dict[str, float]:
    """Share of the image per class."""
    return {name: float((mask == number).mean()) for number, name in enumerate(classes, start=1)}

"""The files of a prediction, from its finished rows; each is there whole or as it was before."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..model_files import ModelInfo
from ..ome_tiff import write_ome_tiff
from ..picture import Picture
from ..predictions import Prediction, PredictionInfo, prediction_folder
from ..project_image import ProjectImage
from .options import PredictOptions
from .progress_files import ProgressFiles

_OF_ONE_PREDICTION = ("confidence.tif", "probability.tif", "border.tif", "instances.tif")


def write_outcome(
    model: ModelInfo,
    image: ProjectImage,
    options: PredictOptions,
    files: ProgressFiles,
    seconds: float,
    progress: bool,
) -> Prediction:
    """mask.tif, confidence.tif, what was asked for of probability.tif and border.tif, summary.json, instances.tif."""
    folder = prediction_folder(image.name, model.name)
    names = ["mask", "confidence"] + ["probability"] * options.probabilities + ["border"] * model.network.border
    counts = np.zeros(len(model.classes) + 1, np.int64)
    for name in names:
        planes = len(model.classes) + 1 if name == "probability" else 1
        bands = [files.bands(name, plane) for plane in range(planes)]
        if name == "mask":
            bands = [lambda: _counted(files.bands("mask")(), counts)]
        labels = ("background", *model.classes) if name == "probability" else ()
        picture = Picture(image.shape, np.dtype(np.uint8), tuple(bands), channel_names=labels)
        with image.store.writing(f"{folder}/{name}.tif") as path:
            write_ome_tiff(path, picture, image.pixel_size_um, categorical=name in ("mask", "border"))
    for name in _OF_ONE_PREDICTION:  # those of an earlier prediction
        if name.removesuffix(".tif") not in names:
            image.store.remove(f"{folder}/{name}")
    info = PredictionInfo(
        image=image.name,
        model=model.name,
        classes=model.classes,
        pixel_size_um=image.pixel_size_um,
        area_share={name: counts[number] / counts.sum() for number, name in enumerate(model.classes, start=1)},
        model_sha256=model.weights_sha256,
        model_pixel_size_um=model.pixel_size_um,
        seconds=round(seconds, 3),
        options=options.model_dump(exclude={"instances", "min_area_um2"}),
    )
    image.store.write(f"{folder}/summary.json", info.encode())
    prediction = Prediction(image, info)
    if options.instances == "none":
        return prediction
    return prediction.separate(options.instances, min_area_um2=options.min_area_um2, progress=progress)


def _counted(bands: Iterator[NDArray[np.uint8]], counts: NDArray[np.int64]) -> Iterator[NDArray[np.uint8]]:
    """The bands of the mask, with their pixels counted by class on the way."""
    for band in bands:
        counts += np.bincount(band.ravel(), minlength=len(counts))
        yield band

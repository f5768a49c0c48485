"""Predict a whole image of a project with one of its models, and keep the result."""

from __future__ import annotations

import sys

import numpy as np
from tqdm import tqdm

from ..images import to_grey
from ..model_files import ModelInfo, load_network
from ..predictions import Prediction, PredictionInfo, area_shares, save_prediction
from ..project_image import ProjectImage
from ..resampling import resample, scaled_shape
from .sliding import predict_probabilities


def predict(model: ModelInfo, image: ProjectImage, *, progress: bool = True) -> Prediction:
    """Predict at the model's pixel size, bring the probabilities back to the image's, and take the likeliest class.

    Writes `predictions/<image>/<model>/`; a progress bar counts tiles.
    """
    net = load_network(image.store, model)
    shape = scaled_shape(image.shape, image.pixel_size_um / model.pixel_size_um)
    pixels = resample(to_grey(image.pixels()), shape)
    with tqdm(desc=f"predicting {image.name}", unit="tile", disable=not progress, file=sys.stdout) as bar:

        def on_tile(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        probabilities = predict_probabilities(net, pixels, on_tile=on_tile)
    at_image_size = np.stack([resample(plane, image.shape) for plane in probabilities])
    mask = at_image_size.argmax(axis=0).astype(np.uint8)
    info = PredictionInfo(
        image=image.name,
        model=model.name,
        classes=model.classes,
        pixel_size_um=image.pixel_size_um,
        area_share=area_shares(mask, model.classes),
    )
    return save_prediction(image, info, mask)

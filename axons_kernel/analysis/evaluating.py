"""From stored predictions to a report: what the models have seen is left out, and it is written where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from ..errors import InputError, needs_extra
from ..predictions import Prediction
from ..project_image import ProjectImage
from ..storage import Store
from ..tiling import Tile
from ..training_sets.stored import read_training_set
from .report import Report, make_report, save_report
from .scored import LabelWindows, ScoredImage


def evaluate(store: Store, predictions: Sequence[Prediction], image_of: Callable[[str], ProjectImage]) -> Report:
    """Score predictions of one model and store the report. Raises InputError."""
    if not predictions:
        raise InputError("There is no prediction to evaluate: give one, or a list of them.")
    models = sorted({p.info.model for p in predictions})
    names = [p.info.image for p in predictions]
    if len(models) > 1:
        raise InputError(
            f"These predictions are of {len(models)} models ({', '.join(models)}): evaluate one model at a time, or "
            f"compare two with project.compare_models('{models[0]}', '{models[1]}', images)."
        )
    if len(set(names)) < len(names):
        raise InputError(f"An image is there twice among {', '.join(names)}: give one prediction per image.")
    scored = [scored_image(store, p, image_of(p.info.image), (models[0],)) for p in predictions]
    report = make_report(predictions, scored, made_with(store, predictions))
    save_report(store, report)
    return report


def scored_image(
    store: Store,
    prediction: Prediction,
    image: ProjectImage,
    models: Sequence[str],
    classes: tuple[str, ...] | None = None,
) -> ScoredImage:
    """A prediction beside the image's labels, without what any of `models` has learned from.

    `classes` are those of the prediction, in the order that is wanted. Raises InputError.
    """
    annotation = image.annotation()
    if not annotation.labels:
        raise InputError(f"'{image.name}' has no labels to compare with. Annotate first: project.annotate(image).")
    seen = tuple(dict.fromkeys(tile for model in models for tile in seen_tiles(store, model, image.name)))
    classes = classes or prediction.info.classes
    numbers = np.array([0, *(classes.index(name) + 1 for name in prediction.info.classes)], np.uint8)
    scored = ScoredImage(
        name=image.name,
        shape=image.shape,
        pixel_size_um=image.pixel_size_um,
        classes=classes,
        predicted=lambda tile: numbers[prediction.window(tile)],
        reference=LabelWindows(annotation, classes, image.shape),
        seen=seen,
        confidence=prediction.confidence_window,
    )
    if not scored.scored_pixels:
        raise InputError(f"The model has learned from all of '{image.name}': evaluate it on another image.")
    return scored


def seen_tiles(store: Store, model: str, image: str) -> list[Tile]:
    """Tiles of an image that the training of a model, or the choice of its checkpoint, has used. Raises InputError."""
    with needs_extra("train", "Reading a model"):
        from ..model_files import read_model_info

    info = read_model_info(store, model)
    if not info.training_set:  # it has learned elsewhere
        return []
    training_set = read_training_set(store, info.training_set)
    if training_set.content_sha256 != info.training_set_sha256:
        raise InputError(
            f"Training set '{training_set.name}' is not the one that model '{info.name}' has learned from, so "
            "nobody knows what it has seen: train again."
        )
    return training_set.windows(image, "train", "validation")


def made_with(store: Store, predictions: Sequence[Prediction]) -> dict[str, str]:
    """Where a report comes from: model, training set, pixel sizes, versions, date."""
    from ..model_files import read_model_info

    model = read_model_info(store, predictions[0].info.model)
    training_set = f"{model.training_set}, {model.training_set_sha256}" if model.training_set else "not of this project"
    sizes = sorted({p.info.pixel_size_um for p in predictions})
    return {
        "model": f"{model.name}, weights {model.weights_sha256 or 'unknown'}",
        "training set": training_set,
        "pixel size of the model": f"{model.pixel_size_um:g} µm",
        "pixel size of the images": f"{', '.join(f'{size:g}' for size in sizes)} µm",
        "versions": ", ".join(f"{name} {_version(name)}" for name in ("axons", "numpy", "scipy", "scikit-image")),
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # a checkout that is not installed
        return "unknown"

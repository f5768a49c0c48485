"""The part of a Project that says what predictions are worth, measures, and compares models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .errors import InputError
from .project_image import ProjectImage
from .storage import Store

if TYPE_CHECKING:
    from .analysis.comparing_models import ModelComparison
    from .analysis.measurements import Measurements
    from .analysis.report import Report
    from .model_files import ModelInfo
    from .predictions import Prediction


class ProjectAnalysis:
    """Methods of a Project, which has the `store` and knows its images and models."""

    store: Store

    def image(self, name: str) -> ProjectImage:
        """The image of that name. Raises NotFoundError."""
        raise NotImplementedError

    def model(self, name: str) -> ModelInfo:
        """The model of that name. Raises NotFoundError."""
        raise NotImplementedError

    def predict(self, model: ModelInfo | str, image: ProjectImage | str, *, progress: bool = True) -> Prediction:
        """Predict an image."""
        raise NotImplementedError

    def evaluate(self, predictions: Prediction | Sequence[Prediction]) -> Report:
        """Compare predictions of one model with the images' labels, on pixels that the model has not learned from.

        The report is stored beside the prediction; that of several images in `reports/<model>/`. Raises InputError.
        """
        from .analysis.evaluating import evaluate

        chosen = list(predictions) if isinstance(predictions, Sequence) else [predictions]
        return evaluate(self.store, chosen, self.image)

    def measure(
        self,
        source: ProjectImage | Prediction | str,
        *,
        pair: tuple[str, str] | None = None,
        label_class: str | None = None,
    ) -> Measurements:
        """Measure the labels of an image, or a prediction, in µm: fibres (axon and sheath), or one class.

        `pair` names the classes of axon and sheath, by default those with the usual names. The result has
        distributions, a picture, `summary()`, `to_csv(path)` and `to_parquet(path)`. Raises InputError.
        """
        from .analysis.measure import measure

        if isinstance(source, str | ProjectImage):
            source = self.image(source if isinstance(source, str) else source.name)
        return measure(source, pair=pair, label_class=label_class)

    def compare_models(
        self,
        first: ModelInfo | str,
        second: ModelInfo | str,
        images: Sequence[ProjectImage | str],
        *,
        progress: bool = True,
    ) -> ModelComparison:
        """Which of two models is better on the same images: paired, where neither has learned.

        Predictions that are there are used. With 6 images or more, images are compared, with p-values; with fewer,
        blocks of them, with an effect and its interval only. Raises InputError.
        """
        from .analysis.comparing_models import compare_models

        if not images or isinstance(images, str):
            raise InputError(f"images={images!r} is no list of images: give a list, as in images=[image].")
        handles = [self.image(image if isinstance(image, str) else image.name) for image in images]
        models = [self.model(model if isinstance(model, str) else model.name) for model in (first, second)]
        return compare_models(
            self.store, (models[0], models[1]), handles, lambda m, i: self.predict(m, i, progress=progress)
        )

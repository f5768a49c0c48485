"""The part of a Project that keeps models, and applies them to images."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from numpy.typing import NDArray

from .errors import needs_extra
from .project_image import ProjectImage
from .storage import Store, check_name

if TYPE_CHECKING:
    from .inference.options import Separation
    from .model_files import ModelInfo
    from .predictions import Prediction


class ProjectModels:
    """Methods of a Project, which has the `store` and knows its images and classes."""

    store: Store

    def model(self, name: str) -> ModelInfo:
        """The model of that name. Raises NotFoundError."""
        with needs_extra("train", "Reading a model"):
            from .model_files import read_model_info

        return read_model_info(self.store, check_name(name, "a model"))

    def models(self) -> list[ModelInfo]:
        """All models, by name."""
        names = self.store.names("models")
        return [self.model(name) for name in names if self.store.exists(f"models/{name}/model.json")]

    def predict(
        self,
        model: ModelInfo | str,
        image: ProjectImage | str | os.PathLike[str] | NDArray[Any],
        *,
        pixel_size_um: float | None = None,
        size: int = 512,
        overlap: int = 64,
        blend: Literal["gaussian", "linear"] = "gaussian",
        turns: Literal[1, 2, 4, 8] = 1,
        batch: int | None = None,
        probabilities: bool = False,
        instances: Separation | None = None,
        min_area_um2: float = 0.0,
        progress: bool = True,
        on_progress: Callable[[int, int], object] = lambda done, count: None,
    ) -> Prediction:
        """Predict a class for every pixel of an image, at the model's pixel size, and keep the result.

        `image` is one of the project, or a path or an array, which is imported first (with `pixel_size_um`). Tiles of
        `size` pixels of the model overlap by `overlap` and are blended. `turns` > 1: the mean over so many turned and
        mirrored views. `batch` tiles go through the network at once, by default what fits. `probabilities`: keep them
        for each class. `instances` and `min_area_um2`: see `Prediction.separate`; "none" does not. What was
        interrupted or killed goes on where it was. `on_progress` hears how many tiles are done, of how many; a
        KeyboardInterrupt that it raises interrupts. Raises InputError, TrainingError.
        """
        with needs_extra("train", "Prediction"):
            from .inference.options import PredictOptions
            from .inference.predicting import predict

        options = PredictOptions.of(
            {
                **{"size": size, "overlap": overlap, "blend": blend, "turns": turns, "batch": batch},
                **{"probabilities": probabilities, "instances": instances, "min_area_um2": min_area_um2},
            }
        )
        info = self.model(model if isinstance(model, str) else model.name)
        seen = self._image_to_predict(image, pixel_size_um)
        return predict(info, seen, options, progress=progress, on_progress=on_progress)

    def _image_to_predict(self, image: Any, pixel_size_um: float | None) -> ProjectImage:
        if isinstance(image, ProjectImage):
            return self.image(image.name)
        is_name = isinstance(image, str) and "/" not in image
        if is_name and (self.store.exists(f"images/{image}/image.json") or not os.path.exists(image)):
            return self.image(image)
        return self.import_image(image, pixel_size_um=pixel_size_um)

    def export_model(self, model: ModelInfo | str, to: str | os.PathLike[str]) -> None:
        """Write a model for others: to a file that ends in .onnx, or to a folder (model.safetensors and model.json).

        Raises InputError when `to` is there already, TrainingError when the ONNX network does not compute the same.
        """
        with needs_extra("train", "Export of a model"):
            from .model_exchange import export_model

        export_model(self.store, self.model(model if isinstance(model, str) else model.name), to)

    def import_model(
        self, source: str | os.PathLike[str], *, name: str | None = None, classes: Mapping[str, str] | None = None
    ) -> ModelInfo:
        """Take over a model that `export_model` wrote to a folder; only numbers are read, and nothing is run.

        `classes` says what this project calls the model's classes, as in {"axone": "axon"}; others are added to the
        project under the model's names. Raises TrainingError for a pickle (.pt), which is never opened.
        """
        with needs_extra("train", "Import of a model"):
            from .model_exchange import import_model

        info = import_model(self.store, source, name=name, classes=classes)
        self.add_classes(info.classes)
        return info

    def image(self, name: str) -> ProjectImage:
        """The image of that name. Raises NotFoundError."""
        raise NotImplementedError

    def import_image(self, source: Any, *, pixel_size_um: float | None = None) -> ProjectImage:
        """Copy an image into the project."""
        raise NotImplementedError

    def add_classes(self, names: Sequence[Any]) -> Any:
        """Add label classes."""
        raise NotImplementedError

"""The data of a training, from a project: checked before it starts, read by windows while it goes on."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import TrainingError
from ..model_input import ModelInput
from ..project_image import ProjectImage
from ..resampling import scaled_window
from ..tiling import Tile
from ..training.config import TrainingConfig
from ..training.data import StoredTile, TileCache, TrainingData, blocks
from ..training.targets import IGNORE, Targets
from ..training_sets.training_set import Split, TrainingSet


class ImageSource:
    """One image of a training set: its tiles, at the set's pixel size, of which pixels are read when they are needed.

    Raises TrainingError when labels have changed since the set was made, InputError when the image lacks a channel.
    """

    def __init__(self, image: ProjectImage, training_set: TrainingSet, *, border: bool):
        if image.labels_sha256() != training_set.annotation_sha256[image.name]:
            raise TrainingError(
                f"The labels of {image.name} have changed since training set '{training_set.name}' was made: "
                "make a new one with create_training_set()."
            )
        self._set, self._name = training_set, image.name
        self._scale = image.pixel_size_um / training_set.pixel_size_um
        self._input = ModelInput(image, training_set.pixel_size_um, training_set.channels)
        self._targets = Targets(image.annotation(), training_set.classes, image.shape, self._input.shape, border=border)

    def tiles(self, split: Split, cache: TileCache) -> list[StoredTile]:
        """The tiles of a split."""
        windows = (self._at_model_size(window) for window in self._set.windows(self._name, split))
        channels = len(self._set.channels)
        return [StoredTile(w, channels, self._input.window, self._targets.window, cache) for w in windows]

    def holds_labels(self, split: Split) -> bool:
        """Whether a tile of the split shows an object of a class."""
        windows = (self._at_model_size(window) for window in self._set.windows(self._name, split))
        for window in windows:
            for x, y, width, height in blocks((window.height, window.width)):
                mask = self._targets.window(Tile(window.x + x, window.y + y, width, height))
                if ((mask > 0) & (mask != IGNORE)).any():
                    return True
        return False

    def _at_model_size(self, window: Tile) -> Tile:
        return scaled_window(window, self._scale, self._input.shape)


def check_ready(training_set: TrainingSet, image: Callable[[str], ProjectImage]) -> None:
    """What would end a training as soon as it has begun is told before that. `image` gives an image by its name.

    Raises TrainingError (no tiles, no labels, labels that have changed), InputError (a channel that is not there) or
    NotFoundError (an image that is not there any more).
    """
    sources = [ImageSource(image(name), training_set, border=False) for name in training_set.annotation_sha256]
    if not training_set.images("train"):
        raise TrainingError(
            f"Training set '{training_set.name}' has no tiles to train on: make another with fewer tiles for "
            "validation and test."
        )
    if not any(source.holds_labels("train") for source in sources):
        raise TrainingError(
            f"No training tile of '{training_set.name}' holds a label of {', '.join(training_set.classes)}: annotate "
            "some objects, then make a new training set."
        )


def load_data(training_set: TrainingSet, config: TrainingConfig, image: Callable[[str], ProjectImage]) -> TrainingData:
    """The set's tiles at its pixel size. Raises TrainingError when labels have changed since it was made."""
    sources = [ImageSource(image(name), training_set, border=config.border) for name in training_set.annotation_sha256]
    cache = TileCache()
    train, validation = (
        [tile for source in sources for tile in source.tiles(split, cache)] for split in ("train", "validation")
    )
    return TrainingData(train, validation, len(training_set.classes), len(training_set.channels))

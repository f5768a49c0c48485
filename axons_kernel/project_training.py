"""The part of a Project that looks ahead of a training: what augmentation does, and how large steps may be."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, cast

import numpy as np
from tqdm import tqdm

from .errors import InputError, needs_extra

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .project import Project
    from .project_image import ProjectImage
    from .training.config import TrainingConfig
    from .training.data import TrainingData
    from .training.rate_finder import RateSearch
    from .training_sets.training_set import TrainingSet


class FoundRate(float):
    """A learning rate, to be given to a TrainingConfig as it is; a notebook shows how it was found."""

    search: RateSearch

    def figure(self) -> Figure:
        """The loss over the learning rate."""
        from .training_figures import rate_figure

        return rate_figure(self.search.rates, self.search.losses, self)

    def _repr_png_(self) -> bytes:
        from .plotting import figure_png

        return figure_png(self.figure())


class ProjectTraining:
    """Methods of a Project. None of them changes the project."""

    def show_augmentation(
        self, training_set: TrainingSet | str, config: TrainingConfig | None = None, *, crops: int = 3
    ) -> Figure:
        """Some training crops as they are, and as a training with `config` sees them; unknown pixels are striped."""
        with needs_extra("train", "Augmentation"):
            from .training.augmentation import Augmenter
            from .training.loading import Crops
        from .training.config import TrainingConfig
        from .training_figures import augmentation_figure

        config = config or TrainingConfig()
        frozen, data = _data(self, training_set, config)
        plain = config.model_copy(update={"augmentation": "none", "batch": crops})
        images, masks = (part.numpy() for part in Crops(plain, data.train).batch(0))
        change = Augmenter(config)
        rows = [
            [(pixels, mask)]
            + [change(pixels, mask, np.random.default_rng((config.seed, row, column))) for column in range(4)]
            for row, (pixels, mask) in enumerate(zip(images, masks, strict=True))
        ]
        colour_of = {c.name: c.colour for c in cast("Project", self).classes}
        return augmentation_figure(rows, frozen.classes, [colour_of[name] for name in frozen.classes])

    def find_learning_rate(
        self,
        training_set: TrainingSet | str,
        config: TrainingConfig | None = None,
        *,
        steps: int = 80,
        progress: bool = True,
    ) -> FoundRate:
        """The learning rate for `config` on this training set, found in some steps of growing size.

        It may be interrupted; no run is made. Raises TrainingError when there is nothing to learn from.
        """
        with needs_extra("train", "Finding a learning rate"):
            from .training.rate_finder import search_rate
        from .training.config import TrainingConfig

        config = config or TrainingConfig()
        _, data = _data(self, training_set, config)
        with tqdm(
            desc="finding the learning rate", unit="step", total=steps, disable=not progress, file=sys.stdout
        ) as bar:

            def show(step: int) -> None:
                bar.update(step - bar.n)

            search = search_rate(config, data, steps=steps, on_step=show)
        found = FoundRate(search.best)
        found.search = search
        return found


def ready_config(
    config: TrainingConfig | str | None, training_set: TrainingSet, image: Callable[[str], ProjectImage]
) -> TrainingConfig:
    """The configuration of a training that is to start: as given, or the preset of that name; checked beside the
    training set and this machine. What is unusual and allowed is printed.

    Raises InputError when the machine's memory is not enough, with what would fit.
    """
    from .devices import this_device
    from .training.config import TrainingConfig
    from .training.presets import memory_problem

    if not isinstance(config, TrainingConfig):
        config = TrainingConfig.preset(config) if config else TrainingConfig()
    channels = len(training_set.channels)
    device = this_device()
    problem = memory_problem(config, device, classes=len(training_set.classes), channels=channels)
    if problem and not device.gpu:  # there the machine would end the training, or the notebook, without a word
        raise InputError(f"{problem}.")
    if problem:
        print(f"{problem} at once; else batches go through the network in parts, which is slower.")
    for note in _notes(config, training_set, image):
        print(note)
    return config


def _notes(config: TrainingConfig, training_set: TrainingSet, image: Callable[[str], ProjectImage]) -> Iterator[str]:
    """What the author of a training should know before it starts."""
    images = [image(name) for name in training_set.images("train")]
    labelled = {label.label_class for one in images for label in one.annotation().labels}
    absent = [name for name in training_set.classes if name not in labelled]
    if absent:
        yield f"No training image has a label of {', '.join(absent)}: the model will not find any."
    sides = [
        max(tile.width, tile.height) * one.pixel_size_um / training_set.pixel_size_um
        for one in images
        for tile in training_set.windows(one.name, "train")
    ]
    if max(sides) < config.crop:
        yield (
            f"The largest training tile has {max(sides):.0f} pixels a side at the model's pixel size, so that crops "
            f"will be smaller than crop={config.crop}: larger tiles would show more of the tissue around."
        )
    if not training_set.images("validation"):
        yield "There are no tiles for validation: the best epoch is chosen on the training tiles themselves."


def _data(
    methods: ProjectTraining, training_set: TrainingSet | str, config: TrainingConfig
) -> tuple[TrainingSet, TrainingData]:
    from .runs.reading import check_ready, load_data

    project = cast("Project", methods)
    frozen = project.training_set(training_set if isinstance(training_set, str) else training_set.name)
    check_ready(frozen, project.image)
    return frozen, load_data(frozen, config, project.image)

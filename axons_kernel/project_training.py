"""The part of a Project that looks ahead of a training: what augmentation does, and how large steps may be."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

import numpy as np
from tqdm import tqdm

from .errors import needs_extra

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .project import Project
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
            search = search_rate(config, data, steps=steps, on_step=lambda step: bar.update(step - bar.n) and None)
        found = FoundRate(search.best)
        found.search = search
        return found


def _data(
    methods: ProjectTraining, training_set: TrainingSet | str, config: TrainingConfig
) -> tuple[TrainingSet, TrainingData]:
    from .runs.reading import check_ready, load_data

    project = cast("Project", methods)
    frozen = project.training_set(training_set if isinstance(training_set, str) else training_set.name)
    check_ready(frozen, project.image)
    return frozen, load_data(frozen, config, project.image)

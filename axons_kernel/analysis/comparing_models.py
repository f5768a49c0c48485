"""Which of two models is better on the same images: pairs of scores, where neither model has learned."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from .. import plotting
from ..errors import InputError
from ..predictions import Prediction, PredictionInfo, prediction_folder
from ..project_image import ProjectImage
from ..storage import Store
from .blocks import BlockCounts, count_blocks
from .evaluating import scored_image
from .score_table import FOREGROUND, all_scores
from .statistics import FEWEST_PAIRS, Floats, PairedTest, paired_test

if TYPE_CHECKING:
    from ..model_files import ModelInfo


@dataclass(frozen=True, repr=False)
class ModelComparison:
    """Dice of two models in pairs, `first` minus `second`, per class and for all classes together.

    `scores` are the pairs: class -> (n,) of each model. `by_image` tells whether a pair is an image, or a block of one.
    """

    first: str
    second: str
    images: tuple[str, ...]
    by_image: bool
    tests: dict[str, PairedTest]
    scores: dict[str, tuple[Floats, Floats]]

    def sentences(self) -> list[str]:
        """What the pairs tell, in plain words."""
        unit = "images" if self.by_image else "blocks"
        lines = []
        for name, test in self.tests.items():
            line = f"{name}: Dice {test.first:.3f} ({self.first}) and {test.second:.3f} ({self.second}), "
            line += f"difference {test.difference:+.3f}"
            if np.isfinite(test.low):
                line += f" (95 % interval {test.low:+.3f} to {test.high:+.3f})"
            line += f", effect {test.effect:+.2f}, over {test.pairs} {unit}"
            if test.p_wilcoxon is not None:
                line += f"; p = {test.p_wilcoxon:.3g} (Wilcoxon), {test.p_permutation:.3g} (permutation)"
            lines.append(line + ".")
        lines.append("Effect: from -1, the first is always worse, to +1, it is always better (rank-biserial).")
        if not self.by_image:
            lines.append(
                f"{len(self.images)} image{'s are' if len(self.images) > 1 else ' is'} too few for a p-value: blocks "
                "of an image resemble each other, and say nothing of other animals. "
                f"Compare on {FEWEST_PAIRS} images or more."
            )
        return lines

    def figure(self) -> Figure:
        """Each pair as a line from one model to the other; a panel per class."""
        figure = plotting.new_figure(3.2 * len(self.scores), 3.6)
        for axes, (name, (one, other)) in zip(
            figure.subplots(1, len(self.scores), squeeze=False)[0], self.scores.items(), strict=True
        ):
            better = one > other
            for kept, colour in ((better, "#0072b2"), (~better, "#d55e00")):
                pairs = np.stack([one[kept], other[kept]])
                axes.plot([0, 1], pairs, color=colour, alpha=0.5, marker="o", markersize=3)
            axes.set_xticks([0, 1], [self.first, self.second], parse_math=False)
            axes.set(ylabel="Dice", xlim=(-0.3, 1.3))
            axes.set_title(name, fontsize=11, parse_math=False)
            axes.grid(alpha=0.3, axis="y")
        return figure

    def _repr_html_(self) -> str:
        lines = "".join(f"<li>{html.escape(line)}</li>" for line in self.sentences())
        picture = plotting.data_uri(plotting.figure_png(self.figure()))
        return f'<ul>{lines}</ul><img alt="Dice of both models, pair by pair" style="max-width:100%" src="{picture}">'

    def __repr__(self) -> str:
        return "\n".join(self.sentences())


def compare_counts(
    names: tuple[str, str], counts: Sequence[tuple[BlockCounts, BlockCounts]], classes: Sequence[str]
) -> ModelComparison:
    """Compare what was counted for two models, image by image; blocks are those that both have."""
    by_image = len(counts) >= FEWEST_PAIRS
    found: dict[str, tuple[list[Floats], list[Floats]]] = {name: ([], []) for name in (FOREGROUND, *classes)}
    for pair in counts:
        shared = set(pair[0].blocks) & set(pair[1].blocks)
        for side, item in enumerate(pair):
            weights = np.eye(len(item.blocks))[[block in shared for block in item.blocks]]
            tallies = item.tallies.total() if by_image else item.tallies.weighted(weights)
            scores = all_scores(tallies, item.image.pixel_size_um, classes)
            for name, values in scores.items():
                found[name][side].append(values["dice"])
    pairs = {name: (np.concatenate(one), np.concatenate(other)) for name, (one, other) in found.items()}
    return ModelComparison(
        first=names[0],
        second=names[1],
        images=tuple(pair[0].image.name for pair in counts),
        by_image=by_image,
        tests={name: paired_test(*both, test=by_image) for name, both in pairs.items()},
        scores=pairs,
    )


def compare_models(
    store: Store,
    models: tuple[ModelInfo, ModelInfo],
    images: Sequence[ProjectImage],
    predict: Callable[[ModelInfo, ProjectImage], Prediction],
) -> ModelComparison:
    """Predict where no prediction is stored, count, compare. Raises InputError, also for models of other classes."""
    names = (models[0].name, models[1].name)
    if names[0] == names[1]:
        raise InputError(f"'{names[0]}' cannot be compared with itself: name two models.")
    if set(models[0].classes) != set(models[1].classes):
        both = " and ".join(f"'{model.name}' {', '.join(model.classes)}" for model in models)
        raise InputError(f"The models do not know the same classes ({both}): compare models of the same classes.")
    if len({image.name for image in images}) < len(images):
        raise InputError("An image is given twice: it would count as two pairs.")
    counts = []
    for image in images:
        sides = []
        for model in models:
            prediction = stored_prediction(store, model, image) or predict(model, image)
            sides.append(count_blocks(scored_image(store, prediction, image, names, classes=models[0].classes)))
        counts.append((sides[0], sides[1]))
    return compare_counts(names, counts, models[0].classes)


def stored_prediction(store: Store, model: ModelInfo, image: ProjectImage) -> Prediction | None:
    """The prediction of these very weights that is stored; None when there is none."""
    key = f"{prediction_folder(image.name, model.name)}/summary.json"
    if not store.exists(key):
        return None
    info = PredictionInfo.decode(store.read(key), key)
    return Prediction(image, info) if info.model_sha256 == model.weights_sha256 else None

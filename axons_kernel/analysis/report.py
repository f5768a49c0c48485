"""What predictions are worth: scores per class and per object with intervals, and pictures of where they are wrong."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from matplotlib.figure import Figure
from tqdm import tqdm

from ..predictions import Prediction
from ..storage import Store
from .blocks import BlockCounts, blocks_of, count_blocks
from .fibre_agreement import FibreAgreement, compare_fibres
from .score_table import FOREGROUND, ScoreTable, WorstTile, score_table
from .scored import ScoredImage

GALLERY = 4  # worst tiles on the page
SILENT_S = 3.0  # seconds before a bar is shown


@dataclass(frozen=True, repr=False)
class Report:
    """Scores of a model's predictions of one image or of several, with pictures.

    `scores.scored_share` is the share of the pixels that were scored; `scores.worst` are the worst tiles.
    """

    scores: ScoreTable
    predictions: tuple[Prediction, ...]
    counts: tuple[BlockCounts, ...]

    def dice(self, name: str = FOREGROUND) -> float:
        """Dice of one class, by default of all classes against the background."""
        value = self.scores.pixels[name]["dice"]
        return float("nan") if value is None else value

    def worst(self, count: int = GALLERY) -> tuple[WorstTile, ...]:
        """The tiles with the largest share of wrong pixels, the worst first; `x`, `y` is the middle of a tile."""
        from .score_table import worst_tiles

        return worst_tiles(self.counts, count)

    @cached_property
    def fibres(self) -> FibreAgreement | None:
        """How far diameters and g-ratios agree with those of the labels; None where nothing can be paired."""
        return compare_fibres([c.image for c in self.counts], [p.image for p in self.predictions])

    def figure(self, number: int = 0) -> Figure:
        """One of the images, its labels, its prediction, and where they differ."""
        from .report_figures import overview_figure

        return overview_figure(self.counts[number].image, self.predictions[number].image, self.scores.model)

    def gallery(self, count: int = GALLERY) -> Figure:
        """The worst tiles: image, labels, prediction and difference, with place and score."""
        from .report_figures import gallery_figure

        by_name = {c.image.name: (c.image, p.image) for c, p in zip(self.counts, self.predictions, strict=True)}
        return gallery_figure([(tile, *by_name[tile.image]) for tile in self.worst(count)], self.scores.model)

    def confusion_figure(self) -> Figure:
        """Which classes are taken for which."""
        from .report_figures import confusion_figure

        return confusion_figure(self.scores)

    def calibration_figure(self) -> Figure:
        """How often the model is right, by how sure it is (reliability diagram)."""
        from .report_figures import calibration_figure

        return calibration_figure(self.scores)

    def to_html(self) -> str:
        """A page that needs no other file: summary, scores, pictures, where it comes from."""
        from .report_page import report_page

        return report_page(self)

    def _repr_html_(self) -> str:
        from .report_page import notebook_html

        return notebook_html(self)

    def __repr__(self) -> str:
        from .report_words import score_lines

        return score_lines(self.scores)


def make_report(
    predictions: Sequence[Prediction], scored: Sequence[ScoredImage], made_with: dict[str, str] | None = None
) -> Report:
    """Score predictions of one model; `scored[i]` is the image of `predictions[i]`. A bar shows when it takes long."""
    blocks = sum(len(blocks_of(image.shape)) for image in scored)
    with tqdm(desc="scoring", total=blocks, unit="block", delay=SILENT_S, leave=False, file=sys.stdout) as bar:
        counts = tuple(count_blocks(image, bar.update) for image in scored)
    model = predictions[0].info.model
    return Report(score_table(counts, model, made_with), tuple(predictions), counts)


def save_report(store: Store, report: Report) -> str:
    """Put report.json and report.html beside the prediction, that of several into reports/; returns the page's key."""
    first = report.predictions[0]
    folder = first.folder if len(report.predictions) == 1 else f"reports/{first.info.model}"
    store.write(f"{folder}/report.html", report.to_html().encode())
    store.write(f"{folder}/report.json", report.scores.encode())
    return f"{folder}/report.html"

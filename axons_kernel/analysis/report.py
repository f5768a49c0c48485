"""What a prediction is worth: scores per class and per object, and the picture of where it is wrong."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from .. import plotting
from ..documents import Document
from ..metrics import ClassScore, object_score, pixel_score
from ..predictions import Prediction
from ..storage import Store

FOREGROUND = "all classes together"


class ScoreTable(Document):
    """predictions/<image>/<model>/report.json. A score with nothing to count is null."""

    kind: ClassVar[str] = "report"
    image: str
    model: str
    scored_share: float
    pixels: dict[str, dict[str, float | None]]
    objects: dict[str, dict[str, float | int | None]]


@dataclass(frozen=True, repr=False)
class Report:
    """Scores of one prediction, with pictures. `scores.scored_share` is the share of the image that was scored."""

    scores: ScoreTable
    prediction: Prediction
    predicted: NDArray[np.uint8]  # (H, W) class numbers, as `reference`: 0 where nothing was scored
    reference: NDArray[np.uint8]

    def dice(self, name: str = FOREGROUND) -> float:
        """Dice of one class, by default of all classes against the background."""
        value = self.scores.pixels[name]["dice"]
        return math.nan if value is None else value

    def figure(self) -> Figure:
        """The image, the reference, the prediction, and where they differ."""
        image = self.prediction.image
        pixels, predicted = image.pixels(), self.predicted
        colours = [image.colours[name] for name in self.prediction.info.classes]
        pictures = {
            "image": plotting.to_rgb(pixels),
            "annotation": plotting.overlay(pixels, self.reference, colours),
            f"prediction of {self.scores.model}": plotting.overlay(pixels, predicted, colours),
            "missed (red), extra (blue), wrong class (pink)": plotting.difference(pixels, predicted, self.reference),
        }
        figure = plotting.new_figure(11, 11 * image.shape[0] / image.shape[1] + 0.5)
        for axes, (title, picture) in zip(figure.subplots(2, 2).flat, pictures.items(), strict=True):
            axes.imshow(picture)
            axes.set(title=title)
            axes.set_axis_off()
        return figure

    def to_html(self) -> str:
        """A page that needs no other file: table, note on what was scored, pictures."""
        table = _table(score_rows(self.scores))
        picture = plotting.data_uri(plotting.figure_png(self.figure()))
        title = html.escape(f"{self.scores.image} by {self.scores.model}")
        return (
            f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>"
            "<style>body{font:16px sans-serif;max-width:70em;margin:2em auto;padding:0 1em}"
            "td,th{padding:.3em .8em;text-align:right}td:first-child,th:first-child{text-align:left}"
            "tr{border-bottom:1px solid #ccc}img{max-width:100%}</style>"
            f"<h1>{title}</h1>{table}<p>{html.escape(score_note(self.scores))}</p>"
            f'<img alt="image, annotation, prediction and their difference" src="{picture}"></html>'
        )

    def _repr_html_(self) -> str:
        picture = plotting.data_uri(plotting.figure_png(self.figure()))
        note = html.escape(score_note(self.scores))
        return f'{_table(score_rows(self.scores))}<p>{note}</p><img style="max-width:100%" src="{picture}">'

    def __repr__(self) -> str:
        return score_lines(self.scores)


def score_rows(scores: ScoreTable) -> list[list[str]]:
    """The table of scores as text, heading first."""
    rows = [["class", "Dice", "IoU", "precision", "recall", "objects found", "missed", "extra", "object F1"]]
    for name, score in scores.pixels.items():
        cells = [_text(score[key]) for key in ("dice", "iou", "precision", "recall")]
        objects = scores.objects.get(name)
        keys = ("found", "missed", "extra", "f1")
        rows.append([name, *cells, *(_text(objects[key]) if objects else "" for key in keys)])
    return rows


def score_note(scores: ScoreTable) -> str:
    """What was scored, and what an object is."""
    share = scores.scored_share
    where = (
        "Scored on the whole image; the model has not learned from any of it."
        if share == 1
        else f"Scored on {100 * share:.0f} % of the image: pixels that the model has learned from do not count."
    )
    return f"{where} An object is a connected area of a class, found when its IoU is above 0.5; touching ones are one."


def score_lines(scores: ScoreTable) -> str:
    """Table and note for a terminal."""
    rows = score_rows(scores)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, score_note(scores)])


def _table(rows: list[list[str]]) -> str:
    cells = [[html.escape(cell) for cell in row] for row in rows]
    head = "".join(f"<th>{cell}</th>" for cell in cells[0])
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in cells[1:])
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(value: float | int | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def score_prediction(prediction: Prediction, reference: NDArray[np.uint8], seen: NDArray[np.bool_]) -> Report:
    """Scores over the pixels that are not `seen` (H, W bool) by the model's training."""
    predicted = np.where(seen, 0, prediction.mask()).astype(np.uint8)
    counted = np.where(seen, 0, reference).astype(np.uint8)
    pixels = {FOREGROUND: _pixel_entry(pixel_score(predicted > 0, counted > 0))}
    objects = {}
    for number, name in enumerate(prediction.info.classes, start=1):
        pixels[name] = _pixel_entry(pixel_score(predicted == number, counted == number))
        objects[name] = _object_entry(object_score(predicted == number, counted == number))
    scores = ScoreTable(
        image=prediction.info.image,
        model=prediction.info.model,
        scored_share=1 - float(seen.mean()),
        pixels=pixels,
        objects=objects,
    )
    return Report(scores, prediction, predicted, counted)


def _pixel_entry(score: ClassScore) -> dict[str, float | None]:
    return {key: _finite(getattr(score, key)) for key in ("dice", "iou", "precision", "recall")}


def _object_entry(score: ClassScore) -> dict[str, float | int | None]:
    counts = {"found": score.true_positive, "missed": score.false_negative, "extra": score.false_positive}
    return {**counts, "f1": _finite(score.dice)}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def save_report(store: Store, report: Report) -> None:
    """Put report.json and report.html beside the prediction."""
    folder = report.prediction.folder
    store.write(f"{folder}/report.html", report.to_html().encode())
    store.write(f"{folder}/report.json", report.scores.encode())

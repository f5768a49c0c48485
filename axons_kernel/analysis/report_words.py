"""A report in plain words and as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .score_table import ScoreTable

if TYPE_CHECKING:
    from .fibre_agreement import FibreAgreement

HEADING = (
    *("class", "Dice", "IoU", "precision", "recall"),
    *("objects found", "missed", "extra", "object F1", "SQ", "PQ"),
    *("boundary IoU", "surface Dice", "HD95 (µm)"),
)
# heading: what it means
MEANING = {
    "Dice": "agreement of pixels, 1 is perfect",
    "IoU": "shared pixels / pixels of either",
    "precision": "share of what the model calls this class that is right",
    "recall": "share of this class that the model has found",
    "objects found": "connected areas of the class whose IoU with one of the reference's is above 0.5",
    "object F1": "recognition quality (RQ): 1 when no object is missed or extra",
    "SQ": "segmentation quality: mean IoU of the objects found",
    "PQ": "panoptic quality: SQ x F1",
    "boundary IoU": "IoU of thin bands along the outlines",
    "surface Dice": "share of the outlines that lie near the other's",
    "HD95 (µm)": "95 % of the outlines are no farther from the other's",
}
_WRONG = 0.02  # share of a class's pixels from which a mix-up is told


def score_rows(scores: ScoreTable) -> list[list[str]]:
    """The table of scores as text, heading first."""
    rows = [list(HEADING)]
    for name, pixels in scores.pixels.items():
        objects, outlines = scores.objects.get(name), scores.outlines.get(name)
        cells = [text(pixels[key]) for key in ("dice", "iou", "precision", "recall")]
        keys = ("found", "missed", "extra", "f1", "sq", "pq")
        cells += [text(objects.get(key)) if objects else "" for key in keys]
        along = ("boundary_iou", "surface_dice", "hd95_um")
        rows.append([name, *cells, *(text(outlines.get(key)) if outlines else "" for key in along)])
    return rows


def score_note(scores: ScoreTable) -> str:
    """What was scored, and what an object is."""
    share = scores.scored_share
    what = "image" if len(scores.images) < 2 else "images"
    where = (
        f"Scored on the whole {what}; the model has not learned from any of it."
        if share == 1
        else f"Scored on {100 * share:.0f} % of the {what}: pixels that the model has learned from do not count."
    )
    return f"{where} An object is a connected area of a class, found when its IoU is above 0.5; touching ones are one."


def score_lines(scores: ScoreTable) -> str:
    """Table and notes for a terminal."""
    rows = score_rows(scores)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, *summary(scores), score_note(scores), scores.resampled])


def summary(scores: ScoreTable, agreement: FibreAgreement | None = None) -> list[str]:
    """A few sentences: how good, what is missed, what is mixed up, how sure it is, and what that means for sizes."""
    lines = []
    for name, objects in scores.objects.items():
        dice, found, missed, extra = scores.pixels[name]["dice"], *(objects[k] for k in ("found", "missed", "extra"))
        if dice is None:
            lines.append(f"{name}: not there, neither in the labels nor in the prediction.")
            continue
        around = interval_text(scores.intervals.get(name, {}).get("dice"))
        whole = int(found or 0) + int(missed or 0)
        lines.append(f"{name}: Dice {dice:.3f}{around}. {found} of {whole} objects were found; {extra} are extra.")
    lines += _mixed_up(scores)
    if scores.calibration_error is not None:
        sure = sum(n * c for n, c, _ in scores.calibration) / max(1, sum(n for n, _, _ in scores.calibration))
        right = sum(n * r for n, _, r in scores.calibration) / max(1, sum(n for n, _, _ in scores.calibration))
        how = "about as sure as it is right"
        if abs(sure - right) > 0.01:
            how = "too sure of itself" if sure > right else "less sure than it could be"
        share = f"{100 * sure:.0f} % sure on average, right in {100 * right:.0f} % of the pixels"
        lines.append(f"The model is {how}: {share}.")
    if agreement is not None:
        lines += agreement_lines(agreement)
    return lines


def agreement_lines(agreement: FibreAgreement) -> list[str]:
    """Bias and limits of agreement of diameters and g-ratios."""
    names = {"axon_diameter_um": ("Axon diameters", " µm"), "g_ratio": ("g-ratios", "")}
    lines = []
    for key, (name, unit) in names.items():
        b = agreement.bland_altman[key]
        lines.append(
            f"{name} from the prediction are {abs(b.bias):.3f}{unit} {'above' if b.bias > 0 else 'below'} those from "
            f"the labels on average; 95 % of the differences lie between {b.lower:+.3f} and {b.upper:+.3f}{unit} "
            f"({b.pairs} fibres in both)."
        )
    return lines


def _mixed_up(scores: ScoreTable) -> list[str]:
    """The largest wrong entry of the confusion matrix."""
    names = ["background", *scores.objects]
    entries: list[tuple[float, str, str]] = []
    for known, row in zip(names, scores.confusion, strict=False):
        for guess, count in zip(names, row, strict=True):
            if known != guess and any(row):
                entries.append((count / sum(row), known, guess))
    share, known, guess = max(entries, default=(0.0, "", ""))
    if share < _WRONG:
        return []
    return [f"What it mixes up most: {100 * share:.0f} % of the {known} pixels are called {guess}."]


def interval_text(interval: tuple[float, float] | None) -> str:
    """An interval in brackets, empty without one."""
    return f" (95 % interval {interval[0]:.3f} to {interval[1]:.3f})" if interval else ""


def text(value: float | int | None) -> str:
    """A score as it is printed."""
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.3f}"

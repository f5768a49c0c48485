"""A comparison as HTML for a notebook: sentences, the picture, close-ups, findings and scores."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

from .. import plotting
from .figures import close_ups_figure, comparison_figure
from .findings import COLOURS

if TYPE_CHECKING:
    from .comparison import Comparison
    from .scores import ClassComparison

NUMBERED = 25  # findings in the picture and in the table
CLOSE_UPS = 8

# heading, what it means
COLUMNS = (
    ("class", "label class"),
    ("found", "objects found, of all in the reference"),
    ("missed", "in the reference, not in yours"),
    ("extra", "in yours, not in the reference"),
    ("split", "objects that you drew as several"),
    ("merged", "objects that you drew as one with others"),
    ("wrong class", "right place, other class"),
    ("far off", "there, but sharing half of the area or less"),
    ("Dice", "agreement of pixels: 1 is perfect"),
    ("F1", "agreement of objects: 1 is perfect; an object counts as found when its IoU is above 0.5"),
    ("PQ", "panoptic quality: F1 times the mean IoU of the found objects"),
    ("outline", "mean signed distance in pixels: above 0 is too wide"),
    ("within 2 px", "share of the outline within 2 px of the other (surface Dice)"),
    ("HD95", "95 % of the outline is no farther off than this, in pixels"),
)


def comparison_html(comparison: Comparison) -> str:
    """Everything, with text escaped: class names may hold anything."""
    sentences = "".join(f"<li>{html.escape(line)}</li>" for line in comparison.summary())
    parts = [f"<ul style='font-size:110%'>{sentences}</ul>", _scores(comparison)]
    picture = _img(plotting.figure_png(comparison_figure(comparison, NUMBERED)), "where the annotation is wrong")
    if comparison.findings:
        close_ups = plotting.figure_png(close_ups_figure(comparison, CLOSE_UPS))
        parts += [picture, _img(close_ups, "close-ups of the first findings"), _findings(comparison)]
    else:
        parts.append("<p>Nothing to correct.</p>")
    return "".join(parts)


def _img(png: bytes, text: str) -> str:
    return f'<img alt="{text}" style="max-width:100%" src="{plotting.data_uri(png)}">'


def _findings(comparison: Comparison) -> str:
    rows = []
    for finding in comparison.findings[:NUMBERED]:
        red, green, blue = COLOURS[finding.kind]
        mark = f"<span style='display:inline-block;width:1em;height:1em;background:rgb({red},{green},{blue})'></span>"
        cells = (str(finding.number), f"{mark} {finding.kind}", html.escape(finding.sentence()))
        where = f"x {finding.x:.0f}, y {finding.y:.0f}"
        rows.append("".join(f"<td style='text-align:left;white-space:nowrap'>{cell}</td>" for cell in (*cells, where)))
    more = len(comparison.findings) - NUMBERED
    note = f"<p>And {more} smaller ones, in colour but without a number.</p>" if more > 0 else ""
    head = "".join(f"<th style='text-align:left'>{name}</th>" for name in ("no.", "what", "", "where"))
    return f"<table><thead><tr>{head}</tr></thead><tbody><tr>{'</tr><tr>'.join(rows)}</tr></tbody></table>{note}"


def _scores(comparison: Comparison) -> str:
    head = "".join(f'<th title="{meaning}">{name}</th>' for name, meaning in COLUMNS)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in score_row(scores)) + "</tr>"
        for scores in comparison.classes
    )
    meanings = "".join(f"<li><b>{name}</b>: {meaning}</li>" for name, meaning in COLUMNS[1:])
    return (
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        f"<details><summary>What the columns mean</summary><ul>{meanings}</ul></details>"
        f"<details><summary>All scores</summary>{_all_scores(comparison)}</details>"
    )


def _all_scores(comparison: Comparison) -> str:
    """Scores as lines and classes as columns."""
    columns = comparison.rows()
    lines = []
    for name in columns[0] if columns else ():
        cells = [value if isinstance(value := column[name], str | int) else _number(value, ".3f") for column in columns]
        lines.append("".join(f"<td>{html.escape(str(cell))}</td>" for cell in (name, *cells)))
    return f"<table><tr>{'</tr><tr>'.join(lines)}</tr></table>"


def score_row(scores: ClassComparison) -> list[str]:
    """One row of the table of scores, as COLUMNS names them."""
    counts, half = scores.counts, scores.at[0.5]
    kinds = ("missed", "extra", "split", "merged", "wrong class", "far off")
    return [
        scores.name,
        f"{counts['found']} of {scores.objects}",
        *(str(counts[kind]) for kind in kinds),
        *(_number(value, ".2f") for value in (scores.pixels.dice, half.f1, half.panoptic_quality)),
        _number(scores.offset_px, "+.1f"),
        _number(scores.boundary.surface_dice(2), ".2f"),
        _number(scores.boundary.hausdorff(95), ".1f"),
    ]


def _number(value: float, form: str) -> str:
    return format(value, form) if math.isfinite(value) else "–"

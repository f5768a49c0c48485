"""A report as one page of HTML that needs no other file, reads in light and dark, and prints on A4."""

from __future__ import annotations

import html
from collections.abc import Sequence
from math import isnan
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from .. import plotting
from .report_figures import agreement_figure
from .report_words import MEANING, score_note, score_rows, summary, text
from .score_table import FOREGROUND, ScoreTable

if TYPE_CHECKING:
    from .fibre_agreement import FibreAgreement
    from .report import Report

MOST_PICTURES = 3  # overviews on the page
_STYLE = """
:root{color-scheme:light dark;--line:#c8ccd0;--quiet:#59636e;--back:#fff;--text:#1f2328;--card:#f4f6f8}
@media(prefers-color-scheme:dark){:root{--line:#3d444d;--quiet:#9aa4af;--back:#14181d;--text:#e6eaee;--card:#1f252c}}
body{font:16px/1.5 system-ui,sans-serif;max-width:68rem;margin:2rem auto;padding:0 1rem;background:var(--back);
color:var(--text)}h1{font-size:1.6rem;margin-bottom:.2rem}h2{font-size:1.15rem;margin:2rem 0 .5rem}
.summary{background:var(--card);border-radius:8px;padding:.6rem 1rem .6rem 2.2rem}.summary li{margin:.25rem 0}
.quiet{color:var(--quiet);font-size:.9rem}.wide{overflow-x:auto;margin:0 0 1.2rem}
table{border-collapse:collapse;font-size:.9rem;min-width:min(100%,36rem)}
caption{text-align:left;color:var(--quiet);font-size:.9rem;padding-bottom:.3rem}
th,td{padding:.3rem .6rem;text-align:right;border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums}
th:first-child,td:first-child{text-align:left}td small{color:var(--quiet);display:block;white-space:nowrap}
img{max-width:100%;height:auto;background:#fff;border-radius:4px}
.pair{display:flex;flex-wrap:wrap;gap:1rem;align-items:flex-start}.pair>*{flex:0 1 26rem;min-width:0;margin:0}
figure{margin:0 0 1rem}figcaption{color:var(--quiet);font-size:.9rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;font-size:.9rem}dt{color:var(--quiet)}
dd{margin:0;overflow-wrap:anywhere}
@media print{@page{size:A4;margin:14mm}:root{--back:#fff;--text:#000;--quiet:#444;--line:#999;--card:#fff}
body{font-size:10pt;margin:0;max-width:none;padding:0}h2{break-after:avoid}figure,table,.summary{break-inside:avoid}
.summary{border:1px solid #999}.pair{flex-wrap:nowrap}.pair>*{flex:1 1 0}.worst img{width:78%}
th,td{padding:.15rem .35rem;font-size:8pt}.wide{overflow:visible}}
"""


def report_page(report: Report) -> str:
    """The whole page."""
    scores = report.scores
    title = html.escape(f"{scores.image} by {scores.model}")
    parts = [
        f"<h1>{title}</h1><p class=quiet>{html.escape(score_note(scores))}</p>",
        _sentences(summary(scores, report.fibres)),
        "<h2>Scores</h2>",
        _scores(scores),
        _meanings(scores),
        _mistakes(report),
        _worst(report),
        _fibres(report.fibres) if report.fibres else "",
        _images(scores) if len(scores.images) > 1 else "",
        _made_with(scores.made_with),
    ]
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{title}</title>"
        f'<meta name=viewport content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main>{''.join(parts)}</main></body></html>"
    )


def notebook_html(report: Report) -> str:
    """What a notebook shows: summary, scores, the first image, and the worst tiles."""
    scores = report.scores
    note = f"{score_note(scores)} {scores.resampled}"
    return (
        _sentences(summary(scores, report.fibres))
        + _table(score_rows(scores))
        + f"<p>{html.escape(note)}</p>"
        + _picture(report.figure(), "image, annotation, prediction and their difference")
        + "<p><b>The worst tiles</b></p>"
        + _picture(report.gallery(3), "the worst tiles")
    )


def _sentences(lines: Sequence[str]) -> str:
    return f"<ul class=summary>{''.join(f'<li>{html.escape(line)}</li>' for line in lines)}</ul>"


def _table(rows: Sequence[Sequence[str]], caption: str = "") -> str:
    """Plain cells; the first of a row is its heading."""
    cells = [[html.escape(cell) for cell in row] for row in rows]
    return _rows(cells, caption)


def _rows(cells: Sequence[Sequence[str]], caption: str) -> str:
    head = "".join(f"<th scope=col>{cell}</th>" for cell in cells[0])
    body = "".join(
        f"<tr><th scope=row>{row[0]}</th>{''.join(f'<td>{cell}</td>' for cell in row[1:])}</tr>" for row in cells[1:]
    )
    named = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    return f"<div class=wide><table>{named}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _scores(scores: ScoreTable) -> str:
    """Two tables, so that each fits a page: pixels and outlines, and objects; with intervals below the scores."""
    outlines = {"boundary_iou": "boundary IoU", "surface_dice": "surface Dice", "hd95_um": "HD95 (µm)"}
    pixels = {"dice": "Dice", "iou": "IoU", "precision": "precision", "recall": "recall"}
    objects = {"f1": "object F1", "sq": "SQ", "pq": "PQ"}
    first = [["class", *pixels.values(), *outlines.values()]]
    for name, values in scores.pixels.items():
        along = scores.outlines.get(name)
        cells = [_score(scores, name, key, values[key]) for key in pixels]
        first.append(
            [html.escape(name), *cells, *(_score(scores, name, k, along[k]) if along else "" for k in outlines)]
        )
    second = [["class", "found", "missed", "extra", *objects.values()]]
    for name, counts in scores.objects.items():
        cells = [text(counts[key]) for key in ("found", "missed", "extra")]
        second.append([html.escape(name), *cells, *(_score(scores, name, key, counts[key]) for key in objects)])
    return _rows(first, "Pixels and outlines; small: 95 % interval") + _rows(second, "Objects; small: 95 % interval")


def _score(scores: ScoreTable, name: str, key: str, value: float | int | None) -> str:
    interval = scores.intervals.get(name, {}).get(key)
    return text(value) + (f"<small>{interval[0]:.3f} – {interval[1]:.3f}</small>" if interval else "")


def _meanings(scores: ScoreTable) -> str:
    lines = "".join(f"<li><b>{html.escape(name)}</b>: {html.escape(what)}</li>" for name, what in MEANING.items())
    near = f" Surface Dice counts outlines within {scores.tolerance_um:.2g} µm." if scores.tolerance_um else ""
    return (
        f"<p class=quiet>{html.escape(scores.resampled + near)}</p>"
        f"<details class=quiet><summary>What the scores mean</summary><ul>{lines}</ul></details>"
    )


def _mistakes(report: Report) -> str:
    """Confusion and calibration side by side, then the images."""
    scores = report.scores
    sides = [_captioned(report.confusion_figure(), "Confusion", "Each row: where the pixels of one class went.")]
    if scores.calibration:
        note = "On the dashed line the model would be as often right as it is sure."
        sides.append(_captioned(report.calibration_figure(), "Calibration", note))
    overviews = "".join(
        _captioned(report.figure(i), name, "Image, annotation, prediction, difference.")
        for i, name in enumerate(list(scores.images)[:MOST_PICTURES])
    )
    return f"<h2>Where it is wrong</h2><div class=pair>{''.join(sides)}</div>{overviews}"


def _worst(report: Report) -> str:
    rows = [["tile", "image", "x, y", "wrong pixels", "Dice"]]
    for number, tile in enumerate(report.scores.worst, start=1):
        wrong = f"{100 * tile.wrong:.1f} %"
        rows.append([str(number), tile.image, f"{tile.x}, {tile.y}", wrong, text(tile.dice)])
    if len(rows) == 1:
        return ""
    caption = "Places are the middles of the tiles, in image pixels: go there with project.show or project.annotate."
    gallery = _picture(report.gallery(), "the worst tiles: image, annotation, prediction, difference")
    return f"<section class=worst><h2>The worst tiles</h2>{_table(rows, caption)}{gallery}</section>"


def _fibres(agreement: FibreAgreement) -> str:
    names = {
        "objects": "fibres",
        "density_per_mm2": "density (per mm²)",
        "axon_diameter_um_mean": "axon diameter (µm), mean",
        "fibre_diameter_um_mean": "fibre diameter (µm), mean",
        "myelin_thickness_um_mean": "myelin thickness (µm), mean",
        "g_ratio_mean": "g-ratio, mean",
        "aggregate_g_ratio": "aggregate g-ratio",
    }
    rows = [["image", "from", *names.values()]]
    for tables in zip(agreement.reference, agreement.predicted, strict=True):
        for table in tables:
            values = table.summary()
            rows.append([table.about.image, table.about.by, *(_number(values[key]) for key in names)])
    note = "Over whole images, also where the model has learned. Below: fibres in both, only where it has not."
    return (
        f"<h2>Morphometry</h2>{_table(rows, note)}"
        f"{_captioned(agreement_figure(agreement), 'Agreement', 'Bland-Altman: a point per fibre.')}"
    )


def _number(value: float) -> str:
    if isnan(value):
        return "–"
    return f"{value:,.0f}" if value >= 100 or value.is_integer() else f"{value:.3f}"


def _images(scores: ScoreTable) -> str:
    classes = [FOREGROUND, *scores.objects]
    rows = [["image", *classes]]
    rows += [[name, *(text(dice[key]) for key in classes)] for name, dice in scores.images.items()]
    return f"<h2>Each image</h2>{_table(rows, 'Dice')}"


def _made_with(made_with: dict[str, str]) -> str:
    lines = "".join(f"<dt>{html.escape(key)}</dt><dd>{html.escape(value)}</dd>" for key, value in made_with.items())
    return f"<h2>Where this comes from</h2><dl>{lines}</dl>" if lines else ""


def _captioned(figure: Figure, title: str, note: str) -> str:
    name = html.escape(f"{title}. {note}")
    return f"<figure>{_picture(figure, f'{title}. {note}')}<figcaption>{name}</figcaption></figure>"


def _picture(figure: Figure, alt: str) -> str:
    source = plotting.data_uri(plotting.figure_png(figure))
    return f'<img alt="{html.escape(alt)}" style="max-width:100%" src="{source}">'

"""The data card as HTML for a notebook."""

from __future__ import annotations

import html
from collections.abc import Sequence

from .. import plotting
from .balance import class_shares, evenness, headline, known, listed, split_pixels
from .training_set import SPLITS, TrainingSet


def card_html(training_set: TrainingSet, warnings: Sequence[str], png: bytes) -> str:
    """Facts, warnings and the picture; all text is escaped, as names may hold anything."""
    notes = "".join(f"<li>{html.escape(line)}</li>" for line in warnings)
    beware = f"<p><b>Beware</b></p><ul>{notes}</ul>" if warnings else "<p>Nothing to beware of was found.</p>"
    line = evenness(training_set) if known(training_set) else ""
    even = f"<p>{html.escape(line[0].upper() + line[1:])}.</p>" if line else ""
    picture = f'<img alt="class balance and examples" style="max-width:100%" src="{plotting.data_uri(png)}">'
    return f"<p>{html.escape(headline(training_set))}</p>{_table(training_set)}{even}{beware}{picture}"


def _table(training_set: TrainingSet) -> str:
    classes = [html.escape(name) for name in training_set.classes] if known(training_set) else []
    headings = ["split", "tiles", "images", *(["groups"] if training_set.groups else []), *classes]
    rows = []
    shares = class_shares(training_set) if classes else {}
    for split in SPLITS:
        images = training_set.images(split)
        if not images:
            continue
        groups = sorted({training_set.groups[image] for image in images if image in training_set.groups})
        cells = [split, str(len(training_set.in_split(split))), f"{len(images)}: {listed(images)}"]
        cells += [f"{len(groups)}: {listed(groups)}"] if training_set.groups else []
        pixels = split_pixels(training_set, split)
        for number in range(1, len(classes) + 1):
            of_all = f" ({100 * shares[split][number]:.0f} % of all)" if pixels[number] else ""
            cells.append(f"{100 * pixels[number] / max(1, pixels.sum()):.3g} %{of_all}")
        rows.append("".join(f"<td style='text-align:left'>{html.escape(cell)}</td>" for cell in cells))
    head = "".join(f"<th style='text-align:left'>{heading}</th>" for heading in headings)
    return f"<table><thead><tr>{head}</tr></thead><tbody><tr>{'</tr><tr>'.join(rows)}</tr></tbody></table>"

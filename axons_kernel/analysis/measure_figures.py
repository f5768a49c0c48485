"""Pictures of what was measured: distributions, and the image with each fibre in the colour of its g-ratio."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from .. import plotting

if TYPE_CHECKING:
    from .measurements import Measurements

G_RANGE = (0.45, 0.85)  # g-ratios that the colours tell apart
_COLOUR = "#0072b2"


def distributions_figure(table: Measurements) -> Figure:
    """Histograms with their medians; for fibres also g-ratio by axon diameter, as in most papers."""
    if not table.paired:
        figure = plotting.new_figure(9, 3.2)
        axes = figure.subplots(1, 2)
        _histogram(axes[0], table.whole("diameter_um"), "diameter (µm)")
        _histogram(axes[1], table.whole("area_um2"), "area (µm²)")
        return figure
    figure = plotting.new_figure(11, 6)
    axes = figure.subplots(2, 3).flat
    _histogram(axes[0], table.whole("axon_diameter_um"), "axon diameter (µm)")
    _histogram(axes[1], table.whole("fibre_diameter_um"), "fibre diameter (µm)")
    _histogram(axes[2], table.whole("myelin_thickness_um"), "myelin thickness (µm)")
    _histogram(axes[3], table.whole("g_ratio"), "g-ratio")
    kept = ~table["at_edge"].astype(bool) & table["myelinated"].astype(bool)
    axes[4].scatter(
        table["axon_diameter_um"][kept], table["g_ratio"][kept], s=9, color=_COLOUR, alpha=0.4, linewidths=0
    )
    axes[4].set(xlabel="axon diameter (µm)", ylabel="g-ratio", ylim=(0, 1))
    axes[4].set_title("g-ratio by axon diameter", fontsize=11)
    axes[4].grid(alpha=0.3)
    _histogram(axes[5], table.whole("axon_eccentricity"), "axon eccentricity (0: round)")
    return figure


def _histogram(axes: Axes, values: NDArray[np.float64], name: str) -> None:
    axes.set(xlabel=name, ylabel="objects")
    axes.grid(alpha=0.3, axis="y")
    if values.size:
        axes.hist(values, bins=min(40, max(5, round(2 * values.size ** (1 / 3)))), color=_COLOUR, edgecolor="white")
        middle = float(np.median(values))
        axes.axvline(middle, color="#d55e00", linewidth=2)
        axes.set_title(f"{values.size} objects, median {middle:.3g}", fontsize=11)
    else:
        axes.set_title("no whole object", fontsize=11)


def coloured_figure(table: Measurements) -> Figure:
    """The image under the measured objects; a colour bar says what the colours mean."""
    values, image = table.shown, plotting.to_rgb(table.image.preview(labels=False))
    shape = table.image.shape
    known = table["g_ratio" if table.paired else "diameter_um"].astype(np.float64)
    low, high = G_RANGE if table.paired or not known.size else (float(known.min()), float(known.max()) or 1.0)
    scale = ScalarMappable(Normalize(low, high), colormaps["viridis"])
    colours = scale.to_rgba(np.ma.masked_invalid(values * (1 if table.paired else table.about.pixel_size_um)))
    colours[..., 3] = np.where(np.isnan(values), 0, 0.7)
    figure = plotting.new_figure(8.5, 8 * shape[0] / shape[1] + 0.3)
    axes = figure.add_subplot()
    extent = (0, shape[1], shape[0], 0)
    axes.imshow(image, extent=extent)
    axes.imshow(colours, extent=extent, interpolation="nearest")
    axes.set_axis_off()
    figure.colorbar(scale, ax=axes, label="g-ratio" if table.paired else "diameter (µm)", shrink=0.7, extend="both")
    return figure


def measurements_html(table: Measurements) -> str:
    """Sentences, distributions and the picture, for a notebook."""
    lines = "".join(f"<li>{html.escape(line)}</li>" for line in table.sentences())
    pictures = "".join(
        f'<img alt="{text}" style="max-width:100%" src="{plotting.data_uri(plotting.figure_png(figure))}">'
        for text, figure in (("distributions", table.figure()), ("objects by value", table.picture()))
    )
    return f"<ul>{lines}</ul>{pictures}"

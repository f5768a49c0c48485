"""What was measured, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .measurements import Measurements

_HOW = (
    "Diameters are those of circles of the same area; the ellipse's axes are in the table. Objects that the image's "
    "edge cuts are in no distribution; the density leaves out those at the left and lower edges (unbiased frame)."
)


def sentences(table: Measurements) -> list[str]:
    """A few sentences: how many, how large, how thick the sheath, and how it was counted."""
    about, values = table.about, table.summary()
    name, sheath = about.pair
    count = f"{len(table)} {name} object{'s' * (len(table) != 1)}"
    where = f"{about.image}, {about.by}, {about.pixel_size_um:g} µm per pixel"
    lines = [
        f"{count} in {about.area_um2:.4g} µm² ({where}); {values['at_edge']:.0f} touch the edge.",
        f"Density {values['density_per_mm2']:,.0f} per mm²; {name} fills {100 * values['area_fraction']:.1f} %"
        + (f", {sheath} {100 * values['sheath_area_fraction']:.1f} %." if sheath else "."),
    ]
    if table.paired:
        lines += [
            f"Axon diameter {_spread(table, 'axon_diameter_um')} µm, fibre diameter "
            f"{_spread(table, 'fibre_diameter_um')} µm, {sheath} thickness {_spread(table, 'myelin_thickness_um')} µm.",
            f"g-ratio {_spread(table, 'g_ratio')}; aggregate g-ratio {values['aggregate_g_ratio']:.3f}. "
            f"{values['bare_axons']:.0f} axons have no {sheath}, {values['sheaths_without_axon']:.0f} pieces of "
            f"{sheath} have no axon.",
        ]
    else:
        lines.append(f"Diameter {_spread(table, 'diameter_um')} µm.")
    return [*lines, _HOW]


def _spread(table: Measurements, name: str) -> str:
    values, count = table.summary(), table.whole(name).size
    if count < 2:
        return f"{values[f'{name}_mean']:.3g} (one object)" if count else "unknown (no whole object)"
    return f"{values[f'{name}_mean']:.3g} ± {values[f'{name}_sd']:.2g} (median {values[f'{name}_median']:.3g})"

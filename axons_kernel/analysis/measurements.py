"""A table of measured objects with units in its column names, and what microscopists ask of it.

The diameter is that of the circle of the same area: it needs no model of the outline, is what AxonDeepSeg and most
automatic work report, and makes the g-ratio the root of the ratio of areas. Fibres that are cut obliquely are
stretched in one direction only; for them the minor axis is the safer diameter, so both are in the table.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError, needs_extra
from ..storage import Store

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..project_image import ProjectImage

Column = NDArray[np.generic]
_UNITS = {"area": ("um2", 2), "diameter": ("um", 1), "axis": ("um", 1), "perimeter": ("um", 1)}
_UNITS |= {"thickness": ("um", 1), "orientation": ("deg", 0), "x": ("px", 0), "y": ("px", 0)}


def with_units(rows: Mapping[str, Column], pixel_size_um: float) -> dict[str, Column]:
    """Columns in pixels as columns in µm and µm², with the unit at the end of their names; places stay in pixels."""
    out: dict[str, Column] = {}
    for name, values in rows.items():
        unit, power = _UNITS.get(name.rsplit("_", 1)[-1], ("", 0))
        scaled = values.astype(np.float64) * pixel_size_um**power if power else values
        out[f"{name}_{unit}" if unit else name] = scaled
    return out


@dataclass(frozen=True)
class Measured:
    """Areas and counts of what was measured. `pair` names axon and sheath, or one class and nothing.

    `lone_sheaths` have no axon.
    """

    image: str
    by: str
    pixel_size_um: float
    shape: tuple[int, int]
    pair: tuple[str, str | None]
    area_um2: float
    axon_area_um2: float
    sheath_area_um2: float
    lone_sheaths: int


@dataclass(frozen=True, eq=False, repr=False)
class Measurements:
    """One row per axon with its sheath, or per object of a class; `table["axon_diameter_um"]` is a column.

    `columns` are (n,) each. `at_edge`: the object touches the image's edge, so its size is unknown; it is in the table
    and in no distribution. `in_frame`: it counts for the density (unbiased counting frame). `x_px`, `y_px`: its centre.
    `shown` (h, w) holds the value that the picture colours, NaN elsewhere.
    """

    about: Measured
    columns: Mapping[str, Column]
    shown: NDArray[np.float32]
    image: ProjectImage

    def __len__(self) -> int:
        return len(self.columns["x_px"])

    def __getitem__(self, name: str) -> Column:
        if name not in self.columns:
            raise InputError(f"There is no column '{name}' in this table; it has: {', '.join(self.columns)}.")
        return self.columns[name]

    @property
    def paired(self) -> bool:
        """Whether these are axons with sheaths."""
        return self.about.pair[1] is not None

    def whole(self, name: str) -> NDArray[np.float64]:
        """A column without the objects that the image's edge cuts; g-ratio and sheath without bare axons, too."""
        kept = ~self["at_edge"].astype(bool)
        if self.paired and name in ("g_ratio", "myelin_thickness_um", "myelin_area_um2"):
            kept &= self["myelinated"].astype(bool)
        values: NDArray[np.float64] = self[name][kept].astype(np.float64)
        return values

    def summary(self) -> dict[str, float]:
        """What an image tells as a whole, units in the names.

        `aggregate_g_ratio` is the root of axon area / (axon + sheath area) over all pixels (Stikov et al. 2015).
        `density_per_mm2` counts objects in an unbiased frame: those that touch the left or the lower edge do not count
        (Gundersen 1977).
        """
        about, first = self.about, "axon_diameter_um" if self.paired else "diameter_um"
        out = {
            "objects": float(len(self)),
            "at_edge": float(np.count_nonzero(self["at_edge"])),
            "density_per_mm2": np.count_nonzero(self["in_frame"]) / about.area_um2 * 1e6,
            "area_fraction": about.axon_area_um2 / about.area_um2,
            **_middle(first, self.whole(first)),
        }
        if self.paired:
            both = about.axon_area_um2 + about.sheath_area_um2
            out |= {
                "bare_axons": float(np.count_nonzero(~self["myelinated"].astype(bool))),
                "sheaths_without_axon": float(about.lone_sheaths),
                "sheath_area_fraction": about.sheath_area_um2 / about.area_um2,
                **_middle("fibre_diameter_um", self.whole("fibre_diameter_um")),
                **_middle("myelin_thickness_um", self.whole("myelin_thickness_um")),
                **_middle("g_ratio", self.whole("g_ratio")),
                "aggregate_g_ratio": float(np.sqrt(about.axon_area_um2 / both)) if both else float("nan"),
            }
        return out

    def to_csv(self, path: str | os.PathLike[str]) -> str:
        """Write the table as CSV (UTF-8) to a file or URL; returns where it is. A file that is there is replaced."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(zip(*(_plain(values) for values in self.columns.values()), strict=True))
        return _write(path, text.getvalue().encode())

    def to_parquet(self, path: str | os.PathLike[str]) -> str:
        """Write the table as Parquet, as `to_csv`. Raises MissingExtraError without pyarrow."""
        with needs_extra("parquet", "Writing Parquet"):
            import pyarrow
            from pyarrow import parquet

        buffer = pyarrow.BufferOutputStream()
        about = {"pixel_size_um": f"{self.about.pixel_size_um:g}", "image": self.about.image, "by": self.about.by}
        table = pyarrow.table({name: pyarrow.array(values) for name, values in self.columns.items()})
        parquet.write_table(table.replace_schema_metadata(about), buffer)
        return _write(path, buffer.getvalue().to_pybytes())

    def figure(self) -> Figure:
        """Distributions: diameters, and for fibres g-ratio, sheath thickness, and g-ratio by diameter."""
        from .measure_figures import distributions_figure

        return distributions_figure(self)

    def picture(self) -> Figure:
        """The image with each fibre in the colour of its g-ratio, or each object in that of its diameter."""
        from .measure_figures import coloured_figure

        return coloured_figure(self)

    def sentences(self) -> list[str]:
        """The summary in plain words."""
        from .measure_words import sentences

        return sentences(self)

    def _repr_html_(self) -> str:
        from .measure_figures import measurements_html

        return measurements_html(self)

    def __repr__(self) -> str:
        return "\n".join(self.sentences())


def _middle(name: str, values: NDArray[np.float64]) -> dict[str, float]:
    """Median and mean, NaN without an object, and the standard deviation, NaN with fewer than two."""
    median, mean = (float(f(values)) if values.size else float("nan") for f in (np.median, np.mean))
    spread = float(np.std(values, ddof=1)) if values.size > 1 else float("nan")
    return {f"{name}_median": median, f"{name}_mean": mean, f"{name}_sd": spread}


def _plain(values: Column) -> Iterable[object]:
    """As CSV shows them: nine digits, as nothing is measured better."""
    if values.dtype.kind == "f":
        return ["" if np.isnan(v) else f"{v:.9g}" for v in values]
    items: list[object] = values.tolist()
    return [str(v).lower() if isinstance(v, bool) else v for v in items]


def _write(path: str | os.PathLike[str], data: bytes) -> str:
    folder, name = os.path.split(os.fspath(path))
    if not name:
        raise InputError(f"{os.fspath(path)!r} names no file: give a path such as 'fibres.csv'.")
    store = Store(folder or ".")
    store.write(name, data)
    return store.path(name)

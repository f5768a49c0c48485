"""The geometry of a made-up nerve: where fibres, capillaries and glia lie, exact to the pixel.

Nothing here knows about brightness: `samples` paints what this module decides. Lengths are in µm until the
last step, so another `pixel_size_um` looks at the same tissue through another magnification.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, spatial
from skimage.measure import label

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Cells = NDArray[np.int32]  # (H, W): which body a pixel belongs to, 0 for none
Extent = tuple[float, float]  # (height, width), µm
Rng = np.random.Generator
Rngs = Mapping[str, Rng]
MARGIN_UM = 8.0  # tissue is settled this far beyond the image: its border cuts fibres like any other line
PAD_UM = 3.0  # and drawn this far beyond it, so that a sheath that leaves the image is as thick as it should
SIZE_SPREAD = 0.55  # s.d. of the logarithm of axon diameters
NEUROPIL, VESSEL, GLIA, FIBRE = 0, 1, 2, 3  # kinds of body; everything between the bodies is neuropil


@dataclass(frozen=True)
class Frame:
    """Where the pixel centres lie: `y_um` (H,) and `x_um` (W,); (0, 0) is the image's top-left corner."""

    y_um: Doubles
    x_um: Doubles
    pixel_um: float
    extent_um: Extent  # of the image, without padding

    @classmethod
    def of(cls, shape: tuple[int, int], pixel_um: float, pad: int = 0) -> Frame:
        """Frame of an image of `shape` (H, W) with `pad` more pixels on every side."""
        y, x = (np.arange(-pad, n + pad, dtype=np.float64) + 0.5 for n in shape)
        return cls(y * pixel_um, x * pixel_um, pixel_um, (shape[0] * pixel_um, shape[1] * pixel_um))

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return len(self.y_um), len(self.x_um)

    def window(self, centre: Doubles, reach_um: float) -> tuple[slice, slice]:
        """Slices (rows, columns) of the pixels within `reach_um` of `centre` (y, x) along both axes."""
        top, bottom = np.searchsorted(self.y_um, (centre[0] - reach_um, centre[0] + reach_um))
        left, right = np.searchsorted(self.x_um, (centre[1] - reach_um, centre[1] + reach_um))
        return slice(int(top), int(bottom)), slice(int(left), int(right))


@dataclass(frozen=True)
class Bodies:
    """Ellipses in the plane, one row each: `centres` (n, 2) as (y, x); `radii`, `sheaths` (n,); all µm."""

    centres: Doubles
    radii: Doubles
    sheaths: Doubles  # mean sheath thickness, 0 where the body is no fibre
    kinds: NDArray[np.uint8]


@dataclass(frozen=True)
class Section:
    """One cut through the tissue, everything (H, W)."""

    instances: NDArray[np.uint16]  # fibre id, 0 where there is none
    axon: NDArray[np.bool_]
    kinds: NDArray[np.uint8]  # NEUROPIL, VESSEL, GLIA or FIBRE
    depth_um: Floats  # distance to the nearest outline of any body
    sheath_um: Floats  # sheath thickness wanted here; the axon starts at this depth


def smooth_field(rng: Rng, frame: Frame, scale_um: float) -> Floats:
    """Smooth random field, mean 0 and standard deviation near 1, with bumps about `scale_um` wide.

    Cubic B-splines over random heights on a grid in µm: cheap at any size, and the same at any pixel size.
    """
    count = [int((extent + 2 * MARGIN_UM) / scale_um) + 4 for extent in frame.extent_um]
    heights = rng.standard_normal(count, dtype=np.float32)
    rows = _interpolate(heights, frame.y_um, scale_um)  # (H, count x)
    columns = np.ascontiguousarray(rows.T)
    return np.ascontiguousarray(2.1 * _interpolate(columns, frame.x_um, scale_um).T)  # (H, W)


def _interpolate(heights: Floats, at_um: Doubles, scale_um: float) -> Floats:
    """Cubic B-spline through the first axis of `heights` (n, m), read at `at_um` (k,): (k, m)."""
    place = (at_um + MARGIN_UM) / scale_um
    node = place.astype(np.intp)
    t = (place - node).astype(np.float32)[:, None]
    weights = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3)
    out = np.zeros((len(at_um), heights.shape[1]), np.float32)
    for k, weight in enumerate(weights):
        out += weight / 6 * heights[node + k]
    return out


def draw_bodies(
    rngs: Rngs, extent_um: Extent, *, axon_diameter_um: float, g_ratio: float, packing: float, vessels: int
) -> Bodies:
    """Draw capillaries, glia and fibres, and let them push each other apart until they lie side by side."""
    fixed, sizes, kinds = draw_fixed(rngs["fixed"], extent_um, vessels)
    area = (extent_um[0] + 2 * MARGIN_UM) * (extent_um[1] + 2 * MARGIN_UM)
    room = packing * max(area - np.pi * (sizes**2).sum(), 0)
    radii, sheaths = draw_fibres(rngs["fibres"], room, axon_diameter_um, g_ratio)
    start = rngs["places"].uniform(-MARGIN_UM, np.array(extent_um) + MARGIN_UM, (len(radii), 2))
    elbow_room = np.concatenate([1.04 * sizes + 0.7, 1.04 * radii + 0.05])
    return Bodies(
        settle(np.concatenate([fixed, start]), elbow_room, len(sizes), extent_um),
        np.concatenate([sizes, radii]),
        np.concatenate([np.zeros(len(sizes)), sheaths]),
        np.concatenate([kinds, np.full(len(radii), FIBRE, np.uint8)]),
    )


def draw_fixed(rng: Rng, extent_um: Extent, vessels: int) -> tuple[Doubles, Doubles, NDArray[np.uint8]]:
    """Draw what fibres make way for: glia (a cell body and its trailing process), then capillaries.

    Shape: centres (n, 2) as (y, x), radii (n,), µm; kinds (n,). Images under 40 µm have none.
    """
    if min(extent_um) < 40.0:
        return np.empty((0, 2)), np.empty(0), np.empty(0, np.uint8)
    drawn: list[tuple[float, float, float, int]] = []  # y, x, radius, kind
    for _ in range(round(extent_um[0] * extent_um[1] / 2500)):
        (y, x), heading = rng.uniform(0, 1, 2) * extent_um, rng.uniform(0, 2 * np.pi)
        drawn.append((y, x, 2.6, GLIA))
        for step in range(int(rng.integers(0, 13))):  # the process: beads on a wandering line
            heading += rng.normal(0, 0.25)
            away = 3.3 if step == 0 else 1.6
            y, x = y + away * np.sin(heading), x + away * np.cos(heading)
            drawn.append((y, x, rng.uniform(0.8, 1.5), GLIA))
    for _ in range(vessels):
        y, x = rng.uniform(0.12, 0.88, 2) * extent_um
        drawn.append((y, x, rng.uniform(3.5, 6.5), VESSEL))
    table = np.array(drawn).reshape(-1, 4)
    return table[:, :2], table[:, 2], table[:, 3].astype(np.uint8)


def draw_fibres(rng: Rng, room_um2: float, axon_diameter_um: float, g_ratio: float) -> tuple[Doubles, Doubles]:
    """Draw fibres, log-normal in size, to fill `room_um2`: outer radii (n,), sheath thicknesses (n,), µm."""
    count = int(room_um2 / axon_diameter_um**2) + 8  # more than fit; the sum below says how many do
    axon = axon_diameter_um / 2 * np.clip(np.exp(rng.normal(0, SIZE_SPREAD, count)), 0.3, 4.0)
    g = g_ratio + 0.05 * np.log(axon / axon_diameter_um * 2)  # thick fibres have relatively thin sheaths
    g = np.clip(g + rng.normal(0, 0.05, count), 0.4, 0.85)
    fits = np.cumsum(np.pi * (axon / g) ** 2) <= room_um2
    return (axon / g)[fits], (axon / g * (1 - g))[fits]


def settle(centres: Doubles, radii: Doubles, fixed: int, extent_um: Extent) -> Doubles:
    """Push overlapping circles apart, small ones further; the first `fixed` stay. Centres (n, 2), µm."""
    centres = centres.copy()
    weight = radii**2
    weight[:fixed] = 1e12
    top = np.array(extent_um) + MARGIN_UM
    for step in range(72):
        if step % 6 == 0:  # neighbours change slowly, finding them is the dear part
            tree = spatial.cKDTree(centres)
            a, b = tree.query_pairs(2 * float(radii.max(initial=0)), output_type="ndarray").T
            near = np.hypot(*(centres[b] - centres[a]).T) < radii[a] + radii[b] + 1.0
            a, b = a[near], b[near]
        gap = centres[b] - centres[a]
        distance = np.hypot(gap[:, 0], gap[:, 1]) + 1e-9
        push = np.maximum(radii[a] + radii[b] - distance, 0) / distance * 0.8
        share = weight[b] / (weight[a] + weight[b])
        for axis in (0, 1):
            moved = push * gap[:, axis]
            centres[:, axis] += np.bincount(b, moved * (1 - share), len(radii))
            centres[:, axis] -= np.bincount(a, moved * share, len(radii))
        centres[fixed:] = np.clip(centres[fixed:], -MARGIN_UM, top)
    return centres


def cut(rngs: Rngs, bodies: Bodies, shape: tuple[int, int], pixel_um: float) -> Section:
    """Cut the tissue: which pixel is sheath, which axon, and of which fibre."""
    pad = int(np.ceil(PAD_UM / pixel_um))
    frame = Frame.of(shape, pixel_um, pad)
    cells = keep_largest_part(compete(rngs["outlines"], bodies, frame))
    depth = depth_in_cells(cells) * np.float32(pixel_um)
    sheath = sheath_here(rngs["sheaths"], bodies, cells, depth, frame)
    kinds = np.append(np.uint8(NEUROPIL), bodies.kinds)[cells]
    axon = keep_largest_part(np.where((kinds == FIBRE) & (depth > sheath), cells, 0)) > 0
    hollow = np.bincount(cells[axon], minlength=len(bodies.radii) + 1) == 0  # too small at this magnification
    kinds[hollow[cells] & (kinds == FIBRE)] = NEUROPIL
    inside = (slice(pad, -pad), slice(pad, -pad))
    kinds = kinds[inside].copy()
    # The border may cut one bent fibre into two pieces: each piece that is seen is a fibre of its own.
    instances = fill_pockets(parts_of(np.where(kinds == FIBRE, cells[inside], 0)))
    kinds[instances > 0] = FIBRE
    axon = keep_largest_part(np.where(axon[inside], instances, 0)) > 0
    return Section(instances.astype(np.uint16), axon, kinds, depth[inside].copy(), sheath[inside].copy())


def sheath_here(rng: Rng, bodies: Bodies, cells: Cells, depth: Floats, frame: Frame) -> Floats:
    """Sheath thickness at each pixel, µm (H, W): that of its fibre, uneven along and across it."""
    count = len(bodies.radii) + 1
    area = np.bincount(cells.ravel(), minlength=count)[1:] * frame.pixel_um**2
    edges = np.concatenate([cells[0], cells[-1], cells[:, 0], cells[:, -1]])
    cropped = np.bincount(edges, minlength=count)[1:] > 0  # then the area seen is not the fibre's
    shrunk = np.where(cropped, 0.95, np.sqrt(area / np.pi) / bodies.radii)  # neighbours press on it
    # A bent outline is longer than a circle's: 0.8 brings the g-ratio back to what was asked for.
    # A cell squeezed flat keeps an axon; a sheath under half a pixel would not close.
    half = 0.5 * frame.pixel_um
    deepest = np.asarray(ndimage.maximum(depth, cells, np.arange(1, count)))
    thickness = np.clip(0.8 * bodies.sheaths * shrunk, half, np.maximum(0.6 * deepest, half))
    roughness = rng.gamma(2.5, 0.06, len(thickness))
    uneven = 0.7 * smooth_field(rng, frame, 0.9) + 0.7 * smooth_field(rng, frame, 2.5)
    factor = np.clip(1 + np.append(0, roughness).astype(np.float32)[cells] * uneven, 0.55, 1.7)
    wanted: Floats = np.append(0, thickness).astype(np.float32)[cells] * factor
    return np.maximum(wanted, np.float32(half))


def compete(rng: Rng, bodies: Bodies, frame: Frame) -> Cells:
    """Give each pixel to the body that it lies deepest in: (H, W) int32, body number + 1, 0 for none.

    Bodies are ellipses, slightly three- and four-cornered, in a plane that a random field bends; where two
    overlap they share the ground, so sheaths flatten against each other as in packed tissue.
    """
    bend = [0.30 * smooth_field(rng, frame, 3.2) + 0.05 * smooth_field(rng, frame, 1.0) for _ in range(2)]
    y = bend[0] + frame.y_um.astype(np.float32)[:, None]
    x = bend[1] + frame.x_um.astype(np.float32)[None, :]
    count = len(bodies.radii)
    aspect = np.sqrt(np.exp(np.abs(rng.normal(0, 0.22, count)))).astype(np.float32)
    turn = np.exp(1j * rng.uniform(0, np.pi, count)).astype(np.complex64)
    corners = rng.normal(0, (0.03, 0.012), (count, 2)) + 1j * rng.normal(0, (0.03, 0.012), (count, 2))
    cells = np.zeros(frame.shape, np.int32)
    deepest = np.zeros(frame.shape, np.float32)
    for i, (centre, radius) in enumerate(zip(bodies.centres, bodies.radii, strict=True)):
        window = frame.window(centre, radius * aspect[i] * 1.2 + 1.4)  # 1.4 µm: as far as the field can bend
        z = ((x[window] - np.float32(centre[1])) + 1j * (y[window] - np.float32(centre[0]))) * turn[i]
        z = z.real / aspect[i] + 1j * z.imag * aspect[i]
        below = np.abs(z) - np.float32(radius) * outline(z, corners[i].astype(np.complex64))  # µm, < 0 inside
        wins = below < deepest[window]
        deepest[window][wins] = below[wins]
        cells[window][wins] = i + 1
    return cells


def outline(z: NDArray[np.complex64], corners: NDArray[np.complex64]) -> Floats:
    """Radius of a body towards `z`, relative to its mean: 1, and a little three- and four-cornered."""
    unit = z / (np.abs(z) + np.float32(1e-6))
    cube = unit * unit * unit
    return np.real(1 + cube * corners[0] + cube * unit * corners[1])


def depth_in_cells(cells: Cells) -> Floats:
    """Distance in pixels to the nearest outline pixel of any cell; 0 on outlines, so no axon reaches them."""
    outlines = ndimage.maximum_filter(cells, 3) != ndimage.minimum_filter(cells, 3)
    if not outlines.any():  # the whole frame lies inside one body
        return np.full(cells.shape, max(cells.shape), np.float32)
    return np.asarray(ndimage.distance_transform_edt(~outlines), np.float32)


def parts_of(cells: Cells) -> Cells:
    """Return numbers, 1 and up, for the 4-connected parts of equal, non-zero value. (H, W) int32."""
    return np.asarray(label(cells, background=0, connectivity=1), np.int32)


def keep_largest_part(cells: Cells) -> Cells:
    """Keep the largest 4-connected part of every value, set the others to 0. (H, W) int32."""
    parts = parts_of(cells)
    sizes = np.bincount(parts.ravel())
    owner = np.zeros(len(sizes), np.int64)
    owner[parts.ravel()] = cells.ravel()
    rank = sizes - np.arange(len(sizes)) / len(sizes)  # of equals the first
    largest = np.zeros(int(owner.max()) + 1)
    np.maximum.at(largest, owner, rank)
    keep = (rank == largest[owner]) & (owner > 0)
    return np.where(keep[parts], cells, np.int32(0))


def fill_pockets(cells: Cells) -> Cells:
    """Give each empty pocket that a single cell encloses to that cell, so that a sheath has no hole but its axon."""
    pockets = parts_of((cells == 0).astype(np.int32))
    cross = ndimage.generate_binary_structure(2, 1)
    none = np.iinfo(np.int32).max
    every = np.arange(1, int(pockets.max()) + 1)
    highest = ndimage.maximum(ndimage.maximum_filter(cells, footprint=cross), pockets, every)
    lowest = ndimage.minimum(ndimage.minimum_filter(np.where(cells, cells, none), footprint=cross), pockets, every)
    owner = np.append(0, np.where(np.equal(highest, lowest), highest, 0)).astype(np.int32)
    owner[np.concatenate([pockets[0], pockets[-1], pockets[:, 0], pockets[:, -1]])] = 0  # open to the outside
    return np.asarray(cells + owner[pockets], np.int32)

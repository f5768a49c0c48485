"""A synthetic scanning-electron micrograph of a nerve with its exact mask: data where there is none yet.

Myelin is bright, axoplasm dark, the tissue between is grey and overlaps both, as in SEM of rat spinal cord.
Sizes are in µm: `pixel_size_um` changes the magnification, not the tissue. The same arguments give the same
bytes; the mask depends on the tissue options only, never on noise, light or artefacts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .errors import InputError
from .tissue import (
    GLIA,
    SIZE_SPREAD,
    VESSEL,
    Floats,
    Frame,
    Rng,
    Rngs,
    Section,
    cut,
    draw_bodies,
    smooth_field,
)

CLASS_NAMES = ("myelin", "axon")  # index i is value i + 1 in `Sample.mask`
TISSUE_PARTS = ("fixed", "fibres", "places", "outlines", "sheaths")
PICTURE_PARTS = ("neuropil", "tones", "light", "artefacts", "noise")
LIMITS: dict[str, tuple[float, float]] = {
    "seed": (0, 2**63),
    "pixel_size_um": (0.03, 0.4),
    "axon_diameter_um": (1, 3),
    "g_ratio": (0.5, 0.8),
    "packing": (0.1, 0.9),
    "vessels": (0, 20),
    "artefacts": (0, 20),
    "illumination": (0, 3),
    "noise": (0, 5),
}
MAX_FIBRES = 50_000  # ids are 16 bit, and the border cuts some fibres in two


@dataclass(frozen=True)
class Sample:
    """A micrograph and the truth about it; the three arrays are (H, W)."""

    pixels: NDArray[np.uint8]
    mask: NDArray[np.uint8]  # 0 background, 1 myelin, 2 axon
    instances: NDArray[np.uint16]  # 0 background, else the fibre: an axon and its sheath share an id
    pixel_size_um: float


def axon_micrograph(
    shape: tuple[int, int] = (1024, 1024),
    *,
    seed: int = 0,
    pixel_size_um: float = 0.1,
    axon_diameter_um: float = 1.9,
    g_ratio: float = 0.65,
    packing: float = 0.82,
    vessels: int = 1,
    artefacts: int = 1,
    illumination: float = 1.0,
    noise: float = 1.0,
) -> Sample:
    """Make one micrograph of a nerve cross-section.

    Parameters
    ----------
    shape : (H, W) in pixels, each 64 to 4096.
    seed : which piece of tissue, 0 or more.
    pixel_size_um : µm per pixel, 0.03 to 0.4. Fibres too small to show a lumen are left out.
    axon_diameter_um : median of the log-normal axon diameters, 1 to 3 µm.
    g_ratio : mean of axon diameter / fibre diameter, 0.5 to 0.8; each fibre varies by 0.05 (1 s.d.).
    packing : part of the area that fibres are to fill, 0.1 to 0.9, before they press against each other.
    vessels : capillaries, 0 to 20; images under 40 µm have neither capillaries nor glia.
    artefacts : scratches, each with charged debris, 0 to 20.
    illumination : unevenness of the light, 0 (even) to 3; 1 is a usual day.
    noise : shot and detector noise, 0 (none) to 5; 1 is a usual scan.

    Returns
    -------
    Sample : pixels (H, W) uint8, mask (H, W) uint8 in {0, 1, 2}, instances (H, W) uint16.
    """
    shape = _checked_shape(shape)
    sizes = {"axon_diameter_um": axon_diameter_um, "g_ratio": g_ratio, "packing": packing}
    _check({"seed": seed, "vessels": vessels, "artefacts": artefacts}, whole=True)
    _check({"pixel_size_um": pixel_size_um, "illumination": illumination, "noise": noise, **sizes})
    frame = Frame.of(shape, float(pixel_size_um))
    _check_fibre_count(frame, axon_diameter_um / g_ratio, packing)
    rngs = _generators(seed)
    bodies = draw_bodies(rngs, frame.extent_um, vessels=vessels, **sizes)
    section = cut(rngs, bodies, shape, frame.pixel_um)
    mask = (section.instances > 0).astype(np.uint8) + section.axon
    pixels = paint(rngs, section, frame, artefacts, illumination, noise)
    return Sample(pixels, mask, section.instances, frame.pixel_um)


def _generators(seed: int) -> dict[str, Rng]:
    """Make one generator per part: another number of scratches leaves the fibres where they are."""
    parts = TISSUE_PARTS + PICTURE_PARTS
    streams = np.random.SeedSequence(int(seed)).spawn(len(parts))
    return {part: np.random.default_rng(stream) for part, stream in zip(parts, streams, strict=True)}


def paint(
    rngs: Rngs, section: Section, frame: Frame, artefacts: int, illumination: float, noise: float
) -> NDArray[np.uint8]:
    """Take the picture of a section: tissue, then what went wrong in the preparation, then the microscope."""
    scene = neuropil(rngs["neuropil"], frame)
    paint_bodies(rngs["tones"], scene, section, frame)
    paint_fibres(rngs["tones"], scene, section, frame)
    for _ in range(artefacts):
        scratch(rngs["artefacts"], scene, frame)
    return expose(rngs, scene, frame, illumination, noise)


def neuropil(rng: Rng, frame: Frame) -> Floats:
    """Paint the tissue between fibres, (H, W) in 0..255: bundles of unmyelinated axons in glial grey."""
    height, width = frame.extent_um
    spacing = 0.85  # µm between unmyelinated axons
    ny, nx = int(height / spacing) + 2, int(width / spacing) + 2
    grid = np.stack(np.meshgrid(np.arange(ny), np.arange(nx), indexing="ij"), axis=-1).reshape(-1, 2)
    seeds = (grid + rng.uniform(-0.42, 0.42, grid.shape)) * spacing
    far = np.ones(frame.shape, np.bool_)
    row, col = (seeds / frame.pixel_um).astype(np.intp).T
    inside = (row < far.shape[0]) & (col < far.shape[1]) & (row >= 0) & (col >= 0)
    far[row[inside], col[inside]] = False
    radius = ndimage.distance_transform_edt(far).astype(np.float32) * np.float32(frame.pixel_um)
    rings = 92 + 78 * np.exp(-(((radius - 0.36 - 0.08 * smooth_field(rng, frame, 1.5)) / 0.13) ** 2))
    plain = 106 + 7 * smooth_field(rng, frame, 0.35) + 10 * smooth_field(rng, frame, 3.0)
    bundle = ramp(smooth_field(rng, frame, 4.0), -0.5, 0.1)
    scene = bundle * (rings + 14 * smooth_field(rng, frame, 0.5)) + (1 - bundle) * plain
    return np.asarray(scene, dtype=np.float32)


def paint_bodies(rng: Rng, scene: Floats, section: Section, frame: Frame) -> None:
    """Paint capillaries (lumen, thin wall) and glia (cytoplasm, nucleus with chromatin) into `scene`."""
    fine, coarse, wide = (smooth_field(rng, frame, scale) for scale in (0.3, 1.4, 4.0))
    depth = section.depth_um
    thick = 0.55 + 1.4 * ramp(wide, 0.5, 1.2)  # an endothelial nucleus bulges into the lumen here and there
    in_lumen = ramp(depth - thick, -0.1, 0.1)
    vessel = (1 - in_lumen) * (152 + 10 * fine + 12 * coarse) + in_lumen * (66 + 2 * fine + 3 * wide)
    inner = depth + 0.15 * coarse - 0.9  # µm inside the nucleus
    envelope = 30 * np.exp(-((inner / 0.12) ** 2))
    cell = 118 + 6 * fine + 5 * coarse + ramp(inner, 0, 0.2) * (22 - 24 * ramp(coarse, 0.4, 0.9)) + envelope
    for kind, paint in ((VESSEL, vessel), (GLIA, cell)):
        where = section.kinds == kind
        scene[where] = paint[where]


def paint_fibres(rng: Rng, scene: Floats, section: Section, frame: Frame) -> None:
    """Paint sheaths and axoplasm into `scene`, each fibre in its own tones."""
    ids, depth = section.instances, section.depth_um
    count = int(ids.max(initial=0)) + 1
    sheath_tone = rng.normal(204, 10, count).astype(np.float32)[ids]
    axon_tone = (46 + np.clip(rng.gamma(1.2, 16, count), 0, 90)).astype(np.float32)[ids]
    split = (rng.uniform(0, 1, count) < 0.15)[ids]
    crowded = (rng.uniform(0, 1, count) ** 5).astype(np.float32)[ids]  # few axons are full of organelles
    fine, middle, coarse = (smooth_field(rng, frame, scale) for scale in (0.25, 0.7, 2.0))
    across = depth / section.sheath_um  # 0 outside, 1 at the axon
    sheath = sheath_tone + 8 * fine + 9 * coarse - 34 * np.exp(-((depth / 0.09) ** 2))
    # Lamellae that came apart: still sheath in the mask, dark in the picture, so no threshold finds it.
    gap = np.exp(-(((across - 0.55) * section.sheath_um / 0.13) ** 2)) * ramp(coarse, 0.3, 0.7)
    sheath = np.where(split & (section.sheath_um > 0.5), sheath - 85 * gap, sheath)
    organelles = 45 * crowded * ramp(middle, -0.2, 0.3) + (8 + 50 * crowded) * np.exp(-(((middle - 1.1) / 0.25) ** 2))
    axolemma = np.exp(-np.maximum(depth - section.sheath_um, 0) / np.float32(0.14))
    axon = axon_tone + 5 * fine + 6 * coarse + organelles + 26 * axolemma
    fibre = ids > 0
    scene[fibre] = np.where(section.axon, axon, sheath)[fibre]


def ramp(value: NDArray[np.floating[Any]], low: float, high: float) -> Floats:
    """0 at `low`, 1 at `high`, straight between, flat outside; `low` may be the larger one."""
    out: Floats = np.clip((value - low) / (high - low), 0, 1).astype(np.float32, copy=False)
    return out


def scratch(rng: Rng, scene: Floats, frame: Frame) -> None:
    """Paint a knife mark (dark, bright-lipped, broken) and a few grains of charged debris into `scene`."""
    height, width = frame.extent_um
    angle, through = rng.uniform(0, np.pi), rng.uniform(0.2, 0.8, 2) * (height, width)
    y, x = (frame.y_um - through[0])[:, None], frame.x_um - through[1]
    away = (np.cos(angle) * y + np.sin(angle) * x).astype(np.float32) + 0.25 * smooth_field(rng, frame, 2.0)
    broken = ramp(smooth_field(rng, frame, 4.0), -0.2, 0.4)
    lips = 60 * np.exp(-(((np.abs(away) - 0.3) / 0.15) ** 2))
    scene += broken * (lips - 150 * np.exp(-((away / 0.16) ** 2)))
    bumps = smooth_field(rng, frame, 0.5)
    for _ in range(int(rng.integers(1, 4))):
        place, size = rng.uniform(0, 1, 2) * (height, width), rng.uniform(0.4, 1.1)
        radius = np.hypot(frame.y_um[:, None] - place[0], frame.x_um - place[1]).astype(np.float32)
        scene += 190 * ramp(radius + 0.35 * bumps, size, 0.8 * size)


def expose(rngs: Rngs, scene: Floats, frame: Frame, illumination: float, noise: float) -> NDArray[np.uint8]:
    """Scan `scene`: the beam blurs, the light is uneven, electrons are counted, the detector adds noise."""
    beam = np.asarray(ndimage.gaussian_filter(scene, 0.07 / frame.pixel_um + 0.5), np.float32)
    hills = smooth_field(rngs["light"], frame, max(frame.extent_um) / 2.5)
    light = 1 + np.float32(0.13 * illumination) * hills
    signal = np.clip(beam * np.clip(light, 0.3, 1.7), 0, 255)
    grain = rngs["noise"].standard_normal(frame.shape, dtype=np.float32)
    grain = 0.8 * grain + 0.4 * np.roll(grain, 1, axis=1)  # the detector lags along the scan line
    signal += np.float32(noise) * grain * np.sqrt(0.9 * signal + 40)
    pixels: NDArray[np.uint8] = np.clip(np.rint(signal), 0, 255).astype(np.uint8)
    return pixels


def _checked_shape(shape: tuple[int, int]) -> tuple[int, int]:
    """Refuse what is not two whole numbers from 64 to 4096."""
    sizes = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    whole = all(isinstance(size, (int, np.integer)) and 64 <= size <= 4096 for size in sizes)
    if len(sizes) != 2 or not whole:
        raise InputError(f"shape is {shape!r}, but must be (height, width), whole numbers from 64 to 4096")
    return int(sizes[0]), int(sizes[1])


def _check(options: Mapping[str, float], *, whole: bool = False) -> None:
    """Refuse an option that is no number within its limits; `whole` also refuses fractions."""
    numbers = (int, np.integer) if whole else (int, float, np.integer, np.floating)
    for name, value in options.items():
        low, high = LIMITS[name]
        numeric = isinstance(value, numbers) and not isinstance(value, bool)
        if not numeric or not low <= value <= high:  # NaN is in no range
            kind = "whole number" if whole else "number"
            raise InputError(f"{name} is {value!r}, but must be a {kind} from {low:g} to {high:g}")


def _check_fibre_count(frame: Frame, fibre_diameter_um: float, packing: float) -> None:
    """Refuse a piece of tissue with more fibres than the instance mask can number."""
    mean_area = np.pi / 4 * fibre_diameter_um**2 * np.exp(2 * SIZE_SPREAD**2)  # of log-normal diameters
    count = int(packing * frame.extent_um[0] * frame.extent_um[1] / mean_area)
    if count > MAX_FIBRES:
        raise InputError(
            f"shape {frame.shape} at pixel_size_um {frame.pixel_um:g} shows about {count} fibres, but at most"
            f" {MAX_FIBRES} can be numbered; take a smaller shape or a smaller pixel_size_um"
        )

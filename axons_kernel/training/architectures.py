"""Which networks can be chosen, and the numbers that describe one of them. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, model_validator


@dataclass(frozen=True)
class Architecture:
    """A family of networks. Each halves the resolution `depth` times, so sides are multiples of 2 ** depth.

    `floats` is what training keeps per pixel of the input and channel of the finest level, in numbers: a measure
    of memory and, roughly, of time. `weights` is how many it has for width 1 and depth 0; they grow with width squared
    and four times with each level (tests measure both). `depths` and `width_step` are what the family allows.
    """

    title: str
    what: str
    source: str
    floats: float
    weights: float
    depths: tuple[int, int] = (2, 6)
    width_step: int = 1
    package: str = ""

    def problem(self, width: int, depth: int) -> str:
        """Why this width and depth do not go together with this family; empty when they do."""
        low, high = self.depths
        if not low <= depth <= high:
            allowed = f"{low}" if low == high else f"{low} to {high}"
            return f"depth={depth} does not fit a {self.title}; allowed: {allowed}"
        if width % self.width_step:
            return f"width={width} does not fit a {self.title}; allowed: multiples of {self.width_step}"
        return ""


ARCHITECTURES = {
    "unet": Architecture(
        "U-Net",
        "ours, to read and quick: the finest level works at half the resolution",
        "Ronneberger et al. 2015, arXiv 1505.04597",
        floats=5.0,
        weights=7.4,
    ),
    "basic_unet": Architecture(
        "basic U-Net",
        "a U-Net at full resolution with instance normalisation; finest outlines, about five times the work",
        "Falk et al. 2019, doi 10.1038/s41592-018-0261-2",
        floats=24.4,
        weights=29.7,
        depths=(4, 4),
        package="monai",
    ),
    "residual_unet": Architecture(
        "residual U-Net",
        "a U-Net whose blocks add to what they get, which lets deep ones learn; a sound choice at any size",
        "Kerfoot et al. 2019, doi 10.1007/978-3-030-12029-0_40",
        floats=6.8,
        weights=24.8,
        package="monai",
    ),
    "attention_unet": Architecture(
        "attention U-Net",
        "learns where to look before it merges fine and coarse; for small objects in much background",
        "Oktay et al. 2018, arXiv 1804.03999",
        floats=24.2,
        weights=30.3,
        package="monai",
    ),
    "dynunet": Architecture(
        "DynUNet",
        "the network of nnU-Net: instance normalisation and leaky ReLU; good at small batches",
        "Isensee et al. 2021, doi 10.1038/s41592-020-01008-z",
        floats=19.3,
        weights=29.6,
        package="monai",
    ),
    "segresnet": Architecture(
        "SegResNet",
        "a residual encoder with a light decoder; group normalisation, so the batch may be 1",
        "Myronenko 2018, arXiv 1810.11654",
        floats=24.5,
        weights=96.6,
        width_step=8,
        package="monai",
    ),
}


class NetworkSpec(BaseModel):
    """All that is needed to build a network again: stored with each model.

    `classes` counts label classes without background; with `border` the last output channel, class number
    classes + 1 in the training mask, is the border between touching objects. `width` is the number of channels at
    the finest level, each level down doubles it; `depth` is how often the resolution is halved. `refine` is of our
    U-Net alone (see there); models from before it was there do not name it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    architecture: str = "unet"
    channels: int = Field(1, ge=1, description="channels of the image")
    classes: int = Field(ge=1, le=253)
    width: int = Field(32, ge=1)
    depth: int = Field(4, ge=1)
    border: bool = False
    refine: bool = False

    @model_validator(mode="after")
    def _known(self) -> NetworkSpec:
        if self.architecture not in ARCHITECTURES:
            raise ValueError(f"architecture {self.architecture!r} is unknown; allowed: {', '.join(ARCHITECTURES)}")
        return self

    @property
    def outputs(self) -> int:
        """Output channels: background, the classes, and the border where it is learned."""
        return self.classes + 1 + self.border

    @property
    def divisor(self) -> int:
        """Sides of an input are multiples of this, in pixels."""
        return int(2**self.depth)

    def __str__(self) -> str:
        title = ARCHITECTURES[self.architecture].title
        return f"{title} of width {self.width}, {self.depth} levels, {self.channels} in, {self.outputs} out"


class Paragraphs(str):
    """Text that a notebook shows as it is written."""

    def __repr__(self) -> str:
        return str(self)


def describe_networks() -> Paragraphs:
    """The networks that a TrainingConfig can choose, a line each: what they are for, what they take, whose they are."""
    lines = []
    for name, a in ARCHITECTURES.items():
        work = a.floats / ARCHITECTURES["unet"].floats
        needs = f" Needs {a.package}." if a.package else ""
        lines.append(f"{name:<15} {a.title}: {a.what}. Memory x {work:.1f} at the same width.{needs} ({a.source})")
    return Paragraphs("\n".join(lines))

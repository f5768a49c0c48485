"""What the annotation view (TypeScript) and the kernel (Python) say to each other: `axons.annotate/1`.

One op per gesture; nothing that is visible waits for the kernel; Python's answer wins. Messages are custom messages of
the widget `AnnotatorModel`: JSON, and binary buffers only towards the view. tests/data/annotate/messages.json has one
of each, tests/data/annotate/sequences.json whole conversations.

**Positions** in ops are whole sub-pixels, 16 to a pixel, in whole-image co-ordinates (see `ink`). A view works on one
tile, a window of at most 2048 x 2048 pixels; what is painted is cut at the border of the op's tile; boxes, ellipses and
corners may reach to the image's. Shapes in label rows are django-labeller's: floats in image pixels.

**Ids raster.** Per tile (h, w), row by row, little-endian; 0 is background, else the number of the topmost label. It
is what `rasterize` makes of the labels in drawing order. Numbers count up and are never used again: an op that makes
labels takes `next_id`, `next_id + 1`, ...; the view may do so itself before the answer comes.

**What an op does to it** (R the raster, M what the gesture covers, k the target, n the new number; see `booleans`):
new: R = n on M, where `protect` only on background; the labels below keep their shape. add: R = k on M, where
`protect` not on other labels. subtract: R = 0 on M where R is k (k = 0: any label). split: R = n on M where R is k,
when that is some but not all of k. In these three the changed pixels belong to nobody else afterwards. merge: all
become the first; group: all become n, a label of the kind "group". fill: M is the connected area of the clicked pixel,
read off R. Everything else (vertex, move, resize, paste, ungroup, delete over others, undo, ...) Python draws from the
labels.

**Numbering.** A view has a `session` (a random name) and numbers its ops 1, 2, 3, ... It begins with the request
`hello`, which names the oldest op that it still has; the answer `state` says in `last` which op of the session is
done, and the view sends the ones after that again. Op `last + 1` is done; earlier ones are answered again and change
nothing; later ones are refused with `expected`. The view keeps its ops (sessionStorage) until an answer `saved` names
their number: also a kill of the kernel loses none, as `last` and the numbers of the labels are stored with them.
`base_rev` is the newest revision that the view has seen, not above the kernel's. All views hear all answers: each
takes those of its own `session` (and `saved` without one).

**Answers.** `ack`: `rect` (x, y, w, h in image pixels) is the smallest window of the tile that holds all pixels whose
number changed, null when none; `crc` the CRC-32 of the raster inside it as uint32 (0 for none). The op may bring the
`crc` that the view has got; when it is not the same, or there is none, buffer 0 is the patch: the rect's numbers,
zlib-deflated, of `dtype`. `rows` are labels that are new or have changed, `removed` numbers that are gone. `refused`:
`error` is for the user; with `consumed` the number counts as done although nothing changed (the gesture made no sense);
the view then asks for `state` to drop what it drew ahead. An `ack` of another session with a newer `rev`: ask for
`state`.

**Asking a model.** The op `propose` reads what the model has predicted of the whole image; as long as there is nothing
to read it is refused. So the view asks `predict` first. The answer `predicting` says that the model has seen the image,
or that it looks at it now; then further ones, with no session, tell all views how far it is, until it is done, stopped
(by `stop_predicting`) or has failed. Ops are answered meanwhile.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, TypedDict

from pydantic import Field, TypeAdapter, ValidationError

from ..documents import problems
from ..errors import InputError
from . import ops, requests
from .fields import Message

SCHEMA = "axons.annotate/1"
LARGEST_MESSAGE = 2**22  # characters of JSON

AnyOp = (
    ops.Stroke | ops.Polygon | ops.Fill | ops.Wand | ops.Superpixels | ops.GrabCut
    | ops.Box | ops.Ellipse | ops.PointOp | ops.Vertex | ops.Move | ops.Resize | ops.Paste | ops.Insert
    | ops.Threshold | ops.Separate | ops.Knife | ops.Merge | ops.Group | ops.Ungroup | ops.Delete
    | ops.SetClass | ops.SetAttribute | ops.Propose | ops.Decide | ops.Task | ops.TileDone | ops.Undo
)  # fmt: skip
AnyRequest = (
    requests.Hello | requests.State | requests.Geometry | requests.Copy | requests.SuperpixelMap | requests.CostMap
    | requests.LiveWire | requests.Predict | requests.StopPredicting | requests.Save | requests.Resolve
)  # fmt: skip
_MESSAGE: TypeAdapter[Any] = TypeAdapter(Annotated[AnyOp | AnyRequest, Field(discriminator="op")])


def parse(content: Any) -> Any:
    """The op or request in a message from the view. Raises InputError for everything else, in one sentence."""
    try:
        text = json.dumps(content, allow_nan=False)
        if len(text) > LARGEST_MESSAGE:
            raise InputError(f"A message of {len(text)} characters is too long; {LARGEST_MESSAGE} are allowed.")
        return _MESSAGE.validate_json(text, strict=True)
    except ValidationError as error:
        raise InputError(f"The message is none of {SCHEMA}: {problems(error)[:500]}.") from error
    except (TypeError, ValueError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"The message cannot be read: {str(error)[:200]}.") from error


class Row(TypedDict):
    """A label as the view knows it.

    `z` orders the drawing (higher covers); `bounds` is x, y, w, h in image pixels, null for a label without area.
    `kind` is django-labeller's label_type, `shape` its geometry except for polygons and groups.
    """

    id: int
    object_id: str
    z: int
    label_class: str | None
    source: str | None
    proposal: bool
    kind: str
    bounds: list[int] | None
    attributes: dict[str, Any]
    shape: dict[str, Any] | None


class Block(TypedDict):
    """An array in a buffer: zlib-deflated, little-endian, row by row (channels last)."""

    buffer: int
    dtype: Literal["uint8", "uint16", "uint32", "float32"]
    shape: list[int]


class Ack(TypedDict):
    """The answer to an op that is done."""

    answer: Literal["ack"]
    session: str
    seq: int
    rev: int
    tile: int
    rect: list[int] | None
    crc: int
    rows: list[Row]
    removed: list[int]
    next_id: int
    undo: int
    redo: int
    message: str
    completed_tasks: list[str]
    finished_tiles: list[int]
    patch: Block | None


class Refused(TypedDict):
    """The answer to what was not done; `seq` and `expected` are null where the message had no readable number."""

    answer: Literal["refused"]
    session: str | None
    seq: int | None
    request: int | None
    expected: int | None
    consumed: bool
    error: str


class Saved(TypedDict):
    """What the storage holds now: `seqs` session -> the last op in it. `conflict`: another has saved meanwhile.

    As long as there is a conflict nothing is saved; the request `resolve` ends it.
    """

    answer: Literal["saved"]
    session: str | None
    request: int | None
    rev: int
    seqs: dict[str, int]
    error: str | None
    conflict: bool


class Predicting(TypedDict):
    """How far a model is that looks at the whole image: `tiles` of `total`, both 0 before it has begun.

    With all tiles done it still puts the prediction together. `error` says why it has failed.
    """

    answer: Literal["predicting"]
    session: str | None
    request: int | None
    model: str
    state: Literal["running", "stopping", "done", "stopped", "failed"]
    tiles: int
    total: int
    error: str | None


class GeometryAnswer(TypedDict):
    """`shapes`: label number (as text) -> {"regions": [[x0, y0, x1, y1, ...], ...]} in pixels."""

    answer: Literal["geometry"]
    session: str
    request: int
    shapes: dict[str, dict[str, list[list[float]]]]


class Copied(TypedDict):
    """django-labeller's label objects, for the op `insert` on another image."""

    answer: Literal["copied"]
    session: str
    request: int
    labels: list[dict[str, Any]]


class Show(TypedDict):
    """Python leads all views to a tile, and to a label on it (a number, or null)."""

    answer: Literal["show"]
    session: None
    tile: int
    label: int | None


class SuperpixelAnswer(TypedDict):
    """The map of segments, numbered from 1."""

    answer: Literal["superpixels"]
    session: str
    request: int
    tile: int
    size: int
    compactness: float
    segments: Block


class CostAnswer(TypedDict):
    """The costs per pixel; a step costs the mean of both pixels, times the square root of 2 over a corner."""

    answer: Literal["cost_map"]
    session: str
    request: int
    tile: int
    costs: Block


class LiveWireAnswer(TypedDict):
    """The way through pixel centres, x0, y0, x1, y1, ... in sub-pixels."""

    answer: Literal["livewire"]
    session: str
    request: int
    points: list[int]


class ClassInfo(TypedDict):
    """A label class; `colours` by the scheme's name, `default` always; red, green, blue in 0..255."""

    name: str
    human_name: str
    group: str
    colours: dict[str, list[int]]


class CourseInfo(TypedDict):
    """What there is to choose from; `controls` in django-labeller's form."""

    classes: list[ClassInfo]
    schemes: list[dict[str, str]]
    controls: list[dict[str, Any]]
    tasks: list[dict[str, str]]
    completed_tasks: list[str]
    models: list[str]


class StateAnswer(CourseInfo):
    """All that a view needs to begin, or to go on, on a tile. Blocks: `ids` uint16 or uint32, `pixels` the raw image.

    `pixels` is null when the view has them. `predicting`: a model that looks at the image now.
    `limits` are the low and high value to show black and white, per channel. `last`: see numbering. `labels` are those
    that touch the tile, and those without an area. `show`: a label to look at, null for none. `image` has name, width,
    height, dtype, rgb, pixel_size_um (or null) and channels: name, colour (#rrggbb) and the range of values on this
    tile.
    """

    answer: Literal["state"]
    schema: str
    session: str
    request: int
    last: int
    rev: int
    tile: int
    tiles: list[list[int]]
    finished_tiles: list[int]
    image: dict[str, Any]
    limits: list[list[float]]
    labels: list[Row]
    show: int | None
    next_id: int
    undo: int
    redo: int
    active_s: float
    saved: Saved
    predicting: Predicting | None
    ids: Block
    pixels: Block | None


def is_op(message: Message) -> bool:
    """Whether a parsed message is a numbered op, not a request."""
    return isinstance(message, ops.Op)

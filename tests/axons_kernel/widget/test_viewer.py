"""The viewer's kernel side, driven by the messages that a browser sends: right ones, wrong ones, forged ones."""

from __future__ import annotations

import gc
import io
import json
import tracemalloc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import traitlets
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

pytest.importorskip("ipywidgets", reason="the extra `widget` is not installed")

from axons_kernel.annotations import Annotation, BoxLabel
from axons_kernel.errors import InputError
from axons_kernel.pyramid import Pyramid
from axons_kernel.widget import module
from axons_kernel.widget.layers import LabelOverlay
from axons_kernel.widget.viewer import ViewerWidget
from axons_kernel.widget.viewer_messages import parse_message

REPOSITORY = Path(__file__).parents[3]
MESSAGES = json.loads((REPOSITORY / "tests" / "data" / "viewer" / "messages.json").read_text())
NASTY = "<img src=x onerror=alert(1)>"
MakePyramid = Callable[..., Pyramid]


class Front:
    """A viewer and what it has sent to the browser."""

    def __init__(self, pyramid: Pyramid, **options: Any) -> None:
        self.sent: list[tuple[dict[str, Any], list[bytes]]] = []
        box = BoxLabel(label_class="axon", centre=(10, 10), size=(16, 16))
        overlay = LabelOverlay(Annotation((box,)), COLOURS)
        options = {"name": "nerve", "pixel_size_um": 0.1, "overlays": {"annotation": overlay}, **options}
        self.widget = ViewerWidget(pyramid, **options)
        self.widget.send = lambda content, buffers=(): self.sent.append((content, list(buffers)))

    def tell(self, content: Any) -> list[tuple[dict[str, Any], list[bytes]]]:
        """What the kernel answers to a message."""
        self.sent.clear()
        self.widget._handle_custom_msg(content, [])
        return list(self.sent)

    def tile(self, layer: str = "image", **where: Any) -> tuple[dict[str, Any], list[bytes]]:
        ((answer, buffers),) = self.tell(
            {"op": "tiles", "tiles": [{"id": 1, "layer": layer, "level": 0, "x": 0, "y": 0, **where}]}
        )
        return answer, buffers


COLOURS = {"axon": (230, 159, 0), NASTY: (86, 180, 233)}
PIXELS = (np.arange(700 * 900).reshape(700, 900) % 251).astype(np.uint8)


@pytest.fixture
def front(make_pyramid: MakePyramid) -> Front:
    return Front(make_pyramid(PIXELS))


def opened(buffers: list[bytes]) -> Any:
    return np.asarray(Image.open(io.BytesIO(buffers[0])))


def test_the_scene_tells_what_the_image_is(front: Front) -> None:
    scene = front.widget.scene
    assert (scene["width"], scene["height"], scene["tile_size"]) == (900, 700, 512)
    assert [level["scale"] for level in scene["levels"]] == [1, 2]
    assert scene["overlays"][0]["classes"][1] == {"name": NASTY, "colour": "#56b4e9"}
    json.dumps(scene)


def test_each_tile_shows_its_window(front: Front) -> None:
    front.widget.look = {"channels": [{"visible": True, "colour": "#ffffff", "low": 0, "high": 255}], "gamma": 1}
    look = front.widget.look
    for x, y in ((0, 0), (1, 0), (1, 1)):
        answer, buffers = front.tile(x=x, y=y, look=look)
        assert answer == {"op": "tile", "id": 1, "type": "image/png"}
        assert (opened(buffers) == PIXELS[y * 512 : (y + 1) * 512, x * 512 : (x + 1) * 512]).all()


def test_an_overlay_is_transparent_but_for_its_objects(front: Front) -> None:
    _, buffers = front.tile("annotation")
    drawn = np.asarray(Image.open(io.BytesIO(buffers[0])).convert("RGBA"))
    assert drawn[10, 10].tolist() == [230, 159, 0, 255] and drawn[100, 100, 3] == 0


def test_the_value_of_a_pixel_and_the_label_that_is_there(front: Front) -> None:
    (answer,) = front.tell({"op": "value", "id": 4, "x": 12, "y": 9})
    assert answer[0] == {
        "op": "value",
        "id": 4,
        "values": [float(PIXELS[9, 12])],
        "labels": {"annotation": "axon"},
    }
    assert front.tell({"op": "value", "id": 5, "x": 900, "y": 0}) == []


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"level": 2}, "There is no level 2"),
        ({"x": 2}, "outside of level 0"),
        ({"layer": NASTY}, "no layer"),
        ({"look": {"channels": [], "gamma": 1}}, "0 channels; the image has 1"),
    ],
)
def test_a_tile_that_is_not_there_is_refused_in_a_sentence(front: Front, wrong: dict[str, Any], sentence: str) -> None:
    answer, buffers = front.tile(**wrong)
    assert answer["op"] == "failed" and sentence in answer["message"] and not buffers


def test_both_sides_know_the_same_messages(front: Front) -> None:
    for message in MESSAGES["to_kernel"]:
        parse_message(message)
    front.widget.look = MESSAGES["to_kernel"][0]["tiles"][0]["look"]
    sent = [answer for message in MESSAGES["to_kernel"] for answer, _ in front.tell(message)]
    assert sent[:2] == MESSAGES["from_kernel"][:2]
    assert sent[2].keys() == MESSAGES["from_kernel"][2].keys()


def test_the_module_has_one_name_and_version_on_both_sides() -> None:
    source = (REPOSITORY / "labextension" / "src" / "module.ts").read_text()
    assert f"'{module.NAME}'" in source and f"'{module.VERSION}'" in source
    package = json.loads((REPOSITORY / "labextension" / "package.json").read_text())
    assert (package["name"], package["version"]) == (module.NAME, module.VERSION)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(["op", "id", "x", "y", "tiles", "layer", "level", "look", "outline", "gamma", "channels"])


@st.composite
def forged(draw: Any) -> Any:
    """A right message of which something has been replaced, or anything at all."""
    message = json.loads(json.dumps(draw(st.sampled_from(MESSAGES["to_kernel"]))))
    target = message["tiles"][0] if "tiles" in message and draw(st.booleans()) else message
    target[draw(FIELDS)] = draw(JSON | st.integers(-(2**70), 2**70))
    return draw(st.just(message) | JSON)


@settings(max_examples=150)
@given(st.lists(forged(), max_size=3))
def test_forged_messages_do_no_harm(messages: list[Any]) -> None:
    front = FORGED_FRONT
    state = front.widget.get_state()
    for message in messages:
        for answer, _ in front.tell(message):
            assert answer["op"] in ("tile", "failed", "value")
    assert front.widget.get_state() == state
    answer, buffers = front.tile()
    assert answer["op"] == "tile" and opened(buffers).shape == (64, 64)


def small_front() -> Front:
    import tifffile

    file = io.BytesIO()
    tifffile.imwrite(
        file, np.zeros((64, 64), np.uint8), tile=(64, 64), photometric="minisblack", metadata={"axes": "YX"}
    )
    return Front(Pyramid(file, "small"))


FORGED_FRONT = small_front()


@pytest.mark.parametrize(
    ("trait", "value"),
    [
        ("look", {"channels": "x", "gamma": 1}),
        ("look", {"channels": [], "gamma": 1e9}),
        ("overlays", {"annotation": {"visible": True, "opacity": 2}}),
        ("overlays", {"no such": {"visible": True, "opacity": 1}}),
        ("place", [1, 2]),
        ("place", "here"),
    ],
)
def test_state_that_makes_no_sense_is_refused(front: Front, trait: str, value: Any) -> None:
    before = getattr(front.widget, trait)
    with pytest.raises(traitlets.TraitError, match=r"overlay|cannot be that"):
        setattr(front.widget, trait, value)
    assert getattr(front.widget, trait) == before


def test_a_new_state_of_the_labels_is_drawn(front: Front) -> None:
    front.widget.update_overlay("annotation", LabelOverlay(Annotation(), COLOURS))
    assert front.widget.revision == 1
    _, buffers = front.tile("annotation")
    assert not np.asarray(Image.open(io.BytesIO(buffers[0])).convert("RGBA"))[..., 3].any()
    with pytest.raises(InputError, match="it has: annotation"):
        front.widget.update_overlay("labels", LabelOverlay(Annotation(), COLOURS))


def test_channels_without_names_are_counted_and_colours_share_their_limits(make_pyramid: MakePyramid) -> None:
    two = Front(make_pyramid(np.zeros((40, 50, 2), np.uint16))).widget
    assert [channel["name"] for channel in two.scene["channels"]] == ["channel 1", "channel 2"]
    colours = Front(make_pyramid(np.zeros((40, 50, 3), np.uint8))).widget
    assert colours.scene["rgb"] and colours.scene["channels"][0]["name"] == "red"
    stains = Front(make_pyramid(np.zeros((40, 50, 3), np.uint8)), channels=("DAPI", "GFP", "RFP")).widget
    assert not stains.scene["rgb"] and stains.scene["channels"][1]["name"] == "GFP"


def test_opening_reads_no_block_of_the_finest_level(make_pyramid: MakePyramid) -> None:
    pyramid = make_pyramid(np.zeros((4096, 4096), np.uint8))
    levels: list[int] = []
    read = pyramid.read
    pyramid.read = lambda tile, level=0: levels.append(level) or read(tile, level)  # type: ignore[method-assign, func-returns-value]
    front = Front(pyramid)
    coarsest = len(pyramid.levels) - 1
    front.tile(level=coarsest)
    assert levels and min(levels) > 0


def test_a_thousand_tiles_leave_nothing_behind(front: Front) -> None:
    def ask(count: int) -> None:
        for number in range(count):
            front.tile(x=number % 2, y=number % 2)
            front.tell({"op": "value", "id": number, "x": number % 900, "y": 3})
        front.sent.clear()
        gc.collect()

    ask(50)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    ask(1000)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 500_000


def test_closing_lets_go_of_the_pyramid(make_pyramid: MakePyramid) -> None:
    front = Front(make_pyramid(PIXELS))
    pyramid = weakref.ref(front.widget._pyramid)
    front.widget.close()
    del front
    gc.collect()
    assert pyramid() is None

"""Annotating in a real browser on a real hub, as a student does: draw, undo, split, reload, lose the kernel.

Screenshots are kept in test-artifacts/ (or $AXONS_ARTIFACTS) to be looked at.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import binary_dilation, binary_erosion

import axons_kernel as ax
from axons_kernel.rasterize import fill_rings
from axons_kernel.samples import axon_micrograph

if TYPE_CHECKING:
    from conftest import Hub, LoggedIn

CHROMIUM = Path("/usr/bin/chromium")
ARTIFACTS = Path(os.environ.get("AXONS_ARTIFACTS", Path(__file__).parents[2] / "test-artifacts"))
SECONDS = 1000  # Playwright counts milliseconds
GOLDEN = Path(__file__).parents[1] / "data" / "annotate"
SIDE = 256  # image pixels
MARGIN = 8  # CSS pixels around the tile when all of it is shown
NASTY = "<img src=x onerror=alert(1)>"

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def student(hub: Hub, logged_in: LoggedIn) -> Iterator[Any]:
    """A browser in which the student is logged in, with a server that runs."""
    with logged_in(hub, "student") as context:
        yield context


class Easel:
    """A project with one image, a notebook that annotates it, and hands that draw."""

    def __init__(self, hub: Hub, context: Any, name: str, notebook: str | None = None) -> None:
        self.hub, self.name, self.notebook = hub, name, notebook or name
        self.errors: list[str] = []
        self.project = ax.open_project(hub.home("student") / name)
        if not self.project.images():
            self.project.add_classes(["axon", "myelin", NASTY])
            self.project.import_image(axon_micrograph((SIDE, SIDE), seed=3).pixels, name="nerve", pixel_size_um=0.1)
        code = f"import axons_kernel as ax\nproject = ax.open_project({name!r})\nproject.annotate('nerve')"
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        cells = [nbformat.v4.new_code_cell(code), nbformat.v4.new_code_cell("import time; time.sleep(20)")]
        written = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        nbformat.write(written, hub.home("student") / f"{self.notebook}.ipynb")
        self.page = context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.goto()
        self.page.locator(".jp-CodeCell").first.click()
        self.page.keyboard.press("Shift+Enter")
        self.ready()

    def goto(self) -> None:
        self.page.goto(f"{self.hub.url}/user/student/lab/tree/{self.notebook}.ipynb?reset")
        self.page.wait_for_selector("#jp-main-statusbar >> text=| Idle")

    def ready(self) -> None:
        self.view = self.page.locator(".axons-Annotate")
        self.page.wait_for_selector(".axons-Annotate[data-ready=true]", timeout=90 * SECONDS)
        self.view.evaluate("node => node.scrollIntoView()")
        self.canvas = self.view.locator(".axons-Annotate-canvas")

    def tool(self, key: str) -> None:
        self.canvas.focus()
        self.page.keyboard.press(key)

    def at(self, x: float, y: float) -> tuple[float, float]:
        """A position in the page of a position in the image, as the whole tile is shown."""
        box = self.canvas.bounding_box()
        scale = (min(box["width"], box["height"]) - 2 * MARGIN) / SIDE
        return (
            box["x"] + box["width"] / 2 + (x - SIDE / 2) * scale,
            box["y"] + box["height"] / 2 + (y - SIDE / 2) * scale,
        )

    def drag(self, *points: tuple[float, float]) -> None:
        mouse = self.page.mouse
        mouse.move(*self.at(*points[0]))
        mouse.down()
        for point in points[1:]:
            mouse.move(*self.at(*point), steps=12)
        mouse.up()

    def click(self, *points: tuple[float, float]) -> None:
        for point in points:
            self.page.mouse.click(*self.at(*point), delay=20)

    def saved(self) -> None:
        """Wait until the view says that all is saved."""
        self.view.locator(".axons-Annotate-saved", has_text="saved").filter(has_not_text="unsaved").wait_for()

    @property
    def file(self) -> dict[str, Any]:
        path = self.hub.home("student") / self.name / "annotations" / "nerve__labels.json"
        return dict(json.loads(path.read_text())) if path.exists() else {"labels": []}

    @property
    def labels(self) -> list[dict[str, Any]]:
        """What is stored, once it is."""
        self.saved()
        return list(self.file["labels"])

    def is_golden(self) -> None:
        """What is stored is what the file saved_<test>.json says: edges within a pixel, and all else exactly.

        The file that was stored lies beside the screenshots: look at both, and copy it if it is the better one.
        """
        self.saved()
        stored = normal(self.file)
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        (ARTIFACTS / f"saved_{self.name}.json").write_text(json.dumps(stored, indent=1) + "\n")
        golden = json.loads((GOLDEN / f"saved_{self.name}.json").read_text())
        edges = [[label.pop("regions") for label in file["labels"]] for file in (stored, golden)]
        assert stored == golden
        for got, wanted in zip(*edges, strict=True):
            inside, pixel = filled(wanted), np.ones((3, 3))
            assert not (filled(got) & ~binary_dilation(inside, pixel)).any()
            assert not (~filled(got) & binary_erosion(inside, pixel)).any()

    def picture(self, what: str) -> None:
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=str(ARTIFACTS / f"annotator-{self.name}-{what}.png"))

    def kernel(self) -> int:
        """The process id of the notebook's kernel."""
        folder = self.hub.home("student") / self.name
        found = subprocess.run(["pgrep", "-f", "ipykernel_launcher"], capture_output=True, text=True).stdout.split()
        mine = [pid for pid in found if Path(f"/proc/{pid}/cwd").resolve() == folder.parent]
        assert mine, "no kernel runs in the student's home"
        return int(max(mine, key=int))


@pytest.fixture
def easel(hub: Hub, student: Any, request: pytest.FixtureRequest) -> Iterator[Easel]:
    made = Easel(hub, student, request.node.name.removeprefix("test_"))
    yield made
    made.picture("last")
    made.page.close()
    assert not made.errors


def test_two_notebooks_on_one_image(easel: Easel, hub: Hub, student: Any) -> None:
    other = Easel(hub, student, easel.name, "the_other")
    easel.tool("b")
    easel.drag((60, 60), (120, 60))
    until(lambda: len(easel.labels) == 1)
    first = easel.labels[0]
    other.tool("b")
    other.drag((60, 200), (120, 200))
    notice = other.view.get_by_role("alert").filter(has_text="another notebook")
    notice.wait_for()
    other.picture("conflict")
    assert easel.file["labels"] == [first], "nothing was overwritten"
    notice.get_by_text("Keep both", exact=True).click()
    until(lambda: len(other.labels) == 2)
    assert first in other.labels
    notice.wait_for(state="hidden")
    other.picture("kept-both")
    other.page.close()
    assert not other.errors


def test_feedback_lies_over_the_image(easel: Easel) -> None:
    easel.tool("b")
    easel.drag((60, 60), (120, 60))
    until(lambda: len(easel.labels) == 1)
    before = np.asarray(Image.open(io.BytesIO(easel.canvas.screenshot())).convert("RGB")).astype(int)
    code = (
        "mask = ax.samples.axon_micrograph((256, 256), seed=3).mask\n"
        "project.annotate('nerve').show_feedback(project.compare('nerve', mask).raster)"
    )
    easel.page.locator(".jp-CodeCell").nth(1).locator(".cm-content").click()
    easel.page.keyboard.press("Control+a")
    easel.page.keyboard.insert_text(code)
    easel.page.keyboard.press("Shift+Enter")
    easel.page.wait_for_selector(".axons-Annotate[data-ready=true] >> nth=1")
    easel.view, easel.canvas = easel.view.nth(1), easel.page.locator(".axons-Annotate-canvas").nth(1)
    easel.view.evaluate("node => node.scrollIntoView()")

    def differs() -> bool:
        after = np.asarray(Image.open(io.BytesIO(easel.canvas.screenshot())).convert("RGB")).astype(int)
        colourful = (after.max(axis=2) - after.min(axis=2)).mean()
        return bool(colourful > 1.5 * (before.max(axis=2) - before.min(axis=2)).mean())

    until(differs)
    easel.picture("feedback")


def normal(stored: dict[str, Any]) -> dict[str, Any]:
    """A label file without what differs from run to run: ids are numbers in their order; no times, no checksum."""
    ids = {label["object_id"]: number for number, label in enumerate(stored["labels"], start=1)}
    assert len(ids) == len(stored["labels"]), "every label has an id of its own"
    labels = [{**label, "object_id": ids[label["object_id"]]} for label in stored["labels"]]
    beside, numbering = stored["axons"], stored["axons"]["numbering"]
    constant = {"active_s": 0, "sessions": [*beside["sessions"].values()], "numbering": {**numbering, "check": 0}}
    return {**stored, "labels": labels, "axons": {**beside, **constant}}


def filled(regions: list[list[dict[str, float]]]) -> NDArray[np.bool_]:
    return fill_rings([tuple((p["x"], p["y"]) for p in ring) for ring in regions], (0, 0, SIDE, SIDE))


def area(labels: list[dict[str, Any]], number: int) -> int:
    return int(filled(labels[number]["regions"]).sum())


def until(condition: Callable[[], Any], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


def test_drawing(easel: Easel) -> None:
    easel.tool("b")
    easel.drag((60, 60), (120, 60), (120, 100))
    until(lambda: len(easel.labels) == 1)
    stroke = easel.labels[0]
    assert (stroke["label_class"], stroke["label_type"], stroke["source"]) == ("axon", "polygon", "manual")
    assert 1500 < area(easel.labels, 0) < 3500
    easel.tool("p")
    easel.tool("2")
    corners = [(150, 150), (230, 150), (230, 230), (150, 230)]
    easel.click(*corners, corners[0])
    until(lambda: len(easel.labels) == 2)
    easel.picture("polygon")
    polygon = easel.labels[1]
    assert polygon["label_class"] == "myelin"
    got = [(p["x"], p["y"]) for p in polygon["regions"][0]]
    np.testing.assert_allclose(got, corners, atol=0.6)
    easel.page.keyboard.press("Control+z")
    until(lambda: len(easel.labels) == 1)
    assert easel.labels == [stroke]
    easel.page.keyboard.press("Control+y")
    until(lambda: len(easel.labels) == 2)
    assert easel.labels == [stroke, polygon]
    assert easel.view.locator("img").count() == 0
    assert easel.view.get_by_text(NASTY).count() >= 1
    easel.is_golden()


def test_splitting_and_erasing(easel: Easel) -> None:
    easel.tool("p")
    easel.click((50, 50), (200, 50), (200, 150), (50, 150), (50, 50))
    until(lambda: len(easel.labels) == 1)
    whole = area(easel.labels, 0)
    easel.tool("v")
    easel.click((120, 100))
    easel.tool("k")
    easel.drag((120, 30), (120, 170))
    until(lambda: len(easel.labels) == 2)
    easel.picture("split")
    parts = [area(easel.labels, i) for i in (0, 1)]
    assert sum(parts) == whole
    assert min(parts) > 0.35 * whole
    assert easel.labels[0]["object_id"] != easel.labels[1]["object_id"]
    easel.tool("e")
    easel.page.keyboard.press("Escape")  # with no label chosen it erases all
    easel.drag((80, 60), (80, 140))
    until(lambda: sum(area(easel.labels, i) for i in range(len(easel.labels))) < whole)
    easel.is_golden()


def test_reloading_the_page(easel: Easel) -> None:
    easel.tool("b")
    easel.drag((60, 60), (120, 60))
    until(lambda: len(easel.labels) == 1)
    before = easel.labels
    easel.page.locator("[data-jp-item-name=save]").first.click()  # else JupyterLab forgets what the cell shows
    easel.page.wait_for_timeout(1500)
    easel.page.reload()
    easel.page.wait_for_selector("#jp-main-statusbar >> text=| Idle")
    easel.ready()
    easel.picture("reloaded")
    assert easel.labels == before
    easel.tool("b")
    easel.page.keyboard.press("n")
    easel.drag((60, 160), (120, 160))
    until(lambda: len(easel.labels) == 2 or area(easel.labels, 0) > 0)
    easel.page.keyboard.press("Control+z")
    until(lambda: easel.labels == before)
    easel.is_golden()


def test_losing_the_kernel(easel: Easel) -> None:
    easel.tool("b")
    easel.drag((60, 60), (120, 60))
    until(lambda: len(easel.labels) == 1)
    os.kill(easel.kernel(), signal.SIGKILL)
    easel.drag((60, 200), (120, 200))  # while no kernel is there
    easel.picture("without-kernel")
    until(
        lambda: (
            len(easel.file["labels"]) >= 1
            and sum(area(easel.file["labels"], i) for i in range(len(easel.file["labels"]))) > 0
        )
    )
    easel.saved()
    total = sum(area(easel.labels, i) for i in range(len(easel.labels)))
    easel.picture("with-a-new-kernel")
    assert total > 1000
    union = np.any([filled(label["regions"]) for label in easel.labels], axis=0)
    assert union[60, 90], "what was stored before"
    assert union[200, 90], "what was drawn without a kernel"
    easel.is_golden()


def test_drawing_while_a_cell_runs(easel: Easel) -> None:
    easel.page.click(".lm-MenuBar-itemLabel:text-is('Run')")
    easel.page.click(".lm-Menu-itemLabel:text-is('Run All Cells')")  # the widget is made, and the next cell begins
    easel.page.locator(".jp-CodeCell").nth(1).locator("text=[*]").wait_for()
    easel.ready()
    started = time.monotonic()
    easel.tool("b")
    easel.drag((60, 60), (120, 60))
    until(lambda: len(easel.labels) == 1)
    assert time.monotonic() - started < 15, "stored before the cell has ended"

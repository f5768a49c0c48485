"""Looking at images and uploading them in a real browser on a real hub, as a student does.

Screenshots are kept in test-artifacts/ (or $AXONS_ARTIFACTS) to be looked at.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import numpy as np
import pytest
from PIL import Image

import axons_kernel as ax
from axons_kernel.predictions import PredictionInfo, save_prediction

if TYPE_CHECKING:
    from conftest import Hub, LoggedIn

CHROMIUM = Path("/usr/bin/chromium")
ARTIFACTS = Path(os.environ.get("AXONS_ARTIFACTS", Path(__file__).parents[2] / "test-artifacts"))
SECONDS = 1000  # Playwright counts milliseconds
NASTY = "<img src=x onerror=alert(1)>"
VIEWER = ".axons-Viewer[data-painted]"
KEEP_SOCKETS = """
window.sockets = [];
window.WebSocket = class extends WebSocket {
  constructor(...options) { super(...options); window.sockets.push(this); }
};
"""

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def project(hub: Hub, sample_data: Path) -> Any:
    """A project in the student's home: a micrograph with labels and a prediction, and one of four channels."""
    micrographs = sorted(sample_data.glob("axon_sem_rat/sub-rat1/micr/*.png"))
    masks = sorted(sample_data.glob("axon_sem_rat/derivatives/labels/sub-rat1/micr/*axonmyelin*.png"))
    project = ax.open_project(hub.home("student") / "looking")
    image = project.import_image(micrographs[0], name="nerve")
    project.import_mask(image, masks[0], ["myelin", NASTY])
    image = project.image("nerve")
    info = PredictionInfo(image="nerve", model=NASTY, classes=("myelin", NASTY), pixel_size_um=0.1, area_share={})
    save_prediction(image, info.model_copy(update={"model": "run-1"}), np.roll(image.mask(), 6, axis=1))
    rng = np.random.default_rng(0)
    rows, cols = np.indices((1500, 2000), dtype=np.float32)
    planes = [2000 + 1500 * np.sin(rows / (20 + 9 * c)) * np.cos(cols / (35 - 5 * c)) for c in range(4)]
    stains = np.stack([plane + rng.normal(0, 90, plane.shape) for plane in planes], axis=2).clip(0).astype(np.uint16)
    project.import_image(stains, name="stains", pixel_size_um=0.25)
    return project


@pytest.fixture(scope="module")
def student(hub: Hub, logged_in: LoggedIn, project: Any) -> Iterator[Any]:
    """A browser in which the student is logged in, with a server that runs."""
    with logged_in(hub, "student", KEEP_SOCKETS) as context:
        yield context


Open = Callable[..., Any]


@pytest.fixture
def notebook(hub: Hub, student: Any, request: pytest.FixtureRequest) -> Iterator[Open]:
    """notebook(*cells) opens a new notebook with these cells, runs all, and returns its page."""
    pages: list[Any] = []
    errors: list[str] = []

    def run(*cells: str) -> Any:
        name = f"{request.node.name}.ipynb"
        head = "import axons_kernel as ax\nproject = ax.open_project('looking')"
        made = [nbformat.v4.new_code_cell(source) for source in (head, *cells)]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        written = nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel})
        nbformat.write(written, hub.home("student") / name)
        page = student.new_page()
        pages.append(page)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{hub.url}/user/student/lab/tree/{name}?reset")
        page.wait_for_selector("#jp-main-statusbar >> text=| Idle")
        choose(page, "Run", "Run All Cells")
        return page

    yield run
    for page in pages:
        picture(page, f"last-{request.node.name}")
        page.close()
    assert not errors


def choose(page: Any, menu: str, *items: str) -> None:
    """Click through JupyterLab's menu bar."""
    page.click(f".lm-MenuBar-itemLabel:text-is('{menu}')")
    for item in items:
        page.click(f".lm-Menu-itemLabel:text-is('{item}')")


def picture(page: Any, name: str) -> None:
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(ARTIFACTS / f"{name}.png"))


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


def stage_pixels(page: Any, viewer: Any) -> Any:
    """What is drawn in the picture (without the mini-map), as an array (h, w, 3)."""
    data = viewer.locator(".axons-Viewer-stage canvas").first.screenshot()
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)[20:-140, 20:-170]


def at_rest(page: Any, viewer: Any) -> Any:
    """The same, once it does not change any more."""
    pixels = stage_pixels(page, viewer)
    while True:
        page.wait_for_timeout(700)
        later = stage_pixels(page, viewer)
        if (later == pixels).all():
            return later
        pixels = later


def shown_viewer(page: Any) -> Any:
    viewer = page.locator(VIEWER).first
    viewer.wait_for()
    viewer.evaluate("node => node.scrollIntoView()")
    return viewer


def colourfulness(pixels: Any) -> float:
    return float((pixels.max(axis=2) - pixels.min(axis=2)).mean())


def test_a_micrograph_with_its_labels_and_predictions(notebook: Open, project: Any) -> None:
    page = notebook("project.show('nerve')")
    viewer = shown_viewer(page)
    with_labels = at_rest(page, viewer)
    picture(page, "viewer-light")
    assert colourfulness(with_labels) > 15
    assert viewer.locator("img").count() == 0 and viewer.locator(f".axons-Legend >> text={NASTY}").count() == 2
    viewer.get_by_label("annotation", exact=True).uncheck()
    plain = at_rest(page, viewer)
    assert colourfulness(plain) == 0 and plain.std() > 20
    viewer.get_by_label("prediction of run-1", exact=True).check()
    assert colourfulness(at_rest(page, viewer)) > 15
    viewer.get_by_label("Opacity of prediction of run-1").fill("0.05")
    assert 0 < colourfulness(at_rest(page, viewer)) < 6
    assert "230 µm" in viewer.locator(".axons-Viewer-readout").inner_text()


def test_zoom_by_keys_and_read_a_pixel(notebook: Open, project: Any) -> None:
    page = notebook("project.show('nerve')")
    viewer = shown_viewer(page)
    box = viewer.locator(".axons-Viewer-stage").bounding_box()
    bar = viewer.locator(".axons-ScaleBar")
    whole = bar.inner_text()
    page.mouse.click(box["x"] + 50, box["y"] + 50)
    for _ in range(9):
        page.keyboard.press("+")
    until(lambda: bar.inner_text() != whole)
    page.keyboard.press("ArrowRight")
    at_rest(page, viewer)
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    readout = viewer.locator(".axons-Viewer-readout")
    until(lambda: "value" in readout.inner_text())
    x, y, value = (_after(readout.inner_text(), word) for word in ("x ", "y ", "value "))
    assert project.image("nerve").pixels()[y, x] == value
    picture(page, "viewer-close")
    page.keyboard.press("0")
    until(lambda: bar.inner_text() == whole)
    page.keyboard.press("f")
    page.wait_for_function("() => document.fullscreenElement?.classList.contains('axons-Viewer')")
    until(lambda: viewer.locator(".axons-Viewer-stage canvas").first.bounding_box()["height"] > box["height"] + 100)
    picture(page, "viewer-fullscreen")
    page.keyboard.press("f")
    page.wait_for_function("() => !document.fullscreenElement")
    page.keyboard.press("c")
    assert viewer.locator(".axons-Viewer-panel").is_hidden()
    assert page.locator(".jp-Cell").count() == 2  # no key has reached the notebook's own shortcuts


def _after(text: str, word: str) -> int:
    return int(text.split(word, 1)[1].split()[0].strip(","))


def test_channels_and_contrast_in_the_dark_theme(notebook: Open) -> None:
    page = notebook("project.show('stains')")
    viewer = shown_viewer(page)
    choose(page, "Settings", "Theme", "JupyterLab Dark")
    page.wait_for_selector("body[data-jp-theme-light=false]", state="attached")
    all_four = at_rest(page, viewer)
    picture(page, "viewer-dark")
    for channel in (2, 3, 4):
        viewer.get_by_label(f"channel {channel}", exact=True).uncheck()
    one = at_rest(page, viewer)
    assert one.mean() < all_four.mean() and (one[..., 1] < 12).all()  # magenta alone has no green
    viewer.get_by_label("upper limit of channel 1").fill("1000")
    assert at_rest(page, viewer)[..., 0].mean() > one[..., 0].mean() + 40
    choose(page, "Settings", "Theme", "JupyterLab Light")


def test_it_answers_while_a_cell_runs(notebook: Open) -> None:
    page = notebook(
        "project.show('stains')", "import time; end = time.time() + 90\nwhile time.time() < end: sum(range(999))"
    )
    viewer = shown_viewer(page)
    box = viewer.locator(".axons-Viewer-stage").bounding_box()
    page.mouse.click(box["x"] + 50, box["y"] + 50)
    before = at_rest(page, viewer)
    for _ in range(8):
        page.keyboard.press("+")
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    until(lambda: "channel 1" in viewer.locator(".axons-Viewer-readout").inner_text(), 10)
    close = at_rest(page, viewer)
    assert page.locator(".jp-InputPrompt:has-text('[*]')").count() == 1  # the cell is still running
    assert np.abs(close[1:] - close[:-1]).mean() > 0.2 and (close != before).any()
    choose(page, "Kernel", "Interrupt Kernel")


def test_it_comes_back_after_a_reload_and_leaves_a_picture_behind(notebook: Open, hub: Hub, request: Any) -> None:
    page = notebook("viewer = project.show('nerve')\nviewer")
    viewer = shown_viewer(page)
    box = viewer.locator(".axons-Viewer-stage").bounding_box()
    page.mouse.click(box["x"] + 50, box["y"] + 50)
    for _ in range(4):
        page.keyboard.press("+")
    viewer.get_by_label("Gamma").fill("2")
    before = at_rest(page, viewer)
    page.keyboard.press("Control+s")
    path = hub.home("student") / f"{request.node.name}.ipynb"
    until(lambda: len(nbformat.read(path, as_version=4).cells[-1].outputs) == 2)
    page.reload()
    viewer = shown_viewer(page)
    assert viewer.get_by_label("Gamma").input_value() == "2"
    until(lambda: viewer.locator(".axons-Viewer-zoom").inner_text() != "")
    after = at_rest(page, viewer)
    assert np.abs(after - before).mean() < 12
    saved, live = nbformat.read(path, as_version=4).cells[-1].outputs
    assert set(saved.data) == {"image/jpeg", "text/plain"}
    assert "can be zoomed while the notebook's kernel runs" in live.data["text/plain"]
    assert page.locator(".jp-RenderedImage:visible").count() == 0  # the picture hides while the view lives
    choose(page, "Kernel", "Shut Down Kernel")
    viewer.locator(".axons-Viewer-hint >> text=The kernel that drew this has stopped").wait_for()
    picture(page, "viewer-no-kernel")


def test_upload(notebook: Open, project: Any, sample_data: Path, tmp_path: Path) -> None:
    micrograph = sorted(sample_data.glob("axon_sem_rat/sub-rat2/micr/*.png"))[0]
    nonsense = tmp_path / f"..{NASTY.replace('/', '')}.png"
    nonsense.write_bytes(b"nonsense" * 100)
    page = notebook("upload = project.upload()\nupload")
    page.wait_for_selector(".axons-Upload")
    page.set_input_files(".axons-Upload input[type=file]", [micrograph, nonsense])
    asking = page.locator(".axons-File.axons-mod-asking")
    asking.wait_for()
    assert "give it in µm here" in asking.inner_text()
    failed = page.locator(".axons-File.axons-mod-failed")
    failed.wait_for()
    assert "is not an image that can be read" in failed.inner_text() and failed.locator("img").count() == 0
    picture(page, "upload-asking")
    asking.locator("input[type=number]").fill("0.13")
    asking.locator("input:not([type=number])").fill("rat2")
    asking.locator("[type=submit]").click()
    page.locator(".axons-File.axons-mod-done img").wait_for()
    picture(page, "upload-done")
    stored = project.image("rat2")
    assert stored.pixel_size_um == 0.13 and stored.info.source_name == f"{micrograph.stem}.png"
    failed.get_by_role("button").click()
    failed.wait_for(state="detached")
    leftovers = [path.name for path in Path(project.store.url).iterdir() if path.name.startswith(".axons-tmp-")]
    assert not leftovers


def test_upload_goes_on_after_a_dropped_connection(notebook: Open, project: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    large = tmp_path / "large.png"
    Image.fromarray(rng.integers(0, 256, (6000, 6000), np.uint8)).save(large, compress_level=0)  # 36 MB
    page = notebook("upload = project.upload()\nupload")
    page.wait_for_selector(".axons-Upload")
    page.set_input_files(".axons-Upload input[type=file]", large)
    bar = page.locator(".axons-File progress")
    until(lambda: bar.count() == 1 and bar.evaluate("bar => bar.value") > 2e6)
    assert page.evaluate("() => { sockets.forEach(socket => socket.close()); return sockets.length }") > 0
    assert page.locator(".axons-mod-receiving").count() == 1  # it was not through yet
    page.locator(".axons-mod-asking").wait_for(timeout=120 * SECONDS)
    page.locator(".axons-mod-asking input[type=number]").fill("0.5")
    page.locator(".axons-mod-asking [type=submit]").click()
    page.locator(".axons-mod-done").wait_for()
    assert project.image("large").shape == (6000, 6000)


def test_files_are_dropped(notebook: Open, project: Any) -> None:
    page = notebook("upload = project.upload()\nupload")
    field = page.locator(".axons-Upload-field")
    field.wait_for()
    transfer = page.evaluate_handle(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File(['not an image'], 'dropped.tif'));
          return data;
        }"""
    )
    field.dispatch_event("dragover", {"dataTransfer": transfer})
    field.dispatch_event("drop", {"dataTransfer": transfer})
    row = page.locator(".axons-File.axons-mod-failed")
    row.wait_for()
    assert "dropped.tif" in row.inner_text()
    assert not (Path(project.store.url).parent / "dropped.tif").exists()  # JupyterLab has not taken it

"""The main job in a real browser on a real hub: a student logs in, runs the tour, annotates, reads the report.

Screenshots are kept in test-artifacts/ (or $AXONS_ARTIFACTS) to be looked at.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

import axons_kernel as ax

if TYPE_CHECKING:
    from conftest import Hub, StartHub

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
REPOSITORY = Path(__file__).parents[2]
ARTIFACTS = Path(os.environ.get("AXONS_ARTIFACTS", REPOSITORY / "test-artifacts"))
SECONDS = 1000  # Playwright counts milliseconds

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def small_tour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tour with small micrographs and a short training, unless $AXONS_FULL_TOUR asks for all of it."""
    notebook = nbformat.read(REPOSITORY / "notebooks" / "tour.ipynb", as_version=4)
    cell = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    if "AXONS_FULL_TOUR" not in os.environ:
        changed = cell.source.replace("side = 768", "side = 320").replace("minutes = 1.0", "minutes = 0.6")
        assert changed.count("320") == changed.count("minutes = 0.6") == 1
        cell.source = changed
    path = tmp_path_factory.mktemp("tour") / "tour.ipynb"
    nbformat.write(notebook, path)
    return path


@pytest.fixture(scope="module")
def tour_hub(start_hub: StartHub, small_tour: Path) -> Hub:
    return start_hub(AXONS_SPAWNER__TOUR_NOTEBOOK=str(small_tour))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A page whose script errors fail the test."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(60 * SECONDS)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    picture(page, f"last-{request.node.name}")
    context.close()
    assert not errors


def picture(page: Any, name: str) -> None:
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(ARTIFACTS / f"{name}.png"))


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


def log_in(page: Any, hub: Hub, user: str) -> None:
    page.goto(hub.url)
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", hub.logins[user])
    picture(page, "login")
    page.click("[type=submit]")


def start_server(page: Any) -> None:
    page.wait_for_selector("text=Start")
    picture(page, "profiles")
    page.locator("form [type=submit]").click()
    page.wait_for_selector(".jp-LauncherCard[data-category=Axons]", timeout=120 * SECONDS)


def open_panel(page: Any) -> None:
    page.click(".jp-SideBar .lm-TabBar-tab[data-id=axons-panel]")
    page.locator("#axons-panel .axons-Stage").first.wait_for()


def go_to(page: Any, stage: str) -> None:
    """Click a stage in the panel: the tour scrolls to its heading."""
    page.click(f"#axons-panel .axons-Stage[data-stage={stage}]")
    page.locator(".jp-Notebook .jp-Cell.jp-mod-active h2").wait_for()


def choose(page: Any, menu: str, *items: str) -> None:
    """Click through JupyterLab's menu bar."""
    page.click(f".lm-MenuBar-itemLabel:text-is('{menu}')")
    for item in items:
        page.click(f".lm-Menu-itemLabel:text-is('{item}')")


def draw_polygon(page: Any) -> None:
    """A quadrilateral in the annotation widget, closed by clicking its first corner."""
    page.wait_for_selector(".axons-Annotate[data-ready=true]")
    canvas = page.locator(".axons-Annotate-canvas").first
    canvas.scroll_into_view_if_needed()
    page.click(".axons-Annotate [data-tool=polygon]")
    page.locator(".axons-Annotate").get_by_label("Protect other labels").uncheck()
    for x, y in [(300, 200), (380, 190), (400, 260), (320, 280), (300, 200)]:
        canvas.click(position={"x": x, "y": y})
        page.wait_for_timeout(150)
    page.locator(".axons-Annotate-status", has_text="Added:").wait_for()


def test_a_student_walks_the_tour(page: Any, tour_hub: Hub) -> None:
    log_in(page, tour_hub, "student")
    start_server(page)
    open_panel(page)
    picture(page, "launcher")
    page.locator(".jp-LauncherCard[data-category=Axons]").first.click()
    page.wait_for_selector("#jp-main-statusbar >> text=| Idle")  # before that, there is no kernel to run cells
    choose(page, "Run", "Run All Cells")
    go_to(page, "analyse")  # a long notebook draws only what is in view
    report = page.locator(".jp-OutputArea-output table:has-text('all classes together')")
    report.wait_for(timeout=240 * SECONDS)
    report.scroll_into_view_if_needed()
    page.wait_for_timeout(1 * SECONDS)
    picture(page, "report")

    project = ax.open_project(tour_hub.home("student") / "nerve", create=False)
    before = project.image("nerve-1").annotation()
    go_to(page, "train")
    page.wait_for_timeout(1 * SECONDS)
    picture(page, "train")
    go_to(page, "annotate")
    draw_polygon(page)
    picture(page, "annotate")
    image = project.image("nerve-1")
    until(lambda: len(image.annotation().labels) > len(before.labels))
    after = image.annotation()
    assert after.labels[: len(before.labels)] == before.labels
    (drawn,) = after.labels[len(before.labels) :]
    assert drawn.label_type == "polygon" and len(drawn.rings()[0]) == 4 and drawn.source == "manual"
    page.click(".axons-Annotate [data-action=undo]")
    until(lambda: image.annotation().labels == before.labels)

    scores = json.loads((tour_hub.home("student") / "nerve/predictions/nerve-4/run-1/report.json").read_text())
    assert scores["pixels"]["all classes together"]["dice"] > 0.6
    page.keyboard.press("Control+s")
    log_out(page, tour_hub)


def log_out(page: Any, hub: Hub) -> None:
    page.goto(f"{hub.url}/hub/home")
    page.click("#logout")
    page.wait_for_selector("input[name=username]")
    page.goto(f"{hub.url}/user/student/lab")
    page.wait_for_selector("input[name=username]")  # logged out of the server, too


def test_the_tour_is_readable_in_the_dark_theme(page: Any, tour_hub: Hub) -> None:
    log_in(page, tour_hub, "instructor")
    start_server(page)
    choose(page, "Settings", "Theme", "JupyterLab Dark")
    page.wait_for_selector("body[data-jp-theme-light=false]", state="attached")
    open_panel(page)
    page.locator("#axons-panel .axons-OpenTour").click()
    page.wait_for_selector(".jp-Notebook h1:has-text('Axons: the tour')")
    page.wait_for_timeout(1 * SECONDS)
    picture(page, "dark")

"""The live view of a training in a real browser on a real hub: it grows, is steered, comes back, and tells of a death.

Screenshots are kept in test-artifacts/ (or $AXONS_ARTIFACTS) to be looked at.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

import axons_kernel as ax
from axons_kernel.samples import axon_micrograph

if TYPE_CHECKING:
    from conftest import Hub, LoggedIn

CHROMIUM = Path("/usr/bin/chromium")
ARTIFACTS = Path(os.environ.get("AXONS_ARTIFACTS", Path(__file__).parents[2] / "test-artifacts"))
SECONDS = 1000  # Playwright counts milliseconds
ENDLESS: dict[str, Any] = {"epochs": 9999, "batch": 1, "crop": 64, "width": 4, "depth": 2, "max_minutes": 10}

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def project(hub: Hub) -> Any:
    """A project in the student's home with a small training set."""
    project = ax.open_project(hub.home("student") / "live")
    sample = axon_micrograph((128, 256), seed=2)
    image = project.import_image(sample.pixels, name="nerve", pixel_size_um=0.1)
    project.import_mask(image, sample.mask, ["myelin", "axon"])
    project.tile(image, size=64, overlap=0)
    project.create_training_set("set-1", images=[image], validation=0.5)
    return project


@pytest.fixture(scope="module")
def student(hub: Hub, logged_in: LoggedIn) -> Iterator[Any]:
    """A browser in which the student is logged in, with a server that runs."""
    with logged_in(hub, "student") as context:
        yield context


class Watcher:
    """A notebook whose last cell shows a live view, and what is seen of it."""

    def __init__(self, hub: Hub, context: Any, name: str, *cells: str) -> None:
        self.file = hub.home("student") / f"{name}.ipynb"
        head = "import axons_kernel as ax\nproject = ax.open_project('live')"
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        made = [nbformat.v4.new_code_cell(source) for source in (head, *cells)]
        nbformat.write(nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel}), self.file)
        self.errors: list[str] = []
        self.page = context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(f"{hub.url}/user/student/lab/tree/{name}.ipynb?reset")
        self.page.wait_for_selector("#jp-main-statusbar >> text=| Idle")
        self.choose("Run", "Run All Cells")
        self.view = self.page.locator(".axons-Run[data-epochs]")
        self.view.wait_for()

    def choose(self, menu: str, *items: str) -> None:
        self.page.click(f".lm-MenuBar-itemLabel:text-is('{menu}')")
        for item in items:
            self.page.click(f".lm-Menu-itemLabel:text-is('{item}')")

    @property
    def epochs(self) -> int:
        return int(self.view.get_attribute("data-epochs") or 0)

    @property
    def state(self) -> str:
        return str(self.view.locator(".axons-Run-state").inner_text())

    def press(self, button: str) -> None:
        self.view.get_by_role("button", name=re.compile(button)).click()

    def picture(self, name: str) -> None:
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        self.view.scroll_into_view_if_needed()
        self.page.screenshot(path=str(ARTIFACTS / f"{name}.png"))


def until(condition: Callable[[], bool], seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


def test_a_training_is_watched_steered_and_seen_again(hub: Hub, student: Any, project: Any) -> None:
    start = f"run = project.train('set-1', ax.TrainingConfig(**{ENDLESS}), name='mine')"
    watcher = Watcher(hub, student, "watched", start, "run.live()")
    page, view = watcher.page, watcher.view
    until(lambda: watcher.epochs >= 2)
    page.wait_for_selector("#jp-main-statusbar >> text=| Idle")  # no cell waits for the training
    until(lambda: view.locator(".axons-Examples-labels[src^='blob:']").count() == 2 * 4)
    before = view.locator(".axons-Chart-line").first.get_attribute("d")
    until(lambda: view.locator(".axons-Chart-line").first.get_attribute("d") != before)

    watcher.press("Pause")
    until(lambda: watcher.state == "paused")
    page.wait_for_timeout(1500)  # the epoch that was just ending
    at = watcher.epochs
    page.wait_for_timeout(2000)
    assert watcher.epochs == at == len(project.run("mine").metrics())
    plot = view.locator(".axons-Chart-plot").first
    plot.focus()
    page.keyboard.press("Home")
    assert view.locator(".axons-Chart-epoch").all_inner_texts() == ["epoch 1", "epoch 1"]
    watcher.picture("live-paused")

    page.keyboard.press("Control+s")
    until(lambda: len(nbformat.read(watcher.file, as_version=4).cells[-1].outputs) == 2)
    assert watcher.file.stat().st_size < 200_000
    page.reload()
    view.wait_for()
    until(lambda: watcher.state == "paused" and watcher.epochs == at)
    watcher.choose("Settings", "Theme", "JupyterLab Dark")
    page.wait_for_selector("body[data-jp-theme-light=false]", state="attached")
    watcher.press("Go on")
    until(lambda: watcher.state == "training" and watcher.epochs > at)
    watcher.picture("live-dark")
    watcher.choose("Settings", "Theme", "JupyterLab Light")

    watcher.press("Stop after this epoch")
    until(lambda: watcher.state == "stopped")
    assert project.run("mine").status().state == "stopped" and project.run("mine").best.name == "mine"
    assert view.get_by_role("button", name="Stop").count() == 0
    watcher.choose("Kernel", "Shut Down Kernel")
    view.locator("text=The kernel has ended: this is the run as it was").wait_for()
    assert watcher.epochs == len(project.run("mine").metrics())  # the last state is still there
    page.close()
    assert not watcher.errors


def test_a_run_of_another_process_dies_before_our_eyes(hub: Hub, student: Any, project: Any) -> None:
    from axons_kernel.runs import starting

    run = project.train("set-1", ax.TrainingConfig(**ENDLESS), name="elsewhere")
    watcher = Watcher(hub, student, "attached", "project.run('elsewhere').live()")
    until(lambda: watcher.state == "training" and watcher.epochs >= 1)
    os.kill(starting._children[-1].pid, signal.SIGKILL)
    until(lambda: watcher.state == "failed")
    alert = watcher.view.get_by_role("alert").inner_text()
    assert alert.startswith("Its process ended without a word") and "resume()" in alert
    watcher.picture("live-died")
    assert run.status().state == "failed"
    watcher.page.close()
    assert not watcher.errors

"""The viewer's first picture of a 20000 x 20000 image, in a browser on a hub, and its tiles beside large_image.

From the moment that the cell is run until every tile of the first view is painted; the bound of the issue is 1 s. Then
the kernel's part alone: tiles drawn and encoded per second, ours as the viewer sends them (JPEG, quality 90, 4:4:4)
beside large_image's `getTile` with the same encoding. SIDE=4096 makes a smaller image.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import nbformat
import numpy as np
from numpy.typing import NDArray

import axons_kernel as ax
from axons_kernel.annotations import Annotation, BoxLabel
from axons_kernel.chunk_cache import ChunkCache
from axons_kernel.images import ImageInfo
from axons_kernel.ome_tiff import write_ome_tiff
from axons_kernel.picture import Picture
from axons_kernel.pyramid import Pyramid
from axons_kernel.samples import axon_micrograph
from axons_kernel.tiling import Tile, tile_grid
from axons_kernel.widget.layers import encode_pixels
from axons_kernel.widget.look import channel_statistics, default_look

sys.path.insert(0, str(Path(__file__).parents[1] / "integration"))
from conftest import Hub, free_port, hub_command, hub_environment

SIDE = int(os.environ.get("SIDE", "20000"))
LABELS, RUNS, TILES = 2000, 5, 60
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"]


def micrograph() -> Picture:
    """A colour picture of SIDE x SIDE pixels that is made band by band, with noise that does not repeat."""
    block = axon_micrograph((1024, 1024), seed=0).pixels
    row = np.tile(block, (1, -(-SIDE // 1024)))[:, :SIDE]

    def bands() -> Iterator[NDArray[Any]]:
        rng = np.random.default_rng(0)
        for start in range(0, SIDE, 256):
            rows = row[np.arange(start, min(start + 256, SIDE)) % 1024].astype(np.int16)
            noisy = np.clip(rows + rng.integers(-3, 4, rows.shape, np.int8), 0, 255).astype(np.uint8)
            yield np.stack([noisy, (noisy * 0.8).astype(np.uint8), noisy], axis=2)

    return Picture((SIDE, SIDE), np.dtype(np.uint8), (bands,), rgb=True)


def fill(project: ax.Project) -> None:
    """The image `large`, as an import leaves it, with labels all over it."""
    project.add_classes(["axon"])
    store = project.store
    with store.writing("images/large/image.tif") as path:
        write_ome_tiff(path, micrograph(), 0.1)
    size = {"height": SIDE, "width": SIDE, "channels": 3, "dtype": "uint8", "pixel_size_um": 0.1}
    store.write(
        "images/large/image.json", ImageInfo(name="large", source_name="large", sha256="0" * 64, **size).encode()
    )
    places = np.random.default_rng(0).uniform(50, SIDE - 50, (LABELS, 2))
    boxes = [BoxLabel(label_class="axon", centre=(x, y), size=(90, 70)) for x, y in places]
    project.image("large").save_annotation(Annotation(tuple(boxes)))


@contextmanager
def running_hub(folder: Path) -> Iterator[Hub]:
    """`axons hub` in a folder of its own."""
    port, state = free_port(), folder / "state"
    with (folder / "state.out").open("wb") as output:
        command = hub_command("--state", str(state), "--port", str(port))
        process = subprocess.Popen(command, env=hub_environment(), stdout=output, stderr=output, cwd=folder)
    hub = Hub(process, f"http://127.0.0.1:{port}", state, folder)
    try:
        hub.wait_ready()
        yield hub
    finally:
        hub.stop()


@contextmanager
def browser_page(hub: Hub) -> Iterator[Any]:
    """A page with the student's JupyterLab, and a notebook of which the first cell has run."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(90_000)
        page.goto(hub.url)
        page.fill("input[name=username]", "student")
        page.fill("input[name=password]", hub.logins["student"])
        page.click("[type=submit]")
        page.locator("form [type=submit]").click()
        page.wait_for_selector(".jp-LauncherCard")
        page.goto(f"{hub.url}/user/student/lab/tree/bench.ipynb?reset")
        page.wait_for_selector("#jp-main-statusbar >> text=| Idle")
        yield page
        browser.close()


def first_paint_ms(page: Any, number: int) -> float:
    """Run cell `number` and wait until its view is complete; the browser's clock measures."""
    page.locator(".jp-Cell .cm-content").nth(number).click()
    start = page.evaluate("performance.now()")
    page.keyboard.press("Shift+Enter")
    viewer = page.locator(".axons-Viewer[data-painted]").nth(number - 1)
    viewer.wait_for(state="attached")
    return float(viewer.get_attribute("data-painted")) - start


def in_the_browser() -> None:
    """Prints the times, then those of the kernel's part with the same file."""
    with tempfile.TemporaryDirectory() as folder, running_hub(Path(folder)) as hub:
        home = hub.home("student")
        fill(ax.open_project(home / "bench"))
        cells = ["import axons_kernel as ax\nproject = ax.open_project('bench')", *["project.show('large')"] * RUNS]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), home / "bench.ipynb")
        with browser_page(hub) as page:
            page.locator(".jp-Cell .cm-content").first.click()
            page.keyboard.press("Shift+Enter")
            page.wait_for_selector(".jp-InputPrompt >> text=[1]")
            times = [first_paint_ms(page, number) for number in range(1, RUNS + 1)]
        print(f"first full paint of {SIDE} x {SIDE} RGB with {LABELS} labels, from running the cell:")
        print(f"  the first: {times[0]:.0f} ms; then median {median(times[1:]):.0f} ms (bound: 1000 ms)")
        kernel_side(home / "bench/images/large/image.tif")


def per_second(draw: Callable[[Tile], object], tiles: list[Tile]) -> float:
    started = time.perf_counter()
    for tile in tiles:
        draw(tile)
    return len(tiles) / (time.perf_counter() - started)


def kernel_side(path: Path) -> None:
    """Tiles of the finest level, each once, with cold caches."""
    with path.open("rb") as file:
        pyramid = Pyramid(file, "large", ChunkCache(64 << 20))
        coarse = pyramid.read(Tile(0, 0, 256, 256), len(pyramid.levels) - 1)
        look = default_look(channel_statistics(coarse, ["red", "green", "blue"]), rgb=True)
        tiles = list(tile_grid((SIDE, SIDE), 512, 0))[:: max(1, (SIDE // 512) ** 2 // TILES)][:TILES]
        ours = per_second(lambda tile: encode_pixels(pyramid.read(tile), look, 0), tiles)
    print(f"tiles read, drawn and encoded: {ours:.0f} per second")
    try:
        large_image = importlib.import_module("large_image")
    except ModuleNotFoundError:
        print("  large_image: skipped, as it is not installed: pip install -e '.[bench]'")
        return
    source = large_image.open(str(path), encoding="JPEG", jpegQuality=90, jpegSubsampling=0)
    level = source.levels - 1
    side = source.tileWidth
    same = [Tile(tile.x // side, tile.y // side, side, side) for tile in tiles]
    theirs = per_second(lambda tile: source.getTile(tile.x, tile.y, level), same) * (side / 512) ** 2
    print(
        f"  large_image {large_image.__version__}: {theirs:.0f} per second of the same area, ratio {ours / theirs:.2f}"
    )


def main() -> None:
    if not CHROMIUM.exists():
        print("viewer: skipped, as Chromium is not installed: apt-get install chromium")
        return
    in_the_browser()


if __name__ == "__main__":
    main()

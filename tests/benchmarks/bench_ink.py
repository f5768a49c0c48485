"""Ink in the browser: pointer to paint, messages, memory and the first picture, beside ipyannotations.

A real Chromium on a real hub, a tile of 1024 x 1024 pixels with 5000 labels. The same path of the pointer is drawn
with the kernel idle, with the kernel busy for 10 s, with 200 ms added to every round trip, and, in the same run, on
ipyannotations' polygons. The time is from the pointer's event, as the browser stamps it, to the end of the next
drawing on a visible canvas; so it holds the wait for the next frame (up to 17 ms at 60 frames per second), and for a
peer that draws late it may count the drawing of an earlier event: that errs in the peer's favour.

LABELS=500 STROKES=100 makes it shorter.
"""

from __future__ import annotations

import asyncio
import importlib.util
import math
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import nbformat
import numpy as np

import axons_kernel as ax
from axons_kernel.annotations import Annotation, PolygonLabel
from axons_kernel.samples import axon_micrograph

sys.path.insert(0, str(Path(__file__).parent))
from bench_viewer import CHROMIUM, FLAGS, running_hub

LABELS = int(os.environ.get("LABELS", "5000"))
STROKES = int(os.environ.get("STROKES", "1000"))
BUSY_MS = 300_000  # the peer's kernel still works on moves of the pointer long after the last one
SIDE, MOVES, DELAY_S = 1024, 60, 0.1  # the delay is added to each direction
CANVAS = ".axons-Annotate-canvas"
LISTEN = """
window.seen = {waiting: [], waits: [], paints: [], sent: 0, received: 0};
addEventListener('pointermove', event => {
  if (event.target.tagName === 'CANVAS') { seen.waiting.push([event.timeStamp, performance.now()]); }
}, {capture: true});
for (const name of ['drawImage', 'putImageData', 'stroke', 'fill']) {
  const draw = CanvasRenderingContext2D.prototype[name];
  CanvasRenderingContext2D.prototype[name] = function (...values) {
    draw.apply(this, values);
    if (!this.canvas.isConnected || seen.asked) { return; }
    seen.asked = true;
    queueMicrotask(() => {
      seen.asked = false;
      const now = performance.now();
      for (const [stamp, handled] of seen.waiting.splice(0)) {
        seen.waits.push(now - stamp);
        seen.paints.push(now - handled);
      }
    });
  };
}
// Jupyter's binary messages: how many offsets, the offsets, then channel, header and the rest.
const isComm = data => {
  if (typeof data === 'string') { return JSON.parse(data).header?.msg_type === 'comm_msg'; }
  const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(data.buffer, data.byteOffset);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const offset = i => Number(view.getBigUint64(8 * (i + 1), true));
  const text = new TextDecoder().decode(bytes.subarray(offset(1), offset(2)));
  return JSON.parse(text).msg_type === 'comm_msg';
};
window.WebSocket = class extends WebSocket {
  constructor(...options) {
    super(...options);
    this.kernel = String(options[0]).includes('/channels');
    this.addEventListener('message', async ({data}) => {
      if (this.kernel) { seen.received += isComm(data instanceof Blob ? await data.arrayBuffer() : data); }
    });
  }
  send(data) {
    if (this.kernel) { seen.sent += isComm(data); }
    super.send(data);
  }
};
"""
OURS = "project.annotate('tile')"
PEER = """
from ipyannotations.images import PolygonAnnotator
from pathlib import Path
peer = PolygonAnnotator(options=['axon'], canvas_size=(1000, 620))
peer.display(Path('bench.png'))
peer.data = [{'type': 'polygon', 'label': 'axon', 'points': [(round(x), round(y)) for x, y in label.rings()[0]]}
             for label in project.image('tile').annotation().labels]
peer
"""
BUSY = "import time\nend = time.time() + 10\nwhile time.time() < end:\n    sum(range(1000))"


def fill(project: ax.Project, home: Path) -> None:
    """The image `tile` with its labels, and its pixels as a picture for the peer."""
    from PIL import Image

    pixels = axon_micrograph((SIDE, SIDE), seed=0).pixels
    Image.fromarray(pixels).save(home / "bench.png")
    project.add_classes(["axon"])
    image = project.import_image(home / "bench.png", name="tile", pixel_size_um=0.1)
    turns = np.linspace(0, math.tau, 20, endpoint=False)
    places = np.random.default_rng(0).uniform(10, SIDE - 10, (LABELS, 2))
    rings = [tuple((float(x + 5 * math.cos(t)), float(y + 5 * math.sin(t))) for t in turns) for x, y in places]
    image.save_annotation(Annotation(tuple(PolygonLabel(label_class="axon", regions=(ring,)) for ring in rings)))


@contextmanager
def slow_way(port: int) -> Iterator[str]:
    """The URL of a way to a local port that takes DELAY_S longer in each direction."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    bound: list[int] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                loop.call_later(DELAY_S, writer.write, data)
            await asyncio.sleep(DELAY_S)
        finally:
            writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far, near = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, near), pump(far, writer), return_exceptions=True)

    async def serve() -> None:
        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        bound.append(server.sockets[0].getsockname()[1])
        ready.set()

    threading.Thread(target=lambda: (loop.create_task(serve()), loop.run_forever()), daemon=True).start()
    ready.wait(10)
    yield f"http://127.0.0.1:{bound[0]}"  # the thread ends with the process


@contextmanager
def notebook(url: str, password: str) -> Iterator[Any]:
    """The page of the notebook, logged in, with a server that runs and an idle kernel."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        flags = [*FLAGS, "--enable-precise-memory-info", "--js-flags=--expose-gc"]
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags)
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(40_000)
        page.add_init_script(LISTEN)
        page.goto(url)
        page.fill("input[name=username]", "student")
        page.fill("input[name=password]", password)
        page.click("[type=submit]")
        start = page.locator("form[action*=spawn] [type=submit]")
        page.locator("form[action*=spawn] [type=submit], #jp-main-dock-panel").first.wait_for()
        if start.count():
            start.click()
        page.wait_for_selector("#jp-main-dock-panel")
        page.goto(f"{url}/user/student/lab/tree/bench.ipynb?reset")
        page.wait_for_selector("#jp-main-statusbar >> text=| Idle")
        page.keyboard.press("Control+b")
        yield page
        browser.close()


def run_cell(page: Any, number: int) -> float:
    """Run a cell; returns when, by the browser's clock, in ms."""
    cell = page.locator(".jp-Cell .cm-content").nth(number)
    cell.scroll_into_view_if_needed()
    cell.click()
    start = float(page.evaluate("performance.now()"))
    page.keyboard.press("Control+Enter")
    return start


def idle(page: Any) -> None:
    """Wait until the kernel has done what it was asked."""
    page.wait_for_timeout(500)
    page.wait_for_selector("#jp-main-statusbar >> text=| Idle", timeout=BUSY_MS)


def first_paint_ms(page: Any, number: int) -> float:
    """From running the cell until its view has painted the tile."""
    start = run_cell(page, number)
    painted = "Math.max(...[...document.querySelectorAll('[data-painted]')].map(view => view.dataset.painted))"
    page.wait_for_function(f"{painted} > {start}")
    return float(page.evaluate(painted)) - start


def sweep(page: Any, box: dict[str, float], pressed: bool, down: float = 0.0) -> None:
    """The path: a slow curve over the tile's middle, or `down` CSS pixels below it."""
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 + down
    page.mouse.move(x - 150, y)
    if pressed:
        page.mouse.down()
    for i in range(MOVES):
        page.mouse.move(x - 150 + 5 * i, y + 60 * math.sin(i / 9))
        page.wait_for_timeout(12)
    if pressed:
        page.mouse.up()


def measure(page: Any, selector: str, name: str, limit_ms: int = 3000, down: float = 0.0) -> float:
    """Draw the path; prints the times and messages, and returns the 95th percentile from pointer to paint, in ms."""
    canvas = page.locator(selector).first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    canvas.hover(position={"x": 30, "y": 30})
    page.wait_for_timeout(1500)
    page.evaluate("Object.assign(seen, {waiting: [], waits: [], paints: [], sent: 0, received: 0})")
    sweep(page, box, True, down)
    for _ in range(limit_ms // 500):
        page.wait_for_timeout(500)
        if not page.evaluate("seen.waiting.length"):
            break
    page.wait_for_timeout(1500)
    seen = page.evaluate("seen")
    late = len(seen["waiting"])
    waits = sorted([*seen["waits"], *[float(limit_ms)] * late])
    p95 = quantiles(waits, n=20)[-1] if len(waits) > 1 else math.nan
    own = quantiles(seen["paints"], n=20)[-1] if len(seen["paints"]) > 1 else math.nan
    print(
        f"  {name}: pointer to paint p50 {median(waits):.1f}, p95 {p95:.1f} ms (handler to paint p95 {own:.1f} ms); "
        f"{len(waits)} moves, {late} never painted; {seen['sent']} sent, {seen['received']} received (the last: saved)"
    )
    return p95


def quiet_moves(page: Any) -> None:
    """Hover, zoom and pan send nothing."""
    canvas = page.locator(CANVAS)
    canvas.focus()
    page.evaluate("Object.assign(seen, {sent: 0, received: 0})")
    sweep(page, canvas.bounding_box(), pressed=False)
    for turn in (-240, -240, 240, 240):
        page.mouse.wheel(0, turn)
    page.keyboard.down(" ")
    sweep(page, canvas.bounding_box(), pressed=True)
    page.keyboard.up(" ")
    page.keyboard.press("Home")
    page.wait_for_timeout(1000)
    seen = page.evaluate("seen")
    print(f"  hover, zoom and pan: {seen['sent']} messages sent, {seen['received']} received (bound: 0)")


def memory(page: Any) -> None:
    """The JavaScript heap after a tenth of the strokes and after all of them."""
    canvas = page.locator(CANVAS)
    box = canvas.bounding_box()
    canvas.focus()
    sizes = []
    for number in range(STROKES + 1):
        if number in (STROKES // 10, STROKES):
            page.wait_for_timeout(2000)
            page.evaluate("gc(); gc()")
            sizes.append(page.evaluate("performance.memory.usedJSHeapSize") / 2**20)
        x, y = box["x"] + 300 + number % 40 * 8, box["y"] + 150 + number // 40 % 40 * 8
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 12, y + 5)
        page.mouse.up()
    print(
        f"  heap: {sizes[0]:.1f} MiB after {STROKES // 10} strokes, {sizes[1]:.1f} MiB after {STROKES} "
        f"({sizes[1] - sizes[0]:+.1f} MiB)"
    )


def direct(hub: Any) -> None:
    """Everything but the slow network; the peer last, as it keeps the kernel busy for long."""
    with notebook(hub.url, hub.logins["student"]) as page:
        run_cell(page, 0)
        idle(page)
        first, again = first_paint_ms(page, 1), min(first_paint_ms(page, 1) for _ in range(3))
        print(
            f"  first paint, from running the cell: {first:.0f} ms with all imports, then {again:.0f} (bound: 500 ms)"
        )
        ours = measure(page, CANVAS, "kernel idle")
        quiet_moves(page)
        run_cell(page, 2)
        busy = measure(page, CANVAS, "kernel busy for 10 s", down=60)
        idle(page)
        memory(page)
        print(f"  bound of the p95: 16 ms; here {max(ours, busy):.1f} ms")
        if importlib.util.find_spec("ipyannotations") is None:
            print("  ipyannotations: skipped, as it is not installed: pip install -e '.[bench]'")
            return
        run_cell(page, 3)
        idle(page)
        page.wait_for_timeout(10_000)
        peer = measure(page, ".jp-Cell:last-child .jp-OutputArea canvas", "ipyannotations, kernel idle", 60_000)
        print(f"  ratio of the p95, ipyannotations to ours: {peer / ours:.0f}")


def slow(hub: Any) -> None:
    """With the delay of a distant hub."""
    with slow_way(hub.port) as url, notebook(url, hub.logins["student"]) as page:
        run_cell(page, 0)
        idle(page)
        first = first_paint_ms(page, 1)
        measure(page, CANVAS, f"{2000 * DELAY_S:.0f} ms added (first paint {first:.0f} ms)", down=-60)


def main() -> None:
    if not CHROMIUM.exists():
        print("ink: skipped, as Chromium is not installed: apt-get install chromium")
        return
    print(f"annotating a tile of {SIDE} x {SIDE} pixels with {LABELS} labels, in a browser on a hub:")
    with tempfile.TemporaryDirectory() as folder, running_hub(Path(folder)) as hub:
        home = hub.home("student")
        home.mkdir(parents=True, exist_ok=True)
        fill(ax.open_project(home / "bench"), home)
        cells = ["import axons_kernel as ax\nproject = ax.open_project('bench')", OURS, BUSY, PEER]
        made = [nbformat.v4.new_code_cell(cell) for cell in cells]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": kernel}), home / "bench.ipynb")
        direct(hub)
        slow(hub)


if __name__ == "__main__":
    main()

"""Import of a large TIFF: ours beside tifffile, pyvips and large_image's converter on the same file.

All write a tiled pyramid (512 x 512, horizontal prediction): ours and tifffile with Zstandard level 1; the libvips that
pip installs has no Zstandard, so pyvips and large_image (which uses it) write deflate level 1. Ours also hashes the
source and the result. For all, the time ends when the file is safe on the disk. Each runs in a process of its own,
whose peak memory counts; where others use the machine, look at the CPU time. SIDE=4096 makes smaller files, PASSES=1
measures once.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

SIDE = int(os.environ.get("SIDE", "8192"))
PASSES = int(os.environ.get("PASSES", "3"))
FILES = {
    "RGB, uncompressed tiles": {"tile": (512, 512), "photometric": "rgb"},
    "RGB, deflate strips": {"rowsperstrip": 64, "photometric": "rgb", "compression": "zlib"},
    "grey 16-bit, uncompressed strips": {"rowsperstrip": 64, "photometric": "minisblack"},
}


def source_pixels(rgb: bool) -> NDArray[Any]:
    """A synthetic micrograph, repeated to SIDE x SIDE, with noise that does not repeat."""
    from axons_kernel.samples import axon_micrograph

    block = axon_micrograph((1024, 1024), seed=0).pixels
    grey = np.tile(block, (SIDE // 1024 + 1, SIDE // 1024 + 1))[:SIDE, :SIDE]
    noise = np.random.default_rng(0).integers(0, 4, (SIDE, SIDE), dtype=np.uint8)
    grey = np.clip(grey, 0, 251) + noise
    if rgb:
        return np.stack([grey, np.roll(grey, 5, axis=0), 255 - grey], axis=2)
    return grey.astype(np.uint16) * 257


# -- what is compared: each imports what it needs, and gives a function that writes `target` from `source` -------------

Convert = Callable[[Path, Path], object]


def ours() -> Convert:
    from axons_kernel.importing import ImportOptions, store_image
    from axons_kernel.storage import Store

    def convert(source: Path, target: Path) -> object:
        return store_image(Store(target.with_suffix(".project")), source, "a", ImportOptions(0.1, progress=False))

    return convert


def plain_tifffile() -> Convert:
    from axons_kernel.ome_tiff import level_shapes, mean_of_four

    def convert(source: Path, target: Path) -> None:
        level = tifffile.imread(source, maxworkers=os.cpu_count())
        options: dict[str, Any] = {
            "tile": (512, 512),
            "compression": "zstd",
            "compressionargs": {"level": 1},
            "predictor": True,
            "photometric": "rgb" if level.ndim == 3 else "minisblack",
            "maxworkers": os.cpu_count(),
        }
        shapes = level_shapes(level.shape[:2])
        with tifffile.TiffWriter(target, bigtiff=True, ome=True) as writer:
            writer.write(level, subifds=len(shapes) - 1, **options)
            for _ in shapes[1:]:
                level = mean_of_four(level)
                writer.write(level, subfiletype=1, **options)

    return convert


def pyvips() -> Convert:
    import pyvips as vips

    options = {"compression": "deflate", "level": 1, "predictor": "horizontal", "bigtiff": True}
    layout = {"tile": True, "tile_width": 512, "tile_height": 512, "pyramid": True, "subifd": True}
    return lambda source, target: vips.Image.new_from_file(str(source)).tiffsave(str(target), **layout, **options)


def large_image() -> Convert:
    import large_image_converter

    options = {"compression": "deflate", "level": 1, "predictor": "horizontal", "tileSize": 512}
    return lambda source, target: large_image_converter.convert(str(source), str(target), overwrite=True, **options)


CONVERTERS: dict[str, tuple[Callable[[], Convert], str]] = {
    "ours": (ours, ""),
    "tifffile": (plain_tifffile, ""),
    "pyvips tiffsave (deflate)": (pyvips, "pyvips"),
    "large_image_converter (deflate)": (large_image, "large_image_converter"),
}

# -- measuring ---------------------------------------------------------------------------------------------------------

CHILD = """
import json, os, sys, time
from pathlib import Path
sys.path.insert(0, str(Path({script!r}).parent))
import bench_import
work = bench_import.CONVERTERS[{name!r}][0]()
before, started = os.times(), time.perf_counter()
work(Path({source!r}), Path({target!r}))
if Path({target!r}).exists():  # ours is in a project, which does this itself
    with open({target!r}, "rb") as file:
        os.fsync(file.fileno())
seconds, after = time.perf_counter() - started, os.times()
status = Path("/proc/self/status").read_text()  # ru_maxrss would count what this process was forked from
peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
print(json.dumps([seconds, after.user + after.system - before.user - before.system, peak / 1024]))
"""


def measure(name: str, source: Path, folder: Path) -> list[float]:
    """Seconds, CPU seconds and MB of peak memory: each the best of all passes."""
    passes = []
    for number in range(PASSES):
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            target = str(Path(scratch) / f"{number}.tif")
            code = CHILD.format(script=__file__, name=name, source=str(source), target=target)
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(f"{name} failed:\n{done.stderr[-2000:]}")
            passes.append(json.loads(done.stdout.splitlines()[-1]))
    return [min(values) for values in zip(*passes, strict=True)]


def converters() -> Iterator[str]:
    for name, (_, package) in CONVERTERS.items():
        if package and importlib.util.find_spec(package) is None:
            print(f"  {name}: skipped, {package} is not installed (pip install 'axons[bench]')")
        else:
            yield name


def main() -> None:
    for kind, options in FILES.items():
        with tempfile.TemporaryDirectory() as scratch:
            source = Path(scratch) / "source.tif"
            tifffile.imwrite(source, source_pixels("RGB" in kind), bigtiff=True, **options)
            print(f"import {kind}, {SIDE} x {SIDE} ({source.stat().st_size / 1e6:.0f} MB)")
            mine = float("nan")
            for name in converters():
                seconds, cpu, memory = measure(name, source, Path(scratch))
                mine = seconds if name == "ours" else mine
                ratio = "" if name == "ours" else f", ratio {seconds / mine:.2f}"
                speed = f"{SIDE * SIDE / seconds / 1e6:.1f} MPix/s, {cpu:.2f} s of CPU"
                print(f"  {name}: {speed}, peak {memory:.0f} MB{ratio}", flush=True)


if __name__ == "__main__":
    main()

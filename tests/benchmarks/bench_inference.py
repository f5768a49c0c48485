"""Whole-image inference: ours beside MONAI's `sliding_window_inference`, the same network, tiles and blending.

Each measurement is a process of its own, on one image of an array in memory: seconds (the best of a few turns, taken
in turns), and the most memory that came on top of network and image. The results are compared where all tiles weigh
the same: in the corners of a Gaussian, MONAI does not let weights fall below 0.001. Both give probabilities per class;
ours hands them on row by row, as for a file, MONAI returns them whole. The networks have random weights: MONAI's is
that of its tutorials, with 0.4 million weights, the other is our U-Net.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from axons_kernel.inference.grid import TileGrid
from axons_kernel.inference.guessing import Guesser
from axons_kernel.inference.rows import finished_rows
from axons_kernel.tiling import Tile
from axons_kernel.training.networks import Network, NetworkSpec, build

NETWORKS = {
    "MONAI UNet": NetworkSpec(architecture="residual_unet", classes=2, width=16, depth=3),
    "our U-Net": NetworkSpec(classes=2, width=16, depth=3),
}
TILES = ((512, 0.25), (512, 0.125))
LOOK = (700, 700)  # a corner whose values are compared


class Pixels:
    """An image in memory."""

    def __init__(self, pixels: NDArray[np.float32]):
        self.pixels = pixels

    def window(self, tile: Tile) -> NDArray[np.float32]:
        return tile.cut(self.pixels)[None]


def network(name: str) -> Network:
    torch.manual_seed(0)
    net = build(NETWORKS[name]).eval()
    for key, values in net.state_dict().items():
        if key.endswith("running_var"):
            values.uniform_(0.5, 2.0)
    moved: Network = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return moved


def ours(
    net: Network, pixels: NDArray[np.float32], size: int, share: float, *, even: bool = False
) -> Callable[[], NDArray[np.float32]]:
    guess = Guesser(net)
    grid = TileGrid((pixels.shape[0], pixels.shape[1]), size, int(size * share), "uniform" if even else "gaussian")

    def run() -> NDArray[np.float32]:
        corner = []
        for rows in finished_rows(guess, Pixels(pixels), grid):
            if rows.top < LOOK[0]:
                corner.append(rows.values[:, :, : LOOK[1]].copy())
        return np.concatenate(corner, axis=1)[:, : LOOK[0]]

    return run


def monai(
    net: Network, pixels: NDArray[np.float32], size: int, share: float, *, even: bool = False
) -> Callable[[], NDArray[np.float32]]:
    from monai.inferers import sliding_window_inference

    image = torch.from_numpy(pixels)[None, None]

    @torch.inference_mode()
    def run() -> NDArray[np.float32]:
        guess: Any = sliding_window_inference(
            image, (size, size), 1, lambda x: net(x).softmax(1), overlap=share, mode="constant" if even else "gaussian"
        )
        found: NDArray[np.float32] = guess[0, :, : LOOK[0], : LOOK[1]].numpy()
        return found

    return run


def peak_mib() -> float:
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1024


def child(name: str, who: str, side: int, size: int, share: float, threads: int) -> None:
    """Runs once for memory, then whenever a line comes; answers each time with one line."""
    torch.set_num_threads(threads)
    net = network(name)
    pixels = np.random.default_rng(0).normal(size=(side, side)).astype(np.float32)
    with torch.inference_mode():
        net(torch.zeros(1, 1, size, size))
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
    before = peak_mib()
    run = {"ours": ours, "monai": monai}[who](net, pixels, size, share)
    values = run()
    memory = peak_mib() - before
    part = pixels[: 2 * size, : 2 * size]
    even = {"ours": ours, "monai": monai}[who](net, np.ascontiguousarray(part), size, share, even=True)()
    looked_at = {"gaussian": values[:, ::7, ::7], "even": even[:, ::7, ::7]}
    digest = {blend: found.round(6).ravel().tolist() for blend, found in looked_at.items()}
    print(json.dumps({"memory": memory, **digest}), flush=True)
    for _ in sys.stdin:
        started, cpu = time.perf_counter(), time.process_time()
        run()
        seconds = {"seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu}
        print(json.dumps(seconds), flush=True)


class Child:
    """One of the two, in its process."""

    def __init__(self, *arguments: Any):
        command = [sys.executable, __file__, "--child", *map(str, arguments)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.first = self._answer()
        self.seconds, self.cpu = list[float](), list[float]()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def turn(self) -> None:
        assert self._process.stdin
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        answer = self._answer()
        self.seconds.append(answer["seconds"])
        self.cpu.append(answer["cpu"])

    def close(self) -> None:
        self._process.communicate()


def compare(name: str, side: int, size: int, share: float, turns: int, threads: int) -> None:
    mine, theirs = (Child(name, who, side, size, share, threads) for who in ("ours", "monai"))
    for _ in range(turns):
        mine.turn()
        theirs.turn()
    mine.close()
    theirs.close()
    off = {blend: np.abs(np.subtract(mine.first[blend], theirs.first[blend])) for blend in ("even", "gaussian")}
    speed = [side * side / 1e6 / min(one.seconds) for one in (mine, theirs)]
    ratios = [b / a for a, b in zip(mine.seconds, theirs.seconds, strict=True)]
    cpu = np.median([b / a for a, b in zip(mine.cpu, theirs.cpu, strict=True)])
    print(
        f"{name}, {side} x {side}, tiles of {size} that overlap by {share:g}: ours {speed[0]:.2f} MPix/s and "
        f"{mine.first['memory']:.0f} MiB, MONAI {speed[1]:.2f} MPix/s and {theirs.first['memory']:.0f} MiB; ratio "
        f"{np.median(ratios):.2f} (CPU time {cpu:.2f}), probabilities differ by "
        f"at most {off['even'].max():.1g} (gaussian: {off['gaussian'].mean():.1g} in the mean)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", nargs=6)
    parser.add_argument("--sides", type=int, nargs="+", default=[2048, 4096])
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="1 on a machine that is busy")
    given = parser.parse_args()
    if given.child:
        name, who, side, size, share, threads = given.child
        child(name, who, int(side), int(size), float(share), int(threads))
        return
    if importlib.util.find_spec("monai") is None:
        print("inference: skipped, as monai is not installed: pip install 'axons[train]'")
        return
    for name in NETWORKS:
        for size, share in TILES:
            for side in given.sides:
                compare(name, side, size, share, given.turns, given.threads)


if __name__ == "__main__":
    main()

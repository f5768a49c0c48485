"""Accuracy on electron micrographs of eight rats: our `good` preset beside MONAI's U-Net, as long on the same animals.

Each arm trains from scratch in a process of its own; validation by one animal chooses the weights, and the animal of
the test is scored once. The time is CPU time of the process divided by the number of threads, as the machine may be
busy with other work; reading the images and the scoring at the end do not count, for neither arm. The MONAI arm: its
residual U-Net of 1.6 million weights, Dice with cross-entropy, AdamW, warm-up and polynomial decay, mirrored and
turned crops with changed tones. Ours goes through a project, as a student's training does.

    bench_accuracy.py                     test on rat6, 291 s on 2 threads for each arm
    bench_accuracy.py --leave-one-out     test on each animal in turn; what is done is kept, so it can be interrupted
    bench_accuracy.py --seconds 5         to see that it works

The images are axon_sem_rat of data_axondeepseg_sem; AXONS_SAMPLE_DATA names the folder that holds them.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage import io, transform

REPOSITORY = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("AXONS_SAMPLE_DATA") or REPOSITORY.parent / "shared" / "data") / "axon_sem_rat"
RATS = tuple(f"rat{n}" for n in range(1, 9))
CLASSES = ("axon", "myelin")
PIXEL_SIZE_UM = 0.13
CROP, BATCH, RATE = 256, 8, 2e-3


@dataclass(frozen=True)
class Micrograph:
    """`pixels` (H, W) uint8, `mask` (H, W) uint8: 1 axon, 2 myelin."""

    name: str
    rat: str
    pixel_size_um: float
    pixels: NDArray[np.uint8]
    mask: NDArray[np.uint8]


def micrographs(rat: str) -> Iterator[Micrograph]:
    folder = DATA / f"sub-{rat}" / "micr"
    size = json.loads(next(folder.glob("*.json")).read_text())["PixelSize"][0]
    for path in sorted(folder.glob("*.png")):
        truth = {c: plane(DATA / "derivatives/labels" / f"sub-{rat}" / "micr" / f"{path.stem}_seg-{c}-manual.png")
                 for c in CLASSES}  # fmt: skip
        mask = np.where(truth["axon"] > 127, 1, np.where(truth["myelin"] > 127, 2, 0)).astype(np.uint8)
        yield Micrograph(path.stem.replace("_", "-"), rat, size, plane(path), mask)


def plane(path: Path) -> NDArray[np.uint8]:
    pixels = io.imread(path)
    return pixels[..., 0] if pixels.ndim == 3 else pixels  # type: ignore[no-any-return]


def split(test: str) -> tuple[list[Micrograph], list[Micrograph], list[Micrograph]]:
    """Training, validation and test images: rat8 validates, and rat7 where rat8 is the test."""
    validation = "rat7" if test == "rat8" else "rat8"
    train = [m for rat in RATS if rat not in (test, validation) for m in micrographs(rat)]
    return train, list(micrographs(validation)), list(micrographs(test))


def dice(found: NDArray[Any], known: NDArray[Any]) -> dict[str, float]:
    """Per class, and of both together (the fibre)."""
    pairs = {name: (found == n, known == n) for n, name in enumerate(CLASSES, start=1)} | {
        "fibre": (found > 0, known > 0)
    }
    return {name: float(2 * (a & b).sum() / max(1, a.sum() + b.sum())) for name, (a, b) in pairs.items()}


def mean_dice(scores: list[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([score[name] for score in scores])) for name in scores[0]}


# -- ours -------------------------------------------------------------------------------------------------------------


def ours(test: str, seconds: float, threads: int, seed: int) -> dict[str, Any]:
    from axons_kernel.devices import Device
    from axons_kernel.project import open_project
    from axons_kernel.training import schedule
    from axons_kernel.training.config import TrainingConfig

    train, validation, tests = split(test)
    config = TrainingConfig.good(Device(cores=threads, memory_gb=8)).model_copy(
        update={"max_minutes": seconds / 60, "epochs": 10_000, "seed": seed}
    )
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        project = open_project(Path(folder) / "rats")
        for m in [*train, *validation, *tests]:
            image = project.import_image(m.pixels, name=m.name, pixel_size_um=m.pixel_size_um)
            project.import_mask(image, m.mask, CLASSES)
            project.tile(image, size=max(m.mask.shape), overlap=0)
        project.set_groups({m.name: m.rat for m in [*train, *validation, *tests]})
        training_set = project.create_training_set(
            images=[m.name for m in [*train, *validation]],
            validation=[validation[0].rat],
            pixel_size_um=PIXEL_SIZE_UM,
        )
        schedule.time = SimpleNamespace(monotonic=lambda: time.process_time() / threads)  # type: ignore[attr-defined]
        run = project.train(training_set, config, on="inline")
        epochs = run.metrics()
        scores = [dice(project.predict(run.best, m.name, progress=False).mask(), m.mask) for m in tests]
    best = max(epochs, key=lambda line: float(np.mean(line["validation_dice"])))
    return {"test": mean_dice(scores), "validation": best["validation_dice"], "epochs": len(epochs)}


# -- MONAI ------------------------------------------------------------------------------------------------------------


def monai(test: str, seconds: float, threads: int, seed: int) -> dict[str, Any]:
    import torch
    from monai.losses import DiceCELoss
    from monai.networks.nets import UNet

    train, validation, tests = ([(*at_model_size(m), m.mask) for m in part] for part in split(test))
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = UNet(2, 1, 3, (16, 32, 64, 128, 256), (2, 2, 2, 2), num_res_units=2, norm="BATCH")
    net = net.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(net.parameters(), RATE, weight_decay=1e-4)
    loss_of = DiceCELoss(softmax=True, to_onehot_y=True, include_background=False)
    started, steps, looks, best = time.process_time(), 0, 0, (-1.0, net.state_dict())

    def progress() -> float:
        return (time.process_time() - started) / threads / seconds

    while (done := progress()) < 1:
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, (steps + 1) / 20) * max(0.02, (1 - done) ** 0.9)
        images, masks = monai_batch(train, rng)
        optimizer.zero_grad()
        loss_of(net(images), masks).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5)
        optimizer.step()
        steps += 1
        if progress() > (looks + 1) * min(0.155, 45 / seconds) or progress() >= 1:  # as often as every 45 s
            looks += 1
            score = float(np.mean([list(s.values())[:2] for s in monai_scores(net, validation)]))
            if score > best[0]:
                best = score, {name: values.clone() for name, values in net.state_dict().items()}
    net.load_state_dict(best[1])
    return {"test": mean_dice(monai_scores(net, tests)), "validation": best[0], "steps": steps}


def at_model_size(m: Micrograph) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    scale = m.pixel_size_um / PIXEL_SIZE_UM
    shape = tuple(round(n * scale) for n in m.mask.shape)
    pixels = transform.resize(m.pixels.astype(np.float32) / 255, shape, order=1, anti_aliasing=scale < 1)
    mask = transform.resize(m.mask, shape, order=0, preserve_range=True, anti_aliasing=False).astype(np.uint8)
    return ((pixels - pixels.mean()) / pixels.std()).astype(np.float32), mask


def monai_batch(train: list[Any], rng: np.random.Generator) -> Any:
    import torch

    area = np.array([item[1].size for item in train], float)
    images, masks = [], []
    for index in rng.choice(len(train), BATCH, p=area / area.sum()):
        pixels, mask, _ = train[index]
        y, x = (int(rng.integers(0, n - CROP + 1)) for n in mask.shape)
        turns, mirrored = int(rng.integers(4)), rng.random() < 0.5
        crop, known = (np.rot90(a[y : y + CROP, x : x + CROP], turns) for a in (pixels, mask))
        if mirrored:
            crop, known = crop[:, ::-1], known[:, ::-1]
        crop = crop * rng.uniform(0.8, 1.25) + rng.uniform(-0.25, 0.25)
        if rng.random() < 0.3:
            crop = crop + 0.1 * rng.standard_normal(crop.shape)
        images.append(crop.astype(np.float32))
        masks.append(known.astype(np.int64))
    batch = torch.from_numpy(np.stack(images)[:, None]).contiguous(memory_format=torch.channels_last)
    return batch, torch.from_numpy(np.stack(masks)[:, None])


def monai_scores(net: Any, items: list[Any]) -> list[dict[str, float]]:
    import torch
    from monai.inferers import sliding_window_inference

    net.eval()
    with torch.inference_mode():
        found = []
        for pixels, _, truth in items:
            image = torch.from_numpy(pixels)[None, None]
            scores = sliding_window_inference(image, (CROP, CROP), 8, net, overlap=0.25, mode="gaussian")
            full = torch.nn.functional.interpolate(scores, size=truth.shape, mode="bilinear")
            found.append(dice(full.argmax(1)[0].numpy(), truth))
    net.train()
    return found


# -- both -------------------------------------------------------------------------------------------------------------

ARMS = {"ours": ours, "MONAI": monai}


def version() -> str:
    """Of what is measured: results of other code are not taken for these."""
    paths = [Path(__file__), *sorted((REPOSITORY / "axons_kernel").glob("training/*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:10]


def in_a_process(arm: str, test: str, options: argparse.Namespace) -> dict[str, Any]:
    command = [sys.executable, __file__, "--arm", arm, "--animals", test, "--seconds", str(options.seconds)]
    command += ["--threads", str(options.threads), "--seed", str(options.seed)]
    threads = {"OMP_NUM_THREADS": str(options.threads), "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **threads})
    if done.returncode:
        sys.exit(f"  {arm} on {test} failed with exit status {done.returncode}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def measured(options: argparse.Namespace) -> dict[str, dict[str, dict[str, Any]]]:
    """Results by arm and animal; each is stored when it is there."""
    stored = json.loads(options.results.read_text()) if options.results.exists() else {}
    how = f"{options.seconds:g} s, {options.threads} threads, seed {options.seed}, code {version()}"
    results: dict[str, dict[str, dict[str, Any]]] = {arm: {} for arm in ARMS}
    for test in options.animals:
        for arm in ARMS:
            key = f"{arm}, {test}, {how}"
            if key not in stored:
                stored[key] = in_a_process(arm, test, options)
                options.results.write_text(json.dumps(stored, indent=1))
            results[arm][test] = stored[key]
            scores = ", ".join(f"{name} {value:.4f}" for name, value in stored[key]["test"].items())
            rest = {k: v for k, v in stored[key].items() if k in ("steps", "epochs")}
            print(f"  {test} {arm:<6} {scores}  {rest}", flush=True)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=291.0, help="for each training: CPU seconds per thread")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--animals", nargs="+", choices=RATS, default=["rat6"], help="to test on, each in turn")
    parser.add_argument("--leave-one-out", action="store_true", help="test on all of them")
    parser.add_argument("--results", type=Path, default=Path(tempfile.gettempdir()) / "axons-bench-accuracy.json")
    parser.add_argument("--arm", choices=ARMS, help=argparse.SUPPRESS)  # what a child process does
    options = parser.parse_args()
    if options.arm:
        import torch

        torch.set_num_threads(options.threads)
        result = ARMS[options.arm](options.animals[0], options.seconds, options.threads, options.seed)
        print(json.dumps({**result, "cpu_seconds": time.process_time()}))
        return
    if not DATA.is_dir():
        print(f"accuracy: skipped, the images are not at {DATA}: set AXONS_SAMPLE_DATA to the folder that holds them")
        return
    if importlib.util.find_spec("monai") is None:
        print("accuracy: skipped, MONAI is not installed (pip install 'axons[train]')")
        return
    if options.leave_one_out:
        options.animals = list(RATS)
    print(
        f"accuracy (Dice) on axon_sem_rat, {options.seconds:g} s of CPU time x {options.threads} threads for each "
        f"training; results are kept in {options.results}"
    )
    results = measured(options)
    for name in CLASSES:
        values = {arm: np.array([r["test"][name] for r in found.values()]) for arm, found in results.items()}
        told = [
            f"{arm} {v.mean():.4f}" + (f" ± {v.std(ddof=1):.4f}" if len(v) > 1 else "") for arm, v in values.items()
        ]
        ahead = values["ours"] - values["MONAI"]
        wins = f"ahead on {(ahead > 0).sum()} of {len(ahead)}"
        print(f"  {name}: {', '.join(told)}; ours - MONAI {ahead.mean():+.4f}, {wins}")


if __name__ == "__main__":
    main()

"""Training samples per second: ours beside a plain MONAI loop and a Lightning loop, with the same network in one run.

All three learn with MONAI's residual U-Net from crops of one size of the same image, mirrored, turned, zoomed, and
changed in contrast and noise, with Dice plus cross-entropy, AdamW and clipped gradients. The peers take MONAI's
transforms through a DataLoader; ours takes its own crops, made by a thread. The arms take turns, and the best turn
of each counts; CPU time is told, too, as it does not depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import logging
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from axons_kernel.images import to_grey
from axons_kernel.samples import axon_micrograph
from axons_kernel.training.config import TrainingConfig
from axons_kernel.training.data import LabelledTile, TrainingData
from axons_kernel.training.learner import Learner
from axons_kernel.training.loading import Crops
from axons_kernel.training.networks import build

Clock = Callable[[], None]  # called after each step


@dataclass(frozen=True)
class Task:
    """What all arms do."""

    config: TrainingConfig
    tile: LabelledTile
    steps: int

    def network(self) -> nn.Module:
        torch.manual_seed(0)
        net: nn.Module = build(self.config.network(2)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return net.train()


def ours(task: Task, clock: Clock) -> None:
    learner = Learner(task.config, TrainingData([task.tile], [], classes=2), lambda message: None)
    with closing(Crops(task.config, [task.tile]).batches()) as batches:
        for batch in itertools.islice(batches, task.steps):
            learner.learn(batch)
            clock()


class MonaiCrops(Dataset[dict[str, torch.Tensor]]):
    """Crops by MONAI's transforms."""

    def __init__(self, task: Task):
        from monai import transforms as t

        self.length = task.steps * task.config.batch
        self.item = {"image": task.tile.pixels, "label": task.tile.mask[None]}
        side, both = task.config.crop, ["image", "label"]
        zoom = {"rotate_range": np.pi / 4, "scale_range": (-0.25, 0.33), "prob": 0.5, "mode": ("bilinear", "nearest")}
        self.change = t.Compose(
            [
                t.RandSpatialCropd(both, (side, side), random_size=False),
                t.RandFlipd(both, prob=0.5, spatial_axis=0),
                t.RandRotate90d(both, prob=0.75),
                t.RandAffined(both, padding_mode="reflection", **zoom),
                t.RandScaleIntensityd("image", 0.25, prob=0.7),
                t.RandShiftIntensityd("image", 0.3, prob=0.7),
                t.RandGaussianNoised("image", prob=1.0, std=0.05),
                t.EnsureTyped(both, track_meta=False),
            ]
        )

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        changed: dict[str, torch.Tensor] = self.change(self.item)
        return changed

    def batches(self, batch: int) -> DataLoader[dict[str, torch.Tensor]]:
        return DataLoader(self, batch_size=batch)


def monai_loss() -> nn.Module:
    from monai.losses import DiceCELoss

    return DiceCELoss(softmax=True, to_onehot_y=True, include_background=False, batch=True)  # type: ignore[no-any-return]


def adamw(net: nn.Module, config: TrainingConfig) -> torch.optim.Optimizer:
    return torch.optim.AdamW(net.parameters(), config.learning_rate, weight_decay=config.weight_decay)


def monai_loop(task: Task, clock: Clock) -> None:
    net, loss_of = task.network(), monai_loss()
    optimizer = adamw(net, task.config)
    for batch in MonaiCrops(task).batches(task.config.batch):
        images = batch["image"].contiguous(memory_format=torch.channels_last)
        optimizer.zero_grad()
        loss_of(net(images), batch["label"]).backward()
        nn.utils.clip_grad_norm_(net.parameters(), task.config.clip)
        optimizer.step()
        clock()


def lightning_loop(task: Task, clock: Clock) -> None:
    import lightning

    class Module(lightning.LightningModule):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.net, self.loss_of = task.network(), monai_loss()

        def training_step(self, batch: dict[str, torch.Tensor], _: int) -> Any:
            return self.loss_of(self.net(batch["image"].contiguous(memory_format=torch.channels_last)), batch["label"])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return adamw(self.net, task.config)

        def on_train_batch_end(self, *_: Any) -> None:
            clock()

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    quiet = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    trainer = lightning.Trainer(accelerator="cpu", max_epochs=1, gradient_clip_val=task.config.clip, **quiet)
    trainer.fit(Module(), MonaiCrops(task).batches(task.config.batch))


ARMS = {"ours": ours, "plain MONAI loop": monai_loop, "Lightning loop": lightning_loop}
NEEDS = {"plain MONAI loop": "monai", "Lightning loop": "lightning"}


def timed(arm: Callable[[Task, Clock], None], task: Task) -> tuple[float, float]:
    """Seconds and CPU seconds per step, the first two left out."""
    times: list[tuple[float, float]] = []
    arm(task, lambda: times.append((time.perf_counter(), time.process_time())))
    first, last, steps = times[1], times[-1], len(times) - 2
    return (last[0] - first[0]) / steps, (last[1] - first[1]) / steps


def installed() -> Iterator[str]:
    for name in ARMS:
        package = NEEDS.get(name)
        if package and importlib.util.find_spec(package) is None:
            print(f"  {name}: skipped, {package} is not installed (pip install 'axons[train,bench]')")
        else:
            yield name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crop", type=int, default=128)
    parser.add_argument("--steps", type=int, default=14, help="of each turn")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    warnings.filterwarnings("ignore")  # of the peers
    sample = axon_micrograph((768, 768), seed=0)
    config = TrainingConfig(
        architecture="residual_unet", width=16, depth=4, crop=options.crop, class_weights="equal", epochs=1000
    )
    task = Task(config, LabelledTile(to_grey(sample.pixels)[None], sample.mask), options.steps)
    print(
        f"training, {config.batch} crops of {config.crop} x {config.crop} per step, {options.threads} threads, "
        "the same network:"
    )
    names = list(installed())
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for name in names * options.turns:
        found[name].append(timed(ARMS[name], task))
    best = {name: np.min(turns, axis=0) for name, turns in found.items()}
    for name, (seconds, cpu) in best.items():
        ratio = (
            ""
            if name == "ours"
            else "; ours is {:.2f} times as fast, by CPU time {:.2f}".format(*(np.array([seconds, cpu]) / best["ours"]))
        )
        print(
            f"  {name}: {config.batch / seconds:.1f} samples/s, {1000 * cpu / config.batch:.1f} ms of CPU each{ratio}"
        )


if __name__ == "__main__":
    main()

"""What a network says of some windows: probabilities, in batches that fit the device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..errors import TrainingError
from ..training.architectures import ARCHITECTURES
from ..training.networks import Network
from .fusing import fused

_MOST = 32  # windows in a batch
_MOST_WORKERS = 4  # each holds what the network makes of a tile
_SHARE = 0.5  # of the device's free memory that a batch may take

Turn = tuple[int, bool]  # quarter turns, then mirrored or not
TURNS: tuple[Turn, ...] = tuple((quarters, mirrored) for quarters in range(4) for mirrored in (False, True))


class Guesser:
    """Probabilities of a network for windows; `on_message` hears when memory ran out and the batch got smaller.

    `turns`: each window is also shown turned and mirrored, and the mean of the answers counts.
    """

    def __init__(
        self,
        net: Network,
        *,
        turns: Sequence[Turn] = TURNS[:1],
        batch: int | None = None,
        on_message: Callable[[str], None] = print,
    ):
        self._divisor, self._border, self._turns = net.divisor, net.spec.border, turns
        self._device = next(net.parameters()).device
        self._spec, self._on_message = net.spec, on_message
        inner: nn.Module = fused(net.net, net.spec.channels, net.divisor)
        self._net = inner.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.batch = batch

    @property
    def planes(self) -> int:
        """How many probabilities a pixel has: background, the classes, and the border where the network knows it."""
        return self._spec.outputs

    @property
    def workers(self) -> int:
        """On a CPU, how many threads guess a window each; 0 on a GPU, or when a batch was asked for."""
        return min(_MOST_WORKERS, torch.get_num_threads()) if self._device.type == "cpu" and self.batch is None else 0

    def batch_for(self, shape: tuple[int, int]) -> int:
        """How many windows of (h, w) go through at once; on a CPU one, as its caches are small."""
        if self._device.type == "cpu":
            return self.batch or 1
        if self.batch is None:
            self.batch = self._fitting(shape)
        return self.batch

    def _fitting(self, shape: tuple[int, int]) -> int:
        free, _ = torch.cuda.mem_get_info(self._device)
        window = ARCHITECTURES[self._spec.architecture].floats * self._spec.width * shape[0] * shape[1] * 4
        return int(min(_MOST, max(1, free * _SHARE / window)))

    @torch.inference_mode()
    def __call__(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, C, h, w) to probabilities (N, planes, h, w) that sum to 1; a border counts as background as well.

        Raises TrainingError when not even one window fits into memory, or the network answers NaN.
        """
        found, done = [], 0
        while done < len(windows):
            size = self.batch_for((windows.shape[2], windows.shape[3]))
            try:
                found.append(self._guess(windows[done : done + size]))
            except (RuntimeError, MemoryError) as error:
                if not out_of_memory(error):
                    raise
                self._lower(size, (windows.shape[2], windows.shape[3]))
            else:
                done += size
        return found[0] if len(found) == 1 else np.concatenate(found)

    def _lower(self, size: int, shape: tuple[int, int]) -> None:
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        if size == 1:
            raise TrainingError(
                f"There is not enough memory on {self._device.type} for one tile of {shape[1]} x {shape[0]} pixels: "
                f"give a smaller one, as in size={max(64, max(shape) // 2)}."
            )
        self.batch = size // 2
        self._on_message(f"memory ran out with {size} tiles at a time: going on with {self.batch}")

    def _guess(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        h, w = windows.shape[2:]
        pad = [(0, -n % self._divisor) for n in (h, w)]
        padded = (
            windows if not any(end for _, end in pad) else np.pad(windows, [(0, 0), (0, 0), *pad], mode="symmetric")
        )
        images = torch.from_numpy(padded).to(self._device)
        mean: Tensor | None = None
        for turn in self._turns:
            guess = _back(self._probabilities(_turned(images, turn)), turn)[:, :, :h, :w]
            mean = guess if mean is None else mean + guess
        assert mean is not None, "there is at least the picture as it is"
        values: NDArray[np.float32] = (mean / len(self._turns) if len(self._turns) > 1 else mean).cpu().numpy()
        if not np.isfinite(values[:, 0, ::16, ::16]).all():
            raise TrainingError("The network answers NaN: its weights, or values of the image, are too large.")
        return values

    def _probabilities(self, images: Tensor) -> Tensor:
        with self._precision():
            scores = self._net(images.contiguous(memory_format=torch.channels_last))
        guess: Tensor = scores.float().softmax(dim=1)
        if self._border:
            guess[:, 0] += guess[:, -1]
        return guess

    def _precision(self) -> AbstractContextManager[object]:
        return torch.autocast("cuda", dtype=torch.float16) if self._device.type == "cuda" else nullcontext()


def out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory ran out, on the GPU or here."""
    told = str(error).lower()
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        "out of memory" in told or "can't allocate memory" in told or "not enough memory" in told
    )


def _turned(images: Tensor, turn: Turn) -> Tensor:
    quarters, mirrored = turn
    images = torch.rot90(images, quarters, (2, 3)) if quarters else images
    return images.flip(3) if mirrored else images


def _back(guess: Tensor, turn: Turn) -> Tensor:
    quarters, mirrored = turn
    guess = guess.flip(3) if mirrored else guess
    return torch.rot90(guess, -quarters, (2, 3)) if quarters else guess

"""Mixed precision: on a GPU, convolutions in 16 bits with a scaled loss; on the CPU, 32 bits throughout.

The 16 bits are float16, which every GPU since Volta multiplies fast; bfloat16 would need a newer one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch


class Precision:
    """How a training computes on `device`. `half` says whether in 16 bits; then losses are scaled, so that small
    gradients do not become zero (Micikevicius et al. 2018, arXiv 1710.03740)."""

    def __init__(self, device: torch.device, *, amp: bool):
        self.device = device
        self.half = amp and device.type == "cuda"
        self.scaler = torch.amp.GradScaler(device.type, enabled=self.half)

    def autocast(self) -> torch.autocast:
        """The block in which the network runs."""
        return torch.autocast(self.device.type, dtype=torch.float16, enabled=self.half)


@contextlib.contextmanager
def deterministic(wanted: bool) -> Iterator[None]:
    """A block that gives the same bits in every run, also on a GPU, where that costs speed; the CPU does so anyway.

    Some layers know no such way on a GPU: torch warns of each.
    """
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    benchmark = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = not wanted  # crops are all of one size: the quickest way is found once
    if wanted:
        torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = benchmark
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])

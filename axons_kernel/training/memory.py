"""When memory runs out: how it shows, on a GPU and on the CPU."""

from __future__ import annotations

import torch

# what torch says when the machine's own memory runs out; it has no class of error for that
_CPU_WORDS = ("can't allocate memory", "not enough memory", "cannot allocate memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of a training step says that memory ran out."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error).lower() for word in _CPU_WORDS)


def free_cached_memory() -> None:
    """Give back what torch keeps of the GPU's memory."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()

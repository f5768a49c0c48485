"""When a training has stopped getting better."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Best:
    """The best mean validation Dice so far, its epoch (from 1), and how many epochs since then were not better."""

    score: float = -1.0
    epoch: int = 0
    waited: int = 0

    def after(self, epoch: int, score: float) -> Best:
        """What is best once `epoch` has reached `score`."""
        return Best(score, epoch) if score > self.score else Best(self.score, self.epoch, self.waited + 1)

    def gives_up(self, patience: int) -> bool:
        """Whether `patience` epochs in a row were not better; 0 waits for ever."""
        return 0 < patience <= self.waited

    def reason(self) -> str:
        """Why the training ends, for its author."""
        return (
            f"Stopped early: the validation Dice has not got better for {self.waited} epochs "
            f"(best {self.score:.3f} at epoch {self.epoch})."
        )

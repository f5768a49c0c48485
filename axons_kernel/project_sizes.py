"""How much room a project takes, by kind and by image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .storage import Store, human_bytes

KINDS = ("images", "annotations", "tilings", "predictions", "training_sets", "runs", "models", "other")
_OF_IMAGES = KINDS[:4]


@dataclass(frozen=True)
class Sizes:
    """Bytes per kind, and per image and kind."""

    by_kind: dict[str, int]
    by_image: dict[str, dict[str, int]]

    def __str__(self) -> str:
        rows: list[tuple[str, ...]] = [("image", *_OF_IMAGES, "together")]
        rows += [(name, *self._cells(kinds), human_bytes(kinds.total())) for name, kinds in self._images()]
        rows.append(("all images", *self._cells(Counter(self.by_kind)), ""))
        others = [(kind, human_bytes(self.by_kind.get(kind, 0))) for kind in KINDS[4:]]
        others.append(("everything", human_bytes(sum(self.by_kind.values()))))
        return _table(rows) + "\n\n" + _table(others)

    def _images(self) -> Iterable[tuple[str, Counter[str]]]:
        counted = [(name, Counter(kinds)) for name, kinds in self.by_image.items()]
        return sorted(counted, key=lambda item: (-item[1].total(), item[0]))

    def _cells(self, kinds: Counter[str]) -> list[str]:
        return [human_bytes(kinds[kind]) if kinds[kind] else "-" for kind in _OF_IMAGES]


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def measure(store: Store) -> Sizes:
    """The sizes of all objects; temporaries are left out."""
    by_kind: Counter[str] = Counter()
    by_image: dict[str, Counter[str]] = {}
    for key, stat in store.walk():
        kind, _, rest = key.partition("/")
        kind = kind if kind in KINDS and rest else "other"
        by_kind[kind] += stat.bytes
        if kind in _OF_IMAGES:
            name = rest.split("/")[0].removesuffix("__labels.json").removesuffix(".json")
            by_image.setdefault(name, Counter())[kind] += stat.bytes
    return Sizes(dict(by_kind), {name: dict(kinds) for name, kinds in by_image.items()})

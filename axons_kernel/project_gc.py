"""Find what crashes and interruptions have left in a project, and remove it. Nothing that a person made is touched."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Literal

from .storage import Store

OLD_S = 3600.0  # seconds; what is younger may still be at work

# folders whose content counts only with its document
_DOCUMENT_OF = {
    "images": (2, "image.json"),
    "runs": (2, "config.json"),
    "models": (2, "model.json"),
    "predictions": (3, "summary.json"),
}


@dataclass(frozen=True)
class Leftover:
    """One thing to remove: an object (`id` empty), or an unfinished upload with its id. `bytes` is its size."""

    key: str
    kind: Literal["temporary", "without its document", "unfinished upload"]
    bytes: int
    id: str = ""


def find_leftovers(store: Store, older_than_s: float = OLD_S) -> list[Leftover]:
    """Temporaries, folders without their document and unfinished uploads, none of them touched for so many seconds."""
    before = time.time() - older_than_s
    found = [
        Leftover(key, "temporary", stat.bytes) for key, stat in store.walk(temporaries=True) if stat.modified <= before
    ]
    folders: dict[str, list[tuple[str, int, float]]] = {}
    documented = set()
    for key, stat in store.walk():
        folder, document = _folder_of(key)
        folders.setdefault(folder, []).append((key, stat.bytes, stat.modified))
        if key == f"{folder}/{document}":
            documented.add(folder)
    for folder, items in sorted(folders.items()):
        if folder and folder not in documented and max(modified for *_, modified in items) <= before:
            found += [Leftover(key, "without its document", size) for key, size, _ in items]
    uploads = store.unfinished_uploads(older_than_s)
    return found + [Leftover(key, "unfinished upload", 0, upload_id) for key, upload_id in uploads]


def _folder_of(key: str) -> tuple[str, str]:
    """The folder that needs a document, with that document's name; empty for a key in no such folder."""
    parts = key.split("/")
    depth, document = _DOCUMENT_OF.get(parts[0], (0, ""))
    return ("/".join(parts[:depth]), document) if depth and len(parts) > depth else ("", "")


def remove_leftovers(store: Store, leftovers: list[Leftover]) -> None:
    """Remove them; what is gone already is no error."""
    for leftover in leftovers:
        if leftover.id:
            store.abort_upload(leftover.key, leftover.id)
        else:
            store.remove(leftover.key)

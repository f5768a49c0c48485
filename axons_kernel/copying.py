"""Copy a project from one place to another, local or cloud; killed at any point, it goes on when it is run again.

`project.json` comes last: until it is there, the copy is no project, and what is there of it is only ever completed.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tqdm import tqdm

from .errors import ConflictError, InputError, NotFoundError, StorageError
from .storage import Store

_AT_ONCE = 4
_SHOWN = 5
LAST = "project.json"


@dataclass(frozen=True)
class CopyPlan:
    """What a copy has to do: keys that the target lacks, has already, and has with other content.

    `bytes` is the size of the source's object per key.
    """

    missing: tuple[str, ...]
    same: tuple[str, ...]
    different: tuple[str, ...]
    bytes: dict[str, int]


def plan_copy(source: Store, target: Store) -> CopyPlan:
    """Compare two places: by size, and where that is equal by sha256.

    Raises NotFoundError when there is no project to copy, InputError when the target holds other files.
    """
    if not source.exists(LAST):
        raise NotFoundError(f"There is no project at {source.url}: it has no project.json.")
    have = {key: stat.bytes for key, stat in source.walk()}
    there = {key: stat.bytes for key, stat in target.walk()}
    strangers = sorted(set(there) - set(have))
    if strangers and LAST not in there:
        raise InputError(
            f"{target.url} holds other files ({', '.join(strangers[:_SHOWN])}) and is no project: choose a new or an "
            "empty place."
        )
    common = [key for key in sorted(have) if key in there]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        equal = list(pool.map(lambda key: have[key] == there[key] and source.sha256(key) == target.sha256(key), common))
    return CopyPlan(
        missing=tuple(sorted(set(have) - set(there))),
        same=tuple(key for key, is_equal in zip(common, equal, strict=True) if is_equal),
        different=tuple(key for key, is_equal in zip(common, equal, strict=True) if not is_equal),
        bytes=have,
    )


def copy_project(source: Store, target: Store, *, overwrite: bool = False, progress: bool = True) -> CopyPlan:
    """Copy what the target lacks, check what has arrived, and return what was found before.

    Raises ConflictError, with nothing changed, when objects in the target have other content and `overwrite` is not
    given; objects that only the target has always stay. Raises StorageError when an object is damaged.
    """
    if (target.url.rstrip("/") + "/").startswith(source.url.rstrip("/") + "/"):
        raise InputError(f"{target.url} is {source.url} itself, or lies in it: name another place to copy to.")
    plan = plan_copy(source, target)
    if plan.different and not overwrite:
        shown = ", ".join(plan.different[:_SHOWN]) + (", ..." if len(plan.different) > _SHOWN else "")
        raise ConflictError(
            f"{target.url} holds a project that differs in {len(plan.different)} objects ({shown}), so nothing was "
            "copied. Choose another place, or give --overwrite to replace these with the source's."
        )
    keys = sorted({*plan.missing, *plan.different}, key=lambda key: (key == LAST, key))
    total = sum(plan.bytes[key] for key in keys)
    with tqdm(
        desc="copying", total=total, unit="B", unit_scale=True, disable=not (progress and keys), file=sys.stdout
    ) as bar:
        _copy_all(source, target, keys, bar.update)
    return plan


def _copy_all(source: Store, target: Store, keys: list[str], advance: Callable[[int], object]) -> None:
    """Some objects at once, the last one when all others are there; at an interrupt or error all stop soon."""
    lock, stopped, pool = threading.Lock(), threading.Event(), ThreadPoolExecutor(_AT_ONCE)

    def go_on(count: int) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt
        with lock:
            advance(count)

    try:
        for group in (keys[:-1], keys[-1:]):
            for _ in pool.map(lambda key: copy_object(source, target, key, go_on), group):
                pass
    except BaseException:
        stopped.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def copy_object(source: Store, target: Store, key: str, advance: Callable[[int], object] = int) -> None:
    """Copy one object. Raises StorageError when what was read or has arrived is not what its writer had noted."""
    counts = source.is_local  # only the side that takes the time counts, but both go on only when they may
    with source.as_file(key, advance) as file:
        sha256 = target.put(key, file, advance if counts else lambda _: advance(0))
    if target.sha256(key) != sha256:
        raise StorageError(f"{target.path(key)} did not arrive as it was sent. Run the copy again.")

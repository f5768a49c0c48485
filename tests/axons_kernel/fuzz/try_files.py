"""Try hostile files in a process of their own: `python try_files.py SEED FIRST END`.

Prints `<number> begins`, then `<number> <verdict> | <seconds>, <memory>` for each. A number and a seed always make
the same file; `--keep FOLDER` writes the files there instead of trying them.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import resource
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from functools import cache
from pathlib import Path

from mutations import cuts, mutated, mutated_folder
from small_files import MAKERS

from axons_kernel import picture
from axons_kernel.chunk_cache import ChunkCache
from axons_kernel.errors import ImageReadError, InputError
from axons_kernel.images import decode_image
from axons_kernel.importing import ImportOptions, store_image
from axons_kernel.mask_pictures import read_mask_picture
from axons_kernel.pyramid import Pyramid
from axons_kernel.storage import Store
from axons_kernel.tiling import Tile

SECONDS = 5  # of the processor
MEMORY_KB = 1 << 20  # over what the process had before
NAMES = sorted(MAKERS)
INTERNALS = re.compile(r"object at 0x|Traceback|[A-Z]\w+(Error|Exception)\b|<\w+[ .]|0x[0-9a-f]{6}|None|\[Errno")


@cache
def small(name: str) -> bytes | dict[str, bytes]:
    return MAKERS[name]()


@cache
def all_cuts() -> list[tuple[str, str, int]]:
    """(name, file in the folder or "", length): every small file, ended at every place where something ends."""
    found = []
    for name in NAMES:
        whole = small(name)
        files = {"": whole} if isinstance(whole, bytes) else whole
        found += [(name, file, length) for file, data in files.items() for length in cuts(file or name, data)]
    return found


def hostile(seed: int, number: int, folder: Path) -> Path:
    """Write the file (or folder) of a number: first all that are cut, then others without end."""
    rng = random.Random(f"{seed} {number}")
    is_cut = number < len(all_cuts())
    name, part, length = all_cuts()[number] if is_cut else (NAMES[number % len(NAMES)], "", 0)
    path, whole = folder / name, small(name)
    if isinstance(whole, bytes):
        path.write_bytes(whole[:length] if is_cut else mutated(name, whole, rng))
        return path
    for file, data in ({**whole, part: whole[part][:length]} if is_cut else mutated_folder(whole, rng)).items():
        (path / file).parent.mkdir(parents=True, exist_ok=True)
        (path / file).write_bytes(data)
    return path


def content(path: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        digest.update(str(file).encode() + (file.read_bytes() if file.is_file() else b""))
    return digest.hexdigest()


def peak_kb() -> int:
    return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])  # type: ignore[index]


def begin_peak() -> int:
    Path("/proc/self/clear_refs").write_text("5")  # the peak is the present again
    return peak_kb()


def tried(path: Path, store: Store, number: int) -> str:
    """Use a file in one of the ways there are; "image", "refused", or what is wrong with what happened."""
    way = WAYS[number // len(NAMES) % len(WAYS)]
    picture.BAND_BYTES = 3000 if number % 2 else 16 << 20  # small pictures, too, come in several bands
    try:
        return way(path, store, number)
    except (ImageReadError, InputError) as error:
        return told(str(error), error, store)
    except MemoryError:
        return "too much memory"
    except BaseException as error:  # noqa: BLE001 -- that is the finding
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"raised {type(error).__name__}: {str(error)[:100]!r} at {Path(where.filename).name}:{where.lineno}"


def imported(path: Path, store: Store, number: int) -> str:
    options = ImportOptions.of(
        pixel_size_um=None if number % 3 == 0 else 0.1,
        **({} if number % 5 == 0 else {"z": "first", "t": "last"}),
    )
    options = ImportOptions(options.pixel_size_um, None, options.choice, progress=False)
    info = store_image(store, path, "image", options)
    pyramid = Pyramid(store.open("images/image/image.tif"), "image")
    pyramid.read(Tile(0, 0, min(64, info.width), min(64, info.height)))
    for key, _ in store.walk():
        store.remove(key)
    return "image" if pyramid.shape == info.shape else f"is {pyramid.shape}, not {info.shape}"


def decoded(path: Path, store: Store, number: int) -> str:
    if path.is_dir():
        return imported(path, store, number)
    micrograph = decode_image(path.read_bytes(), path.name)
    return "image" if micrograph.pixels.size and micrograph.pixels.ndim in (2, 3) else "has no pixels"


def read_as_mask(path: Path, store: Store, number: int) -> str:
    reading = read_mask_picture(path, (50, 70), "image", ["axon"])
    return "image" if reading.classes.shape == (50, 70) else "is a mask of another size"


def read_by_windows(path: Path, store: Store, number: int) -> str:
    """As the project's own file, which somebody has broken."""
    if not path.name.endswith(".tif"):
        return imported(path, store, number)
    pyramid = Pyramid(path.open("rb"), path.name, ChunkCache())
    for number, level in enumerate(pyramid.levels):
        height, width = level.shape
        windows = [
            Tile(x, y, min(60, width - x), min(60, height - y)) for y in (0, height // 2) for x in (0, width // 2)
        ]
        for pixels, tile in zip(pyramid.read_each(windows, number), windows, strict=True):
            if pixels.shape[:2] != (tile.height, tile.width):
                return f"gives {pixels.shape} for {tile}"
    return "image"


WAYS = [imported, imported, imported, decoded, read_as_mask, read_by_windows]


def told(message: str, error: BaseException, store: Store) -> str:
    """Whether a refusal is a sentence for a student, and left nothing."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, MemoryError):
            return "too much memory"
        cause = cause.__cause__ or cause.__context__
    if left := [key for key, _ in store.walk(temporaries=True)]:
        return f"left {left}"
    if not message.endswith(".") or len(message) > 500 or not message.isprintable() or INTERNALS.search(message):
        return f"message: {message!r}"
    return "refused"


def try_one(seed: int, number: int, folder: Path, store: Store) -> str:
    path = hostile(seed, number, folder)
    before = content(path)
    base, start = begin_peak(), time.process_time()
    verdict = tried(path, store, number)
    seconds, grown = time.process_time() - start, peak_kb() - base
    if content(path) != before:
        verdict = "the original was changed"
    if verdict in ("image", "refused") and seconds > SECONDS:
        verdict = f"took {seconds:.1f} s"
    if verdict in ("image", "refused") and grown > MEMORY_KB:
        verdict = f"took {grown >> 10} MiB"
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    return f"{verdict} | {seconds:.2f} s, {grown >> 10} MiB"


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("seed", "first", "end"):
        parser.add_argument(name, type=int)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
        for number in range(given.first, given.end):
            print(hostile(given.seed, number, given.keep))
        return
    limit = 8 << 30  # so that a finding does not bring the machine down
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder, "project"))
        for number in range(given.first, given.end):
            print(f"{number} begins", flush=True)
            print(f"{number} {try_one(given.seed, number, Path(folder), store)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

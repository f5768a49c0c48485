"""`axons tour`: run the tour notebook without a browser and leave its notebook, project and report."""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import sysconfig
import tempfile
import threading
from pathlib import Path
from typing import Any

from .errors import AxonsKernelError, InputError, MissingExtraError, NotebookError, StorageError
from .import_source import opened_source
from .importing import ImportOptions, chosen_pixel_size
from .mask_pictures import read_mask_picture
from .picture import Choice
from .storage import Store, explained

HELP = "run the tour notebook: import, tile, annotate, train, predict, report"
ERRORS: tuple[type[Exception], ...] = (AxonsKernelError,)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.description = (
        "Runs notebooks/tour.ipynb from end to end. Without --image it makes synthetic micrographs of a nerve. With "
        "one --image the model is tested on a part of it that it has not learned from; or give --test-image."
    )
    add = parser.add_argument
    add("--image", action="append", default=[], metavar="I", help="a micrograph to learn from; may be repeated")
    add("--mask", action="append", default=[], metavar="M", help="its mask picture, one per --image, in the same order")
    add("--test-image", metavar="I", help="a micrograph to test on")
    add("--test-mask", metavar="M", help="the mask picture of the test micrograph")
    add("--classes", default="myelin,axon", help="names of the masks' grey levels, darkest first (%(default)s)")
    add("--pixel-size-um", type=float, help="µm per pixel of the images; files that say another are resampled")
    add("--minutes", type=float, default=4.0, help="longest training time (%(default)s)")
    add("--side", type=int, default=768, help="side of the synthetic micrographs in pixels (%(default)s)")
    add("--notebook", default=None, help="another notebook with the tour's parameters")
    add("--out", metavar="DIR", help="a new or empty folder for tour.ipynb, project/ and the report (axons-tour)")


def run(args: argparse.Namespace) -> int:
    """Check everything, run the notebook, print where the report is and what was reached."""
    parameters = tour_parameters(args)
    notebook = Path(args.notebook) if args.notebook else tour_notebook()
    check_notebook(notebook)
    out = new_folder(args.out or _free_name("axons-tour"))
    parameters["project_folder"] = str(out / "project")
    execute(notebook, out, parameters)
    report = take_report(out)
    print(report)
    print(f"Report: {out / 'report.html'}\nNotebook: {out / 'tour.ipynb'}\nProject: {out / 'project'}")
    return 0


def check_notebook(path: Path) -> None:
    """Raise InputError when there is no notebook at `path`."""
    import nbformat

    if not path.is_file():
        raise InputError(f"--notebook {path} is not there: give the path of a notebook.")
    try:
        nbformat.read(path, as_version=4)
    except (ValueError, nbformat.ValidationError) as error:  # bytes that are no text, text that is no JSON, other JSON
        raise InputError(f"--notebook {path} is not a notebook that can be read: give an .ipynb file.") from error


def tour_notebook() -> Path:
    """The tour that came with Axons: in a checkout, else where the wheel put it."""
    here = Path(__file__).resolve().parent.parent / "notebooks" / "tour.ipynb"
    return here if here.is_file() else Path(sysconfig.get_path("data")) / "share/axons/notebooks/tour.ipynb"


def tour_parameters(args: argparse.Namespace) -> dict[str, Any]:
    """The notebook's parameters; every file is read once, so that a bad one stops the tour before it starts."""
    classes = [name.strip() for name in args.classes.split(",") if name.strip()]
    if len(args.image) != len(args.mask):
        raise InputError(f"{len(args.image)} --image and {len(args.mask)} --mask are given: each image needs its mask.")
    if bool(args.test_image) != bool(args.test_mask):
        raise InputError("--test-image and --test-mask belong together: give both, or none.")
    if args.test_image and not args.image:
        raise InputError("--test-image needs at least one --image to learn from.")
    if not 0 < args.minutes <= 600:
        raise InputError(f"--minutes {args.minutes:g} is not allowed: give more than 0 and up to 600.")
    if not 128 <= args.side <= 4096:
        raise InputError(f"--side {args.side} is not allowed: give 128 to 4096 pixels.")
    pairs = list(zip(args.image, args.mask, strict=True))
    if args.test_image:
        pairs.append((args.test_image, args.test_mask))
    for image, mask in pairs:
        _check_pair(image, mask, classes, args.pixel_size_um)
    return {
        "images": [_absolute(path) for path in args.image],
        "masks": [_absolute(path) for path in args.mask],
        "test_image": _absolute(args.test_image) if args.test_image else "",
        "test_mask": _absolute(args.test_mask) if args.test_mask else "",
        "classes": classes,
        "pixel_size_um": args.pixel_size_um,
        "minutes": args.minutes,
        "side": args.side,
    }


def _check_pair(image: str, mask: str, classes: list[str], pixel_size_um: float | None) -> None:
    with opened_source(image, image, Choice()) as opened:
        chosen_pixel_size(opened, ImportOptions(pixel_size_um), how="--pixel-size-um 0.1")
        shape = opened.picture.shape
        for plane in opened.picture.planes:
            for _ in plane():  # to its end: a file that is broken there stops the tour now
                pass
    read_mask_picture(mask, shape, image, classes)


def _absolute(location: str) -> str:
    return location if "://" in location else os.path.abspath(location)


def new_folder(path: str) -> Path:
    """Make the output folder. Raises InputError when it holds something, StorageError when it cannot be made."""
    folder = Path(path).absolute()
    if folder.exists() and not folder.is_dir():
        raise InputError(f"--out {path} is a file: choose a folder.")
    with explained(f"write to --out {path}"):
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise InputError(f"--out {path} is not empty: choose a new folder, or delete that one first.")
        (folder / "tour.ipynb").touch()  # writing for real tells of permissions, read-only and full disks alike
        (folder / "tour.ipynb").unlink()
    return folder


def _free_name(name: str) -> str:
    """`name`, or the first of name-2, name-3, ... that is not taken."""
    if not os.path.exists(name):
        return name
    return next(f"{name}-{n}" for n in itertools.count(2) if not os.path.exists(f"{name}-{n}"))


def execute(notebook: Path, out: Path, parameters: dict[str, Any]) -> None:
    """Run the notebook with papermill; `out`/tour.ipynb is written whole, also when a cell fails.

    Raises NotebookError that names the cell.
    """
    try:
        import papermill
        from nbclient.exceptions import DeadKernelError
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"axons tour needs {error.name}: pip install 'axons[train,widget]'.") from error
    with tempfile.TemporaryDirectory(prefix="axons-tour-") as scratch, _TrainingLines(out / "project"):
        executed = Path(scratch) / "tour.ipynb"
        try:
            papermill.execute_notebook(
                str(notebook), str(executed), parameters, kernel_name="python3", cwd=str(out), progress_bar=True
            )
        except papermill.PapermillExecutionError as error:
            where = _keep(executed, out)
            raise NotebookError(f"{_cell_of(executed, error)} failed: {error.ename}: {error.evalue}{where}") from error
        except DeadKernelError as error:
            where = _keep(executed, out)
            raise NotebookError(
                f"The notebook's kernel died, most often because memory ran out; try --side or fewer images.{where}"
            ) from error
        Store(out).write("tour.ipynb", executed.read_bytes())


def _keep(executed: Path, out: Path) -> str:
    """Keep the notebook with its error for the reader; a full disk must not hide the error itself."""
    try:
        Store(out).write("tour.ipynb", executed.read_bytes())
    except (StorageError, FileNotFoundError):
        return ""
    return f"\nThe notebook up to there: {out / 'tour.ipynb'}"


def _cell_of(executed: Path, error: Any) -> str:
    import nbformat

    heading = ""
    cells = nbformat.read(executed, as_version=4).cells
    for cell in cells[: error.cell_index + 1]:
        added_by_papermill = "papermill-error-cell-tag" in cell.metadata.get("tags", [])
        if cell.cell_type == "markdown" and cell.source.startswith("#") and not added_by_papermill:
            heading = cell.source.splitlines()[0].lstrip("# ")
    return f"Cell {error.exec_count} of the notebook (under '{heading}')"


def take_report(out: Path) -> str:
    """Copy the report beside the notebook and return its scores as text."""
    from .analysis.report_words import score_lines
    from .analysis.score_table import ScoreTable
    from .project import open_project

    project = open_project(out / "project", create=False)
    found = sorted((out / "project" / "predictions").glob("*/*/report.json"))
    if not found:
        raise NotebookError("The notebook ran, but evaluated no prediction: it needs a project.evaluate(...) cell.")
    store = Store(out)
    for name in ("report.json", "report.html"):
        store.write(name, found[0].with_name(name).read_bytes())
    scores = ScoreTable.decode(found[0].read_bytes(), str(found[0]))
    return f"{project}\n{score_lines(scores)}"


class _TrainingLines:
    """While the notebook sits in its longest cell: a line per finished epoch, above papermill's bar."""

    def __init__(self, project: Path):
        self._project = project
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *exception: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        from tqdm import tqdm

        from .runs.live import progress_line
        from .runs.run import read_run

        shown = 0
        while not self._done.wait(1.0):
            if not any((self._project / "runs").glob("*/config.json")):
                continue
            store = Store(self._project)
            run = read_run(store, store.names("runs")[-1])
            metrics = run.metrics()
            if len(metrics) > shown:
                shown = len(metrics)
                tqdm.write(progress_line(metrics, run.status().state, 0), file=sys.stderr)

"""Who may import whom: three worlds, the layers of the library, and the few modules that may touch files.

The tables below are the rule; a module that is in no table fails with a message that says what to do.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import axons_kernel

REPOSITORY = Path(__file__).resolve().parent.parent

# -- the library's layers: each line lists the modules of one layer ---------------------------------------------------

LAYERS = {
    "errors": "errors",
    "pure": """
        analysis.blocks analysis.fibres analysis.measuring analysis.objects analysis.scored analysis.shapes
        analysis.statistics analysis.tallies annotation_merge annotations blending chunk_cache chunk_codecs
        devices documents foreground formats formats.class_mask formats.class_schema formats.coco
        formats.crossings formats.django_labeller formats.geojson formats.imagej formats.instance_tiff
        formats.labelme formats.losses formats.mask_folder formats.objects formats.png formats.regions
        formats.registry formats.repairs formats.rle formats.roi_shapes formats.scaling formats.values
        formats.yolo images label_json labels masks metrics notes ome_tiff pausing picture pixel_sizes pyramid
        quality.agreement quality.boundary quality.consensus quality.findings quality.instances quality.matching
        quality.painting quality.ratings quality.scores quality.turns quality.words rasterize reading
        reading_pillow reading_tiff reading_zarr resampling samples stitching tiff_chain tiff_facts tiff_layout
        tiff_segments tile_manifest tile_spill tiling tissue training training.architectures training.config
        training.early_stopping training.explaining training.presets training.schedule training.targets
        training_sets training_sets.balance training_sets.exchange training_sets.partition
        training_sets.perceptual training_sets.splitting training_sets.training_set widget.answering
        widget.asking widget.assets widget.assist widget.autosave widget.booleans widget.conflict
        widget.controls widget.conversation widget.desk widget.document widget.drawing widget.editor
        widget.edits widget.fields widget.grouping widget.history widget.ink widget.inserting widget.keys
        widget.layers widget.leading widget.livewire widget.log widget.look widget.module widget.numbering
        widget.objects widget.ops widget.outlines widget.painting widget.picture widget.placed widget.places
        widget.progress widget.protocol widget.render widget.requests widget.run_messages widget.saving
        widget.sessions widget.shapes widget.sheet widget.subshell widget.tools widget.upload_messages
        widget.viewer_messages widget.viewport windows zarr_limits
    """,
    "storage": """
        storage storage.backend storage.cache storage.cache_policy storage.explain storage.fetching
        storage.folder storage.memory storage.names storage.s3 storage.s3_client storage.s3_download
        storage.s3_upload storage.sources storage.store
    """,
    "plotting": """
        plotting quality quality.comparison quality.figures quality.page thumbnails training_figures
        training_sets.card_figure training_sets.card_page
    """,
    "torch": """
        inference inference.fusing inference.grid inference.guessing inference.image_rows inference.options
        inference.rows inference.splitting training.augmentation training.data training.ema training.learner
        training.loading training.loop training.losses training.memory training.networks training.precision
        training.progress training.rate_finder training.troubles training.unet training.validation
    """,
    "model files": "model_files training.checkpoints",
    "view": """
        widget widget.annotator widget.canvas widget.lab_widget widget.painter widget.run_view widget.stage
        widget.toolbar widget.upload widget.viewer
    """,
    "project": """
        __init__ analysis analysis.comparing_models analysis.evaluating analysis.fibre_agreement
        analysis.measure analysis.measure_figures analysis.measure_words analysis.measurements analysis.report
        analysis.report_figures analysis.report_page analysis.report_words analysis.score_table annotating
        annotators comparing copying cutting image_list import_source importing inference.outcome
        inference.predicting inference.progress_files inference.separating label_classes label_export
        label_files label_import label_sources looking mask_pictures model_exchange model_input prediction_page
        predictions project project_analysis project_care project_check project_command project_gc project_image
        project_labels project_models project_sets project_sizes project_tiles project_training receiving runs
        runs.colours runs.comparing runs.control runs.environment runs.examples runs.figures runs.following
        runs.keeping runs.live runs.process runs.reading runs.recording runs.resources runs.run runs.run_list
        runs.scores runs.starting runs.tensorboard stitched_files tile_export tile_import tour_command
        training_sets.card training_sets.coco_folder training_sets.combining training_sets.counting
        training_sets.duplicates training_sets.exporting training_sets.groups training_sets.importing
        training_sets.making training_sets.packing training_sets.pairs training_sets.stored
        training_sets.unpacking uploading widget.reviving widget.run_reviving
    """,
}

# a layer may import itself, and these layers below it
BELOW = {
    "errors": (),
    "pure": ("errors",),
    "storage": ("errors",),
    "plotting": ("errors", "pure"),
    "torch": ("errors", "pure"),
    "model files": ("errors", "pure", "torch", "storage"),
    "view": ("errors", "pure"),
    "project": tuple(LAYERS),
}

# packages that only some modules may import; all other modules may not
RESERVED = {
    "fsspec": "storage.fetching storage.memory storage.s3_client storage.sources storage.store",
    "roifile": "formats.imagej formats.roi_shapes",
    "yaml": "formats.yolo",
    "torch": """
        inference.fusing inference.guessing inference.rows model_exchange model_files runs.environment
        runs.keeping runs.process runs.resources training.augmentation training.checkpoints training.data
        training.ema training.learner training.loading training.loop training.losses training.memory
        training.networks training.precision training.progress training.rate_finder training.troubles
        training.unet training.validation
    """,
    "safetensors": "model_files runs.keeping training.checkpoints",
    "albumentations": "training.augmentation",
    "onnx": "model_exchange",
    "onnxruntime": "model_exchange",
    "monai": "training.networks",
    "cv2": "widget.assist",
    "ipycanvas": "annotators widget.annotator widget.canvas widget.painter",
    "ipywidgets": """
        widget.annotator widget.canvas widget.lab_widget widget.painter widget.toolbar
    """,
    "pyarrow": "analysis.measurements",
    "matplotlib": """
        analysis.comparing_models analysis.measure_figures analysis.measurements analysis.report
        analysis.report_figures analysis.report_page cutting plotting project_image project_tiles
        training_sets.card training_sets.card_figure quality.comparison quality.figures
        runs.comparing runs.figures runs.run project_training training_figures
    """,
    "IPython": "runs.live widget.run_view widget.viewer",
    "tqdm": """
        analysis.measure analysis.report
        copying import_source importing inference.predicting inference.separating label_sources training_sets.counting
        training_sets.exporting training_sets.packing training_sets.pairs
        project_command project_training stitched_files
        tile_export tile_import tour_command
    """,
    "papermill": "tour_command",
    "nbformat": "tour_command",
    "nbclient": "tour_command",
}

# modules that may open files; `tour_command` has a scratch folder of its own, beside the project, and what
# `reading_pillow` calls `Image.open` takes a file that is open; `receiving` keeps what comes from a browser
OPEN_FILES = {"devices", "storage", "tour_command", "reading_pillow", "receiving"}
OPENING = {
    *("open", "fdopen", "read_text", "read_bytes", "write_text", "write_bytes", "imread", "imwrite", "imsave"),
    *("fromfile", "tofile", "loadtxt", "savetxt", "load_file", "save_file", "mkdir", "makedirs", "unlink", "rmtree"),
}

# -- the worlds: nothing in a folder may import these packages ---------------------------------------------------------

FORBIDDEN = {
    "axons_kernel": {"hub_config", "spawners", "jupyterhub", "dockerspawner", "nativeauthenticator", "torchvision"},
    "notebooks": {"hub_config", "spawners", "jupyterhub", "torchvision"},
    "hub_config": {"axons_kernel", "torch", "ipycanvas", "ipywidgets", "torchvision"},
    "spawners": {"axons_kernel", "hub_config", "torch", "ipycanvas", "ipywidgets", "torchvision"},
}

PACKAGES = {
    "analysis",
    "inference",
    "quality",
    "runs",
    "storage",
    "training",
    "training_sets",
    "widget",
}  # a module of one of these does not need the rest of its package
LAYER_OF = {module: layer for layer, modules in LAYERS.items() for module in modules.split()}


def library_modules() -> list[str]:
    root = REPOSITORY / "axons_kernel"
    names = (path.relative_to(root).with_suffix("").as_posix().replace("/", ".") for path in root.rglob("*.py"))
    return sorted(name.removesuffix(".__init__") for name in names)


def source_of(module: str) -> Path:
    path = REPOSITORY / "axons_kernel" / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def package_of(module: str) -> str:
    """The package that the relative imports of a module start from."""
    return ".".join(source_of(module).parent.relative_to(REPOSITORY).parts)


def imports(source: str, package: str = "") -> Iterator[str]:
    """Full dotted names that a source imports, lazily or not; `package` resolves relative imports."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{start}.{alias.name}" for alias in node.names)


def library_imports(module: str) -> set[str]:
    """Modules of the library that a module imports."""
    package = package_of(module)
    found = set()
    for name in imports(source_of(module).read_text(), package):
        inner = name.removeprefix("axons_kernel.").split(".")
        if name.startswith("axons_kernel.") and inner[0] != "__future__":
            candidates = [".".join(inner[:n]) for n in (2, 1)]
            found.add(next((c for c in candidates if c in LAYER_OF), "__init__"))
    return found - {module}


@pytest.mark.parametrize("module", library_modules())
def test_module_is_in_the_table_and_imports_downwards(module: str) -> None:
    assert module in LAYER_OF, (
        f"axons_kernel.{module} is in no layer: add it to LAYERS in {Path(__file__).name}, in the lowest layer whose "
        f"imports (BELOW) are enough for it."
    )
    layer = LAYER_OF[module]
    wrong = {name: LAYER_OF[name] for name in library_imports(module) if LAYER_OF[name] not in (layer, *BELOW[layer])}
    assert not wrong, (
        f"axons_kernel.{module} ({layer}) imports {wrong}; it may import {BELOW[layer]} and its own layer."
    )


def test_tables_name_real_modules() -> None:
    reserved = {module for modules in RESERVED.values() for module in modules.split()}
    assert set(LAYER_OF) | reserved | OPEN_FILES <= set(library_modules())


@pytest.mark.parametrize("module", library_modules())
def test_reserved_packages(module: str) -> None:
    used = {name.split(".")[0] for name in imports(source_of(module).read_text(), "axons_kernel")}
    wrong = sorted(name for name in used & set(RESERVED) if module not in RESERVED[name].split())
    assert not wrong, f"axons_kernel.{module} imports {wrong}; RESERVED says who may."


@pytest.mark.parametrize("module", [m for m in library_modules() if m.split(".")[0] not in OPEN_FILES])
def test_only_storage_opens_files(module: str) -> None:
    opened = []
    for node in ast.walk(ast.parse(source_of(module).read_text())):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            in_memory = node.args and "BytesIO" in ast.unparse(node.args[0])
            asks_the_storage = ast.unparse(node.func).endswith("store.open")
            if name in OPENING and not in_memory and not asks_the_storage:
                opened.append(f"line {node.lineno}: {ast.unparse(node)[:60]}")
    assert not opened, f"axons_kernel.{module} opens files, which only {OPEN_FILES} may: {opened}"


def test_eager_imports_have_no_cycle() -> None:
    """Imports at the top of a module form no circle (lazy ones and those for types may)."""
    graph = {}
    for module in library_modules():
        tree = ast.parse(source_of(module).read_text())
        tree.body = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        package = package_of(module)
        names = {name.removeprefix("axons_kernel.") for name in imports(ast.unparse(tree), package)}
        graph[module] = {".".join(n.split(".")[:k]) for n in names for k in (1, 2)} & set(LAYER_OF) - {
            module,
            *PACKAGES,
        }
    while graph:
        free = [module for module, needs in graph.items() if not needs & set(graph)]
        assert free, f"these import each other in a circle: {sorted(graph)}"
        for module in free:
            del graph[module]


def world_sources(folder: str) -> list[tuple[str, str]]:
    """(name, Python source) of all modules and notebooks of a folder."""
    found = [(str(path), path.read_text()) for path in sorted((REPOSITORY / folder).rglob("*.py"))]
    for path in sorted((REPOSITORY / folder).rglob("*.ipynb")):
        if ".ipynb_checkpoints" not in path.parts:
            found.append((str(path), notebook_code(path)))
    return found


def notebook_code(path: Path) -> str:
    cells = json.loads(path.read_text())["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    return re.sub(r"^(\s*)[%!].*$", r"\1pass", code, flags=re.MULTILINE)


@pytest.mark.parametrize("folder", FORBIDDEN)
def test_worlds_do_not_import_each_other(folder: str) -> None:
    sources = world_sources(folder)
    assert sources, f"{folder}/ holds no source: does this test look in the right place?"
    for name, source in sources:
        used = {imported.split(".")[0] for imported in imports(source, folder)}
        assert not used & FORBIDDEN[folder], f"{name} imports {used & FORBIDDEN[folder]}, which is another world."


@pytest.mark.parametrize("path", sorted((REPOSITORY / "notebooks").rglob("*.ipynb")), ids=lambda path: path.name)
def test_notebooks_use_public_names_only(path: Path) -> None:
    code = notebook_code(path)
    for name in imports(code):
        if name.startswith("axons_kernel"):
            assert name.removeprefix("axons_kernel").lstrip(".") in ("", *axons_kernel.__all__), f"{name} is not public"
    used = {
        node.attr
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "ax"
    }
    assert used, "a notebook of the course uses the library as `ax`"
    assert used <= set(axons_kernel.__all__), f"{used - set(axons_kernel.__all__)} are not public"


def dependency_files() -> list[Path]:
    patterns = ("setup.cfg", "pyproject.toml", "*lock*", "*constraints*", "*requirements*", "images/**/*")
    found = (path for pattern in patterns for path in REPOSITORY.glob(pattern))
    return sorted(path for path in found if path.is_file() and path.suffix not in (".png", ".whl"))


@pytest.mark.parametrize("path", dependency_files(), ids=lambda path: path.name)
def test_torchvision_is_no_dependency(path: Path) -> None:
    """It would pull gigabytes of CUDA packages."""
    lines = [line for line in path.read_text().splitlines() if "torchvision" in line.split("#")[0].lower()]
    assert lines == []

"""Models in and out of a project: our pair of safetensors and JSON, and ONNX for other programs."""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from .errors import InputError, NotFoundError, TrainingError, needs_extra
from .model_files import ModelInfo, network_of, read_weights, store_model
from .storage import Store, check_name
from .training.networks import Network

_TOLERANCE = 1e-4  # by which the scores of the exported network may differ
_OPSET = 17  # of ONNX: all networks need no more, and older programs can read it
_PICKLES = (".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".bin")


def export_model(store: Store, info: ModelInfo, to: str | os.PathLike[str]) -> None:
    """Write a model to `to`: a new file that ends in .onnx, or a new folder for model.safetensors and model.json.

    Raises InputError when it is there already, TrainingError when the ONNX network does not compute the same.
    """
    place = os.fspath(to).rstrip("/")
    parent, slash, name = place.rpartition("/")
    weights = read_weights(store, info)
    if not name.endswith(".onnx"):
        folder = Store(place)
        if folder.names(""):
            raise InputError(f"{place} is not empty: give a new folder, or a file name that ends in .onnx.")
        folder.write("model.safetensors", weights)
        folder.write("model.json", info.encode())
        return
    target = Store(parent or slash or ".")
    if target.exists(name):
        raise InputError(f"{place} is there already: give a new file name.")
    target.write(name, to_onnx(network_of(info, weights), info))


def to_onnx(net: Network, info: ModelInfo) -> bytes:
    """The network for ONNX: input "image" (N, C, H, W) float32, output "scores" (N, classes + 1, H, W).

    What it needs to be used stands in the file's metadata. Where onnxruntime is installed, the result is compared.
    """
    with needs_extra("onnx", "Export to ONNX"):
        import onnx

    side = 4 * net.divisor
    example = torch.randn(1, net.spec.channels, side, side, generator=torch.Generator().manual_seed(0))
    buffer, axes = io.BytesIO(), {0: "batch", 2: "height", 3: "width"}
    with warnings.catch_warnings():  # the newer exporter needs two more packages, and fixes the size of the image
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net,
            (example,),
            buffer,  # type: ignore[arg-type]  # it takes a file, too, though it does not say so
            dynamo=False,
            opset_version=_OPSET,
            input_names=["image"],
            output_names=["scores"],
            dynamic_axes={"image": axes, "scores": axes},
        )
    model = onnx.load_model_from_string(buffer.getvalue())
    facts = {
        "classes": ", ".join(("background", *info.classes, *(["border"] * net.spec.border))),
        "channels": ", ".join(info.channels),
        "pixel_size_um": f"{info.pixel_size_um:g}",
        "input": f"each channel with mean 0 and deviation 1 over its image; sides are multiples of {net.divisor}",
        "weights_sha256": info.weights_sha256,
    }
    onnx.helper.set_model_props(model, facts)
    onnx.checker.check_model(model)
    data = bytes(model.SerializeToString())
    _compare(net, data, info.name)
    return data


@torch.inference_mode()
def _compare(net: Network, data: bytes, name: str) -> None:
    try:
        import onnxruntime
    except ModuleNotFoundError:
        print(
            "The ONNX file was not compared with the model, as onnxruntime is not installed: pip install onnxruntime."
        )
        return
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    for height, width in ((2, 3), (5, 4)):  # other sizes than the one that was exported
        shape = (2, net.spec.channels, height * net.divisor, width * net.divisor)
        image = torch.randn(shape, generator=torch.Generator().manual_seed(height))
        expected = net(image).numpy()
        off = float(np.abs(session.run(["scores"], {"image": image.numpy()})[0] - expected).max())
        if not off <= _TOLERANCE * max(1.0, float(np.abs(expected).max())):
            raise TrainingError(
                f"Model '{name}' cannot be exported: in ONNX its scores differ by {off:.2g}. Use the folder of "
                "safetensors instead, and tell the makers of Axons which network it is."
            )


def import_model(
    store: Store,
    source: str | os.PathLike[str],
    *,
    name: str | None = None,
    classes: Mapping[str, str] | None = None,
) -> ModelInfo:
    """Copy a model that `export_model` wrote into the project; numbers are read, and nothing is run.

    `source` is the folder, or its model.safetensors with model.json beside it. `classes` says what the project calls
    the model's classes. Raises InputError or NotFoundError, TrainingError for weights that are broken or a pickle,
    SchemaError for a broken model.json.
    """
    place = os.fspath(source).rstrip("/")
    weights, description = _read_pair(place)
    info = ModelInfo.decode(description, f"the model.json of {place}")
    info = info.model_copy(update={"weights_sha256": hashlib.sha256(weights).hexdigest()})
    network_of(info, weights)  # before anything is stored
    wanted = check_name(name or info.name, "a model")
    new = info.model_copy(update={"name": wanted, "classes": _renamed(info, classes or {}), **_origin(store, info)})
    if store.exists(f"models/{wanted}/model.json"):
        there = ModelInfo.decode(store.read(f"models/{wanted}/model.json"), f"models/{wanted}/model.json")
        if (there.weights_sha256, there.classes) == (new.weights_sha256, new.classes):
            return there
        raise InputError(f"There is another model '{wanted}' in this project: give a name, as in name='{wanted}-2'.")
    store_model(store, new, weights)
    return new


def _read_pair(place: str) -> tuple[bytes, bytes]:
    """Weights and description, not yet looked into."""
    folder, slash, file = place.rpartition("/")
    if place.lower().endswith(_PICKLES):
        raise TrainingError(
            f"{place} is a pickle, which could run any program on this computer when it is opened, so it was not: ask "
            "for the weights as safetensors with their model.json, as project.export_model writes them."
        )
    if place.lower().endswith(".onnx"):
        raise InputError(f"{place} is for other programs: import the folder with model.safetensors and model.json.")
    if place.endswith(".safetensors"):
        beside = Store(folder or slash or ".")
        own = file.removesuffix(".safetensors") + ".json"
        description = own if beside.exists(own) else "model.json"
    else:
        beside, file, description = Store(place), "model.safetensors", "model.json"
    for key in (file, description):
        if not beside.exists(key):
            raise NotFoundError(
                f"There is no {key} in {beside.url}: give the folder that project.export_model wrote, which holds "
                "model.safetensors and model.json."
            )
    return beside.read(file), beside.read(description)


def _renamed(info: ModelInfo, classes: Mapping[str, str]) -> tuple[str, ...]:
    unknown = sorted(set(classes) - set(info.classes))
    if unknown:
        raise InputError(
            f"The model has no class {', '.join(map(repr, unknown))}; its classes are {', '.join(info.classes)}: give "
            "classes={its name: the project's name}."
        )
    new = tuple(classes.get(name, name) for name in info.classes)
    if len(set(new)) < len(new):
        raise InputError(f"Two classes of the model would have one name ({', '.join(new)}): give each its own.")
    return new


def _origin(store: Store, info: ModelInfo) -> dict[str, Any]:
    """The training set, where this project has the very same one; else nobody here knows what it has seen."""
    key = f"training_sets/{info.training_set}.json"
    if info.training_set and store.exists(key) and info.training_set_sha256.encode() in store.read(key):
        return {}
    return {"training_set": ""}

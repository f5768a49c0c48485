"""Models come and go as numbers: nothing that could run is opened, and what leaves computes the same elsewhere."""

from __future__ import annotations

import hashlib
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save

from axons_kernel import model_files
from axons_kernel.errors import InputError, MissingExtraError, NotFoundError, SchemaError, TrainingError
from axons_kernel.model_files import ModelInfo, cached_network, load_network, tensors_of
from axons_kernel.project import Project, open_project
from axons_kernel.training.networks import build


@pytest.fixture
def info(finished: Project) -> ModelInfo:
    return finished.model("run-1")


def written(folder: Path, name: str, data: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    return folder / name


class Malicious:
    """What a pickle can do: write a file as soon as it is opened."""

    def __init__(self, proof: Path):
        self.proof = proof

    def __reduce__(self) -> Any:
        return Path.touch, (self.proof,)


def pickles(proof: Path) -> dict[str, bytes]:
    """A bare one, one by torch.save, and an older one by torch.save."""
    folder = proof.parent
    torch.save({"weights": Malicious(proof)}, folder / "new.pt")
    torch.save({"weights": Malicious(proof)}, folder / "old.pt", _use_new_zipfile_serialization=False)
    return {
        "bare": pickle.dumps(Malicious(proof)),
        "text": pickle.dumps(Malicious(proof), protocol=0),
        "new": (folder / "new.pt").read_bytes(),
        "old": (folder / "old.pt").read_bytes(),
    }


@pytest.mark.parametrize("kind", ["bare", "text", "new", "old"])
def test_a_pickle_is_refused_and_nothing_of_it_runs(
    finished: Project, info: ModelInfo, tmp_path: Path, kind: str
) -> None:
    proof = tmp_path / "it-ran"
    data = pickles(proof)[kind]
    shared = tmp_path / "shared"
    finished.export_model(info, shared)
    written(shared, "model.safetensors", data)  # under the name of something harmless
    with pytest.raises(TrainingError, match=r"a pickle .* not opened: ask for them as safetensors|no safetensors file"):
        finished.import_model(shared, name="evil")
    for name in ("evil.pt", "evil.PTH", "evil.ckpt"):
        with pytest.raises(TrainingError, match="is a pickle, which could run any program on this computer"):
            finished.import_model(written(tmp_path, name, data))
    # also when it stands where the weights of a model should be, with the right hash
    finished.store.write("models/run-1/model.safetensors", data)
    changed = info.model_copy(
        update={"weights_sha256": finished.store.content_sha256("models/run-1/model.safetensors")}
    )
    finished.store.write("models/run-1/model.json", changed.encode())
    with pytest.raises(TrainingError, match="weights of model 'run-1' are"):
        finished.predict("run-1", "left", progress=False)
    assert not proof.exists() and finished.store.names("models") == ["run-1"]
    pickle.loads(pickle.dumps(Malicious(proof)))
    assert proof.exists()  # it would have run


@pytest.mark.parametrize("data", [b"", b"\0" * 8, b"\xff" * 100, b'{"a": 1}'])
def test_broken_weights_are_told(data: bytes) -> None:
    with pytest.raises(TrainingError, match="weights of it are broken or no safetensors file"):
        tensors_of(data, "it")


def test_weights_that_are_no_numbers_are_told() -> None:
    with pytest.raises(TrainingError, match="NaN or infinite numbers in 'w': train it again"):
        tensors_of(save({"w": torch.tensor([1.0, torch.nan])}), "it")


def test_a_model_goes_from_project_to_project(finished: Project, info: ModelInfo, tmp_path: Path) -> None:
    finished.export_model("run-1", tmp_path / "shared")
    assert sorted(p.name for p in (tmp_path / "shared").iterdir()) == ["model.json", "model.safetensors"]
    other = open_project(tmp_path / "other")
    taken = other.import_model(tmp_path / "shared", name="theirs", classes={"disc": "axon"})
    assert (taken.name, taken.classes, taken.training_set) == ("theirs", ("axon",), "")
    assert [c.name for c in other.classes] == ["axon"]
    assert (
        other.models()
        == [taken]
        == [other.import_model(str(tmp_path / "shared" / "model.safetensors"), name="theirs", classes={"disc": "axon"})]
    )
    pixels = finished.image("right").pixels()
    made = other.predict("theirs", pixels, pixel_size_um=0.1, progress=False)
    np.testing.assert_array_equal(made.mask(), finished.predict("run-1", "right", progress=False).mask())
    assert other.check() == []
    # home again, it is still known what it has learned from
    assert finished.import_model(tmp_path / "shared", name="copy").training_set == info.training_set


def test_import_says_what_is_wrong(finished: Project, info: ModelInfo, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    finished.export_model(info, shared)
    with pytest.raises(InputError, match="model has no class 'axon'; its classes are disc: give"):
        finished.import_model(shared, classes={"axon": "disc"})
    with pytest.raises(NotFoundError, match=r"no model.safetensors in .*/nothing: give the folder that"):
        finished.import_model(tmp_path / "nothing")
    with pytest.raises(InputError, match=r"m\.onnx is for other programs"):
        finished.import_model(tmp_path / "m.onnx")
    content = json.loads((shared / "model.json").read_text())
    for change, message in (
        ({"classes": ["a", "b"]}, "it names 2 classes, and its network has 1"),
        ({"channels": ["grey", "DAPI"]}, "it names 2 channels, and its network has 1"),
        ({"pixel_size_um": -1}, "pixel_size_um"),
        ({"network": {"architecture": "magic", "classes": 1}}, "architecture 'magic' is unknown"),
    ):
        (shared / "model.json").write_text(json.dumps({**content, **change}))
        with pytest.raises(SchemaError, match=message):
            finished.import_model(shared)
    content["network"]["width"] = 8
    (shared / "model.json").write_text(json.dumps(content))
    with pytest.raises(TrainingError, match="weights of model 'run-1' do not fit a U-Net of width 8"):
        finished.import_model(shared)
    content["network"]["width"] = 4
    other = save({k: v + 1 for k, v in tensors_of((shared / "model.safetensors").read_bytes(), "it").items()})
    (shared / "model.safetensors").write_bytes(other)
    (shared / "model.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match="another model 'run-1' in this project: give a name, as in name='run-1-2'"):
        finished.import_model(shared)
    assert finished.model("run-1") == info


def test_export_overwrites_nothing(finished: Project, info: ModelInfo, tmp_path: Path) -> None:
    mine = written(tmp_path / "full", "thesis.txt", b"mine")
    with pytest.raises(InputError, match="is not empty: give a new folder"):
        finished.export_model(info, tmp_path / "full")
    onnx = written(tmp_path, "m.onnx", b"mine")
    with pytest.raises(InputError, match=r"m\.onnx is there already: give a new file name"):
        finished.export_model(info, onnx)
    assert mine.read_bytes() == onnx.read_bytes() == b"mine"


def test_onnx_computes_the_same(finished: Project, info: ModelInfo, tmp_path: Path) -> None:
    import onnx
    import onnxruntime

    finished.export_model(info, tmp_path / "m.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    net = load_network(finished.store, info).cpu()
    for shape in ((1, 1, 16, 16), (3, 1, 64, 100)):
        image = np.random.default_rng(0).normal(size=shape).astype(np.float32)
        with torch.inference_mode():
            expected = net(torch.from_numpy(image)).numpy()
        np.testing.assert_allclose(session.run(["scores"], {"image": image})[0], expected, atol=1e-4)
    facts = {item.key: item.value for item in onnx.load(tmp_path / "m.onnx").metadata_props}
    assert facts["classes"] == "background, disc" and facts["pixel_size_um"] == "0.1"
    assert facts["weights_sha256"] == info.weights_sha256 and "multiples of 4" in facts["input"]


def test_onnx_that_differs_is_not_written(
    finished: Project, info: ModelInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnxruntime

    run = onnxruntime.InferenceSession.run
    monkeypatch.setattr(onnxruntime.InferenceSession, "run", lambda *given: [run(*given)[0] + 0.01])
    with pytest.raises(TrainingError, match="Model 'run-1' cannot be exported: in ONNX its scores differ by"):
        finished.export_model(info, tmp_path / "m.onnx")
    assert not (tmp_path / "m.onnx").exists()


def test_onnx_needs_its_extra(
    finished: Project, info: ModelInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r"Export to ONNX needs onnx: pip install 'axons\[onnx\]'"):
        finished.export_model(info, tmp_path / "m.onnx")


def test_models_of_earlier_versions_are_read(finished: Project, info: ModelInfo) -> None:
    spec = info.network.model_copy(update={"refine": False})  # the layers that refine came later
    weights = save(build(spec).state_dict())
    earlier = info.model_copy(update={"network": spec, "weights_sha256": hashlib.sha256(weights).hexdigest()})
    content = json.loads(earlier.encode())
    network = content.pop("network")
    content.pop("channels")
    old = {**content, "architecture": "UNet", "width": network["width"], "depth": network["depth"]}
    finished.store.write("models/run-1/model.safetensors", weights)
    finished.store.write("models/run-1/model.json", json.dumps(old).encode())
    assert finished.model("run-1") == earlier
    assert load_network(finished.store, finished.model("run-1")).divisor == 4


def test_networks_are_kept_by_their_weights(
    finished: Project, info: ModelInfo, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = cached_network(finished.store, info)
    assert cached_network(finished.store, info) is first
    assert load_network(finished.store, info) is not first  # one to go on training is nobody else's
    weights = save({k: (v + 1).contiguous() for k, v in first.state_dict().items()})
    finished.store.write("models/run-1/model.safetensors", weights)
    changed = info.model_copy(
        update={"weights_sha256": finished.store.content_sha256("models/run-1/model.safetensors")}
    )
    assert cached_network(finished.store, changed) is not first
    monkeypatch.setattr(model_files, "_CACHED", 1)
    assert cached_network(finished.store, changed) is cached_network(finished.store, changed)
    assert len(model_files._CACHE) == 1


def test_archives_that_only_look_like_weights(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("data.pkl", b"x")
    with pytest.raises(TrainingError, match="a pickle"):
        tensors_of((tmp_path / "a.zip").read_bytes(), "it")

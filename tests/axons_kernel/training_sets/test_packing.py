"""Packs: the same bytes each time, the same training elsewhere, and nothing that a forged one could do."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from axons_kernel.errors import InputError, StorageError
from axons_kernel.project import Project, open_project
from axons_kernel.storage import Store, s3_upload
from axons_kernel.training_sets.packing import MANIFEST
from axons_kernel.training_sets.training_set import TrainingSet

from ..networks import Network


@pytest.fixture
def made(project: Project, add_discs: Callable[..., str]) -> TrainingSet:
    names = [add_discs(project, name, seed=n) for n, name in enumerate("abc")]
    return project.create_training_set("first", images=names, validation=0.3)


def everything(project: Project) -> dict[str, bytes]:
    return {key: project.store.read(key) for key, _ in project.store.walk()}


def test_the_same_set_gives_the_same_bytes(project: Project, made: TrainingSet, tmp_path: Path) -> None:
    pack = project.pack_training_set(made)
    assert Path(pack.url).name == f"first-{made.content_sha256[:8]}.tar" and "exports/packs" in pack.url
    assert pack.sha256 == hashlib.sha256(Path(pack.url).read_bytes()).hexdigest()
    image = project.image("a")  # what teaches nothing may change meanwhile
    image.save_annotation(image.annotation().__class__(image.annotation().labels, "a.png", ("finished",)))
    os.utime(project.store.path("images/a/image.tif"), (0, 0))
    image.save_annotation(image.annotation().__class__(image.annotation().labels, image.info.source_name))
    assert project.pack_training_set("first", tmp_path / "there").sha256 == pack.sha256
    assert members(Path(pack.url).read_bytes())[-1][0].name == "training_sets/first.json"


def test_a_pack_trains_to_the_same_bits(project: Project, made: TrainingSet, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from axons_kernel.training.config import TrainingConfig

    there = open_project(tmp_path / "host")
    assert there.unpack_training_set(project.pack_training_set(made).url) == made
    assert [c.colour for c in there.classes] == [c.colour for c in project.classes] and there.check() == []
    config = TrainingConfig(epochs=1, batch=2, crop=64, width=4, depth=2)
    weights = []
    for one in (project, there):
        run = one.train("first", config, on="inline", name="r")
        weights.append(one.store.read(f"models/{run.best.name}/model.safetensors"))
    assert weights[0] == weights[1]


def test_what_is_loaded_is_the_same(project: Project, made: TrainingSet, tmp_path: Path) -> None:
    there = open_project(tmp_path / "host")
    there.unpack_training_set(project.pack_training_set(made).url)
    for image in project.images():
        np.testing.assert_array_equal(there.image(image.name).pixels(), image.pixels())
        np.testing.assert_array_equal(there.image(image.name).mask(), image.mask())


def test_unpacking_again_changes_nothing_and_goes_on(project: Project, made: TrainingSet, tmp_path: Path) -> None:
    pack, there = project.pack_training_set(made), open_project(tmp_path / "host")
    there.unpack_training_set(pack.url, sha256=pack.sha256)
    before = everything(there)
    for key in ("training_sets/first.json", "images/b/image.tif", "annotations/c__labels.json"):  # as if it was killed
        there.store.remove(key)
    there.unpack_training_set(pack.url)
    assert everything(there) == before
    assert there.create_training_set is not None and project.unpack_training_set(pack.url) == made


@pytest.mark.parametrize("after", range(9))
def test_unpacking_that_stops_anywhere_leaves_a_sound_project(
    project: Project, made: TrainingSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    pack, there = project.pack_training_set(made), open_project(tmp_path / "host")
    write, count = Store.write_pieces, iter(range(99))

    def stopping(self: Store, key: str, pieces: Iterable[bytes]) -> None:
        if next(count) == after:
            pieces = (_ for _ in [next(iter(pieces))] if not _stop())
        write(self, key, pieces)

    monkeypatch.setattr(Store, "write_pieces", stopping)
    with pytest.raises(KeyboardInterrupt):
        there.unpack_training_set(pack.url)
    monkeypatch.undo()
    assert there.check() == [] and there.training_sets() == [] and len(there.images()) == (after + 1) // 3
    assert there.unpack_training_set(pack.url) == made and there.check() == []


def _stop() -> bool:
    raise KeyboardInterrupt


def test_other_work_of_the_same_name_is_kept(
    project: Project, made: TrainingSet, add_discs: Callable[..., str], tmp_path: Path
) -> None:
    pack, there = project.pack_training_set(made), open_project(tmp_path / "host")
    add_discs(there, "b", seed=9)
    before = everything(there)
    with pytest.raises(InputError, match=r"has another 'b' \(images/b/image\.tif\), so nothing was unpacked"):
        there.unpack_training_set(pack.url)
    assert everything(there) == before


def test_labels_that_have_changed_are_not_packed(project: Project, made: TrainingSet) -> None:
    image = project.image("b")
    image.save_annotation(image.annotation().without([image.annotation().labels[0].object_id]))
    with pytest.raises(InputError, match="The labels of b have changed since training set 'first' was made"):
        project.pack_training_set(made)
    assert not project.store.exists("exports")


# -- damaged and forged ----------------------------------------------------------------------------------------------


def members(pack: bytes) -> list[tuple[tarfile.TarInfo, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(pack)) as tar:
        return [(member, tar.extractfile(member).read()) for member in tar]  # type: ignore[union-attr]


def repacked(content: list[tuple[tarfile.TarInfo, bytes]], **options: Any) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=options.pop("mode", "w"), format=tarfile.USTAR_FORMAT, **options) as tar:
        for header, data in content:
            header.size = len(data) if header.type == tarfile.REGTYPE else 0
            tar.addfile(header, io.BytesIO(data))
    return buffer.getvalue()


def with_manifest(content: list[tuple[tarfile.TarInfo, bytes]], change: Callable[[Any], object]) -> bytes:
    manifest = json.loads(content[0][1])
    change(manifest)
    return repacked([(content[0][0], json.dumps(manifest).encode()), *content[1:]])


def replaced(
    content: list[tuple[tarfile.TarInfo, bytes]], number: int, name: str, kind: bytes = tarfile.REGTYPE
) -> bytes:
    header = tarfile.TarInfo(name)
    header.type, header.linkname = kind, "/etc/passwd" if kind != tarfile.REGTYPE else ""
    changed = [*content]
    changed[number] = (header, content[number][1])
    return repacked(changed)


def moved(key: str) -> Callable[[Any], object]:
    return lambda manifest: manifest["files"][0].update(key=key)


def traversal(content: list[tuple[tarfile.TarInfo, bytes]], key: str) -> bytes:
    """Manifest and header agree on a place outside."""
    header = tarfile.TarInfo(key)
    return with_manifest([content[0], (header, content[1][1]), *content[2:]], moved(key))


FORGED: dict[str, tuple[Callable[[list[tuple[tarfile.TarInfo, bytes]]], bytes], str]] = {
    "up": (lambda c: traversal(c, "../../evil.sh"), "'../../evil.sh' is no place for a file"),
    "absolute": (lambda c: traversal(c, "/tmp/evil"), "'/tmp/evil' is no place for a file"),
    "hidden": (lambda c: traversal(c, "images/../../x/image.tif"), "is no place for a file"),
    "other key": (lambda c: traversal(c, "project.json"), "'project.json' is no place for a file"),
    "run": (lambda c: traversal(c, "runs/r/config.json"), "is no place for a file"),
    "other name": (lambda c: replaced(c, 1, "images/x/image.tif"), "stands where images/a/image.tif should be"),
    "symlink": (lambda c: replaced(c, 1, c[1][0].name, tarfile.SYMTYPE), "is no plain file"),
    "hard link": (lambda c: replaced(c, 1, c[1][0].name, tarfile.LNKTYPE), "is no plain file"),
    "device": (lambda c: replaced(c, 1, c[1][0].name, tarfile.CHRTYPE), "is no plain file"),
    "sparse": (lambda c: replaced(c, 1, c[1][0].name, tarfile.GNUTYPE_SPARSE), "is no plain file"),
    "long header": (lambda c: replaced(c, 0, MANIFEST, tarfile.GNUTYPE_LONGNAME), "is no plain file"),
    "compressed": (lambda c: repacked(c, mode="w:gz"), "a header cannot be read"),
    "twice": (lambda c: repacked([*c, c[-1]]), "something comes after its last file"),
    "one more told": (lambda c: with_manifest(c, lambda m: m["files"].append(m["files"][0])), "is no place for a file"),
    "one less": (lambda c: repacked(c[:-1]), "a header cannot be read"),
    "pixels": (lambda c: repacked([*c[:1], (c[1][0], c[1][1][:-1] + b"x"), *c[2:]]), "has another sha256"),
    "larger than told": (lambda c: repacked([*c[:1], (c[1][0], c[1][1] + bytes(9)), *c[2:]]), "has another size"),
    "another set": (
        lambda c: with_manifest(c, lambda m: m.update(content_sha256="0" * 64)),
        "its training set is another",
    ),
    "no manifest": (lambda c: repacked(c[1:]), "'images/a/image.tif' stands where pack.json should be"),
    "newer": (lambda c: with_manifest(c, lambda m: m.update(schema="axons.pack/9")), "was written by a newer Axons"),
    "empty": (lambda c: b"", "it is cut off"),
    "zeros": (lambda c: bytes(10240), "a header cannot be read"),
    "text": (lambda c: b"hello" * 1000, "a header cannot be read"),
}


@pytest.mark.parametrize("kind", FORGED)
def test_forged_packs_are_refused(project: Project, made: TrainingSet, tmp_path: Path, kind: str) -> None:
    forge, message = FORGED[kind]
    pack = Path(project.pack_training_set(made).url)
    pack.write_bytes(forge(members(pack.read_bytes())))
    there = open_project(tmp_path / "host")
    before = everything(there)
    with pytest.raises(InputError, match="is no pack of a training set, or was changed") as caught:
        there.unpack_training_set(pack)
    assert message in str(caught.value)
    assert everything(there) == before and sorted(p.name for p in tmp_path.iterdir()) == ["host", "project"]


def test_labels_and_hashes_must_agree(project: Project, made: TrainingSet, tmp_path: Path) -> None:
    """Labels that were changed, with the manifest made to fit: the set knows better."""
    pack = Path(project.pack_training_set(made).url)
    content = members(pack.read_bytes())
    number = next(n for n, (header, _) in enumerate(content) if header.name == "annotations/a__labels.json")
    data = content[number][1].replace(b'"disc"', b'"dish"', 1)
    content[number] = (content[number][0], data)

    def fit(manifest: Any) -> None:
        manifest["files"][number - 1].update(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))

    pack.write_bytes(with_manifest(content, fit))
    with pytest.raises(InputError, match="has other labels than the set was made from"):
        open_project(tmp_path / "host").unpack_training_set(pack)


@pytest.mark.parametrize("share", [0.001, 0.3, 0.7, 0.99])
def test_a_pack_that_is_cut_off(project: Project, made: TrainingSet, tmp_path: Path, share: float) -> None:
    pack = Path(project.pack_training_set(made).url)
    data = pack.read_bytes().rstrip(b"\0")
    pack.write_bytes(data[: int(share * len(data))])
    there = open_project(tmp_path / "host")
    with pytest.raises(InputError, match=r"or was changed \((it is cut off|.* another sha256|a header cannot be read)"):
        there.unpack_training_set(pack)
    assert [key for key, _ in there.store.walk()] == ["project.json"]


def test_another_checksum_is_told(project: Project, made: TrainingSet, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="its sha256 is another"):
        open_project(tmp_path / "host").unpack_training_set(project.pack_training_set(made).url, sha256="0" * 64)


def test_an_upload_that_is_cut_goes_on(
    project: Project, s3_url: str, network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pack of 21 MB goes in parts of 8 MB; of those that have come, none is sent again."""
    monkeypatch.setenv("AXONS_S3_TIMEOUT_S", "2")
    monkeypatch.setattr(s3_upload, "_AT_ONCE", 1)
    pixels = np.random.default_rng(0).integers(0, 256, (4600, 4600), np.uint8)
    image = project.import_image(pixels, name="a", pixel_size_um=0.1)
    project.tile(image, size=512)
    mask = np.zeros(pixels.shape, np.uint8)
    mask[100:300, 100:300] = mask[4000:4200, 4000:4200] = 1
    project.import_mask(image, mask, ["disc"])
    made = project.create_training_set("big", images=["a"])
    network.up_limit = 18 << 20
    with pytest.raises(StorageError):
        project.pack_training_set(made, s3_url, progress=False)
    network.up, network.up_limit = 0, None
    store = Store(s3_url)
    assert len(store.unfinished_uploads(0)) == 1
    pack = project.pack_training_set(made, s3_url, progress=False)
    assert network.up < 12 << 20 and store.unfinished_uploads(0) == []
    network.up = 0
    assert project.pack_training_set(made, s3_url, progress=False) == pack and network.up < 1 << 20
    there = open_project(tmp_path / "host")
    assert there.unpack_training_set(pack.url, sha256=pack.sha256) == made

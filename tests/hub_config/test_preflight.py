"""What stops a start, in words; and that checking writes nothing."""

import errno
import os
import shutil
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest

from hub_config import preflight
from hub_config.errors import HubConfigError
from hub_config.preflight import PreflightError
from hub_config.settings import Settings
from hub_config.settings_reader import read_settings


@pytest.fixture
def parts(tmp_path: Path) -> dict[str, str]:
    """An environment in which everything that the hub needs is there."""
    for name in ("proxy.js", "tour.ipynb"):
        (tmp_path / name).touch()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {
        "AXONS_HUB__PORT": str(port),
        "AXONS_HUB__STATE_FOLDER": str(tmp_path / "new" / "state"),
        "AXONS_HUB__PROXY_COMMAND": str(tmp_path / "proxy.js"),
        "AXONS_SPAWNER__TOUR_NOTEBOOK": str(tmp_path / "tour.ipynb"),
    }


def check(environ: dict[str, str]) -> Settings:
    settings = read_settings(environ)
    preflight.check(settings)
    return settings


def test_all_is_well_and_nothing_is_written(parts: dict[str, str], tmp_path: Path) -> None:
    check(parts)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        (
            "AXONS_HUB__PROXY_COMMAND",
            "/no/proxy",
            "configurable-http-proxy is not at /no/proxy; run make to install it",
        ),
        ("AXONS_SPAWNER__TOUR_NOTEBOOK", "/no/tour", "the tour notebook is not at /no/tour; install Axons again"),
        ("AXONS_HUB__ADDRESS", "127.0.0.1", None),
        ("AXONS_HUB__STATE_FOLDER", "/proc/x", "choose another"),
    ],
)
def test_what_is_missing_is_named(parts: dict[str, str], variable: str, value: str, message: str | None) -> None:
    environ = {**parts, variable: value}
    if message is None:
        check(environ)
    elif not (variable.endswith("STATE_FOLDER") and os.access("/proc", os.W_OK)):
        with pytest.raises(HubConfigError) as caught:
            check(environ)
        assert message in str(caught.value)


def test_a_file_in_the_way_of_the_state_folder_is_named(parts: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "new").touch()
    with pytest.raises(PreflightError, match=r"cannot be a folder: .*/new is a file; choose another with --state DIR"):
        check(parts)


def test_a_port_in_use_names_the_next_one(parts: dict[str, str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(parts["AXONS_HUB__PORT"])))
        other.listen()
        with pytest.raises(PreflightError) as caught:
            check(parts)
    port = int(parts["AXONS_HUB__PORT"])
    assert f"port {port} on 127.0.0.1 is in use" in str(caught.value)
    assert f"axons hub --port {port + 1} (or: make run PORT={port + 1})" in str(caught.value)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(PreflightError, match=r"192\.0\.2\.1 is not an address of this machine"):
        preflight.check_port("192.0.2.1", 8000)


def test_a_port_below_1024_says_why() -> None:
    sentence = preflight._port_sentence("127.0.0.1", 80, OSError(errno.EACCES, "Permission denied"))
    assert sentence.startswith("port 80 needs more rights than you have")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(PreflightError, match=f"cannot write in {tmp_path}; choose another folder with: axons hub"):
        preflight.check_writable(tmp_path / "a" / "b")


def test_a_full_disk_is_told_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=5 * 2**20))
    with pytest.raises(PreflightError, match=f"the disk of {tmp_path} has 5 MiB free, and a hub needs 100 to start"):
        preflight.check_writable(tmp_path / "state")


def test_missing_packages_are_named_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "NEEDED_PACKAGES", ("json", "surely_not_there"))
    with pytest.raises(
        PreflightError, match=r"not installed: surely_not_there; run: pip install 'axons\[hub,widget\]'"
    ):
        preflight.check_packages()


def test_free_ports_differ() -> None:
    assert len(set(preflight.free_ports(5))) == 5

"""LocalSpawner without a hub: its environment, its hooks and its refusals."""

import asyncio
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("jupyterhub")

from jupyterhub.spawner import SimpleLocalProcessSpawner, SpawnException
from traitlets.config import Config

from hub_config.profiles import DEFAULT_PROFILES
from spawners.local import LocalSpawner, apply_profile


@pytest.fixture
def spawner(tmp_path: Path) -> Any:
    """A spawner of user `../ana`, in group student."""
    (tmp_path / "tour.ipynb").write_text("{}")
    c = Config()
    c.LocalSpawner.home_folder = str(tmp_path / "home")
    c.LocalSpawner.tour_notebook = str(tmp_path / "tour.ipynb")
    c.LocalSpawner.profiles = list(DEFAULT_PROFILES)
    user = SimpleNamespace(name="../ana", groups=[SimpleNamespace(name="student")])
    return LocalSpawner(config=c, user=user)


def test_a_home_cannot_leave_its_folder(spawner: Any, tmp_path: Path) -> None:
    assert spawner.home_dir == str(tmp_path / "home" / "%2E.%2Fana")


def test_options_are_reduced_to_the_profile(spawner: Any) -> None:
    apply_profile(spawner, {})
    assert spawner.user_options == {"profile": "cpu"}
    apply_profile(spawner, {"profile": "gpu"})
    assert spawner.user_options == {"profile": "gpu"}


@pytest.mark.parametrize("options", [{"profile": "x"}, {"image": "x"}, {"profile": "cpu", "cmd": "x"}])
def test_undeclared_options_are_a_policy_failure_with_status_400(spawner: Any, options: dict[str, str]) -> None:
    with pytest.raises(SpawnException) as caught:
        asyncio.run(spawner._run_apply_user_options(options))
    assert caught.value.status_code == 400
    assert caught.value.reason in ("unknown-profile", "unknown-option")
    assert spawner.user_options == {}


def test_the_form_is_built_for_the_user(spawner: Any) -> None:
    form = asyncio.run(spawner.get_options_form())
    assert 'value="cpu" checked' in form
    assert 'value="gpu"' in form


def test_a_stale_process_id_is_forgotten(spawner: Any) -> None:
    spawner.load_state({"pid": os.getpid()})
    assert spawner.pid == 0
    assert asyncio.run(spawner.poll()) == 0


def test_the_hubs_own_environment_stays_with_the_hub(spawner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFIGPROXY_AUTH_TOKEN", "secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("PYTHONPATH", "/tmp")
    assert set(spawner.env_keep) == {"LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ"}
    env = spawner.user_env({})
    assert env["PATH"].split(os.pathsep)[0] == str(Path(sys.prefix) / "bin")
    assert env["HOME"] == spawner.home_dir
    assert "secret" not in env.values()


def test_root_is_allowed_only_when_the_hub_is_root(spawner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert spawner.get_args()[-1] == "--allow-root"
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "--allow-root" not in spawner.get_args()


def test_a_home_that_cannot_be_made_is_a_clear_refusal(spawner: Any, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    with pytest.raises(SpawnException, match="home") as caught:
        asyncio.run(spawner.start())
    assert caught.value.message.startswith("Your home folder could not be prepared: ")
    assert caught.value.status_code == 500


def test_a_server_that_ends_at_once_is_reported_at_once(
    spawner: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def start(self: Any) -> tuple[str, int]:
        return "127.0.0.1", 1  # nothing listens on port 1

    async def poll() -> int:
        return 3

    monkeypatch.setattr(SimpleLocalProcessSpawner, "start", start)
    monkeypatch.setattr(spawner, "poll", poll)
    with pytest.raises(SpawnException) as caught:
        asyncio.run(spawner.start())
    assert "Your server ended at once (exit status 3)" in caught.value.message

"""Each configure function on a bare Config(): one trait, one assertion. No hub, no files."""

from collections.abc import Callable
from pathlib import Path

import pytest
from traitlets.config import Config

from hub_config import configure
from hub_config.authenticator import AxonsAuthenticator
from hub_config.settings import Settings
from hub_config.settings_reader import read_settings
from spawners.local import LocalSpawner

LOGINS = {"student": "s", "instructor": "i", "admin": "a"}


def settings(**environ: str) -> Settings:
    base = {"AXONS_HUB__STATE_FOLDER": "/srv/state", "AXONS_SPAWNER__TOUR_NOTEBOOK": "/srv/tour.ipynb"}
    return read_settings({**base, **environ})


def configured(function: Callable[..., None], *more: object, **environ: str) -> Config:
    c = Config()
    function(c, settings(**environ), *more)
    return c


def test_only_the_public_address_can_leave_loopback() -> None:
    c = configured(
        configure.configure_network,
        ["node", "proxy.js"],
        "t0ken",
        AXONS_HUB__ADDRESS="0.0.0.0",
        AXONS_HUB__ALLOW_OTHER_MACHINES="true",
        AXONS_HUB__HUB_PORT="5001",
        AXONS_HUB__PROXY_PORT="5002",
    )
    assert c.JupyterHub.bind_url == "http://0.0.0.0:8000"
    assert c.JupyterHub.hub_bind_url == "http://127.0.0.1:5001"
    assert c.ConfigurableHTTPProxy.api_url == "http://127.0.0.1:5002"
    assert c.ConfigurableHTTPProxy.auth_token == "t0ken"
    assert c.ConfigurableHTTPProxy.pid_file == "/srv/state/proxy.pid"


def test_the_proxy_dies_with_the_hub_and_its_token_is_not_in_its_command() -> None:
    c = configured(configure.configure_network, ["node", "proxy.js"], "t0ken")
    command = c.ConfigurableHTTPProxy.command
    assert command[-2:] == ["node", "proxy.js"]
    assert command[2].endswith("die_with_parent.py")
    assert "t0ken" not in command


def test_the_database_is_in_the_state_folder() -> None:
    assert configured(configure.configure_database).JupyterHub.db_url == "sqlite:////srv/state/hub.sqlite"


def test_sign_up_is_closed_and_accounts_are_locked_after_failures() -> None:
    c = configured(configure.configure_authenticator, LOGINS, AXONS_LOGIN__LOCKOUT_S="30")
    assert c.JupyterHub.authenticator_class is AxonsAuthenticator
    assert c.NativeAuthenticator.enable_signup is False
    assert c.NativeAuthenticator.open_signup is False
    assert c.NativeAuthenticator.allowed_failed_logins == 5
    assert c.NativeAuthenticator.seconds_before_next_try == 30


def test_demo_logins_are_set_or_retired() -> None:
    on = configured(configure.configure_authenticator, LOGINS)
    assert (on.AxonsAuthenticator.demo_logins, on.AxonsAuthenticator.retired_demo_logins) == (LOGINS, {})
    assert on.Authenticator.admin_users == {"admin"}
    off = configured(configure.configure_authenticator, LOGINS, AXONS_LOGIN__DEMO_LOGINS="false")
    assert (off.AxonsAuthenticator.demo_logins, off.AxonsAuthenticator.retired_demo_logins) == ({}, LOGINS)
    assert off.Authenticator.admin_users == set()


def test_the_groups_hold_only_demo_users() -> None:
    groups = configured(configure.configure_groups).JupyterHub.load_groups
    assert {name: group["users"] for name, group in groups.items()} == {
        "student": ["student"],
        "instructor": ["instructor"],
        "course-admin": ["admin"],
    }
    off = configured(configure.configure_groups, AXONS_LOGIN__DEMO_LOGINS="false").JupyterHub.load_groups
    assert all(group["users"] == [] for group in off.values())


def test_the_culler_has_its_times_and_the_least_scopes() -> None:
    c = configured(configure.configure_services, AXONS_CULLING__IDLE_S="600", AXONS_CULLING__MAX_AGE_S="7200")
    (service,) = c.JupyterHub.services
    assert {"--timeout=600", "--cull-every=300", "--max-age=7200"} <= set(service["command"])
    assert "admin" not in service
    (role,) = c.JupyterHub.load_roles
    assert role["services"] == [service["name"]]
    assert set(role["scopes"]) == {"list:users", "read:users:activity", "read:servers", "delete:servers"}


def test_servers_are_local_start_in_lab_and_stop_with_the_hub() -> None:
    c = configured(configure.configure_spawner)
    assert c.JupyterHub.spawner_class is LocalSpawner
    assert c.JupyterHub.cleanup_servers is True
    assert c.Spawner.default_url == "/lab"
    assert c.Spawner.disable_user_config is True
    assert c.LocalSpawner.home_folder == "/srv/state/home"
    assert c.LocalSpawner.tour_notebook == "/srv/tour.ipynb"
    assert [profile.slug for profile in c.LocalSpawner.profiles] == ["cpu", "gpu"]


def test_server_tokens_never_inherit() -> None:
    c = configured(configure.configure_tokens)
    assert c.Spawner.server_token_scopes == ["users:activity!user", "access:servers!server"]
    assert c.JupyterHub.oauth_require_pkce is True


def test_cookies_are_closed_to_scripts_and_other_sites() -> None:
    c = configured(configure.configure_cookies)
    assert c.JupyterHub.cookie_secret_file == "/srv/state/cookie_secret"
    assert c.JupyterHub.tornado_settings["cookie_options"] == {"httponly": True, "samesite": "Lax"}


def test_limits() -> None:
    c = configured(configure.configure_limits, AXONS_SPAWNER__CONCURRENT_LIMIT="7")
    assert c.JupyterHub.concurrent_spawn_limit == 7
    assert c.JupyterHub.allow_named_servers is False


def test_functions_set_and_never_append() -> None:
    c = Config()
    for _ in range(2):
        configure.configure_services(c, settings())
        configure.configure_groups(c, settings())
    assert len(c.JupyterHub.services) == len(c.JupyterHub.load_roles) == 1


@pytest.mark.parametrize("name", ["jupyterhub_config.py"])
def test_the_configuration_file_stays_short(name: str) -> None:
    assert len((Path(configure.__file__).parent / name).read_text().splitlines()) <= 60

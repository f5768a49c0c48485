"""From settings to JupyterHub's configuration: one function per concern, each only SETS values on `c`.

Nothing here reads the environment, opens a file or appends to what is there, so every function is tested on a bare
traitlets `Config()`. Secrets come in as arguments.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from traitlets.config import Config

from hub_config.authenticator import AxonsAuthenticator
from hub_config.demo_logins import DEMO_GROUPS
from hub_config.settings import Settings
from hub_config.state import StateFolder
from spawners.die_with_parent import tied_command
from spawners.local import LocalSpawner

CULLER = "idle-culler"

# What a student's server may do with its own token, and nothing else (never `inherit`): report that it is in use
# (the one scope without which no server runs), and be reached by code in its own notebooks. A browser needs neither:
# it comes with its user's own token. Tried on JupyterHub 6.1.1 with JupyterLab 4.6.
SERVER_TOKEN_SCOPES = ("users:activity!user", "access:servers!server")

# What the culler needs to find and stop idle servers, as its README lists them; it deletes no users.
CULLER_SCOPES = ("list:users", "read:users:activity", "read:servers", "delete:servers")

TOKEN_LIFETIME_S = 90 * 24 * 3600


def configure_network(c: Config, settings: Settings, proxy_command: Sequence[str | Path], proxy_token: str) -> None:
    """Public address, the hub's and the proxy's inner ports (loopback only), and how the proxy is started."""
    host = f"[{settings.hub.address}]" if ":" in settings.hub.address else settings.hub.address
    c.JupyterHub.bind_url = f"http://{host}:{settings.hub.port}"
    c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{settings.hub.hub_port}"
    c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{settings.hub.proxy_port}"
    c.ConfigurableHTTPProxy.auth_token = proxy_token
    c.ConfigurableHTTPProxy.command = tied_command(*proxy_command)
    c.ConfigurableHTTPProxy.pid_file = str(StateFolder.of(settings).proxy_pid)


def configure_database(c: Config, settings: Settings) -> None:
    """SQLite in the state folder; a new JupyterHub version upgrades it at start, after a backup."""
    c.JupyterHub.db_url = f"sqlite:///{StateFolder.of(settings).database}"
    c.JupyterHub.upgrade_db = True


def configure_authenticator(c: Config, settings: Settings, logins: Mapping[str, str]) -> None:
    """Passwords, closed sign-up, lock-out. `logins` are the demo logins, which are retired if the setting is off."""
    demo = settings.login.demo_logins
    c.JupyterHub.authenticator_class = AxonsAuthenticator
    c.Authenticator.allow_all = True  # whoever has an account may log in; accounts cannot be made by signing up
    c.Authenticator.admin_users = {"admin"} if demo else set()
    c.AxonsAuthenticator.demo_logins = dict(logins) if demo else {}
    c.AxonsAuthenticator.retired_demo_logins = {} if demo else dict(logins)
    c.NativeAuthenticator.enable_signup = False
    c.NativeAuthenticator.open_signup = False
    c.NativeAuthenticator.check_common_password = True
    c.NativeAuthenticator.minimum_password_length = 12
    c.NativeAuthenticator.allowed_failed_logins = settings.login.failed_logins
    c.NativeAuthenticator.seconds_before_next_try = settings.login.lockout_s


def configure_groups(c: Config, settings: Settings) -> None:
    """The three groups. JupyterHub only ever adds from this list, so it holds the demo users and nobody else."""
    demo = settings.login.demo_logins
    c.JupyterHub.load_groups = {
        group: {"users": [user] if demo else [], "properties": {}} for user, group in DEMO_GROUPS.items()
    }


def configure_services(c: Config, settings: Settings) -> None:
    """The idle culler and the least role it can work with. This function owns `services` and `load_roles`."""
    command = [
        *(sys.executable, "-m", "jupyterhub_idle_culler"),
        f"--timeout={settings.culling.idle_s}",
        f"--cull-every={settings.culling.every_s}",
        f"--max-age={settings.culling.max_age_s}",
        "--config=",  # else it would load idle_culler_config.py from whatever folder it is started in
    ]
    c.JupyterHub.services = [{"name": CULLER, "command": tied_command(*command)}]
    c.JupyterHub.load_roles = [{"name": CULLER, "scopes": list(CULLER_SCOPES), "services": [CULLER]}]


def configure_spawner(c: Config, settings: Settings) -> None:
    """Local servers: JupyterLab, one home per user, one profile per start; stopped with the hub."""
    c.JupyterHub.spawner_class = LocalSpawner
    c.JupyterHub.cleanup_servers = True
    c.JupyterHub.cleanup_proxy = True
    c.Spawner.cmd = [str(Path(sys.prefix) / "bin" / "jupyterhub-singleuser")]
    c.Spawner.default_url = "/lab"
    c.Spawner.disable_user_config = True  # a file in the home must not change how the server itself is set up
    c.Spawner.start_timeout = settings.spawner.start_timeout_s
    c.Spawner.http_timeout = settings.spawner.start_timeout_s
    c.LocalProcessSpawner.interrupt_timeout = 10
    c.LocalProcessSpawner.term_timeout = 5
    c.LocalSpawner.home_folder = str(StateFolder.of(settings).home)
    c.LocalSpawner.tour_notebook = str(settings.spawner.tour_notebook)
    c.LocalSpawner.profiles = list(settings.profiles)


def configure_tokens(c: Config, settings: Settings) -> None:
    """Short scopes for the servers' tokens, an end for every other token, PKCE for every OAuth log-in."""
    c.Spawner.server_token_scopes = list(SERVER_TOKEN_SCOPES)
    c.JupyterHub.token_expires_in_max_seconds = TOKEN_LIFETIME_S
    c.JupyterHub.oauth_require_pkce = True


def configure_cookies(c: Config, settings: Settings) -> None:
    """Where the cookie secret is, and what browsers may do with our cookies.

    `Secure` and the `__Host-` prefix need https, which a hub on loopback does not have; JupyterHub adds `Secure`
    itself where it is reached by https.
    """
    c.JupyterHub.cookie_secret_file = str(StateFolder.of(settings).cookie_secret)
    c.JupyterHub.cookie_max_age_days = 7
    c.JupyterHub.tornado_settings = {"cookie_options": {"httponly": True, "samesite": "Lax"}}


def configure_limits(c: Config, settings: Settings) -> None:
    """How much happens at once, and what a user cannot do."""
    c.JupyterHub.concurrent_spawn_limit = settings.spawner.concurrent_limit
    c.JupyterHub.allow_named_servers = False
    c.JupyterHub.shutdown_on_logout = False
    c.Spawner.consecutive_failure_limit = 0  # one student's broken home must not stop the hub for everybody

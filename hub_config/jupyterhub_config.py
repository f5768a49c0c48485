"""The configuration file that JupyterHub loads: read the settings and the secrets once, then configure each concern.

Started by `axons hub`, which has checked everything and made the secrets. The settings come by the environment.
"""

import os

from hub_config import configure
from hub_config.demo_logins import read_demo_logins
from hub_config.node import node_binary, proxy_script
from hub_config.secrets_store import read_secret
from hub_config.settings_reader import read_settings
from hub_config.state import StateFolder

c = get_config()  # type: ignore[name-defined]  # noqa: F821  JupyterHub puts it there

settings = read_settings(os.environ)
state = StateFolder.of(settings)
logins = read_demo_logins(state.demo_logins) if state.demo_logins.exists() else {}

configure.configure_network(
    c,
    settings,
    proxy_command=[node_binary(), proxy_script(settings.hub.proxy_command)],
    proxy_token=read_secret(state.proxy_token),
)
configure.configure_database(c, settings)
configure.configure_authenticator(c, settings, logins)
configure.configure_groups(c, settings)
configure.configure_services(c, settings)
configure.configure_spawner(c, settings)
configure.configure_tokens(c, settings)
configure.configure_cookies(c, settings)
configure.configure_limits(c, settings)

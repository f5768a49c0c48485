"""LocalSpawner: each student's server is a process on the hub's own machine. For trying Axons out, not for a class.

What local mode does NOT protect: every server runs as the same system user as the hub. Whoever can run a notebook can
read and change every other user's files, read the hub's secrets, and use all memory and cores; the limits of a
profile are not enforced. The log-in, the profiles and the scopes of the tokens are the same as with containers.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jupyterhub.spawner import SimpleLocalProcessSpawner, SpawnException
from traitlets import List, Unicode, default

from spawners import options
from spawners.die_with_parent import tie_to_parent
from spawners.homes import home_folder_name, prepare_home

LISTEN_POLL_S = 0.2


class LocalSpawner(SimpleLocalProcessSpawner):  # type: ignore[misc]  # jupyterhub has no types
    """Starts servers as local processes that die with the hub, in private home folders, by profile."""

    home_folder = Unicode(
        config=True,
        help="The folder that holds one home folder per user (mode 0700). Example: /srv/axons/home",
    )
    tour_notebook = Unicode(
        config=True,
        help="The notebook that is put into a new home as tour.ipynb. An existing file is never replaced.",
    )
    profiles: List[Any] = List(
        config=True,
        help="The profile table: objects with slug, display_name, description, default, allowed_groups.",
    )

    @default("home_dir")
    def _default_home_dir(self) -> str:
        return str(Path(self.home_folder) / home_folder_name(self.user.name))

    @default("options_form")
    def _default_options_form(self) -> Callable[["LocalSpawner"], str]:
        return lambda spawner: options.options_form(spawner.profiles, spawner.group_names())

    @default("options_from_form")
    def _default_options_from_form(self) -> Callable[[Mapping[str, list[str]]], dict[str, object]]:
        return options.options_from_form

    @default("apply_user_options")
    def _default_apply_user_options(self) -> Callable[["LocalSpawner", Mapping[str, object]], None]:
        return apply_profile

    @default("env_keep")
    def _default_env_keep(self) -> list[str]:
        # Shorter than JupyterHub's list: a server needs its language and time zone, nothing else of the hub's own.
        return ["LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ"]

    def group_names(self) -> list[str]:
        """The groups of the user who owns this server."""
        return [group.name for group in self.user.groups]

    def load_state(self, state: dict[str, Any]) -> None:
        """Forget the process id of the run before: a local server never outlives its hub.

        The number in the database may belong to any other process by now, which JupyterHub would signal.
        """
        super().load_state({key: value for key, value in state.items() if key != "pid"})

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        """The environment of the user's own: home, profile, and the Python environment of the hub first on the PATH."""
        env = super().user_env(env)
        env["PATH"] = os.pathsep.join([str(Path(sys.prefix) / "bin"), os.environ.get("PATH", os.defpath)])
        env["AXONS_PROFILE"] = str(self.user_options.get(options.KEY, ""))
        return env

    def make_preexec_fn(self, name: str) -> Callable[[], None]:
        """Enter the home and tie the server to the hub. Unlike the parent class, a missing home stops the start."""
        home = self.home_dir

        def preexec() -> None:
            tie_to_parent()
            os.umask(0o077)
            os.chdir(home)

        return preexec

    def get_args(self) -> list[str]:
        """The server's arguments. A hub that runs as root (in a container, on a test machine) has no other user."""
        arguments: list[str] = super().get_args()
        return [*arguments, "--allow-root"] if os.geteuid() == 0 else arguments

    async def start(self) -> tuple[str, int]:
        """Prepare the home, start, and wait until the server listens.

        Raises `SpawnException` if the home cannot be prepared or the server ends at once (JupyterHub itself would
        wait for it until the time is over).
        """
        try:
            prepare_home(Path(self.home_dir), Path(self.tour_notebook))
        except OSError as error:
            raise SpawnException(
                f"Your home folder could not be prepared: {error.strerror}. Tell the person who runs the hub.",
                reason="home",
                log_message=f"cannot prepare {self.home_dir} with {self.tour_notebook}: {error}",
                status_code=500,
            ) from error
        address: tuple[str, int] = await super().start()
        while not await _listens(*address):
            status = await self.poll()
            if status is not None:
                raise SpawnException(
                    f"Your server ended at once (exit status {status}). Tell the person who runs the hub: "
                    "the reason is in the hub's log.",
                    reason="ended",
                    status_code=500,
                )
            await asyncio.sleep(LISTEN_POLL_S)
        return address


async def _listens(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True


def apply_profile(spawner: LocalSpawner, user_options: Mapping[str, object]) -> None:
    """Check the options and keep the chosen profile, and only that, as the server's options.

    JupyterHub calls this for every start, by form or by REST. Raises `SpawnException` (400) for anything undeclared.
    """
    try:
        profile = options.choose_profile(spawner.profiles, user_options, spawner.group_names())
    except options.OptionsError as error:
        raise SpawnException(str(error), reason=error.reason) from error
    spawner.user_options = {options.KEY: profile.slug}

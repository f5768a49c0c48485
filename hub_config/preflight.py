"""What must be true before a hub can start. Checks only: nothing is written, so a refusal leaves no trace."""

import errno
import importlib.util
import os
import shutil
import socket
from pathlib import Path

from hub_config.errors import HubConfigError
from hub_config.node import node_binary, proxy_script
from hub_config.settings import Settings
from hub_config.state import StateFolder

NEEDED_PACKAGES = ("jupyterhub", "jupyterlab", "nativeauthenticator", "jupyterhub_idle_culler")


FREE_MIB = 100


class PreflightError(HubConfigError):
    """The hub cannot start as things are."""


def check(settings: Settings) -> None:
    """Raise a `HubConfigError` for the first thing that stands in the way of a start."""
    check_packages()
    check_port(settings.hub.address, settings.hub.port)
    proxy_script(settings.hub.proxy_command)
    node_binary()
    state = StateFolder.of(settings)
    for folder in (state.root, state.home):
        check_writable(folder)
    if not settings.spawner.tour_notebook.is_file():
        raise PreflightError(
            f"the tour notebook is not at {settings.spawner.tour_notebook}; install Axons again, or name another with "
            "the setting spawner.tour_notebook"
        )


def check_packages() -> None:
    """The hub's own packages are installed."""
    missing = [name for name in NEEDED_PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise PreflightError(f"not installed: {', '.join(missing)}; run: pip install 'axons[hub,widget]'")


def check_port(address: str, port: int) -> None:
    """A server can listen there."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the proxy does: ignore closed connections
        try:
            probe.bind((address, port))
        except OSError as error:
            raise PreflightError(_port_sentence(address, port, error)) from error


def _port_sentence(address: str, port: int, error: OSError) -> str:
    other = port + 1 if port < 65535 else 8001
    choose = f"choose another port with: axons hub --port {other} (or: make run PORT={other})"
    match error.errno:
        case errno.EADDRINUSE:
            return (
                f"port {port} on {address} is in use, perhaps by an earlier hub that still runs; stop it, or {choose}"
            )
        case errno.EACCES:
            return f"port {port} needs more rights than you have (ports below 1024 do); {choose}"
        case errno.EADDRNOTAVAIL:
            return f"{address} is not an address of this machine; set hub.address to 127.0.0.1"
    return f"cannot listen on {address} port {port}: {error.strerror}; {choose}"


def check_writable(folder: Path) -> None:
    """`folder` can be written, or can be made because its nearest existing parent can, and its disk is not full."""
    existing = folder
    while not os.path.lexists(existing):
        existing = existing.parent
    if not existing.is_dir():
        raise PreflightError(f"{folder} cannot be a folder: {existing} is a file; choose another with --state DIR")
    free_mib = shutil.disk_usage(existing).free // 2**20
    if free_mib < FREE_MIB:
        raise PreflightError(
            f"the disk of {existing} has {free_mib} MiB free, and a hub needs {FREE_MIB} to start; make room, or "
            "choose another folder with: axons hub --state DIR"
        )
    if not os.access(existing, os.W_OK | os.X_OK):
        raise PreflightError(f"cannot write in {existing}; choose another folder with: axons hub --state DIR")


def free_ports(count: int) -> list[int]:
    """Different free TCP ports on loopback, for the hub's and the proxy's inner addresses."""
    probes = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()

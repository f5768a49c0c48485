"""The state folder: what the hub keeps between two starts, and under which names. Nothing else builds these paths."""

from dataclasses import dataclass
from pathlib import Path

from hub_config.settings import Settings


@dataclass(frozen=True)
class StateFolder:
    """All paths of one hub. Only its owner can open `root` (mode 0700); `home` holds one folder per user."""

    root: Path
    home: Path

    @classmethod
    def of(cls, settings: Settings) -> "StateFolder":
        """The state folder that the settings name."""
        root = settings.hub.state_folder
        return cls(root=root, home=settings.hub.home_folder or root / "home")

    @property
    def database(self) -> Path:
        """JupyterHub's SQLite database: users, groups, hashed tokens and hashed passwords."""
        return self.root / "hub.sqlite"

    @property
    def log(self) -> Path:
        """What the hub, the proxy and the students' servers write; `hub.log.1` is that of the start before."""
        return self.root / "hub.log"

    @property
    def lock(self) -> Path:
        """Locked while a hub runs; holds its process id."""
        return self.root / "hub.lock"

    @property
    def cookie_secret(self) -> Path:
        """Signs the log-in cookies."""
        return self.root / "cookie_secret"

    @property
    def proxy_token(self) -> Path:
        """What the hub shows to the proxy's own API."""
        return self.root / "proxy_token"

    @property
    def proxy_pid(self) -> Path:
        """The proxy's process id, written by JupyterHub."""
        return self.root / "proxy.pid"

    @property
    def demo_logins(self) -> Path:
        """The demo logins, readable for the person who runs the hub."""
        return self.root / "demo-logins.txt"

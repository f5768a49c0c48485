"""The settings of the hub: one frozen, typed object, from `axons.toml` and the environment.

Where a value comes from, the last one wins:

1. the default written here;
2. `axons.toml`: `[hub] port = 8001` (the file that `AXONS_CONFIG` names, no file if that is empty, else
   `./axons.toml` if there is one);
3. the environment: `AXONS_<SECTION>__<NAME>`, two underscores: `AXONS_HUB__PORT=8001`;
4. the command line of `axons hub`.

Profiles are rows, `[[profiles]]`, and can only be given in the file. A relative path in the file is relative to the
file's folder, elsewhere to the current folder. Names and values are checked strictly, and one `SettingsError` reports
ALL problems (see `settings_reader`). Every field's description completes the sentence "must be ...".
"""

import ipaddress
import sys
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from hub_config.profiles import DEFAULT_PROFILES, Profile

PORT = "a whole number from 1 to 65535"
INNER_PORT = "a whole number from 0 to 65535 (0: a free port is found at each start)"
YES_NO = "true or false"


def default_proxy_command() -> Path:
    """Where `make` puts configurable-http-proxy: beside the Python environment, so both are removed together."""
    return Path(sys.prefix) / "share/axons/proxy/node_modules/.bin/configurable-http-proxy"


def default_tour_notebook() -> Path:
    """The tour of this checkout, else the one that the wheel installed."""
    checkout = Path(__file__).resolve().parent.parent
    if (checkout / "setup.cfg").is_file():
        return checkout / "notebooks" / "tour.ipynb"
    return Path(sys.prefix) / "share" / "axons" / "notebooks" / "tour.ipynb"


class Section(BaseModel):
    """A closed table of settings: no unknown names, no silent conversion, no change after reading."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=True)


class HubSection(Section):
    """`[hub]`: where the hub listens and where it keeps things."""

    address: str = Field(default="127.0.0.1", description="an IP address of this machine, such as 127.0.0.1")
    port: int = Field(default=8000, ge=1, le=65535, description=PORT)
    hub_port: int = Field(default=0, ge=0, le=65535, description=INNER_PORT)
    proxy_port: int = Field(default=0, ge=0, le=65535, description=INNER_PORT)
    state_folder: Path = Field(default_factory=lambda: Path.cwd() / ".axons", description="the path of a folder")
    home_folder: Path | None = Field(default=None, description="the path of a folder (default: home in state_folder)")
    proxy_command: Path = Field(
        default_factory=default_proxy_command, description="the path of configurable-http-proxy"
    )
    allow_other_machines: bool = Field(default=False, description=YES_NO)

    @field_validator("address")
    @classmethod
    def _is_ip_address(cls, address: str) -> str:
        try:
            ipaddress.ip_address(address)
        except ValueError:
            raise ValueError("must be an IP address of this machine, such as 127.0.0.1") from None
        return address

    @field_validator("allow_other_machines")
    @classmethod
    def _is_needed_off_loopback(cls, allowed: bool, info: ValidationInfo) -> bool:
        address = info.data.get("address", "127.0.0.1")
        if not allowed and not ipaddress.ip_address(address).is_loopback:
            raise ValueError(
                f"must be true for hub.address {address}: passwords travel unencrypted and local servers "
                "are not protected from each other; use 127.0.0.1 unless every machine that can reach it is trusted"
            )
        return allowed


class SpawnerSection(Section):
    """`[spawner]`: how students' servers are started."""

    kind: Literal["local"] = Field(default="local", description="local")
    concurrent_limit: int = Field(default=4, ge=1, le=100, description="a whole number from 1 to 100")
    start_timeout_s: int = Field(default=60, ge=10, le=600, description="a whole number of seconds from 10 to 600")
    tour_notebook: Path = Field(default_factory=default_tour_notebook, description="the path of a notebook")

    @field_validator("kind", mode="before")
    @classmethod
    def _docker_is_not_there_yet(cls, kind: object) -> object:
        if kind in ("docker", "swarm", "kube"):
            raise ValueError("must be local: servers in containers are not part of this version of Axons")
        return kind


class CullingSection(Section):
    """`[culling]`: when an idle server is stopped, in seconds."""

    idle_s: int = Field(default=3600, ge=10, le=604800, description="a whole number of seconds from 10 to 604800")
    every_s: int = Field(default=300, ge=5, le=86400, description="a whole number of seconds from 5 to 86400")
    max_age_s: int = Field(
        default=0, ge=0, le=2592000, description="a whole number of seconds, 0 (no limit) to 2592000"
    )

    @field_validator("every_s")
    @classmethod
    def _checks_often_enough(cls, every_s: int, info: ValidationInfo) -> int:
        idle_s = info.data.get("idle_s", every_s)
        if every_s > idle_s:
            raise ValueError(f"must be at most culling.idle_s, which is {idle_s}, or servers stay far too long")
        return every_s


class LoginSection(Section):
    """`[login]`: who can log in."""

    demo_logins: bool = Field(default=True, description=YES_NO)
    failed_logins: int = Field(default=5, ge=1, le=100, description="a whole number from 1 to 100")
    lockout_s: int = Field(default=600, ge=1, le=86400, description="a whole number of seconds from 1 to 86400")


class Settings(Section):
    """All settings. Read them once, with `settings_reader.read_settings`, and hand them on."""

    hub: HubSection = Field(default_factory=HubSection)
    spawner: SpawnerSection = Field(default_factory=SpawnerSection)
    culling: CullingSection = Field(default_factory=CullingSection)
    login: LoginSection = Field(default_factory=LoginSection)
    profiles: tuple[Profile, ...] = DEFAULT_PROFILES

    @property
    def url(self) -> str:
        """The address to open in a browser on this machine."""
        address = ipaddress.ip_address(self.hub.address)
        if address.is_unspecified:
            address = ipaddress.ip_address("127.0.0.1" if address.version == 4 else "::1")
        host = f"[{address}]" if address.version == 6 else str(address)
        return f"http://{host}:{self.hub.port}"

"""Profiles as data: what a student may choose when a server starts, and nothing else.

A profile is frozen. The table holds at least one, every slug once, and exactly one default.
"""

from collections import Counter
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

MIB_PER_GIB = 1024


class Profile(BaseModel):
    """One line of the profile table. Each field's description says which values are allowed.

    A guarantee is what a server always gets, a limit is what it can never exceed; 0 means "none".
    Local mode enforces neither: it has no container to put the server in.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=True)

    slug: str = Field(
        pattern=r"^[a-z][a-z0-9-]{0,29}$",
        description="1 to 30 lower-case letters, digits or '-', starting with a letter",
    )
    display_name: str = Field(min_length=1, max_length=60, description="1 to 60 characters")
    description: str = Field(default="", max_length=400, description="at most 400 characters")
    default: bool = Field(default=False, description="true or false")
    image: str = Field(default="", max_length=255, description="the name of a Docker image, or empty in local mode")
    host: str = Field(default="local", min_length=1, max_length=60, description="the name of a host, such as local")
    cpu_guarantee: float = Field(default=0.0, ge=0, le=1024, description="a number of cores from 0 to 1024")
    cpu_limit: float = Field(default=0.0, ge=0, le=1024, description="a number of cores from 0 to 1024")
    mem_guarantee_mib: int = Field(default=0, ge=0, le=2**24, description="a whole number of MiB, 0 or more")
    mem_limit_mib: int = Field(default=0, ge=0, le=2**24, description="a whole number of MiB, 0 or more")
    gpu_count: int = Field(default=0, ge=0, le=16, description="a whole number from 0 to 16")
    lease_minutes: int = Field(default=0, ge=0, le=7 * 24 * 60, description="a whole number of minutes, 0 to 10080")
    allowed_groups: tuple[str, ...] = Field(default=(), description="a list of group names; empty means everybody")

    @field_validator("cpu_limit", "mem_limit_mib")
    @classmethod
    def _limit_holds_guarantee(cls, limit: float, info: ValidationInfo) -> float:
        guarantee_name = str(info.field_name).replace("limit", "guarantee")
        guarantee = info.data.get(guarantee_name, 0)
        if limit and guarantee > limit:
            raise ValueError(f"must be 0 (no limit) or at least {guarantee_name}, which is {guarantee:g}")
        return limit


DEFAULT_PROFILES = (
    Profile(
        slug="cpu",
        display_name="CPU",
        description="For importing, tiling and annotating images, and for small trainings.",
        default=True,
        cpu_limit=2.0,
        mem_guarantee_mib=1 * MIB_PER_GIB,
        mem_limit_mib=4 * MIB_PER_GIB,
    ),
    Profile(
        slug="gpu",
        display_name="GPU",
        description=(
            "For training. In local mode there is no GPU queue: this profile runs on this machine's CPU, "
            "so a training is no faster than in the CPU profile."
        ),
        cpu_limit=4.0,
        mem_guarantee_mib=2 * MIB_PER_GIB,
        mem_limit_mib=8 * MIB_PER_GIB,
        gpu_count=1,
        lease_minutes=60,
    ),
)


def table_problems(profiles: list[dict[str, Any]]) -> list[str]:
    """What is wrong with the table as a whole, one sentence each.

    Takes raw rows, not `Profile`s, so that these problems are reported together with those inside a row.
    """
    if not profiles:
        return ["needs at least one profile; leave it out to get the two built-in ones, cpu and gpu"]
    slugs = [str(row["slug"]) for row in profiles if "slug" in row]
    problems = [
        f"has the slug {slug!r} {count} times; give each profile a slug of its own"
        for slug, count in Counter(slugs).items()
        if count > 1
    ]
    defaults = [str(row.get("slug", "?")) for row in profiles if row.get("default") is True]
    if len(defaults) != 1:
        given = ", ".join(defaults) or "none"
        problems.append(f"needs exactly one profile with default = true, but has {len(defaults)} ({given})")
    return problems

"""The built-in profile table, and what makes a table wrong."""

import pytest
from pydantic import ValidationError

from hub_config.profiles import DEFAULT_PROFILES, Profile, table_problems


def test_the_built_in_table_has_cpu_and_gpu_and_one_default() -> None:
    assert [profile.slug for profile in DEFAULT_PROFILES] == ["cpu", "gpu"]
    assert [profile.slug for profile in DEFAULT_PROFILES if profile.default] == ["cpu"]
    assert table_problems([profile.model_dump() for profile in DEFAULT_PROFILES]) == []


def test_the_gpu_profile_says_that_it_runs_on_the_cpu_here() -> None:
    assert "runs on this machine's CPU" in DEFAULT_PROFILES[1].description


def test_a_profile_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        DEFAULT_PROFILES[0].image = "evil"  # type: ignore[misc]


@pytest.mark.parametrize("slug", ["", "CPU", "1cpu", "-", "a" * 31, "a b", "cpü"])
def test_slugs_are_plain(slug: str) -> None:
    with pytest.raises(ValidationError):
        Profile(slug=slug, display_name="x")


def test_a_limit_holds_its_guarantee() -> None:
    with pytest.raises(ValidationError, match="at least cpu_guarantee, which is 2"):
        Profile(slug="a", display_name="A", cpu_guarantee=2.0, cpu_limit=1.0)
    assert Profile(slug="a", display_name="A", cpu_guarantee=2.0, cpu_limit=0.0).cpu_limit == 0


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "needs at least one profile"),
        ([{"slug": "a", "default": True}, {"slug": "a"}], "has the slug 'a' 2 times"),
        ([{"slug": "a"}], "needs exactly one profile with default = true, but has 0 (none)"),
        ([{"slug": "a", "default": True}, {"slug": "b", "default": True}], "but has 2 (a, b)"),
    ],
)
def test_problems_of_the_table(rows: list[dict[str, object]], message: str) -> None:
    (problem,) = table_problems(rows)
    assert message in problem

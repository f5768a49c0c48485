"""The spawn form and the check of what comes back, without JupyterHub."""

from dataclasses import dataclass
from html.parser import HTMLParser

import pytest

from spawners.options import OptionsError, choose_profile, options_form, options_from_form


@dataclass(frozen=True)
class Row:
    slug: str
    display_name: str = "A name"
    description: str = ""
    default: bool = False
    allowed_groups: tuple[str, ...] = ()


CPU = Row("cpu", default=True)
GPU = Row("gpu")
STAFF = Row("staff", allowed_groups=("instructor",))
TABLE = [CPU, GPU, STAFF]


class Radios(HTMLParser):
    """Collects the radio buttons, and every tag that should not be there."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.values: list[str | None] = []
        self.checked: list[str | None] = []
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        values = dict(attrs)
        if tag == "input":
            self.values.append(values["value"])
            if "checked" in values:
                self.checked.append(values["value"])


def test_the_form_shows_the_profiles_of_the_groups_with_the_default_chosen() -> None:
    assert Radios(options_form(TABLE, [])).values == ["cpu", "gpu"]
    assert Radios(options_form(TABLE, ["instructor"])).values == ["cpu", "gpu", "staff"]
    assert Radios(options_form(TABLE, [])).checked == ["cpu"]


def test_who_may_not_use_the_default_gets_the_first_allowed_one() -> None:
    table = [Row("big", default=True, allowed_groups=("instructor",)), GPU]
    assert Radios(options_form(table, [])).checked == ["gpu"]
    assert choose_profile(table, {}, []) is table[1]


def test_text_of_profiles_is_escaped() -> None:
    evil = Row('a"><script>', display_name="<b>bold</b>", description="<img src=x onerror='x'>", default=True)
    form = options_form([evil], [])
    assert Radios(form).tags == {"div", "input", "label", "strong", "br"}
    assert "&lt;b&gt;bold&lt;/b&gt;" in form


def test_without_any_profile_the_form_says_whom_to_ask() -> None:
    assert "Ask your instructor" in options_form([STAFF], [])


def test_form_fields_become_options_and_extra_ones_stay_visible() -> None:
    assert options_from_form({"profile": ["cpu"]}) == {"profile": "cpu"}
    assert options_from_form({"profile": ["a", "b"], "image": ["x"]}) == {"profile": ["a", "b"], "image": "x"}


@pytest.mark.parametrize(("options", "slug"), [({}, "cpu"), ({"profile": "cpu"}, "cpu"), ({"profile": "gpu"}, "gpu")])
def test_a_declared_profile_is_found(options: dict[str, object], slug: str) -> None:
    assert choose_profile(TABLE, options, []).slug == slug


@pytest.mark.parametrize(
    ("options", "reason", "message"),
    [
        (
            {"profile": "gpuu"},
            "unknown-profile",
            "Unknown profile 'gpuu'. Did you mean 'gpu'? The profiles open to you",
        ),
        ({"profile": "staff"}, "unknown-profile", "Unknown profile 'staff'. The profiles open to you are: cpu, gpu."),
        ({"profile": ""}, "unknown-profile", "Unknown profile ''."),
        ({"profile": None}, "unknown-profile", "Unknown profile 'None'."),
        ({"profile": ["cpu"]}, "unknown-profile", "Unknown profile \"['cpu']\"."),
        ({"profile": {"slug": "cpu"}}, "unknown-profile", "The profiles open to you are: cpu, gpu."),
        ({"image": "x"}, "unknown-option", "Unknown option: image. The only option is 'profile'. Remove the others."),
        ({"profile": "cpu", "b": 1, "a": 2}, "unknown-option", "Unknown option: a, b."),
    ],
)
def test_everything_else_is_refused_in_words(options: dict[str, object], reason: str, message: str) -> None:
    with pytest.raises(OptionsError) as caught:
        choose_profile(TABLE, options, [])
    assert caught.value.reason == reason
    assert message in str(caught.value)


def test_a_refusal_does_not_repeat_a_very_long_input() -> None:
    with pytest.raises(OptionsError) as caught:
        choose_profile(TABLE, {"profile": "x" * 10_000}, [])
    assert len(str(caught.value)) < 200


def test_without_any_profile_a_start_is_refused() -> None:
    with pytest.raises(OptionsError, match="Ask your instructor"):
        choose_profile([STAFF], {}, [])

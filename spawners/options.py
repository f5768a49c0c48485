"""What a student may choose when a server starts: the form, and the check of what comes back. Pure: no JupyterHub.

The answer is ONE key, `profile`, whose value is the slug of a profile. It comes from the form or straight from the REST
API, so nothing about it is taken on trust; everything else is refused.
"""

import difflib
from collections.abc import Collection, Mapping, Sequence
from html import escape
from typing import Protocol, TypeVar

KEY = "profile"
SHOWN = 60


class ProfileLike(Protocol):
    """What this module needs of a profile: read-only, so that frozen classes fit (the hub's own has more)."""

    @property
    def slug(self) -> str:
        """The name in user options."""

    @property
    def display_name(self) -> str:
        """The name that students read."""

    @property
    def description(self) -> str:
        """What it is for."""

    @property
    def default(self) -> bool:
        """Whether it is chosen when nothing is."""

    @property
    def allowed_groups(self) -> tuple[str, ...]:
        """Who may use it; empty means everybody."""


P = TypeVar("P", bound=ProfileLike)


class OptionsError(ValueError):
    """The options are refused. The message is for the student; `reason` is one word for the metrics."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


def profiles_for(profiles: Sequence[P], groups: Collection[str]) -> list[P]:
    """The profiles that a member of `groups` may use; a profile without `allowed_groups` is for everybody."""
    return [p for p in profiles if not p.allowed_groups or set(p.allowed_groups) & set(groups)]


def options_form(profiles: Sequence[P], groups: Collection[str]) -> str:
    """The HTML inside JupyterHub's spawn form: one radio button per allowed profile, the default one chosen."""
    allowed = profiles_for(profiles, groups)
    if not allowed:
        return '<p class="alert alert-warning">No profile is open to you. Ask your instructor.</p>'
    chosen = _default(allowed)
    return "\n".join(_radio(profile, checked=profile is chosen) for profile in allowed)


def _radio(profile: ProfileLike, *, checked: bool) -> str:
    slug = escape(profile.slug)
    return (
        '<div class="form-check mb-3">\n'
        f'  <input class="form-check-input" type="radio" name="{KEY}" id="profile-{slug}" value="{slug}"'
        f"{' checked' if checked else ''}>\n"
        f'  <label class="form-check-label" for="profile-{slug}">\n'
        f"    <strong>{escape(profile.display_name)}</strong><br>\n"
        f"    {escape(profile.description)}\n"
        "  </label>\n"
        "</div>"
    )


def options_from_form(form: Mapping[str, list[str]]) -> dict[str, object]:
    """Form fields as user options. Takes every field along, so that `choose_profile` can refuse the wrong ones."""
    return {key: values[0] if len(values) == 1 else values for key, values in form.items()}


def choose_profile(profiles: Sequence[P], user_options: Mapping[str, object], groups: Collection[str]) -> P:
    """The profile that `user_options` ask for; without options the default one. Raises `OptionsError`."""
    unknown = [str(key)[:SHOWN] for key in user_options if key != KEY]
    if unknown:
        raise OptionsError(
            f"Unknown option: {', '.join(sorted(unknown))}. The only option is '{KEY}'. Remove the others.",
            reason="unknown-option",
        )
    allowed = profiles_for(profiles, groups)
    if not allowed:
        raise OptionsError("No profile is open to you. Ask your instructor.", reason="no-profile")
    if KEY not in user_options:
        return _default(allowed)
    wanted = user_options[KEY]
    for profile in allowed:
        if profile.slug == wanted:
            return profile
    slugs = [profile.slug for profile in allowed]
    close = difflib.get_close_matches(str(wanted), slugs, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    raise OptionsError(
        f"Unknown profile {str(wanted)[:SHOWN]!r}.{hint} The profiles open to you are: {', '.join(slugs)}.",
        reason="unknown-profile",
    )


def _default(allowed: Sequence[P]) -> P:
    """The default profile, or the first one for somebody who may not use the default."""
    return next((profile for profile in allowed if profile.default), allowed[0])

"""AxonsAuthenticator: nativeauthenticator with closed sign-up, demo accounts, and JupyterHub's own log-in page."""

from typing import Any

import bcrypt
from jupyterhub.handlers.login import LoginHandler
from nativeauthenticator import NativeAuthenticator
from nativeauthenticator.orm import UserInfo
from tornado import web
from traitlets import Dict, Unicode, default


class AxonsAuthenticator(NativeAuthenticator):  # type: ignore[misc]  # nativeauthenticator has no types
    """Passwords in the hub's database, as bcrypt hashes.

    Differences from the parent: there is no sign-up page, a locked account says so, and demo accounts follow
    their file at each start.
    """

    demo_logins = Dict(
        value_trait=Unicode(),
        key_trait=Unicode(),
        config=True,
        help="Demo passwords by user name. At start each account is made, or gets this password again.",
    )
    retired_demo_logins = Dict(
        value_trait=Unicode(),
        key_trait=Unicode(),
        config=True,
        help="Demo logins that are switched off: an account that still has this password is removed at start.",
    )

    @default("db")
    def _default_db(self) -> Any:
        # nativeauthenticator 1.3 keeps its table in the hub's session; JupyterHub would warn at each start.
        return self._deprecated_db_session

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for username, password in self.retired_demo_logins.items():
            self._retire(username, password)
        for username, password in self.demo_logins.items():
            self._ensure_account(username, password)
        self.db.commit()

    def get_handlers(self, app: Any) -> list[tuple[str, type]]:
        """JupyterHub's own log-in page only.

        The parent's page uses `statsd`, which JupyterHub 6 has removed: every log-in would end in an error 500.
        """
        return [(r"/login", LoginHandler)]

    async def authenticate(self, handler: Any, data: dict[str, str]) -> str | None:
        """The user's name if the password is right, else None. Raises HTTP 429 while the account is locked."""
        username = self.normalize_username(data["username"])
        if self.allowed_failed_logins and self.is_blocked(username):
            minutes = -(-self.seconds_before_next_try // 60)
            raise web.HTTPError(
                429,
                f"Too many wrong passwords for this user name: it is locked. Try again in {minutes} min.",
            )
        authenticated: str | None = await super().authenticate(handler, data)
        return authenticated

    def _ensure_account(self, username: str, password: str) -> None:
        account = self.get_user(username)
        if account is None:
            account = UserInfo(username=username, password=b"")
            self.db.add(account)
        account.is_authorized = True
        if not account.password or not account.is_valid_password(password):
            account.password = bcrypt.hashpw(password.encode(), bcrypt.gensalt())

    def _retire(self, username: str, password: str) -> None:
        account = self.get_user(username)
        if account is not None and account.is_valid_password(password):
            self.db.delete(account)

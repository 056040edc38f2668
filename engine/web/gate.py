"""Who is let in: decisions about a request's headers, without HTTP's machinery."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from hookrules.engine.errors import HookrulesError
from hookrules.engine.web.access import LOOPBACK_NAMES, ON_UNIX, Credentials, Guesses, host_name, is_loopback

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="hookrules"'}


@dataclass(frozen=True, slots=True)
class Caller:
    """What a request says of where it comes from. A header that it has not is None."""

    address: str
    host: str
    """Empty where there is no Host header."""
    listener: str = "127.0.0.1"
    """The address that our own listener is bound to."""
    authorization: str | None = None
    session: str | None = None
    """The session cookie."""
    site: str | None = None
    """Sec-Fetch-Site."""
    origin: str | None = None
    scheme: str = "http"
    """What our own listener speaks; a proxy in front shows only in `origin`."""

    @property
    def came_by_https(self) -> bool:
        return self.scheme == "https" or (self.origin or "").startswith("https://")

    @property
    def bearer(self) -> str | None:
        """The token of `Authorization: Bearer …`; other schemes are a proxy's business."""
        scheme, _, token = (self.authorization or "").partition(" ")
        return token.strip() if scheme.lower() == "bearer" else None


class Denied(HookrulesError):
    """A request that is not let in."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


class Gate:
    """Guesses are counted apart for forms and programs: a script with an old token must not keep people from signing in."""

    def __init__(self, credentials: Credentials, guesses: Guesses, hosts: Collection[str]) -> None:
        """`hosts`: names besides the loopback's that a Host header may hold."""
        self._credentials = credentials
        self._guesses = guesses
        self._hosts = LOOPBACK_NAMES.union(map(host_name, hosts))

    def check_host(self, caller: Caller) -> None:
        """On loopback, refuse a name that someone else's DNS points at this machine: its page's scripts would be of our origin.

        A listener on another address is meant to be reached by names that only its network knows, and one at a unix socket by a proxy's.
        """
        if caller.listener != ON_UNIX and is_loopback(caller.listener) and host_name(caller.host) not in self._hosts:
            raise Denied(421, f"the console does not answer to the name {caller.host[:100]!r}, only to {', '.join(sorted(self._hosts))}")

    def require_token(self, caller: Caller) -> None:
        if caller.bearer is not None:
            self._check_token(f"bearer {caller.address}", caller.bearer)
        elif not self.is_signed_in(caller):
            raise Denied(401, "sign in, or send the console's token as `Authorization: Bearer TOKEN`", CHALLENGE)

    def is_signed_in(self, caller: Caller) -> bool:
        return caller.session is not None and self._credentials.is_session(caller.session)

    def sign_in(self, caller: Caller, token: str) -> str:
        """The new session."""
        self.require_same_origin(caller)
        self._check_token(f"form {caller.address}", token)
        return self._credentials.new_session()

    def require_same_origin(self, caller: Caller) -> None:
        """Refuse a form that another site's page sends.

        Browsers leave Sec-Fetch-Site out over plain http to another machine; then Origin decides, without its scheme, since a proxy in
        front may speak https while we do not.
        """
        if caller.site is not None:
            ours = caller.site == "same-origin"
        else:
            ours = caller.origin is not None and caller.origin.partition("://")[2].lower() == caller.host.lower()
        if not ours:
            raise Denied(403, "this form was sent from somewhere else; open the console and send it from there")

    def _check_token(self, who: str, token: str) -> None:
        wait = self._guesses.seconds_to_wait(who)
        if wait:
            raise Denied(429, f"too many wrong tokens came from this address; try again in {wait} s", {"Retry-After": str(wait)})
        if not self._credentials.is_token(token):
            self._guesses.failed(who)
            raise Denied(401, "this is not the console's token", CHALLENGE)

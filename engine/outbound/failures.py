"""Why a request has no answer that can be used, in words, and whether trying again may help.

RequestFailed
├── BadUrl            it can't be asked for: no URL of HTTP, or one that hides where it leads
├── RefusedAddress    the guard does not let it connect there
├── TimeIsUp          it took longer than it may
├── Cancelled         its run was ended
└── NotGiven          an answer came, with a status that is no success
"""

import http.client
import re
import ssl

from hookrules.engine.errors import HookrulesError


class RequestFailed(HookrulesError):
    """The message names neither the URL, which may hold secrets, nor its host: the caller knows them."""

    def __init__(self, message: str, *, retryable: bool = True) -> None:
        super().__init__(message)
        self.retryable = retryable


class BadUrl(RequestFailed):
    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=False)


class RefusedAddress(RequestFailed):
    """A host whose address is none of the public Internet, and was not opened either."""

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=False)


class TimeIsUp(RequestFailed):
    def __init__(self, seconds: float) -> None:
        super().__init__(f"no whole answer within {seconds:g} s")


class Cancelled(RequestFailed):
    def __init__(self) -> None:
        super().__init__("the request was cut, since its run was ended", retryable=False)


class NotGiven(RequestFailed):
    def __init__(self, status: int) -> None:
        super().__init__(f"answered {status}", retryable=may_pass(status))
        self.status = status


def may_pass(status: int) -> bool:
    """Whether the same request may fare better later: no other refusal of a client's request changes by itself (RFC 9110, 15.5)."""
    return status >= 500 or status in (408, 409, 421, 423, 425, 429)


def _cut() -> RequestFailed:
    return RequestFailed("the connection was cut before the whole answer came")


def failure_of(error: Exception) -> RequestFailed:
    """What urllib3 met, in words."""
    from urllib3 import exceptions

    cause = next((part for part in error.args if isinstance(part, Exception)), error)
    if isinstance(error, exceptions.ProxyError):
        return RequestFailed(f"the proxy does not let it through: {_proxy_words(error)}")
    if isinstance(error, exceptions.SSLError):
        return _of_tls(cause)
    if isinstance(error, exceptions.TimeoutError):
        return RequestFailed("no answer in time")
    return _of_answer(cause)


def _proxy_words(error: Exception) -> str:
    """`Tunnel connection failed: 407 Proxy Authentication Required`, without what the proxy says of its own."""
    status = re.search(r"failed: ([0-9]{3})\b", str(error))
    return f"it answered {status[1]}" if status else "it talks no HTTP"


def _of_tls(cause: Exception) -> RequestFailed:
    if isinstance(cause, ssl.SSLEOFError):
        return _cut()
    if isinstance(cause, ssl.SSLCertVerificationError):
        return RequestFailed(f"the server's certificate is not accepted: {cause.verify_message.rstrip('.').lower()}", retryable=False)
    reason = getattr(cause, "reason", None) or "no reason given"
    return RequestFailed(f"TLS fails: {reason.lower().replace('_', ' ')}", retryable=False)


def _of_answer(cause: Exception) -> RequestFailed:
    """OSErrors come first: http.client's RemoteDisconnected is one of these, too."""
    if isinstance(cause, (OSError, http.client.IncompleteRead)):
        return _cut()
    if isinstance(cause, http.client.LineTooLong) or "headers" in str(cause):
        return RequestFailed("the answer's header is larger than it may be", retryable=False)
    return RequestFailed("the answer is no sound HTTP")

"""Where notifications go: a URL of Apprise, which is imported where a configuration has one."""

import importlib.util
import re
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from hookrules.actions.action import Service
from hookrules.engine.secret import Secret, SecretField

if TYPE_CHECKING:
    from apprise import Apprise
    from apprise.result import AppriseResult

SECTION = "notify"
Level = Literal["info", "success", "warning", "failure"]
_LONGEST = 60.0
"""Seconds that one notification may take at most; Apprise gives each request of its own some 8."""
_POLL = 0.2  # an Event of threads can't be waited for beside a future; this is how late a cancellation may be seen
_STATUS = re.compile(r"\berror=(\d{3})\b")
"""How Apprise's services write the HTTP status that they were answered with."""
_SCHEME = re.compile(r"([a-z0-9]{1,20})://.+", re.DOTALL)


def _sendable(url: Secret) -> Secret:
    if importlib.util.find_spec("apprise") is None:
        message = "notifications need the library Apprise, which is not installed: pip install 'hookrules[notify]'"
        raise PydanticCustomError("extra", "{message}", {"message": message})
    if not url.placeholder and service(url) is None:
        scheme = _SCHEME.fullmatch(url.reveal())
        named = f"'{scheme[1]}://'" if scheme else "without a scheme"
        raise ValueError(f"Apprise knows no service for this URL ({named}), or misses a part of it; its documentation has the form of each")
    return url


class NotifyTarget(Service):
    """A place where people read notifications."""

    example: ClassVar[tuple[str, Mapping[str, Any]]] = ("ops-chat", {"url": {"env": "OPS_CHAT_URL"}})

    url: Annotated[SecretField, AfterValidator(_sendable)] = Field(description="A URL of Apprise, like `slack://…`; it holds the password.")


@dataclass(frozen=True, slots=True)
class Note:
    title: str
    body: str
    level: Level


class NotSent(Exception):
    """No one can be said to have got the notification."""

    def __init__(self, reason: str, retryable: bool = True) -> None:
        super().__init__(reason)
        self.retryable = retryable


def service(url: Secret) -> "Apprise | None":
    """What sends to the URL; None where it is none of Apprise's."""
    from apprise import Apprise, AppriseAsset, OverflowMode

    asset = AppriseAsset(async_mode=False, secure_logging=True, plugin_paths=[])
    plugin = Apprise.instantiate(url.reveal(), asset=asset)
    if plugin is None:
        return None
    if "overflow=" not in url.reveal():
        plugin.overflow_mode = OverflowMode.TRUNCATE  # a long text comes shortened, rather than not at all
    sender = Apprise(asset=asset)
    sender.add(plugin)
    return sender


def send(url: Secret, note: Note, *, timeout: float, cancelled: threading.Event, clock: Callable[[], float] = time.monotonic) -> None:
    """Raises NotSent."""
    sender = service(url)
    if sender is None:
        raise NotSent("Apprise knows no service for its URL", retryable=False)
    timeout = min(timeout, _LONGEST)
    deadline = clock() + timeout
    result = _begun(sender, note, timeout)
    while not result.done() and clock() < deadline:
        if cancelled.is_set():
            raise NotSent("the notification was given up, since its run was ended", retryable=False)
        _wait(result, min(_POLL, max(deadline - clock(), 0.001)))
    if not result.done():
        raise NotSent(f"it was not taken within {timeout:g} s")
    if not result.result():
        raise _failed(result.result(), url, timeout)


def _begun(sender: "Apprise", note: Note, timeout: float) -> "Future[AppriseResult]":
    """In a thread of its own, which ends by Apprise's own bounds where nobody waits for it any more."""
    result: Future[AppriseResult] = Future()

    def work() -> None:
        try:
            result.set_result(sender.notify(note.body, note.title, note.level, body_format="text", timeout=timeout))
        except BaseException as error:  # noqa: BLE001 - it is raised again where the result is asked for
            result.set_exception(error)

    threading.Thread(target=work, name="notify", daemon=True).start()
    return result


def _wait(result: "Future[AppriseResult]", seconds: float) -> None:
    done = threading.Event()
    result.add_done_callback(lambda _: done.set())
    done.wait(seconds)


def _failed(result: "AppriseResult", url: Secret, timeout: float) -> NotSent:
    from apprise.result import AppriseResultStatus

    if result.status is AppriseResultStatus.TIMEOUT:
        return NotSent(f"it was not taken within {timeout:g} s")
    said = " ".join(entry.message for entry in result.logs()) or "the service did not take it"
    status = _STATUS.search(said)
    return NotSent(_without_parts(said, url)[:300], retryable=status is None or _may_pass(int(status[1])))


def _may_pass(status: int) -> bool:
    return status >= 500 or status in (408, 425, 429)


def _without_parts(text: str, url: Secret) -> str:
    """The text without what may be a password of the URL: any part of it but the scheme, from six characters on."""
    parts = [part for part in re.split(r"[/:@?&=#,]+", url.reveal().partition("://")[2]) if len(part) > 5]
    for part in sorted(parts, key=len, reverse=True):
        text = text.replace(part, "•••")
    return " ".join(text.split())

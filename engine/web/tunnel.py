"""Deliveries from a relay, for a machine that senders can't reach: its event stream is read, and each delivery posted to our own ingress.

The ingress proves them as it proves all others, so that nothing here has to be believed.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import urllib3
from urllib3.exceptions import HTTPError

from hookrules.engine import logs
from hookrules.engine.web.event_stream import EventStream, Message
from hookrules.engine.web.relayed import Relayed, relayed

_SILENCE = 90.0
"""Seconds without a word after which a connection counts as lost: relays send something every 30."""
_ANSWER = 30.0
"""Seconds that the relay, or our ingress, may take to answer."""
_SHORTEST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_TRIES = 5
"""Of posting one delivery, while the ingress says that it can't take it now."""
_CHUNK = 65536
_PASSING = frozenset({429, 503})

_REWRITTEN = (
    "the relay has written the body anew, and the signature is over the bytes that were sent: only where the sender writes JSON as "
    "compactly as the relay are they the same. gosmee relays the bytes themselves"
)


class NotConnected(Exception):
    """No event stream, with the reason."""


class Tunnel:
    """From one channel of a relay to one source."""

    def __init__(
        self,
        channel: str,
        target: str,
        source: str,
        *,
        pause: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`target` is the URL of the source at our ingress."""
        self._channel = channel
        self._target = target
        self._source = source
        self._pause = pause
        self._chance = chance
        self._relay = urlsplit(channel).netloc.rpartition("@")[2]  # whoever knows the channel itself can read it
        self._pool = urllib3.PoolManager(retries=False)
        self._last_id: str | None = None

    def run(self) -> None:
        """Never returns: a connection that is lost is made again, later and later while it can't be."""
        failures = 0
        while True:
            try:
                with self._stream() as stream:
                    failures = 0
                    logs.info("tunnel connected", source=self._source, relay=self._relay)
                    self._follow(stream)
                why = "the relay has closed the connection"
            except NotConnected as error:
                why = str(error)
            pause = pause_after(failures, self._chance())
            failures += 1
            logs.warning("the tunnel is down and is made again", source=self._source, relay=self._relay, reason=why, seconds=pause)
            self._pause(pause)

    @contextmanager
    def _stream(self) -> Iterator[Any]:
        """At the channel itself, as smee.io has it, or at `/events/CHANNEL`, as gosmee has it. Raises NotConnected."""
        response = self._ask(self._channel)
        if not _is_stream(response) and response.status in (200, 404):
            response.close()
            response = self._ask(events_of(self._channel))
        try:
            if not _is_stream(response):
                self._last_id = None  # gosmee answers 400 to an id that it does not know
                raise NotConnected(f"the relay answers {response.status}, and no event stream")
            yield response
        finally:
            response.close()

    def _ask(self, url: str) -> Any:
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-cache", "User-Agent": "hookrules"}
        if self._last_id is not None:
            headers["Last-Event-ID"] = self._last_id
        timeout = urllib3.Timeout(connect=_ANSWER, read=_SILENCE)
        try:
            return self._pool.urlopen("GET", url, headers=headers, timeout=timeout, preload_content=False, redirect=True, retries=3)
        except HTTPError as error:
            raise NotConnected(_words(error)) from None

    def _follow(self, response: Any) -> None:
        stream = EventStream()
        try:
            while chunk := response.read1(_CHUNK):
                for message in stream.feed(chunk):
                    self._take(message)
        except HTTPError as error:
            raise NotConnected(_words(error)) from None

    def _take(self, message: Message) -> None:
        if message.event == "gosmee-gap":
            logs.warning("the relay no longer has all that came meanwhile", source=self._source)
        elif message.event == "message":
            self._hand_over(message.data)
        if message.id is not None:  # what the relay says of itself has none
            self._last_id = message.id

    def _hand_over(self, data: bytes | None) -> None:
        try:
            if data is None:
                raise ValueError("it is larger than a message may be")
            delivery = relayed(data)
        except ValueError as error:
            logs.warning("a message of the relay is left out", source=self._source, reason=str(error))
            return
        if delivery is not None:
            self._tell(delivery, self._post(delivery))

    def _post(self, delivery: Relayed) -> int:
        """The status of the answer; 0 where there was none."""
        status = 0
        for attempt in range(_TRIES):
            if attempt:
                self._pause(pause_after(attempt - 1, self._chance()))
            status = self._posted(delivery)
            if status and status not in _PASSING:
                break
        return status

    def _posted(self, delivery: Relayed) -> int:
        url = f"{self._target}?{delivery.query}" if delivery.query else self._target
        headers = {name: value.encode().decode("latin-1") for name, value in delivery.headers.items()}
        try:
            return self._pool.urlopen("POST", url, body=delivery.body, headers=headers, timeout=_ANSWER, redirect=False).status
        except HTTPError:
            return 0

    def _tell(self, delivery: Relayed, status: int) -> None:
        if status == 401 and delivery.rewritten:
            logs.warning("a relayed delivery is refused", source=self._source, status=status, reason=_REWRITTEN)
        elif status in (200, 202):
            logs.info("relayed", source=self._source, status=status)
        else:
            logs.warning("a relayed delivery is not taken", source=self._source, status=status or None)


def pause_after(failures: int, chance: float) -> float:
    """Seconds until the next try. `chance`, from 0 to 1, spreads those who were cut off together."""
    return min(_SHORTEST_PAUSE * 2.0 ** min(failures, 10), _LONGEST_PAUSE) * (0.5 + chance / 2)


def events_of(channel: str) -> str:
    """`https://relay.example/CHANNEL` → `https://relay.example/events/CHANNEL`."""
    parts = urlsplit(channel)
    before, _, name = parts.path.rstrip("/").rpartition("/")
    return urlunsplit(parts._replace(path=f"{before}/events/{name}"))


def _is_stream(response: Any) -> bool:
    return response.status == 200 and str(response.headers.get("content-type", "")).startswith("text/event-stream")


def _words(error: HTTPError) -> str:
    reason = getattr(error, "reason", None) or error
    return {"ReadTimeoutError": f"nothing came for {_SILENCE:g} s"}.get(type(reason).__name__, f"no connection ({type(reason).__name__})")

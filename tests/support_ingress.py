"""The real ingress over a journal in memory: asked over a socket, or in process where thousands of requests are asked."""

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from support_assembly import PATIENCE, ingress_over, settings_of

from hookrules.engine.config.ruleset import Rule
from hookrules.engine.config.wiring import sources_of
from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.sources.source import Verifier
from hookrules.engine.web.exchange import Exchange
from hookrules.engine.web.listener import Listener
from hookrules.engine.web.request import Request as HttpRequest


@dataclass(frozen=True)
class Request:
    """What a sender sends to `/hooks/<source>`. Headers may repeat."""

    source: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    method: str = "POST"
    query: str = ""

    @classmethod
    def of(cls, source: str, body: bytes, headers: Mapping[str, str], **more: str) -> Self:
        return cls(source, body, tuple(headers.items()), **more)

    def with_header(self, name: str, value: str) -> Self:
        """The same with this header in the place of any of its name."""
        others = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return replace(self, headers=(*others, (name, value)))


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Receiver:
    """A configuration, received by. Its clock stands still until it is set."""

    def __init__(
        self, config: Mapping[str, Any] | str, environ: Mapping[str, str], rules: Sequence[Rule] = (), folder: Path = Path()
    ) -> None:
        """Raises Unusable."""
        text = config if isinstance(config, str) else json.dumps(config)
        settings = settings_of(text, folder, environ)
        self.now = 1_700_000_000.0
        self.sources = sources_of(settings)
        self.journal = SqliteJournal(None)
        self.ingress = ingress_over(self.journal, settings, self.sources, rules, self._clock)
        self._loop = asyncio.new_event_loop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.close()
        self.journal.close()

    def _clock(self) -> float:
        return self.now

    def prove_with(self, source: str, verifier: Verifier) -> None:
        """Let a source be proven in another way than the configuration says: where that would ask the network."""
        self.sources[source] = replace(self.sources[source], verifier=verifier)

    def ask(self, request: Request, address: str = "127.0.0.1") -> Answer:
        """In process."""
        held = _Held()
        self._loop.run_until_complete(self.ingress(_asked(held, request, address)))
        return held.answer()

    @contextmanager
    def listening(self) -> Iterator["Sender"]:
        """Over a socket of this machine."""
        listening = socket.create_server(("127.0.0.1", 0))
        listening.setblocking(False)
        listener, loop = Listener(self.ingress, listening), asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_until_complete, args=(listener.serve(),), daemon=True)
        thread.start()
        sender = Sender(listening.getsockname()[1])
        try:
            yield sender
        finally:
            sender.close()
            loop.call_soon_threadsafe(listener.stop)
            thread.join(PATIENCE)
            assert not thread.is_alive()
            loop.close()
            listening.close()


class Sender:
    """One connection to a server, kept open."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def send(self, request: Request) -> Answer:
        connection = self._connection
        connection.putrequest(request.method, f"/hooks/{request.source}{'?' if request.query else ''}{request.query}")
        for name, value in (*request.headers, ("Content-Length", str(len(request.body)))):
            connection.putheader(name, value.encode("latin-1", "replace"))
        connection.endheaders(request.body)
        with connection.getresponse() as response:
            return Answer(response.status, response.read())

    def close(self) -> None:
        self._connection.close()


class _Held:
    """Instead of a connection: what is written to it stays here."""

    closing = False

    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    async def writable(self) -> None:
        pass

    def answer_written(self, exchange: Exchange) -> None:
        pass

    def answer(self) -> Answer:
        head, _, body = self.written.partition(b"\r\n\r\n")
        return Answer(int(head.split()[1]), body)


def _asked(held: _Held, request: Request, address: str) -> Exchange:
    headers: dict[str, tuple[str, ...]] = {}
    for name, value in (("host", "127.0.0.1"), *request.headers, ("content-length", str(len(request.body)))):
        headers[name.lower()] = (*headers.get(name.lower(), ()), value)
    exchange = Exchange(held, HttpRequest(request.method, f"/hooks/{request.source}", request.query, headers), address)
    exchange.came(request.body)
    exchange.complete()
    return exchange

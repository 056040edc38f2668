"""`POST /hooks/<source>`: the hot endpoint, an RSGI application. It answers 202 only for what is on disk."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from hookrules.engine import logs
from hookrules.engine.errors import JournalError, Refusal, TooLarge, Unavailable, Unreadable
from hookrules.engine.intake import Intake, Taken
from hookrules.engine.model import Delivery, Event, Receipt, Reply
from hookrules.engine.refusals import Refusals
from hookrules.engine.sources.source import Source
from hookrules.engine.web.responding import Answering, Stream

_HOOKS = "/hooks/"
_BODY_SECONDS = 30.0
"""How long a sender may take over its body."""
_DRAINED = 64 * 1024 * 1024
"""How much of a body that is too large is read and forgotten, so that a sender that writes first still reads our answer."""
_MOST_WAITING = 4096
"""Requests that may wait for their commit; past it a sender is told to come back instead of filling memory."""

_encode = msgspec.json.Encoder().encode
_JSON = ("content-type", "application/json")


class Ingress:
    """The application that granian calls, once a request."""

    def __init__(
        self,
        intake: Intake,
        refusals: Refusals,
        answering: Answering,
        max_body: int,
        url_of: Callable[[str], str | None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`url_of` gives the URL by which senders know a source, where the configuration says it."""
        self._intake = intake
        self._answering = answering
        self._refusals = refusals
        self._url_of = url_of
        self._max_body = max_body
        self._clock = clock
        self._waiting = 0
        self._journal_error: str | None = None

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """RSGI 1.x: `scope` has method, path, query_string, headers, client; `protocol` reads the body and answers."""
        if scope.path.startswith(_HOOKS):
            await self._hook(scope, protocol)
        elif scope.path in ("/healthz", "/readyz"):
            self._health(scope, protocol)
        else:
            _answer(protocol, 404, {"error": "there is nothing here; deliveries go to POST /hooks/<source>"})

    async def _hook(self, scope: Any, protocol: Any) -> None:
        name = scope.path.removeprefix(_HOOKS)
        try:
            source = self._intake.source(name)
            if scope.method not in source.methods:
                allowed = ", ".join(sorted(source.methods))
                _answer(protocol, 405, {"error": f"{scope.method} is not taken here; send {allowed}"}, ("allow", allowed))
                return
            await self._deliver(source, scope, protocol)
        except Refusal as refusal:
            self._refuse(name, scope, protocol, refusal)
        except Exception:  # noqa: BLE001  a mistake of ours: the sender is told to send again, and we are told where
            logs.logger.exception("a delivery could not be handled", extra={"fields": {"source": name}})
            _answer(protocol, 500, {"error": "hookrules made a mistake; its log says where"})

    async def _deliver(self, source: Source, scope: Any, protocol: Any) -> None:
        body = await self._body(scope, protocol)
        if self._waiting >= _MOST_WAITING:
            raise Unavailable("too many deliveries wait to be written")
        taken = await self._take(source, _delivery(source.name, scope, body, self._clock(), self._url_of(source.name)))
        if isinstance(taken, Reply):
            logs.info("handshake", source=source.name, status=taken.status)
            _reply(protocol, taken)
            return
        receipts = await self._written(taken)
        for event, receipt in zip(taken.events, receipts, strict=True):
            _log(event, receipt)
        answer = await self._answering.reply(taken, receipts) or source.acknowledge(taken.events)
        if answer is None:
            _accept(protocol, receipts)
        elif isinstance(answer, Stream):
            await _stream(protocol, answer)
        else:
            _reply(protocol, answer)

    async def _take(self, source: Source, delivery: Delivery) -> Taken | Reply:
        if source.verifier.may_wait():
            return await asyncio.get_running_loop().run_in_executor(None, self._intake.take, delivery)
        return self._intake.take(delivery)

    async def _written(self, taken: Taken) -> tuple[Receipt, ...]:
        self._waiting += 1
        try:
            receipts = await asyncio.wrap_future(taken.receipts)
        except JournalError as error:
            self._journal_error = str(error)
            raise Unavailable(f"the journal can't be written: {error}") from None
        finally:
            self._waiting -= 1
        self._journal_error = None
        return receipts

    async def _body(self, scope: Any, protocol: Any) -> bytes:
        declared = scope.headers.get("content-length")
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                if declared is not None and int(declared) <= self._max_body:
                    whole: bytes = await protocol()
                    return whole
                return await self._bounded(protocol)
        except TimeoutError:
            raise Unreadable(f"the body did not come within {_BODY_SECONDS:g} s") from None

    async def _bounded(self, protocol: Any) -> bytes:
        """The body of a sender that names no length, or too great a one."""
        chunks: list[bytes] = []
        size = 0
        async for chunk in protocol:
            size += len(chunk)
            if size <= self._max_body:
                chunks.append(chunk)
            elif size > _DRAINED:
                break
        if size > self._max_body:
            raise TooLarge(f"the body is larger than {self._max_body} bytes (server.max_body)")
        return b"".join(chunks)

    def _refuse(self, source: str, scope: Any, protocol: Any, refusal: Refusal) -> None:
        address, agent = _address(scope), scope.headers.get("user-agent")
        self._refusals.add(source, self._clock(), refusal.status, str(refusal), address, agent)
        logs.warning("refused", status=refusal.status, source=source, reason=str(refusal), address=address)
        retry = (("retry-after", str(refusal.retry_after)),) if refusal.retry_after else ()
        _answer(protocol, refusal.status, {"error": str(refusal)}, *retry)

    def _health(self, scope: Any, protocol: Any) -> None:
        if scope.path == "/readyz" and self._journal_error:
            _answer(protocol, 503, {"ready": False, "error": self._journal_error})
        else:
            _answer(protocol, 200, {"ready" if scope.path == "/readyz" else "healthy": True})


def _accept(protocol: Any, receipts: Sequence[Receipt]) -> None:
    """200 where all of it came before and starts nothing new."""
    runs = [{"rule": rule, "id": run} for receipt in receipts for rule, run in receipt.runs]
    status = 200 if not runs and all(receipt.known for receipt in receipts) else 202
    events = [receipt.event_id for receipt in receipts]
    told: dict[str, object] = {"event": events[0] if events else None, "runs": runs}
    _answer(protocol, status, told if len(events) == 1 else {**told, "events": events})


def _log(event: Event, receipt: Receipt) -> None:
    logs.info(
        "known delivery" if receipt.known else "event",
        id=receipt.event_id,
        source=event.source,
        type=event.type or None,
        delivery=event.delivery_id,
        rules=[rule for rule, _ in receipt.runs],
    )


def _delivery(source: str, scope: Any, body: bytes, now: float, base: str | None) -> Delivery:
    headers: dict[str, tuple[str, ...]] = {}
    for name, value in scope.headers.items():
        headers[name] = (*headers.get(name, ()), value)
    query = scope.query_string
    base = base or f"{scope.scheme}://{scope.headers.get('host', '')}{scope.path}"
    url = f"{base}?{query}" if query else base
    return Delivery(source, body, headers, now, _query(query) if query else {}, scope.method, url, _address(scope))


def _query(text: str) -> Mapping[str, tuple[str, ...]]:
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        fields[name] = (*fields.get(name, ()), value)
    return fields


def _address(scope: Any) -> str | None:
    """RSGI gives `address:port`, and for a unix socket a path."""
    host, colon, _ = str(scope.client).rpartition(":")
    return host.strip("[]") if colon else None


async def _stream(protocol: Any, stream: Stream) -> None:
    sending = protocol.response_stream(stream.status, [("content-type", "text/plain; charset=utf-8")])
    async for piece in stream.pieces:
        await sending.send_str(piece)


def _reply(protocol: Any, reply: Reply) -> None:
    protocol.response_bytes(reply.status, [("content-type", reply.content_type), *reply.headers.items()], reply.body)


def _answer(protocol: Any, status: int, body: Mapping[str, object], *headers: tuple[str, str]) -> None:
    protocol.response_bytes(status, [_JSON, *headers], _encode(body))

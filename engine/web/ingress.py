"""`POST /hooks/<source>`: the hot endpoint. It answers 202 only for what is on disk."""

import asyncio
import time
from collections.abc import Callable

from hookrules.engine import logs
from hookrules.engine.errors import JournalError, Refusal, TooManyRequests, Unavailable
from hookrules.engine.intake import Intake, Taken
from hookrules.engine.model import Delivery, Event, Receipt, Reply
from hookrules.engine.refusals import Refusals
from hookrules.engine.sources.source import Source
from hookrules.engine.web.answering import accept, answer, reply, stream
from hookrules.engine.web.exchange import Exchange
from hookrules.engine.web.forwarding import Origin
from hookrules.engine.web.front import Front
from hookrules.engine.web.rate_limits import RateLimit
from hookrules.engine.web.readiness import Readiness
from hookrules.engine.web.reading import delivery_of
from hookrules.engine.web.responding import Answering, Stream
from hookrules.engine.web.waking import Waking

_HOOKS = "/hooks/"
_MOST_WAITING = 4096
"""Requests that may wait for their commit; past it a sender is told to come back instead of filling memory."""
_NOTHING_IN_FRONT = Front()


class Ingress:
    """The application of the listeners, called once a request."""

    def __init__(
        self,
        intake: Intake,
        refusals: Refusals,
        answering: Answering,
        max_body: int,
        url_of: Callable[[str], str | None],
        clock: Callable[[], float] = time.time,
        *,
        front: Front = _NOTHING_IN_FRONT,
    ) -> None:
        """`url_of` gives the URL by which senders know a source, where the configuration says it."""
        self._intake = intake
        self._answering = answering
        self._refusals = refusals
        self._url_of = url_of
        self._max_body = max_body
        self._clock = clock
        self._front = front
        self._waking = Waking()
        self._waiting = 0
        self._readiness = Readiness(self._try_journal)

    async def __call__(self, exchange: Exchange) -> None:
        path = exchange.request.path
        if path.startswith(_HOOKS):
            await self._hook(path.removeprefix(_HOOKS), exchange)
        elif path in ("/healthz", "/readyz"):
            await self._health(path, exchange)
        else:
            answer(exchange, 404, {"error": "there is nothing here; deliveries go to POST /hooks/<source>"})

    async def _hook(self, name: str, exchange: Exchange) -> None:
        origin = self._front.origin(exchange)
        try:
            self._front.admit(origin, exchange)
            source = self._intake.source(name)
            method = exchange.request.method
            if method not in source.methods:
                allowed = ", ".join(sorted(source.methods))
                answer(exchange, 405, {"error": f"{method} is not taken here; send {allowed}"}, ("allow", allowed))
                return
            limit = self._front.per_source.get(source.name)
            if limit is None:
                await self._deliver(source, origin, exchange)
            else:
                await self._deliver_within(limit, source, origin, exchange)
        except Refusal as refusal:
            self._refuse(name, origin, exchange, refusal)
        except Exception:  # noqa: BLE001  a mistake of ours: the sender is told to send again, and we are told where
            logs.exception("a delivery could not be handled", source=name)
            answer(exchange, 500, {"error": "hookrules made a mistake; its log says where"})

    async def _deliver_within(self, limit: RateLimit, source: Source, origin: Origin, exchange: Exchange) -> None:
        """What nobody proved does not count against its source: a stranger could use up what the source may send."""
        limit.take()
        try:
            await self._deliver(source, origin, exchange)
        except Refusal as refusal:
            if not refusal.proven:
                limit.give_back()
            raise

    async def _deliver(self, source: Source, origin: Origin, exchange: Exchange) -> None:
        body = await exchange.body(self._max_body)
        if self._waiting >= _MOST_WAITING:
            raise Unavailable("too many deliveries wait to be written")
        certified = self._front.asks_for_certificates and exchange.scheme == "https"
        taken = await self._take(
            source, delivery_of(source.name, exchange, body, self._clock(), self._url_of(source.name), origin, certified=certified)
        )
        if isinstance(taken, Reply):
            logs.info("handshake", source=source.name, status=taken.status)
            reply(exchange, taken)
            return
        receipts = await self._written(taken)
        for event, receipt in zip(taken.events, receipts, strict=True):
            _log(event, receipt)
        words = await self._answering.reply(taken, receipts) or source.acknowledge(taken.events)
        if words is None:
            accept(exchange, receipts)
        elif isinstance(words, Stream):
            await stream(exchange, words)
        else:
            reply(exchange, words)

    async def _take(self, source: Source, delivery: Delivery) -> Taken | Reply:
        if source.verifier.may_wait():
            return await asyncio.get_running_loop().run_in_executor(None, self._intake.take, delivery)
        return self._intake.take(delivery)

    async def _written(self, taken: Taken) -> tuple[Receipt, ...]:
        self._waiting += 1
        try:
            receipts = await self._waking.result(taken.receipts)
        except JournalError as error:
            self._readiness.failed()
            raise Unavailable(f"the journal can't be written: {error}") from None
        finally:
            self._waiting -= 1
        self._readiness.written()
        return receipts

    def _refuse(self, source: str, origin: Origin, exchange: Exchange, refusal: Refusal) -> None:
        agent = exchange.request.header("user-agent")
        self._refusals.add(source, self._clock(), refusal.status, str(refusal), origin.address, agent)
        if not isinstance(refusal, TooManyRequests) or refusal.first:
            logs.warning("refused", status=refusal.status, source=source, reason=str(refusal), address=origin.address)
        retry = (("retry-after", str(refusal.retry_after)),) if refusal.retry_after else ()
        answer(exchange, refusal.status, {"error": str(refusal)}, *retry)

    async def _health(self, path: str, exchange: Exchange) -> None:
        if path == "/healthz":
            answer(exchange, 200, {"healthy": True})
        elif error := await self._readiness.error():
            answer(exchange, 503, {"ready": False, "error": error})
        else:
            answer(exchange, 200, {"ready": True})

    async def _try_journal(self) -> None:
        await self._waking.result(self._intake.try_journal())


def _log(event: Event, receipt: Receipt) -> None:
    logs.info(
        "known delivery" if receipt.known else "event",
        id=receipt.event_id,
        source=event.source,
        type=event.type or None,
        delivery=event.delivery_id,
        rules=[rule for rule, _ in receipt.runs],
    )

"""Answers of the ingress, as JSON unless a provider wants other words."""

from collections.abc import Mapping, Sequence

import msgspec

from hookrules.engine.model import Receipt, Reply
from hookrules.engine.web.exchange import Exchange
from hookrules.engine.web.responding import Stream

_encode = msgspec.json.Encoder().encode
_JSON = ("content-type", "application/json")


def answer(exchange: Exchange, status: int, body: Mapping[str, object], *headers: tuple[str, str]) -> None:
    exchange.answer(status, (_JSON, *headers), _encode(body))


def reply(exchange: Exchange, words: Reply) -> None:
    exchange.answer(words.status, (("content-type", words.content_type), *words.headers.items()), words.body)


async def stream(exchange: Exchange, words: Stream) -> None:
    await exchange.stream(words.status, [("content-type", "text/plain; charset=utf-8")], words.pieces)


def accept(exchange: Exchange, receipts: Sequence[Receipt]) -> None:
    """200 where all of it came before and starts nothing new."""
    runs = [{"rule": rule, "id": run} for receipt in receipts for rule, run in receipt.runs]
    status = 200 if not runs and all(receipt.known for receipt in receipts) else 202
    events = [receipt.event_id for receipt in receipts]
    told: dict[str, object] = {"event": events[0] if events else None, "runs": runs}
    answer(exchange, status, told if len(events) == 1 else {**told, "events": events})

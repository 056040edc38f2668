"""Answers of the ingress, as JSON unless a provider wants other words. `protocol` is RSGI's, and answers once."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hookrules.engine.model import Receipt, Reply
from hookrules.engine.web.responding import Stream

_encode = msgspec.json.Encoder().encode
_JSON = ("content-type", "application/json")


def answer(protocol: Any, status: int, body: Mapping[str, object], *headers: tuple[str, str]) -> None:
    protocol.response_bytes(status, [_JSON, *headers], _encode(body))


def reply(protocol: Any, words: Reply) -> None:
    protocol.response_bytes(words.status, [("content-type", words.content_type), *words.headers.items()], words.body)


async def stream(protocol: Any, words: Stream) -> None:
    """Until it ends, or the sender has gone."""
    sending = protocol.response_stream(words.status, [("content-type", "text/plain; charset=utf-8")])
    async for piece in words.pieces:
        try:
            await sending.send_str(piece)
        except RuntimeError:  # what RSGI raises where the connection has ended
            return


def accept(protocol: Any, receipts: Sequence[Receipt]) -> None:
    """200 where all of it came before and starts nothing new."""
    runs = [{"rule": rule, "id": run} for receipt in receipts for rule, run in receipt.runs]
    status = 200 if not runs and all(receipt.known for receipt in receipts) else 202
    events = [receipt.event_id for receipt in receipts]
    told: dict[str, object] = {"event": events[0] if events else None, "runs": runs}
    answer(protocol, status, told if len(events) == 1 else {**told, "events": events})

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support_forgeries import NOW, delivery, other_bodies, other_headers, proven_by

from hookrules.engine.model import Event
from hookrules.engine.sources.discord import PROVIDER, Discord, signature
from hookrules.engine.sources.provider import Credentials

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw().hex()
SIGNATURE = signature(Credentials((PUBLIC,), signing_key=KEY.private_bytes_raw().hex()))
SOURCE = Discord("calls", SIGNATURE)
COMMAND = {"id": "1", "type": 2, "data": {"name": "deploy"}, "token": "t", "application_id": "2"}


def event(event_type: str) -> Event:
    return Event("evt_1", "calls", event_type, {}, b"", NOW)


def test_what_it_signs_it_accepts_and_nothing_else() -> None:
    proven = SIGNATURE.sign(delivery(COMMAND), NOW)
    assert proven_by(SIGNATURE, proven) == 1
    for forged in (*other_bodies(proven), *other_headers(proven, "X-Signature-Ed25519", "X-Signature-Timestamp")):
        assert proven_by(SIGNATURE, forged) == 0


def test_another_applications_deliveries_are_refused() -> None:
    other = Credentials((Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex(),))
    assert proven_by(signature(other), SIGNATURE.sign(delivery(COMMAND), NOW)) == 0


@pytest.mark.parametrize("seconds", [-301, 301])
def test_an_old_interaction_is_not_played_again(seconds: float) -> None:
    assert proven_by(SIGNATURE, SIGNATURE.sign(delivery(COMMAND), NOW + seconds)) == 0


@pytest.mark.parametrize(
    ("payload", "status", "body"),
    [
        ({"type": 1, "id": "1"}, 200, b'{"type":1}'),
        ({"type": 0, "version": 1}, 204, b""),
        ({"type": 4, "id": "1", "data": {}}, 200, b'{"type":8,"data":{"choices":[]}}'),
    ],
)
def test_pings_and_autocompletion_are_answered_without_a_rule(payload: object, status: int, body: bytes) -> None:
    reply = SOURCE.handshake(delivery(payload), payload)
    assert reply is not None
    assert (reply.status, reply.body, reply.content_type) == (status, body, "application/json")


@pytest.mark.parametrize(
    "payload", [COMMAND, {"type": 1, "event": {"type": "ENTITLEMENT_CREATE"}}, {"type": True}, {"type": [1]}, [], None]
)
def test_nothing_else_is_a_handshake(payload: object) -> None:
    assert SOURCE.handshake(delivery(payload), payload) is None


@pytest.mark.parametrize(
    ("payload", "event_type", "delivery_id"),
    [
        (COMMAND, "APPLICATION_COMMAND", "1"),
        ({"id": "1", "type": 3}, "MESSAGE_COMPONENT", "1"),
        ({"id": "1", "type": 5}, "MODAL_SUBMIT", "1"),
        ({"type": 1, "event": {"type": "APPLICATION_AUTHORIZED"}}, "APPLICATION_AUTHORIZED", None),
        ({"type": {}}, "", None),
        (None, "", None),
    ],
)
def test_type_and_id_are_discords_own(payload: object, event_type: str, delivery_id: str | None) -> None:
    assert SOURCE.event_type(delivery(payload), payload) == event_type
    assert SOURCE.delivery_id(delivery(payload), payload) == delivery_id


@pytest.mark.parametrize(("event_type", "kind"), [("APPLICATION_COMMAND", 5), ("MODAL_SUBMIT", 5), ("MESSAGE_COMPONENT", 6)])
def test_an_interaction_is_deferred(event_type: str, kind: int) -> None:
    reply = SOURCE.acknowledge([event(event_type)])
    assert reply is not None
    assert (reply.status, msgspec.json.decode(reply.body)) == (200, {"type": kind})


def test_a_webhook_event_is_answered_with_nothing_as_discord_asks() -> None:
    reply = SOURCE.acknowledge([event("APPLICATION_AUTHORIZED")])
    assert reply is not None
    assert (reply.status, reply.body) == (204, b"")


def test_a_key_that_is_none_is_told_at_load() -> None:
    assert PROVIDER.verifier is not None
    with pytest.raises(ValueError, match="Ed25519"):
        PROVIDER.verifier(Credentials(("a secret, as elsewhere",)))

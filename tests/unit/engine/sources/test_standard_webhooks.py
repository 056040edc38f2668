import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace
from support_forgeries import NOW, delivery, other_bodies, other_headers, proven_by

from hookrules.engine.sources.provider import Credentials
from hookrules.engine.sources.source import CannotSign
from hookrules.engine.sources.standard_webhooks import StandardSignature

SECRET, OTHER = (
    f"whsec_{base64.b64encode(text).decode()}" for text in (b"a secret of twenty-four bytes", b"another of twenty-four bytes..")
)
KEY = Ed25519PrivateKey.generate()
PUBLIC = f"whpk_{base64.b64encode(KEY.public_key().public_bytes_raw()).decode()}"
PRIVATE = f"whsk_{base64.b64encode(KEY.private_bytes_raw() + KEY.public_key().public_bytes_raw()).decode()}"
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


def signature(*secrets: str, signing_key: str | None = None) -> StandardSignature:
    return StandardSignature.of(Credentials(secrets, signing_key=signing_key))


SHARED, PAIR = signature(SECRET), signature(PUBLIC, signing_key=PRIVATE)


@pytest.mark.parametrize("scheme", [SHARED, PAIR], ids=["v1", "v1a"])
def test_what_it_signs_it_accepts_and_nothing_else(scheme: StandardSignature) -> None:
    proven = scheme.sign(delivery({"type": "user.created"}), NOW)
    assert proven_by(scheme, proven) == 1
    for forged in (*other_bodies(proven), *other_headers(proven, *HEADERS)):
        assert proven_by(scheme, forged) == 0


def test_one_kind_of_signature_does_not_stand_for_the_other() -> None:
    for scheme, other in ((SHARED, PAIR), (PAIR, SHARED)):
        proven = scheme.sign(delivery({}), NOW)
        assert proven_by(other, proven) == 0
        version, _, text = proven.headers["webhook-signature"][0].partition(",")
        swapped = f"{'v1' if version == 'v1a' else 'v1a'},{text}"
        assert proven_by(scheme, replace(proven, headers={**proven.headers, "webhook-signature": (swapped,)})) == 0


def test_a_message_may_be_signed_in_both_ways() -> None:
    at_first = SHARED.sign(delivery({}, webhook_id="msg_1"), NOW)
    then = PAIR.sign(at_first, NOW)
    both = " ".join(sent.headers["webhook-signature"][0] for sent in (at_first, then))
    sent = replace(at_first, headers={**at_first.headers, "webhook-signature": (both,)})
    assert [proven_by(scheme, sent) for scheme in (SHARED, PAIR, signature(OTHER, PUBLIC), signature(PUBLIC, SECRET))] == [1, 1, 2, 1]


def test_who_has_only_the_public_key_can_not_sign() -> None:
    with pytest.raises(CannotSign, match="--key"):
        signature(PUBLIC).sign(delivery({}), NOW)


@pytest.mark.parametrize("secret", ["whsec_", "whsec_not base64", "whpk_", "whpk_AAAA", "whpk_not base64", PRIVATE])
def test_a_secret_that_is_none_is_told_at_load(secret: str) -> None:
    with pytest.raises(ValueError, match=r"whsec_|Ed25519|whpk_"):
        signature(secret)


def test_a_private_key_of_another_pair_is_told() -> None:
    other = base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()
    with pytest.raises(ValueError, match="not the private key"):
        signature(PUBLIC, signing_key=f"whsk_{other}")

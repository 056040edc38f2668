import msgspec
import pytest
from support_forgeries import delivery

from hookrules.engine.sources.azure_event_grid import AzureEventGrid
from hookrules.engine.sources.verification import NoProof

SOURCE = AzureEventGrid("grid", NoProof())
BLOB = {"id": "1", "eventType": "Microsoft.Storage.BlobCreated", "data": {"url": "https://example.com/a"}}
CLOUD = {"specversion": "1.0", "id": "2", "type": "Microsoft.Storage.BlobDeleted", "source": "/subscriptions/x"}
VALIDATION = {"id": "3", "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "data": {"validationCode": "512d38b6"}}


def test_each_element_is_an_event_in_either_schema() -> None:
    batch = [BLOB, CLOUD]
    sent = delivery(batch)
    assert SOURCE.items(sent, batch) == batch
    assert [SOURCE.event_type(sent, item) for item in batch] == ["Microsoft.Storage.BlobCreated", "Microsoft.Storage.BlobDeleted"]
    assert [SOURCE.item_id(sent, batch, item, number) for number, item in enumerate(batch)] == ["1", "2"]
    assert SOURCE.items(sent, CLOUD) is None


def test_the_validation_of_the_endpoint_is_answered_with_its_code() -> None:
    reply = SOURCE.handshake(delivery([VALIDATION], aeg_event_type="SubscriptionValidation"), [VALIDATION])
    assert reply is not None
    assert (reply.status, msgspec.json.decode(reply.body)) == (200, {"validationResponse": "512d38b6"})


@pytest.mark.parametrize("payload", [[BLOB], [VALIDATION, BLOB], VALIDATION, [], None, [{**VALIDATION, "data": {}}], [None], {}])
def test_nothing_else_is_a_handshake(payload: object) -> None:
    assert SOURCE.handshake(delivery(payload), payload) is None

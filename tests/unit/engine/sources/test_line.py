from support_deliveries import delivery, source

LINE = source("line")
MESSAGE = {"type": "message", "message": {"type": "text", "text": "hi"}, "webhookEventId": "01H810YECXQQZ37VAXPF6H9E6T"}
FOLLOW = {"type": "follow", "webhookEventId": "01FZ74ASS536FW97EX38NKCZQK"}
PAYLOAD = {"destination": "U1", "events": [MESSAGE, FOLLOW]}


def test_each_of_the_events_becomes_one() -> None:
    sent = delivery(PAYLOAD)
    items = LINE.items(sent, PAYLOAD)
    assert items == [MESSAGE, FOLLOW]
    assert [LINE.event_type(sent, item) for item in items] == ["message.text", "follow"]
    assert LINE.item_id(sent, PAYLOAD, FOLLOW, 1) == "01FZ74ASS536FW97EX38NKCZQK"


def test_verify_in_lines_console_is_answered_and_no_event() -> None:
    empty = {"destination": "U1", "events": []}
    answer = LINE.handshake(delivery(empty), empty)
    assert answer is not None
    assert answer.status == 200
    assert LINE.handshake(delivery(PAYLOAD), PAYLOAD) is None

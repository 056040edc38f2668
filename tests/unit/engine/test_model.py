import pytest
from msgspec.structs import replace

from hookrules.engine.model import Event

EVENT = Event("evt_1", "github", "push", {"ref": "main"}, b"{}", 1.0)


@pytest.mark.parametrize("known", [{"body_is_payload": True}, {"in_part": True}])
def test_an_event_is_the_same_whatever_is_known_of_its_body(known: dict[str, bool]) -> None:
    assert replace(EVENT, **known) == EVENT
    assert (replace(EVENT, **known) != EVENT) is False


@pytest.mark.parametrize(
    "change", [{"id": "evt_2"}, {"payload": {}}, {"git": {"branch": "main"}}, {"fetched_from": "https://api.github.com"}]
)
def test_an_event_that_differs_in_anything_else_is_another(change: dict[str, object]) -> None:
    assert replace(EVENT, **change) != EVENT
    assert EVENT != "evt_1"


def test_an_event_never_changes_and_shares_nothing_with_others() -> None:
    with pytest.raises(AttributeError):
        EVENT.id = "evt_2"  # type: ignore[misc]
    assert EVENT.headers is not Event("evt_1", "github", "push", None, b"", 1.0).headers

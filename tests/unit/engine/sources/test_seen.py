"""What came, as the shape of what may come."""

from hypothesis import given
from support_catalogue import misfits
from support_conditions import DOCUMENTS

from hookrules.engine.model import Event, Json
from hookrules.engine.sources.seen import catalogue_of, seen_in


@given(DOCUMENTS, DOCUMENTS)
def test_what_came_fits_its_own_shape(one: Json, other: Json) -> None:
    shape = seen_in([one, other]).shape()
    assert not [*misfits(shape, one), *misfits(shape, other)]


def test_it_counts_the_payloads_that_have_a_path() -> None:
    seen = seen_in([{"a": [{"b": 1}, {"b": 2}]}, {"a": []}, {}])
    elements = seen.members["a"].elements
    assert elements is not None
    assert (seen.members["a"].payloads, elements.members["b"].payloads, elements.members["b"].count) == (2, 1, 2)


def test_a_sample_is_a_scalar_and_rather_not_null() -> None:
    assert seen_in([{"a": None}, {"a": {"b": 1}}, {"a": "x"}, {"a": "y"}]).members["a"].sample == "x"


def test_a_member_that_was_missing_once_is_optional() -> None:
    assert seen_in([{"a": 1, "b": 2}, {"a": 1}]).shape().optional == {"b"}


def test_an_object_that_was_always_empty_may_hold_anything() -> None:
    shape = seen_in([{"inputs": {}, "list": []}]).shape()
    assert shape.members["inputs"].open
    assert shape.members["list"].elements is not None
    assert not shape.members["list"].elements.kinds


def test_keys_that_are_data_are_no_names() -> None:
    assert seen_in([{f"host-{number}": 1 for number in range(300)}]).shape().open


def test_events_are_told_apart_by_type() -> None:
    events = [Event(str(number), "sensors", type_, {type_: 1}, b"", 0.0) for number, type_ in enumerate(("up", "down"))]
    catalogue = catalogue_of(events)
    assert (catalogue.seen, list(catalogue.events["up"].members), len(catalogue.under(""))) == (True, ["up"], 2)

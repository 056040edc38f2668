"""What messages are published under: no value leaves its part, and no control character gets in."""

import pytest
from support_corpus import each_hostile, each_no_unicode, each_with_nul
from support_templating import failure, refusal

from hookrules.engine.errors import TemplateError
from hookrules.engine.templating import ChannelName, KafkaTopic, RoutingKey, TopicName
from hookrules.engine.templating.subjects import Subject

each_place = pytest.mark.parametrize("place", [ChannelName, RoutingKey, TopicName, KafkaTopic])


@pytest.mark.parametrize(
    ("place", "source", "comes"),
    [
        (ChannelName, "deploys:{{ payload.x }}", "deploys:a.b/c"),
        (RoutingKey, "deploys.{{ payload.y }}", "deploys.shop"),
        (TopicName, "ci/{{ payload.y }}/state", "ci/shop/state"),
        (KafkaTopic, "ci-{{ payload.y }}", "ci-shop"),
    ],
)
def test_a_value_is_filled_in(place: type[Subject], source: str, comes: str) -> None:
    assert place(source).render({"payload": {"x": "a.b/c", "y": "shop"}}) == comes


@pytest.mark.parametrize(("place", "separator"), [(RoutingKey, "."), (TopicName, "/")])
def test_a_value_is_within_one_part(place: type[Subject], separator: str) -> None:
    told = failure(place, f"a{separator}{{{{ payload }}}}", payload=f"b{separator}c")
    assert "has to be within one part" in told.message
    assert told.suggestion == f"print | replace('{separator}', '-')"


@pytest.mark.parametrize(("place", "separator"), [(RoutingKey, "."), (TopicName, "/")])
def test_an_empty_value_takes_no_part_away(place: type[Subject], separator: str) -> None:
    assert "within one part" in failure(place, f"a{separator}{{{{ payload }}}}{separator}c", payload="").message


@pytest.mark.parametrize(("place", "value"), [(RoutingKey, "pull_request.opened"), (TopicName, "house/kitchen")])
def test_one_lone_template_gives_the_whole(place: type[Subject], value: str) -> None:
    assert place("{{ payload }}").render({"payload": value}) == value


def test_a_loop_over_one_item_is_no_lone_template() -> None:
    source = "{% for word in payload %}{{ word }}{% endfor %}"
    assert "within one part" in failure(RoutingKey, source, payload=["a.b"]).message


@pytest.mark.parametrize(("place", "separator"), [(RoutingKey, "."), (TopicName, "/")])
def test_raw_is_the_way_out(place: type[Subject], separator: str) -> None:
    value = f"b{separator}c"
    assert place(f"a{separator}{{{{ payload | raw }}}}").render({"payload": value}) == f"a{separator}{value}"


@each_place
def test_an_empty_one_is_refused(place: type[Subject]) -> None:
    assert "is empty" in refusal(place, "").message
    assert "is empty" in failure(place, "{{ payload }}", payload="").message


@each_place
def test_one_that_is_too_long_is_refused_in_bytes(place: type[Subject]) -> None:
    assert place("{{ payload }}").render({"payload": "a" * place.limit})
    assert f"longer than {place.limit:,} bytes" in failure(place, "{{ payload }}", payload="a" * (place.limit - 1) + "ä").message


@each_place
@pytest.mark.parametrize("character", ["\0", "\n", "\r", "\t", "\x1b", "\x7f", "\x85"])
def test_a_control_character_is_refused_wherever_it_comes_from(place: type[Subject], character: str) -> None:
    assert "control character" in refusal(place, f"a{character}b").message
    assert "control character" in failure(place, "{{ payload }}", payload=f"a{character}b").message
    assert "control character" in failure(place, "{{ payload | raw }}", payload=f"a{character}b").message


@each_place
@each_no_unicode
def test_half_of_a_pair_is_refused(place: type[Subject], value: str) -> None:
    assert "no valid Unicode" in failure(place, "{{ payload }}", payload=value).message


@each_place
@each_with_nul
def test_a_nul_is_refused(place: type[Subject], value: str) -> None:
    assert "control character" in failure(place, "a{{ payload }}", payload=value).message


@each_place
@each_hostile
def test_a_hostile_value_is_within_its_part_or_refused(place: type[Subject], value: str) -> None:
    separator = place.separator or "\0"
    try:
        made = place(f"a{place.separator}x{{{{ payload }}}}").render({"payload": value})
    except TemplateError:
        return
    assert made == f"a{place.separator}x{value}"
    assert made.count(separator) == (1 if place.separator else 0)


@pytest.mark.parametrize("value", ["a+", "#", "\ufdd0", "\U0001ffff"])
def test_a_topic_of_mqtt_is_none_that_only_subscribers_may_name(value: str) -> None:
    assert refusal(TopicName, f"a/{value}")
    assert failure(TopicName, "a/{{ payload }}", payload=value)


def test_only_the_author_leads_to_the_broker_s_own_topics() -> None:
    assert TopicName("$share/{{ payload }}").render({"payload": "x"}) == "$share/x"
    assert "begins the topic with $" in failure(TopicName, "{{ payload }}", payload="$SYS/x").message
    assert "begins the topic with $" in failure(TopicName, "{{ payload }}/x", payload="$SYS").message


@pytest.mark.parametrize("value", ["a/b", "a b", "ä", "..", "."])
def test_a_topic_of_kafka_has_the_letters_that_kafka_takes(value: str) -> None:
    assert refusal(KafkaTopic, value)
    assert failure(KafkaTopic, "{{ payload }}", payload=value)

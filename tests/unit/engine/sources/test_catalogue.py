"""What GitHub's events look like, held against payloads that GitHub sent."""

from typing import Any

import pytest
from shared_data import github_payloads
from support_catalogue import misfits

from hookrules.engine.sources.catalogue import Catalogue, published
from hookrules.engine.sources.shapes import ANYTHING, Shape, union

GITHUB = published("github")

# Where the examples and the schemas of one and the same release do not agree.
DISAGREEING = {
    # The schema of this action names less of an alert than those of all the others.
    ("code_scanning_alert.reopened", "$.alert.updated_at"),
    ("code_scanning_alert.reopened", "$.alert.fixed_at"),
    ("code_scanning_alert.reopened", "$.alert.rule.tags"),
    ("code_scanning_alert.reopened", "$.alert.rule.help"),
    # Null in the example, only text in the schema. Comparisons with null are never reported.
    ("release.published", "$.release.name"),
    ("release.published", "$.release.body"),
    ("workflow_run.completed", "$.workflow_run.conclusion"),
}


def event_type(event: str, payload: dict[str, Any]) -> str:
    action = payload.get("action")
    return f"{event}.{action}" if isinstance(action, str) else event


def test_every_path_of_every_payload_is_known_with_a_fitting_type() -> None:
    found = set()
    for event, payloads in github_payloads().items():
        for payload in payloads:
            type_ = event_type(event, payload)
            (shape,) = GITHUB.under(type_)
            found |= {(type_, path) for path in misfits(shape, payload)}
    assert found == DISAGREEING


def test_an_event_with_actions_is_all_of_them() -> None:
    actions = GITHUB.under("pull_request")
    assert {value for shape in actions for value in shape.members["action"].values} >= {"opened", "closed", "synchronize"}
    assert len(GITHUB.under("")) == len(GITHUB.events) > len(GITHUB.under("*.opened")) > 1


@pytest.mark.parametrize("pattern", ["pushed", "push.created", "pull_request.openned", "pull"])
def test_an_event_that_is_not_published_has_no_shape(pattern: str) -> None:
    assert GITHUB.under(pattern) == ()


def test_an_action_of_the_senders_own_has_the_shape_of_its_event() -> None:
    assert GITHUB.under("repository_dispatch.deploy") == GITHUB.under("repository_dispatch") != ()


def test_either_shape_has_the_members_of_both_and_is_sure_of_what_both_always_have() -> None:
    text, number = Shape(frozenset({"text"}), values=frozenset({"a"})), Shape(frozenset({"number"}))
    one = Shape(frozenset({"object"}), {"id": number, "name": text})
    other = Shape(frozenset({"object"}), {"id": text})
    both = union([one, other])
    assert both.members["id"].kinds == {"text", "number"}
    assert both.optional == {"name"}
    assert union([text, Shape(frozenset({"text"}))]).values == frozenset()
    assert union([one, ANYTHING]).kinds == frozenset()


def test_joined_catalogues_know_what_either_knows() -> None:
    kinds = [Shape(frozenset({kind})) for kind in ("text", "number")]
    joined = Catalogue({"a": kinds[0], "b": kinds[0]}).joined(Catalogue({"b": kinds[1]}, seen=True))
    assert (joined.events["a"].kinds, joined.events["b"].kinds, joined.seen) == ({"text"}, {"text", "number"}, False)

import pytest

from hookrules.engine.matching.patterns import event_name, matches


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("github", "github.push", True),
        ("github.pull_request", "github.pull_request.opened", True),
        ("github.pull_request", "github.pull_request_review.submitted", False),
        ("github.pull_request.opened", "github.pull_request", False),
        ("git", "github.push", False),
        ("rule.*.failed", "rule.deploy.failed", True),
        ("rule.*.failed", "rule.deploy.succeeded", False),
        ("*.push", "github.push", True),
    ],
)
def test_a_pattern_names_an_event_and_all_that_lies_under_it(pattern: str, name: str, expected: bool) -> None:
    assert matches(pattern, name) is expected


def test_an_event_without_a_type_is_named_by_its_source() -> None:
    assert event_name("lab", "") == "lab"
    assert event_name("github", "push") == "github.push"

import pytest

from hookrules.engine.sources.git_facts import commit, other_than, place


@pytest.mark.parametrize(
    ("ref", "facts"),
    [
        ("refs/heads/main", {"branch": "main"}),
        ("refs/heads/feature/a", {"branch": "feature/a"}),
        ("refs/heads/tags/v1", {"branch": "tags/v1"}),
        ("refs/tags/v1", {"tag": "v1"}),
        ("refs/tags/heads/main", {"tag": "heads/main"}),
        ("refs/merge-requests/1/head", {}),
        ("refs/heads/", {}),
        ("heads/main", {}),
        ("main", {}),
        (None, {}),
        (["refs/heads/main"], {}),
    ],
)
def test_only_a_full_ref_is_a_branch_or_a_tag(ref: object, facts: dict[str, str]) -> None:
    assert place(ref) == facts


@pytest.mark.parametrize("sha", ["0" * 40, "0" * 64, "", None, 7, ["c0ffee"]])
def test_what_was_deleted_has_no_commit(sha: object) -> None:
    assert commit(sha) is None


def test_a_head_that_was_deleted_is_another_one() -> None:
    assert other_than("acme/shop", None) is True
    assert other_than("acme/shop", "acme/shop") is False
    assert other_than(None, "acme/shop") is None

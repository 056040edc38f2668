"""The files of a push, read from its payload when they are wanted."""

from typing import Any

import pytest

from hookrules.engine.pushed_files import unread, with_files

CHANGED = {"added": ["a"], "modified": ["b"], "removed": []}


def files(commits: object, *told: Any) -> Any:
    """None where they are left out."""
    return with_files({"files": unread(*told)}, {"commits": commits}).get("files")


def test_files_are_named_once_in_the_order_of_the_commits() -> None:
    assert files([CHANGED, {"added": ["c"], "modified": ["a", "b"]}]) == ["a", "b", "c"]
    assert files([]) == []


@pytest.mark.parametrize(
    ("commits", "total"),
    [
        (None, None),
        ("a", None),
        ([CHANGED], 2),
        ([CHANGED, {"id": "c0ffee"}], 2),
        ([CHANGED, None], None),
        ([CHANGED] * 2048, None),
    ],
)
def test_files_that_may_be_incomplete_are_not_told(commits: object, total: int | None) -> None:
    assert files(commits, total) is None


def test_a_payload_that_is_gone_names_none() -> None:
    assert with_files({"branch": "main", "files": unread()}, None) == {"branch": "main"}


def test_files_that_have_been_read_stay_as_they_are() -> None:
    assert with_files({"files": ["a"], "sha": "c0ffee"}, {"commits": []}) == {"files": ["a"], "sha": "c0ffee"}


def test_changes_that_are_null_are_none() -> None:
    assert files([{"added": None, "modified": ["b"], "removed": None}], 1) == ["b"]

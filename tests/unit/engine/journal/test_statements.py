import pytest

from hookrules.engine.journal.statements import load_statements, parse_statements


def test_a_block_is_a_statement_under_its_name() -> None:
    text = "-- about the file\n\n-- name: one\nselect 1 -- the first\n\n-- name: two\nselect\n  2\n"
    assert parse_statements(text) == [("one", "select 1 -- the first"), ("two", "select\n  2")]


def test_a_name_that_comes_twice_is_an_error() -> None:
    with pytest.raises(ValueError, match="accept_event"):
        load_statements("sqlite_intake.sql", "sqlite_intake.sql")

"""What holds for every provider of the registry."""

import re

import pytest

from hookrules.engine.config.literal_secrets import places_of_secrets
from hookrules.engine.sources import provider, providers, scheme
from hookrules.engine.sources.source import Source
from hookrules.engine.sources.verification import NoProof

_LONG = re.compile(r"\bwh(?:sec|pk)_\w|[A-Za-z0-9+]{28}")
"""Something after a prefix of keys, or a run of characters that no word is as long as."""


@pytest.mark.parametrize("name", providers())
def test_a_person_can_connect_it(name: str) -> None:
    described = provider(name)
    assert described.title
    assert described.setup
    assert described.proof or described.verifier is None, "where is the secret found?"
    assert scheme(name), "its module says how it signs"


@pytest.mark.parametrize("name", providers())
def test_what_is_said_of_it_holds_no_secret(name: str) -> None:
    described = provider(name)
    told = [scheme(name), described.title, described.proof, described.setup, described.types, described.delivery, described.remarks]
    assert list(places_of_secrets(("told",), told)) == []
    assert [text for text in told if _LONG.search(text)] == []


def test_a_name_is_written_as_in_a_file_and_stands_for_one_module() -> None:
    assert [name for name in providers() if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)] == []
    assert len({id(provider(name)) for name in providers()}) == len(providers())


@pytest.mark.parametrize("name", providers())
def test_a_source_says_what_it_reads_where_a_delivery_is_one_event(name: str) -> None:
    """Of the items of a delivery that was read in part, parts would be missing. X alone looks at keys of any name."""
    kind = provider(name).source
    assert (kind(name, NoProof()).asks() is not None) == (kind.items is Source.items and name != "twitter")

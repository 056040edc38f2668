"""Server-side request forgery: no URL leads a rule's request to an inner address, however it is written."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError
from support_actions import Server, http_server, surroundings

from hookrules.actions.http_request import HttpAction
from hookrules.engine.errors import TemplateError

_LINE = re.compile(r"(\S.*?)\s+→ (.+)")
TABLE = [_LINE.fullmatch(line) for line in (Path(__file__).with_name("refused_urls.txt")).read_text("utf-8").splitlines()]
URLS = [(found[1], found[2]) for found in TABLE if found]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with http_server() as running:
        yield running


def said_of(url: str, written: str) -> str:
    """What a rule's author is told: at load, at rendering, or as the step's error."""
    try:
        outcome = HttpAction.model_validate({"url": written}).render({"payload": {"url": url}}).perform(surroundings(Path("/")))
    except (ValidationError, TemplateError) as refused:
        return str(refused)
    assert not outcome.succeeded
    assert not outcome.retryable
    return str(outcome.error)


def test_the_table_is_whole() -> None:
    assert len(URLS) > 90
    assert len(dict(URLS)) == len(URLS)


@pytest.mark.parametrize("written", ["as it stands", "by a template"])
@pytest.mark.parametrize(("url", "words"), URLS, ids=[url for url, _ in URLS])
def test_the_url_is_refused_and_nobody_hears_of_it(server: Server, url: str, words: str, written: str) -> None:
    url = url.replace("PORT", server.url.rpartition(":")[2])
    said = said_of(url, url if written == "as it stands" else "{{ payload.url }}")
    assert words in said
    assert server.seen == []

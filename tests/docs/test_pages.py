"""The pages name verbs that there are, all of them, and link to what there is."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support_docs import PAGES, ROOT, blocks, prose

from hookrules.engine.cli.verbs import VERBS

_LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`]+)`")
_VERB = re.compile(r"\bhookrules (?:-c \S+ )?([a-z][a-z-]*)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def codes(page: Path) -> Iterator[str]:
    """What stands in code on the page: spans, and fenced blocks."""
    yield from _CODE.findall(prose(page))
    yield from (block.text for block in blocks("console", "yaml", "") if ROOT / block.page == page)


@pytest.mark.parametrize("page", [*PAGES, *sorted((ROOT / "rules").glob("*.yaml")), ROOT / "hookrules.yaml"], ids=lambda page: page.name)
def test_every_verb_that_is_named_is_one(page: Path) -> None:
    texts = codes(page) if page.suffix == ".md" else [page.read_text("utf-8")]
    named = {verb for text in texts for verb in _VERB.findall(text)}
    assert named - VERBS.keys() == set()


def test_every_verb_has_its_line_in_the_readme() -> None:
    rows = re.findall(r"^\| `hookrules .*$", prose(ROOT / "README.md"), re.MULTILINE)
    told = {span.removeprefix("hookrules ").split()[0] for row in rows for span in _CODE.findall(row)}
    assert VERBS.keys() - told == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert [link for link in _LINK.findall(prose(page)) if not leads(page, link)] == []


def leads(page: Path, link: str) -> bool:
    """Whether it is an address of the web, or a file of the project and, where it names one, a heading in it."""
    if link.startswith("https://"):
        return True
    file, _, anchor = link.partition("#")
    target = (page.parent / file).resolve() if file else page
    return target.is_relative_to(ROOT) and target.exists() and (not anchor or anchor in anchors(target))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in _HEADING.findall(prose(page))}


def test_every_page_but_those_of_actions_is_named_in_the_readme() -> None:
    linked = {link.partition("#")[0] for link in _LINK.findall(prose(ROOT / "README.md"))}
    assert {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")} - linked == set()


def test_every_page_is_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md" or not page.is_file():
            continue
        reached.add(page)
        waiting += [(page.parent / link.partition("#")[0]).resolve() for link in _LINK.findall(prose(page)) if "://" not in link]
    records = set((ROOT / "docs" / "decisions").glob("*.md"))  # the README links to their folder
    assert set(PAGES) - reached - records == set()

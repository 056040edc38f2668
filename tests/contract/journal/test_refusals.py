"""Deliveries that were not taken, as every journal remembers them."""

from dataclasses import replace

from support_journal import NOW

from hookrules.engine.journal import Journal, RefusalFilter
from hookrules.engine.model import Refused

REFUSED = Refused("github", NOW, 401, "the signature does not fit", "192.0.2.1", "GitHub-Hookshot")


def test_a_refusal_is_kept_as_it_was(journal: Journal) -> None:
    journal.refuse([REFUSED], {("github", 401): 1}).result()
    assert journal.refusals(RefusalFilter()) == [REFUSED]


def test_they_are_listed_newest_first_and_by_source(journal: Journal) -> None:
    later, other = replace(REFUSED, at=NOW + 1), replace(REFUSED, source="", status=404)
    journal.refuse([REFUSED, other, later], {}).result()
    assert journal.refusals(RefusalFilter()) == [later, other, REFUSED]
    assert journal.refusals(RefusalFilter(source="github", limit=1)) == [later]


def test_a_flood_of_one_source_pushes_out_its_own_and_no_one_else_s(journal: Journal) -> None:
    journal.refuse([replace(REFUSED, source="quiet")], {}).result()
    flood = [replace(REFUSED, at=NOW + number) for number in range(450)]
    for start in range(0, 450, 50):
        journal.refuse(flood[start : start + 50], {("github", 401): 50}).result()
    kept = journal.refusals(RefusalFilter(source="github", limit=1000))
    assert kept == flood[:-201:-1]
    assert len(journal.refusals(RefusalFilter(source="quiet"))) == 1


def test_all_are_counted_also_those_that_are_not_kept(journal: Journal) -> None:
    journal.refuse([], {("github", 401): 3, ("", 404): 1}).result()
    journal.refuse([REFUSED], {("github", 401): 1}).result()
    counts = journal.counts()
    assert (counts["refusals.401.github"], counts["refusals.404."]) == (4, 1)

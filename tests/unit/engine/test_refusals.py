from collections.abc import Mapping, Sequence

from hookrules.engine.journal import Answer
from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.model import Refused
from hookrules.engine.refusals import Refusals


class Slow(SqliteJournal):
    """A real journal that holds its answers back until told."""

    def __init__(self) -> None:
        super().__init__(None)
        self.handed: list[tuple[list[Refused], dict[tuple[str, int], int], Answer[None]]] = []

    def refuse(self, refused: Sequence[Refused], counts: Mapping[tuple[str, int], int]) -> Answer[None]:
        self.handed.append((list(refused), dict(counts), Answer()))
        return self.handed[-1][2]


def add(refusals: Refusals, source: str = "github", reason: str = "no signature") -> None:
    refusals.add(source, 1.0, 401, reason, "192.0.2.1", "curl")


def test_a_flood_waits_in_bounded_memory_and_is_counted_whole() -> None:
    journal = Slow()
    refusals = Refusals(journal, {"github"}.__contains__)
    for _ in range(1000):
        add(refusals)
    assert len(journal.handed) == 1
    journal.handed[0][2].give(None)
    assert [len(kept) for kept, _, _ in journal.handed] == [1, 50]
    assert sum(count for _, counts, _ in journal.handed for count in counts.values()) == 1000
    journal.handed[1][2].give(None)
    add(refusals)
    assert len(journal.handed) == 3
    journal.close()


def test_names_of_no_source_are_one() -> None:
    journal = Slow()
    refusals = Refusals(journal, {"github"}.__contains__)
    for number in range(3):
        add(refusals, source=f"guess-{number}")
    journal.handed[0][2].give(None)
    assert {refused.source for kept, _, _ in journal.handed for refused in kept} == {""}
    journal.close()


def test_what_a_stranger_chooses_is_cut() -> None:
    journal = Slow()
    Refusals(journal, {"github"}.__contains__).add("github", 1.0, 400, "x" * 10_000, None, "y" * 10_000)
    ((refused,), _, _) = journal.handed[0]
    assert (len(refused.reason), len(refused.agent or "")) == (300, 300)
    journal.close()

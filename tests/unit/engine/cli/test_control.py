import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hookrules.engine.cli.control import Answer, Control, ask

TAKEN = Answer(taken=True, rules=3, message="the new set is in force", findings=({"file": "a.yaml", "line": 1},), restart=("store",))


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    deep = tmp_path / ("a folder whose name alone is almost as long as the path of a socket may be " * 2).strip()
    deep.mkdir()
    return deep / "journal.db"


@pytest.fixture
def control(journal: Path) -> Iterator[Control]:
    with closing(Control(journal)) as listening:
        yield listening


def asking(journal: Path) -> tuple[threading.Thread, list[Answer]]:
    answers: list[Answer] = []
    thread = threading.Thread(target=lambda: answers.extend(ask(journal, 30)))
    thread.start()
    return thread, answers


def test_who_asks_is_told_what_became_of_it(journal: Path, control: Control) -> None:
    thread, answers = asking(journal)
    while not control.hear():
        pass
    control.begin()
    control.answer(TAKEN)
    thread.join(30)
    assert answers == [TAKEN]
    assert not control.hear()


def test_who_asks_while_a_reload_goes_on_waits_for_the_next(journal: Path, control: Control) -> None:
    control.begin()
    thread, answers = asking(journal)
    while not control.hear():
        pass
    control.answer(TAKEN)
    assert control.hear()
    assert answers == []
    control.begin()
    control.answer(TAKEN)
    thread.join(30)
    assert answers == [TAKEN]


def test_it_is_for_its_own_user_alone_and_goes_with_the_server(journal: Path) -> None:
    control = Control(journal)
    [place] = journal.parent.iterdir()
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    here = Path.cwd()
    control.close()
    assert list(journal.parent.iterdir()) == []
    assert Path.cwd() == here


def test_a_server_that_ends_first_is_told_of(journal: Path) -> None:
    control = Control(journal)
    thread, answers = asking(journal)
    while not control.hear():
        pass
    control.begin()
    control.let_go()
    thread.join(30)
    assert answers == [Answer(taken=False, rules=None, message="the server ended before it could answer")]


def test_what_a_dead_server_left_is_removed_and_asks_nobody(journal: Path) -> None:
    left = Control(journal)
    left.let_go()  # as a kill does: the file stays
    assert len(list(journal.parent.iterdir())) == 1
    assert ask(journal, 30) == []
    assert list(journal.parent.iterdir()) == []


def test_what_a_dead_server_left_goes_when_another_starts_and_who_lives_is_not_asked_by_that(journal: Path, control: Control) -> None:
    Control(journal).let_go()
    with closing(Control(journal)):
        assert len(list(journal.parent.iterdir())) == 2
        assert not control.hear()


def test_servers_of_containers_have_the_same_process_id_and_are_asked_both(journal: Path, control: Control) -> None:
    with closing(Control(journal)) as other:
        thread, answers = asking(journal)
        for each in (control, other):
            while not each.hear():
                pass
            each.begin()
            each.answer(TAKEN)
        thread.join(30)
    assert answers == [TAKEN, TAKEN]
    assert len(list(journal.parent.iterdir())) == 1


def test_another_journals_server_is_not_asked(journal: Path, control: Control) -> None:
    assert ask(journal.with_name("other.db"), 30) == []


def test_a_server_without_a_place_for_it_serves_all_the_same(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(Control(tmp_path / "nowhere" / "journal.db")) as control:
        assert control.fileno() is None
        assert not control.hear()
    assert list(tmp_path.iterdir()) == []

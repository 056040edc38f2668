import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from support_journal import accept, event

from hookrules.engine.errors import JournalError, UsageError
from hookrules.engine.journal import Journal
from hookrules.engine.journal.opening import open_journal
from hookrules.engine.journal.sqlite_schema import APPLICATION_ID, VERSION


def sqlite(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def keeps_an_event(journal: Journal) -> bool:
    with closing(journal):
        accept(journal, event())
        return journal.event("evt_1") is not None


def test_a_relative_path_starts_at_the_folder(tmp_path: Path) -> None:
    assert keeps_an_event(open_journal("sqlite:///journal.db", tmp_path))
    assert (tmp_path / "journal.db").is_file()


def test_four_slashes_make_an_absolute_path(tmp_path: Path) -> None:
    assert keeps_an_event(open_journal(f"sqlite:///{tmp_path}/odd name?.db", Path("/nowhere")))
    assert (tmp_path / "odd name?.db").is_file()


def test_a_journal_in_memory_leaves_no_file_and_is_no_others(tmp_path: Path) -> None:
    with closing(open_journal("sqlite://", tmp_path)) as one, closing(open_journal("sqlite://", tmp_path)) as other:
        accept(one, event())
        assert other.event("evt_1") is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://me:hunter22@db/hooks", "postgresql:// is not in this version"),
        ("mysql://me:hunter22@db/hooks", "mysql:// is not known"),
        ("hookrules.db", "no URL"),
        ("sqlite:///", "names no file"),
        ("sqlite://hookrules.db", "names no file"),
    ],
)
def test_a_url_that_names_no_journal_is_told_how_to_write_one(url: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=words) as told:
        open_journal(url, tmp_path)
    assert "sqlite:///hookrules.db" in str(told.value)
    assert "hunter22" not in str(told.value)


def other_program(path: Path) -> None:
    sqlite(path, "create table passwords (id)")


def another_application_id(path: Path) -> None:
    sqlite(path, "pragma application_id = 1")


def newer_schema(path: Path) -> None:
    sqlite(path, f"pragma application_id = {APPLICATION_ID}", f"pragma user_version = {VERSION + 1}")


def no_database(path: Path) -> None:
    path.write_text("rules: []\n" * 200)


def damaged(path: Path) -> None:
    open_journal("sqlite:///journal.db", path.parent).close()
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (Path.mkdir, "it is a folder; name a file"),
        (other_program, "database of another program; name another file"),
        (another_application_id, "database of another program; name another file"),
        (newer_schema, f"schema is version {VERSION + 1} and this hookrules knows {VERSION}; upgrade hookrules"),
        (no_database, "not a SQLite database; name another file"),
        (damaged, "damaged; move it away"),
    ],
)
def test_a_file_that_is_no_journal_is_named_with_the_remedy_and_left_as_it_was(
    spoil: Callable[[Path], None], words: str, tmp_path: Path
) -> None:
    path = tmp_path / "journal.db"
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(JournalError, match=words) as told:
        open_journal("sqlite:///journal.db", tmp_path)
    assert str(path) in str(told.value)
    assert before is None or path.read_bytes() == before


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=f"there is no folder {tmp_path}/gone; create it"):
        open_journal("sqlite:///gone/journal.db", tmp_path)


OPENS_AS_NOBODY = """
import os, sys
from pathlib import Path
from hookrules.engine.errors import JournalError
from hookrules.engine.journal.opening import open_journal

if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    open_journal("sqlite:///" + sys.argv[1], Path("/"))
except JournalError as error:
    print(error)
"""


def opened_as_nobody(path: Path) -> str:
    """What opening says to a user who is not root. The modules are imported before root is given up."""
    ran = subprocess.run([sys.executable, "-c", OPENS_AS_NOBODY, str(path)], capture_output=True, text=True, check=True, timeout=60)
    return ran.stdout.strip()


@pytest.fixture
def public(tmp_path: Path) -> Path:
    """A folder that any user can reach and list, and none but the owner write."""
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    return tmp_path


@pytest.mark.skipif(os.geteuid() != 0, reason="a file of another user needs root to make it")
def test_a_folder_without_permission_is_told(public: Path) -> None:
    told = opened_as_nobody(public / "journal.db")
    assert str(public / "journal.db") in told
    assert "check that this user may read and write the file and its folder" in told


@pytest.mark.skipif(os.geteuid() != 0, reason="a file of another user needs root to make it")
@pytest.mark.parametrize("mode", [0o755, 0o777])
def test_a_read_only_file_is_told_at_once(public: Path, mode: int) -> None:
    open_journal("sqlite:///journal.db", public).close()
    public.chmod(mode)
    told = opened_as_nobody(public / "journal.db")
    assert str(public / "journal.db") in told
    assert re.search("this user (may read and )?write (permission on )?the file and its folder", told)


def test_a_journal_that_is_there_already_is_opened_as_it_is(tmp_path: Path) -> None:
    assert keeps_an_event(open_journal("sqlite:///journal.db", tmp_path))
    with closing(open_journal("sqlite:///journal.db", tmp_path)) as again:
        assert again.event("evt_1") == event()


OPENS = """
import sys
from pathlib import Path
from hookrules.engine.journal.opening import open_journal
from support_journal import accept, event

journal = open_journal("sqlite:///journal.db", Path(sys.argv[1]))
accept(journal, event(sys.argv[2]))
journal.close()
"""


def test_processes_that_create_it_at_the_same_time_share_it(tmp_path: Path) -> None:
    tests = Path(__file__).parents[3]
    started = [subprocess.Popen([sys.executable, "-c", OPENS, str(tmp_path), f"evt_{n}"], cwd=tests) for n in range(4)]
    assert [process.wait(60) for process in started] == [0, 0, 0, 0]
    with closing(open_journal("sqlite:///journal.db", tmp_path)) as journal:
        assert journal.counts()["events"] == 4


def test_payloads_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    with closing(open_journal("sqlite:///journal.db", tmp_path)) as journal:
        accept(journal, event())
        assert {file.stat().st_mode & 0o077 for file in tmp_path.iterdir()} == {0}

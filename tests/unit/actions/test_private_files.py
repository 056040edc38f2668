import os
import subprocess
import sys
from pathlib import Path

import pytest

from hookrules.actions.private_files import private_file, private_folder, remove_left_behind

MAKES_ONE_OF_EACH_AND_DIES = """
import os, signal
from hookrules.actions.private_files import private_file, private_folder

with private_file(b"left", ".payload") as path, private_folder() as folder:
    (folder / "key").write_text("secret")
    print(path, folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_it_is_its_owner_s_alone_and_lives_as_long_as_the_context() -> None:
    with private_file(b"x" * 300_000, ".payload") as path:
        assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"x" * 300_000, 0o600)
        assert remove_left_behind() == []
    assert not path.exists()


def test_a_folder_is_its_owner_s_alone_and_gone_with_all_that_is_in_it() -> None:
    with private_folder() as path:
        (path / "inner").mkdir()
        (path / "inner" / "key").touch()
        assert path.stat().st_mode & 0o777 == 0o700
        assert remove_left_behind() == []
    assert not path.exists()


def test_it_is_gone_after_an_error_and_may_be_gone_before() -> None:
    with pytest.raises(ZeroDivisionError), private_file(b"", ".payload") as path:
        raise ZeroDivisionError
    assert not path.exists()
    with private_file(b"", ".payload") as path:
        path.unlink()


def test_what_a_killed_process_left_is_removed_and_nothing_else(folder: Path) -> None:
    died = subprocess.run([sys.executable, "-c", MAKES_ONE_OF_EACH_AND_DIES], capture_output=True, text=True, check=False)
    left = set(map(Path, died.stdout.split()))
    assert len(left) == 2
    assert all(path.exists() for path in left)
    (folder / "hookrules-crash-1.txt").touch()
    (folder / "hookrules-private-link").symlink_to(folder / "hookrules-crash-1.txt")
    os.mkfifo(folder / "hookrules-private-pipe")
    assert set(remove_left_behind()) == left
    assert {path.name for path in folder.iterdir()} == {
        "hookrules-crash-1.txt",
        "hookrules-private-link",
        "hookrules-private-pipe",
    }

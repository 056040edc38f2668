import os

from hookrules.engine.reloads import Board, LastReload


def test_what_one_process_writes_its_forks_read() -> None:
    board = Board()
    assert board.read() is None
    refused = LastReload(5.0, "2 errors", ("rules/a.yaml:1:1: error: …",))
    child = os.fork()
    if not child:
        board.write(refused)
        os._exit(0)
    os.waitpid(child, 0)
    assert board.read() == refused
    board.write(LastReload(6.0))
    assert board.read() == LastReload(6.0)


def test_ten_thousand_long_findings_are_cut() -> None:
    board = Board()
    board.write(LastReload(5.0, "10,000 errors", ("ä" * 5000,) * 10_000))
    read = board.read()
    assert read is not None
    assert read.refused == "10,000 errors"
    assert len(read.findings) <= 50

"""What a payload is that a person gives."""

from pathlib import Path

import pytest

from hookrules.engine.cli.payloads import read_payload
from hookrules.engine.errors import UsageError

JSON, FORM = "application/json", "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("name", "body", "media"),
    [
        ("push.json", b"{}", JSON),
        ("push.json", b"a=b", JSON),
        ("command.form", b"a=b", FORM),
        ("feed.xml", b"<a/>", "application/xml"),
        ("note.txt", b"a=b", "text/plain; charset=utf-8"),
        ("command", b"command=%2Fdeploy&text=the+shop\n", FORM),
        ("list", b"a[]=1&a[]=2", FORM),
        ("push", b'{"a": "x=1"}', JSON),
        ("text", b'"a=b"', JSON),
        ("nothing", b"", JSON),
        ("number", b"1", JSON),
    ],
)
def test_its_name_says_what_it_is_and_else_its_looks(tmp_path: Path, name: str, body: bytes, media: str) -> None:
    (tmp_path / name).write_bytes(body)
    assert read_payload(str(tmp_path / name)).content_type == media


def test_the_end_of_the_line_is_no_part_of_a_form(tmp_path: Path) -> None:
    (tmp_path / "command").write_bytes(b"text=now\r\n")
    (tmp_path / "push.json").write_bytes(b"{}\n")
    assert read_payload(str(tmp_path / "command")).body == b"text=now"
    assert read_payload(str(tmp_path / "push.json")).body == b"{}\n"


def test_a_file_that_can_t_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"can't read .*gone.json: no such file"):
        read_payload(str(tmp_path / "gone.json"))

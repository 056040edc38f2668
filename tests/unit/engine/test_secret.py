"""Where secrets come from, and that they stay hidden."""

from pathlib import Path

import pytest

from hookrules.engine.config.settings import Settings
from hookrules.engine.secret import Placeholders, Secret, Vault, secrets_in


def test_a_secret_comes_from_the_environment_a_file_or_a_credential(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials/token").write_text("from-systemd")
    vault = Vault({"TOKEN": "from-the-environment", "CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}, tmp_path)
    assert vault.resolve({"env": "TOKEN"}).reveal() == "from-the-environment"
    assert vault.resolve({"file": "token"}).reveal() == "from-a-file"
    assert vault.resolve({"file": str(tmp_path / "token")}).reveal() == "from-a-file"
    assert vault.resolve({"credential": "token"}).reveal() == "from-systemd"
    assert vault.resolve("literal").literal


def test_only_one_line_break_at_the_end_of_a_file_is_not_the_secret(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b" two\r\n\r\n")
    assert Vault({}, tmp_path).resolve({"file": "token"}).reveal() == " two\r\n"


@pytest.mark.parametrize(
    "written",
    [
        *({"env": "GONE"}, {"env": "EMPTY"}, {"file": "gone"}, {"file": "empty"}, {"file": "."}, {"file": "bytes"}, {"file": "a\0b"}),
        *({"credential": "x"}, {"vault": "x"}, {"env": ""}, {"env": 1}, {}, [], "", None, {"env": "A", "file": "b"}, {"env": "A\0"}),
    ],
)
def test_what_gives_no_secret_says_so(written: object, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "bytes").write_bytes(b"\xff")
    with pytest.raises(ValueError, match=r"\w"):
        Vault({"EMPTY": ""}, tmp_path).resolve(written)


def test_a_secret_shows_itself_to_nobody_who_does_not_ask() -> None:
    secret = Secret("environment variable X", "hunter2-hunter2")
    settings = Settings.model_validate({"secrets": {"x": "hunter2-hunter2"}}, context={"vault": Vault({}, Path())})
    for shown in (repr(secret), str(secret), f"{secret}", f"{settings}", repr(settings), str([secret])):
        assert "hunter2" not in shown


def test_every_secret_of_the_settings_is_found() -> None:
    written = {
        "console": {"token": "aaaaaaaa"},
        "sources": {"x": {"secret": ["bbbbbbbb", "cccccccc"]}, "y": {"verify": {"hmac": "sha1", "header": "X", "secret": "dddddddd"}}},
        "secrets": {"z": "eeeeeeee"},
    }
    found = list(secrets_in(Settings.model_validate(written, context={"vault": Vault({}, Path())})))
    assert sorted(secret.reveal()[0] for _, secret in found) == list("abcde")
    assert ("sources", "x", "secret", 1) in [path for path, _ in found]


def test_a_placeholder_stands_for_any_secret_that_is_written_rightly(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file")
    for written in ({"env": "GONE"}, {"file": "token"}, {"credential": "x"}, "a literal one"):
        placeholder = Placeholders(tmp_path).resolve(written)
        assert placeholder.reveal() not in ("from-a-file", "a literal one")
        assert not placeholder.short
    with pytest.raises(ValueError, match="vault"):
        Placeholders(tmp_path).resolve({"vault": "x"})

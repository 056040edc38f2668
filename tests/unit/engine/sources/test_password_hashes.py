"""Lines of htpasswd files."""

import base64
import shutil
import subprocess

import bcrypt
import pytest

from hookrules.engine.sources.password_hashes import PasswordFile, apr1_hash, is_password_of

BCRYPT = bcrypt.hashpw(b"s3cret", bcrypt.gensalt(4)).decode()
SHA = "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="
APR1 = "$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/"


def sha(password: str) -> str:
    import hashlib

    return "{SHA}" + base64.b64encode(hashlib.sha1(password.encode()).digest()).decode()


@pytest.mark.parametrize(
    ("hashed", "password"),
    [(BCRYPT, "s3cret"), (BCRYPT.replace("$2b$", "$2y$"), "s3cret"), (SHA, "password"), (sha("ü"), "ü"), (APR1, "secret")],
)
def test_a_password_is_known_by_its_hash(hashed: str, password: str) -> None:
    users = PasswordFile.read(f"# users\n\nann:{sha('x')}\ndeploy:{hashed}\n")
    assert users.proves("deploy", password)
    for user, wrong in (("deploy", password + "x"), ("deploy", ""), ("deploy", "\0"), ("ann", password), ("bob", password), ("bob", "x")):
        assert not users.proves(user, wrong)


def test_a_password_longer_than_any_is_not_hashed() -> None:
    assert not PasswordFile({"deploy": sha("x" * 256)}).proves("deploy", "x" * 256)
    assert PasswordFile({"deploy": sha("x" * 255)}).proves("deploy", "x" * 255)


def test_bcrypt_reads_72_bytes() -> None:
    hashed = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()
    assert is_password_of(hashed, b"x" * 100)
    assert not is_password_of(hashed, b"x" * 71)


@pytest.mark.parametrize("password", ["", "x", "secret", "sixteen letters!", "more than sixteen letters, ü, and yet more of them"])
def test_apr1_is_what_openssl_makes(password: str) -> None:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not there")
    for salt in ("x", "abcdefgh"):
        made = subprocess.run(["openssl", "passwd", "-apr1", "-salt", salt, password], capture_output=True, text=True, check=True)
        assert made.stdout.strip() == f"$apr1${salt}${apr1_hash(password.encode(), salt.encode())}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no user"),
        ("# nobody\n", "names no user"),
        ("deploy", "line 1 is not NAME:HASH"),
        (":x", "line 1"),
        ("deploy:", "line 1 has a hash that is not taken"),
        ("deploy:plain-text", "not taken"),
        ("deploy:rOdEFDw.kNbWs", "not taken"),
        ("deploy:$6$salt$hash", "not taken"),
        ("deploy:{SHA}short", "not taken"),
        (f"deploy:{APR1}x", "not taken"),
        (f"deploy:{BCRYPT}\ndeploy:{SHA}", "line 2 names the user deploy again"),
        (f"deploy:{BCRYPT.replace('$04$', '$15$')}", "cost of 15"),
    ],
)
def test_what_is_not_taken_is_told_and_not_shown(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as told:
        PasswordFile.read(text)
    assert "plain-text" not in str(told.value)

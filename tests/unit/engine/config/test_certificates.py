"""Whether a listener can use a certificate: told before it would fail on it."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from support_certificates import Certificate

from hookrules.engine.config.certificates import TlsFiles, faults_of
from hookrules.engine.config.findings import Finding
from hookrules.engine.config.settings_file import check_settings
from hookrules.engine.config.yaml_reader import read_text


def told(folder: Path, certificate: str = "ours.pem", key: str = "ours.key", client_ca: str | None = None) -> dict[str, str]:
    files = TlsFiles(folder / certificate, folder / key, folder / client_ca if client_ca else None)
    return {fault.key: fault.message for fault in faults_of(files)}


GOOD = {
    "RSA 2048": lambda: rsa.generate_private_key(65537, 2048),
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}


@pytest.mark.parametrize("kind", GOOD)
def test_keys_that_tls_takes(tmp_path: Path, kind: str) -> None:
    Certificate.made("ours", key=GOOD[kind]()).write(tmp_path, "ours")
    assert told(tmp_path) == {}
    assert told(tmp_path, client_ca="ours.pem") == {}


def test_a_key_that_is_too_short(tmp_path: Path) -> None:
    Certificate.made("ours", key=rsa.generate_private_key(65537, 1024)).write(tmp_path, "ours")
    assert "can't be used: ee key too small" in told(tmp_path)["key"]


def test_each_file_is_told_with_its_own_fault(tmp_path: Path) -> None:
    (tmp_path / "ours.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    (tmp_path / "ca.pem").write_text("")
    faults = told(tmp_path, client_ca="ca.pem")
    assert "ours.pem holds no certificate in PEM form" in faults["certificate"]
    assert "ours.key can't be read (no such file or directory)" in faults["key"]
    assert "ca.pem holds no certificate in PEM form" in faults["client_ca"]


def test_a_key_of_another_certificate(tmp_path: Path) -> None:
    Certificate.made("ours").write(tmp_path, "ours")
    Certificate.made("other").write(tmp_path, "other")
    assert "other.key is not the key of the first certificate in" in told(tmp_path, key="other.key")["key"]


def test_a_key_behind_a_passphrase(tmp_path: Path) -> None:
    ours = Certificate.made("ours")
    ours.write(tmp_path, "ours")
    (tmp_path / "ours.key").write_bytes(ours.key_as_pem(b"open sesame"))
    assert "locked with a passphrase" in told(tmp_path)["key"]


def test_a_certificate_where_the_key_should_be(tmp_path: Path) -> None:
    Certificate.made("ours").write(tmp_path, "ours")
    assert "holds no private key" in told(tmp_path, key="ours.pem")["key"]
    assert "holds no certificate" in told(tmp_path, certificate="ours.key")["certificate"]


def findings(folder: Path, server: str, environ: dict[str, str] | None) -> list[Finding]:
    return list(check_settings(read_text(f"server: {server}\n", "hookrules.yaml"), folder, environ).findings)


def test_what_a_file_is_missing_for_is_found_at_load_with_its_place(tmp_path: Path) -> None:
    Certificate.made("ours").write(tmp_path, "ours")
    tls = "{tls: {certificate: ours.pem, key: nowhere.key}}"
    [finding] = findings(tmp_path, tls, {})
    assert (finding.code, finding.line, finding.column) == ("HR420", 1, 39)
    assert "nowhere.key can't be read" in finding.message
    assert findings(tmp_path, "{tls: {certificate: ours.pem, key: ours.key}}", {}) == []
    assert findings(tmp_path, tls, None) == [], "what serves nothing needs no certificate"


@pytest.mark.parametrize(
    ("server", "level", "words"),
    [
        ("{listen: 'unix:a.sock', tls: {certificate: ours.pem, key: ours.key}}", "error", "'listen' has none"),
        ("{listen: ['127.0.0.1:1', 'unix:a.sock'], rate_limit: 1/1m}", "warning", "add 'unix' to 'trusted_proxies'"),
    ],
)
def test_keys_that_do_not_go_together_are_told(tmp_path: Path, server: str, level: str, words: str) -> None:
    Certificate.made("ours").write(tmp_path, "ours")
    [finding] = findings(tmp_path, server, {})
    assert finding.level == level
    assert words in finding.message


@pytest.mark.parametrize(
    "server",
    [
        "{listen: ['127.0.0.1:1', 'unix:a.sock'], tls: {certificate: ours.pem, key: ours.key}}",
        "{listen: 'unix:a.sock', socket_mode: 600, trusted_proxies: unix, rate_limit: 1/1m}",
        "{listen: '[::1]:1', socket_mode: '0660', trusted_proxies: [10.0.0.0/8, '2001:db8::/32', 192.0.2.7]}",
    ],
)
def test_keys_that_do_are_not(tmp_path: Path, server: str) -> None:
    Certificate.made("ours").write(tmp_path, "ours")
    assert findings(tmp_path, server, {}) == []

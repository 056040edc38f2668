"""Every YAML block of the docs is what it claims to be: the loader takes it without a finding, and the schema as well."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from support_docs import AROUND, ENVIRON, ROOT, Block, blocks
from support_tls import write_files

from hookrules.engine.config.findings import Finding
from hookrules.engine.config.json_schema import SCHEMAS
from hookrules.engine.config.loading import check_files
from hookrules.engine.config.yaml_nodes import plain
from hookrules.engine.config.yaml_reader import read_text

FILES = {
    **dict.fromkeys(("github", "console"), "a secret that is long enough"),
    "users": "deploy:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n",
    "sender.pem": """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==
-----END PUBLIC KEY-----
""",
    "keys.json": """{"keys": [{
        "kty": "EC", "crv": "P-256", "kid": "k",
        "x": "83T4O_n84iotIvIW4mdBgQ_7dAfSmpqIM8kF9mN1flo", "y": "VSktxkanutoMPtnzTUWiDV71aYoJUiPHjRHOsBANxfo"
    }]}""",
}
"""What the docs' examples name as `{file: secrets/…}`."""
TOLD = {"HR401", "HR406", "HR420"}
"""Warnings of sources that the page on configuration shows with what they are warned of, and certificates that are not here."""
VALIDATORS = {name: Draft202012Validator(make()) for name, make in SCHEMAS.items()}
STARTER = [ROOT / "hookrules.yaml", *sorted((ROOT / "rules").glob("*.yaml"))]


def kind_of(text: str) -> str:
    document = plain(read_text(text, "block.yaml").root)
    assert isinstance(document, dict)
    return next((kind for kind in ("rules", "tests") if isinstance(document.get(kind), list)), "config")


def findings(block: Block, folder: Path) -> list[Finding]:
    (folder / "hookrules.yaml").write_text(json.dumps(AROUND))
    (folder / "rules").mkdir()
    (folder / "secrets").mkdir()
    for name, text in FILES.items():
        (folder / "secrets" / name).write_text(text)
    write_files(folder / "secrets", "partner")
    path = folder / ("rules/block.yaml" if kind_of(block.text) == "rules" else "hookrules.yaml")
    path.write_text(block.text)
    return [found for found in check_files([path], config_path=folder / "hookrules.yaml", environ=ENVIRON) if found.code not in TOLD]


@pytest.mark.parametrize("block", [block for block in blocks("yaml") if kind_of(block.text) != "tests"], ids=str)
def test_the_loader_has_nothing_to_say_of_a_block(block: Block, tmp_path: Path) -> None:
    assert findings(block, tmp_path) == []


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_the_schema_takes_a_block(block: Block) -> None:
    errors = VALIDATORS[kind_of(block.text)].iter_errors(plain(read_text(block.text, "block.yaml").root))
    assert [f"{error.json_path}: {error.message}" for error in errors] == []


@pytest.mark.parametrize("path", STARTER, ids=lambda path: path.name)
def test_the_schema_takes_the_starter(path: Path) -> None:
    text = path.read_text("utf-8")
    assert VALIDATORS[kind_of(text)].is_valid(plain(read_text(text, path.name).root))


def test_there_are_blocks() -> None:
    assert {kind_of(block.text) for block in blocks("yaml")} >= {"rules", "config"}

from ipaddress import ip_network
from pathlib import Path

import pytest

from hookrules.engine.config.address_lists import named_lists_in
from hookrules.engine.config.findings import Finding
from hookrules.engine.config.settings_loading import LoadedSettings, load_settings_only
from hookrules.engine.config.wiring import sources_of
from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery
from hookrules.engine.sources.address_lists import AddressLists, cache


def loaded(folder: Path, allow_from: str) -> LoadedSettings:
    config = folder / "hookrules.yaml"
    config.write_text(f"sources: {{lab: {{verify: none, delivery_id: $.id, allow_from: {allow_from}}}}}\n")
    return load_settings_only(config, environ={})


def errors(folder: Path, allow_from: str) -> list[Finding]:
    return [found for found in loaded(folder, allow_from).findings if found.code == "HR415"]


def admits(folder: Path, allow_from: str, address: str) -> bool:
    settings = loaded(folder, allow_from).settings
    assert settings is not None
    source = sources_of(settings, AddressLists(folder, lambda _: None))["lab"]
    assert source.policy.allowed is not None
    try:
        source.policy.allowed.check(Delivery("lab", b"", {}, 0.0, address=address))
    except Unproven:
        return False
    return True


def test_a_named_list_admits_whom_it_has_now(tmp_path: Path) -> None:
    assert not admits(tmp_path, "[github, 192.0.2.7]", "198.51.100.1")
    assert admits(tmp_path, "[github, 192.0.2.7]", "192.0.2.7")
    cache.keep(tmp_path, "github", (ip_network("198.51.100.0/24"),), 0.0)
    assert admits(tmp_path, "[github, 192.0.2.7]", "198.51.100.1")


def test_a_file_is_a_list_and_starts_where_the_configuration_lies(tmp_path: Path) -> None:
    (tmp_path / "office.txt").write_text("198.51.100.0/24  # the office\n")
    assert admits(tmp_path, "{file: office.txt}", "198.51.100.1")
    assert not admits(tmp_path, "{file: office.txt}", "192.0.2.1")


def test_a_list_may_be_what_proves(tmp_path: Path) -> None:
    config = tmp_path / "hookrules.yaml"
    config.write_text("sources: {lab: {verify: {any: [{allow_from: github}, {all: [{allow_from: stripe}]}]}, delivery_id: $.id}}\n")
    settings = load_settings_only(config, environ={}).settings
    assert settings is not None
    assert named_lists_in(settings) == ["github", "stripe"]
    cache.keep(tmp_path, "stripe", (ip_network("198.51.100.0/24"),), 0.0)
    verifier = sources_of(settings, AddressLists(tmp_path, lambda _: None))["lab"].verifier
    verifier.verify(Delivery("lab", b"", {}, 0.0, address="198.51.100.1"), 0.0)
    with pytest.raises(Unproven):
        sources_of(settings)["lab"].verifier.verify(Delivery("lab", b"", {}, 0.0, address="198.51.100.1"), 0.0)


@pytest.mark.parametrize(
    ("allow_from", "told"),
    [
        ("{file: nowhere.txt}", "file nowhere.txt can't be read (no such file or directory)"),
        ("{file: broken.txt}", "file broken.txt is no list of addresses: 'example.com' is neither"),
        ("{file: empty.txt}", "file empty.txt is no list of addresses: it is empty"),
        ("{url: https://example.com}", "is written {file: PATH}"),
        ("gihub", "there is no list of addresses 'gihub'; the lists are bitbucket, github"),
    ],
)
def test_a_list_that_can_not_be_used_is_told_at_load(tmp_path: Path, allow_from: str, told: str) -> None:
    (tmp_path / "broken.txt").write_text("192.0.2.0/24\nexample.com\n")
    (tmp_path / "empty.txt").write_text("# nothing\n")
    (found,) = errors(tmp_path, allow_from)
    assert told in found.message


def test_a_file_is_not_asked_for_where_secrets_are_not(tmp_path: Path) -> None:
    config = tmp_path / "hookrules.yaml"
    config.write_text("sources: {lab: {verify: none, delivery_id: $.id, allow_from: {file: nowhere.txt}}}\n")
    assert [found for found in load_settings_only(config, environ=None).findings if found.code == "HR415"] == []

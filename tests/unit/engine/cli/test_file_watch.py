import os
from pathlib import Path

import pytest

from hookrules.engine.cli.file_watch import Named, content_of


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yaml").write_text("rules: []")
    (tmp_path / "key").write_text("a secret")
    file = tmp_path / "hookrules.yaml"
    file.write_text("sources:\n  hub: {provider: github, secret: [{file: key}, {env: OTHER}]}\n")
    return file


def names(config: Path) -> set[str]:
    return {str(Path(name).relative_to(config.parent)) for name in content_of(config)}


def test_the_configuration_its_secrets_and_its_rules_are_what_counts(config: Path) -> None:
    assert names(config) == {"hookrules.yaml", "key", "rules/a.yaml"}


def test_what_was_only_touched_or_written_back_is_as_before(config: Path) -> None:
    before = content_of(config)
    config.touch()
    rules = config.parent / "rules" / "a.yaml"
    kept = rules.read_text()
    rules.write_text("rules: [{}]")
    assert content_of(config) != before
    rules.write_text(kept)
    assert content_of(config) == before


def test_what_lies_beside_a_rule_is_none(config: Path) -> None:
    before = content_of(config)
    for name in (".a.yaml.swp", "a.yaml~", "4913", "payload.json"):
        (config.parent / "rules" / name).write_text("half a file")
    assert content_of(config) == before


def test_a_link_to_nowhere_among_the_rules_is_a_change_since_it_breaks_the_set(config: Path) -> None:
    before = content_of(config)
    (config.parent / "rules" / "b.yaml").symlink_to("nowhere")
    assert content_of(config) != before


def test_a_named_pipe_is_not_waited_for(config: Path) -> None:
    os.mkfifo(config.parent / "rules" / "b.yaml")
    (config.parent / "key").unlink()
    os.mkfifo(config.parent / "key")
    assert names(config) == {"hookrules.yaml", "rules/a.yaml"}


def test_the_folder_of_rules_is_the_one_that_the_configuration_names_now(config: Path) -> None:
    (config.parent / "others").mkdir()
    (config.parent / "others" / "b.yaml").write_text("rules: []")
    config.write_text("rules: others\n")
    assert names(config) == {"hookrules.yaml", "others/b.yaml"}


@pytest.mark.parametrize("text", ["", "[1, 2]", "sources: {: {", "rules: [a, b]", "secrets: {a: {file: 3}, b: {file: ''}}", '\x00{"'])
def test_a_configuration_that_is_none_is_watched_all_the_same(config: Path, text: str) -> None:
    config.write_text(text)
    assert names(config) >= {"hookrules.yaml", "rules/a.yaml"}


def test_a_configuration_that_is_gone_has_no_content(config: Path) -> None:
    config.unlink()
    assert names(config) == {"rules/a.yaml"}
    assert None in Named.by(config).marks()


def test_a_link_that_leads_elsewhere_is_marked_so(config: Path) -> None:
    rules = config.parent / "rules"
    rules.rename(config.parent / "first")
    rules.symlink_to("first")
    before = Named.by(config).marks()
    rules.unlink()
    (config.parent / "second").mkdir()
    rules.symlink_to("second")
    assert Named.by(config).marks() != before

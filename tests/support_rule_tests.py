"""Tests of rules, run in memory without a command line."""

from pathlib import Path

from support_runs import rule_of

from hookrules.engine.config.rule_test_files import Nameable, RuleTest, RuleTests, check_test_file
from hookrules.engine.config.ruleset import Ruleset
from hookrules.engine.config.settings import Settings
from hookrules.engine.config.wiring import catalogues_of, unproven_sources_of
from hookrules.engine.config.yaml_nodes import plain
from hookrules.engine.config.yaml_reader import read_text
from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.matching.index import Index
from hookrules.engine.secret import Placeholders
from hookrules.engine.testing.expectations import Failure, failures
from hookrules.engine.testing.line import Line, Told, stand_in

SETTINGS = """
sources:
  github: {provider: github, secret: {env: GITHUB_SECRET}}
  lab: {verify: {hmac: sha256, header: X-Sign, signed: "{timestamp}.{body}", timestamp_header: X-Time}, secret: {file: gone}, type: $.kind}
schedules: {nightly: {every: 1d}}
secrets: {chat: {env: CHAT}, word: {credential: word}}
"""


def settings_of(text: str = SETTINGS) -> Settings:
    return Settings.model_validate(plain(read_text(text, "hookrules.yaml").root), context={"vault": Placeholders(Path())})


def ruleset_of(*rules: str) -> Ruleset:
    return Ruleset.of(map(rule_of, rules))


def read_tests(text: str, *rules: str, file: str = "rules/some.test.yaml") -> RuleTests:
    settings = settings_of()
    return check_test_file(read_text(text, file), Nameable.of(settings, ruleset_of(*rules), catalogues_of(settings)))


def rule_test(text: str, *rules: str, file: str = "rules/some.test.yaml") -> RuleTest:
    """The one test of a file, from the text of what stands under its name."""
    read = read_tests("tests:\n  - name: it\n" + "".join(f"    {line}\n" for line in text.strip().splitlines()), *rules, file=file)
    assert read.findings == ()
    (test,) = read.tests
    return test


def told(text: str, *rules: str) -> tuple[Told, list[Failure]]:
    """What comes of a test, and what of it does not hold."""
    settings, ruleset = settings_of(), ruleset_of(*rules)
    secrets = {name: stand_in(name) for name in settings.secrets}
    line = Line(unproven_sources_of(settings), ruleset, Index(ruleset), secrets, Path(), lambda: SqliteJournal(None))
    test = rule_test(text, *rules)
    came = line.run(test)
    return came, failures(test, came)


def messages(text: str, *rules: str) -> list[str]:
    return [failure.message for failure in told(text, *rules)[1]]

"""Settings → sources."""

from pathlib import Path

from hookrules.engine.config.settings import Settings
from hookrules.engine.config.settings_file import check_settings
from hookrules.engine.config.wiring import catalogues_of, sources_of, unproven_sources_of
from hookrules.engine.config.yaml_reader import read_text
from hookrules.engine.model import Delivery

TEXT = """
sources:
  alerts:
    verify: {token: {header: X-Token, value: {env: TOKEN}}}
    allow_from: 192.0.2.0/24
    split: $.alerts[*]
    dedupe: body
    delivery_id: $.id
"""


def settings(environ: dict[str, str] | None) -> Settings:
    read = check_settings(read_text(TEXT, "hookrules.yaml"), Path(), environ)
    assert read.settings is not None
    assert read.findings == ()
    return read.settings


def test_a_source_has_the_policy_that_is_written() -> None:
    policy = sources_of(settings({"TOKEN": "a token that is long enough"}))["alerts"].policy
    assert policy.allowed is not None
    assert policy.split is not None
    assert policy.split({"alerts": [1, 2]}) == [1, 2]
    assert (policy.drops_repeated_bodies, policy.ignores_redeliveries) == (True, False)


def test_where_rules_are_tried_anyone_may_send_from_anywhere_and_nobody_needs_a_secret() -> None:
    source = unproven_sources_of(settings(None))["alerts"]
    assert source.policy.allowed is None
    assert source.policy.split is not None
    assert source.verifier.verify(Delivery("alerts", b"", {}, 0.0), 0.0) is None


def test_a_provider_that_there_is_not_has_no_catalogue_and_takes_none_from_the_others() -> None:
    text = "sources:\n  a: {provider: gihub, secret: {env: A}}\n  b: {provider: 5}\n  c: {provider: github, secret: {env: C}}\n"
    read = check_settings(read_text(text, "hookrules.yaml"), Path(), None)
    assert read.settings is not None
    assert list(catalogues_of(read.settings)) == ["c"]

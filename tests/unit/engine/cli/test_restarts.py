from pathlib import Path

from hookrules.engine.cli.project import Project
from hookrules.engine.cli.restarts import Unchanging
from hookrules.engine.config.ruleset import Ruleset
from hookrules.engine.config.settings import Settings
from hookrules.engine.secret import Vault

BOUND = ("server.listen", "server.socket_mode", "console.listen", "console.socket_mode")


def settings(**sections: object) -> Settings:
    return Settings.model_validate(sections, context={"vault": Vault({}, Path())})


def project(written: Settings) -> Project:
    return Project(Path("hookrules.yaml"), Path(), written, Ruleset(), ())


def unchanging(first: Settings, bound: tuple[str, ...] = BOUND) -> Unchanging:
    return Unchanging(first, project(first), bound)


def test_what_sockets_and_journal_hang_on_takes_a_restart() -> None:
    first = settings()
    after = settings(store="sqlite:///other.db", server={"listen": "127.0.0.1:1", "drain": "1s"}, console={"socket_mode": "600"})
    assert unchanging(first).changed_in(after) == ["store", "server.listen", "console.socket_mode"]
    assert unchanging(first).changed_in(settings(server={"slots": 3}, rules="others")) == []


def test_settings_that_bound_no_socket_have_no_say() -> None:
    assert unchanging(settings(), ("server.socket_mode",)).changed_in(settings(server={"listen": "127.0.0.1:1"})) == []


def test_the_journal_stays_where_it_is() -> None:
    kept = unchanging(settings()).kept_in(project(settings(store="sqlite:///other.db", server={"slots": 3})))
    assert kept.settings.store == "sqlite:///hookrules.db"
    assert kept.settings.server.slots == 3


def test_a_console_that_is_served_stays_behind_its_token_and_a_new_token_counts() -> None:
    first = settings(console={"token": "a token of some length"})
    assert unchanging(first).changed_in(settings()) == ["console.token"]
    kept = unchanging(first).kept_in(project(settings())).settings.console.token
    assert kept is not None
    assert kept.reveal() == "a token of some length"
    changed = settings(console={"token": "another token, as long"})
    assert unchanging(first).changed_in(changed) == []
    renewed = unchanging(first).kept_in(project(changed)).settings.console.token
    assert renewed is not None
    assert renewed.reveal() == "another token, as long"
    assert unchanging(settings()).changed_in(first) == ["console.token"]

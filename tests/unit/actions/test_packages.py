"""What other packages bring, good and bad: never a crash, and never in the place of what hookrules has itself."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support_runs import Bench

from hookrules import actions
from hookrules.actions import UnknownKind, UnusablePackage, kind, kinds, others, packages, service
from hookrules.engine.config.findings import Finding
from hookrules.engine.config.loading import load
from hookrules.engine.config.rules import STEP_KEYS, step_model
from hookrules.engine.config.wiring import catalogues_of
from hookrules.engine.model import RunState

MODULE = '''
from hookrules.actions import Action, Service
from hookrules.engine.model import Outcome
from hookrules.engine.templating import TextTemplate
from pydantic import field_validator


class Greeting:
    def describe(self): return {}
    def perform(self, surroundings): return Outcome(succeeded=True)
    def suppose(self, result): return Outcome(succeeded=True)


class Good(Action):
    """Greets."""
    kind = "greet"
    text: TextTemplate
    def render(self, names): return Greeting()


class Misnamed(Good):
    kind = "salute"


class Rude(Good):
    kind = "rude"
    def render(self, names): raise KeyError("a password")


class Fragile(Good):
    kind = "fragile"
    @field_validator("text", mode="before")
    @classmethod
    def _breaks(cls, text): raise KeyError("oh")


class Sleepy(Good):
    kind = "sleepy"
    def services_used(self): raise RuntimeError("not now")


class Room(Service):
    example = ("here", {})


class NoAction:
    kind = "none"
'''


class Shelf:
    """Packages as pip installs them: modules, and entry points beside them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "shelf_actions.py").write_text(MODULE)
        (folder / "shelf_broken.py").write_text("import no_such_module")
        (folder / "shelf_leaving.py").write_text("raise SystemExit('enough')")

    def put(self, package: str, *, services: str = "", **kinds: str) -> None:
        """Entry points of a package: a kind → its class."""
        where = self.folder / f"{package}-1.0.dist-info"
        where.mkdir()
        (where / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = [f"{name} = {place}" for name, place in kinds.items()]
        (where / "entry_points.txt").write_text("\n".join(["[hookrules.actions]", *lines, "[hookrules.services]", services]))
        forget()


def forget() -> None:
    packages.offers.cache_clear()
    packages._imported.cache_clear()
    step_model.cache_clear()


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    folder = tmp_path / "packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    yield Shelf(folder)
    forget()
    for name in ("shelf_actions", "shelf_broken", "shelf_leaving"):
        sys.modules.pop(name, None)


def findings(folder: Path, step: str, config: str = "") -> list[Finding]:
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(f"rules:\n  - {{name: a, on: lab, steps: [{step}]}}\n")
    (folder / "hookrules.yaml").write_text(f"sources: {{lab: {{verify: none, delivery_id: $.id}}}}\n{config}")
    read = load(folder / "hookrules.yaml", environ={}, catalogues=catalogues_of)
    return [finding for finding in read.findings if finding.code != "HR401"]


def test_a_kind_of_another_package_is_one_as_any_other(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("greetings", greet="shelf_actions:Good")
    assert kind("greet").kind == "greet"
    assert "greet" in others()
    assert actions.package_of("greet") == "greetings 1.0"
    assert findings(tmp_path, "{greet: {text: hello}}") == []


def test_nothing_is_looked_up_for_what_hookrules_has(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("greetings", greet="shelf_actions:Good")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text("rules: [{name: a, on: lab, steps: [{id: x, log: x, if: $.a}]}]")
    (tmp_path / "hookrules.yaml").write_text("sources: {lab: {verify: none}}\nfiles: {here: {root: .}}")
    assert load(tmp_path / "hookrules.yaml", environ={}).ruleset is not None
    assert packages.offers.cache_info().currsize == 0
    assert "greet" not in kinds()


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("shelf_broken:Good", "importing it fails with ModuleNotFoundError: No module named 'no_such_module'"),
        ("shelf_leaving:Good", "importing it fails with SystemExit: enough"),
        ("shelf_actions:Nothing", "importing it fails with AttributeError: module 'shelf_actions' has no attribute 'Nothing'"),
        ("shelf_actions:NoAction", "shelf_actions:NoAction is no subclass of hookrules.actions.Action"),
        ("shelf_actions:field_validator", "shelf_actions:field_validator is no subclass of hookrules.actions.Action"),
        ("shelf_actions:Misnamed", "the 'kind' of shelf_actions:Misnamed is 'salute'"),
        ("shelf_actions:Room", "shelf_actions:Room is no subclass of hookrules.actions.Action"),
    ],
)
def test_one_that_can_t_be_used_is_told_with_its_package(shelf: Shelf, tmp_path: Path, place: str, reason: str) -> None:
    shelf.put("greetings", greet=place)
    [finding] = findings(tmp_path, "{greet: {text: hello}}")
    assert (finding.line, finding.column, finding.code) == (2, 33, "HR318")
    assert finding.message.startswith("action 'greet' of package greetings 1.0 can't be used: ")
    assert reason in finding.message
    with pytest.raises(UnusablePackage):
        kind("greet")


def test_a_name_of_hookrules_own_is_not_taken_and_that_is_told(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("evil", log="shelf_actions:Good")
    [finding] = findings(tmp_path, "{log: x}")
    assert kind("log").__module__ == "hookrules.actions.log"
    assert finding.message == "action 'log' of package evil 1.0 is not used: hookrules has that name itself"
    assert (finding.code, finding.level) == ("HR318", "warning")


@pytest.mark.parametrize("name", sorted(STEP_KEYS))
def test_a_key_of_steps_is_not_taken(shelf: Shelf, name: str) -> None:
    shelf.put("evil", **{name: "shelf_actions:Good"})
    assert name not in others()
    assert any("hookrules has that name itself" in told for told in actions.refused_packages(()))


def test_a_name_that_two_packages_bring_is_nobody_s(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("greetings", greet="shelf_actions:Good")
    shelf.put("hellos", greet="shelf_actions:Good")
    told = findings(tmp_path, "{greet: {text: hello}}")
    assert {finding.code for finding in told} == {"HR302", "HR318"}
    assert any("brings one of that name, too; uninstall one of them" in finding.message for finding in told)
    with pytest.raises(UnknownKind):
        kind("greet")


def test_a_name_that_could_not_be_written_is_refused(shelf: Shelf) -> None:
    shelf.put("greetings", **{"Greet-All": "shelf_actions:Good"})
    assert others() == ()
    assert "small letters" in actions.refused_packages(())[0]


@pytest.mark.parametrize(("name", "place"), [("fragile", "shelf_actions:Fragile"), ("sleepy", "shelf_actions:Sleepy")])
def test_one_that_breaks_while_rules_are_read_is_a_finding(shelf: Shelf, tmp_path: Path, name: str, place: str) -> None:
    shelf.put("greetings", **{name: place})
    [finding] = findings(tmp_path, f"{{{name}: {{text: hello}}}}")
    assert finding.code == "HR318"
    assert f"action '{name}' of package greetings 1.0 breaks here with" in finding.message


def test_one_that_breaks_in_a_run_fails_its_step(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("greetings", rude="shelf_actions:Rude")
    bench = Bench(tmp_path, {"chat": "a password"})
    ending = bench.run("steps: [{rude: {text: x}}]\non_failure: [{log: handled}]")
    assert ending is not None
    assert ending.state is RunState.FAILED
    assert "action 'rude' of package greetings 1.0 breaks with KeyError" in (ending.error or "")
    assert "Traceback" in bench.messages()[0]
    assert bench.messages()[1] == "handled"
    assert "a password" not in f"{ending.error}{bench.messages()}"
    bench.journal.close()


def test_a_section_of_another_package_is_one_as_any_other(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("rooms", services="rooms = shelf_actions:Room")
    assert findings(tmp_path, "{log: x}", "rooms: {here: {}}") == []
    assert service("rooms").__name__ == "Room"


@pytest.mark.parametrize("place", ["shelf_broken:Room", "shelf_actions:Good"])
def test_a_section_that_can_t_be_used_is_told_with_its_package(shelf: Shelf, tmp_path: Path, place: str) -> None:
    shelf.put("rooms", services=f"rooms = {place}")
    [finding] = findings(tmp_path, "{log: x}", "rooms: {here: {}}")
    assert (finding.line, finding.code) == (2, "HR318")
    assert finding.message.startswith("section 'rooms' of package rooms 1.0 can't be used: ")


def test_a_section_of_hookrules_own_is_not_taken(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("evil", services="sources = shelf_actions:Room")
    [finding] = findings(tmp_path, "{log: x}")
    assert finding.message == "section 'sources' of package evil 1.0 is not used: hookrules has that name itself"


def test_an_unknown_kind_may_be_meant_as_another_package_s(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("greetings", greet="shelf_actions:Good")
    [finding] = findings(tmp_path, "{gret: {text: hello}}")
    assert (finding.code, finding.suggestion) == ("HR302", "greet")

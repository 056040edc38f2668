"""Who may import whom, and how large things have grown."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("engine", "actions")

# Each room, and the rooms that it may know. A room that is not named here may not exist.
MAY_IMPORT: dict[str, set[str]] = {
    "engine.model": set(),
    "engine.errors": set(),
    "engine.units": set(),
    "engine.ids": set(),
    "engine.networks": set(),
    "engine.processors": set(),
    "engine.secret": set(),
    "engine.header_names": set(),
    "engine.logs": set(),
    "engine.due_times": set(),
    "engine.collector": set(),
    "engine.pushed_files": {"engine.model"},
    "engine.bodies": {"engine.model", "engine.errors", "engine.pushed_files"},
    "engine.conditions": {"engine.model", "engine.errors", "engine.units", "engine.networks", "engine.header_names"},
    "engine.templating": {"engine.model", "engine.errors"},
    "engine.outbound": {"engine.errors", "engine.model"},
    "engine.sources": {"engine.model", "engine.errors", "engine.pushed_files", "engine.bodies", "engine.outbound"},
    "actions": {
        "engine.model",
        "engine.errors",
        "engine.units",
        "engine.header_names",
        "engine.bodies",
        "engine.outbound",
        "engine.secret",
        "engine.templating",
    },
    "engine.config": {
        "engine.model",
        "engine.errors",
        "engine.units",
        "engine.secret",
        "engine.networks",
        "engine.due_times",
        "engine.collector",
        "engine.header_names",
        "engine.processors",
        "engine.bodies",
        "engine.conditions",
        "engine.templating",
        "engine.sources",
        "actions",
    },
    "engine.matching": {
        "engine.model",
        "engine.errors",
        "engine.collector",
        "engine.bodies",
        "engine.conditions",
        "engine.templating",
        "engine.config",
    },
    "engine.journal": {"engine.model", "engine.errors", "engine.ids", "engine.pushed_files", "engine.bodies"},
    "engine.intake": {
        "engine.model",
        "engine.errors",
        "engine.pushed_files",
        "engine.bodies",
        "engine.config",
        "engine.sources",
        "engine.matching",
        "engine.journal",
    },
    "engine.refusals": {"engine.model", "engine.journal"},
    "engine.runs": {
        "engine.model",
        "engine.errors",
        "engine.logs",
        "engine.due_times",
        "engine.conditions",
        "engine.templating",
        "engine.config",
        "engine.matching",
        "engine.journal",
        "actions",
    },
    "engine.testing": {
        "engine.model",
        "engine.errors",
        "engine.bodies",
        "engine.ids",
        "engine.conditions",
        "engine.config",
        "engine.sources",
        "engine.matching",
        "engine.intake",
        "engine.journal",
        "engine.runs",
    },
    "engine.children": {"engine.errors", "engine.logs"},
    "engine.takeover": {"engine.logs", "engine.children"},
    "engine.supervisor": {"engine.logs", "engine.children", "engine.takeover"},
    "engine.reloads": set(),
    "engine.web": {
        "engine.model",
        "engine.errors",
        "engine.logs",
        "engine.units",
        "engine.networks",
        "engine.header_names",
        "engine.conditions",
        "engine.config",
        "engine.matching",
        "engine.intake",
        "engine.journal",
        "engine.refusals",
        "engine.reloads",
        "engine.sources",
    },
    "engine.cli": {"*"},
}

# Libraries that only one place may know, or few.
KNOWN_ONLY_BY: dict[str, str | tuple[str, ...]] = {
    "bcrypt": "engine/sources/password_hashes.py",
    "bottle": "engine/web/console.py",
    "waitress": "engine/web/console_server.py",
    "httptools": "engine/web/request.py",
    "sqlite3": "engine/journal/sqlite",
    "lz4": "engine/journal/packing.py",
    "yaml": "engine/config/",
    "jsonpath_ng": "engine/conditions/",
    "re2": "engine/conditions/",
    "apscheduler": "engine/due_times.py",
    "sqlalchemy": "engine/outbound/database",
    "pymysql": "engine/outbound/mysql_connection.py",
    "apprise": "actions/notify_target.py",
    "smtplib": "actions/smtp.py",
    "redis": "engine/outbound/redis_connection.py",
    "pika": "engine/outbound/amqp_connection.py",
    "paho": "engine/outbound/mqtt_connection.py",
    "confluent_kafka": "engine/outbound/kafka_producer.py",
    "uvloop": "engine/cli/processes.py",
    "watchfiles": "engine/cli/file_watch.py",
    "multipart": "engine/bodies/multipart_form.py",
    "defusedxml": "engine/bodies/xml_document.py",
    "cryptography": ("engine/sources/", "engine/config/certificates.py", "engine/journal/sealing.py"),
    "jwt": "engine/sources/",
    "click": "engine/cli/",
    "rich": "engine/cli/",
}


def modules() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path} imports relatively"
            # `from package import module` names a module, too.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(module: str) -> str:
    """`engine.journal.sqlite` → `engine.journal`."""
    parts = module.split(".")
    return parts[0] if parts[0] == "actions" else ".".join(parts[:2])


def room_of(path: Path) -> str:
    return room(".".join(path.relative_to(ROOT).with_suffix("").parts))


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_knows_only_the_rooms_before_it(path: Path) -> None:
    here = room_of(path)
    if here == "engine.__init__":
        return
    allowed = MAY_IMPORT[here] | {here}
    known = {room(name.removeprefix("hookrules.")) for name in imports(path) if name.startswith("hookrules.")}
    assert "*" in allowed or known <= allowed, f"{here} may not import {', '.join(sorted(known - allowed))}"


@pytest.mark.parametrize(("library", "place"), KNOWN_ONLY_BY.items())
def test_a_library_lives_behind_one_place(library: str, place: str | tuple[str, ...]) -> None:
    knowing = [str(path.relative_to(ROOT)) for path in modules() if any(name.split(".")[0] == library for name in imports(path))]
    assert [path for path in knowing if not path.startswith(place)] == []
    assert knowing, f"nothing imports {library} any more"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_is_named_like_one_of_the_standard_library(path: Path) -> None:
    assert path.stem not in sys.stdlib_module_names


def test_no_file_or_function_has_grown_past_reading() -> None:
    """Bounds that ask for a second thought, not goals: files are mostly under 250 lines, nine functions in ten under 30."""
    functions = [node for path in modules() for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    lengths = sorted((node.end_lineno or 0) - node.lineno + 1 for node in functions)
    files = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in modules()}
    longest = max(files, key=lambda name: files[name])
    print(f"{len(files)} files, the longest {longest} ({files[longest]}); {len(lengths)} functions, median {lengths[len(lengths) // 2]}")
    assert [name for name, lines in files.items() if lines > 350] == []
    assert lengths[len(lengths) * 9 // 10] <= 30
    assert lengths[-1] <= 60

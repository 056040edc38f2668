"""`allow_from`: addresses, networks, and lists of them that a provider publishes or a file has."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from hookrules.engine.config.keys import NotEmpty, OneOrMore, problem
from hookrules.engine.config.suggestions import closest
from hookrules.engine.secret import Placeholders, Vault, values_in
from hookrules.engine.sources.address_lists import LISTS, AddressLists, Network, check_file
from hookrules.engine.sources.allowed_addresses import AllowedAddresses


@dataclass(frozen=True, slots=True)
class NamedList:
    """A list that a provider publishes."""

    name: str


@dataclass(frozen=True, slots=True)
class ListFile:
    """`{file: PATH}`."""

    path: Path


Entry = Network | NamedList | ListFile


def _entry(written: Any, info: ValidationInfo) -> Entry:
    if isinstance(written, dict):
        return _file(written, (info.context or {})["vault"])
    text = str(written)
    if text in LISTS:
        return NamedList(text)
    try:
        return ip_network(text)
    except ValueError:
        raise _mistake(text) from None


def _mistake(text: str) -> Exception:
    if any(character in text for character in ".:/"):
        message = f"'{text}' is neither an address nor a network, like 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32"
        return problem("allow_from", message, _meant(text))
    message = f"there is no list of addresses '{text}'; the lists are {', '.join(sorted(LISTS))}, and one of your own is {{file: PATH}}"
    return problem("allow_from", message, closest(text, LISTS))


def _meant(text: str) -> str | None:
    """The network that an address with its bits beyond the prefix lies in."""
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        return None


def _file(written: dict[Any, Any], vault: Vault) -> ListFile:
    name = written.get("file")
    if len(written) != 1 or not isinstance(name, str) or not name:
        raise problem("allow_from", "a list of addresses in a file is written {file: PATH}")
    path = vault.folder / name
    if not isinstance(vault, Placeholders):
        _check(path, name)
    return ListFile(path)


def _check(path: Path, name: str) -> None:
    try:
        check_file(path)
    except OSError as error:
        raise problem("allow_from", f"file {name} can't be read ({(error.strerror or str(error)).lower()})") from None
    except ValueError as error:
        raise problem("allow_from", f"file {name} is no list of addresses: {error}") from None


def allowed_of(entries: Iterable[Entry], lists: AddressLists | None) -> AllowedAddresses:
    """Without `lists`, a list of a name or a file lets no one in."""
    networks = tuple(entry for entry in entries if not isinstance(entry, NamedList | ListFile))
    if lists is None:
        return AllowedAddresses(networks)
    named = [partial(lists.networks, entry.name) for entry in entries if isinstance(entry, NamedList)]
    own = [partial(lists.networks_of_file, entry.path) for entry in entries if isinstance(entry, ListFile)]
    return AllowedAddresses(networks, (*named, *own))


def named_lists_in(settings: object) -> list[str]:
    """Those that some source names, in order and once each."""
    return list(dict.fromkeys(entry.name for _, entry in values_in(settings, NamedList)))


_PATTERN = "|".join((r"[0-9A-Fa-f.:]+(/[0-9]+)?", *sorted(LISTS)))
_SCHEMA = {
    "anyOf": [
        {"type": "string", "pattern": f"^({_PATTERN})$", "examples": ["192.0.2.0/24", "2001:db8::/32", "198.51.100.7", "github"]},
        {
            "type": "object",
            "properties": {
                "file": {"type": "string", "minLength": 1, "description": "An address or network a line, or a JSON list of them."}
            },
            "required": ["file"],
            "additionalProperties": False,
        },
    ]
}
Addresses = Annotated[tuple[Annotated[Entry, PlainValidator(_entry), WithJsonSchema(_SCHEMA)], ...], OneOrMore, NotEmpty]

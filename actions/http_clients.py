"""Section `clients` of hookrules.yaml: as whom requests leave, through what, and where they may lead beside the public Internet."""

import functools
import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from hookrules.actions.action import Service, Services
from hookrules.engine.outbound.addresses import EVERYWHERE, PUBLIC_INTERNET, Reach
from hookrules.engine.outbound.client import PUBLIC, UNGUARDED, Client, Identity, Proxy
from hookrules.engine.outbound.failures import RequestFailed
from hookrules.engine.outbound.urls import Target
from hookrules.engine.secret import Placeholders, Secret, SecretField

SECTION = "clients"
DEFAULT = "default"
_NEEDED = {"key": "certificate", "key_password": "certificate", "proxy_user": "proxy", "proxy_password": "proxy_user"}
_HOST = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*", re.IGNORECASE)


def _destination(text: str) -> str:
    if _network(text) is None and not _HOST.fullmatch(text.rstrip(".")):
        raise ValueError(f"{text!r} is neither an address (10.1.0.5), a network (10.1.0.0/16) nor a host's name (api.internal, *.internal)")
    return text


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """None for what is none. Raises ValueError, in a sentence for its writer, for one address of a network."""
    try:
        whole = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    if str(whole.network_address) in (text.partition("/")[0], str(ipaddress.ip_address(text.partition("/")[0]))):
        return whole
    raise ValueError(f"{text!r} names one address of a network; write {whole} for all of it")


def _proxy_url(text: str) -> str:
    try:
        proxy = Target.read(text)
    except RequestFailed as failed:
        raise ValueError(f"the proxy's URL can't be used: {failed}; user and password stand under proxy_user and proxy_password") from None
    if proxy.rest != "/":
        raise ValueError(f"a proxy is named like {proxy}, without a path")
    return str(proxy)


class HttpClient(Service):
    """How requests leave."""

    example: ClassVar[tuple[str, Mapping[str, Any]]] = (
        "intranet",
        {"allow": ["10.1.0.0/16", "api.internal.example", "*.svc.example"], "proxy": "http://proxy.example.com:3128", "allow_proxy": True},
    )

    allow: tuple[Annotated[str, AfterValidator(_destination)], ...] = Field(
        (), description="Private addresses, networks and hosts that may be reached: `10.1.0.0/16`, `api.internal`, `*.internal`."
    )
    ca: str | None = Field(None, min_length=1, description="A file of certificate authorities (PEM) to trust in place of the system's.")
    certificate: str | None = Field(None, min_length=1, description="A file with the certificate to show (PEM): mutual TLS.")
    key: str | None = Field(None, min_length=1, description="The file of its private key, where that is another one.")
    key_password: SecretField | None = Field(None, description="What the private key is encrypted with.")
    proxy: Annotated[str, AfterValidator(_proxy_url)] | None = Field(None, description="The proxy to go through: `http://HOST:PORT`.")
    proxy_user: str | None = Field(None, description="Who asks the proxy.")
    proxy_password: SecretField | None = Field(None, description="And the proof of it.")
    allow_proxy: bool = Field(
        default=False,
        description="Needed beside `proxy`: names are looked up there, and the guard sees only the proxy.",
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.proxy is not None and not self.allow_proxy:
            raise ValueError("through a proxy nobody here sees which address is connected to; write allow_proxy: true if that is meant")
        for part, needed in _NEEDED.items():
            if getattr(self, part) is not None and getattr(self, needed) is None:
                raise ValueError(f"'{part}' does nothing without '{needed}'")
        return self

    @model_validator(mode="after")
    def _readable(self, info: ValidationInfo) -> Self:
        """Its files, where this is loaded to be used."""
        vault = (info.context or {}).get("vault")
        if vault is not None and not isinstance(vault, Placeholders) and (self.certificate or self.ca):
            try:
                self.made(vault.folder, Reach()).tls_context()
            except RequestFailed as failed:
                raise ValueError(str(failed)) from None
        return self

    def reach(self) -> Reach:
        networks = {text: _network(text) for text in self.allow}
        hosts = frozenset(text.lower().rstrip(".") for text, network in networks.items() if network is None)
        return Reach(tuple(network for network in networks.values() if network is not None), hosts)

    def made(self, folder: Path, reach: Reach) -> Client:
        """Relative paths start at `folder`."""
        identity = proxy = None
        if self.certificate is not None:
            key = folder / self.key if self.key is not None else None
            identity = Identity(folder / self.certificate, key, _revealed(self.key_password))
        if self.proxy is not None:
            proxy = Proxy(self.proxy, self.proxy_user, _revealed(self.proxy_password) or "")
        return Client(reach, identity, folder / self.ca if self.ca is not None else None, proxy)


def _revealed(secret: Secret | None) -> str | None:
    return None if secret is None else secret.reveal()


def client_of(services: Services, name: str | None, folder: Path, *, allow_private: bool) -> Client:
    """The one that a step names, else `default`, else a plain one. Raises RequestFailed for one that is not there any more."""
    found = services.get(SECTION, {}).get(name or DEFAULT)
    if isinstance(found, HttpClient):
        return _client(found, folder, allow_private)
    if name is not None:
        raise RequestFailed(f"there is no {name!r} under 'clients' in hookrules.yaml", retryable=False)
    return UNGUARDED if allow_private else PUBLIC


def reach_of(services: Services, name: str | None, *, allow_private: bool) -> Reach:
    """Where such a client may lead; anywhere for one that is not there, which is another mistake."""
    found = services.get(SECTION, {}).get(name or DEFAULT)
    if allow_private or (name is not None and not isinstance(found, HttpClient)):
        return EVERYWHERE
    return found.reach() if isinstance(found, HttpClient) else PUBLIC_INTERNET


@functools.lru_cache(maxsize=64)
def _client(settings: HttpClient, folder: Path, allow_private: bool) -> Client:
    return settings.made(folder, EVERYWHERE if allow_private else settings.reach())

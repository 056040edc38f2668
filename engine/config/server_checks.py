"""What must hold for `server:` beyond the form of its keys, and between them and what sources ask of it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hookrules.engine.config.certificates import faults_of
from hookrules.engine.config.codes import Code
from hookrules.engine.config.findings import Finding, Level
from hookrules.engine.config.listen_addresses import Address, UnixSocket
from hookrules.engine.config.server_settings import UNIX, Server
from hookrules.engine.config.settings import Settings
from hookrules.engine.config.verify_settings import VerifyClientCertificate, leaves
from hookrules.engine.config.yaml_nodes import Document
from hookrules.engine.config.yaml_nodes import Path as Place
from hookrules.engine.networks import parse_address


def check_server(settings: Settings, document: Document, folder: Path, *, with_files: bool) -> Iterator[Finding]:
    """`folder` is where hookrules.yaml lies. Without `with_files` its certificates are not looked at: for what serves nothing."""
    say = _Saying(document)
    if settings.server.tls and with_files:
        for fault in faults_of(settings.server.tls.files(folder)):
            yield say.error(Code.CERTIFICATE, fault.message, ("server", "tls", fault.key))
    yield from _repeated_addresses(settings, folder, say)
    yield from _unix_sockets(settings.server, say)
    yield from _client_certificates(settings, say)


def _repeated_addresses(settings: Settings, folder: Path, say: "_Saying") -> Iterator[Finding]:
    """Where two would listen at one place. Without a token there is no console."""
    first: dict[object, int] = {}
    for position, place in enumerate(settings.server.listen):
        where = _where(place, folder)
        if where is not None and first.setdefault(where, position) != position:
            yield say.error(
                Code.SERVER_CONFLICT, f"{place} is in the list twice, and only one can listen there", ("server", "listen", position)
            )
    console, where = settings.console, _where(settings.console.listen, folder)
    if console.token is not None and where in first:
        message = f"'server.listen' and 'console.listen' are both {console.listen}, and only one of them can listen there"
        path = ("console", "listen") if "listen" in console.model_fields_set else ("server", "listen", first[where])
        yield say.error(Code.SERVER_CONFLICT, message, path)


def _where(place: Address | UnixSocket, folder: Path) -> object:
    """What is the same for two that can't both be listened at; None for port 0, which is another one each time."""
    if isinstance(place, UnixSocket):
        return os.path.abspath(folder / place.path)  # noqa: PTH100 - that of Path leaves `..` in
    return (parse_address(place.host) or place.host.lower(), place.port) if place.port else None


def _unix_sockets(server: Server, say: "_Saying") -> Iterator[Finding]:
    on_unix = [place for place in server.listen if isinstance(place, UnixSocket)]
    if server.tls and len(on_unix) == len(server.listen):
        message = "TLS is spoken on addresses of the network, and 'listen' has none; who can write to a unix socket is on this machine"
        yield say.error(Code.SERVER_CONFLICT, message, ("server", "tls"))
    if server.rate_limit and on_unix and UNIX not in server.trusted_proxies:
        message = "who sends over a unix socket has no address, so all of them count as one; add 'unix' to 'trusted_proxies'"
        yield say.warning(Code.SERVER_CONFLICT, message, ("server", "rate_limit"))


def _client_certificates(settings: Settings, say: "_Saying") -> Iterator[Finding]:
    asks = settings.server.tls is not None and settings.server.tls.client_ca is not None
    for name, source in settings.sources.items():
        if source.verify is None or source.verify == "none":
            continue
        for path, proof in leaves(source.verify, ("sources", name, "verify")):
            if not isinstance(proof, VerifyClientCertificate):
                continue
            if proof.client_certificate == "listener" and not asks:
                message = "nobody is asked for a certificate, so nothing proves a delivery; add 'client_ca' to 'server.tls'"
                yield say.warning(Code.SERVER_CONFLICT, message, (*path, "client_certificate"))
            if proof.client_certificate != "listener" and not settings.server.trusted_proxies:
                message = "no proxy is trusted, so nothing proves a delivery; add the proxy to 'server.trusted_proxies'"
                yield say.warning(Code.SERVER_CONFLICT, message, (*path, "client_certificate"))


@dataclass(frozen=True, slots=True)
class _Saying:
    document: Document

    def error(self, code: Code, message: str, path: Place) -> Finding:
        return Finding(self.document.file, *self.document.locate_key(path), Level.ERROR, code, message)

    def warning(self, code: Code, message: str, path: Place) -> Finding:
        return Finding(self.document.file, *self.document.locate_key(path), Level.WARNING, code, message)

"""What must hold for `server:` beyond the form of its keys."""

from collections.abc import Iterator
from pathlib import Path

from hookrules.engine.config.certificates import faults_of
from hookrules.engine.config.codes import Code
from hookrules.engine.config.findings import Finding, Level
from hookrules.engine.config.listen_addresses import UnixSocket
from hookrules.engine.config.server_settings import UNIX, Server
from hookrules.engine.config.yaml_nodes import Document


def check_server(server: Server, document: Document, folder: Path, *, with_files: bool) -> Iterator[Finding]:
    """`folder` is where hookrules.yaml lies. Without `with_files` its certificates are not looked at: for what serves nothing."""
    if server.tls and with_files:
        for fault in faults_of(server.tls.files(folder)):
            yield _finding(document, ("tls", fault.key), Level.ERROR, Code.CERTIFICATE, fault.message)
    on_unix = [place for place in server.listen if isinstance(place, UnixSocket)]
    if server.tls and len(on_unix) == len(server.listen):
        message = "TLS is spoken on addresses of the network, and 'listen' has none; who can write to a unix socket is on this machine"
        yield _finding(document, ("tls",), Level.ERROR, Code.WRONG_VALUE, message)
    if server.rate_limit and on_unix and UNIX not in server.trusted_proxies:
        message = "who sends over a unix socket has no address, so all of them count as one; add 'unix' to 'trusted_proxies'"
        yield _finding(document, ("rate_limit",), Level.WARNING, Code.WRONG_VALUE, message)


def _finding(document: Document, path: tuple[str, ...], level: Level, code: Code, message: str) -> Finding:
    line, column = document.locate_key(("server", *path))
    return Finding(document.file, line, column, level, code, message)

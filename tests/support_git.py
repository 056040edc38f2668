"""Real repositories, and real servers of them: over HTTP by `git http-backend`, over SSH by asyncssh."""

import asyncio
import contextlib
import os
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    **{f"GIT_{who}_{what}": f"{who.lower()}@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    **{f"GIT_{who}_DATE": "2024-01-01T00:00:00Z" for who in ("AUTHOR", "COMMITTER")},
}


def program(name: str) -> str:
    """Where it is; the test is skipped, or fails in CI, where it is not."""
    found = shutil.which(name)
    if found is None:
        told = f"{name} is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(told)
        pytest.skip(told)
    return found


@dataclass
class Origin:
    """A repository with a work tree, which others clone from."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> "Origin":
        program("git")
        folder.mkdir(parents=True)
        origin = cls(folder)
        origin.git("init", "--quiet", "--initial-branch=main")
        origin.git("config", "http.receivepack", "false")
        return origin

    def git(self, *arguments: str, **more: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env=_ENVIRONMENT | more, check=True, capture_output=True, text=True, timeout=60
        )
        return done.stdout.strip()

    def commit(self, files: Mapping[str, str], message: str = "a commit") -> str:
        """Its full sha."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    @property
    def url(self) -> str:
        return f"file://{self.folder}"


@dataclass
class GitServer:
    """`url` is that of the folder that holds all repositories."""

    url: str
    requests: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    status: int = 0
    """Answered to everything, where it is not 0."""
    elsewhere: str = ""
    """What everything is redirected to, where it is not empty."""
    password: str = ""
    """What `Authorization` has to be, where it is not empty."""
    arrived: threading.Event = field(default_factory=threading.Event)
    """Set by the first request."""
    released: threading.Event = field(default_factory=threading.Event)
    """What requests wait for where `holds`."""
    holds: bool = False


@contextlib.contextmanager
def git_over_http(root: Path, tls: ssl.SSLContext | None = None) -> Iterator[GitServer]:
    """Each repository under `root`, by `git http-backend` (its manual has the variables)."""
    backend = Path(
        subprocess.run([program("git"), "--exec-path"], check=True, capture_output=True, text=True).stdout.strip(), "git-http-backend"
    )
    told: GitServer

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            told.requests.append(self.path)
            told.headers.append({name.lower(): value for name, value in self.headers.items()})
            told.arrived.set()
            if told.holds:
                told.released.wait(20)
                self.close_connection = True
            elif told.status:
                self.send_error(told.status)
            elif told.elsewhere:
                self.send_response(302)
                self.send_header("Location", told.elsewhere + self.path)
                self.end_headers()
            elif told.password and self.headers.get("Authorization") != told.password:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self.pass_on()

        do_GET = do_POST = answer  # noqa: N815 - http.server looks for these names

        def pass_on(self) -> None:
            path, _, query = self.path.partition("?")
            environment = _ENVIRONMENT | {
                "GIT_PROJECT_ROOT": str(root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": self.headers.get("Content-Length", "0"),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            }
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            done = subprocess.run([str(backend)], input=body, env=environment, capture_output=True, check=False, timeout=60)
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            fields = [line.split(": ", 1) for line in head.decode().split("\r\n") if line]
            status = next((value for name, value in fields if name == "Status"), "200 OK")
            self.send_response(int(status.split()[0]))
            for name, value in fields:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    if tls is not None:
        listener.socket = tls.wrap_socket(listener.socket, server_side=True)
    told = GitServer(f"{'https' if tls else 'http'}://127.0.0.1:{listener.server_port}")
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        told.released.set()
        listener.shutdown()
        listener.server_close()
        thread.join()


@dataclass(frozen=True)
class SshServer:
    """`known_hosts` is its line of that file, `key` the private key that it lets in."""

    port: int
    known_hosts: str
    key: str


@contextlib.contextmanager
def git_over_ssh(root: Path) -> Iterator[SshServer]:
    """Each repository under `root`, for whoever has the key."""
    import asyncssh

    program("ssh")
    host, user = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    allowed = asyncssh.import_authorized_keys(user.export_public_key().decode())

    async def pump(source: Any, target: Any) -> None:
        while chunk := await source.read(65536):
            target.write(chunk)
            await target.drain()

    async def serve(process: Any) -> None:
        verb, _, path = (process.command or "").partition(" ")
        if verb != "git-upload-pack":
            process.exit(1)
            return
        folder = root / path.strip("'").lstrip("/")
        upload = await asyncio.create_subprocess_exec(
            "git", "upload-pack", str(folder), env=_ENVIRONMENT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        asking = asyncio.create_task(pump(process.stdin, upload.stdin))
        await pump(upload.stdout, process.stdout)
        asking.cancel()
        process.exit(await upload.wait())

    loop = asyncio.new_event_loop()
    listening = asyncssh.listen(
        "127.0.0.1", 0, server_host_keys=[host], authorized_client_keys=allowed, process_factory=serve, encoding=None
    )
    server = loop.run_until_complete(listening)
    port = server.get_port()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def close() -> None:
        server.close()
        await server.wait_closed()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    try:
        hosts = f"[127.0.0.1]:{port} {host.export_public_key().decode().strip()}"
        yield SshServer(port, hosts, user.export_private_key().decode())
    finally:
        asyncio.run_coroutine_threadsafe(close(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

"""`serve --tunnel`: a process for each channel of a relay."""

import os
import re
import select
import threading
from collections.abc import Collection, Sequence

import click

from hookrules.engine.children import Job, Lifeline, Work

_CHANNEL = re.compile(r"(?:(?P<source>[a-z0-9_-]+)=)?(?P<url>https?://[^/\s]+/[^\s#]+)")

Channel = tuple[str, str]
"""The name of a source, and the URL of its channel."""

tunnels_option = click.option(
    "--tunnel",
    "channels",
    metavar="[SOURCE=]URL",
    multiple=True,
    envvar="HOOKRULES_TUNNEL",
    help="Also receive from this channel of a smee.io or gosmee relay; may be given again.",
)


def parted(channels: Sequence[str], sources: Collection[str]) -> list[Channel]:
    """Raises BadParameter."""
    return [_parted(channel, sources) for channel in channels]


def tunnels(channels: Sequence[Channel], hooks: str) -> list[Job]:
    """`hooks` is the URL of our ingress."""
    return [Job(f"tunnel to {source}", _tunnel(url, f"{hooks}/hooks/{source}", source)) for source, url in channels]


def _parted(channel: str, sources: Collection[str]) -> Channel:
    found = _CHANNEL.fullmatch(channel)
    if found is None:
        raise _wrong(f"{channel!r} is not the URL of a channel, like https://smee.io/aBcDeF")
    source = found["source"] or (next(iter(sources)) if len(sources) == 1 else None)
    if source is None:
        raise _wrong(f"say whose deliveries come there, as SOURCE=URL; the sources are {', '.join(sources) or 'none'}")
    if source not in sources:
        raise _wrong(f"there is no source {source!r}; the sources are {', '.join(sources) or 'none'}")
    return source, found["url"]


def _wrong(message: str) -> click.BadParameter:
    return click.BadParameter(message, param_hint="--tunnel")


def _tunnel(channel: str, target: str, source: str) -> Work:
    def work(lifeline: Lifeline) -> None:
        from hookrules.engine.web.tunnel import Tunnel

        threading.Thread(target=_end_with, args=(lifeline.fd,), name="lifeline", daemon=True).start()
        lifeline.ready()  # a relay that is away keeps no one from serving
        Tunnel(channel, target, source).run()

    return work


def _end_with(fd: int) -> None:
    """At once: what it was posting is the ingress's to finish, and what it was about to read is kept by no one."""
    select.select([fd], [], [])
    os._exit(0)

"""`git.files`, the paths that a push has changed. They are many, and few ask for them, so that they are read from the payload for those who
do. Until then what stands in their place says how to read them; so it does in the journal, where the payload is, too.
"""

from collections.abc import Mapping, Sequence

from hookrules.engine.model import Json, Way

_CHANGES = ("added", "modified", "removed")
_MOST_LISTED = 2048
"""So many commits a push of GitHub lists at most (GitHub Docs, "Webhook events and payloads")."""
ASKED: Sequence[Way] = tuple(("commits", None, change) for change in _CHANGES)
"""What they are read from."""


def unread(total: Json = None, most: int = _MOST_LISTED) -> Json:
    """What stands in their place. `total`: how many commits were pushed, where the payload tells; `most`: how many its sender lists."""
    return {"total": total if isinstance(total, int) else None, "most": most}


def are_unread(git: Mapping[str, Json]) -> bool:
    return git.get("files").__class__ is dict


def with_files(git: Mapping[str, Json], payload: Json) -> Mapping[str, Json]:
    """The facts with the files, where they are unread; without any where the payload, all of it, may not name them all."""
    if not are_unread(git):
        return git
    place = git["files"]
    found = _files(payload.get("commits") if isinstance(payload, dict) else None, place["total"], place["most"])
    return {**git, "files": found} if found is not None else {name: value for name, value in git.items() if name != "files"}


def _files(commits: Json, total: int | None, most: int) -> list[str] | None:
    """Each path once, in the order in which the commits name them."""
    if not isinstance(commits, list) or len(commits) >= most or (total is not None and total > len(commits)):
        return None
    named: dict[Json, None] = {}
    for each in commits:
        if not isinstance(each, dict) or each.keys().isdisjoint(_CHANGES):
            return None
        for change in _CHANGES:
            listed = each.get(change)
            if listed and listed.__class__ is list:
                for name in listed:
                    if name.__class__ is str:
                        named[name] = None
    return list(named)

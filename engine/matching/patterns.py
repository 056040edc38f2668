"""`on:` patterns: `github`, `github.pull_request`, `rule.*.failed`."""

from collections.abc import Iterable


def event_name(source: str, event_type: str) -> str:
    """The name that patterns are held against: `github.pull_request.opened`; the source alone where there is no type."""
    return f"{source}.{event_type}" if event_type else source


def matches(pattern: str, name: str) -> bool:
    """Whether an event of this name is what the pattern names, or lies under it. `*` stands for one segment."""
    wanted, given = pattern.split("."), name.split(".")
    return len(wanted) <= len(given) and all(want in ("*", have) for want, have in zip(wanted, given, strict=False))


def may_name(patterns: Iterable[str], source: str) -> bool:
    """Whether some event of this source may be what one of them names."""
    return any(pattern.split(".")[0] in ("*", source) for pattern in patterns)


def any_matches(patterns: Iterable[str], name: str) -> bool:
    return any(matches(pattern, name) for pattern in patterns)

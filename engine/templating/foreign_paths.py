"""Ways to a value as other places of a rule write them, and as templates do."""

import re

from hookrules.engine.templating.hyphens import by_keys

_KEY = re.compile(r"""\.(?P<name>[A-Za-z_][\w-]*)|\[(?:(?P<place>\d+)|'(?P<single>[^']*)'|"(?P<double>[^"]*)")\]""")
_PLAIN = re.compile(rf"\$(?P<first>[A-Za-z_][\w-]*)?(?P<keys>(?:{re.sub(r'[?]P<[a-z]+>', '?:', _KEY.pattern)})*)")
_ANY = re.compile(r"""\$(?:\[[^\]]*\]|[^\s|}\]'",)])*""")


def jsonpath_at(line: str, column: int) -> tuple[str, str] | None:
    """What is wrong with a `$` that stands there, and what to write for it; None where it begins no path."""
    found = _PLAIN.match(line, column)
    if found is None or line.startswith("{", found.end()):
        return None
    text, meant = found[0], by_keys("payload", [*filter(None, [found["first"]]), *map(_key, _KEY.finditer(found["keys"]))])
    if line.startswith((".", "["), found.end()):  # goes on as only a path can
        whole = _ANY.match(line, column)
        text = whole[0] if whole else text
        quote = '"' if "'" in text else "'"
        meant = f"payload | jsonpath({quote}{text}{quote})"
    return f"'{text}' is how conditions write a path", f"write {meant}"


def _key(found: "re.Match[str]") -> str | int:
    return int(found["place"]) if found["place"] else found["name"] or found["single"] or found["double"] or ""

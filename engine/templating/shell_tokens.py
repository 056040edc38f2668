"""The tokens of a POSIX shell text, outside and inside of each quotation (XCU 2.2, 2.3, 2.6, 2.7)."""

import re

from msgspec import Struct

from hookrules.engine.templating.shell_frames import Heredoc

_DOLLAR = r"\$(?:\(\(|[({]|[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-])?"
TOKENS = {
    "commands": re.compile(
        rf"(?P<plain>[^\s\\'\"`$<>|&;()#]+)|(?P<blank>[ \t]+)|(?P<escape>\\.)|(?P<differing>`|\$['\[]|&>|[<>]\(|\(\(|\|&|;&|;;&)"
        rf"|(?P<quote>['\"])|(?P<dollar>{_DOLLAR})|(?P<redirect><<-|<<<|<<|<&|<>|<|>>|>&|>\||>)|(?P<branch>;;)"
        rf"|(?P<separator>\n|&&|\|\||[;&|])|(?P<open>\()|(?P<close>\))|(?P<comment>#)|(?P<other>.)",
        re.DOTALL,
    ),
    '"': re.compile(rf"(?P<plain>[^\"\\$`]+)|(?P<escape>\\.)|(?P<end>\")|(?P<differing>`)|(?P<dollar>{_DOLLAR})|(?P<other>.)", re.DOTALL),
    "'": re.compile(r"(?P<plain>[^']+)|(?P<end>')"),
    "${": re.compile(r"(?P<skip>[^}\\'\"`$]+|\$\w+)|(?P<end>\})|(?P<inner>\$\{)|(?P<differing>.)", re.DOTALL),
    "((": re.compile(
        r"(?P<skip>[^()\\'\"`$]+|\$\w+)|(?P<deeper>\()|(?P<end>\)\))|(?P<shallower>\))|(?P<inner>\$\{)|(?P<differing>.)", re.DOTALL
    ),
    "#": re.compile(r"(?P<skip>[^\n]+)|(?P<end>\n)"),
}
COMPLETABLE = frozenset(["\\", "$", "$(", "<", "<<", ">", "&", "|", ";", ";;", "(", ")"])
INSIDE = {
    '"': ('inside "…"', "take the quotes away: the value is quoted already"),
    "'": ("inside '…'", "take the quotes away: the value is quoted already"),
    "${": ("inside ${…}", None),
    "((": ("inside $((…)), where it would be worked out as an expression,", None),
    "<<": ("inside a here-document", "give the text as `stdin`"),
    "#": ("inside a comment", "take it out of the comment"),
}
_EXPANDED = re.compile(r"\$\{\w+\}|\$\([^()`'\"\\$<]*\)")


class Quote(Struct, frozen=True):
    """Text that is not read as commands: a quotation, an expansion, a comment, a here-document."""

    kind: str
    depth: int = 0
    line: str = ""
    heredocs: tuple[Heredoc, ...] = ()
    taking: frozenset[str] = frozenset()
    """What the here-documents go into, as in `Frame`."""


def opens(line: str) -> bool:
    """Whether a line of a here-document may hold an expansion that ends on another line."""
    rest = _EXPANDED.sub("", line)
    return "`" in rest or "$(" in rest or "${" in rest

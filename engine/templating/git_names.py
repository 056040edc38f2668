"""Names that git and forges take: of references, commits and repositories. None begins with `-`, so that none is an option."""

import re
from collections.abc import Sequence
from typing import ClassVar

from hookrules.engine.errors import TemplateError
from hookrules.engine.templating.parsing import Parsed, is_plain
from hookrules.engine.templating.rendering import Piece
from hookrules.engine.templating.template import Template, joined, text_of

_NOT_IN_REFS = r"\x00-\x20\x7f~^:?*\[\\\ud800-\udfff"
_REF = re.compile(
    rf"(?!-)(?!.*(?:\.\.|@\{{|//|/\.|\.lock(?:/|\Z)))(?=.{{1,255}}\Z)[^/.{_NOT_IN_REFS}][^{_NOT_IN_REFS}]*(?<![/.])", re.DOTALL
)
"""What `git check-ref-format` allows (its manual, "Description"), of which a lone `@` is refused apart."""
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.IGNORECASE)
_REPOSITORY = re.compile(r"(?=.{1,255}\Z)(?:(?!\.\.?(?:/|\Z))(?!-)[A-Za-z0-9_.~-]+)(?:/(?!\.\.?(?:/|\Z))(?!-)[A-Za-z0-9_.~-]+)+")


class _GitName(Template[str]):
    """A text that is checked whole once its values are in."""

    __slots__ = ()
    expected: ClassVar[str]
    pattern: ClassVar["re.Pattern[str]"]

    def check(self, parsed: Parsed) -> None:
        del parsed
        if is_plain(self.source):
            self.fill([self.source])

    def fill(self, parts: Sequence[Piece]) -> str:
        text = joined(text_of(part) for part in parts)
        if not self.pattern.fullmatch(text) or text == "@":
            raise TemplateError(f"{text[:100]!r} is no {self.expected}")
        return text


class GitRef(_GitName):
    """A branch, a tag, a whole reference (`refs/pull/1/head`) or the full sha of a commit."""

    __slots__ = ()
    what = "A branch, a tag, a whole reference or a commit's full sha, in which {{ }} fills in values."
    expected = "reference of git: write a branch, a tag, refs/… or a commit's full sha"
    pattern = _REF


class CommitSha(_GitName):
    """Renders to lower case."""

    __slots__ = ()
    what = "A commit's full sha, like `{{ git.sha }}`."
    expected = "full sha of a commit, of 40 or 64 hexadecimal digits"
    pattern = _COMMIT

    def fill(self, parts: Sequence[Piece]) -> str:
        return super().fill(parts).lower()


class RepositoryName(_GitName):
    """`owner/name`, or a longer path where a forge has groups in groups."""

    __slots__ = ()
    what = "A repository's full name, like `{{ git.repo }}`."
    expected = "name of a repository, like acme/shop"
    pattern = _REPOSITORY


def is_commit(ref: str) -> bool:
    """Whether a reference is a commit's full sha."""
    return _COMMIT.fullmatch(ref) is not None

"""The Content-Type header: what a body is, and the parameters that say how to read it (RFC 9110, 8.3)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_PARAMETER = re.compile(r""";\s*([^\s;="]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)""")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class ContentType:
    """A media type and its parameters. Names are lower case; of a parameter that comes twice, the first counts."""

    media: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, header: str) -> "ContentType":
        media, semicolon, _ = header.partition(";")
        media = media.strip().lower()
        if not semicolon:
            return cls(media)
        found = reversed(_PARAMETER.findall(header[len(media) :]))
        return cls(media, {name.lower(): _unquoted(value.strip()) for name, value in found})

    @property
    def charset(self) -> str:
        """Empty where none is said."""
        return self.parameters.get("charset", "")


def _unquoted(value: str) -> str:
    return _ESCAPED.sub(r"\1", value[1:-1]) if len(value) > 1 and value[0] == value[-1] == '"' else value

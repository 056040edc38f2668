"""What a sender signs, as a template: `{timestamp}.{body}`, `{method}{url}{body}`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from hookrules.engine.model import Delivery

PARTS = ("body", "timestamp", "id", "url", "method")
"""What a template may name. `url` is the whole URL as the sender knows it."""
_NAME = re.compile(r"\{([A-Za-z_][\w.-]*)\}")


@dataclass(frozen=True, slots=True)
class SignedText:
    """`pieces` are literal bytes and names of PARTS, in turn; a name stands at each odd place."""

    pieces: tuple[bytes | str, ...]

    @classmethod
    def read(cls, template: str) -> Self:
        """Raises ValueError, in a sentence for its writer."""
        pieces = _NAME.split(template)
        names = pieces[1::2]
        unknown = next((name for name in names if name not in PARTS), None)
        if unknown is not None:
            raise ValueError(f"'signed' knows {' '.join(f'{{{name}}}' for name in PARTS)}, and no {{{unknown}}}")
        if names.count("body") != 1:
            raise ValueError(f"'{template}' has to name {{body}} once, like {{timestamp}}.{{body}}")
        return cls(tuple(piece if at % 2 else piece.encode() for at, piece in enumerate(pieces)))

    def names(self, part: str) -> bool:
        return part in self.pieces[1::2]

    def of(self, delivery: Delivery, timestamp: str = "", message_id: str = "") -> bytes:
        if self.pieces == _BODY:
            return delivery.body
        values: Mapping[str, bytes] = {
            "body": delivery.body,
            "timestamp": timestamp.encode(),
            "id": message_id.encode(),
            "url": delivery.url.encode(),
            "method": delivery.method.encode(),
        }
        return b"".join(piece if isinstance(piece, bytes) else values[piece] for piece in self.pieces)


_BODY = (b"", "body", b"")
BODY = SignedText(_BODY)

"""What the page on bodies says of a request, executed: its headers, a blank line, its body, and after an arrow its payload."""

import json

import pytest
from support_docs import Block, blocks

from hookrules.engine import bodies
from hookrules.engine.errors import Refusal


def request(block: Block) -> tuple[bytes, str]:
    text, _, _ = block.text.partition("\n→ ")
    headers, _, body = text.partition("\n\n") if not text.startswith("\n") else ("", "", text[1:])
    content_type = headers.removeprefix("Content-Type: ")
    return (body.replace("\n", "\r\n") if content_type.startswith("multipart/") else body).encode(), content_type


@pytest.mark.parametrize("block", blocks("bodies"), ids=str)
def test_a_body_gives_what_its_page_says(block: Block) -> None:
    promised = block.text.partition("\n→ ")[2].strip()
    if promised.startswith("error "):
        with pytest.raises(Refusal) as refused:
            bodies.decode(*request(block))
        assert f"error {refused.value.status}: {refused.value}".startswith(promised)
    else:
        assert bodies.decode(*request(block)) == json.loads(promised)


def test_each_kind_of_body_has_an_example() -> None:
    from hookrules.engine.bodies.content_type import ContentType
    from hookrules.engine.bodies.kinds import KINDS, kind_of

    shown = {kind_of(media) for block in blocks("bodies") if (media := ContentType.of(request(block)[1]).media) != "image/png"}
    assert shown == set(KINDS)

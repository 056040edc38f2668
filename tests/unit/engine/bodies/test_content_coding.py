import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_bodies import JSON

from hookrules.engine import bodies
from hookrules.engine.bodies.content_coding import unpacked
from hookrules.engine.errors import TooLarge, Unreadable, UnsupportedBody

BODY = b'{"ref": "refs/heads/main"}'


def raw_deflate(plain: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(plain) + packer.flush()


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(BODY)),
        ("GZIP", gzip.compress(BODY)),
        ("x-gzip", gzip.compress(BODY)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", raw_deflate(BODY)),
        ("identity", BODY),
        ("", BODY),
        ("identity, gzip", gzip.compress(BODY)),
    ],
)
def test_a_packed_body_is_read(encoding: str, packed: bytes) -> None:
    assert bodies.decode(packed, JSON, encoding) == {"ref": "refs/heads/main"}


@given(st.binary(max_size=500))
def test_what_was_packed_comes_out(plain: bytes) -> None:
    for encoding, packed in (("gzip", gzip.compress(plain)), ("deflate", zlib.compress(plain)), ("deflate", raw_deflate(plain))):
        assert unpacked(packed, encoding, 500) == plain


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, gzip", "deflate,gzip", "none", "x" * 1000])
def test_another_encoding_or_several_are_not_supported(encoding: str) -> None:
    with pytest.raises(UnsupportedBody, match=r"more than once|can't be read; send gzip"):
        bodies.decode(gzip.compress(BODY), JSON, encoding)


@pytest.mark.parametrize(
    ("encoding", "packed", "why"),
    [
        ("gzip", BODY, "is not gzip: incorrect header check"),
        ("gzip", b"", "ends too early"),
        ("gzip", gzip.compress(BODY)[:-9], "ends too early"),
        ("gzip", gzip.compress(BODY)[:-8] + b"\0" * 8, "incorrect data check"),
        ("gzip", gzip.compress(BODY) + b"more", "goes on after the end"),
        ("gzip", gzip.compress(BODY) + gzip.compress(BODY), "goes on after the end"),
        ("deflate", b"\xff\xff\xff", "is not deflate"),
    ],
)
def test_a_broken_packing_is_refused_with_a_reason(encoding: str, packed: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        bodies.decode(packed, JSON, encoding)


def test_a_body_may_unpack_to_the_bound_and_no_further() -> None:
    packed = gzip.compress(b" " * 9_999 + b"1")
    assert bodies.decode(packed, JSON, "gzip", max_size=10_000) == 1
    with pytest.raises(TooLarge, match="more than 9999 bytes"):
        bodies.decode(packed, JSON, "gzip", max_size=9_999)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_a_bomb_is_not_unpacked_further_than_the_bound(pack) -> None:
    bomb = pack(bytes(200 * 2**20))
    tracemalloc.start()
    with pytest.raises(TooLarge):
        bodies.decode(bomb, JSON, "gzip" if pack is gzip.compress else "deflate", max_size=2**20)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * 2**20

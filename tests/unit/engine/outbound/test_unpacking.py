"""Packed bodies: what is unpacked, and how much."""

import contextlib
import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookrules.engine.outbound.failures import RequestFailed
from hookrules.engine.outbound.unpacking import unpacker


def bare(body: bytes) -> bytes:
    packing = zlib.compressobj(wbits=-15)
    return packing.compress(body) + packing.flush()


WAYS = {
    "": ("", bytes),
    "identity": ("identity", bytes),
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("X-GZip ", gzip.compress),
    "something behind the end": ("gzip", lambda body: gzip.compress(body) + b"\0\0padding"),
    "deflate": ("deflate", zlib.compress),
    "deflate without its frame": ("deflate", bare),
}


def unpacked(coding: str, chunks: list[bytes], most: int) -> bytes:
    unpacking, out = unpacker(coding), b""
    for chunk in chunks:
        if len(out) < most:
            out += unpacking.unpack(chunk, most - len(out))
    if len(out) < most:
        unpacking.end()
    return out


@pytest.mark.parametrize("way", WAYS)
@given(body=st.binary(min_size=1, max_size=300), size=st.integers(2, 50), most=st.integers(1, 400))
def test_what_comes_out_is_what_went_in_up_to_the_bound(way: str, body: bytes, size: int, most: int) -> None:
    coding, pack = WAYS[way]
    packed = pack(body)
    chunks = [packed[start : start + size] for start in range(0, len(packed), size)]
    assert unpacked(coding, chunks, most) == body[:most]


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "compress", "identity, gzip", "x"])
def test_a_coding_that_nobody_asked_for_is_refused(coding: str) -> None:
    with pytest.raises(RequestFailed, match="gzip, deflate was asked for"):
        unpacker(coding)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_broken_body_is_told(coding: str) -> None:
    with pytest.raises(RequestFailed, match="it is broken"):
        unpacker(coding).unpack(b"no such thing" * 10, 1000)


@pytest.mark.parametrize("cut", [1, 5, 12, 20])
def test_a_cut_body_is_told(cut: int) -> None:
    unpacking = unpacker("gzip")
    unpacking.unpack(gzip.compress(b"all of it, and more")[:cut], 1000)
    with pytest.raises(RequestFailed, match="its end is missing"):
        unpacking.end()


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate"]))
def test_any_bytes_come_out_or_are_refused(body: bytes, coding: str) -> None:
    with contextlib.suppress(RequestFailed):
        assert len(unpacker(coding).unpack(body, 1000)) <= 1000

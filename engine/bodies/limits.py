"""What a body may have at most: all that a stranger can send has a bound."""

MAX_SIZE = 5 * 2**20
"""Bytes that a packed body unpacks to, where `server.max_body` says nothing else."""

MAX_DEPTH = 200
"""How deep lists, objects and elements may nest: real payloads stay under 20, and what walks a payload may recurse."""

MAX_NUMBER = 1000
"""Characters of one number: reading a whole number takes time that grows with the square of its length."""

MAX_FIELDS = 10_000
"""Fields of a form."""

MAX_PARTS = 1000
"""Fields and files of a multipart body."""

MAX_NODES = 100_000
"""Elements and attributes of an XML document."""

"""Folders and files under a root that hookrules.yaml names. No link under it is followed: whoever may write there could lead us out."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


@contextlib.contextmanager
def folder_under(root: Path, segments: Sequence[str], *, make: bool) -> Iterator[int]:
    """A descriptor of the folder; where it is missing it is made, or OSError raised."""
    try:
        here = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        raise OSError(errno.ENOENT, "the root is not there; create it, or name another in hookrules.yaml") from None
    try:
        for segment in segments:
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(segment, dir_fd=here)
            inner = os.open(segment, _FOLDER, dir_fd=here)
            os.close(here)
            here = inner
        yield here
    finally:
        os.close(here)


def file_under(root: Path, segments: Sequence[str], limit: int) -> bytes:
    """What the file holds. Raises OSError, also for more than `limit` bytes, and for a pipe or the like, which could keep one waiting."""
    with folder_under(root, segments[:-1], make=False) as folder:
        descriptor = os.open(segments[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no file")
        content = file.read(limit + 1)
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"it holds more than {limit:,} bytes")
    return content


_WORDS: Mapping[int, str] = {
    errno.ENOTDIR: "something on the way is a file, or a link, which is not followed",
    errno.ELOOP: "something on the way is a link, which is not followed",
    errno.EACCES: "this may not be read or written",
    errno.EISDIR: "it is a folder",
    errno.ENOSPC: "the disk is full",
    errno.EROFS: "the disk can't be written",
}


def words(error: OSError) -> str:
    """What went wrong, for a person."""
    return _WORDS.get(error.errno or 0, error.strerror or str(error))

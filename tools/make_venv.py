"""Make a virtual environment with pip, also where Debian's python3 comes without `ensurepip` (its package python3-venv)."""

import argparse
import hashlib
import importlib.util
import re
import subprocess
import sys
import tempfile
import urllib.request
import venv
from pathlib import Path

OLDEST = (3, 11)
PIP = "26.3"
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"


def main(folder: Path) -> None:
    if sys.version_info < OLDEST:
        this, needed = sys.version.split()[0], ".".join(map(str, OLDEST))
        sys.exit(f"hookrules needs Python {needed} or newer, and this is {this}; name another: make PYTHON=…")
    has_pip = importlib.util.find_spec("ensurepip") is not None
    venv.create(folder, clear=True, with_pip=has_pip, symlinks=True)
    if not has_pip:
        install_pip(folder / "bin" / "python")


def install_pip(python: Path) -> None:
    """pip's wheel can install itself."""
    with tempfile.TemporaryDirectory() as scratch:
        wheel = Path(scratch) / f"pip-{PIP}-py3-none-any.whl"
        wheel.write_bytes(download())
        subprocess.run([python, f"{wheel}/pip", "install", "--quiet", "--no-index", wheel], check=True)


def download() -> bytes:
    with urllib.request.urlopen("https://pypi.org/simple/pip/") as answer:
        page = answer.read().decode()
    found = re.search(rf'href="([^"#]+/pip-{re.escape(PIP)}-py3-none-any\.whl)', page)
    if found is None:
        sys.exit(f"pip {PIP} is not at pypi.org; install python3-venv")
    with urllib.request.urlopen(found[1]) as answer:
        wheel = answer.read()
    if hashlib.sha256(wheel).hexdigest() != PIP_SHA256:
        sys.exit(f"pip {PIP} as downloaded is not what it should be; try again, or install python3-venv")
    return wheel


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="anew, where it is there already")
    main(parser.parse_args().folder)

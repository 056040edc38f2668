"""What every benchmark says of itself beside its figures: when, on what machine, with which versions."""

import os
import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any


def circumstances(*packages: str) -> dict[str, Any]:
    versions = {"python": platform.python_version(), **{name: version(name) for name in ("hookrules", *packages)}}
    return {"date": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine(), "versions": versions}


def machine() -> dict[str, Any]:
    about = Path("/proc/cpuinfo")
    models = [line.partition(":")[2].strip() for line in about.read_text().splitlines() if "model name" in line] if about.exists() else []
    return {
        "system": platform.platform(),
        "processor": models[0] if models else platform.processor(),
        "processors": os.cpu_count(),
        "load before": round(os.getloadavg()[0], 2),
    }


def spread(figures: Sequence[float], digits: int = 3) -> dict[str, Any]:
    """The median, and what the rounds gave."""
    ordered = [round(figure, digits) for figure in figures]
    return {"median": round(statistics.median(figures), digits), "lowest": min(ordered), "highest": max(ordered), "rounds": ordered}

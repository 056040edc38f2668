"""What every benchmark tells besides its figures, and how those of several rounds are told."""

import os
import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any


def conditions(*packages: str) -> dict[str, Any]:
    """When, where, and with which versions. Taken before the load begins."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "system": platform.platform(),
            "processor": _processor(),
            "processors": os.cpu_count(),
            "load before": round(os.getloadavg()[0], 2),
        },
        "versions": {"python": platform.python_version(), **{name: version(name) for name in ("hookrules", *packages)}},
    }


def summary(figures: Sequence[float], digits: int | None = None) -> dict[str, Any]:
    """Of several rounds."""
    return {
        "median": round(statistics.median(figures), digits),
        "lowest": round(min(figures), digits),
        "highest": round(max(figures), digits),
        "rounds": [round(figure, digits) for figure in figures],
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.partition(": ")[2].strip() for line in lines if line.startswith("model name")), platform.processor())

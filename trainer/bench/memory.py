"""What a process holds in memory."""

from __future__ import annotations

import re
from pathlib import Path


def resident_megabytes(process: int | None = None) -> dict[str, float | None]:
    """Resident memory now and at its highest, in MB; None where the system does not tell.

    Args:
        process: Its number; this one by default.
    """
    try:
        status = Path(f"/proc/{process or 'self'}/status").read_text(encoding="utf-8")
    except OSError:
        return {"steady": None, "peak": None}
    found = dict(re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB$", status, flags=re.MULTILINE))
    return {
        "steady": int(found["VmRSS"]) * 1024 / 1e6,
        "peak": int(found["VmHWM"]) * 1024 / 1e6,
    }

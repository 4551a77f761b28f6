"""The trainer of KDH Desktop. Importing this package does not import torch."""

from __future__ import annotations

import os

# These libraries look for updates, fetch what is missing and report home unless they are told
# otherwise before they are imported; this package is imported before any of them.
for _name in (
    "ORT_DISABLE_TELEMETRY",
    "HF_HUB_OFFLINE",
    "HF_HUB_DISABLE_TELEMETRY",
    "HF_HUB_DISABLE_UPDATE_CHECK",
    "TRANSFORMERS_OFFLINE",
    "DO_NOT_TRACK",
):
    os.environ[_name] = "1"

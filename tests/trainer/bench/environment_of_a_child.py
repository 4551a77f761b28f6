"""A child process that tells its environment, variable by variable."""

from __future__ import annotations

import json
import os
import sys

for line in sys.stdin:
    print(json.dumps({"value": os.environ.get(line.strip())}), flush=True)

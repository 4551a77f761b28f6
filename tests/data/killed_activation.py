"""Puts models into force again and again, in processes that are killed in the middle.

Run as a program of its own, since it forks: ``python -m tests.data.killed_activation ROOT``, with
an installation in ROOT and runs below its data folder. It prints a line for each kill: the model in
force afterwards, and why it is not the one that was put there, if it is not.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

from kdh_desktop.core.access import Access
from kdh_desktop.core.classification.model_changes import ModelChanges
from kdh_desktop.core.classification.model_registry import ModelRegistry
from kdh_desktop.core.paths import AppPaths
from kdh_desktop.core.runs.run_folder import RunFolder

PASSWORD = "a long password"
KILLS = 40
_LONGEST_S = 0.12


def main(root: Path) -> None:
    """Kill, look, and tell."""
    paths = AppPaths(root / "resources", root / "data", root / "config", root / "logs")
    administrator = Access(paths.access, paths.site_keys).unlock(PASSWORD)
    runs = [RunFolder(folder) for folder in sorted(paths.runs.iterdir())]
    chance = random.Random(0)
    for _ in range(KILLS):
        child = os.fork()
        if child == 0:
            changes = ModelChanges(paths, check=lambda _bundle: None)
            while True:
                changes.put_candidate_in_force(chance.choice(runs), administrator=administrator)
        time.sleep(chance.uniform(0.0, _LONGEST_S))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        found = ModelRegistry(paths).in_force()
        sys.stdout.write(f"{found.bundle.id} {found.problem}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

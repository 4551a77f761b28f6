"""Nothing leaves the machine: no internet socket is even opened, and no telemetry is written.

onnxruntime reports home unless it is told otherwise before its import, and it begins only some
time after a session is made: so each child is watched for a minute, with every network call of
all its threads traced. Beside them runs a control that leaves the telemetry on; if the trace does
not show its sockets, the check is blind and fails. No call gets through, not even the control's:
the tracer answers for the network, and where it is allowed there is no network interface either.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.data.tiny_installation import make_tiny_installation

pytestmark = [
    pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace"),
    pytest.mark.timeout(300),
]
ROOT = Path(__file__).parents[2]
WATCHED_S = 62
_INTERNET_SOCKET = re.compile(r"socket\((?:AF_INET6?|PF_INET6?)\b")

PROGRAM = """
import sys, time
from pathlib import Path
from kdh_desktop.core.classification.classifier import OnnxClassifier
from kdh_desktop.core.classification.model_bundle import open_bundle
from kdh_desktop.core.classification.signing import load_trusted_keys
from kdh_desktop.core.record import Record

resources, watched_s = Path(sys.argv[1]), float(sys.argv[2])
keys = load_trusted_keys(resources / "keys")
classifier = OnnxClassifier(open_bundle(resources / "model", trusted_keys=keys))
end = time.monotonic() + watched_s
while time.monotonic() < end:
    [prediction] = classifier.predict([Record("1", "This cancer study showed apoptosis.")])
    assert len(prediction.scores) == 10
    time.sleep(0.5)
print("watched")
"""
TRAINER = """
import sys, time
import trainer
import onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1] + "/model/model.onnx")
time.sleep(float(sys.argv[2]))
print("watched")
"""
CONTROL = TRAINER.replace("import trainer\n", "")


@dataclass(frozen=True)
class Watched:
    """What one child did in its minute."""

    output: str
    internet_sockets: list[str]
    files_at_home: list[str]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Watched]]:
    """All children, watched side by side."""
    root = tmp_path_factory.mktemp("offline")
    resources = make_tiny_installation(root / "installation").resources
    children = {
        name: _start(root / name, code, resources)
        for name, code in {"program": PROGRAM, "trainer": TRAINER, "control": CONTROL}.items()
    }
    try:
        yield {name: _finish(root / name, child) for name, child in children.items()}
    finally:
        for child in children.values():
            child.kill()
            child.wait()


def _start(folder: Path, code: str, resources: Path) -> subprocess.Popen[str]:
    home = folder / "home"
    home.mkdir(parents=True)
    environ = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        # What a user may have set must not switch it on again.
        "ORT_DISABLE_TELEMETRY": "0",
    }
    trace = ["strace", "-f", "-qq", "-o", str(folder / "trace"), "-e", "trace=%network"]
    trace += ["-e", "inject=connect,sendto,sendmsg,sendmmsg:error=ENETUNREACH"]
    return subprocess.Popen(
        [*_no_interfaces(), *trace, sys.executable, "-c", code, str(resources), str(WATCHED_S)],
        env=environ,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _no_interfaces() -> list[str]:
    """A network namespace without interfaces, where this user may make one."""
    for prefix in (["unshare", "--net"], ["unshare", "--net", "--map-root-user"]):
        if shutil.which("unshare") is None:
            break
        if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
            return prefix
    return []


def _finish(folder: Path, child: subprocess.Popen[str]) -> Watched:
    output, _ = child.communicate(timeout=WATCHED_S + 120)
    if "ptrace" in output.lower():
        pytest.skip("strace may not trace here")
    trace = (folder / "trace").read_text(encoding="utf-8", errors="replace")
    home = folder / "home"
    return Watched(
        output=output,
        internet_sockets=[line for line in trace.splitlines() if _INTERNET_SOCKET.search(line)],
        files_at_home=[str(x.relative_to(home)) for x in home.rglob("*") if x.is_file()],
    )


def test_the_check_can_see_telemetry(watched: Mapping[str, Watched]) -> None:
    control = watched["control"]
    assert control.internet_sockets != []
    assert any(name.startswith(".cache/Microsoft") for name in control.files_at_home)


@pytest.mark.parametrize("name", ["program", "trainer"])
def test_no_internet_socket_is_opened_and_no_file_is_left(
    watched: Mapping[str, Watched], name: str
) -> None:
    child = watched[name]
    assert child.output.splitlines()[-1] == "watched"
    assert child.internet_sockets == []
    assert child.files_at_home == []

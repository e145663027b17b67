"""The scrubber needs no network: in a fresh process with every way out closed it loads and works, alone and with workers.

The process leaves the machine's network for an empty one of its own (Linux network namespaces), which its workers inherit; where a
system forbids that, and besides, every call that would open a connection is refused.
"""

import subprocess
import sys
from pathlib import Path

_SCRIPT = """
import ctypes, socket

NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000
libc = ctypes.CDLL(None)
apart = libc.unshare(NEW_NETWORK) == 0 or libc.unshare(NEW_USER | NEW_NETWORK) == 0
if apart:  # proof: not even the loopback interface is up in there
    with socket.socket() as probe:
        probe.settimeout(5)
        assert probe.connect_ex(("127.0.0.1", 9)) == 101, "the network was not cut"

def refuse(*args, **kwargs):
    raise AssertionError("the scrubber tried to use the network")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = socket.create_connection = refuse

from pipeline.scrub import Scrubber
from pipeline.scrub.executors import process_pool
from pipeline.scrub.scan import Part

if __name__ == "__main__":
    scrubber = Scrubber()
    part = Part(0, ("my teacher mr adeyemi lives at ls6 3qp, mail jo@example.org",))
    with process_pool(scrubber.setting, 1) as run:
        found = [scrubber.find_part(part.texts), dict(run([part]))[0]]
    assert found[0] == found[1]
    print(sorted({span.label for spans in found[0] for span in spans}))
"""


def test_it_works_with_the_network_cut(tmp_path: Path) -> None:
    script = tmp_path / "scrub_offline.py"  # a file, which the workers can load
    script.write_text(_SCRIPT, encoding="utf-8")
    done = subprocess.run([sys.executable, "-W", "ignore", str(script)], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "['EMAIL', 'PERSON', 'POSTCODE']"

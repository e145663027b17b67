"""The scrubber needs no network: with every socket refused, in a fresh process, it loads and works, alone and with workers."""

import subprocess
import sys

_SCRIPT = """
import socket

def refuse(*args, **kwargs):
    raise AssertionError("the scrubber tried to use the network")

socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = socket.create_connection = refuse

from pipeline.scrub import Scrubber

text = "my teacher mr adeyemi lives at ls6 3qp, mail jo@example.org"
found = Scrubber().find(text)
print(sorted({span.label for span in found}))
"""


def test_it_works_with_the_network_cut() -> None:
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", _SCRIPT], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "['EMAIL', 'PERSON', 'POSTCODE']"

"""What the tests need beside Python: a browser, a PostgreSQL server, Pango. Installed where we may, else a clear error."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """Path of the system's Chromium, or None."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def postgres_folder() -> Path | None:
    """Folder of initdb and pg_ctl, the newest first, or None."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    found = shutil.which("pg_ctl")
    if found:
        folders.append(Path(found).parent)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def pango() -> str | None:
    """Name of the library that sets the text of printed forms, or None; the package brings its companions along."""
    return ctypes.util.find_library("pangoft2-1.0") and ctypes.util.find_library("harfbuzz-subset")


def missing() -> list[str]:
    """Debian packages that are still needed."""
    needs = {
        "chromium": chromium(),
        "postgresql": postgres_folder(),
        "libpangoft2-1.0-0": pango(),
        "libharfbuzz-subset0": pango(),
    }
    return [package for package, found in needs.items() if found is None]


def main() -> None:
    """Install what is missing when root on Debian or Ubuntu; else say how."""
    packages = missing()
    if packages and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing {' and '.join(packages)} for the tests", flush=True)
        quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], check=False, **quiet)
        packages = missing()
    if packages:
        sys.exit(f"The tests need {' and '.join(packages)}: sudo apt-get install {' '.join(packages)}")


if __name__ == "__main__":
    main()

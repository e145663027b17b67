"""What the tests need beside Python: a browser and a PostgreSQL server. Installed where we may, else a clear error."""

from __future__ import annotations

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


def missing() -> list[str]:
    """Debian packages that are still needed."""
    return [package for package, found in (("chromium", chromium()), ("postgresql", postgres_folder())) if found is None]


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

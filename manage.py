#!/usr/bin/env python3
"""Doorward's commands. On a fresh checkout it first makes .venv, by itself.

The only imports before `enter` are of the standard library: Django is not there yet.
"""

import sys

from config import bootstrap

if __name__ == "__main__":
    if sys.argv[1:3] == ["apikeys", "scan"] and sys.version_info >= (3, 11):
        # It needs neither packages nor settings, and so works on any checkout.
        from apikeys import scan

        sys.exit(scan.main(sys.argv[3:]))

    bootstrap.enter(sys.argv)

    from config import launch

    sys.exit(launch.run(sys.argv))

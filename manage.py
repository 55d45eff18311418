#!/usr/bin/env python3
"""Doorward's commands. On a fresh checkout it first makes .venv, by itself.

The only imports before `enter` are of the standard library: Django is not there yet.
"""

import sys

from config import bootstrap

if __name__ == "__main__":
    bootstrap.enter(sys.argv)

    from config import launch

    sys.exit(launch.run(sys.argv))

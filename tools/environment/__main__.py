# SPDX-License-Identifier: Apache-2.0
"""`python -m tools.environment`: what `make setup` and `make demo` run."""

import sys


def main():
    """Refuse an interpreter too old for the rest of this package, else run the set-up."""
    if sys.version_info < (3, 10):  # noqa: UP036 - an older one is told so here
        version = '.'.join(map(str, sys.version_info[:2]))
        sys.exit(
            'error: Python ' + version + ' is too old, 3.10 to 3.12 will do: install one and name '
            'it, as in "make setup PYTHON=python3.11"')
    from tools.environment.cli import run
    return run()


if __name__ == '__main__':
    sys.exit(main())

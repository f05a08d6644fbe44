# SPDX-License-Identifier: Apache-2.0
"""``python -m examples.demo``: what ``make demo`` runs."""

import sys

from examples.demo.cli import main

if __name__ == '__main__':
    sys.exit(main())

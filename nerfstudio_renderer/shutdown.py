# SPDX-License-Identifier: Apache-2.0
"""Ending a process without waiting for the libraries' own clean-up."""

import atexit
import gc
import os
import sys


def exit_quickly() -> None:
    """
    Make the interpreter's exit, which may follow at any time, take no longer than it must.

    Importing PyTorch and nerfstudio leaves half a million objects in cycles. Python collects
    them at its end, for two seconds that a robot's shutdown does not have; frozen ones are left
    to the operating system.
    """
    atexit.register(_abandon_cycles)


def _abandon_cycles() -> None:
    gc.freeze()
    # Triton, which PyTorch imports, complains at length about whatever was not collected.
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)

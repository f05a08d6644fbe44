# Copyright 2026 The nerfstudio_renderer_ros Authors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
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

# SPDX-License-Identifier: Apache-2.0
"""
The render queue in a process of its own, over rpyc: ``python -m nerfstudio_renderer.server``.

This folder alone knows rpyc; the queue that it serves does not know of it.
"""

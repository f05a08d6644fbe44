# SPDX-License-Identifier: Apache-2.0
"""What the renderer costs, measured: each module has a ``run`` that returns plain rows."""

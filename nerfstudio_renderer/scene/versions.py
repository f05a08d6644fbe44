# SPDX-License-Identifier: Apache-2.0
"""What nerfstudio's versions call the same tensors of a model; here they have the newest names."""

from __future__ import annotations

# Beginnings of names, and what they are in nerfstudio 1.1.
_RENAMED = {
    # Until 0.3.4 the field's grid and network were two modules, saved twice, and in a sequence.
    'field.mlp_base_grid.': 'field.mlp_base.model.0.',
    'field.mlp_base_mlp.': 'field.mlp_base.model.1.',
    'field.mlp_base.0.': 'field.mlp_base.model.0.',
    'field.mlp_base.1.': 'field.mlp_base.model.1.',
}


def newest_name(name: str) -> str:
    """Return what nerfstudio 1.1 calls a tensor of a model's state that any version has saved."""
    for old, new in _RENAMED.items():
        if name.startswith(old):
            return new + name.removeprefix(old)
    return name

# SPDX-License-Identifier: Apache-2.0
"""
Turn a finished training into the scene that is bundled with the renderer.

`python -m tools.robot_cell.package --run WORK/outputs/robot_cell/nerfacto/NAME --heldout
WORK/data/heldout --scene nerfstudio_renderer/bundled_scenes/robot_cell` copies config.yml and
dataparser_transforms.json as `ns-train` wrote them, the newest checkpoint without what rendering
does not need, and the held-out views.
"""

from __future__ import annotations

import argparse
from pathlib import Path
import shutil

import torch

TRAINING_ONLY = ('_model.lpips.', '_model.psnr.', '_model.ssim.')
"""Prefixes of the weights of metrics, which no picture depends on."""
SIZE_LIMIT = 8_000_000
"""Bytes that the checkpoint may have at the most."""


def newest_checkpoint(run: Path) -> Path:
    """Return the checkpoint of the highest step; raises FileNotFoundError without any."""
    checkpoints = sorted((run / 'nerfstudio_models').glob('step-*.ckpt'))
    if not checkpoints:
        raise FileNotFoundError(f'no nerfstudio_models/step-*.ckpt in {run}')
    return checkpoints[-1]


def strip(checkpoint: dict) -> dict:
    """Keep the step and the weights that rendering needs, under the names they have."""
    # nerfstudio keeps each proposal network's hash table under two names; one storage serves both,
    # as long as both names lead to the same clone.
    clones: dict[object, torch.Tensor] = {}
    weights = {
        key: clones.setdefault((value.data_ptr(), value.shape), value.clone())
        for key, value in checkpoint['pipeline'].items()
        if not key.startswith(TRAINING_ONLY)
    }
    return {'step': int(checkpoint['step']), 'pipeline': weights}


def package(run: Path, heldout: Path, scene: Path) -> Path:
    """Write the scene and return its checkpoint; raises ValueError if that is too large."""
    source = newest_checkpoint(run)
    target = scene / 'nerfstudio_models' / source.name
    shutil.rmtree(target.parent, ignore_errors=True)
    target.parent.mkdir(parents=True)
    # Our own training's file: its optimizer states need more than weights_only=True allows.
    torch.save(strip(torch.load(source, map_location='cpu', weights_only=False)), target)
    if target.stat().st_size > SIZE_LIMIT:
        raise ValueError(f'{target} has {target.stat().st_size} bytes, over {SIZE_LIMIT}')
    for name in ('config.yml', 'dataparser_transforms.json'):
        shutil.copyfile(run / name, scene / name)
    shutil.copytree(heldout, scene / 'heldout', dirs_exist_ok=True)
    return target


def main(arguments: list[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog='python -m tools.robot_cell.package', description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--run', type=Path, required=True, help='folder with config.yml')
    parser.add_argument('--heldout', type=Path, required=True, help='folder of held-out views')
    parser.add_argument('--scene', type=Path, required=True, help='folder to write')
    given = parser.parse_args(arguments)
    target = package(given.run, given.heldout, given.scene)
    torch.load(target, weights_only=True)  # readers refuse anything else
    print(f'{target}: {target.stat().st_size} bytes')


if __name__ == '__main__':
    main()

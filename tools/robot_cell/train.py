# SPDX-License-Identifier: Apache-2.0
"""
Train nerfacto on the generated data set with nerfstudio's own `ns-train`.

`python -m tools.robot_cell.train --work WORK` trains on `WORK/data/train` and leaves
`WORK/outputs/robot_cell/nerfacto/NAME`. It only composes the command line, sized for a CPU and a
checkpoint of a few megabytes; nothing of nerfstudio is changed.
"""

from __future__ import annotations

import argparse
from functools import partial
import os
from pathlib import Path
import subprocess
import sys

import torch
import torchvision

NEVER = '1000000'
"""An interval that no training of this size reaches."""
ALEXNET_FILE = 'alexnet-owt-7be5be79.pth'
"""The name under which torchvision looks for AlexNet's weights."""


def command(name: str, *, steps: int, rays: int, seed: int) -> list[str]:
    """Return the `ns-train` command line; its paths are relative to the work folder."""
    options = {
        'output-dir': 'outputs',
        'experiment-name': 'robot_cell',
        'timestamp': name,
        'machine.device-type': 'cpu',
        'machine.seed': seed,
        'mixed-precision': False,
        'vis': 'tensorboard',
        'max-num-iterations': steps,
        'optimizers.fields.scheduler.max-steps': steps,
        'optimizers.proposal-networks.scheduler.max-steps': steps,
        'steps-per-save': 500,
        **{f'steps-per-eval-{what}': NEVER for what in ('batch', 'image', 'all-images')},
        'pipeline.datamanager.train-num-rays-per-batch': rays,
        **{f'pipeline.model.{key}': value for key, value in model().items()},
    }
    flags = [part for key, value in options.items() for part in _flag(key, value)]
    # Every picture trains: the held-out views lie elsewhere and are judged by evaluate.py.
    data = ['nerfstudio-data', '--data', 'data/train', '--eval-mode', 'all']
    return ['ns-train', 'nerfacto', *flags, *data]


def _flag(key: str, value: object) -> list[str]:
    values = value if isinstance(value, tuple) else (value,)
    return [f'--{key}', *map(str, values)]


def model() -> dict[str, object]:
    """Return what differs from nerfacto's defaults, by the option's name."""
    return {
        'implementation': 'torch',  # loads on any machine; tiny-cuda-nn's weights do not
        'camera-optimizer.mode': 'off',  # the poses are exact
        # Rendered pictures have one exposure: an embedding per picture would be noise to unlearn.
        'use-appearance-embedding': False,
        'num-levels': 6,
        'max-res': 1024,
        'log2-hashmap-size': 17,
        'proposal-net-args-list.0.num-levels': 4,
        'proposal-net-args-list.0.log2-hashmap-size': 14,
        'proposal-net-args-list.1.num-levels': 4,
        'proposal-net-args-list.1.log2-hashmap-size': 14,
        'num-proposal-samples-per-ray': (48, 24),
        'num-nerf-samples-per-ray': 16,
        'far-plane': 6.0,  # scene units: the closed room is under 4 across
        'proposal-warmup': 500,
    }


def environment(work: Path, threads: int) -> dict[str, str]:
    """Return the environment for training on a CPU, with `threads` cores, without a network."""
    return {
        **os.environ,
        'TORCH_HOME': str(_offline_weights(work / 'torch_home')),
        'OMP_NUM_THREADS': str(threads),
        # glibc's defaults return every step's buffers to the system and fault them in again.
        'MALLOC_MMAP_THRESHOLD_': '4294967296',
        'MALLOC_TRIM_THRESHOLD_': '17179869184',
        'MALLOC_TOP_PAD_': '268435456',
    }


def _offline_weights(home: Path) -> Path:
    """
    Put random AlexNet weights where torch looks for downloaded ones.

    nerfacto constructs the LPIPS metric, which loads AlexNet, even where it is never evaluated;
    this training does not evaluate it, so the values do not matter.
    """
    path = home / 'hub' / 'checkpoints' / ALEXNET_FILE
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(torchvision.models.alexnet(weights=None).state_dict(), path)
    return home.resolve()


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog='python -m tools.robot_cell.train', description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = partial(parser.add_argument, type=int)
    add('--work', type=Path, required=True, help='folder that holds data/ and gets outputs/')
    add('--name', type=str, default='final', help='name of the run (%(default)s)')
    add('--steps', default=12000, help='training iterations (%(default)s)')
    add('--rays', default=1024, help='rays per iteration (%(default)s)')
    add('--threads', default=1, help='cores; more only pay on an idle machine (%(default)s)')
    add('--seed', default=42, help="nerfstudio's seed (%(default)s)")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status of `ns-train`."""
    given = parse_arguments(arguments)
    line = command(given.name, steps=given.steps, rays=given.rays, seed=given.seed)
    script = Path(sys.executable).with_name(line[0])
    # Relative paths and this working folder keep the machine's folders out of config.yml.
    settings = environment(given.work, given.threads)
    return subprocess.run(
        [str(script), *line[1:]], cwd=given.work, env=settings, check=False
    ).returncode


if __name__ == '__main__':
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""
Reads configurations that name every dataclass of nerfstudio where one could be built.

``python -m support.hostile_configs FOLDER`` prints how many it read. It fails if anything was run
or written on the way, or looked for the canary in FOLDER.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
import importlib
import os
from pathlib import Path
import pkgutil
import sys
from typing import Any

import nerfstudio
import nerfstudio.models
from nerfstudio_renderer import SceneError
from nerfstudio_renderer.engines.nerfstudio.model_config import nerfstudio_config
from nerfstudio_renderer.scene.config import read_model_config

NERFSTUDIO = Path(nerfstudio.__file__).parent
MODEL = 'nerfstudio.models.nerfacto.NerfactoModel'
CONFIG = 'nerfstudio.models.nerfacto.NerfactoModelConfig'
OPTIMIZER = 'nerfstudio.cameras.camera_optimizers.CameraOptimizer'
# What ends or starts something, or leaves something behind.
REFUSED_EVENTS = ('subprocess.', 'os.system', 'os.exec', 'os.fork', 'os.posix_spawn', 'os.spawn',
                  'os.mkdir', 'os.remove', 'os.rename', 'os.link', 'os.symlink', 'shutil.',
                  'pickle.', 'socket.', 'ctypes.dlopen', 'webbrowser.')


def dataclasses_of_nerfstudio() -> list[str]:
    """Return the dotted names of all, from the sources: some modules do things when imported."""
    found = []
    for path in sorted(NERFSTUDIO.rglob('*.py')):
        module = '.'.join(('nerfstudio', *path.relative_to(NERFSTUDIO).with_suffix('').parts))
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and any(
                'dataclass' in ast.unparse(decorator) for decorator in node.decorator_list
            ):
                found.append(f'{module}.{node.name}')
    return found


def _hostile(name: str, canary: Path, indent: int, target: str = OPTIMIZER) -> str:
    """Return such an object of YAML, with all that its class could be made to do something by."""
    fields = {
        '_target': f"!!python/name:{target} ''",
        'colmap_cmd': f'"touch {canary}/colmap; "',
        'data': f'!!python/object/apply:pathlib.PosixPath [{canary}]',
        'output_dir': f'!!python/object/apply:pathlib.PosixPath [{canary}/output]',
        'load_config': str(canary), 'save_dir': f'{canary}/save', 'log_dir': f'{canary}/log',
        'skip_image_processing': 'true', 'mode': 'SO3xR3', 'method_name': 'nothing',
        'dataparser': '!!python/object:nerfstudio.data.dataparsers.minimal_dataparser.'
                      f'MinimalDataParserConfig {{data: {canary}}}',
        'camera_optimizer': f'!!python/object:{name} {{data: {canary}}}',
        'optimizer': f'!!python/object:{name} {{data: {canary}}}',
    }
    lines = [f'!!python/object:{name}']
    return '\n'.join(lines + [f'{" " * indent}{key}: {value}' for key, value in fields.items()])


def configs(name: str, canary: Path) -> Iterator[str]:
    """Yield files that name a class as the model, in each kind of field, and as a target."""
    start = ('!!python/object:nerfstudio.engine.trainer.TrainerConfig\n'
             f'data: !!python/object/apply:{name} []\n'
             'pipeline: !!python/object:nerfstudio.pipelines.base_pipeline.VanillaPipelineConfig\n'
             f'  datamanager: {_hostile(name, canary, 4)}\n')
    for target in (MODEL, name, f'{name}.__init__', 'os.system'):
        yield f'{start}  model: {_hostile(name, canary, 4, target)}\n'
        model = f"  model: !!python/object:{CONFIG}\n    _target: !!python/name:{target} ''\n"
        for field in ('camera_optimizer', 'num_levels', 'background_color', 'loss_coefficients',
                      'proposal_net_args_list', 'prompt', '_target', 'unknown'):
            yield f'{start}{model}    {field}: {_hostile(name, canary, 6, target)}\n'
        yield (f'{start}{model}    camera_optimizer: !!python/object:nerfstudio.cameras.'
               f'camera_optimizers.CameraOptimizerConfig\n      optimizer: '
               f'{_hostile(name, canary, 8, target)}\n')


class Watch:
    """Notes what is run or written while it is on."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []
        self.is_on = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple) -> None:
        if not self.is_on:
            return
        writes = event == 'open' and isinstance(arguments[2], int) and (
            arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        # Python itself imports encodings and the like when they are needed first.
        foreign = event == 'import' and (
            arguments[0].partition('.')[0] not in sys.stdlib_module_names)
        if writes or foreign or event.startswith(REFUSED_EVENTS):
            self.seen.append((event, arguments))


def main(folder: Path) -> None:
    """Read all such files."""
    canary = folder / 'canary'
    canary.mkdir()
    for module in pkgutil.walk_packages(nerfstudio.models.__path__, 'nerfstudio.models.'):
        importlib.import_module(module.name)  # these are read for their classes
    names = dataclasses_of_nerfstudio()
    path = folder / 'config.yml'
    watch = Watch()
    read = refused = 0
    for name in names:
        for text in configs(name, canary):
            path.write_text(text)
            watch.is_on = True
            try:
                config = nerfstudio_config(read_model_config(path))
                assert type(config).__module__.startswith('nerfstudio.models.'), name
                assert config._target.__module__.startswith('nerfstudio.models.'), name
                optimizer = getattr(config, 'camera_optimizer', None)
                assert type(optimizer).__name__ in ('NoneType', 'CameraOptimizerConfig'), name
            except SceneError as error:
                refused += 1
                assert '\n' not in str(error)
            watch.is_on = False
            read += 1
            assert not watch.seen, (name, watch.seen)
    assert not list(canary.iterdir())
    print(len(names), read, refused)


if __name__ == '__main__':
    main(Path(sys.argv[1]))

# SPDX-License-Identifier: Apache-2.0
"""A scene's configuration runs nothing, whatever class of nerfstudio it names, and where."""

from __future__ import annotations

from pathlib import Path
import subprocess
import sys

from nerfstudio_renderer import load_scene, SceneError, select_engine
import pytest
from support.hostile_configs import dataclasses_of_nerfstudio
from support.servers import environment

# Seen to run something when nerfstudio's own loader, or an earlier one here, built them.
KNOWN = {
    'nerfstudio.process_data.images_to_nerfstudio_dataset.ImagesToNerfstudioDataset',
    'nerfstudio.process_data.base_converter_to_nerfstudio_dataset.'
    'BaseConverterToNerfstudioDataset',
    'nerfstudio.data.datamanagers.base_datamanager.VanillaDataManagerConfig',
    'nerfstudio.data.dataparsers.minimal_dataparser.MinimalDataParserConfig',
    'nerfstudio.configs.external_methods.ExternalMethodDummyTrainerConfig',
}


def test_no_dataclass_of_nerfstudio_is_built_or_set_up(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, '-m', 'support.hostile_configs', tmp_path],
        env=environment(), capture_output=True, text=True, timeout=280, cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    names, read, refused = map(int, done.stdout.split()[-3:])
    assert names == len(dataclasses_of_nerfstudio()) > 150
    assert set(dataclasses_of_nerfstudio()) >= KNOWN
    assert read == names * 4 * 10
    assert 0.7 * read < refused < read
    assert {path.name for path in tmp_path.iterdir()} == {'canary', 'config.yml'}


def _with_camera_optimizer(config: Path, text: str) -> None:
    """Replace the model's camera optimiser in a scene's config.yml."""
    lines = config.read_text().splitlines()
    model = next(i for i, line in enumerate(lines) if line.startswith('  model:'))
    start = next(i for i, line in enumerate(lines[model:], model)
                 if line.startswith('    camera_optimizer:'))
    end = next(i for i, line in enumerate(lines[start + 1:], start + 1)
               if not line.startswith('      '))
    lines[start:end] = [f'    camera_optimizer: {text}']
    config.write_text('\n'.join(lines))


@pytest.mark.parametrize('name', sorted(KNOWN))
def test_a_camera_optimizer_of_another_class_is_refused(scene_copy, tmp_path, name):
    canary = tmp_path / 'canary'
    _with_camera_optimizer(scene_copy, f'!!python/object:{name}\n      data: {canary}\n'
                           f'      output_dir: {canary}\n      colmap_cmd: "touch {canary};"')
    with pytest.raises(SceneError, match='not belong to this model.*nothing was run') as error:
        select_engine(load_scene(scene_copy), 'nerfstudio', 'cpu')
    assert '\n' not in str(error.value)
    assert not canary.exists()


def test_a_camera_optimizer_with_another_target_is_refused(scene_copy):
    name = 'nerfstudio.cameras.camera_optimizers.CameraOptimizerConfig'
    _with_camera_optimizer(scene_copy, f'!!python/object:{name}\n      _target: !!python/name:'
                           'nerfstudio.utils.scripts.run_command ""')
    with pytest.raises(SceneError, match='does not belong to this model'):
        select_engine(load_scene(scene_copy), 'nerfstudio', 'cpu')


METHOD = """
import dataclasses, sys
from dataclasses import dataclass, field
from nerfstudio.models.nerfacto import NerfactoModel, NerfactoModelConfig
{at_import}

@dataclass
class Config(NerfactoModelConfig):
    _target: type = field(default_factory=lambda: Model)
    def __post_init__(self):
        {at_configuration}

class Model(NerfactoModel):
    def populate_modules(self):
        {at_building}
        super().populate_modules()
"""
RAISES = {'SystemExit': 'sys.exit("enough")', 'GeneratorExit': 'raise GeneratorExit("enough")',
          'OSError': 'raise OSError("enough")', 'AssertionError': 'assert False, "enough"'}


@pytest.mark.parametrize('place', ['at_import', 'at_configuration', 'at_building'])
@pytest.mark.parametrize('kind', RAISES)
def test_a_method_that_ends_the_process_is_a_scene_that_cannot_be_loaded(
    scene_copy, tmp_path, monkeypatch, kind, place
):
    places = dict.fromkeys(['at_import', 'at_configuration', 'at_building'], 'pass')
    package = f'ending_{kind}_{place}'.lower()
    source = METHOD.format(**{**places, place: RAISES[kind]})
    (tmp_path / f'{package}.py').write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    text = scene_copy.read_text()
    text = text.replace('nerfstudio.models.nerfacto.NerfactoModelConfig', f'{package}.Config')
    text = text.replace('nerfstudio.models.nerfacto.NerfactoModel ', f'{package}.Model ')
    scene_copy.write_text(text)
    scene = load_scene(scene_copy, method_packages=[package])
    with pytest.raises(SceneError, match='enough') as error:
        select_engine(scene, device='cpu')
    assert '\n' not in str(error.value)

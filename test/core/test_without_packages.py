# SPDX-License-Identifier: Apache-2.0
"""The core on a machine that has numpy and PyYAML, and nothing else."""

from __future__ import annotations

import pytest
from support.scenes import write_scene
from support.without_packages import PRESENT, run_without_packages

PICTURE = """
import sys
from nerfstudio_renderer import NerfStudioRenderQueue

for name in ('torch', 'nerfstudio', 'scipy', 'psutil', 'PIL', 'rpyc'):
    try:
        __import__(name)
    except ModuleNotFoundError:
        continue
    raise AssertionError(f'{name} is there')
with NerfStudioRenderQueue(width=32, height=24, levels=(4, 1)) as queue:
    queue.update_camera([0.0, 0.0, 0.4], [70.0, 0.0, 30.0])
    shapes = []
    while (24, 32, 3) not in shapes:
        image = queue.wait_for_image(60.0)
        assert image is not None, 'no image came'
        shapes.append(image.shape)
    assert 0.0 <= image.min() < image.max() <= 1.0
    assert image.std() > 0.05
foreign = {name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)
print(sorted(foreign - {'__main__', '<run_path>', '_yaml'}))
"""
REFUSAL = """
from nerfstudio_renderer import ConfigurationError, NerfStudioRenderQueue, SceneError

try:
    NerfStudioRenderQueue(CONFIG, engine=ENGINE)
except (ConfigurationError, SceneError) as error:
    print(error)
"""
CUDA = """
from nerfstudio_renderer import ConfigurationError, NerfStudioRenderQueue

try:
    NerfStudioRenderQueue(device='cuda')
except ConfigurationError as error:
    print(error)
"""


def _refusal(folder, config, engine: str, present=PRESENT) -> str:
    script = REFUSAL.replace('CONFIG', repr(str(config))).replace('ENGINE', repr(engine))
    return run_without_packages(folder, script, present)


def test_a_picture_of_the_bundled_scene_needs_numpy_and_yaml_alone(tmp_path):
    assert run_without_packages(tmp_path, PICTURE) == "['nerfstudio_renderer', 'numpy', 'yaml']\n"


@pytest.mark.parametrize('engine', ['auto', 'nerfstudio'])
def test_another_methods_scene_names_what_is_missing_in_one_line(tmp_path, engine):
    config = write_scene(tmp_path / 'scene', method='vanilla-nerf')
    line = _refusal(tmp_path, config, engine)
    assert 'torch and nerfstudio cannot be imported here: pip install nerfstudio==1.1.5' in line
    assert line.count('\n') == 1


def test_the_reference_engine_names_what_is_missing_in_one_line(tiny_scene, tmp_path):
    line = _refusal(tmp_path, tiny_scene, 'nerfstudio')
    assert 'torch and nerfstudio cannot be imported here' in line
    assert line.count('\n') == 1


def test_a_cuda_device_without_pytorch_is_refused_in_one_line(tmp_path):
    line = run_without_packages(tmp_path, CUDA)
    assert "device 'cuda': PyTorch, which CUDA devices are used through, is not installed" in line
    assert line.count('\n') == 1

# SPDX-License-Identifier: Apache-2.0
"""One loaded scene for all queues that render it, and none when they are gone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
import os
from pathlib import Path
import subprocess
import sys
import threading
import weakref

from nerfstudio_renderer import (
    load_scene,
    NerfStudioRenderQueue,
    ProgressiveRenderer,
    RenderQueue,
    SceneError,
    select_engine,
)
from nerfstudio_renderer.engines.nerfacto.cpu.engine import packed_for_cpu
from nerfstudio_renderer.engines.nerfstudio import model as model_module
from nerfstudio_renderer.engines.nerfstudio.model import build_model
from nerfstudio_renderer.scene import shared_scene
from nerfstudio_renderer.scene.shared import SceneCache
import numpy as np
import pytest
from support.engines import camera_at, every_level
import torch

PATIENCE_S = 30.0


def test_who_asks_for_the_same_files_gets_the_same_scene(tiny_scene, monkeypatch):
    scene = shared_scene(tiny_scene)
    checkpoint = scene.files.checkpoint
    assert shared_scene(str(tiny_scene.parent), checkpoint=checkpoint) is scene
    monkeypatch.chdir(tiny_scene.parent)
    assert shared_scene('config.yml') is scene


def test_a_scene_that_nobody_holds_is_gone(tiny_scene):
    reference = weakref.ref(shared_scene(tiny_scene))
    assert reference() is None  # no cycle waits for the collector


@pytest.mark.parametrize('changed', ['config.yml', 'nerfstudio_models/step-000000012.ckpt',
                                     'dataparser_transforms.json'])
def test_a_changed_file_makes_another_scene(scene_copy, changed):
    scene = shared_scene(scene_copy)
    path = scene_copy.parent / changed
    before = path.stat()
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert shared_scene(scene_copy) is not scene


def test_a_file_that_appears_makes_another_scene(scene_copy):
    (transforms := scene_copy.parent / 'dataparser_transforms.json').rename(aside := Path(
        f'{transforms}.aside'))
    scene = shared_scene(scene_copy)
    assert scene.world is None
    aside.rename(transforms)
    assert shared_scene(scene_copy).world is not None


def test_a_failure_is_not_remembered(scene_copy):
    checkpoint = next(scene_copy.parent.glob('nerfstudio_models/*.ckpt'))
    content = checkpoint.read_bytes()
    times = (stat := checkpoint.stat()).st_atime_ns, stat.st_mtime_ns
    checkpoint.write_bytes(bytes(len(content)))
    os.utime(checkpoint, ns=times)
    with pytest.raises(SceneError, match='cannot be read'):
        shared_scene(scene_copy)
    checkpoint.write_bytes(content)
    os.utime(checkpoint, ns=times)  # by its state, the same file
    assert shared_scene(scene_copy).step > 0


class GatedLoad:
    """Loads a scene when the test says so."""

    def __init__(self) -> None:
        self.calls = 0
        self.begun = threading.Semaphore(0)
        self.gate = threading.Semaphore(0)

    def __call__(self, config, *, checkpoint):
        self.calls += 1
        self.begun.release()
        assert self.gate.acquire(timeout=PATIENCE_S)
        if config.name != 'config.yml':
            raise SceneError('such a file')
        return load_scene(config, checkpoint=checkpoint)


def test_concurrent_askers_load_once(tiny_scene):
    load = GatedLoad()
    cache = SceneCache(load)
    with ThreadPoolExecutor(4) as pool:
        pending = [pool.submit(cache.get, tiny_scene) for _ in range(4)]
        assert load.begun.acquire(timeout=PATIENCE_S)
        load.gate.release()
        scenes = [each.result(PATIENCE_S) for each in pending]
    assert load.calls == 1
    assert len({id(scene) for scene in scenes}) == 1


def test_another_scene_does_not_wait_for_a_slow_one(tiny_scene, scene_copy):
    load = GatedLoad()
    cache = SceneCache(load)
    with ThreadPoolExecutor(2) as pool:
        pending = [pool.submit(cache.get, path) for path in (tiny_scene, scene_copy)]
        for _ in pending:
            assert load.begun.acquire(timeout=PATIENCE_S)  # both are being loaded
        load.gate.release(2)
        one, other = (each.result(PATIENCE_S) for each in pending)
    assert one is not other


def test_who_waits_for_a_failing_load_tries_by_itself(scene_copy):
    load = GatedLoad()
    cache = SceneCache(load)
    bad = scene_copy.rename(scene_copy.with_name('other.yml'))
    with ThreadPoolExecutor(2) as pool:
        pending = [pool.submit(cache.get, bad) for _ in range(2)]
        load.gate.release(2)
        for each in pending:
            with pytest.raises(SceneError, match='such a file'):
                each.result(PATIENCE_S)
    assert load.calls == 2


def _frames(queue: RenderQueue, finished: threading.Semaphore) -> list:
    frames = []

    def keep(frame) -> None:
        frames.append(frame)
        if frame.is_finest:
            finished.release()

    queue.subscribe(keep)
    return frames


@pytest.mark.parametrize('engine', ['fused', 'nerfstudio'])
def test_two_render_threads_on_one_scene_give_the_pictures_of_one(tiny_scene, engine):
    scene = shared_scene(tiny_scene)

    def render(count: int) -> list[list]:
        finished = threading.Semaphore(0)
        queues = [
            RenderQueue(ProgressiveRenderer(select_engine(scene, engine, 'cpu')))
            for _ in range(count)
        ]
        pictures = [_frames(queue, finished) for queue in queues]
        for x in range(4):
            for index, queue in enumerate(queues):
                queue.update(camera_at(0.1 * x + index), quality=every_level(2, 1))
            for _ in queues:
                assert finished.acquire(timeout=PATIENCE_S)
        for queue in queues:
            assert queue.close()
        return pictures

    together, alone = render(2), render(1)
    expected = [frame.image.rgb for frame in alone[0] if frame.is_finest]
    seen = [frame.image.rgb for frame in together[0] if frame.is_finest]
    assert len(seen) == len(expected) == 4
    for one, other in zip(seen, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1.0 / 255.0)


@pytest.fixture
def models(monkeypatch) -> list[weakref.ref]:
    """Return a list of the nerfstudio models that are built from now on."""
    built: list[weakref.ref] = []

    def keep(scene, device):
        model = build_model(scene, device)
        built.append(weakref.ref(model))
        return model

    monkeypatch.setattr(model_module, 'build_model', keep)
    return built


def test_queues_share_the_scene_until_the_last_one_is_gone(tiny_scene):
    first, second = (NerfStudioRenderQueue(tiny_scene, device='cpu') for _ in range(2))
    scene = weakref.ref(shared_scene(tiny_scene))
    packed = weakref.ref(packed_for_cpu(scene()))
    del first
    assert scene() is not None
    second.update_camera([0.0] * 3, [0.0] * 3)
    second.close()  # already without its deletion
    assert scene() is None
    assert packed() is None


def test_queues_share_nerfstudios_model_until_the_last_one_is_gone(tiny_scene, models):
    first, second = (
        NerfStudioRenderQueue(tiny_scene, engine='nerfstudio', device='cpu') for _ in range(2)
    )
    (model,) = models
    del first
    assert model() is not None
    second.close()
    assert model() is None


def test_the_gpus_memory_is_given_back_once_the_model_is_gone(tiny_scene, models, monkeypatch):
    # Only PyTorch's calls are replaced: there may be no GPU here.
    queues = [NerfStudioRenderQueue(tiny_scene, engine='nerfstudio', device='cpu')
              for _ in range(2)]
    (model,) = models
    emptied_without_model = []
    monkeypatch.setattr(torch.cuda, 'is_initialized', lambda: True)
    monkeypatch.setattr(
        torch.cuda, 'empty_cache', lambda: emptied_without_model.append(model() is None)
    )
    for queue in queues:
        queue.close()
    assert emptied_without_model == [True]


@pytest.mark.parametrize('engine', ['fused', 'nerfstudio'])
def test_the_first_queue_of_a_process_is_freed_as_any_other(tiny_scene, engine):
    # It is the one during whose construction nerfstudio's modules are imported.
    script = (
        'import gc, weakref\n'
        'from nerfstudio_renderer import NerfStudioRenderQueue\n'
        f'queue = NerfStudioRenderQueue({str(tiny_scene)!r}, engine={engine!r})\n'
        'reference = weakref.ref(queue)\n'
        'del queue\n'
        'assert reference() is None, gc.get_referrers(reference())\n'
    )
    subprocess.run([sys.executable, '-c', script], cwd=Path(__file__).parents[3], timeout=90,
                   check=True)

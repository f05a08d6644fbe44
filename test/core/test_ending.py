# SPDX-License-Identifier: Apache-2.0
"""What would end a thread, such as sys.exit in a library, ends none of ours."""

from __future__ import annotations

from collections.abc import Iterator
import signal
import threading

from nerfstudio_renderer import (
    contained,
    nerfstudio_render_queue,
    NerfStudioRenderQueue,
    ProgressiveRenderer,
    RenderQueue,
    SceneError,
)
import pytest
from support.engines import camera_at, every_level, PATIENCE_S, PatternEngine

LEVELS = every_level(2, 1)

ENDS = [SystemExit(1), KeyboardInterrupt(), GeneratorExit()]


def _raise(error: BaseException) -> None:
    raise error


class EndingEngine(PatternEngine):
    """
    Raises at cameras with a negative x.

    :param end: what it raises.
    """

    def __init__(self, end: BaseException) -> None:
        super().__init__()
        self.end = end

    class PatternView(PatternEngine.PatternView):
        """A view that may raise."""

        def _pattern(self, indices):
            if self._camera.c2w[0, 3] < 0:
                raise self._engine.end
            return super()._pattern(indices)


def _queue(engine: PatternEngine, **options) -> RenderQueue:
    return RenderQueue(ProgressiveRenderer(engine), **options)


@pytest.mark.parametrize('end', ENDS, ids=repr)
def test_an_engine_costs_its_update_alone(end):
    failures = []
    with _queue(
        EndingEngine(end), on_failure=lambda *failure: failures.append(failure)
    ) as queue:
        failed = queue.update(camera_at(-1.0), quality=LEVELS)
        assert queue.wait_until_idle(PATIENCE_S)
        queue.update(camera_at(1.0), quality=LEVELS)
        assert queue.wait_until_idle(PATIENCE_S)
        assert queue.take().order == (2, 1)
    (update, error), = failures
    assert update is failed
    assert isinstance(error, Exception)
    assert str(error) == f'the engine asked its thread to end: {end!r}'


@pytest.mark.parametrize('end', ENDS, ids=repr)
def test_a_listener_costs_nobody_else_a_frame(end):
    heard = []
    with _queue(PatternEngine()) as queue:
        queue.subscribe(lambda frame: _raise(end))
        queue.subscribe(lambda frame: heard.append(frame.order))
        queue.update(camera_at(1.0), quality=LEVELS)
        assert queue.wait_until_idle(PATIENCE_S)
    assert heard == [(1, 0), (1, 1)]


@pytest.mark.parametrize('end', ENDS, ids=repr)
def test_who_is_told_of_failures_costs_no_later_update(end):
    with _queue(EndingEngine(SystemExit()), on_failure=lambda *_: _raise(end)) as queue:
        queue.update(camera_at(-1.0), quality=LEVELS)
        assert queue.wait_until_idle(PATIENCE_S)
        queue.update(camera_at(1.0), quality=LEVELS)
        assert queue.wait_until_idle(PATIENCE_S)
        assert queue.take().order == (2, 1)


def test_a_scene_that_exits_is_an_error_of_the_scene(monkeypatch):
    monkeypatch.setattr(nerfstudio_render_queue, 'shared_scene', lambda *_, **__: _raise(
        SystemExit('no COLMAP here')
    ))
    with pytest.raises(SceneError, match=r"loading the scene .* SystemExit\('no COLMAP here'\)"):
        NerfStudioRenderQueue()
    assert not any(thread.name == 'render' for thread in threading.enumerate())


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Have Python raise SIGINT, which a process in the background ignores."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_users_interruption_passes_and_a_scenes_own_does_not(interruptible):
    with pytest.raises(KeyboardInterrupt), contained('loading'):
        _raise(KeyboardInterrupt())
    caught = []

    def load() -> None:
        with pytest.raises(SceneError) as error, contained('loading'):
            _raise(KeyboardInterrupt())
        caught.append(str(error.value))

    thread = threading.Thread(target=load)
    thread.start()
    thread.join(PATIENCE_S)
    assert caught == ['loading asked the process to end: KeyboardInterrupt()']

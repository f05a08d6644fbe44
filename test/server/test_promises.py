# SPDX-License-Identifier: Apache-2.0
"""What the queue promises, asked over rpyc in every order that hypothesis can think of."""

from __future__ import annotations

from pathlib import Path

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
    RuleBasedStateMachine,
    run_state_machine_as_test,
)
import numpy as np
import rpyc
from support.gated import camera_position, UNIT
from support.servers import PATIENCE_S

WIDTHS = (8, 16, 20)  # of the levels in conftest.py

Order = tuple[int, int]
"""Number of the update and width of the picture: newer and finer is greater."""


class RemoteQueueMachine(RuleBasedStateMachine):
    """
    Updates, finished pictures and questions, and what must come back of them.

    Between rules the render thread is either parked in a picture or idle, so that it is known
    which picture is the newest.
    """

    client: rpyc.Connection
    control: rpyc.Connection
    camera_config: Path

    @initialize(by_reference=st.booleans())
    def open_queue(self, by_reference: bool) -> None:
        arguments = {'device': 'gated', 'camera_config_path': str(self.camera_config)}
        if by_reference:
            module = self.client.modules.nerfstudio_renderer
            self.queue = module.NerfStudioRenderQueue(**arguments)
        else:
            self.client.execute('import nerfstudio_renderer')
            self.client.execute(f'rq = nerfstudio_renderer.NerfStudioRenderQueue(**{arguments})')
            self.queue = None
        self.engine = self.control.modules['support.pattern_server'].MADE[-1]
        self.sent = 0
        self.waiting = 0
        self.working_on: Order | None = None
        self.newest: Order | None = None
        self.seen: list[Order] = []

    def call(self, method: str, *arguments: list[float]):
        """Call the queue by reference, or by the text of the call."""
        if self.queue is not None:
            return getattr(self.queue, method)(*arguments)
        return self.client.eval(f'rq.{method}({", ".join(map(repr, arguments))})')

    def park_on(self, work: Order | None) -> None:
        self.working_on = work
        if work is not None:
            self.engine.wait_until_parked(*work)

    @rule()
    def update(self) -> None:
        self.sent += 1
        self.call('update_camera', camera_position(self.sent), [0.0, 0.0, 0.0])
        if self.working_on is None:
            self.park_on((self.sent, WIDTHS[0]))
        else:
            self.waiting = self.sent

    @precondition(lambda self: self.sent)
    @rule()
    def repeat_the_last_update(self) -> None:
        self.call('update_camera', camera_position(self.sent), [0.0, 0.0, 0.0])

    @precondition(lambda self: self.working_on)
    @rule()
    def finish_picture(self) -> None:
        update, width = self.newest = self.working_on
        self.engine.step()
        if self.waiting:
            self.waiting, following = 0, (self.waiting, WIDTHS[0])
        elif width == WIDTHS[-1]:
            following = None
        else:
            following = (update, WIDTHS[WIDTHS.index(width) + 1])
        self.park_on(following)
        if following is None:
            self.wait_until_offered()

    def wait_until_offered(self) -> None:
        """Wait until the render thread has handed over the last picture too."""
        if self.queue is None:
            assert self.client.eval(f'rq._queue.wait_until_idle({PATIENCE_S})')
        else:
            assert self.queue._queue.wait_until_idle(PATIENCE_S)

    @rule()
    def ask(self) -> None:
        image = self.call('get_rgb_image')
        if image is None:
            assert self.newest is None or self.newest in self.seen
            return
        assert type(image) is np.ndarray
        order = (round(float(image[0, 0, 0]) * UNIT), image.shape[1])
        assert order == self.newest  # nothing older than what is ready
        assert not self.seen or order > self.seen[-1]  # and nothing twice
        self.seen.append(order)

    def teardown(self) -> None:
        if not hasattr(self, 'engine'):
            return
        self.engine.run_free()
        self.wait_until_offered()
        self.working_on = None
        if self.sent:
            self.newest = (self.sent, WIDTHS[-1])
            self.ask()  # the finest picture of the last update comes in the end
            assert self.seen[-1] == self.newest
        self.call('close')


def test_the_promises_hold_over_rpyc(pattern_server, camera_config):
    with pattern_server.connect() as client, pattern_server.connect() as control:
        machine = type('Machine', (RemoteQueueMachine,), {
            'client': client, 'control': control, 'camera_config': camera_config,
        })
        run_state_machine_as_test(
            machine, settings=settings(
                max_examples=25, stateful_step_count=25, deadline=None,
                phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking takes minutes
            )
        )

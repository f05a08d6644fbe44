# SPDX-License-Identifier: Apache-2.0
"""The guarantees of the render queue, under every interleaving that hypothesis can think of."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    RuleBasedStateMachine,
)
from nerfstudio_renderer import RenderQueue
from support.engines import camera_at, PATIENCE_S, SteppedRenderer

CLIENTS = ('', 'rviz', 'script')


class QueueMachine(RuleBasedStateMachine):
    """
    Updates, chunks and questions in any order, with every consumer's history kept.

    Between rules the render thread is either parked in a chunk or idle.
    """

    @initialize(levels=st.integers(1, 4), chunks=st.integers(1, 3))
    def open_queue(self, levels: int, chunks: int) -> None:
        self.levels, self.chunks = levels, chunks
        self.renderer = SteppedRenderer(levels, chunks)
        self.failed: list[int] = []
        self.queue = RenderQueue(
            self.renderer, on_failure=lambda update, _: self.failed.append(update.sequence)
        )
        self.heard: list[tuple[int, int]] = []
        self.queue.subscribe(lambda frame: self.heard.append(frame.order))
        self.taken: dict[str, list[tuple[int, int]]] = {client: [] for client in CLIENTS}
        self.sent: list[int] = []  # sequence -> x of its camera
        self.done_at_update: dict[int, int] = {}

    @rule(x=st.integers(-2, 5))
    def update(self, x: int) -> None:
        # An update that has failed may be repeated; any other repetition is no update.
        last = len(self.sent)
        repeated = bool(self.sent) and self.sent[-1] == x and last not in self.failed
        update = self.queue.update(camera_at(x))
        if repeated:
            assert update.sequence == last
        else:
            self.sent.append(x)
            assert update.sequence == len(self.sent)
            self.done_at_update[update.sequence] = len(self.renderer.chunks_done)
            self.renderer.wait_until_parked()

    @precondition(lambda self: self.renderer.working_on)
    @rule()
    def finish_chunk(self) -> None:
        sequence, _ = self.renderer.working_on
        self.renderer.step()
        done = sum(work[0] == sequence for work in self.renderer.chunks_done)
        ended = self.sent[sequence - 1] < 0 or done == self.levels * self.chunks
        if ended and sequence == len(self.sent):
            assert self.queue.wait_until_idle(PATIENCE_S)
        else:
            self.renderer.wait_until_parked()

    @rule(client=st.sampled_from(CLIENTS))
    def take(self, client: str) -> None:
        frame = self.queue.take(client)
        newest = self.heard[-1] if self.heard else None
        already = self.taken[client][-1] if self.taken[client] else None
        if frame is None:
            assert newest == already  # empty exactly when nothing is unseen
        else:
            assert frame.order == newest  # never an older one than is ready
            self.taken[client].append(frame.order)

    @invariant()
    def nobody_goes_back(self) -> None:
        for history in (self.heard, *self.taken.values()):
            assert all(before < after for before, after in zip(history, history[1:], strict=False))

    @invariant()
    def waste_is_bounded(self) -> None:
        for newer, done_before in self.done_at_update.items():
            later = self.renderer.chunks_done[done_before:]
            older = [(sequence, level) for sequence, level in later if sequence < newer]
            finer = [work for work in older if work[1] > 0]
            assert len(finer) <= 1  # the chunk that was in work
            assert len(older) <= max(self.chunks, 1)  # a coarsest level is finished

    def teardown(self) -> None:
        if not hasattr(self, 'queue'):
            return
        self.renderer.run_free()
        assert self.queue.wait_until_idle(PATIENCE_S)
        if self.sent and self.sent[-1] >= 0:
            assert self.heard[-1] == (len(self.sent), self.levels - 1)  # completion
        assert set(self.failed) <= {
            sequence for sequence, x in enumerate(self.sent, 1) if x < 0
        }
        assert self.queue.close()


QueueMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestQueueGuarantees = QueueMachine.TestCase

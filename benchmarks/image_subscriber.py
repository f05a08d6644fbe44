# SPDX-License-Identifier: Apache-2.0
"""Receives images as any rclpy script does, and prints how long each took, as JSON."""

from __future__ import annotations

from collections import defaultdict
import json
import time

from benchmarks.image_publisher import END, KEEP, QOS, TOPIC, WARM_UP
import rclpy
from rclpy.task import Future
from sensor_msgs.msg import Image


class ImageSubscriber:
    """Does with each image what its frame_id says."""

    def __init__(self) -> None:
        self.latencies: defaultdict[str, list[float]] = defaultdict(list)
        self.ended = Future()
        self._kept: Image | None = None

    def on_image(self, message: Image) -> None:
        """Note how long ``message`` took, seconds."""
        arrived_ns = time.monotonic_ns()
        stamp, instruction = message.header.stamp, message.header.frame_id
        self._kept = message if instruction.endswith(KEEP) else None
        if instruction == END:
            self.ended.set_result(None)
        elif not instruction.startswith(WARM_UP):
            sent_ns = stamp.sec * 10**9 + stamp.nanosec
            self.latencies[instruction].append((arrived_ns - sent_ns) / 1e9)


def main() -> None:
    """Receive until the end is announced."""
    rclpy.init()
    node = rclpy.create_node('image_subscriber')
    subscriber = ImageSubscriber()
    node.create_subscription(Image, TOPIC, subscriber.on_image, QOS)
    rclpy.spin_until_future_complete(node, subscriber.ended)
    rclpy.shutdown()
    print(json.dumps(subscriber.latencies))


if __name__ == '__main__':
    main()

# SPDX-License-Identifier: Apache-2.0
"""
A script as a user has it: ``python -m support.plain_subscriber``.

Moves the camera until an image comes, and prints that image's size and SHA-256.
"""

from __future__ import annotations

import hashlib
from itertools import count

from geometry_msgs.msg import Point, Pose
import rclpy
from rclpy.task import Future
from sensor_msgs.msg import Image

STEP = 0.1
"""From one pose to the next along x, in the units of the poses."""


def main() -> None:
    """Print what one image is."""
    rclpy.init()
    node = rclpy.create_node('plain_subscriber')
    poses = node.create_publisher(Pose, '/nerfstudio_renderer/pose', 1)
    image = Future()
    node.create_subscription(Image, '/nerfstudio_renderer/image', image.set_result, 1)
    steps = count()
    # Others each time, for a repeated pose is not rendered again.
    node.create_timer(0.1, lambda: poses.publish(Pose(position=Point(x=STEP * next(steps)))))
    rclpy.spin_until_future_complete(node, image)
    message = image.result()
    print(message.width, message.height, hashlib.sha256(message.data).hexdigest())
    rclpy.shutdown()


if __name__ == '__main__':
    main()

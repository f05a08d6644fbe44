# SPDX-License-Identifier: Apache-2.0
"""
Publishes images for image_subscriber: WIDTH HEIGHT IMAGES PERIOD_S.

The header's frame_id says what the subscriber is to do; the stamp is CLOCK_MONOTONIC, which all
processes of a machine share.
"""

from __future__ import annotations

import os
import sys
import time

import rclpy
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

TOPIC = '/benchmark/image'
QOS = QoSProfile(depth=1)
"""Reliable, keep last 1, volatile: as the renderer's images."""
DROP, KEEP = 'drops each', 'keeps the newest'
WARM_UP, END = 'warm up', 'end'
_WARM_UPS = 5
_NS_PER_S = 10**9


def main() -> None:
    """Publish a series for each kind of subscriber."""
    width, height, images = map(int, sys.argv[1:4])
    period_s = float(sys.argv[4])
    rclpy.init()
    publisher = _matched_publisher()
    pixels = os.urandom(3 * width * height)
    for kind in (DROP, KEEP):
        for frame_id in [f'{WARM_UP}: {kind}'] * _WARM_UPS + [kind] * images:
            _publish(publisher, _image(frame_id, width, height, pixels))
            time.sleep(period_s)
    last = _image(END, 1, 1, bytes(3))
    _publish(publisher, last)
    publisher.wait_for_all_acked()
    rclpy.shutdown()


def _matched_publisher() -> Publisher:
    publisher = rclpy.create_node('image_publisher').create_publisher(Image, TOPIC, QOS)
    while not publisher.get_subscription_count():  # Humble has no event that tells it
        time.sleep(0.01)
    return publisher


def _image(frame_id: str, width: int, height: int, pixels: bytes) -> Image:
    message = Image(width=width, height=height, encoding='rgb8', step=3 * width)
    message.header.frame_id = frame_id
    message.data.frombytes(pixels)
    return message


def _publish(publisher: Publisher, message: Image) -> None:
    stamp = message.header.stamp
    stamp.sec, stamp.nanosec = divmod(time.monotonic_ns(), _NS_PER_S)
    publisher.publish(message)


if __name__ == '__main__':
    main()

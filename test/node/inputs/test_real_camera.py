# SPDX-License-Identifier: Apache-2.0
"""Pictures of distorted cameras against OpenCV's projection of known points."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, Image
from support.camera_infos import camera_info, project
from support.client import Client
from support.heldout import (
    colours,
    depths,
    INTRINSICS,
    optical_matrix,
    optical_pose,
    points,
    psnr,
    VIEWS,
)
from support.processes import NodeProcess

CHOSEN = [VIEWS[index] for index in (0, 1, 3, 4)]
# Twice as fine as the views, so that reading between its pixels costs nothing to speak of.
WIDTH, HEIGHT = 2 * INTRINSICS.width, 2 * INTRINSICS.height
FOCAL = 2.0 * INTRINSICS.fx
NO_DISTORTION = [0.0] * 4
LATCHED = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)


@dataclass(frozen=True, eq=False)
class Shown:
    """What the node shows of a held-out view."""

    rgb: np.ndarray
    """uint8 of shape (height, width, 3)."""
    depth: np.ndarray
    """Metres along the optical axis, shape (height, width)."""
    camera: CameraInfo
    """As published with it."""

    def at(self, pixels: np.ndarray) -> Shown:
        """Return what is at ``pixels``, OpenCV's coordinates, shape (height, width, 2)."""
        x, y = np.moveaxis(pixels.astype(np.float32), -1, 0)
        return Shown(
            cv2.remap(self.rgb, x, y, cv2.INTER_LINEAR),
            cv2.remap(self.depth, x, y, cv2.INTER_NEAREST, borderValue=np.nan),
            self.camera,
        )


class Photographer:
    """Shows held-out views; listens to depth."""

    def __init__(self, client: Client, node: NodeProcess) -> None:
        self._client = client
        self._node = node
        self._depths = client.listen_to_frames(Image, 'depth/image')
        self._cameras = client.publisher(CameraInfo, 'camera_info_in', LATCHED)

    def take_over(self, message: CameraInfo) -> None:
        """Have the node render with a real camera, as OpenCV describes it."""
        assert self._client.set_parameter('pixel_centre', 0.0).successful
        self._cameras.publish(message)
        self._node.wait_for_output(f'{message.width} x {message.height}, '
                                   f'{message.distortion_model}')

    def show(self, view: dict) -> Shown:
        """Return the finest picture of a held-out view."""
        client = self._client
        _, image, depth, camera = client.show(
            optical_pose(view), client.images, self._depths, client.camera_infos
        )[-1]
        return Shown(
            np.frombuffer(image.data, np.uint8).reshape(image.height, image.width, 3),
            np.frombuffer(depth.data, np.float32).reshape(depth.height, depth.width),
            camera,
        )


@pytest.fixture(scope='module')
def photographer(renderer: Client, bundled_node: NodeProcess) -> Photographer:
    """Return what shows views in full."""
    assert renderer.set_parameter('levels', [1]).successful
    return Photographer(renderer, bundled_node)


@pytest.fixture(scope='module')
def ideal(photographer: Photographer) -> list[Shown]:
    """Return the chosen views without distortion, before any real camera is known."""
    return [photographer.show(view) for view in CHOSEN]


def _real_camera(name: str, d: list[float]) -> CameraInfo:
    """Return a camera off its centre, whose pixels are not square and that sees each view."""
    k = [FOCAL, 0.0, WIDTH / 2 + 6.6, 0.0, 0.96 * FOCAL, HEIGHT / 2 - 7.4, 0.0, 0.0, 1.0]
    return camera_info(width=WIDTH, height=HEIGHT, distortion_model=name, d=d, k=k)


def _project(view: dict, camera: CameraInfo) -> np.ndarray:
    """Return where OpenCV has the points that the pixels of a view show, (height, width, 2)."""
    to_optical = np.linalg.inv(optical_matrix(view))
    world = points(view)
    pixels = project(world.reshape(-1, 3), camera, to_optical[:3, :3], to_optical[:3, 3])
    return pixels.reshape(*world.shape[:2], 2)


def _inside(pixels: np.ndarray) -> np.ndarray:
    return ((pixels >= 0) & (pixels <= (WIDTH - 1, HEIGHT - 1))).all(axis=-1)


@pytest.mark.parametrize(
    ('name', 'd'),
    [
        ('plumb_bob', [-0.3, 0.1, 0.003, -0.002, -0.02]),
        ('equidistant', [0.01, -0.02, 0.003, -0.001]),
    ],
)
def test_a_real_cameras_picture_is_overlaid_pixel_by_pixel(photographer, ideal, name, d):
    camera = _real_camera(name, d)
    photographer.take_over(camera)
    depth_errors = []
    for view, reference in zip(CHOSEN, ideal, strict=True):
        shown = photographer.show(view)
        assert shown.camera.k.tolist() == camera.k.tolist()
        assert list(shown.camera.d) == d
        pixels = _project(view, camera)
        seen = _inside(pixels)
        assert seen.mean() > 0.99
        truth, there = colours(view)[seen], shown.at(pixels)
        # The same points, seen through the distorted lens and without one.
        assert psnr(there.rgb[seen], truth) >= psnr(reference.rgb[seen], truth) - 0.5
        assert psnr(there.rgb[seen], reference.rgb[seen]) >= 37.0  # 31 half a pixel beside
        undistorted = _project(view, _real_camera('plumb_bob', NO_DISTORTION))
        both = seen & _inside(undistorted)
        beside = shown.at(undistorted)
        assert psnr(beside.rgb[both], truth[both[seen]]) <= psnr(there.rgb[seen], truth) - 8.0
        depth_errors.append(np.abs(there.depth - depths(view))[seen])
    errors = np.concatenate(depth_errors)
    assert np.isfinite(errors).mean() > 0.9
    assert np.nanmedian(errors) <= 0.03

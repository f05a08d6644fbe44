# SPDX-License-Identifier: Apache-2.0
"""nerfstudio's own loop over the rays of a camera."""

from __future__ import annotations

from nerfstudio.models.base_model import Model
from nerfstudio_renderer import Camera
from nerfstudio_renderer.engines.nerfstudio.engine import cameras_of, channels_of
from nerfstudio_renderer.engines.torch_support.pixels import TorchImage
from nerfstudio_renderer.engines.torch_support.workers import CORES
from nerfstudio_renderer.rendering.image import Image
import torch


class OwnLoop:
    """
    ``get_outputs_for_camera`` of a model on the CPU, with PyTorch's own threads.

    :param chunk: rays in a forward pass.
    """

    def __init__(self, model: Model, chunk: int) -> None:
        self._model = model
        self._chunk = chunk

    def render(self, camera: Camera) -> Image:
        """Return what ``camera`` sees."""
        torch.set_num_threads(CORES)  # the engine nerfstudio takes that away from its thread
        self._model.config.eval_num_rays_per_chunk = self._chunk
        outputs = self._model.get_outputs_for_camera(cameras_of(camera, torch.device('cpu')))
        return TorchImage(channels_of(outputs))

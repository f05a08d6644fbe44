# Copyright 2026 The nerfstudio_renderer_ros Authors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
"""Building a nerfstudio model for inference: without its data, and without the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from pathlib import Path
import threading
from unittest import mock

from nerfstudio.data.scene_box import SceneBox
from nerfstudio.models.base_model import Model, ModelConfig
from nerfstudio.utils import external
from nerfstudio_renderer.errors import SceneError
from nerfstudio_renderer.scene.checkpoint import Checkpoint
import torch
from torchmetrics import Metric
from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity

_NAMED_KEYS = 5
# Created by nerfstudio only to tell its device, so older checkpoints may lack it.
_OPTIONAL = {'device_indicator_param'}
# Of splatfacto's parameters; older checkpoints have them without it.
_GAUSSIANS = 'gauss_params.'
_building = threading.Lock()

# nerfstudio keeps the error of a missing tiny-cuda-nn for good, and with its traceback the frames
# of whoever imported a model first: a queue that is being constructed would never be freed.
if external.tcnn_import_exception is not None:
    external.tcnn_import_exception.__traceback__ = None


def build_model(
    config: ModelConfig, checkpoint: Checkpoint, device: torch.device, path: Path
) -> Model:
    """
    Return the trained model in evaluation mode on ``device``.

    :param path: the checkpoint's, for messages.
    :raises SceneError: if the model cannot be built here, or it and the checkpoint do not match to
        the last tensor.
    """
    _choose_implementation(config, checkpoint, device, path)
    with without_perceptual_metric():
        try:
            model = config.setup(
                scene_box=SceneBox(aabb=checkpoint.aabb),
                num_train_data=checkpoint.image_count,
                metadata={},
                device=device,
                grad_scaler=None,
                seed_points=None,
            )
        except Exception as error:  # a method may need anything: tiny-cuda-nn, its data
            raise SceneError(
                f'the model of checkpoint {str(path)!r} cannot be built here: {error!r}'
            ) from error
    _load_state(model, checkpoint, path)
    model.update_to_step(checkpoint.step)
    return model.to(device).eval().requires_grad_(False)


def _choose_implementation(
    config: ModelConfig, checkpoint: Checkpoint, device: torch.device, path: Path
) -> None:
    """Set what the checkpoint was trained with: nerfstudio fell back to torch without tcnn."""
    if not hasattr(config, 'implementation'):
        return
    config.implementation = 'tcnn' if checkpoint.is_packed else 'torch'
    if not checkpoint.is_packed:
        return
    problem = 'it needs a CUDA device' if device.type != 'cuda' else _tcnn_problem()
    if problem:
        raise SceneError(
            f'checkpoint {str(path)!r} was trained with tiny-cuda-nn, whose parameters are '
            f'packed: {problem}; or train with --pipeline.model.implementation torch'
        )


def _tcnn_problem() -> str | None:
    try:
        import tinycudann  # noqa: F401
    except (ImportError, OSError) as error:  # it raises OSError for an unsupported GPU
        return f'install tinycudann ({error})'
    return None


@contextmanager
def without_perceptual_metric() -> Iterator[None]:
    """Keep models from building LPIPS, which downloads AlexNet and only serves evaluation."""

    def build_nothing(metric: Metric, *args: object, **kwargs: object) -> None:
        Metric.__init__(metric)

    with _building, mock.patch.object(
        LearnedPerceptualImagePatchSimilarity, '__init__', build_nothing
    ):
        yield


def _load_state(model: Model, checkpoint: Checkpoint, path: Path) -> None:
    state = dict(checkpoint.state)  # splatfacto writes into it
    try:
        model.load_state_dict(state, strict=False)
    except RuntimeError as error:  # tensors of another shape
        reason = ' '.join(str(error).split())
        raise SceneError(
            f'checkpoint {str(path)!r} does not fit its config.yml: {reason}'
        ) from error
    # Not by what loading returns: splatfacto's returns nothing.
    loaded = model.state_dict()
    _refuse_mismatch('lacks', loaded.keys() - state.keys() - _OPTIONAL, path)
    unknown = {key for key in state if not {key, _GAUSSIANS + key} & loaded.keys()}
    _refuse_mismatch('has unknown', unknown - _OPTIONAL, path)
    _refuse_diverged(loaded, path)


def _refuse_mismatch(kind: str, keys: Set[str], path: Path) -> None:
    if not keys:
        return
    shown = ', '.join(sorted(keys)[:_NAMED_KEYS])
    more = f' and {len(keys) - _NAMED_KEYS} more' * (len(keys) > _NAMED_KEYS)
    raise SceneError(f'checkpoint {str(path)!r} {kind} {shown}{more}; is it of this '
                     'config.yml, and was it trained with this version of nerfstudio?')


def _refuse_diverged(loaded: Mapping[str, torch.Tensor], path: Path) -> None:
    """Refuse what nerfstudio renders as if nothing were there: it makes NaN black."""
    for name, tensor in loaded.items():
        # Of millions of Gaussians one may have gone astray without being missed.
        if not (name.startswith(_GAUSSIANS) or tensor.isfinite().all()):
            raise SceneError(
                f'checkpoint {str(path)!r}: {name} has values that are not finite; its training '
                'diverged, or the file is damaged: take the checkpoint of an earlier step'
            )

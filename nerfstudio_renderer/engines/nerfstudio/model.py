# SPDX-License-Identifier: Apache-2.0
"""Building a nerfstudio model for inference: without its data, and without the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
import threading
from unittest import mock
import warnings
import weakref

from nerfstudio.data.scene_box import SceneBox
from nerfstudio.models.base_model import Model, ModelConfig
from nerfstudio.utils import external
from nerfstudio_renderer.engines.nerfstudio.model_config import nerfstudio_config
from nerfstudio_renderer.errors import contained, SceneError
from nerfstudio_renderer.scene import NerfstudioScene
from nerfstudio_renderer.scene.checkpoint import Checkpoint
from nerfstudio_renderer.wording import listed, reason
import torch
from torchmetrics import Metric
from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity

# nerfstudio 1.1.5 uses what PyTorch has deprecated since. Nothing that a user could do about it.
warnings.filterwarnings('ignore', module=r'nerfstudio\.|torch\.jit\b')

# Created by nerfstudio only to tell its device, or of training alone: older checkpoints lack them.
_OPTIONAL = ('device_indicator_param', 'camera_optimizer.')
# Of splatfacto's parameters; older checkpoints have them without it.
_GAUSSIANS = 'gauss_params.'
_building = threading.Lock()

# nerfstudio keeps the error of a missing tiny-cuda-nn for good, and with its traceback the frames
# of whoever imported a model first: a queue that is being constructed would never be freed.
if external.tcnn_import_exception is not None:
    external.tcnn_import_exception.__traceback__ = None


_sharing = threading.Lock()
_models: weakref.WeakKeyDictionary[NerfstudioScene, weakref.WeakValueDictionary[str, Model]] = (
    weakref.WeakKeyDictionary()
)


def shared_model(scene: NerfstudioScene, device: torch.device) -> Model:
    """
    Return the scene's model on ``device``, the same for all engines that hold it.

    A model's forward pass keeps nothing from one chunk to the next.

    :raises SceneError: as ``build_model``.
    """
    with _sharing:
        models = _models.setdefault(scene, weakref.WeakValueDictionary())
        model = models.get(str(device))
        if model is None:
            model = models[str(device)] = build_model(scene, device)
        return model


def build_model(scene: NerfstudioScene, device: torch.device) -> Model:
    """
    Return the trained model in evaluation mode on ``device``.

    :raises SceneError: if the model cannot be built here, or it and the checkpoint do not match to
        the last tensor.
    """
    config = nerfstudio_config(scene.config, scene.method_packages)
    checkpoint = scene.checkpoint
    _choose_implementation(config, checkpoint, device)
    with without_perceptual_metric():
        try:
            with contained('building the model'):
                model = config.setup(
                    scene_box=SceneBox(aabb=torch.from_numpy(checkpoint.aabb)),
                    num_train_data=checkpoint.image_count,
                    metadata={},
                    device=device,
                    grad_scaler=None,
                    seed_points=None,
                )
        except Exception as error:  # a method may need anything: tiny-cuda-nn, its data
            raise SceneError(f'the model of checkpoint {checkpoint.name} cannot be built here: '
                             f'{type(error).__name__}: {reason(error)}') from error
    _load_state(model, checkpoint)
    model.update_to_step(checkpoint.step)
    return model.to(device).eval().requires_grad_(False)


def _choose_implementation(
    config: ModelConfig, checkpoint: Checkpoint, device: torch.device
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
            f'checkpoint {checkpoint.name} was trained with tiny-cuda-nn, whose parameters are '
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


def _load_state(model: Model, checkpoint: Checkpoint) -> None:
    state = {name: torch.from_numpy(stored.read()) for name, stored in checkpoint.state.items()}
    names = set(state)  # splatfacto adds its own names to those that older versions saved
    try:
        model.load_state_dict(state, strict=False)
    except RuntimeError as error:  # tensors of another shape
        raise SceneError(
            f'checkpoint {checkpoint.name} does not fit its config.yml: {reason(error)}'
        ) from error
    # Not by what loading returns: splatfacto's returns nothing.
    loaded = model.state_dict()
    _refuse_mismatch('lacks', loaded.keys() - state.keys(), checkpoint)
    unknown = {key for key in names if not {key, _GAUSSIANS + key} & loaded.keys()}
    _refuse_mismatch('has unknown', unknown, checkpoint)
    _refuse_diverged(loaded, checkpoint)


def _refuse_mismatch(kind: str, keys: Set[str], checkpoint: Checkpoint) -> None:
    keys = {key for key in keys if not key.startswith(_OPTIONAL)}
    if not keys:
        return
    raise SceneError(f'checkpoint {checkpoint.name} {kind} {listed(sorted(keys))}; is it of this '
                     'config.yml, and was it trained with this version of nerfstudio?')


def _refuse_diverged(loaded: Mapping[str, torch.Tensor], checkpoint: Checkpoint) -> None:
    """Refuse what nerfstudio renders as if nothing were there: it makes NaN black."""
    for name, tensor in loaded.items():
        # Of millions of Gaussians one may have gone astray without being missed.
        if not (name.startswith(_GAUSSIANS) or tensor.isfinite().all()):
            raise checkpoint.diverged(name)

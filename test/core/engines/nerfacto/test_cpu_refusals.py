# SPDX-License-Identifier: Apache-2.0
"""What the compiled module of the CPU kernels cannot render, and says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
import math
from typing import Any

from nerfstudio_renderer.engines.nerfacto.cpu import _kernel
import numpy as np
import pytest
from support.packed_models import dense, density, ORIGIN, packed_model, rays, render

MODEL = packed_model()
FIELD = MODEL.field


def _with_level(**changes: Any) -> dict[str, Any]:
    first, second = FIELD.grid
    return {'field': replace(FIELD, grid=(first, replace(second, **changes)))}


def _with_own_level(**changes: Any) -> dict[str, Any]:
    first, second = FIELD.grid
    return {'field': replace(FIELD, grid=(replace(first, **changes), second))}


def _with_layer(**changes: Any) -> dict[str, Any]:
    first, second = FIELD.layers
    return {'field': replace(FIELD, layers=(first, replace(second, **changes)))}


WEIGHTS, BIASES = FIELD.layers[1].weights, FIELD.layers[1].biases
TABLES = FIELD.grid[1].tables
UNALIGNED = np.frombuffer(bytes(4 * BIASES.size + 1), np.float32, BIASES.size, offset=1)
WIDE = density(300)
REFUSED = {
    # Arrays.
    'weights of doubles': (
        _with_layer(weights=WEIGHTS.astype(float)),
        r'field.layers\[1\].weights must be .* float32 of shape \(2, 5, 8\), not float64 of'),
    'weights of another byte order': (_with_layer(weights=WEIGHTS.astype('>f4')), '>f4|float32'),
    'too few weights': (_with_layer(weights=WEIGHTS[:1]), r'\(2, 5, 8\), not .*\(1, 5, 8\)'),
    'flat weights': (_with_layer(weights=WEIGHTS.ravel()), r'\(2, 5, 8\), not .*\(80,\)'),
    'weights with gaps': (_with_layer(weights=np.repeat(WEIGHTS, 2, axis=2)[:, :, ::2]), 'gaps'),
    'weights as a list': (_with_layer(weights=WEIGHTS.tolist()), r'not \[\[\['),
    'no weights': (_with_layer(weights=None), 'not None'),
    'biases of the outputs alone': (_with_layer(biases=BIASES[:12]), r'\(16,\), not .*\(12,\)'),
    'unaligned biases': (_with_layer(biases=UNALIGNED), 'not unaligned'),
    # Layers.
    'no layers': ({'field': replace(FIELD, layers=())}, 'field.layers must be at least one layer'),
    'layers that do not follow': (_with_layer(inputs=4), r'layers\[1\].inputs must be 5,.* not 4'),
    'more outputs than rows': (_with_layer(outputs=17), r'weights .* \(3, 5, 8\)'),
    'no outputs': (_with_layer(outputs=0), 'outputs must be an integer from 1 to 16384, not 0'),
    'outputs as a float': (_with_layer(outputs=12.0), 'outputs must be an integer.* not 12.0'),
    'absurd outputs': (_with_layer(outputs=2**70), 'not 1180591620717411303424'),
    'negative outputs': (_with_layer(outputs=-8), 'not -8'),
    'a grid of other features': ({'field': replace(FIELD, grid=FIELD.grid[:1])},
                                 r'field.layers\[0\].inputs must be 4, .* not 8'),
    'a head for other features': ({'head': (dense(12, 9), *MODEL.head[1:])},
                                  r'head\[0\].inputs must be 11, .* not 12'),
    'a head with other outputs': ({'head': (dense(11, 9), dense(9, 4))}, 'outputs of head.*not 4'),
    'a head without layers': ({'head': []}, 'head must be at least one layer'),
    'other directions': ({'direction': dense(9, 9)}, 'direction.inputs must be 16,.* not 9'),
    'directions for another head': ({'direction': dense(16, 10)}, 'direction.outputs must be 9'),
    # Grids.
    'no levels': ({'field': replace(FIELD, grid=())}, 'field.grid must be at least one level'),
    'tables of single features': (_with_level(tables=TABLES[..., :1]), r'grid\[1\].tables'),
    'levels with other pairs': (_with_level(tables=TABLES[:1]), r'\(2, -1, 2\).*\(1, 64, 2\)'),
    'no pairs': ({'field': replace(FIELD, grid=[replace(FIELD.grid[1], tables=TABLES[:0])])},
                 '1 to .* pairs'),
    'no entries': (_with_level(tables=TABLES[:, :0]), '1 to .* entries'),
    'no power of two': (_with_level(tables=TABLES[:, :63].copy()), 'power of two.* not 63'),
    'a side without its cube': (_with_own_level(side=6), 'cube root of 125 entries, not 6'),
    'a side for fewer cells': (_with_own_level(scaling=4.0), 'side must be 0 or at least 6'),
    'cells that single precision rounds up': (_with_own_level(scaling=4 - 1e-12), 'at least 6'),
    'a negative side': (_with_own_level(side=-5), r'side must be .* not -5'),
    'a side that overflows': (_with_own_level(side=2**31), r'side must be .* not 2147483648'),
    'a cube that overflows': (_with_own_level(side=2**22, scaling=1.0), 'cube root of 125'),
    'a hash that is none': (_with_own_level(side=0), 'power of two.* not 125'),
    'infinite cells': (_with_level(scaling=math.inf), 'scaling must be a finite number, not inf'),
    'absurd cells': (_with_level(scaling=1e10), 'scaling must be from 0 to'),
    'negative cells': (_with_level(scaling=-1.0), 'scaling must be from 0 to .* not -1.0'),
    # Passes and samples.
    'no passes': ({'proposals': (), 'proposal_samples': ()}, 'proposals .* not 0 with 0'),
    'passes without samples': ({'proposal_samples': (7,)}, 'proposals .* not 2 with 1'),
    'samples without passes': ({'proposal_samples': (7, 5, 4)}, 'proposals .* not 2 with 3'),
    'a pass of no samples': ({'proposal_samples': (7, 0)}, r'proposal_samples\[1\] .* not 0'),
    'negative samples': ({'field_samples': -1}, 'field_samples must be .* not -1'),
    'absurd samples': ({'field_samples': 2**31 - 1}, 'field_samples must be .* not 2147483647'),
    'too much for a workspace': (
        {'field': WIDE, 'field_samples': 16384, 'head': (dense(299, 9), dense(9, 3))},
        'field_samples must be at most 13981 for a field of 300 outputs, not 16384'),
    'passes that are none': ({'proposals': MODEL.field}, 'proposals must be a tuple or list'),
    # Space.
    'near that is not a number': ({'near': math.nan}, 'near must be a finite number, not nan'),
    'far behind single precision': ({'far': 1e39}, r'far must be a finite number, not 1e\+39'),
    'far that is text': ({'far': '100'}, "far must be a finite number, not '100'"),
    'far before near': ({'near': 2.0, 'far': 1.0}, 'near and far must be in.* not 2.0 and 1.0'),
    'negative near': ({'near': -1.0}, 'near and far .* not -1.0 and 100.0'),
    'a number for a truth': ({'piecewise': 1}, 'piecewise must be True or False, not 1'),
    'a box of two': ({'box_low': (0.0, 0.0)}, r'box_low must be three numbers, not \(0.0, 0.0\)'),
    'a box without end': ({'box_scale': (1.0, math.inf, 1.0)}, r'box_scale\[1\] .* not inf'),
    'a colour without end': ({'background': (math.nan,) * 3}, r'background\[0\] .* not nan'),
}


@pytest.mark.parametrize(('changes', 'message'), REFUSED.values(), ids=REFUSED)
def test_a_model_that_the_kernels_would_misread_is_refused(changes: dict, message: str):
    with pytest.raises(ValueError, match=message) as caught:
        _kernel.Renderer(replace(MODEL, **changes), '', 1)
    assert len(str(caught.value)) < 250
    assert '\n' not in str(caught.value)


def test_what_is_no_model_is_refused():
    with pytest.raises(AttributeError, match='proposals'):
        _kernel.Renderer(None, '', 1)


@pytest.mark.parametrize(('threads', 'shown'), [
    (0, '0'), (-3, '-3'), (4097, '4097'), (2**40, '1099511627776'), (1.5, '1.5'), ('2', "'2'"),
])
def test_threads_are_bounded(threads: Any, shown: str):
    with pytest.raises(ValueError, match=f'^threads must be an integer from 1 .*, not {shown}$'):
        _kernel.Renderer(MODEL, '', threads)


@pytest.mark.parametrize('name', ['mmx', 'avx' * 10**6, None, 3, 'baseline\n'])
def test_an_unknown_instruction_set_is_refused(name: Any):
    with pytest.raises(ValueError, match="'' for the fastest.*'baseline'.*, not ") as caught:
        _kernel.Renderer(MODEL, name, 1)
    assert len(str(caught.value)) < 250


def _read_only(shape: tuple[int, ...]) -> np.ndarray:
    array = np.zeros(shape, np.float32)
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(('origin', 'directions', 'pictures', 'message'), [
    (ORIGIN, rays(4).astype(float), np.zeros((4, 5), np.float32), r'\(-1, 3\), not float64'),
    (ORIGIN, rays(4)[:, :2], np.zeros((4, 5), np.float32), 'directions must be'),
    (ORIGIN, rays(8)[::2], np.zeros((4, 5), np.float32), 'directions must be .* gaps'),
    (ORIGIN, rays(4).ravel(), np.zeros((4, 5), np.float32), r'directions .* not .*\(12,\)'),
    (ORIGIN, rays(4).tolist(), np.zeros((4, 5), np.float32), 'directions must be'),
    (ORIGIN, rays(4), np.zeros((3, 5), np.float32), r'pictures .*\(4, 5\), not .*\(3, 5\)'),
    (ORIGIN, rays(4), np.zeros((4, 4), np.float32), 'pictures must be'),
    (ORIGIN, rays(4), np.zeros((5, 4), np.float32).T, 'pictures must be .* gaps or'),
    (ORIGIN, rays(4), _read_only((4, 5)), 'pictures must be writeable'),
    (ORIGIN[:2], rays(4), np.zeros((4, 5), np.float32), 'origin must be three numbers'),
    ((0.0, math.nan, 0.0), rays(4), np.zeros((4, 5), np.float32), r'origin\[1\] .* not nan'),
    (None, rays(4), np.zeros((4, 5), np.float32), 'origin must be a tuple or list, not None'),
])
def test_rays_that_the_kernels_would_misread_are_refused(origin, directions, pictures, message):
    with pytest.raises(ValueError, match=message):
        _kernel.Renderer(MODEL, '', 2).render(origin, directions, pictures)


# Each array has memory of its own: what is read behind its end is seen by AddressSanitizer.
ANYTHING = [
    None, True, 0, 1, 2, 5, 8, 16, -1, 2**31, 2**32 + 5, 2**64, 1.5, -0.0, 1e39, math.nan,
    math.inf, '', '8', b'8', (), (7, 5), [1.0, 2.0, 3.0], {}, object,
    FIELD, FIELD.layers, FIELD.grid, FIELD.layers[0], FIELD.grid[0], MODEL.head, MODEL.proposals,
    BIASES[:8].copy(), BIASES[:0].copy(), WEIGHTS[:1].copy(), WEIGHTS[:, :4].copy(),
    TABLES[:1].copy(), TABLES[:, :8].copy(), TABLES[..., :1].copy(), WEIGHTS.astype(np.float16),
]


def _parts(value: Any) -> list[tuple[Callable[[Any], Any], Any]]:
    """Return all that ``value`` is made of, each with what makes a copy that has another there."""
    if isinstance(value, tuple):
        own = [(lambda new, i=i: (*value[:i], new, *value[i + 1:]), each)
               for i, each in enumerate(value)]
    elif hasattr(value, '__dataclass_fields__'):
        own = [(lambda new, name=field.name: replace(value, **{name: new}),
                getattr(value, field.name)) for field in fields(value)]
    else:
        return []
    deeper = [(lambda new, put=put, inner=inner: put(inner(new)), part)
              for put, each in own for inner, part in _parts(each)]
    return own + deeper


@pytest.mark.parametrize('number', range(len(ANYTHING)))
def test_anything_in_a_model_is_rendered_or_refused(number: int):
    refused = 0
    for put, _ in _parts(MODEL):
        try:
            render(put(ANYTHING[number]), rays(20), threads=1)
        except (ValueError, AttributeError) as error:
            refused += 1
            assert '\n' not in str(error)  # noqa: PT017 - it need not be raised
    assert refused

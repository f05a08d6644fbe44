# SPDX-License-Identifier: Apache-2.0
"""The small networks, on tensor cores: products in the weights' precision, sums in float32."""

from __future__ import annotations

from nerfstudio_renderer.engines.nerfacto.cuda.encoding import columns, encode
import triton
import triton.language as tl


@triton.jit
def density_network(
    x, y, z, tables, cells, starts, scalings, weights, biases,
    PAIRS: tl.constexpr, IN_CELLS: tl.constexpr, FEATURES: tl.constexpr, ENTRIES: tl.constexpr,
    HIDDEN: tl.constexpr, LAYERS: tl.constexpr, OUTPUTS: tl.constexpr,
):
    """
    Return what a density network makes of positions in the unit cube.

    :param PAIRS: of features on all levels, the first IN_CELLS of which are in ``cells``.
    :returns: float32 of shape (len(x), OUTPUTS); column 0 is the log density.
    """
    WIDTH: tl.constexpr = HIDDEN if LAYERS > 1 else OUTPUTS
    MIXED: tl.constexpr = IN_CELLS % 8
    FIRST: tl.constexpr = (IN_CELLS + 7) // 8
    REST: tl.constexpr = PAIRS - 8 * FIRST
    values = tl.zeros([x.shape[0], WIDTH], tl.float32)
    # In groups of eight pairs, the inputs that a matrix product takes at least. In loops, because
    # Triton's compiler takes minutes over hundreds of loads in a row.
    for group in range(IN_CELLS // 8):
        values = _add_group(
            values, x, y, z, tables, cells, starts, scalings, weights, group,
            8, 0, FEATURES, ENTRIES,
        )
    if MIXED > 0:
        values = _add_group(
            values, x, y, z, tables, cells, starts, scalings, weights, FIRST - 1,
            MIXED, (8 if REST > 0 else 8 + REST) - MIXED, FEATURES, ENTRIES,
        )
    if REST > 0:
        for group in range(FIRST, FIRST + REST // 8):
            values = _add_group(
                values, x, y, z, tables, cells, starts, scalings, weights, group,
                0, 8, FEATURES, ENTRIES,
            )
        if REST % 8 > 0:
            values = _add_group(
                values, x, y, z, tables, cells, starts, scalings, weights, FIRST + REST // 8,
                0, REST % 8, FEATURES, ENTRIES,
            )
    weights += (PAIRS + 7) // 8 * 16 * WIDTH
    return _further_layers(values, weights, biases, HIDDEN, LAYERS, OUTPUTS)


@triton.jit
def colour_network(
    harmonics, geometry, weights, biases,
    GEOMETRY: tl.constexpr, HIDDEN: tl.constexpr, LAYERS: tl.constexpr, OUTPUTS: tl.constexpr,
):
    """
    Return colours before the sigmoid, float32 of shape (rows, OUTPUTS); three columns are used.

    :param harmonics: what ``spherical_harmonics`` returns, in the weights' precision.
    :param geometry: what the field's ``density_network`` returns.
    """
    WIDTH: tl.constexpr = HIDDEN if LAYERS > 1 else OUTPUTS
    values = _product(harmonics, _matrix(weights, 16, WIDTH))
    geometry = geometry.to(weights.dtype.element_ty)
    values = _add_product(values, geometry, _matrix(weights + 16 * WIDTH, GEOMETRY, WIDTH))
    weights += (16 + GEOMETRY) * WIDTH
    return _further_layers(values, weights, biases, HIDDEN, LAYERS, OUTPUTS)


@triton.jit
def spherical_harmonics(x, y, z):
    """
    Return the first 16 real spherical harmonics as nerfstudio evaluates them in PyTorch.

    :returns: float32 of shape (len(x), 16), of directions mapped from -1..1 to 0..1.
    """
    x = x * 0.5 + 0.5
    y = y * 0.5 + 0.5
    z = z * 0.5 + 0.5
    xx = x * x
    yy = y * y
    zz = z * z
    return columns(
        tl.zeros_like(x) + 0.28209479177387814,
        0.4886025119029199 * y,
        0.4886025119029199 * z,
        0.4886025119029199 * x,
        1.0925484305920792 * x * y,
        1.0925484305920792 * y * z,
        0.9461746957575601 * zz - 0.31539156525251999,
        1.0925484305920792 * x * z,
        0.5462742152960396 * (xx - yy),
        0.5900435899266435 * y * (3.0 * xx - yy),
        2.890611442640554 * x * y * z,
        0.4570457994644658 * y * (5.0 * zz - 1.0),
        0.3731763325901154 * z * (5.0 * zz - 3.0),
        0.4570457994644658 * x * (5.0 * zz - 1.0),
        1.445305721320277 * z * (xx - yy),
        0.5900435899266435 * x * (xx - 3.0 * yy),
    )


@triton.jit
def _add_group(
    values, x, y, z, tables, cells, starts, scalings, weights, group,
    IN_CELLS: tl.constexpr, HASHED: tl.constexpr, FEATURES: tl.constexpr, ENTRIES: tl.constexpr,
):
    """Add what the features of one group contribute to the outputs of the first layer."""
    features = encode(
        x, y, z, tables, cells, starts, scalings, group, IN_CELLS, HASHED, FEATURES, ENTRIES
    )
    OUTPUTS: tl.constexpr = values.shape[1]
    matrix = _matrix(weights + group * 16 * OUTPUTS, 16, OUTPUTS)
    return _add_product(values, features.to(weights.dtype.element_ty), matrix)


@triton.jit
def _further_layers(
    values, weights, biases, HIDDEN: tl.constexpr, LAYERS: tl.constexpr, OUTPUTS: tl.constexpr
):
    """Return the network's outputs; ``values`` are those of the first layer before its biases."""
    for _ in tl.static_range(LAYERS - 2):
        values = _layer(values, weights, biases, HIDDEN, HIDDEN)
        weights += HIDDEN * HIDDEN
        biases += HIDDEN
    if LAYERS > 1:
        values = _layer(values, weights, biases, HIDDEN, OUTPUTS)
        biases += HIDDEN
    return values + tl.load(biases + tl.arange(0, OUTPUTS))[None, :]


@triton.jit
def _layer(values, weights, biases, INPUTS: tl.constexpr, OUTPUTS: tl.constexpr):
    """Return a layer's outputs before its biases, from those of the layer before."""
    bias = tl.load(biases + tl.arange(0, INPUTS)).to(weights.dtype.element_ty)
    # Already in the weights' precision: two float16 are added, and cut off, at a time.
    values = values.to(weights.dtype.element_ty) + bias[None, :]
    values = tl.maximum(values, tl.zeros_like(values))
    return _product(values, _matrix(weights, INPUTS, OUTPUTS))


@triton.jit
def _product(left, right):
    return _add_product(tl.zeros([left.shape[0], right.shape[1]], tl.float32), left, right)


@triton.jit
def _add_product(values, left, right):
    # The precision is that of float32 operands alone; three products are about as exact as one.
    return tl.dot(left, right, values, input_precision='tf32x3')


@triton.jit
def _matrix(weights, INPUTS: tl.constexpr, OUTPUTS: tl.constexpr):
    row = tl.arange(0, INPUTS)[:, None]
    return tl.load(weights + (row * OUTPUTS + tl.arange(0, OUTPUTS)[None, :]))

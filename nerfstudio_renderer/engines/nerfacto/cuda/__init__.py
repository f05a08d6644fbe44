# SPDX-License-Identifier: Apache-2.0
"""
The fused engine on CUDA devices: kernels in Triton.

Ask ``availability`` before importing ``renderer``: the kernels need Triton.
"""

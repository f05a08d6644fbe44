# SPDX-License-Identifier: Apache-2.0
"""Gaussians on the CPU: compiled kernels for several instruction sets, without PyTorch."""

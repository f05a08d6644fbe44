# SPDX-License-Identifier: Apache-2.0
"""The CPU half of the fused engine: C++ kernels, and what joins them to PyTorch."""

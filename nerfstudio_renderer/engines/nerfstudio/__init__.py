# SPDX-License-Identifier: Apache-2.0
"""The engine made of nerfstudio itself: for every method, and the reference of the others."""

# SPDX-License-Identifier: Apache-2.0
"""A procedural, metric robot cell: pictures, training, packaging and evaluation."""

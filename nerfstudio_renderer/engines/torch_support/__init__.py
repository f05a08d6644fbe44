# SPDX-License-Identifier: Apache-2.0
"""What the engines that are made of PyTorch share; importing it imports PyTorch."""

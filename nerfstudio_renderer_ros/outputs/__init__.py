# SPDX-License-Identifier: Apache-2.0
"""What goes out: frames as messages."""

# SPDX-License-Identifier: Apache-2.0
"""What several tests need: a deterministic engine, tiny scenes, processes and clients."""

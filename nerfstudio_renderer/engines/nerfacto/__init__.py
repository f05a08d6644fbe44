# SPDX-License-Identifier: Apache-2.0
"""The fused engine: whole rays of the nerfacto family in one kernel."""

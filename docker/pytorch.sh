#!/bin/sh
# Begin .venv with the PyTorch for a CUDA version, and take the locked one out of the requirements:
#   docker/pytorch.sh CUDA_VERSION PYTORCH INDEX
set -eu
cd "$(dirname "$0")/.."
. docker/row.sh

[ "$2" != lock ] || exit 0
choose_row "$1" "$2"
python3 -m venv .venv
.venv/bin/python -m pip install --progress-bar off \
    --index-url "${3:-https://download.pytorch.org/whl/$build}" \
    "torch==$torch" "torchvision==$torchvision"
# With it go the CUDA libraries and the Triton of the locked one, which would take their place.
sed -E -i '/^(torch|torchvision|triton|nvidia-[a-z0-9-]+|cuda-[a-z]+)==/d' requirements/lock.txt

#!/bin/sh
# Compile CUDA code for CUDA_ARCHITECTURES, if there is a compiler: docker/kernels.sh TINY_CUDA_NN
set -eu
if ! command -v nvcc >/dev/null; then
    if [ -n "$1" ]; then
        echo 'error: TINY_CUDA_NN needs nvcc, which this BASE_IMAGE lacks' >&2
        exit 1
    fi
    echo 'no nvcc here: nothing to compile'
    exit 0
fi

if [ -n "$1" ]; then
    apt-get update
    apt-get install --yes --no-install-recommends git
    TCNN_CUDA_ARCHITECTURES=$CUDA_ARCHITECTURES python -m pip install --no-cache-dir \
        --no-build-isolation --no-deps \
        "git+https://github.com/NVlabs/tiny-cuda-nn@$1#subdirectory=bindings/torch"
    rm -rf /var/lib/apt/lists/*
fi
# gsplat compiles itself when it is imported.
"$(dirname "$0")/entrypoint.sh" \
    python -c 'from gsplat.cuda._backend import _C; assert _C is not None'

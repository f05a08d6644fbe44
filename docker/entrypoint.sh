#!/bin/sh
# The jobs of the image:
#   server [OPTIONS], or OPTIONS alone   the rpyc server (the default)
#   node [ARGUMENTS]                     the ROS 2 node
#   COMMAND [ARGUMENTS]                  anything else
set -eu

# What compiles at run time does so for the same GPUs; PyTorch writes them as 7.5;8.6.
: "${TORCH_CUDA_ARCH_LIST:=$(printf %s "${CUDA_ARCHITECTURES:-}" \
    | sed -E 's/([0-9][a-z]?)(;|$)/.\1\2/g')}"
export TORCH_CUDA_ARCH_LIST

case ${1:--} in
-*) set -- server "$@" ;;
esac
job=$1
case $job in
server)
    shift
    exec python -m nerfstudio_renderer.server --host 0.0.0.0 --port "${SERVER_PORT:-7007}" "$@"
    ;;
node)
    shift
    exec python -m nerfstudio_renderer_ros "$@"
    ;;
*)
    exec "$@"
    ;;
esac

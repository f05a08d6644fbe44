#!/bin/sh
# Refuse wrong build arguments: docker/check.sh CUDA_VERSION CUDA_ARCHITECTURES SERVER_PORT PYTORCH
set -eu
cd "$(dirname "$0")/.."
. docker/row.sh

[ "$4" = lock ] || choose_row "$1" "$4"

if ! printf %s "$2" | grep -Eqx '[0-9]{2,3}[a-z]?(;[0-9]{2,3}[a-z]?)*'; then
    echo "error: CUDA_ARCHITECTURES '$2' is no list such as 86 or '75;86'" >&2
    exit 1
fi

case $3 in
'' | *[!0-9]* | ??????*) port=0 ;;
*) port=$3 ;;
esac
if [ "$port" -lt 1 ] || [ "$port" -gt 65535 ]; then
    echo "error: SERVER_PORT '$3' is not between 1 and 65535" >&2
    exit 1
fi

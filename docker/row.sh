# Sourced by check.sh and pytorch.sh: sets torch, torchvision and build from docker/pytorch.txt.

# choose_row CUDA_VERSION PYTORCH: exits with one line where there is no such row.
choose_row() {
    row=${2:-$(printf %s "$1" | cut -d . -f 1,2)}
    read -r torch torchvision build <<ROW
$(awk -v row="$row" '$1 == row { print $2, $3, $4 }' docker/pytorch.txt)
ROW
    if [ -z "$build" ]; then
        rows=$(awk '!/^#/ { printf "%s%s", separator, $1; separator = ", " }' docker/pytorch.txt)
        name=${2:+PYTORCH}
        echo "error: no PyTorch is known for ${name:-CUDA_VERSION} '${2:-$1}': give one of $rows," \
            "add a row to docker/pytorch.txt, or build with --build-arg PYTORCH=lock" >&2
        exit 1
    fi
}

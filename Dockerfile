# The renderer in a container: the rpyc server by default, the ROS 2 node on request (docs/docker.md).
#
#   docker build --build-arg CUDA_VERSION=11.8.0 --build-arg CUDA_ARCHITECTURES=86 \
#       --build-arg OS_VERSION=22.04 --build-arg SERVER_PORT=7007 --tag nerfstudio-renderer-86 .
#   docker run --gpus all -p 127.0.0.1:7007:7007 --shm-size=6gb -d nerfstudio-renderer-86

ARG CUDA_VERSION=11.8.0
ARG OS_VERSION=22.04
# The devel flavour: gsplat (splatfacto) asks for nvcc even when its code is compiled already. Any
# other Debian or Ubuntu with Python 3.10 to 3.12 makes an image for the CPU.
ARG BASE_IMAGE=nvidia/cuda:${CUDA_VERSION}-devel-ubuntu${OS_VERSION}

FROM ${BASE_IMAGE}

# Known again after FROM. Wrong values are told before anything is downloaded.
ARG CUDA_VERSION
ARG CUDA_ARCHITECTURES=75;80;86;89;90
ARG SERVER_PORT=7007
# A row of docker/pytorch.txt; 'lock': PyPI's wheels as in requirements/lock.txt; '': CUDA_VERSION's.
ARG PYTORCH=
# Another index than download.pytorch.org, such as a mirror of it.
ARG PYTORCH_INDEX=
WORKDIR /opt/nerfstudio_renderer
COPY docker docker
RUN docker/check.sh "$CUDA_VERSION" "$CUDA_ARCHITECTURES" "$SERVER_PORT" "$PYTORCH"

# g++ and Python's headers remain in use at run time: Triton and gsplat compile. libgl1 and what
# follows it are for Open3D and OpenCV, which nerfstudio imports.
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        ca-certificates g++ python3 python3-dev python3-venv libgl1 libglib2.0-0 libgomp1 libx11-6 \
    && rm -rf /var/lib/apt/lists/*

# The wheels, in a layer of their own: they change rarely and are nearly all of the image.
COPY tools/__init__.py tools/__init__.py
COPY tools/environment tools/environment
COPY requirements requirements
RUN --mount=type=cache,target=/root/.cache/pip \
    docker/pytorch.sh "$CUDA_VERSION" "$PYTORCH" "$PYTORCH_INDEX" \
    && python3 -m tools.environment wheels \
    || { tail -n 30 .venv/setup/setup.log 2>/dev/null; false; }
ENV PATH=/opt/nerfstudio_renderer/.venv/bin:$PATH

# CUDA code that would otherwise be compiled, for minutes, when it is first used.
# A tag or branch of tiny-cuda-nn, for checkpoints that were trained with it; '': do without.
ARG TINY_CUDA_NN=
ENV TORCH_EXTENSIONS_DIR=/opt/torch_extensions CUDA_ARCHITECTURES=$CUDA_ARCHITECTURES
RUN docker/kernels.sh "$TINY_CUDA_NN"

# The sources, each folder by name: the requirements were adapted above.
COPY nerfstudio_renderer_msgs nerfstudio_renderer_msgs
COPY nerfstudio_renderer nerfstudio_renderer
COPY nerfstudio_renderer_ros nerfstudio_renderer_ros
COPY resource resource
COPY launch launch
COPY config config
COPY examples examples
COPY package.xml setup.py setup.cfg LICENSE ./
RUN python3 -m tools.environment || { tail -n 30 .venv/setup/setup.log; false; }

# 1000 is the first user of most hosts, who then owns the shared memory of ROS 2 too; Ubuntu 24.04
# has a user of that number. The home is everyone's, for docker run --user.
RUN useradd --non-unique --uid 1000 --create-home renderer && chmod 1777 /home/renderer \
    && mkdir /scenes
USER 1000
ENV HOME=/home/renderer SERVER_PORT=$SERVER_PORT
# The working directory is not /scenes: Python would import what lies there.
VOLUME /scenes
EXPOSE $SERVER_PORT
HEALTHCHECK --interval=60s --timeout=10s --start-period=120s \
    CMD ["python", "/opt/nerfstudio_renderer/docker/health.py"]
ENTRYPOINT ["/opt/nerfstudio_renderer/docker/entrypoint.sh"]
CMD ["server"]

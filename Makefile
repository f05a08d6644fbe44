# Everything a person or a CI machine does here. Needs Python 3.10 to 3.12 and a C++ compiler, no
# ROS: `make setup` builds .venv, a virtual environment that is a ROS 2 workspace too. With a ROS 2
# of your own, use colcon instead (see README.md).

# The Python that .venv is made with; once .venv is there, any from 3.10 on will do.
PYTHON ?= python3
# The release of ROS 2: ROS=jazzy builds .venv-jazzy, without PyTorch and nerfstudio, and tests there
# what touches ROS 2.
ROS ?= kilted
ifeq ($(ROS),kilted)
VENV := .venv
SET := full
else
VENV := .venv-$(ROS)
SET := light
TESTS := -o testpaths='test/node test/launch'
endif
VENV_PYTHON := $(VENV)/bin/python

# Passed on: make demo DEMO_ARGS=--help, make test TEST_ARGS='-k queue -x',
# make bench BENCH_ARGS='--quick engines'.
DEMO_ARGS ?=
TEST_ARGS ?=
BENCH_ARGS ?=

# A sourced ROS 2 would put its own Python packages, libraries and middleware before those in .venv,
# and messages built against a mixture crash. The same list, with more about it, is in
# tools/environment/shell.py.
unexport _ROS_WHEELS_BOOTSTRAP_COMPLETE AMENT_PREFIX_PATH CMAKE_PREFIX_PATH COLCON_DEFAULTS_FILE
unexport COLCON_PREFIX_PATH PYTHONHOME PYTHONPATH RMW_IMPLEMENTATION ROS_DISTRO ROS_PYTHON_VERSION
unexport ROS_VERSION
# The library path may hold other things too (a GPU's driver): only ROS 2's folders are left out.
empty :=
space := $(empty) $(empty)
LD_LIBRARY_PATH := $(subst $(space),:,$(filter-out $(addsuffix /%,$(subst :, ,$(AMENT_PREFIX_PATH))), \
	$(subst :, ,$(LD_LIBRARY_PATH))))

.DEFAULT_GOAL := help
.PHONY: help setup demo bench test sanitize lint lock clean distclean

help: ## show this list
	@sed -nE 's/^([a-z]+):.*## (.*)$$/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

define set_up
	@command -v $(PYTHON) >/dev/null || \
		{ echo 'error: no $(PYTHON) found: install Python 3.10, 3.11 or 3.12' >&2; exit 1; }
	@$(PYTHON) -m tools.environment $(1) --ros $(ROS) $(if $(filter-out file,$(origin PYTHON)),--same-python)
endef

setup: ## build .venv with all that tests and benchmarks need, or bring it up to date
	$(call set_up,$(SET))

demo: ## fly through the bundled scene and write demo_output/
	$(call set_up,light)
	@$(VENV_PYTHON) -m examples.demo $(DEMO_ARGS)

bench: setup ## measure speed, pictures and latencies and write bench_output/
	@$(VENV_PYTHON) -m benchmarks $(BENCH_ARGS)

test: setup ## run all tests and linters
	@$(VENV_PYTHON) -m pytest $(TESTS) $(TEST_ARGS)

# In a copy, so that the compiled module in place stays as it is. What Python itself leaves in memory
# is no leak of ours; exceptions need libstdc++ from the start; what pytest captured is lost when a
# sanitizer ends it.
SANITIZED := build/sanitize
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=all -g
sanitize: setup ## run the CPU kernels' tests under sanitizers (needs GCC's)
	@rm -rf $(SANITIZED) && mkdir -p $(SANITIZED) && touch $(SANITIZED)/COLCON_IGNORE
	@cp -r setup.py setup.cfg pyproject.toml nerfstudio_renderer test $(SANITIZED)
	@find $(SANITIZED) -name '*.so' -delete
	@cd $(SANITIZED) && CFLAGS='$(SANITIZERS)' CXXFLAGS='$(SANITIZERS)' CC=gcc CXX=g++ \
		$(abspath $(VENV_PYTHON)) setup.py -q build_ext --inplace
	@grep -rq --include='_kernel*.so' __asan_init $(SANITIZED)/nerfstudio_renderer || \
		{ echo 'error: the module was built without sanitizers' >&2; exit 1; }
	@cd $(SANITIZED) && ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 \
		LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libstdc++.so)" \
		$(abspath $(VENV_PYTHON)) -m pytest -p no:cacheprovider --capture=sys $(TEST_ARGS) \
		test/core/engines/native \
		$(wildcard test/core/engines/nerfacto/test_cpu*.py test/core/engines/gaussians/test_*.py)

lint: setup ## run the linters alone
	@$(VENV_PYTHON) -m ruff check
	@$(VENV_PYTHON) -m pytest -q -m linter

# The light set is a part of the full one, at the same versions.
COMPILE := uv pip compile --universal --python-version 3.10 --no-python-downloads \
	--no-emit-package lark-parser --annotation-style line --custom-compile-command 'make lock'
lock: ## resolve requirements/*.in anew into requirements/lock*.txt (needs uv)
	$(COMPILE) --upgrade --output-file requirements/lock.txt requirements/full.in
	$(COMPILE) --constraint requirements/lock.txt --output-file requirements/lock-light.txt \
		requirements/light.in
	$(COMPILE) --upgrade --output-file requirements/lock-jazzy.txt requirements/jazzy.in

clean: ## remove what builds, tests, demo and benchmarks leave
	rm -rf build install log demo_output bench_output .pytest_cache .ruff_cache .hypothesis
	find . -name '.venv*' -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## remove .venv too
	rm -rf .venv*/pyvenv.cfg .venv* # in this order: an interrupted removal must not look usable

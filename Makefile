# What to type. Everything but setup and a first build works without a network.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: help setup build demo test bundle oclgrind clean
program := .build/release/evogpu

help:
	@echo "make demo      set up, build, train three Pendulum runs at once and say where the results lie"
	@echo "make build     set up and build the program, $(program)"
	@echo "make test      set up, build and run every test"
	@echo "make bundle    pack the program for machines without Swift, as dist/evogpu-*.tar.gz"
	@echo "make oclgrind  run every kernel under Oclgrind, which finds data races and accesses out of bounds"
	@echo "make clean     remove what was built; runs/ stays"

setup:
	@scripts/setup.sh

build: setup
	swift build -c release --product evogpu

demo: build
	$(program) train ppo --env Pendulum-v1 --seeds 3 --device auto

# Release configuration: without optimisation the kernels' C form is some fifty times slower.
test: setup
	swift build -c release --build-tests
	swift test -c release --skip-build --disable-xctest

bundle: setup
	scripts/bundle.sh

oclgrind:
	@scripts/setup.sh oclgrind
	swift build -c release --product evogpu
	benchmarks/oclgrind.sh

clean:
	rm -rf .build dist

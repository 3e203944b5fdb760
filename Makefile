# What to type. Everything but setup and a first build works without a network.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.PHONY: format-check help setup build demo test check format docs bundle oclgrind clean
program := .build/release/evogpu

help:
	@echo "make demo      set up, build, train three Pendulum runs at once and say where the results lie"
	@echo "make build     set up and build the program, $(program)"
	@echo "make test      set up, build and run every test"
	@echo "make check     the quick part: formatting, settings, files, pages, and what every algorithm promises but for bits"
	@echo "make format    format every Swift file as make check wants it"
	@echo "make docs      the library's reference by DocC, as dist/docs"
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
test: setup format-check
	swift build -c release --build-tests
	swift test -c release --skip-build --disable-xctest

# No kernel is compiled by a driver and nothing learns: under a minute once the tests are built.
check: setup format-check
	swift build -c release --build-tests
	EVOGPU_QUICK=1 swift test -c release --skip-build --disable-xctest --filter $(quick)
quick := 'ConfigurationTests|RunDirectory|MetricsLog|Checkpoint|Safetensors|Digest|ReferenceCase|ProgressLine|settingsAreDeclared|metricsAreDeclared|nobodyElseKnows|whatREADME|everyAlgorithmHasACase|runsInLockStepEqualRunsAlone|whatIsResumed|nothingIsAllocated|aBrokenRun|SelectionTests|KernelRegistry'

format-check:
	swift format lint --strict -r -p Sources Tests Package.swift
	@! grep -rnE '^.{121,}' --include=*.swift --include=*.cl --exclude-dir=generated Sources Tests

format:
	swift format -i -r -p Sources Tests Package.swift

docs: setup
	swift package --allow-writing-to-directory dist/docs generate-documentation --target EvoGPU --output-path dist/docs

bundle: setup
	scripts/bundle.sh

oclgrind:
	@scripts/setup.sh oclgrind
	swift build -c release --product evogpu
	benchmarks/oclgrind.sh

clean:
	rm -rf .build dist

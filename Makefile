# The loops of daily work, one command each; `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help

BUILD := build/release
NINJA := ninja -C

.PHONY: help deps build up test test-security test-extension asan tsan tidy format bench bench-vector fuzz coverage clean

help: ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

deps: ## Install what is needed (Debian 12 packages; npm packages for the conformance tests)
	@scripts/install-deps

$(BUILD)/build.ninja: | deps
	@cmake --preset release >/dev/null

build: deps $(BUILD)/build.ninja ## Build the program (optimised) and install the PostgreSQL extension
	@$(NINJA) $(BUILD) --quiet pgmind
	@scripts/install-extension

up: build ## Start pgmind; the first start loads Debian's package descriptions and shows three searches
	@$(BUILD)/apps/pgmind/pgmind up --demo $(UP)

test: deps ## Build and run all tests (TESTS=regex for some)
	@cmake --preset release >/dev/null
	@$(NINJA) $(BUILD) --quiet
	@scripts/install-extension
	@ctest --test-dir $(BUILD) --output-on-failure -j2 $(if $(TESTS),-R '$(TESTS)')

test-security: deps ## All tests of identity, access, encryption and audit, the long ones too
	@cmake --preset release >/dev/null
	@$(NINJA) $(BUILD) --quiet
	@ctest --test-dir $(BUILD) --output-on-failure -C long -L security

test-extension: deps ## All tests of the PostgreSQL extension, kills and loads too (PGMIND_CRASH_ROUNDS=n for longer loops)
	@cmake --preset release >/dev/null
	@ctest --test-dir $(BUILD) --output-on-failure -C long -L extension

asan: deps ## Unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@cmake --preset asan >/dev/null
	@$(NINJA) build/asan --quiet unit_tests
	@ctest --test-dir build/asan --output-on-failure -L unit

tsan: deps ## Unit tests under ThreadSanitizer
	@cmake --preset tsan >/dev/null
	@$(NINJA) build/tsan --quiet unit_tests
	@ctest --test-dir build/tsan --output-on-failure -L unit

tidy: deps ## Style: the tidy test, clang-format, clang-tidy on what changed
	@scripts/tidy

format: ## Rewrite C++ files in the project's format
	@git ls-files '*.cpp' '*.hpp' | xargs clang-format-19 -i

bench: build ## Benchmarks: a table each, figures in build/bench/*.json
	@scripts/bench

bench-vector: deps ## Vector search against pgvector and hnswlib, where they are (ARGS=--full for all of it)
	@python3 bench/vector_search.py $(ARGS)

fuzz: deps ## Run every fuzzer for FUZZ_SECONDS (default 60)
	@scripts/fuzz

coverage: deps ## Line coverage of unit and integration tests, by context
	@scripts/coverage

clean: ## Delete everything that was built
	@rm -rf build

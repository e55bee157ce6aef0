# `make demo` and `make test` need the Swift toolchain and nothing else: they install what they lack.

# SwiftPM keeps the evaluated manifest by its text and the environment; the folders under Plugins/ decide it too.
export SALLYPORT_ADAPTERS := $(sort $(notdir $(wildcard Plugins/*)))

BUILD_PACKAGES = libsqlite3-dev libssl-dev curl
TEST_PACKAGES = $(BUILD_PACKAGES) python3-venv glewlwyd sqlite3 nginx-light openssl procps
BENCH_PACKAGES = $(BUILD_PACKAGES) nginx-light wrk procps
SWIFT_FOLDERS = Package.swift Sources Plugins Tests Benchmarks

.PHONY: build demo test lint format bench bench-http bench-audit bench-policy clean

build:
	@scripts/install-packages.sh $(BUILD_PACKAGES)
	swift build

demo:
	@scripts/install-packages.sh $(BUILD_PACKAGES)
	swift build --product sallyport
	.build/debug/sallyport demo

test:
	@scripts/install-packages.sh $(TEST_PACKAGES)
	@scripts/test-venv.sh
	swift build --build-tests
	swift test --skip-build

lint:
	swift format lint --strict --parallel --recursive $(SWIFT_FOLDERS)

format:
	swift format --in-place --parallel --recursive $(SWIFT_FOLDERS)

bench: bench-policy bench-audit bench-http

bench-http:
	@scripts/install-packages.sh $(BENCH_PACKAGES)
	swift build -c release --product sallyport
	python3 Benchmarks/http_benchmark.py

bench-audit:
	@scripts/install-packages.sh $(BUILD_PACKAGES)
	swift run -c release audit-benchmark

bench-policy:
	@scripts/install-packages.sh $(BUILD_PACKAGES)
	swift run -c release policy-benchmark

clean:
	rm -rf .build .build-* .venv-test demo-state

# `make demo` and `make test` need the Swift toolchain and nothing else: they install what they lack.

# SwiftPM keeps the evaluated manifest by its text and the environment; which modules there are decides it too.
export SALLYPORT_MODULES := $(sort $(notdir $(wildcard Plugins/* Sources/* Tests/*)))

BUILD_PACKAGES = libsqlite3-dev libssl-dev libpq-dev libpg-query-dev libprotobuf-c-dev curl
TEST_PACKAGES = $(BUILD_PACKAGES) python3-venv glewlwyd sqlite3 nginx-light openssl procps \
	postgresql postgresql-client default-jdk-headless libpostgresql-jdbc-java \
	openssh-server openssh-client rsync git golang-go golang-golang-x-mod-dev e2fsprogs
DEMO_PACKAGES = $(BUILD_PACKAGES) postgresql postgresql-client openssh-server openssh-client
BENCH_PACKAGES = $(BUILD_PACKAGES) nginx-light wrk procps postgresql pgbouncer openssh-server openssh-client
# Every suite at once has hundreds of servers start at once: on two cores they then wait for one another.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= 4

SWIFT_FOLDERS = Package.swift Sources Plugins Tests Benchmarks Fuzzing

.PHONY: build demo test lint format fuzz bench bench-http bench-postgres bench-ssh bench-audit bench-search bench-originals bench-policy clean

build:
	@scripts/install-packages.sh $(BUILD_PACKAGES)
	swift build

demo:
	@scripts/install-packages.sh $(DEMO_PACKAGES)
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

# How long each, in seconds. What is found lies in .build-fuzz/found; a test that shows it belongs into the suite.
FUZZ_SECONDS ?= 60

FUZZERS ?= postgres ssh

fuzz: $(FUZZERS:%=fuzz-%)

fuzz-%:
	@scripts/install-packages.sh $(BUILD_PACKAGES)
	SALLYPORT_FUZZING=1 swift build --scratch-path .build-fuzz --sanitize fuzzer --product $*-fuzzer
	mkdir -p .build-fuzz/corpus/$* .build-fuzz/found/$*
	SWIFT_BACKTRACE=enable=no .build-fuzz/debug/$*-fuzzer -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=10 \
		-artifact_prefix=.build-fuzz/found/$*/ .build-fuzz/corpus/$*

bench: bench-policy bench-audit bench-search bench-http bench-postgres bench-originals bench-ssh

bench-http:
	@scripts/install-packages.sh $(BENCH_PACKAGES)
	swift build -c release --product sallyport
	python3 Benchmarks/http_benchmark.py

bench-postgres:
	@scripts/install-packages.sh $(BENCH_PACKAGES)
	swift build -c release --product sallyport
	swift build -c release --product relay-benchmark
	python3 Benchmarks/postgres_benchmark.py

bench-ssh:
	@scripts/install-packages.sh $(BENCH_PACKAGES)
	swift build -c release --product sallyport
	python3 Benchmarks/ssh_benchmark.py

bench-audit:
	@scripts/install-packages.sh $(BUILD_PACKAGES)
	swift run -c release audit-benchmark

# A log of 10 million entries takes 6 GB of the temporary folder for a while; AUDIT_BENCH_ENTRIES makes it smaller.
bench-search:
	@scripts/install-packages.sh $(BUILD_PACKAGES)
	swift run -c release audit-benchmark search

# What sealing originals adds to masking.
bench-originals:
	@scripts/install-packages.sh $(BENCH_PACKAGES)
	swift build -c release --product sallyport
	python3 Benchmarks/originals_benchmark.py

bench-policy:
	@scripts/install-packages.sh $(BUILD_PACKAGES)
	swift run -c release policy-benchmark

clean:
	rm -rf .build .build-* .venv-test demo-state

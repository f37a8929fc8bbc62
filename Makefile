# SPDX-License-Identifier: BSD-2-Clause
SWIFT ?= swift
# The clang of the Swift toolchain has a BPF target; the system's clang often lacks it.
CLANG ?= $(firstword $(wildcard $(dir $(shell command -v $(SWIFT)))clang) clang)
# Seconds.
TIME ?= 30
# The destination of `make install`.
PREFIX ?= /usr/local
# All tests use Swift Testing; without the first flag, they start a second time for XCTest. Without optimization they take
# several times as long. A folder of its own keeps the build of plain `swift build` and `swift test`.
TEST_FLAGS ?= --disable-xctest --scratch-path .build/tests -Xswiftc -O

TOOL := .build/release/bpf-patch-fuzz
STATIC_TOOL := .build/static/release/bpf-patch-fuzz
SEEDS := $(patsubst Seeds/%.c,.build/seeds/%.o,$(wildcard Seeds/*.c))

.DEFAULT_GOAL := help
.PHONY: help setup build static deb deb-test install run test test-long vm-test faulty-kernel-test lint seeds clean \
    fuzz-targets fuzz-test docs cluster-test guide-test

help: ## Print the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## Install missing packages (libbpf, pkg-config, objects of libxdp).
	@.ci/setup

build: setup ## Build the tool in release mode.
	$(SWIFT) build -c release --product bpf-patch-fuzz

# Only a static link must name the libraries that libbpf needs.
static: setup ## Build the tool as one static file, for other machines; it cannot load plug-ins (--plugin).
	$(SWIFT) build --scratch-path .build/static -c release --product bpf-patch-fuzz --static-swift-stdlib \
	    -Xswiftc -static-executable -Xlinker --strip-debug $(addprefix -Xlinker ,$(shell pkg-config --static --libs-only-l libbpf))
	@echo $(STATIC_TOOL)

# Debian has no package of the Swift libraries, so they are in the executable. It still loads plug-ins.
deb: setup ## Make a Debian package in .build, for this release of Debian.
	$(SWIFT) build --scratch-path .build/deb -c release --product bpf-patch-fuzz --static-swift-stdlib
	Packaging/deb .build/deb/release/bpf-patch-fuzz .build

deb-test: deb ## Install the package in a bare Debian 12, and run it there (root only).
	Packaging/test "$$(ls -t .build/bpf-patch-fuzz_*.deb | head -n 1)"

HEADERS := $(wildcard Sources/CBPFPatcher/include/*.h)
SHARE := $(DESTDIR)$(PREFIX)/share

# Installs the last build, so that root needs no compiler. The tool itself makes its manual and completions.
install: ## Install the tool, its manual, completions, and the headers of the C ABI below PREFIX (/usr/local).
	@test -x $(TOOL) || test -x $(STATIC_TOOL) || { \
	    echo "make install: there is no $(TOOL); run make build or make static first" >&2; exit 1; }
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/include $(SHARE)/pkgconfig $(SHARE)/man/man1 \
	    $(SHARE)/bash-completion/completions $(SHARE)/zsh/site-functions $(SHARE)/fish/vendor_completions.d
	install -m 755 "$$(ls -t $(TOOL) $(STATIC_TOOL) 2>/dev/null | head -n 1)" $(DESTDIR)$(PREFIX)/bin/bpf-patch-fuzz
	install -m 644 $(HEADERS) $(DESTDIR)$(PREFIX)/include
	Packaging/manual $(DESTDIR)$(PREFIX)/bin/bpf-patch-fuzz >$(SHARE)/man/man1/bpf-patch-fuzz.1
	$(DESTDIR)$(PREFIX)/bin/bpf-patch-fuzz --generate-completion-script bash \
	    >$(SHARE)/bash-completion/completions/bpf-patch-fuzz
	$(DESTDIR)$(PREFIX)/bin/bpf-patch-fuzz --generate-completion-script zsh >$(SHARE)/zsh/site-functions/_bpf-patch-fuzz
	$(DESTDIR)$(PREFIX)/bin/bpf-patch-fuzz --generate-completion-script fish \
	    >$(SHARE)/fish/vendor_completions.d/bpf-patch-fuzz.fish
	printf '%s\n' 'prefix=$(PREFIX)' 'includedir=$${prefix}/include' '' 'Name: bpf_patcher' \
	    'Description: C ABI of a BPF instruction patcher under test' 'Version: 1' 'Cflags: -I$${includedir}' \
	    >$(DESTDIR)$(PREFIX)/share/pkgconfig/bpf_patcher.pc

# The recipe looks for the objects when it runs, since `setup` may have just installed them.
run: build ## Fuzz for TIME seconds (30), with the programs of libxdp or, without these, of Seeds.
	@set --; \
	for object in /usr/lib/*/bpf/*.o; do \
	    if [ -e "$$object" ]; then set -- "$$@" --objects "$$object"; fi; \
	done; \
	if [ $$# -eq 0 ] && $(MAKE) --no-print-directory seeds; then \
	    for object in $(SEEDS); do set -- "$$@" --objects "$$object"; done; \
	fi; \
	echo "$(TOOL) run --time $(TIME) $$*"; \
	exec $(TOOL) run --time $(TIME) "$$@"

# The tests run the tool of `make build`, as users do.
test: export BPF_PATCH_FUZZ_TOOL := $(abspath $(TOOL))
test: build ## Run the tests, except the long ones.
	$(SWIFT) test $(TEST_FLAGS)

# The long suites have names that end in EnduranceTests; without the variable they are skipped.
# Without apt, or on another processor, Debian has no kernel to boot.
test-long: export BPF_PATCH_FUZZ_TOOL := $(abspath $(TOOL))
test-long: build ## Run the long tests: hundreds of kills, more random cases, and virtual machines.
	LONG_TESTS=1 $(SWIFT) test $(TEST_FLAGS) --filter EnduranceTests
	@if .ci/setup vm; then \
	    $(MAKE) --no-print-directory static && Tests/VirtualMachine/test; \
	else \
	    echo "test-long: SKIPPED: the test in virtual machines, for the reason above" >&2; \
	fi

vm-test: ## Run only the test in virtual machines, on Debian's kernels (3 minutes, 8 without KVM, and a build).
	@.ci/setup vm
	@$(MAKE) --no-print-directory static
	Tests/VirtualMachine/test

# Too long for the other tests: about a minute for each fault.
faulty-kernel-test: ## Test that kernel run finds each planted fault of a kernel (Tests/FaultyKernel; an hour or two).
	@.ci/setup faulty
	@$(MAKE) --no-print-directory static
	Tests/FaultyKernel/build
	Tests/FaultyKernel/test

docs: ## Make the documentation of the library modules with DocC, to .build/docs.
	Packaging/docs

cluster-test: build ## Test the scripts for Slurm and Kubernetes; needs slurm-wlm and Tests/Formats/fetch.
	Tests/Clusters/test-slurm $(TOOL) || [ $$? -eq 4 ]
	Tests/Clusters/test-kubernetes $(TOOL) || [ $$? -eq 4 ]

guide-test: build ## Follow the guide FiveMinutes.md; needs Debian's linux-source-6.12.
	Tests/Guide/test $(TOOL) || [ $$? -eq 4 ]

FUZZ_FLAGS ?= --sanitize=fuzzer
fuzz-targets: setup ## Build the libFuzzer targets of Tests/FuzzTargets.
	$(SWIFT) build --package-path Tests/FuzzTargets -c release $(FUZZ_FLAGS)

fuzz-test: fuzz-targets ## Test the libFuzzer targets, also under AFL++, and their build for ClusterFuzzLite.
	Tests/FuzzTargets/test
	Tests/FuzzTargets/test-afl
	Tests/FuzzTargets/test-build

# A rewriting tool must be able to use BPF and Patching without Foundation, the C library or libbpf.
lint: ## Check the style, the imports of BPF and Patching, and the words of comments and messages.
	$(SWIFT) format lint --strict -r Sources Tests Package.swift
	@! grep -rnE '^[^/"]*\bimport ' Sources/BPF Sources/Patching --include='*.swift' | grep -v ':import BPF$$'
	Tests/Lint/idioms

seeds: $(SEEDS) ## Compile the BPF programs of Seeds to .build/seeds.

# Debian's asm/types.h is in a folder for each architecture, which clang does not search for the BPF target.
.build/seeds/%.o: Seeds/%.c
	@mkdir -p $(@D)
	$(CLANG) --target=bpf -O2 -g -mcpu=v4 -Wall -idirafter /usr/include/$(shell uname -m)-linux-gnu -c $< -o $@

clean: ## Remove all build products.
	rm -rf .build

# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
# VPIO: builds the tool, the models and the module into build/; demonstrates and tests them.
# `make help` lists what can be made.

CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Werror
STD := -std=gnu11
CLANG := clang
B := build
# make V=1 shows the commands
say = $(if $(V),,@printf '  %-8s %s\n' '$(1)' '$@';)

CORE := $(wildcard core/*.c)
# (LANG would change the locale of all that make starts)
COMPILER := $(wildcard lang/*.c)
TOOL := $(wildcard tool/*.c tool/*/*.c)
TOOL_LIBS := -ljson-c -lncurses -luuid
SIM := $(wildcard sim/*.c)
HEADERS := $(wildcard core/*.h lang/*.h tool/*.h tool/*/*.h sim/*.h tests/*.h tests/lang/*.h)
KERNEL := $(wildcard kernel/*)
MODELS := $(patsubst models/%.vpm,$B/models/%.vpb,$(wildcard models/*.vpm))

SANITIZE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all

# (gcc sees fewer values through this one, and warns of some that are set)
THREAD_SANITIZE := -Wno-maybe-uninitialized -O1 -g -fno-omit-frame-pointer -fsanitize=thread

.SECONDARY:
.PHONY: all setup tool models module module-6.12 deb test-deb demo test soak bench pictures format clean help
.DELETE_ON_ERROR:

all: tool models module ## the tool, the models and the module

help: ## this list
	@sed -n 's/^\([a-z][a-z0-9.-]*\):.* ## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

# --- Set-up: what is missing of Debian's packages, and kernels for the rig ---------------------

setup: $B/setup.done ## installs missing packages, fetches the rig's kernels

$B/setup.done: rig/setup rig/packages
	rig/setup
	@touch $@

# --- The core as a library, the tool, the models ------------------------------------------------

tool: $B/vpio ## build/vpio, the command

$B/obj/%.o: %.c $(HEADERS) | $B/setup.done
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(STD) $(CPPFLAGS) $(CFLAGS) $(WARN) -c $< -o $@

$B/libvpio.a: $(CORE:%.c=$B/obj/%.o)
	$(call say,AR)$(AR) rcs $@ $^

$B/vpio: $(TOOL:%.c=$B/obj/%.o) $(COMPILER:%.c=$B/obj/%.o) $B/libvpio.a
	$(call say,LINK)$(CC) $(CFLAGS) $(LDFLAGS) $^ $(TOOL_LIBS) -o $@

models: $(MODELS) ## build/models/*.vpb, and build/firmware/ as the module looks for them

$B/models/%.vpb: models/%.vpm $B/vpio
	@mkdir -p $(@D) $B/firmware/vpio
	$(call say,MODEL)$B/vpio model compile $< -o $@
	@cp $@ $B/firmware/vpio/$$($B/vpio model id $@).vpb

# Models that only tests use.
TEST_MODELS := $(patsubst tests/models/%.vpm,$B/test-models/%.vpb,$(wildcard tests/models/*.vpm))

$B/test-models/%.vpb: tests/models/%.vpm $B/vpio
	@mkdir -p $(@D)
	$(call say,MODEL)$B/vpio model compile $< -o $@

# --- The module ---------------------------------------------------------------------------------

KDIR ?= $B/rig/6.1/kdir
module: $B/kernel/vpio.ko ## build/kernel/vpio.ko for the rig's kernel, or KDIR's
module-6.12: $B/kernel-6.12/vpio.ko ## the same against 6.12's headers

$B/kernel/vpio.ko: $(KERNEL) $(CORE) $(HEADERS) | $B/setup.done
	$(call say,MODULE)kernel/build $(KDIR) $(@D)

$B/kernel-6.12/vpio.ko: $(KERNEL) $(CORE) $(HEADERS) | $B/setup.done
	$(call say,MODULE)kernel/build $B/rig/6.12/kdir $(@D)

# --- Packages -----------------------------------------------------------------------------------

# They are built from a copy: dpkg-buildpackage builds in the tree that it is in, and leaves the packages beside
# it.
deb: ## Debian packages: build/deb/vpio_*.deb, build/deb/vpio-dkms_*.deb
	@rig/setup deb
	@rm -rf $B/deb && mkdir -p $B/deb/vpio
	@tar -c --exclude=./build --exclude=./.git . | tar -x -C $B/deb/vpio
	$(call say,DEB)cd $B/deb/vpio && DEB_BUILD_OPTIONS=noautodbgsym dpkg-buildpackage -b -us -uc >../log 2>&1 || \
		{ tail -n 40 ../log; echo "make deb: failed; all of it is in $B/deb/log" >&2; exit 1; }
	@rm -rf $B/deb/vpio
	@ls $B/deb/*.deb

test-deb: deb ## installs them in a fresh Debian, builds the module for 6.1 and 6.12, purges (root, 5 minutes)
	@tests/deb

# --- Demonstration, tests, figures --------------------------------------------------------------

demo: all ## two stock guests share one card, in a virtual host
	@rig/run rig/demo

# Tests and fuzzers: everything they need is compiled once, with sanitizers, by gcc and by clang.
SUPPORT := $(filter-out tests/test_% tests/fuzz_% tests/soak%,$(wildcard tests/*.c))
SOAK := $(wildcard tests/soak*.c)
PARTS := $(CORE) $(COMPILER) $(SIM) $(SUPPORT)

$B/asan/%.o: %.c $(HEADERS) | $B/setup.done
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(STD) $(SANITIZE) $(WARN) -c $< -o $@

$B/fuzz-obj/%.o: %.c $(HEADERS) | $B/setup.done
	@mkdir -p $(@D)
	$(call say,CLANG)$(CLANG) $(STD) $(SANITIZE) -fsanitize=fuzzer-no-link $(WARN) -c $< -o $@

# Those of the tool have its commands, too, all but main().
TOOL_TESTS := $(patsubst tests/%.c,$B/test/%,$(wildcard tests/test_tool_*.c))
$(TOOL_TESTS): $(patsubst %.c,$B/asan/%.o,$(filter-out tool/vpio.c,$(TOOL)))
$(TOOL_TESTS): LIBS := $(TOOL_LIBS)

$B/test/%: $B/asan/tests/%.o $(PARTS:%.c=$B/asan/%.o)
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(SANITIZE) $^ $(LIBS) -lcmocka -o $@

$B/test/%: $B/asan/tests/lang/%.o $(PARTS:%.c=$B/asan/%.o)
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(SANITIZE) $^ -lcmocka -o $@

$B/fuzz/%: $B/fuzz-obj/tests/%.o $(PARTS:%.c=$B/fuzz-obj/%.o)
	@mkdir -p $(@D)
	$(call say,LINK)$(CLANG) $(SANITIZE) -fsanitize=fuzzer $^ -o $@

# The soak in one thread, and in many.
$B/soak: $(SOAK:%.c=$B/asan/%.o) $(PARTS:%.c=$B/asan/%.o)
	$(call say,LINK)$(CC) $(SANITIZE) $^ -o $@

$B/tsan/%.o: %.c $(HEADERS) | $B/setup.done
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(STD) $(WARN) $(THREAD_SANITIZE) -c $< -o $@

$B/soak-threads: $(patsubst %.c,$B/tsan/%.o,$(SOAK) $(CORE) $(SIM) $(SUPPORT))
	$(call say,LINK)$(CC) $(THREAD_SANITIZE) $^ -pthread -o $@

# What the benchmarks count and time in user space.
$B/access $B/frames $B/traffic: $B/%: bench/%.c $(SUPPORT) $(SIM) $(CORE) $(HEADERS) | $B/setup.done
	$(call say,LINK)$(CC) $(STD) $(CFLAGS) $(WARN) $(filter %.c,$^) -o $@

$B/compile: bench/compile.c $(COMPILER) $(CORE) $(HEADERS) | $B/setup.done
	$(call say,LINK)$(CC) $(STD) $(CFLAGS) $(WARN) $(filter %.c,$^) -o $@

HOSTILE := $(wildcard rig/hostile/*.c)
$B/rig/hostile: $(HOSTILE) $(wildcard rig/hostile/*.h) tests/edu.h tests/jain.h | $B/setup.done
	$(call say,LINK)$(CC) $(STD) $(CFLAGS) $(WARN) -static -pthread $(HOSTILE) -o $@

UNIT := $(patsubst %.c,$B/test/%,$(notdir $(wildcard tests/test_*.c tests/lang/test_*.c)))
FUZZ := $(patsubst tests/%.c,$B/fuzz/%,$(wildcard tests/fuzz_*.c))

test: all $(TEST_MODELS) $(UNIT) $(FUZZ) $B/soak $B/soak-threads $B/rig/hostile $B/access $B/traffic $B/frames module-6.12 ## everything; the last line counts what passed
	@tests/run

# Names are those of tests/run, lines of figures begin with #.
SOAKS := soak-rtl8139 soak-edu soak-threads-rtl8139 soak-threads-edu rig-soak-rtl8139 rig-soak-edu
soak: all $B/soak $B/soak-threads $B/rig/hostile ## sixteen tenants on one device, honest and hostile: 5 minutes each, with a report
	@VPIO_SOAK_SECONDS=$${VPIO_SOAK_SECONDS:-300} tests/run $(SOAKS); status=$$?; \
		grep -h '^#' $(SOAKS:%=$B/test-logs/%.log); exit $$status

bench: all $B/access $B/frames $B/traffic $B/compile $B/rig/hostile ## VPIO beside its peers: build/bench/report.html (BENCH=NAME for one part)
	@bench/run $(BENCH)

baseline: models $B/access $B/frames $B/traffic ## makes bench/baseline.json anew, from which no counted figure may get worse
	@bench/guard renew

pictures: ## renew docs/pictures/*.svg
	docs/pictures/draw

format: ## put all C files into the house's format
	clang-format -i $(wildcard */*.c */*.h tool/*/*.c tool/*/*.h tests/lang/*.c)

clean: ## remove what was built, but not the rig's kernels
	rm -rf $(filter-out $B/rig $B/setup.done,$(wildcard $B/*))

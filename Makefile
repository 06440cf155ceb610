# Khiên. `make help` lists the targets; docs/ and CONTRIBUTING.md say the rest.
.DEFAULT_GOAL := all
.NOTPARALLEL:
.PHONY: help all run test bench lint format clang fuzz clean packages test-packages third web build-all

DATA ?= ./var
JOBS ?= 2
T ?= frame
MIN ?= 1

# The first of several names that this machine has.
first = $(firstword $(foreach c,$(1),$(if $(shell command -v $(c)),$(c))) $(lastword $(1)))
CLANG = $(call first,clang-14 clang)
CLANG_FORMAT = $(call first,clang-format-14 clang-format)
CLANG_TIDY = $(call first,clang-tidy-14 clang-tidy)

SOURCES = $(shell find src tests fuzz bench -name '*.[ch]' 2>/dev/null)
WEB_SOURCES = $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print 2>/dev/null)

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "Variables: DATA=$(DATA) (make run)  JOBS=$(JOBS)  T=$(T) MIN=$(MIN) (make fuzz)"

all: packages third web build-all ## build khiend and khien into build/

run: all ## build, then start the node in the foreground with its data in DATA
	@mkdir -p $(DATA)
	build/khiend --data $(DATA)

test: test-packages third web build-all build-asan/build.ninja build-tsan/build.ninja build-clang/build.ninja ## every test; the last line is "N passed, N failed"
	ninja -j$(JOBS) -C build-asan
	@python3 scripts/run_tests.py --jobs $(JOBS) --meson build-asan --meson build-tsan:concurrent --meson build-clang:sandbox \
	    $(if $(wildcard web/package.json),--command 'console: types' web 'npm run --silent check' \
	    --command 'console: texts' web 'npm run --silent test' --command 'console: size' web 'npm run --silent size' \
	    --command 'console: pages' . 'node tests/browser/pages.mjs --quick' \
	    --command 'console: flows' . 'node tests/browser/flows.mjs' \
	    --command 'console: the road' . 'node tests/browser/road.mjs build/src/khiend/khiend --quick')

bench: all ## measure; results in bench/out/
	@ninja -j$(JOBS) -C build bench/gen_corpus
	@python3 bench/run.py

lint: clang ## format, clang-tidy, house rules, types of the console
	python3 scripts/check_floors.py
	python3 scripts/check_style.py
	python3 scripts/check_headers.py $(CLANG)
	@$(CLANG_FORMAT) --version | grep -q 'version 14\.' || echo "lint: the format is checked with clang-format 14 only"
	$(CLANG_FORMAT) --version | grep -qv 'version 14\.' || $(CLANG_FORMAT) --dry-run --Werror $(SOURCES)
	find src -name '*.c' | sort | xargs -P $(JOBS) -n 4 $(CLANG_TIDY) -p build-clang --quiet 2>/dev/null
	$(if $(wildcard web/package.json),cd web && npm run --silent check)

format: test-packages ## lay out every C file
	$(CLANG_FORMAT) -i $(SOURCES)

clang: test-packages third web build-clang/build.ninja ## build everything with clang
	ninja -j$(JOBS) -C build-clang

fuzz: test-packages third build-fuzz/build.ninja ## run fuzz target T for MIN minutes; what breaks stays in build-fuzz/
	ninja -j$(JOBS) -C build-fuzz fuzz/fuzz_$(T)
	@mkdir -p build-fuzz/corpus/$(T) fuzz/corpus/$(T)
	build-fuzz/fuzz/fuzz_$(T) -max_total_time=$$(($(MIN) * 60)) -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
	    -artifact_prefix=build-fuzz/$(T)- build-fuzz/corpus/$(T) fuzz/corpus/$(T)

clean: ## remove everything that was built; data and node_modules stay
	rm -rf build build-asan build-tsan build-clang build-fuzz web/dist

# What the targets above are made of.

packages:
	@scripts/install_deps.sh packaging/debian-packages.txt

test-packages:
	@scripts/install_deps.sh packaging/debian-packages.txt packaging/debian-packages-test.txt

third: $(if $(wildcard third/package-lock.json),third/node_modules/.stamp)
web: $(if $(wildcard web/package-lock.json),web/dist/.stamp)

# npm ci refuses a lock file that lacks the packages of platforms which the registry at hand does not offer; install
# takes the same pinned versions.
NPM_FLAGS = --ignore-scripts --no-audit --no-fund
%/node_modules/.stamp: %/package-lock.json
	cd $* && { npm ci $(NPM_FLAGS) --loglevel=silent || npm install --no-save $(NPM_FLAGS) --loglevel=error; }
	@touch $@

web/dist/.stamp: web/node_modules/.stamp $(WEB_SOURCES)
	cd web && npm run --silent build
	@touch $@

build-all: build/build.ninja
	@ninja -j$(JOBS) -C build
	@for p in khiend khien; do if [ -x build/src/$$p/$$p ]; then ln -sf src/$$p/$$p build/$$p; fi; done

build/build.ninja:
	meson setup build -Dtests=false

build-asan/build.ninja:
	meson setup build-asan -Db_sanitize=address,undefined

build-tsan/build.ninja:
	meson setup build-tsan -Db_sanitize=thread

build-clang/build.ninja:
	CC=$(CLANG) meson setup build-clang

build-fuzz/build.ninja:
	CC=$(CLANG) meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false

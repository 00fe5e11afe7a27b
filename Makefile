# revlift -- `make help` lists the targets
BUILD  ?= build
PREFIX ?= /usr/local
CC     := $(if $(filter default,$(origin CC)),cc,$(CC))
OPT    ?= -O2 -g
JOBS   ?= $(shell nproc 2>/dev/null || echo 2)
VERSION := $(shell sed -n 's/.*REVLIFT_VERSION "\(.*\)"/\1/p' include/revlift.h)

WARN     := -std=c17 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Werror=implicit-function-declaration -Werror=int-conversion -Werror=incompatible-pointer-types $(WERROR)
CPPFLAGS += -D_GNU_SOURCE -Isrc -Iinclude -DRL_PLOTS_DIR='"$(PREFIX)/share/revlift/plots"'
CFLAGS   += $(WARN) $(OPT) $(SAN) -ffp-contract=off -pthread
LDLIBS   := -Wl,--as-needed -lgsl -lcsv -lyaml -lnettle -lxlsxwriter -lm -ldl

SRC     := $(sort $(wildcard src/*/*.c))
OBJ     := $(SRC:src/%.c=$(BUILD)/obj/%.o)
LIBOBJ  := $(filter-out $(BUILD)/obj/app/main.o,$(OBJ))
TESTS   := $(sort $(wildcard tests/unit/test_*.c tests/property/test_*.c tests/certified/test_*.c))
FUZZ    := $(sort $(wildcard tests/fuzz/fuzz_*.c))
TESTBIN := $(TESTS:tests/%.c=$(BUILD)/tests/%) $(FUZZ:tests/%.c=$(BUILD)/tests/%)
OWN     := $(SRC) $(sort $(wildcard tests/*/*.c))

all: $(BUILD)/revlift  ## build the program and the library

# A change of compiler or flags rebuilds everything.
FLAGS := $(CC) $(CPPFLAGS) $(CFLAGS)
$(BUILD)/flags: FORCE
	@mkdir -p $(@D) && printf '%s\n' '$(subst ','\'',$(FLAGS))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$(FLAGS))' >$@

$(BUILD)/librevlift.a: $(LIBOBJ)
	@rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/revlift: $(BUILD)/obj/app/main.o $(BUILD)/librevlift.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Loops over columns are worth the vectoriser.
$(BUILD)/obj/num/%.o $(BUILD)/obj/model/design.o $(BUILD)/obj/model/missing.o: CFLAGS += $(if $(SAN),,-O3)

$(BUILD)/obj/%.o: src/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/%: tests/%.c $(BUILD)/librevlift.a $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Itests $(CFLAGS) $(LDFLAGS) -MMD -MP -MF $@.d -o $@ $< $(BUILD)/librevlift.a -lcmocka $(LDLIBS)

$(BUILD)/tests/fuzz/fuzz_%: tests/fuzz/fuzz_%.c tests/fuzz/replay.c $(BUILD)/librevlift.a $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< tests/fuzz/replay.c $(BUILD)/librevlift.a $(LDLIBS)

$(BUILD)/bench/%: tests/bench/%.c $(BUILD)/librevlift.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(BUILD)/librevlift.a $(LDLIBS)

$(BUILD)/coverage/%: tests/coverage/%.c $(BUILD)/librevlift.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Itests $(CFLAGS) $(LDFLAGS) -MMD -MP -MF $@.d -o $@ $< $(BUILD)/librevlift.a $(LDLIBS)

$(BUILD)/reproduce: tests/reproduce/reproduce.c $(BUILD)/librevlift.a
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(BUILD)/librevlift.a $(LDLIBS)

tests: $(BUILD)/revlift $(BUILD)/reproduce $(TESTBIN)

demo: deps-demo  ## install what is missing, build, carry out the quarterly study
	@$(MAKE) -s --no-print-directory -j$(JOBS) all
	@tests/demo $(BUILD)/revlift

check: deps  ## every test, warnings as errors; ends with `N passed, N failed`
	@CC='$(CC)' tests/run $(BUILD) $(JOBS)

test: tests  ## unit, property and command-line tests only
	@tests/run --only $(BUILD) $(JOBS)

asan:  ## the same under the address and undefined-behaviour sanitizers
	@$(MAKE) -s --no-print-directory -j$(JOBS) test BUILD=$(BUILD)/asan OPT='-O1 -g' \
	  SAN='-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer'

fuzz:  ## feed noise to the readers, a minute each (clang)
	@tests/fuzz/run $(BUILD)/fuzz

cover:  ## which lines the tests reach
	@$(MAKE) -s --no-print-directory -j$(JOBS) test BUILD=$(BUILD)/cover OPT='-O0 -g' SAN=--coverage
	@gcovr -r . --object-directory $(BUILD)/cover -e tests || echo "install gcovr for the summary"

bench: all $(addprefix $(BUILD)/bench/,timed gen reading after)  ## seconds and memory a row, beside its peers where they are installed
	@tests/bench/run $(BUILD)

golden: all  ## rewrite the expected output of tests/golden
	@tests/golden/run --rewrite $(BUILD)/revlift

reference: all  ## compare with published and peers' numbers on real data
	@tests/reference/run $(BUILD)/revlift

reproduce: all $(BUILD)/reproduce  ## published figures, ours, and the digits they share
	@$(BUILD)/reproduce tests/reproduce/published.txt $${RLV_SHARED:-../shared}/datasets

coverage: all $(BUILD)/coverage/series coverage-choice coverage-rollout  ## do intervals cover the truth of 200 worlds, and of series with lags
	@$(BUILD)/coverage/series $(DRAWS)
	@tests/coverage/run $(BUILD)/revlift

coverage-rollout: $(BUILD)/coverage/rollout  ## .. and of programmes that start in waves, by estimator and options, twenty minutes
	@$< $(DRAWS)

coverage-choice: $(BUILD)/tests/property/test_choice  ## .. and of responses whose form was not known, 24 worlds
	@RL_DRAWS=$(or $(DRAWS),200) $<

sizes: $(BUILD)/tests/property/test_diag  ## how often tests of size 5 % refuse what holds, in 20,000 simulated series
	@RL_DRAWS=$(or $(DRAWS),20000) $<

certified: $(filter $(BUILD)/tests/certified/%,$(TESTBIN))  ## NIST and published tables, digit by digit
	@for t in $^; do $$t || exit 1; done

bounds-table: $(BUILD)/librevlift.a  ## simulate the bounds tests anew, some minutes: src/model/bounds_table.h
	@$(CC) $(CPPFLAGS) $(CFLAGS) -O3 $(LDFLAGS) -o $(BUILD)/simulate-bounds tests/bounds/simulate.c $< $(LDLIBS)
	@$(BUILD)/simulate-bounds >$(BUILD)/bounds_table.h && mv $(BUILD)/bounds_table.h src/model/bounds_table.h

bits:  ## the same bytes from every compiler, CPU and number of threads
	@tests/bits $(BUILD)

floors:  ## who may include whom
	@awk -f tests/floors.awk src/*/*.[ch]

format:  ## lay out the sources as .clang-format says
	@clang-format -i $(OWN)

# A node budget keeps it under half a minute.  RL_TRY is beyond the analyser
# (it takes what a successful call sets for null or unset), so of its core
# checks only those that do not need it are on.
ANALYSER = -Xclang -analyzer-werror -Xclang -analyzer-config -Xclang max-nodes=20000 \
           -Xclang -analyzer-disable-checker -Xclang core,unix.API \
           -Xclang -analyzer-checker -Xclang core.NonNullParamChecker,core.StackAddressEscape,core.VLASize
lint:  ## house rules, and the clang static analyser
	@awk -f tests/house.awk src/*/*.[ch] && awk -f tests/names.awk CONTRIBUTING.md src/model/est.c src/*/*.c; status=$$?; \
	  printf '%s\n' $(SRC) | xargs -P $(JOBS) -n 1 clang --analyze $(ANALYSER) -std=c17 $(CPPFLAGS) -o /dev/null && exit $$status

man: $(BUILD)/revlift  ## write the manual page, build/revlift.1
	@$(BUILD)/revlift man >$(BUILD)/revlift.1 && echo $(BUILD)/revlift.1

deps:  ## install the Debian packages that are missing
	@.ci/deps check
deps-demo:
	@.ci/deps demo

install: all man  ## put everything under PREFIX (default /usr/local)
	install -d $(addprefix $(DESTDIR)$(PREFIX)/,bin lib include share/man/man1 share/revlift/plots share/revlift/models)
	install -m 755 $(BUILD)/revlift $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(BUILD)/librevlift.a $(DESTDIR)$(PREFIX)/lib
	install -m 644 include/revlift.h $(DESTDIR)$(PREFIX)/include
	install -m 644 $(BUILD)/revlift.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 $(wildcard plots/*) $(DESTDIR)$(PREFIX)/share/revlift/plots
	install -m 644 $(wildcard models/*) $(DESTDIR)$(PREFIX)/share/revlift/models

clean:  ## remove what was built
	rm -rf $(BUILD)

help:  ## this list
	@echo "revlift $(VERSION)"
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  \1|\2/p' Makefile | awk -F'|' '{ printf "%-12s %s\n", $$1, $$2 }'

-include $(OBJ:.o=.d) $(TESTBIN:=.d)
FORCE:
.PHONY: all tests demo check test asan fuzz cover bench golden reference reproduce coverage coverage-choice coverage-rollout sizes certified bits floors format lint man deps bounds-table \
        deps-demo install clean help FORCE

# Makefile -- build revlift
BUILD ?= build
CC ?= cc
OPT ?= -O2 -g
WARN = -std=c17 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
CPPFLAGS += -D_GNU_SOURCE -Isrc -Iinclude
CFLAGS += $(WARN) $(OPT) $(SAN) -ffp-contract=off -pthread
LDLIBS = -lgsl -lopenblas -lcsv -lyaml -lnettle -lm

SRC := $(sort $(wildcard src/*/*.c))
OBJ := $(SRC:src/%.c=$(BUILD)/obj/%.o)
LIBOBJ := $(filter-out $(BUILD)/obj/app/main.o,$(OBJ))
UNIT := $(sort $(wildcard tests/unit/test_*.c tests/property/test_*.c))
TESTBIN := $(UNIT:tests/%.c=$(BUILD)/tests/%)

all: $(BUILD)/revlift

$(BUILD)/librevlift.a: $(LIBOBJ)
	rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/revlift: $(BUILD)/obj/app/main.o $(BUILD)/librevlift.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/%: tests/%.c $(BUILD)/librevlift.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -Itests $(CFLAGS) -MMD -MP -o $@ $< $(BUILD)/librevlift.a -lcmocka $(LDLIBS)

-include $(OBJ:.o=.d)
.PHONY: all

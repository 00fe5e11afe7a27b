/* tests/unit/own_place.h -- own_ctx.h, and an empty folder `place` that the tests of a report write into.
 *
 *   cmocka_run_group_tests(tests, setup_place, teardown_place)
 *
 * What the tests write they take away again: a folder that is not empty behind them fails the group.  Charts are
 * drawn by the templates of the tree the tests are run in.
 */
#ifndef RL_TESTS_OWN_PLACE_H
#define RL_TESTS_OWN_PLACE_H

#include <stdlib.h>
#include <unistd.h>

#include "out/outdir.h"
#include "own_ctx.h"

static char place[] = "/tmp/revlift-test-XXXXXX";

static inline int setup_place(void **state)
{
    if (access("plots/theme.gp", R_OK) == 0) setenv("RLV_PLOTS", "plots", 0);
    return setup(state) == 0 && mkdtemp(place) ? 0 : -1;
}

static inline int teardown_place(void **state)
{
    return teardown(state) == 0 ? rmdir(place) : -1;
}

/* An output directory in it; abandoned, it is gone. */
static inline rl_outdir *opened(const char *name)
{
    rl_outdir *o;
    CHECK_OK(rl_outdir_open(rl_sprintf(cx.keep, "%s/%s", place, name), &o, &cx), &cx);
    return o;
}

/* A part of the directory's workbook w.xlsx, unpacked. */
static inline const char *unzipped(const rl_outdir *o, const char *part)
{
    FILE *f = popen(rl_sprintf(cx.keep, "unzip -p '%s/w.xlsx' '%s'", o->path, part), "r");
    char *text = rl_alloc(cx.keep, 400000, 1);
    assert_non_null(f);
    text[fread(text, 1, 399999, f)] = '\0';
    assert_int_equal(pclose(f), 0);
    return text;
}

#endif

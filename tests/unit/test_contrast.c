#include "model/contrast.h"

#include <string.h>
#include "own_ctx.h"

enum { M = 9 };

/* event -2 .. 2, att (2004, 2005), att (2004, 2006), group 2004Q1 as text, overall */
static const rl_label *labels(void)
{
    static rl_label l[M];
    for (int j = 0; j < 5; j++) {
        l[j] = rl_label_of("event");
        l[j].event = j - 2;
    }
    for (int j = 5; j < 7; j++) {
        l[j] = rl_label_of("att");
        l[j].group = 2004;
        l[j].time = 2000 + j;
        l[j].event = j - 4;
    }
    l[7] = rl_label_of("group");
    l[7].group = 8017;
    l[7].group_text = "2004Q1";
    l[8] = rl_label_of("overall");
    return l;
}

static void sums(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double want[M];
    } CASE[] = {
        {"mean(event 0:2) - mean(event -2:-1)", {-.5, -.5, 1. / 3, 1. / 3, 1. / 3}},
        {"event 2 - event 0", {0, 0, -1, 0, 1}},
        {"-event -2", {-1}},
        {"2*sum(event 1:2) + overall", {0, 0, 0, 2, 2, 0, 0, 0, 1}},
        {"mean(att group 2004 time 2005:2006)", {0, 0, 0, 0, 0, .5, .5}},
        {"att event 2 - att time 2005", {0, 0, 0, 0, 0, -1, 1}},
        {"group 2004Q1 - .5 * overall", {0, 0, 0, 0, 0, 0, 0, 1, -.5}},
        {"mean(event)", {.2, .2, .2, .2, .2}},
        {"sum(att group 2001:2009)", {0, 0, 0, 0, 0, 1, 1}},
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        double row[M] = {0};
        CHECK_OK(rl_contrast_read(CASE[i].text, labels(), M, row, &cx), &cx);
        for (size_t j = 0; j < M; j++) CHECK_DIGITS(row[j], CASE[i].want[j], 15);
    }
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } CASE[] = {
        {"", "should stand here"},
        {"mean event 1", "'('"},
        {"mean(event 1:2", "')'"},
        {"mean(events 1)", "event, calendar"},
        {"event 0:2", "several estimates"},
        {"mean(event 7:9)", "no estimate"},
        {"event x", "should stand here"},
        {"2 event 1", "'*'"},
        {"event 1 overall", "+, - or"},
        {"calendar 2005", "no estimate"},
        {"event 1, event 2", "+, - or"},
        {"mean(event 1:9)", "at the end of this range, event 9"},
        {"sum(event -5:0)", "at the start of this range, event -5"},
        {"mean(att group 2004 time 2005:2011)", "at the end of this range, time 2011"},
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        double row[M] = {0};
        cx.err = (rl_err){0};
        rl_code code = rl_contrast_read(CASE[i].text, labels(), M, row, &cx);
        assert_int_equal(code, RL_EUSAGE);
        if (strstr(cx.err.what, CASE[i].says) == NULL)
            fail_msg("'%s': \"%s\" does not say \"%s\"", CASE[i].text, cx.err.what, CASE[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sums),
        TEST(refusals),
    };
    return cmocka_run_group_tests_name("contrast", tests, NULL, NULL);
}

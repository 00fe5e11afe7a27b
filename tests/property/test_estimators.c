/* What every estimator of the list owes to those who ask for it by its traits: a new one that misses something fails
 * here before a user finds out. */
#include "unit/starts_fixture.h"

#include "app/opts.h"
#include "model/infer.h"
#include "own_ctx.h"

enum { N = 30, T = 7 };

/* Two cohorts and units never treated; `one`: one cohort. */
static rl_table panel(bool one)
{
    double start[N];
    for (size_t u = 0; u < N; u++) start[u] = u % 3 == 0 ? 4 : u % 3 == 1 && !one ? 5 : (double)NAN;
    return starts_panel(N, T, start, 57, &cx);
}

static bool takes(const rl_estimator *e, const char *word)
{
    return e->takes != NULL && strstr(e->takes, rl_sprintf(cx.tmp, " %s ", word)) != NULL;
}

/* As a study asks it, and with what it cannot do without. */
static rl_request request(const rl_estimator *e)
{
    rl_request r = starts_request(e->name, "y ~ 1");
    r.agg = takes(e, "agg") && !e->no_errors ? RL_AGG_SIMPLE : RL_AGG_DEFAULT;
    r.partition = takes(e, "partition") ? "part" : NULL;
    if (takes(e, "window")) starts_window(&r, -2, 1);
    return r;
}

/* One of several cohorts where it takes them, else of one. */
static rl_result fitted(const rl_request *r, rl_table *t)
{
    rl_result out;
    for (int one = 0; one < 2; one++) {
        *t = panel(one);
        if (rl_estimate_run(r, t, &out, cx.keep, &cx) == RL_OK) return out;
        if (one || strstr(cx.err.what, "takes one start") == NULL) fail_msg("%s: %s", r->estimator->name, cx.err.what);
        rl_forgive(&cx);
    }
    return out;
}

/* .no_lift, or a term `overall` with an error whose weights on the outcomes give the estimate. */
static void carries_a_lift_or_says_why_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < rl_estimator_count(); i++) {
        const rl_estimator *e = rl_estimator_at(i);
        if (!e->needs_cohort) continue;
        if (e->no_lift != NULL) { /* half a sentence behind its name */
            assert_true(strlen(e->no_lift) > 20 && e->no_lift[0] >= 'a' && e->no_lift[0] <= 'z');
            assert_null(strchr(e->no_lift, '.'));
            continue;
        }
        rl_table t;
        rl_request r = request(e);
        r.omega = "overall";
        rl_result f = fitted(&r, &t);
        const rl_estimate *x = fit_find(&f, "overall");
        if (!(x->std_error > 0)) fail_msg("%s: no standard error", e->name);
        if (f.omega == NULL) fail_msg("%s: neither core nor omega, and no .no_lift", e->name);
        double sum = 0;
        for (size_t k = 0; k < f.rows_used; k++) sum += f.omega[k] * rl_table_col(&t, "y")->num[f.row[k]];
        CHECK_DIGITS(sum, x->estimate, 9);
    }
}

static void errors_unless_it_has_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < rl_estimator_count(); i++) {
        const rl_estimator *e = rl_estimator_at(i);
        if (!e->needs_cohort || e->refits) continue; /* those draw them */
        rl_table t;
        rl_request r = request(e);
        rl_result f = fitted(&r, &t);
        bool some = false;
        for (size_t j = 0; j < f.m; j++) some = some || f.est[j].std_error > 0;
        if (some == e->no_errors) fail_msg("%s: .no_errors is not so", e->name);
        assert_int_equal(rl_profile_fits("exact", e), some);
        assert_int_equal(rl_profile_fits("fixest", e), e->regression);
        if (e->regression && !isfinite(f.rmse)) fail_msg("%s: a regression without residuals", e->name);
    }
}

static void weights_unless_it_says_why(void **state)
{
    (void)state;
    for (size_t i = 0; i < rl_estimator_count(); i++) {
        const rl_estimator *e = rl_estimator_at(i);
        if (!e->needs_cohort) continue;
        rl_table t = panel(true);
        rl_request r = request(e);
        r.weights = "w";
        if (e->no_weights == NULL)
            starts_fit(&t, &r, &cx);
        else
            starts_refused(&t, &r, RL_EUSAGE, e->name, rl_sprintf(cx.keep, "takes no weights: %s", e->no_weights), &cx);
    }
}

/* A word of .takes that is no option, or an option that nobody takes. */
static void takes_options_by_their_names(void **state)
{
    (void)state;
    static const char *const OTHERWISE = " cohort treated family compare ";
    bool of_programmes = false;
    for (size_t i = 0; i < rl_estimator_count(); i++) {
        const rl_estimator *e = rl_estimator_at(i);
        if (e->takes == NULL) continue;
        size_t end = strlen(e->takes) - 1;
        if (e->takes[0] != ' ' || e->takes[end] != ' ') fail_msg("%s: .takes needs blanks at both ends", e->name);
        for (const char *p = e->takes + 1; *p != '\0'; p = strchr(p, ' ') + 1) {
            bool known = false;
            const char *word = rl_sprintf(cx.tmp, "%.*s", (int)(strchr(p, ' ') - p), p);
            for (size_t k = 0; k < rl_n_options && !known; k++) {
                const rl_option *o = &rl_options[k];
                known = (o->in & RL_CMD_FIT) != 0 && o->name != NULL && strcmp(o->name, word) == 0;
            }
            if (!known) fail_msg("%s: .takes has '%s', which is no option", e->name, word);
        }
    }
    for (size_t k = 0; k < rl_n_options; k++) {
        const rl_option *o = &rl_options[k];
        bool taken = false;
        if (o->name == NULL) of_programmes = strstr(o->what, "programmes") != NULL;
        if (o->name == NULL || !of_programmes || (o->in & RL_CMD_FIT) == 0) continue;
        if (strstr(OTHERWISE, rl_sprintf(cx.tmp, " %s ", o->name)) != NULL) continue;
        for (size_t i = 0; i < rl_estimator_count() && !taken; i++) taken = takes(rl_estimator_at(i), o->name);
        if (!taken) fail_msg("--%s is in .takes of nobody", o->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_a_lift_or_says_why_not),
        cmocka_unit_test(errors_unless_it_has_none),
        cmocka_unit_test(weights_unless_it_says_why),
        cmocka_unit_test(takes_options_by_their_names),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

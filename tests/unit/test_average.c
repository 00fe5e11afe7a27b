#include "model/response.h"
#include "unit/own_fit.h"

/* N units of T periods: x stays by .55 a period, z acts at once and a period later. */
static rl_table series(size_t N, size_t T, double noise, uint64_t seed)
{
    rl_table t = fit_table(N * T);
    const char **unit = RL_NEW(cx.keep, const char *, t.n), **region = RL_NEW(cx.keep, const char *, t.n);
    fit_num(&t, "t", &cx), fit_num(&t, "x", &cx), fit_num(&t, "z", &cx), fit_num(&t, "y", &cx);
    rl_rng r = rl_rng_for(seed, 5);
    for (size_t u = 0; u < N; u++) {
        double stock = 3, before = 0;
        for (size_t p = 0; p < T; p++) {
            size_t i = u * T + p;
            t.col[0].num[i] = 11 + (double)p;
            double x = t.col[1].num[i] = 2 * rl_uniform(&r) * rl_uniform(&r) * 3, z = rl_normal(&r);
            t.col[2].num[i] = z;
            stock = x + 0.55 * stock;
            t.col[3].num[i] = 4.3 + 0.71 * stock + 0.5 * z + 0.3 * before + noise * rl_normal(&r);
            before = z;
            unit[i] = rl_sprintf(cx.keep, "u%02zu", u);
            region[i] = u % 2 ? "North" : "South";
        }
    }
    fit_text(&t, "unit", unit, &cx);
    fit_text(&t, "region", region, &cx);
    return t;
}

static rl_request asked(const char *formula, const char *what, rl_average_kind over)
{
    rl_request r = fit_request(formula);
    const char **list = RL_NEW(cx.keep, const char *, 1);
    list[0] = what;
    r.response = list, r.n_response = 1, r.time = "t", r.unit = "unit", r.average = over;
    return r;
}

static rl_result answer(const rl_table *t, const char *formula, const char *what, rl_average_kind over)
{
    rl_request r = asked(formula, what, over);
    rl_result out;
    CHECK_OK(rl_estimate_run(&r, t, &out, cx.keep, &cx), &cx);
    return out;
}

static const rl_candidate *form(const rl_average *a, const char *name)
{
    for (size_t k = 0; k < a->n_candidates; k++)
        if (strcmp(a->candidate[k].form, name) == 0) return &a->candidate[k];
    fail_msg("no form '%s'", name);
    return NULL;
}

/* Rows the longest range does not have are not there for any form. */
static rl_table without(const rl_table *t, size_t rows)
{
    rl_table cut = *t;
    cut.col = RL_NEW(cx.keep, rl_col, t->k);
    memcpy(cut.col, t->col, t->k * sizeof *t->col);
    cut.col[3].num = RL_NEW(cx.keep, double, t->n);
    memcpy(cut.col[3].num, t->col[3].num, t->n * sizeof(double));
    for (size_t i = 0; i < rows; i++) cut.col[3].num[i] = NAN;
    return cut;
}

/* Weights are those of the criteria of fits anybody can make; a rate is that of the fit that estimates it. */
static void weights(void **s)
{
    (void)s;
    rl_table t = series(1, 90, 0.9, 3), cut = without(&t, 5);
    rl_result r = answer(&t, "y ~ z + lag( x , 0:5 )", "x", RL_AVERAGE_FORMS);
    const rl_average *a = r.response[0].average;
    assert_int_equal(a->n_candidates, 6 + 3 + 4 + 1);
    double sum = 0;
    for (size_t k = 0; k < a->n_candidates; k++) {
        sum += a->candidate[k].weight;
        assert_null(a->candidate[k].why);
    }
    CHECK_DIGITS(sum, 1, 13);
    static const char *const PLAIN[][2] = {{"y ~ z + lag(x,0:2)", "lag( x ,0:2)"},
                                           {"y ~ z + lag(x,0:5)", "lag( x ,0:5)"},
                                           {"y ~ z + almon(x,0:5,2)", "almon( x ,0:5,2)"}};
    rl_result best = answer(&cut, "y ~ z + adstock(x)", "x,5", RL_AVERAGE_NONE);
    const rl_candidate *stock = form(a, "adstock( x )");
    for (size_t k = 0; k < 3; k++) {
        rl_result one = answer(&cut, PLAIN[k][0], "x,5", RL_AVERAGE_NONE);
        const rl_candidate *c = form(a, PLAIN[k][1]);
        assert_int_equal(one.rows_used, r.rows_used);
        CHECK_DIGITS(c->ic, one.aic, 12);
        CHECK_DIGITS(c->weight / stock->weight, exp((stock->ic - c->ic) / 2), 11);
        CHECK_DIGITS(c->long_run, one.response[0].long_run.est, 10);
        assert_true(isnan(c->rate));
    }
    const rl_estimate *rate = fit_find(&best, "rate::adstock(x)");
    assert_true(fabs(stock->ic - best.aic) < 0.1 && stock->ic >= best.aic - 1e-9);
    assert_true(fabs(stock->rate - rate->estimate) < 0.3 * rate->std_error);
    assert_true(fabs(stock->rate_sd / rate->std_error - 1) < 0.25);
    assert_true(fabs(stock->long_run / best.response[0].long_run.est - 1) < 0.03);
}

/* One figure is that of the others: rows, bands, ends, timing. */
static void figures(void **s)
{
    (void)s;
    rl_table t = series(1, 90, 0.9, 4);
    rl_result r = answer(&t, "y ~ z + lag(x,0:5)", "x,7", RL_AVERAGE_FORMS);
    const rl_response *o = &r.response[0];
    const rl_average *a = o->average;
    double sum = 0, all = 0, on = 0;
    for (size_t h = 0; h < o->n; h++) {
        const rl_banded *e = &a->impulse[h], *c = &a->cumulative[h];
        sum += e->est;
        CHECK_DIGITS(c->est, sum, 12);
        assert_true(e->band_low <= e->low && e->low < e->est && e->est < e->high && e->high <= e->band_high);
        assert_true(c->band_low <= c->low && c->low < c->est && c->est < c->high && c->high <= c->band_high);
    }
    for (size_t k = 0; k < a->n_candidates; k++) { /* by the forms with a stock */
        const rl_candidate *c = &a->candidate[k];
        if (isnan(c->rate)) continue;
        all += c->weight * c->long_run;
        on += c->weight;
    }
    CHECK_DIGITS(a->goes_on, on, 12);
    CHECK_DIGITS(a->long_run.est, all / on, 12);
    const rl_summary *part[] = {&a->long_run, &a->mean_lag, &a->half_life, &a->share_after};
    for (size_t i = 0; i < 4; i++) {
        assert_null(part[i]->why);
        assert_true(part[i]->low < part[i]->est && part[i]->est < part[i]->high);
    }
    assert_true(a->long_run.low < 0.71 / 0.45 && 0.71 / 0.45 < a->long_run.high);
    assert_non_null(strstr(o->says[o->n_says - 4], "covers the choice of form and length"));
    assert_non_null(strstr(o->says[o->n_says - 3], "half of it is in"));
    assert_non_null(strstr(o->says[o->n_says - 2], "averaged, the mean lag is"));
}

/* Over lengths everything ends with the last one: timing is that of the rows. */
static void timing(void **s)
{
    (void)s;
    rl_table t = series(1, 90, 0.9, 4);
    rl_result r = answer(&t, "y ~ z + lag(x,0:5)", "x", RL_AVERAGE_LENGTHS);
    const rl_average *a = r.response[0].average;
    double all = a->cumulative[5].est, moment = 0;
    for (size_t h = 0; h < 6; h++) moment += (double)h * a->impulse[h].est;
    CHECK_DIGITS(a->goes_on + 1, 1, 15);
    CHECK_DIGITS(a->long_run.est, all, 12);
    CHECK_DIGITS(a->long_run.low, a->cumulative[5].low, 10);
    CHECK_DIGITS(a->mean_lag.est, moment / all, 11);
    CHECK_DIGITS(a->share_after.est, 1 - a->impulse[0].est / all, 11);
    size_t h = (size_t)a->half_life.est;
    double before = h > 0 ? a->cumulative[h - 1].est : 0;
    CHECK_DIGITS(before + (a->half_life.est - (double)h) * a->impulse[h].est, all / 2, 11);
}

/* Where one form is all but certain the mixture is that form: its own interval and band. */
static void certain(void **s)
{
    (void)s;
    rl_table t = series(1, 400, 0.05, 5), cut = without(&t, 20);
    rl_result r = answer(&t, "y ~ z + lag(z,1) + lag(x,0:20)", "x", RL_AVERAGE_FORMS),
              one = answer(&cut, "y ~ z + lag(z,1) + adstock(x)", "x,20", RL_AVERAGE_NONE);
    const rl_average *a = r.response[0].average;
    const rl_candidate *c = form(a, "adstock(x)");
    double rest = 0;
    for (size_t k = 0; k < a->n_candidates; k++) rest += a->candidate[k].form[0] == 'a' ? 0 : a->candidate[k].weight;
    assert_true(c->weight > 0.3 && rest + c->weight > 0.999999);
    const rl_estimate *rate = fit_find(&one, "rate::adstock(x)");
    assert_true(fabs(c->rate_sd / rate->std_error - 1) < 0.15); /* the grid was drawn closer: 1e-3 is not its mesh */
    assert_true(rate->std_error < 0.002);
    assert_true(fabs(a->long_run.est - 0.71 / 0.45) < 4 * one.response[0].long_run.se);
    assert_true(a->long_run.se / one.response[0].long_run.se < 1.5);
}

/* The outcome's own lags go on by themselves. */
static void feedback(void **s)
{
    (void)s;
    rl_table t = series(1, 120, 0.4, 6);
    double *x = t.col[1].num, *y = t.col[3].num;
    for (size_t i = 1; i < t.n; i++) y[i] = 2 + 0.6 * y[i - 1] + 0.8 * x[i] + 0.3 * (y[i] - floor(y[i]));
    rl_result r = answer(&t, "y ~ lag(y,1) + lag(x,0:3)", "x,12", RL_AVERAGE_LENGTHS),
              one = answer(&t, "y ~ lag(y,1) + lag(x,0:3)", "x,12", RL_AVERAGE_NONE);
    const rl_average *a = r.response[0].average;
    const rl_response *o = &one.response[0];
    for (size_t k = 1; k < 4; k++) assert_true(a->candidate[0].weight > a->candidate[k].weight);
    assert_true(fabs(a->long_run.est / o->long_run.est - 1) < 0.03);
    assert_true(fabs(a->half_life.est - o->half_life.est) < 0.3);
    assert_true(a->half_life.low < a->half_life.est && a->half_life.est < a->half_life.high);
    CHECK_DIGITS(a->cumulative[12].est, a->cumulative[11].est + a->impulse[12].est, 12);
    for (size_t i = 1; i < t.n; i++) y[i] = y[i - 1] + x[i] - 0.9 + 0.4 * sin((double)(7 * i));
    rl_result walk = answer(&t, "y ~ lag(y,1) + lag(x,0:3)", "x,12", RL_AVERAGE_LENGTHS);
    a = walk.response[0].average;
    assert_non_null(a->long_run.why); /* cannot tell, or never dies out */
    assert_true(isnan(a->half_life.low) && a->half_life.why != NULL);
}

/* Several channels: one at a time, the others as written; with units and effects. */
static void channels(void **s)
{
    (void)s;
    rl_table t = series(6, 40, 0.8, 7);
    rl_result r = answer(&t, "y ~ lag(x,0:4) + almon(z,0:5,2) | unit", "all", RL_AVERAGE_FORMS);
    assert_int_equal(r.n_responses, 2);
    const rl_average *x = r.response[0].average, *z = r.response[1].average;
    assert_true(form(x, "adstock(x)")->weight > form(x, "lag(x,0:1)")->weight);
    assert_true(form(z, "lag(z,0:1)")->weight > form(z, "lag(z,0:5)")->weight);
    rl_result part = answer(&t, "y ~ lag(x,0:4) + adstock(z,0.4) | unit", "all", RL_AVERAGE_FORMS);
    assert_non_null(part.response[0].average);
    assert_null(part.response[1].average);
    assert_true(noted(&part, "'z' is not averaged"));
    rl_result moved = answer(&t, "y ~ lag(diff(x),0:4) + lag(z,0:2)", "diff(x)", RL_AVERAGE_FORMS);
    assert_int_equal(form(moved.response[0].average, "lag(diff(x),0:4)")->why == NULL, true);
    rl_result late = answer(&t, "y ~ lag(z,0:1) + lag(x,2:6) | unit", "x", RL_AVERAGE_FORMS);
    CHECK_DIGITS(late.response[0].average->impulse[0].est, 0, 13);
    assert_string_equal(form(late.response[0].average, "lag(adstock(x),2)")->form, "lag(adstock(x),2)");
}

/* A gap: a stock is not known behind it, so its rows are not those of the lags, and it says so. */
static void gap(void **s)
{
    (void)s;
    rl_table t = series(1, 90, 0.9, 8);
    t.col[1].num[40] = NAN;
    rl_result r = answer(&t, "y ~ z + lag(x,0:4)", "x", RL_AVERAGE_FORMS);
    const rl_response *o = &r.response[0];
    assert_non_null(strstr(form(o->average, "adstock(x)")->why, "rows"));
    CHECK_DIGITS(form(o->average, "adstock(x)")->weight + 1, 1, 15);
    assert_non_null(strstr(o->says[o->n_says - 1], "could not be compared"));
}

static void threads(void **s)
{
    (void)s;
    rl_table t = series(1, 60, 0.9, 9);
    rl_result one = answer(&t, "y ~ lag(x,0:4)", "x", RL_AVERAGE_FORMS);
    int before = cx.threads;
    cx.threads = before > 1 ? 1 : 3;
    rl_result other = answer(&t, "y ~ lag(x,0:4)", "x", RL_AVERAGE_FORMS);
    cx.threads = before;
    const rl_average *a = one.response[0].average, *b = other.response[0].average;
    assert_memory_equal(a->cumulative, b->cumulative, one.response[0].n * sizeof *a->cumulative);
    assert_memory_equal(&a->half_life, &b->half_life, 4 * sizeof(double));
}

static void refusals(void **s)
{
    (void)s;
    rl_table t = series(4, 40, 0.9, 10);
    refused_hint(&t, asked("y ~ lag(x,0:3):region", "x", RL_AVERAGE_FORMS), RL_EUSAGE, "not one range",
                 "write them as lag(x, 0:6)");
    refused_hint(&t, asked("y ~ adstock(x,0.5)", "x", RL_AVERAGE_FORMS), RL_EUSAGE, "not one range",
                 "write them as lag(x, 0:6)");
    refused_hint(&t, asked("y ~ lag(x,0:3) + adstock(x,0.9)", "x", RL_AVERAGE_FORMS), RL_EUSAGE, "not one range",
                 "write them as lag(x, 0:6)");
    refused_hint(&t, asked("y ~ lag(x,-1:3)", "x", RL_AVERAGE_FORMS), RL_EUSAGE, "not one range",
                 "write them as lag(x, 0:6)");
    rl_request none = asked("y ~ lag(x,0:3)", "x", RL_AVERAGE_FORMS);
    none.n_response = 0;
    refused_hint(&t, none, RL_EUSAGE, "needs a response", "add --response COL");
    rl_request ardl = asked("y ~ x | unit", "x", RL_AVERAGE_FORMS);
    ardl.estimator = rl_estimator_by_name("ardl");
    ardl.n_orders = 2, ardl.order[0] = 1, ardl.order[1] = 2;
    refused_hint(&t, ardl, RL_EUSAGE, "'ardl' gives no criterion", "use it with ols");
    none.response_if_any = true; /* what a study tells unasked is passed over */
    rl_result out;
    CHECK_OK(rl_estimate_run(&none, &t, &out, cx.keep, &cx), &cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights), cmocka_unit_test(figures),  cmocka_unit_test(timing),
        cmocka_unit_test(certain), cmocka_unit_test(feedback), cmocka_unit_test(channels),
        cmocka_unit_test(gap),     cmocka_unit_test(threads),  cmocka_unit_test(refusals)};
    return cmocka_run_group_tests(tests, setup, teardown);
}

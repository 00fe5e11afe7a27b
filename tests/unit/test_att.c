/* Programmes by the estimator a study names: what is refused by name, anticipation, traits for cs. */
#include "study_fixture.h"

#include <math.h>

#include "base/rng.h"
#include "model/att.h"
#include "model/identify.h"

/* Thirty accounts for seven months of 2024, one won deal in each; of accounts that start (in June: month 5, others in
 * July: month 6) the big ones grow faster, programme or not. */
enum { ACCOUNTS = 30, MONTHS = 8, START = 5 };

static bool big(int a) { return a % 4 == 0 || a % 5 == 0; }
static int start_of(int a, bool waves) { return a % 5 < 2 ? START + (waves && a % 2) : 0; }

static double amount(int a, int m)
{
    rl_rng r = rl_rng_for(83, (uint64_t)(a * 100 + m));
    int s = start_of(a, false);
    double y = 300 + 11 * a + (big(a) ? 40.5 * m : 7.25 * m) + (s > 0 && m >= s ? 25 : 0) + 9 * rl_normal(&r);
    return floor(y * 100 + 0.5) / 100;
}

static rl_code read_world(fixture *f, const char *model, bool waves)
{
    rl_str d = rl_str_new(f->cx.keep), a = rl_str_new(f->cx.keep), p = rl_str_new(f->cx.keep);
    rl_str_add(&d, "id,account,created,closed,status,amount\n");
    rl_str_add(&a, "account,size\n");
    rl_str_add(&p, "account,start\n");
    for (int k = 0; k < ACCOUNTS; k++) {
        rl_str_addf(&a, "A%02d,%s\n", k, big(k) ? "big" : "small");
        if (start_of(k, waves) > 0) rl_str_addf(&p, "A%02d,2024-%02d-01\n", k, start_of(k, waves));
        for (int m = 1; m <= MONTHS; m++)
            rl_str_addf(&d, "D%d-%d,A%02d,2024-%02d-07,2024-%02d-07,Won,%.2f\n", k, m, k, m, m, amount(k, m));
    }
    fixture_write(f, "d.csv", rl_str_text(&d));
    fixture_write(f, "a.csv", rl_str_text(&a));
    fixture_write(f, "p.csv", rl_str_text(&p));
    return fixture_read(
        f,
        rl_sprintf(f->cx.keep,
                   "study: {title: t, period: month, cut: 2024-09-05}\n"
                   "deals: {file: d.csv, id: id, account: account, created: created, closed: closed, status: status,\n"
                   "        amount: amount, won: [Won], lost: [Lost]}\n"
                   "accounts: {file: a.csv, id: account, fixed: [size]}\n"
                   "programs:\n  abm: {file: p.csv, unit: account, start: start}\n"
                   "models:\n  m: {treatment: abm, %s}\n",
                   model));
}

static rl_code fit(fixture *f, const char *model, bool waves, rl_att *e)
{
    rl_plan plan;
    fixture_open(f);
    RL_TRY(read_world(f, model, waves));
    RL_TRY(rl_plan_make(&f->t, &f->study.model[0], &plan, &f->cx));
    return rl_att_fit(&f->t, &plan, NULL, e, f->cx.keep, &f->cx);
}

/* With traits that are levels, outcome regression compares within each level and weighs by the treated. */
static double by_level(void)
{
    double sum = 0;
    int periods = 0;
    for (int m = START; m <= MONTHS; m++, periods++)
        for (int s = 0; s < 2; s++) {
            double change[2] = {0, 0}, n[2] = {0, 0}, treated = 0;
            for (int a = 0; a < ACCOUNTS; a++) {
                int g = start_of(a, false) > 0;
                treated += g;
                if (big(a) != s) continue;
                change[g] += amount(a, m) - amount(a, START - 1);
                n[g]++;
            }
            sum += n[1] / treated * (change[1] / n[1] - change[0] / n[0]);
        }
    return sum / periods;
}

static void cs_compares_within_traits(void **state)
{
    (void)state;
    static const char *const METHOD[] = {"reg", "dr", "ipw"};
    fixture f;
    rl_att e;
    double want = by_level();
    for (size_t i = 0; i < 3; i++) { /* levels alone: the three are one */
        const char *model;
        fixture g;
        fixture_open(&f);
        model = rl_sprintf(f.cx.keep, "horizon: 1, outcome: value, estimator: cs, covariates: [size], method: %s",
                           METHOD[i]);
        CHECK_OK(fit(&g, model, false, &e), &g.cx);
        CHECK_DIGITS(e.effect, want, 10);
        assert_string_equal(e.fit.estimator->name, "cs");
        rl_result events;
        rl_sides sides;
        CHECK_OK(rl_att_events(&e, &events, g.cx.keep, &g.cx), &g.cx);
        assert_true(events.m > 3);
        CHECK_OK(rl_att_sides(&e, true, &sides, g.cx.keep, &g.cx), &g.cx);
        assert_true(sides.v[1].answered && fabs(sides.v[1].effect.estimate - want) > 0.5); /* cs without traits */
        CHECK_DIGITS(rl_att_of(&e, e.panel.y), e.effect, 10);
        fixture_close(&g);
        fixture_close(&f);
    }
    CHECK_OK(fit(&f, "horizon: 1, outcome: value, estimator: cs", false, &e), &f.cx);
    assert_true(fabs(e.effect - want) > 0.5);
    fixture_close(&f);
}

static void anticipation_moves_the_base(void **state)
{
    (void)state;
    fixture f;
    rl_att e;
    double want = 0, n = 0;
    for (int m = START; m <= MONTHS; m++) {
        double change[2] = {0, 0}, units[2] = {0, 0};
        for (int a = 0; a < ACCOUNTS; a++) {
            int g = start_of(a, false) > 0;
            change[g] += amount(a, m) - amount(a, START - 3);
            units[g]++;
        }
        want += change[1] / units[1] - change[0] / units[0];
        n++;
    }
    CHECK_OK(fit(&f, "horizon: 1, outcome: value, estimator: cs, anticipation: 2", false, &e), &f.cx);
    CHECK_DIGITS(e.effect, want / n, 10);
    rl_sides s;
    CHECK_OK(rl_att_sides(&e, true, &s, f.cx.keep, &f.cx), &f.cx);
    for (size_t i = 0; i < s.n; i++) {
        bool knows = strcmp(s.v[i].estimator, "cs") == 0 || strcmp(s.v[i].estimator, "bjs") == 0 ||
                     strcmp(s.v[i].estimator, "did2s") == 0;
        assert_int_equal(s.v[i].answered, knows);
        if (!knows) assert_string_equal(s.v[i].why, "knows no effect that begins before the start");
    }
    fixture_close(&f);
}

static void refused(const char *model, rl_code code, const char *what, const char *hint)
{
    fixture f;
    rl_att e;
    rl_code got = fit(&f, model, true, &e);
    assert_int_equal(got, code);
    if (strstr(f.cx.err.what, what) == NULL) fail_msg("'%s' lacks '%s'", f.cx.err.what, what);
    if (strstr(f.cx.err.hint, hint) == NULL) fail_msg("'%s' lacks '%s'", f.cx.err.hint, hint);
    assert_true(code != RL_EINPUT || f.cx.err.line > 0);
    fixture_close(&f);
}

static void estimators_that_cannot_carry_a_lift(void **state)
{
    (void)state;
    refused("horizon: 1, outcome: value, estimator: bacon", RL_EINPUT,
            "'bacon' takes two-way fixed effects apart and gives no errors", "leave 'estimator' out");
    refused("horizon: 1, outcome: value, estimator: sc", RL_EINPUT, "'sc' has errors by placebos alone",
            "leave 'estimator'");
    refused("horizon: 1, outcome: value, estimator: sdid", RL_EINPUT, "'sdid' has errors by placebos alone",
            "leave 'estimator'");
    refused("horizon: 1, outcome: value, estimator: event", RL_EINPUT, "'event' gives effects by event time",
            "leave 'estimator'");
    refused("horizon: 1, outcome: value, estimator: stacked", RL_EINPUT, "'stacked' averages over event times",
            "leave 'estimator'");
    refused("horizon: 1, outcome: value, estimator: lpdid", RL_EINPUT, "'lpdid' averages over horizons",
            "leave 'estimator'");
    refused("horizon: 1, outcome: win_rate, estimator: sunab", RL_EINPUT,
            "'sunab' follows units over time, and the rows of outcome 'win_rate' are deals",
            "etwfe, cs, bjs and did2s");
    refused("horizon: 1, outcome: win_rate, estimator: dcdh", RL_EINPUT, "'dcdh' follows units",
            "leave `estimator` out");
    refused("horizon: 1, outcome: value, estimator: bjs, covariates: [size]", RL_EINPUT,
            "covariates need estimator 'etwfe' or 'cs'", "leave `covariates` out");
    refused("horizon: 1, outcome: value, estimator: cs, method: did", RL_EINPUT, "'cs' has no method 'did'",
            "dr reg ipw");
    refused("horizon: 1, outcome: value, estimator: cs, method: dr reg", RL_EINPUT, "has no method 'dr reg'",
            "dr reg ipw");
    refused("horizon: 1, outcome: value, estimator: bjs, method: dr", RL_EINPUT, "'bjs' takes no 'method'", "cs has");
    refused("horizon: 1, outcome: value, method: dr", RL_EINPUT, "'auto' takes no 'method'", "cs has");
    refused("horizon: 1, outcome: value, estimator: etwfe, anticipation: 1", RL_EINPUT,
            "'etwfe' takes no 'anticipation'", "cs, bjs and did2s");
}

/* A horizon leaves out the month before the start: sunab takes an earlier one as base, dcdh says that it cannot. */
static void a_base_that_is_partly_exposed(void **state)
{
    (void)state;
    fixture f;
    rl_att e;
    CHECK_OK(fit(&f, "horizon: 1, outcome: value, estimator: sunab", true, &e), &f.cx);
    assert_int_equal(e.req.ref[0], -1);
    fixture_close(&f);
    CHECK_OK(fit(&f, "horizon: 20, outcome: value, estimator: sunab", true, &e), &f.cx);
    assert_int_equal(e.req.ref[0], -2);
    assert_true(e.se > 0);
    fixture_close(&f);
    refused("horizon: 20, outcome: value, estimator: dcdh", RL_EDATA,
            "'dcdh' counts from the month right before the start, which is partly exposed here", "sunab");
    CHECK_OK(fit(&f, "horizon: 20, outcome: value, estimator: dcdh, transition: include", true, &e), &f.cx);
    fixture_close(&f);
}

/* Units, their cells and clusters count once, however many deals they have: 260 in each month. */
static void units_of_hundreds_of_deals(void **state)
{
    (void)state;
    enum { UNITS = 8, DEALS = 260 };
    fixture f;
    rl_plan plan;
    rl_att e;
    const rl_identified *d;
    fixture_open(&f);
    rl_str deals = rl_str_new(f.cx.keep), accounts = rl_str_new(f.cx.keep), starts = rl_str_new(f.cx.keep);
    rl_str_add(&deals, "id,account,created,closed,status,amount\n");
    rl_str_add(&accounts, "account,parent\n");
    rl_str_add(&starts, "account,start\n");
    for (int a = 0; a < UNITS; a++) {
        rl_str_addf(&accounts, "A%02d,P%d\n", a, a / 2);
        if (a % 2 == 0) rl_str_addf(&starts, "A%02d,2024-%02d-01\n", a, START);
        for (int m = 1; m <= MONTHS; m++)
            for (int k = 0; k < DEALS; k++)
                rl_str_addf(&deals, "D%d-%d-%d,A%02d,2024-%02d-07,2024-%02d-07,Won,%.2f\n", a, m, k, a, m, m,
                            amount(a, m));
    }
    fixture_write(&f, "d.csv", rl_str_text(&deals));
    fixture_write(&f, "a.csv", rl_str_text(&accounts));
    fixture_write(&f, "p.csv", rl_str_text(&starts));
    CHECK_OK(fixture_read(&f, "study: {title: t, period: month, cut: 2024-09-05}\n"
                              "deals: {file: d.csv, id: id, account: account, created: created, closed: closed,\n"
                              "        status: status, amount: amount, won: [Won], lost: [Lost]}\n"
                              "accounts: {file: a.csv, id: account, parent: parent}\n"
                              "programs:\n  abm: {file: p.csv, unit: account, start: start}\n"
                              "models:\n  m: {treatment: abm, horizon: 1, outcome: deal_size, cluster: parent}\n"),
             &f.cx);
    CHECK_OK(rl_plan_make(&f.t, &f.study.model[0], &plan, &f.cx), &f.cx);
    CHECK_OK(rl_att_fit(&f.t, &plan, NULL, &e, f.cx.keep, &f.cx), &f.cx);
    assert_int_equal(e.panel.t.n, UNITS * MONTHS * DEALS);
    assert_int_equal(e.panel.treated_units, UNITS / 2);
    assert_int_equal(e.panel.clusters, UNITS / 2);
    CHECK_OK(rl_identify(&f.t, &plan, &d, f.cx.keep, &f.cx), &f.cx);
    assert_int_equal(d->treated, UNITS / 2);
    assert_int_equal(d->never, UNITS / 2);
    assert_int_equal(d->wave[0].never, UNITS / 2); /* in its exposed periods */
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cs_compares_within_traits),           cmocka_unit_test(anticipation_moves_the_base),
        cmocka_unit_test(estimators_that_cannot_carry_a_lift), cmocka_unit_test(a_base_that_is_partly_exposed),
        cmocka_unit_test(units_of_hundreds_of_deals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

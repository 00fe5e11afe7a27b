#include "study_fixture.h"

#include "base/rng.h"
#include "model/breakdown.h"
#include "model/solve.h"
#include "num/dist.h"
#include "out/check_text.h"
#include "out/report.h"

/* --- the arithmetic of many looks ------------------------------------------------ */
static void sidak_is_one_look_after_another(void **state)
{
    (void)state;
    assert_true(rl_sidak(0.037, 0) == 0);
    CHECK_DIGITS(rl_sidak(0.037, 1), 0.037, 15);
    CHECK_DIGITS(rl_sidak(0.037, 3), 0.037 * 3 - 3 * 0.037 * 0.037 + 0.037 * 0.037 * 0.037, 14);
    CHECK_DIGITS(rl_sidak(3.7e-17, 5), 18.5e-17, 14); /* where 1 - (1 - p)^m gives 0 or an ulp of 1 */
    assert_true(rl_sidak(1, 4) == 1);
}

/* Of two estimates Welch's F is the square of the t of their difference. */
static void welch_of_two_is_a_t_test(void **state)
{
    (void)state;
    const double est[] = {2.385, 1.1}, se[] = {0.41, 0.73}, df[] = {23, 11};
    rl_test r = rl_welch(est, se, df, 2);
    double v = se[0] * se[0] + se[1] * se[1], t2 = (est[0] - est[1]) * (est[0] - est[1]) / v;
    double satterthwaite = v * v / (pow(se[0], 4) / df[0] + pow(se[1], 4) / df[1]);
    CHECK_DIGITS(r.statistic, t2, 13);
    assert_true(r.df == 1);
    CHECK_DIGITS(r.df2, satterthwaite, 13);
    CHECK_DIGITS(r.p_value, rl_t_p(sqrt(t2), satterthwaite), 10);
}

/* oneway.test() of R on three samples: A 3.1 4.7 2.2 5.9 4.4, B 6.3 7.7 5.1 9.6, C 2.8 3.3 1.9 4.1 2.2 3.0;
 * the mean, its error and n - 1 of each. */
static void welch_agrees_with_one_way_tests(void **state)
{
    (void)state;
    static const double x[3][6] = {{3.1, 4.7, 2.2, 5.9, 4.4}, {6.3, 7.7, 5.1, 9.6}, {2.8, 3.3, 1.9, 4.1, 2.2, 3.0}};
    static const int n[3] = {5, 4, 6};
    double est[3], se[3], df[3], w[3], W = 0, mean = 0, lambda = 0, Q = 0;
    for (int g = 0; g < 3; g++) {
        double s = 0, q = 0;
        for (int i = 0; i < n[g]; i++) s += x[g][i];
        est[g] = s / n[g];
        for (int i = 0; i < n[g]; i++) q += (x[g][i] - est[g]) * (x[g][i] - est[g]);
        df[g] = n[g] - 1;
        se[g] = sqrt(q / df[g] / n[g]);
        w[g] = 1 / (se[g] * se[g]);
        W += w[g];
    }
    for (int g = 0; g < 3; g++) mean += w[g] * est[g] / W;
    for (int g = 0; g < 3; g++) { /* the formula as R's oneway.test() has it */
        lambda += (1 - w[g] / W) * (1 - w[g] / W) / (n[g] - 1) / (3 * 3 - 1);
        Q += w[g] * (est[g] - mean) * (est[g] - mean);
    }
    rl_test r = rl_welch(est, se, df, 3);
    CHECK_DIGITS(r.statistic, Q / (2 * (1 + 2 * (3 - 2) * lambda)), 13);
    CHECK_DIGITS(r.df2, 1 / (3 * lambda), 13);
    assert_true(r.p_value > 0.001 && r.p_value < 0.05);
    assert_true(isnan(rl_welch(est, se, df, 1).p_value));
    const double same[] = {1.7, 1.7, 1.7};
    assert_true(rl_welch(same, se, df, 3).p_value == 1);
}

/* --- a small world ------------------------------------------------------------------ */
enum { ACCOUNTS = 96, QUARTERS = 10 };

static const char *region(int a) { return a % 8 == 0 ? "=Ti<b>" : a % 3 == 0 ? "East" : a % 3 == 1 ? "North" : "West"; }
static bool treated(int a) { return a / 8 % 2 == 0 && (a % 8 != 0 || a < 16); }

/* One deal an account and quarter, won after three days.  `only`: accounts of one region, or NULL. */
static void write_world(fixture *f, const char *only)
{
    rl_str d = rl_str_new(f->cx.keep), a = rl_str_new(f->cx.keep), p = rl_str_new(f->cx.keep);
    char day[2][16];
    rl_str_add(&d, "id,account,created,closed,status,amount,desk\n");
    rl_str_add(&a, "account,region,size,code,desk\n");
    rl_str_add(&p, "account,start\n");
    for (int k = 0; k < ACCOUNTS; k++) {
        rl_rng r = rl_rng_for(4711, (uint64_t)k);
        if (only != NULL && strcmp(only, region(k)) != 0) continue;
        rl_str_addf(&a, "A%02d,%s,%d,K%d,today-%d\n", k, region(k), 3 + k % 2, k, k % 3);
        if (treated(k)) rl_str_addf(&p, "A%02d,2024-07-01\n", k);
        for (int q = 0; q < QUARTERS; q++) {
            int32_t created = rl_period_first((rl_calendar){RL_QUARTER, 1},
                                              rl_period_of((rl_calendar){RL_QUARTER, 1}, rl_day(2023, 1, 1)) + q);
            double lift = treated(k) && created >= rl_day(2024, 7, 1) ? (strcmp(region(k), "North") == 0 ? 90 : 2) : 0;
            rl_str_addf(&d, "D%d-%d,A%02d,%s,%s,Won,%.2f,%s\n", k, q, k, rl_day_text(day[0], created),
                        rl_day_text(day[1], created + 3), 200 + 7 * k % 31 + 4 * q + lift + 20 * rl_normal(&r),
                        q % 2 && k == 13 ? "other" : region(k));
        }
    }
    fixture_write(f, "d.csv", rl_str_text(&d));
    fixture_write(f, "a.csv", rl_str_text(&a));
    fixture_write(f, "p.csv", rl_str_text(&p));
}

#define STUDY(by)                                                                                               \
    "study: {title: t, currency: USD, period: quarter, cut: 2025-12-31, by: " by "}\n"                          \
    "deals: {file: d.csv, id: id, account: account, created: created, closed: closed, status: status, amount: " \
    "amount, won: [Won], group: [desk]}\n"                                                                      \
    "accounts: {file: a.csv, id: account, fixed: [region, size, code]}\n"                                       \
    "programs:\n  abm: {file: p.csv, unit: account, start: start}\n"                                            \
    "models:\n"                                                                                                 \
    "  v: {outcome: value, horizon: 30, treatment: abm, primary: yes}\n"                                        \
    "  o: {outcome: opportunities, horizon: 30, treatment: abm}\n"

static void solve(fixture *f, const char *only, const char *study, rl_answer *a)
{
    fixture_open(f);
    write_world(f, only);
    CHECK_OK(fixture_read(f, study), &f->cx);
    CHECK_OK(rl_solve(&f->t, a, &f->cx), &f->cx);
    assert_int_equal(a->model[0].status, RL_MODEL_DONE);
}

static const rl_group_answer *group_of(const rl_breakdown *b, const char *label)
{
    for (size_t g = 0; g < b->n_groups; g++)
        if (strcmp(b->group[g].label, label) == 0) return &b->group[g];
    fail_msg("no group '%s'", label);
    return NULL;
}

/* A group is what the study of its accounts alone would give. */
static void a_group_is_a_study_of_its_own(void **state)
{
    (void)state;
    static const char *const NAME[] = {"East", "North", "West"};
    fixture f;
    rl_answer a;
    solve(&f, NULL, STUDY("[region]"), &a);
    const rl_model_answer *m = &a.model[0];
    assert_int_equal(m->n_by, 1);
    assert_int_equal(a.model[1].n_by, 0); /* neither primary nor one of the lifts */
    for (int k = 0; k < 3; k++) {
        const rl_group_answer *g = group_of(&m->by[0], NAME[k]);
        fixture own;
        rl_answer b;
        solve(&own, NAME[k], STUDY("[size]"), &b);
        const rl_lift *l = &b.model[0].lift;
        assert_true(g->answered);
        CHECK_DIGITS(g->effect.est, l->effect.est, 11);
        CHECK_DIGITS(g->effect.se, l->effect.se, 11);
        CHECK_DIGITS(g->p_value, l->p_value, 9);
        assert_int_equal(g->treated, b.money.treated_units);
        fixture_close(&own);
    }
    fixture_close(&f);
}

static void looks_are_allowed_for(void **state)
{
    (void)state;
    fixture f;
    rl_answer a;
    solve(&f, NULL, STUDY("[region, size]"), &a);
    const rl_model_answer *m = &a.model[0];
    assert_int_equal(m->looks, 5); /* three regions and two sizes; =Ti<b> is none */
    assert_int_equal(m->by[0].answered, 3);
    double joint = pow(0.95, 0.2), smallest = 1;
    for (size_t k = 0; k < 2; k++)
        for (size_t g = 0; g < m->by[k].n_groups; g++) {
            const rl_group_answer *x = &m->by[k].group[g];
            if (!x->answered) continue;
            double q = rl_t_quantile(0.5 + joint / 2, x->df);
            CHECK_DIGITS(x->high, x->effect.est + q * x->effect.se, 11);
            CHECK_DIGITS(x->low, x->effect.est - q * x->effect.se, 11);
            assert_true(x->low < x->effect.low && x->high > x->effect.high);
            assert_true(x->p_adjusted >= x->p_value && x->p_adjusted <= rl_sidak(x->p_value, 5) * (1 + 1e-12));
            assert_int_equal(x->stands, x->p_adjusted < 0.05);
            smallest = fmin(smallest, x->p_value);
        }
    for (size_t g = 0; g < m->by[0].n_groups; g++) /* the first step of Holm counts every look */
        if (m->by[0].group[g].p_value == smallest)
            CHECK_DIGITS(m->by[0].group[g].p_adjusted, rl_sidak(smallest, 5), 13);
    assert_true(group_of(&m->by[0], "North")->stands);
    assert_true(m->by[0].same.p_value < 1e-4); /* 90 against 2 */
    CHECK_DIGITS(m->by[0].same_adjusted, rl_sidak(m->by[0].same.p_value, 2), 14);
    fixture_close(&f);
}

static void what_cannot_be_answered_is_told(void **state)
{
    (void)state;
    fixture f;
    rl_answer a;
    solve(&f, NULL, STUDY("[region, desk, code]"), &a);
    const rl_model_answer *m = &a.model[0];
    const rl_group_answer *tiny = group_of(&m->by[0], "=Ti<b>");
    assert_false(tiny->answered);
    assert_string_equal(tiny->why, "only one account with the programme can be compared: fewer than 4");
    assert_non_null(m->by[1].refused);
    assert_string_equal(m->by[1].refused, "'desk' is not fixed by account: 'A13' has 'North' and 'other'");
    assert_non_null(strstr(m->by[1].hint, "accounts.fixed"));
    assert_non_null(strstr(m->by[2].refused, "'code' has 96 values, more than 60"));
    assert_int_equal(m->looks, 3);
    fixture_close(&f);
}

/* Whose account it is today says nothing of the time before the programme, whatever table it stands in. */
static void owners_of_today_make_no_groups(void **state)
{
    (void)state;
    fixture f;
    rl_answer a;
    const char *study = "study: {title: t, currency: USD, period: quarter, cut: 2025-12-31, by: [desk]}\n"
                        "deals: {file: d.csv, id: id, account: account, created: created, closed: closed, status: "
                        "status, amount: amount, won: [Won], group: [desk]}\n"
                        "accounts: {file: a.csv, id: account, owner: desk, fixed: [region]}\n"
                        "programs:\n  abm: {file: p.csv, unit: account, start: start}\n"
                        "models:\n  v: {outcome: value, horizon: 30, treatment: abm, primary: yes}\n";
    solve(&f, NULL, study, &a);
    assert_non_null(a.model[0].by[0].refused);
    assert_string_equal(a.model[0].by[0].refused, "'desk' is not fixed by account: 'A13' has 'North' and 'other'");
    fixture_close(&f);
}

/* Groups are made of whole units: desks of a programme given by desk are one unit each, and segments cut through. */
static void units_are_not_cut(void **state)
{
    (void)state;
    fixture f;
    rl_answer a;
    char day[2][16];
    fixture_open(&f);
    rl_str d = rl_str_new(f.cx.keep), p = rl_str_new(f.cx.keep);
    rl_str_add(&d, "id,created,closed,status,amount,desk,side,zone\n");
    rl_str_add(&p, "desk,start\n");
    for (int k = 0; k < 24; k++) {
        if (k % 2 == 0) rl_str_addf(&p, "d%02d,2024-04-01\n", k);
        for (int q = 0; q < 30; q++) {
            int32_t created = rl_day(2023, 1, 3) + 29 * q;
            rl_str_addf(&d, "%d-%d,%s,%s,Won,%d,d%02d,%s,%s\n", k, q, rl_day_text(day[0], created),
                        rl_day_text(day[1], created + 3), 100 + (7 * k + 5 * q) % 11 + (k % 2 == 0 && q > 16 ? 9 : 0),
                        k, q % 2 ? "left" : "right", k < 12 ? "in" : "out");
        }
    }
    fixture_write(&f, "d.csv", rl_str_text(&d));
    fixture_write(&f, "p.csv", rl_str_text(&p));
    CHECK_OK(fixture_read(&f, "study: {title: t, period: quarter, cut: 2025-06-30, by: [desk, side, zone]}\n"
                              "deals: {file: d.csv, id: id, created: created, closed: closed, status: status, amount: "
                              "amount, won: [Won], group: [desk, side, zone]}\n"
                              "programs:\n  abm: {file: p.csv, unit: desk, start: start}\n"
                              "models:\n  v: {outcome: value, horizon: 30, treatment: abm, primary: yes}\n"),
             &f.cx);
    CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
    const rl_model_answer *m = &a.model[0];
    assert_int_equal(m->status, RL_MODEL_DONE);
    assert_int_equal(m->by[0].n_groups, 24);
    assert_int_equal(m->by[0].answered, 0);
    assert_non_null(
        strstr(m->by[1].refused, "'side' is not fixed by desk: 'd00' has 'right' and 'left', and 23 more desks"));
    assert_non_null(strstr(m->by[1].hint, "whole units"));
    assert_int_equal(m->by[2].answered, 2);
    assert_int_equal(group_of(&m->by[2], "in")->treated, 6);
    assert_false(m->spill.asked);
    fixture_close(&f);
}

/* The report, the workbook and the files say all of it. */
static void every_output_says_it(void **state)
{
    (void)state;
    fixture f;
    rl_answer a;
    solve(&f, NULL, STUDY("[region, desk]"), &a);
    rl_inputs in = {.version = "0", .numerics = "1", .study = "s", .command = "revlift run s"};
    const char *dir = fixture_path(&f, "out");
    rl_str check = rl_str_new(f.cx.keep);
    rl_check_text(&a, &check, &f.cx);
    assert_non_null(strstr(rl_str_text(&check), "by 'region': =Ti<b> 1 with it, 11 without; East "));
    assert_non_null(strstr(rl_str_text(&check), "by 'desk': NOT ANSWERABLE: 'desk' is not fixed by account"));
    CHECK_OK(rl_report_write(&a, &in, dir, &f.cx), &f.cx);
    static const struct {
        const char *file, *says;
    } WANT[] = {{"report.html", "Group by group"},
                {"report.html", "only North stands after allowing for 3 looks; the effect differs between the groups"},
                {"report.html", "=Ti&lt;b&gt; is not answered: only one account with the programme"},
                {"estimates.csv", "\"'=Ti<b>\""},
                {"report.md", "Not broken down by"},
                {"results.json", "\"p_adjusted\""},
                {"results.json", "\"same_effect\""},
                {"estimates.csv", ",\"by jointly\",\"region\",\"North\","},
                {"charts/m1-by1.dat", "North"}};
    for (size_t i = 0; i < sizeof WANT / sizeof *WANT; i++) {
        FILE *file = fopen(rl_sprintf(f.cx.keep, "%s/%s", dir, WANT[i].file), "r");
        assert_non_null(file);
        char *text = rl_alloc(f.cx.keep, 4000000, 1);
        size_t n = fread(text, 1, 3999999, file);
        text[n] = '\0';
        fclose(file);
        if (strstr(text, WANT[i].says) == NULL) fail_msg("%s does not say '%s'", WANT[i].file, WANT[i].says);
    }
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sidak_is_one_look_after_another),
                                       cmocka_unit_test(welch_of_two_is_a_t_test),
                                       cmocka_unit_test(welch_agrees_with_one_way_tests),
                                       cmocka_unit_test(a_group_is_a_study_of_its_own),
                                       cmocka_unit_test(looks_are_allowed_for),
                                       cmocka_unit_test(what_cannot_be_answered_is_told),
                                       cmocka_unit_test(owners_of_today_make_no_groups),
                                       cmocka_unit_test(units_are_not_cut),
                                       cmocka_unit_test(every_output_says_it)};
    return cmocka_run_group_tests_name("breakdown", tests, NULL, NULL);
}

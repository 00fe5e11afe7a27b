/* Many looks and neighbours against a known truth: how often a group stands by chance, bounds that hold all at
 * once, and the spillover contrast.
 *
 * 144 accounts of 36 owners and four regions for ten quarters, one deal each a quarter; a quarter of the accounts,
 * all with the first 18 owners, get a programme in the sixth.  The accounts that share an owner with them gain a
 * given amount from then on.
 */
#include "unit/study_fixture.h"

#include "base/rng.h"
#include "model/breakdown.h"
#include "model/solve.h"
#include "model/sim.h"
#include "model/spill.h"
#include "out/simcsv.h"

enum { WORLDS = 240, ACCOUNTS = 144, PER_OWNER = 4, QUARTERS = 10, LIFT = 40 };

static const char *region(int k) { return (const char *[]){"N", "E", "S", "W"}[k / 2 % 4]; }
static bool near(int k) { return k / PER_OWNER < ACCOUNTS / PER_OWNER / 2; }
static bool treated(int k) { return near(k) && k % 2 == 0; }

/* lift: of the treated; spill: of their neighbours. */
static void write_company(fixture *f, uint64_t seed, double lift, double spill)
{
    rl_calendar cal = {RL_QUARTER, 1};
    rl_str d = rl_str_new(f->cx.tmp), a = rl_str_new(f->cx.tmp), p = rl_str_new(f->cx.tmp);
    char day[2][16];
    rl_str_add(&d, "id,account,created,closed,status,amount\n");
    rl_str_add(&a, "account,owner,region\n");
    rl_str_add(&p, "account,start\n");
    for (int k = 0; k < ACCOUNTS; k++) {
        rl_rng r = rl_rng_for(seed, (uint64_t)k);
        double own = 200 + 15 * rl_normal(&r);
        rl_str_addf(&a, "A%03d,o%d,%s\n", k, k / PER_OWNER, region(k));
        if (treated(k)) rl_str_addf(&p, "A%03d,2024-04-01\n", k);
        for (int q = 0; q < QUARTERS; q++) {
            int32_t created = rl_period_first(cal, rl_period_of(cal, rl_day(2023, 1, 1)) + q);
            double more = created < rl_day(2024, 4, 1) ? 0 : treated(k) ? lift : near(k) ? spill : 0;
            rl_str_addf(&d, "D%d-%d,A%03d,%s,%s,Won,%.3f\n", k, q, k, rl_day_text(day[0], created),
                        rl_day_text(day[1], created + 3), own + 3 * q + more + 25 * rl_normal(&r));
        }
    }
    fixture_write(f, "d.csv", rl_str_text(&d));
    fixture_write(f, "a.csv", rl_str_text(&a));
    fixture_write(f, "p.csv", rl_str_text(&p));
}

static const char STUDY[] =
    "study: {title: t, period: quarter, cut: 2025-08-31, by: [region]}\n"
    "deals: {file: d.csv, id: id, account: account, created: created, closed: closed, status: status,\n"
    "        amount: amount, won: [Won]}\n"
    "accounts: {file: a.csv, id: account, owner: owner, fixed: [region]}\n"
    "programs:\n  abm: {file: p.csv, unit: account, start: start}\n"
    "models:\n  v: {outcome: value, horizon: 30, treatment: abm, primary: yes}\n";

/* The value model's effect, its groups and its neighbours. */
static rl_model_answer answer(uint64_t seed, double lift, double spill, fixture *f)
{
    rl_plan plan;
    rl_att e;
    fixture_open(f);
    write_company(f, seed, lift, spill);
    CHECK_OK(fixture_read(f, STUDY), &f->cx);
    rl_model_answer m = {.spec = &f->study.model[0]};
    CHECK_OK(rl_plan_make(&f->t, m.spec, &plan, &f->cx), &f->cx);
    CHECK_OK(rl_att_fit(&f->t, &plan, NULL, &e, f->cx.keep, &f->cx), &f->cx);
    m.lift = rl_lift_of(&e, &f->study, &f->cx);
    CHECK_OK(rl_breakdown_make(&f->t, &e, &m, &f->cx), &f->cx);
    CHECK_OK(rl_spill_make(&f->t, &e, &m, &f->cx), &f->cx);
    assert_int_equal(m.looks, 4);
    assert_true(m.spill.answered);
    return m;
}

static bool holds(double low, double high, double x) { return low <= x && x <= high; }

static void check_share(const char *what, int n, double lo, double hi)
{
    double share = (double)n / WORLDS;
    if (!holds(lo, hi, share)) fail_msg("%s: %g, not %g to %g", what, share, lo, hi);
}

/* Four groups without any effect: one of them stands in at most one world of twenty; so do false differences. */
static void nothing_stands_by_chance(void **state)
{
    (void)state;
    int stands = 0, pointwise = 0, at_once = 0, differ = 0, spills = 0;
    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        fixture f;
        rl_model_answer m = answer(seed, 0, 0, &f);
        bool any = false, one = false, all = true;
        for (size_t g = 0; g < 4; g++) {
            const rl_group_answer *x = &m.by[0].group[g];
            any |= x->stands;
            one |= x->p_value < 0.05;
            all &= holds(x->low, x->high, 0);
        }
        stands += any;
        pointwise += one;
        at_once += all;
        differ += m.by[0].same_adjusted < 0.05;
        spills += !holds(m.spill.effect.low, m.spill.effect.high, 0);
        fixture_close(&f);
    }
    check_share("worlds with a group that stands", stands, 0.015, 0.095);
    check_share("worlds with a p value below 5 %", pointwise, 0.11, 0.28); /* what many looks do: 1 - 0.95^4 */
    check_share("worlds whose bounds all hold", at_once, 0.905, 0.985);
    check_share("worlds whose groups are said to differ", differ, 0.015, 0.095);
    check_share("worlds with a spillover that is none", spills, 0.015, 0.095);
}

static void spillover_has_its_size(void **state)
{
    (void)state;
    enum { SPILL = 12 };
    int covers = 0, apart = 0, naive = 0, found = 0;
    double sum = 0, lift = 0, against = 0, detectable = 0;
    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        fixture f;
        rl_model_answer m = answer(1000 + seed, LIFT, SPILL, &f);
        covers += holds(m.spill.effect.low, m.spill.effect.high, SPILL);
        apart += holds(m.spill.apart.low, m.spill.apart.high, LIFT);
        naive += holds(m.lift.effect.low, m.lift.effect.high, LIFT);
        found += m.spill.effect.low > 0;
        sum += m.spill.effect.est / WORLDS;
        lift += m.lift.effect.est / WORLDS;
        against += m.spill.apart.est / WORLDS;
        detectable += m.spill.detectable / WORLDS;
        fixture_close(&f);
    }
    check_share("intervals of the contrast that hold the truth", covers, 0.91, 0.985);
    check_share("intervals against controls apart that hold the lift", apart, 0.91, 0.985);
    check_share("intervals against all controls that hold it", naive, 0, 0.88);
    CHECK_NEAR(sum, SPILL, 0.5);
    CHECK_NEAR(against, LIFT, 0.5);
    CHECK_NEAR(lift, LIFT - SPILL / 3.0, 0.5); /* a third of the controls are neighbours */
    if (SPILL > detectable)
        check_share("contrasts found", found, 0.78, 1);
    else
        check_share("contrasts found", found, 0.3, 0.82);
}

/* The simulated company, where sellers pass on a part of the effect. */
static void simulated_spillover_is_found(void **state)
{
    (void)state;
    enum { DRAWS = 40 };
    static const char WORLD[] =
        "world: {title: w, period: quarter, first: 2023-01-01, periods: 10, cut: 2025-09-30, horizon: 90, seed: 1, "
        "accounts_seed: 5, redraws: 60, ages: [90]}\n"
        "accounts: {count: 700, owners: 40, spread: 0}\n"
        "deals: {rate: 0.8, amount_sigma: 0.3, cycle: 40}\n"
        "rollout: {share: 0.12, waves: [2024-01-01]}\n"
        "effect: {volume: 0.4, win_rate: 0.25, deal_size: 0.2, lag: 10, spillover: 0.5}\n";
    int covers = 0, apart = 0;
    double mean = 0, truth = NAN, lift = NAN, against = 0, se = 0;
    for (uint64_t k = 0; k < DRAWS; k++) {
        fixture f;
        rl_world w;
        rl_sim s;
        rl_sim_truth t;
        rl_simcsv_counts n;
        rl_sim_effect e[RL_SIM_OUTCOMES];
        rl_answer a = {.study = &f.study};
        fixture_open(&f);
        CHECK_OK(rl_world_parse("w.yaml", WORLD, strlen(WORLD), &w, f.cx.keep, &f.cx), &f.cx);
        w.seed = 100 + k;
        if (k > 0) w.redraws = 0;
        rl_sim_make(&w, &s, f.cx.keep, &f.cx);
        rl_sim_truth_make(&s, w.seed, &t, f.cx.keep, &f.cx);
        if (k == 0) {
            rl_sim_effects(t.near_expected, 1, w.redraws, e);
            truth = e[RL_SIM_VALUE].effect;
            rl_sim_effects(t.expected, s.n_cohorts * (size_t)s.periods, w.redraws, e);
            lift = e[RL_SIM_VALUE].effect;
        }
        CHECK_OK(rl_simcsv_write(&s, w.seed, 1, f.dir, &n, &f.cx), &f.cx);
        rl_str study = rl_str_new(f.cx.keep);
        rl_simstudy_text(&s, w.seed, &study);
        CHECK_OK(fixture_read(&f, rl_str_text(&study)), &f.cx);
        f.study.n_models = 1;
        f.study.ages.n = 0;
        CHECK_OK(rl_solve(&f.t, &a, &f.cx), &f.cx);
        const rl_spillover *x = &a.model[0].spill;
        assert_true(x->answered);
        covers += holds(x->effect.low, x->effect.high, truth);
        apart += holds(x->apart.low, x->apart.high, lift);
        mean += x->effect.est / DRAWS;
        against += x->apart.est / DRAWS;
        se = x->effect.se;
        fixture_close(&f);
    }
    assert_true(truth > 500 && lift > 1.6 * truth);
    CHECK_NEAR(mean, truth, 3.5 * se / sqrt(DRAWS));
    CHECK_NEAR(against, lift, 0.08 * lift);
    assert_true(covers >= 33);
    assert_true(apart >= 33);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_stands_by_chance),
                                       cmocka_unit_test(spillover_has_its_size),
                                       cmocka_unit_test(simulated_spillover_is_found)};
    return cmocka_run_group_tests_name("groups", tests, NULL, NULL);
}

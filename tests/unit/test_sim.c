/* The simulator's mechanics: exposure, fates, what is counted, effects. */
#include "check.h"

#include <string.h>

#include "model/sim.h"
#include "out/simcsv.h"

static void make(const char *text, rl_world *w, rl_sim *s, rl_ctx *cx)
{
    CHECK_OK(rl_world_parse("w.yaml", text, strlen(text), w, cx->keep, cx), cx);
    rl_sim_make(w, s, cx->keep, cx);
}

static const char *const SMALL =
    "world: {title: small, seed: 77, accounts_seed: 5, periods: 10, redraws: 0}\n"
    "accounts: {count: 401}\n"
    "deals: {rate: 1.3}\n"
    "rollout: {share: 0.37, waves: [2024-04-01, 2024-07-01], selection: 0.6, duration: 400}\n"
    "effect: {lag: 37, half_life: 91, volume: 0.31, win_rate: 0.11, deal_size: 0.17, cycle: -0.23}\n"
    "touches: {per_deal: 3, per_account: 0.7, program: 1.1, chase: 2}\n"
    "leads: {linked: 0.3}\n";

/* ------------------------------------------------------------ exposure */

static size_t first_treated(const rl_sim *s)
{
    size_t i = 0;
    while (s->account[i].start == RL_NO_DAY) i++;
    return i;
}

static void exposure_ramps_and_decays(void **state)
{
    (void)state;
    rl_ctx cx;
    rl_world w;
    rl_sim s;
    check_ctx(&cx);
    make(SMALL, &w, &s, &cx);
    size_t i = first_treated(&s);
    double start = s.account[i].start, end = start + 400, full = 1 - exp(-400.0 / 37);
    assert_int_equal(s.account[i].end, (int32_t)end);
    assert_true(rl_sim_exposure_at(&s, i, start - 0.001) == 0);
    CHECK_DIGITS(rl_sim_exposure_at(&s, i, start + 23.375), 1 - exp(-23.375 / 37), 14);
    CHECK_DIGITS(rl_sim_exposure_at(&s, i, end), full, 14);
    CHECK_DIGITS(rl_sim_exposure_at(&s, i, end + 91), full / 2, 14);
    rl_ctx_free(&cx);
}

/* The first account of a seller is felt at the seller's other accounts, in part; nobody else changes. */
static void sellers_pass_it_on(void **state)
{
    (void)state;
    rl_ctx cx;
    rl_world w, alone;
    rl_sim s, none;
    check_ctx(&cx);
    const char *text = rl_sprintf(cx.keep, "%s", SMALL);
    rl_str t = rl_str_new(cx.keep);
    rl_str_addn(&t, text, (size_t)(strstr(text, "cycle: -0.23}") - text));
    rl_str_add(&t, "cycle: -0.23, spillover: 0.371}\n");
    make(rl_str_text(&t), &w, &s, &cx);
    make(SMALL, &alone, &none, &cx);
    size_t near = 0;
    for (size_t i = 0; i < s.n; i++) {
        const rl_sim_account *a = &s.account[i];
        size_t first = SIZE_MAX;
        for (size_t k = 0; k < s.n; k++) {
            const rl_sim_account *b = &s.account[k];
            bool same = b->region == a->region && b->owner == a->owner && b->start != RL_NO_DAY;
            if (same && (first == SIZE_MAX || b->start < s.account[first].start)) first = k;
        }
        assert_int_equal(none.account[i].near, RL_NO_DAY);
        assert_int_equal(a->start, none.account[i].start);
        if (a->start != RL_NO_DAY || first == SIZE_MAX) {
            assert_int_equal(a->near, RL_NO_DAY);
            CHECK_DIGITS(rl_sim_exposure(&s, i, w.first + 400, 71.3), rl_sim_exposure(&none, i, w.first + 400, 71.3),
                         16);
            continue;
        }
        near++;
        assert_int_equal(a->near, s.account[first].start);
        CHECK_DIGITS(rl_sim_exposure_at(&s, i, a->near + 31.7), 0.371 * rl_sim_exposure_at(&s, first, a->near + 31.7),
                     14);
        CHECK_DIGITS(rl_sim_exposure(&s, i, a->near - 3, 555), 0.371 * rl_sim_exposure(&s, first, a->near - 3, 555),
                     13);
        assert_false(rl_sim_counted(&s, i, 9, 30));
        assert_int_equal(rl_sim_counted_near(&s, i, 6, 30), rl_sim_counted(&s, first, 6, 30));
    }
    assert_true(near > 100);
    rl_ctx_free(&cx);
}

static void mean_exposure_is_the_integral(void **state)
{
    (void)state;
    rl_ctx cx;
    rl_world w;
    rl_sim s;
    check_ctx(&cx);
    make(SMALL, &w, &s, &cx);
    size_t i = first_treated(&s);
    const double from[] = {-71.3, -5.1, 3.7, 350.9, 380.2, 431.7}, days[] = {60.1, 33.3, 101.3, 20.4, 207.7, 51.9};
    for (int k = 0; k < 6; k++) {
        enum { STEPS = 200000 };
        double sum = 0, a = s.account[i].start + from[k];
        for (int j = 0; j < STEPS; j++) sum += rl_sim_exposure_at(&s, i, a + (j + 0.5) * days[k] / STEPS);
        CHECK_NEAR(rl_sim_exposure(&s, i, a, days[k]), sum / STEPS, 1e-7);
    }
    CHECK_DIGITS(rl_sim_exposure(&s, i, s.account[i].start + 23.375, 0), 1 - exp(-23.375 / 37), 14);
    rl_ctx_free(&cx);
}

static void no_lag_and_no_brand_is_a_switch(void **state)
{
    (void)state;
    rl_ctx cx;
    rl_world w;
    rl_sim s;
    check_ctx(&cx);
    make("world: {title: t, redraws: 0}\naccounts: {count: 20}\n"
         "rollout: {share: 0.5, waves: [2024-01-01], duration: 100}\neffect: {lag: 0, half_life: 0}\n",
         &w, &s, &cx);
    size_t i = first_treated(&s);
    double start = s.account[i].start;
    CHECK_DIGITS(rl_sim_exposure_at(&s, i, start), 1, 17);
    CHECK_DIGITS(rl_sim_exposure_at(&s, i, start + 100), 1, 17);
    assert_true(rl_sim_exposure_at(&s, i, start + 100.1) == 0);
    CHECK_DIGITS(rl_sim_exposure(&s, i, start - 50, 200), 0.5, 15);
    size_t never = 0;
    while (s.account[never].start != RL_NO_DAY) never++;
    assert_true(rl_sim_exposure(&s, never, start, 50) == 0 && rl_sim_exposure_at(&s, never, start) == 0);
    rl_ctx_free(&cx);
}

/* ------------------------------------------------------------ accounts */

static void rollout_has_its_shares(void **state)
{
    (void)state;
    rl_ctx cx;
    rl_world w;
    rl_sim s;
    check_ctx(&cx);
    make(SMALL, &w, &s, &cx);
    size_t treated = 0;
    double own[2] = {0}, n[2] = {0};
    for (size_t i = 0; i < s.n; i++) {
        bool t = s.account[i].start != RL_NO_DAY;
        treated += t;
        own[t] += s.account[i].own;
        n[t]++;
        assert_int_equal(t, s.account[i].cohort >= 0);
        if (t) assert_int_equal(s.first_day[s.cohort[s.account[i].cohort]], s.account[i].start);
        assert_in_range(s.account[i].contacts, 1, 30);
        assert_true(s.account[i].win > 0 && s.account[i].win < 1);
    }
    assert_int_equal(treated, 148); /* 0.37 * 401 */
    assert_int_equal(s.n_cohorts, 2);
    assert_int_equal(s.cohort_size[0], 74);
    assert_int_equal(s.cohort_size[1], 74);
    assert_true(own[1] / n[1] > own[0] / n[0] + 0.1); /* selection prefers own demand */
    CHECK_NEAR((own[0] + own[1]) / (n[0] + n[1]), 1, 0.12);
    rl_ctx_free(&cx);
}

static void jitter_spreads_starts(void **state)
{
    (void)state;
    rl_ctx cx;
    rl_world w;
    rl_sim s;
    check_ctx(&cx);
    make("world: {title: t, redraws: 0}\naccounts: {count: 300}\n"
         "rollout: {share: 1, waves: [2026-06-20], jitter: 20}\n",
         &w, &s, &cx);
    int32_t lo = INT32_MAX, hi = INT32_MIN;
    for (size_t i = 0; i < s.n; i++) {
        int32_t d = s.account[i].start;
        lo = d < lo ? d : lo;
        hi = d > hi ? d : hi;
    }
    assert_int_equal(lo, rl_day(2026, 6, 20));
    assert_int_equal(hi, rl_day(2026, 7, 10));
    assert_int_equal(s.n_cohorts, 2); /* the last period, and after it */
    assert_int_equal(s.cohort[0], 11);
    assert_int_equal(s.cohort[1], 12);
    rl_ctx_free(&cx);
}

/* ------------------------------------------------------------ deals */

typedef struct seen {
    const rl_sim *s;
    size_t n, both, only[2], early, partly;
} seen;

static void look(void *user, const rl_sim_deal *d)
{
    seen *y = user;
    const rl_sim *s = y->s;
    const rl_sim_account *a = &s->account[d->account];
    const struct rl_sim_fate *f = d->arm;
    y->n++;
    assert_in_range(d->created, s->first_day[d->period], s->first_day[d->period + 1] - 1);
    assert_true(f[0].exists || f[1].exists || a->start != RL_NO_DAY || s->world->effect.volume > 0);
    for (int k = 0; k < 2; k++) {
        assert_true(f[k].days >= 1 && f[k].amount >= 10 && f[k].amount % 10 == 0);
        y->only[k] += f[k].exists && !f[!k].exists;
    }
    y->both += f[0].exists && f[1].exists;
    if (a->start == RL_NO_DAY || d->created + f[0].days <= a->start) { /* decided before: nothing differs */
        assert_int_equal(f[0].won, f[1].won);
        assert_int_equal(f[0].days, f[1].days);
        assert_int_equal(f[0].amount, f[1].amount);
        assert_int_equal(f[0].exists, f[1].exists);
        y->early++;
        return;
    }
    assert_true(d->created + f[1].days >= a->start); /* .. and no fate moves to before the start */
    assert_true(f[1].won >= f[0].won && f[1].amount >= f[0].amount);
    if (f[0].won == f[1].won) assert_true(f[1].days <= f[0].days);
    if (d->created < a->start) {
        assert_int_equal(f[0].exists, f[1].exists);
        y->partly += f[1].amount > f[0].amount;
    }
}

static void arms_differ_only_by_the_programme(void **state)
{
    (void)state;
    rl_ctx cx;
    rl_world w;
    rl_sim s;
    check_ctx(&cx);
    make(SMALL, &w, &s, &cx);
    seen y = {.s = &s};
    for (size_t i = 0; i < s.n; i++) rl_sim_deals(&s, 77, i, look, &y);
    assert_in_range(y.n, 4000, 9000);
    assert_true(y.only[1] > 50 && y.only[0] == 0 && y.partly > 20 && y.early > 2000);
    rl_ctx_free(&cx);
}

static void less_volume_takes_deals_away(void **state)
{
    (void)state;
    rl_ctx cx;
    rl_world w;
    rl_sim s;
    check_ctx(&cx);
    make(SMALL, &w, &s, &cx);
    w.effect.volume = -0.4;
    w.effect.win_rate = w.effect.deal_size = w.effect.cycle = 0;
    seen y = {.s = &s};
    for (size_t i = 0; i < s.n; i++) rl_sim_deals(&s, 77, i, look, &y);
    assert_true(y.only[0] > 100 && y.only[1] == 0 && y.partly == 0);
    rl_ctx_free(&cx);
}

/* ------------------------------------------------------------ what is counted */

static void counted_periods(void **state)
{
    (void)state;
    rl_ctx cx;
    rl_world w;
    rl_sim s;
    check_ctx(&cx);
    make("world: {title: t, periods: 8, cut: 2025-12-27, redraws: 0}\naccounts: {count: 10}\n"
         "rollout: {share: 0.5, waves: [2024-04-01]}\n",
         &w, &s, &cx);
    size_t i = first_treated(&s), never = 0;
    while (s.account[never].start != RL_NO_DAY) never++;
    assert_false(rl_sim_counted(&s, i, 2, 30)); /* 2024Q1 */
    assert_true(rl_sim_counted(&s, i, 3, 30));  /* 2024Q2 begins on the start day */
    assert_false(rl_sim_counted(&s, never, 3, 30));
    assert_true(rl_sim_counted(&s, i, 7, 180)); /* 2025-06-30 + 180 = 2025-12-27 */
    assert_false(rl_sim_counted(&s, i, 7, 181));
    s.account[i].start++;
    assert_false(rl_sim_counted(&s, i, 3, 30));
    s.account[i].end = rl_day(2025, 1, 29);
    assert_true(rl_sim_counted(&s, i, 5, 29)); /* 2024-12-31 + 29 */
    assert_false(rl_sim_counted(&s, i, 5, 30));
    rl_ctx_free(&cx);
}

static void effects_of_two_cells(void **state)
{
    (void)state;
    const rl_sim_sums cell[2] = {{.cells = 7,
                                  .deals = {11, 13},
                                  .wins = {3, 5},
                                  .amount = {310, 710},
                                  .saved = {170, 410},
                                  .both = 10,
                                  .both_wins = {3, 4},
                                  .both_amount = {310, 530},
                                  .both_saved = {170, 330}},
                                 {.cells = 5,
                                  .deals = {4, 9},
                                  .wins = {0, 2},
                                  .amount = {0, 190},
                                  .saved = {0, 90},
                                  .both = 4,
                                  .both_wins = {0, 1},
                                  .both_amount = {0, 90},
                                  .both_saved = {0, 50}}};
    rl_sim_effect e[RL_SIM_OUTCOMES];
    rl_sim_effects(cell, 2, 2, e);
    CHECK_DIGITS(e[RL_SIM_VALUE].effect, (900.0 - 310) / 12, 15);
    CHECK_DIGITS(e[RL_SIM_VALUE].total, 590.0 / 2, 15);
    CHECK_DIGITS(e[RL_SIM_VALUE].both, (620.0 - 310) / 12, 15);
    CHECK_DIGITS(e[RL_SIM_OPPORTUNITIES].effect, 7.0 / 12, 15);
    assert_true(e[RL_SIM_OPPORTUNITIES].both == 0);
    CHECK_DIGITS(e[RL_SIM_WINS].total, 2, 15);
    CHECK_DIGITS(e[RL_SIM_WIN_RATE].effect, (13 * (5.0 / 13 - 3.0 / 11) + 9 * (2.0 / 9 - 0)) / 22, 14);
    CHECK_DIGITS(e[RL_SIM_WIN_RATE].pooled, 7.0 / 22 - 3.0 / 15, 14);
    CHECK_DIGITS(e[RL_SIM_WIN_RATE].both, 5.0 / 14 - 3.0 / 14, 14);
    assert_true(isnan(e[RL_SIM_WIN_RATE].total));
    CHECK_DIGITS(e[RL_SIM_VELOCITY].effect, (13 * (410.0 / 13 - 170.0 / 11) + 9 * (90.0 / 9)) / 22, 14);
    CHECK_DIGITS(e[RL_SIM_DEAL_SIZE].effect, 710.0 / 5 - 310.0 / 3, 14); /* cell 2 has no win without */
    CHECK_DIGITS(e[RL_SIM_DEAL_SIZE].pooled, 900.0 / 7 - 310.0 / 3, 14);
    CHECK_DIGITS(e[RL_SIM_DEAL_SIZE].with, 900.0 / 7, 15);
    rl_sim_effects(cell, 0, 1, e);
    assert_true(isnan(e[RL_SIM_VALUE].effect) && isnan(e[RL_SIM_DEAL_SIZE].pooled));
    assert_string_equal(rl_sim_outcome_name(RL_SIM_DEAL_SIZE), "deal_size");
}

/* ------------------------------------------------------------ touches, leads, names */

typedef struct desk {
    const rl_sim *s;
    size_t touches, own, leads, mqls, hot_n, cold_n;
    double hot, cold;
    size_t of_deal;
} desk;

static void see_touch(void *user, const rl_sim_touch *t)
{
    desk *k = user;
    const rl_sim_account *a = &k->s->account[t->account];
    assert_in_range(t->contact, 0, a->contacts - 1);
    assert_in_range(t->channel, 0, k->s->world->spend.n_channels);
    assert_in_range(t->stage, 0, RL_SIM_STAGES - 1);
    assert_true(t->day >= k->s->first_day[0] && t->day <= k->s->world->cut);
    if (t->deal != NULL) assert_true(t->day <= t->deal->created + t->deal->arm[1].days);
    if (t->channel == k->s->world->spend.n_channels) {
        assert_true(t->day >= a->start && t->day < a->end);
        k->own++;
    }
    k->touches++;
    k->of_deal++;
}

static void see_lead(void *user, const rl_sim_lead *l)
{
    desk *k = user;
    assert_in_range(l->score, 0, 100);
    if (l->deal != NULL) assert_true(l->mql && l->day <= l->deal->created && l->day > l->deal->created - 30);
    k->leads++;
    k->mqls += l->mql;
}

static void see_deal(void *user, const rl_sim_deal *d)
{
    desk *k = user;
    if (!d->arm[1].exists) return;
    k->of_deal = 0;
    rl_sim_deal_touches(k->s, d, 1, see_touch, k);
    if (d->created + d->arm[1].days <= k->s->world->cut) {
        *(d->heat > 0.5 ? &k->hot : &k->cold) += (double)k->of_deal;
        *(d->heat > 0.5 ? &k->hot_n : &k->cold_n) += 1;
    }
    rl_sim_deal_lead(k->s, d, see_lead, k);
    int32_t f = rl_sim_forecast(k->s, d);
    assert_true(f == RL_NO_DAY || (f > k->s->world->cut && f <= k->s->world->cut + 121));
}

static void touches_chase_hot_deals(void **state)
{
    (void)state;
    rl_ctx cx;
    rl_world w;
    rl_sim s;
    check_ctx(&cx);
    make(SMALL, &w, &s, &cx);
    desk k = {.s = &s};
    for (size_t i = 0; i < s.n; i++) {
        rl_sim_deals(&s, 77, i, see_deal, &k);
        rl_sim_account_touches(&s, 77, i, 1, see_touch, &k);
        rl_sim_account_leads(&s, 77, i, see_lead, &k);
    }
    assert_true(k.hot / (double)k.hot_n > 1.3 * k.cold / (double)k.cold_n);
    assert_in_range(k.own, 400, 1000); /* 148 accounts, 400 days, 1.1 a quarter */
    assert_in_range(k.leads, 3000, 5000);
    assert_in_range(k.mqls, k.leads / 4, 2 * k.leads / 3);
    size_t before = k.own;
    for (size_t i = 0; i < s.n; i++) rl_sim_account_touches(&s, 77, i, 0, see_touch, &k);
    assert_int_equal(k.own, before); /* no programme, no touches of its own */
    assert_int_equal(rl_sim_role(0), 0);
    assert_int_equal(rl_sim_role(RL_SIM_ROLES + 2), 2);
    rl_ctx_free(&cx);
}

static void account_names_are_unique(void **state)
{
    (void)state;
    enum { N = 5000 };
    rl_ctx cx;
    rl_world w;
    check_ctx(&cx);
    rl_world_defaults(&w, cx.keep);
    rl_sim s = {.world = &w};
    rl_dict *seen_names = rl_dict_new(cx.keep);
    char buf[80];
    for (int company = 0; company < 2; company++) {
        w.accounts.company_names = company == 1;
        for (size_t i = 0; i < N; i++) {
            const char *id = rl_sim_account_id(&s, i, buf);
            assert_int_equal(rl_dict_code(seen_names, id, strlen(id)), (int)(company * N) + (int)i);
        }
    }
    assert_string_equal(rl_sim_account_id(&s, 2400, buf), "Alder Logistics AB 2");
    rl_ctx_free(&cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exposure_ramps_and_decays),
        cmocka_unit_test(sellers_pass_it_on),
        cmocka_unit_test(mean_exposure_is_the_integral),
        cmocka_unit_test(no_lag_and_no_brand_is_a_switch),
        cmocka_unit_test(rollout_has_its_shares),
        cmocka_unit_test(jitter_spreads_starts),
        cmocka_unit_test(arms_differ_only_by_the_programme),
        cmocka_unit_test(less_volume_takes_deals_away),
        cmocka_unit_test(counted_periods),
        cmocka_unit_test(effects_of_two_cells),
        cmocka_unit_test(touches_chase_hot_deals),
        cmocka_unit_test(account_names_are_unique),
    };
    return cmocka_run_group_tests_name("sim", tests, NULL, NULL);
}

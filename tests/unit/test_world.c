/* World files: defaults, every key, every refusal. */
#include "check.h"

#include <string.h>

#include "model/world.h"

static rl_code parse(const char *text, rl_world *w, rl_ctx *cx)
{
    return rl_world_parse("w.yaml", text, strlen(text), w, cx->keep, cx);
}

/* The text is refused at line:col, with these words in what and hint. */
static void refuse(const char *text, int line, int col, const char *what, const char *hint)
{
    rl_ctx cx;
    rl_world w;
    check_ctx(&cx);
    if (parse(text, &w, &cx) != RL_EINPUT) fail_msg("accepted: %s", text);
    if (strstr(cx.err.what, what) == NULL) fail_msg("'%s' lacks '%s'", cx.err.what, what);
    if (strstr(cx.err.hint, hint) == NULL) fail_msg("hint '%s' lacks '%s'", cx.err.hint, hint);
    assert_string_equal(cx.err.file, "w.yaml");
    assert_int_equal(cx.err.line, line);
    assert_int_equal(cx.err.col, col);
    rl_ctx_free(&cx);
}

static void shortest_world_has_defaults(void **state)
{
    (void)state;
    rl_ctx cx;
    rl_world w;
    check_ctx(&cx);
    CHECK_OK(parse("world: {title: any}\n", &w, &cx), &cx);
    assert_string_equal(w.title, "any");
    assert_int_equal(w.periods, 12);
    assert_int_equal(w.first, rl_day(2023, 7, 1));
    assert_int_equal(w.cut, rl_day(2026, 6, 30));
    assert_true(w.rollout.share == 0); /* no rollout section: nobody is treated */
    assert_false(w.has_accounts_seed);
    assert_int_equal(w.n_ages, 4);
    assert_int_equal(w.accounts.n_segments, 3);
    rl_ctx_free(&cx);
}

static void every_key_is_read(void **state)
{
    (void)state;
    rl_ctx cx;
    rl_world w;
    check_ctx(&cx);
    const char *text =
        "world: {title: t, currency: EUR, period: month, first: 2024-03-01, periods: 7, cut: 2024-10-15, horizon: 47,\n"
        "        ages: [13, 61], seed: 9007199254740993, accounts_seed: 71, redraws: 3, messy: yes}\n"
        "accounts: {count: 37, names: company, contacts: 2.385, spread: 0.71, owners: 19, regions: [A, B],\n"
        "           segments: {S: {share: 0.37, amount: 0.9, win: 0.013}, L: {share: 0.63, amount: 1.7, win: -0.02}}}\n"
        "deals: {rate: 0.41, common: 0.37, season: 0.11, trend: 0.013, market: 0.7, win_rate: 0.31, win_spread: "
        "0.031,\n"
        "        win_market: 0.17, amount: 12345, amount_sigma: 0.43, cycle: 53, cycle_sigma: 0.37, lost_cycle: 0.83}\n"
        "rollout: {share: 0.47, waves: [2024-05-01, 2024-06-03], jitter: 5, duration: 61, selection: 0.53, "
        "trend_violation: 0.007}\n"
        "effect: {volume: 0.13, win_rate: 0.053, deal_size: 0.071, cycle: -0.093, lag: 31, half_life: 17, spillover: "
        "0.29}\n"
        "touches: {per_deal: 2.3, per_account: 0.29, program: 1.3, chase: 0.7}\n"
        "leads: {per_account: 0.59, mql: 0.23, linked: 0.031}\n"
        "spend: {channels: {search: 1234, mail: 57}, demand: 0.61, noise: 0.19, paid_effect: 0.37, program: 41}\n";
    CHECK_OK(parse(text, &w, &cx), &cx);
    assert_int_equal(w.calendar.kind, RL_MONTH);
    assert_int_equal(w.first, rl_day(2024, 3, 1));
    assert_int_equal(w.cut, rl_day(2024, 10, 15));
    const int ages[] = {13, 47, 61}; /* the horizon joins the ages, in order */
    assert_int_equal(w.n_ages, 3);
    assert_memory_equal(w.age, ages, sizeof ages);
    assert_true(w.seed == 9007199254740993u && w.has_accounts_seed && w.accounts_seed == 71);
    assert_true(w.messy && w.redraws == 3 && w.accounts.count == 37 && w.accounts.company_names);
    assert_int_equal(w.accounts.n_regions, 2);
    assert_string_equal(w.accounts.region[1], "B");
    assert_int_equal(w.accounts.n_segments, 2);
    assert_string_equal(w.accounts.segment[1].name, "L");
    CHECK_DIGITS(w.accounts.segment[1].win, -0.02, 17);
    CHECK_DIGITS(w.accounts.contacts + w.accounts.spread, 2.385 + 0.71, 17);
    CHECK_DIGITS(w.deals.rate + w.deals.common + w.deals.season + w.deals.trend, 0.41 + 0.37 + 0.11 + 0.013, 15);
    CHECK_DIGITS(w.deals.market + w.deals.win_rate + w.deals.win_spread + w.deals.win_market, 0.7 + 0.31 + 0.031 + 0.17,
                 15);
    CHECK_DIGITS(w.deals.amount + w.deals.amount_sigma + w.deals.cycle, 12345 + 0.43 + 53, 15);
    CHECK_DIGITS(w.deals.cycle_sigma + w.deals.lost_cycle, 0.37 + 0.83, 15);
    assert_int_equal(w.rollout.n_waves, 2);
    assert_int_equal(w.rollout.wave[1], rl_day(2024, 6, 3));
    assert_int_equal(w.rollout.jitter * 1000 + w.rollout.duration, 5061);
    CHECK_DIGITS(w.rollout.share + w.rollout.selection + w.rollout.trend_violation, 0.47 + 0.53 + 0.007, 15);
    CHECK_DIGITS(w.effect.volume + w.effect.win_rate + w.effect.deal_size + w.effect.cycle,
                 0.13 + 0.053 + 0.071 - 0.093, 15);
    CHECK_DIGITS(w.effect.lag + w.effect.half_life, 48, 17);
    CHECK_DIGITS(w.effect.spillover, 0.29, 17);
    assert_int_equal(w.accounts.owners, 19);
    CHECK_DIGITS(w.touches.per_deal + w.touches.per_account + w.touches.program + w.touches.chase, 4.59, 15);
    CHECK_DIGITS(w.leads.per_account + w.leads.mql + w.leads.linked, 0.59 + 0.23 + 0.031, 15);
    assert_int_equal(w.spend.n_channels, 2);
    assert_string_equal(w.spend.channel[0].name, "search");
    CHECK_DIGITS(w.spend.channel[1].usd + w.spend.demand + w.spend.noise, 57 + 0.61 + 0.19, 15);
    CHECK_DIGITS(w.spend.paid_effect + w.spend.program, 41.37, 15);
    rl_ctx_free(&cx);
}

static void keys_are_checked(void **state)
{
    (void)state;
    refuse("accounts: {count: 5}\n", 1, 1, "lacks the key 'world'", "world");
    refuse("world: {titel: x}\n", 1, 9, "unknown key 'titel'", "did you mean 'title'");
    refuse("world: {seed: -1}\n", 1, 15, "'seed' must be a whole number", "");
    refuse("world: {accounts_seed: 1.5}\n", 1, 24, "'accounts_seed' must be a whole number", "");
    refuse("world: {seed: 12345678901234567890}\n", 1, 15, "at most 19 digits", "");
    refuse("world: {ages: 30}\n", 1, 15, "'ages' must be a list", "");
    refuse("world: {ages: [1,2,3,4,5,6,7,8]}\n", 1, 15, "not a longer one", "");
    refuse("world: {ages: [30, 30]}\n", 1, 20, "ascending", "");
    refuse("world: {ages: [30.5]}\n", 1, 16, "whole days", "");
    refuse("world: {ages: [x]}\n", 1, 16, "'ages' must be a number", "");
    refuse("world: {period: day}\n", 1, 17, "'period' must be one of", "");
    refuse("world: {redraws: -2}\n", 1, 18, "'redraws' must be a whole number", "");
    refuse("world: {title: x}\naccounts: {regions: []}\n", 2, 21, "no region", "");
    refuse("world: {title: x}\naccounts: {names: funny}\n", 2, 19, "'names' must be one of company, code", "");
    refuse("world: {title: x}\nspend: {channels: {}}\n", 2, 19, "'channels' must be a map", "");
    refuse("world: {title: x}\nspend: {channels: [a]}\n", 2, 19, "not a list", "");
    refuse("world: {title: x}\nspend: {channels: {paid: 10, abm: 3}}\n", 2, 30, "programme's own", "");
    refuse("world: {title: x}\nspend: {channels: {paid: 0}}\n", 2, 26, "'paid' must be a number", "");
    refuse("world: {title: x}\ndeals: {win_rate: 1.2}\n", 2, 19, "'win_rate' must be a number from 0 to 1", "");
    refuse("world: {title: x}\nrollout: {waves: 2024-01-01}\n", 2, 18, "'waves' must be a list", "");
    refuse("world: {title: x}\nrollout: {waves: [2024-01-01, soon]}\n", 2, 31, "a wave must be a date", "");
    refuse("world: {title: x}\nrollout: {waves: [2024-04-01, 2024-01-01]}\n", 2, 31, "ascending", "");
}

static void keys_must_agree(void **state)
{
    (void)state;
    refuse("world: {first: 2024-02-01}\n", 1, 16, "not the first day of a quarter: 2024-02-01", "begins on 2024-01-01");
    refuse("world: {cut: 2026-06-29}\n", 1, 14, "before the last creation day: 2026-06-29 < 2026-06-30", "later cut");
    refuse("world: {title: x}\nrollout: {waves: [2024-01-01, 2026-07-01]}\n", 2, 31,
           "outside the simulated time: 2026-07-01", "");
    refuse("world: {title: x}\nrollout: {waves: [2023-06-30]}\n", 2, 19, "outside the simulated time", "");
    refuse("world: {title: x}\naccounts: {segments: {S: {share: 0.4, amount: 1}}}\n", 2, 22, "sum to 0.4", "");
    refuse("world: {title: x}\ndeals: {win_rate: 0.05}\n", 2, 19, "win probabilities from -0.07 to", "win_spread");
    refuse("world: {title: x}\nrollout: {waves: [2024-01-01], trend_violation: 0.4}\n", 1, 1, "leave 0..1", "");
    refuse("world: {title: x}\nrollout: {waves: [2024-01-01], trend_violation: -0.2}\ndeals: {win_rate: 0.3}\n", 3, 19,
           "leave 0..1", "");
    refuse("world: {title: x}\neffect: {win_rate: 0.9}\n", 1, 1, "leave 0..1", "");
    refuse("world: {title: x}\nrollout: {share: 0.3}\n", 2, 18, "no wave says when", "share: 0");
}

static void drift_below_zero_is_refused(void **state)
{
    (void)state;
    refuse("world: {title: x}\n"
           "accounts: {segments: {S: {share: 1, amount: 1}}}\n"
           "deals: {win_rate: 0, win_spread: 0}\n"
           "effect: {win_rate: 0}\n"
           "rollout: {waves: [2024-01-01], trend_violation: -0.1}\n",
           5, 49, "below zero demand", "");
}

static void files_and_help(void **state)
{
    (void)state;
    rl_ctx cx;
    rl_world w;
    check_ctx(&cx);
    assert_int_equal(rl_world_read("/nowhere/w.yaml", &w, cx.keep, &cx), RL_EINPUT);
    assert_non_null(strstr(cx.err.what, "cannot open '/nowhere/w.yaml'"));
    assert_non_null(strstr(cx.err.hint, "shortest world file"));
    rl_str help = rl_str_new(cx.keep);
    rl_world_help(&help);
    assert_non_null(strstr(help.s, "trend_violation"));
    assert_non_null(strstr(help.s, "paid_effect"));
    rl_ctx_free(&cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shortest_world_has_defaults),
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(keys_are_checked),
        cmocka_unit_test(keys_must_agree),
        cmocka_unit_test(drift_below_zero_is_refused),
        cmocka_unit_test(files_and_help),
    };
    return cmocka_run_group_tests_name("world", tests, NULL, NULL);
}

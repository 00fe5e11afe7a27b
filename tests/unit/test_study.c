#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "model/study.h"
#include "own_ctx.h"

#define DEALS                 \
    "deals:\n"                \
    "  file: deals.csv\n"     \
    "  id: deal_id\n"         \
    "  account: account\n"    \
    "  created: created\n"    \
    "  closed: closed\n"      \
    "  status: status\n"      \
    "  won: [Won]\n"          \
    "  lost: [Lost, no]\n"    \
    "  open: [Prospecting]\n" \
    "  amount: amount\n"      \
    "  group: [region]\n"
#define ABM "programs:\n  abm: {file: programs.csv, unit: account, start: start}\n"

static rl_study parse(const char *text)
{
    rl_study s;
    CHECK_OK(rl_study_parse("models/q.yaml", text, strlen(text), &s, cx.keep, &cx), &cx);
    return s;
}

/* `at` stands in the text where the message must point; `what` and `hint` in the message. */
static void refused(const char *text, const char *at, const char *what, const char *hint)
{
    rl_study s;
    rl_forgive(&cx);
    if (rl_study_parse("models/q.yaml", text, strlen(text), &s, cx.keep, &cx) == RL_OK) fail_msg("accepted: %s", text);
    assert_int_equal(cx.err.code, RL_EINPUT);
    if (strstr(cx.err.what, what) == NULL) fail_msg("'%s' lacks '%s'", cx.err.what, what);
    if (strstr(cx.err.hint, hint) == NULL) fail_msg("hint '%s' lacks '%s'", cx.err.hint, hint);
    const char *place = strstr(text, at);
    assert_non_null(place);
    int line = 1, col = 1;
    for (const char *c = text; c < place; c++) {
        col = *c == '\n' ? 1 : col + 1;
        line += *c == '\n';
    }
    if (cx.err.line != line || cx.err.col != col)
        fail_msg("'%s' at %d:%d, not %d:%d", cx.err.what, cx.err.line, cx.err.col, line, col);
    assert_non_null(cx.err.excerpt);
}

static const char FULL[] =
    "study:\n"
    "  title: ABM programme, four quarters\n"
    "  currency: USD\n"
    "  period: month\n"
    "  fiscal_year_start: 2\n"
    "  cut: 2026-06-30\n"
    "  seed: 18446744073709551615\n"
    "  level: 0.9\n"
    "  where: {type: [New, 'no']}\n"
    "  rules: {duplicate-deal: drop, negative-amount: keep}\n"
    "  ages: [45, 91]\n"
    "deals:\n"
    "  file: ../data/deals.csv\n"
    "  encoding: latin-1\n"
    "  delimiter: tab\n"
    "  number_format: eu\n"
    "  date_format: '%d.%m.%Y'\n"
    "  missing: [NA, '', \"-\"]\n"
    "  id: 1.10\n"
    "  account: account\n"
    "  created: created\n"
    "  closed: closed\n"
    "  status: status\n"
    "  won: [Won]\n"
    "  lost: [no, 0]\n"
    "  open: Prospecting\n"
    "  amount: amount\n"
    "  lookup: [{file: teams.csv, key: owner, as: name, add: [region]}]\n"
    "  group: [segment, owner]\n"
    "accounts: {file: /abs/accounts.csv, id: account, fixed: [size, industry]}\n"
    "leads: {file: leads.csv, id: lead, date: date, account: account, contact: contact, mql: is_mql, score: score,\n"
    "        deal: deal_id, group: [origin], won: {file: won.csv, key: lead, date: won_date, delimiter: ';'}}\n"
    "touchpoints: {file: t.csv, date: date, account: account, contact: c, role: r, channel: ch, stage: s, deal: d}\n"
    "spend: {file: spend.csv, date: week, channel: channel, amount: usd, unit: region}\n"
    "market: {file: market.csv, date: month, columns: [index, rates]}\n"
    "panel: {file: geo.csv, unit: geo, date: day, columns: [sales, cost, revenue]}\n"
    "programs:\n"
    "  abm: {file: programs.csv, unit: account, start: start, end: end, dose: dose, cost: {channels: [abm]}}\n"
    "  geo: {file: g.csv, unit: geo, start: 2015-02-16, end: 2015-03-15, where: {geo.group: [\"2\"]}, cost: {column: "
    "cost}}\n"
    "  few: {units: [a, b], unit: region, start: 2015-02-16, cost: {total: 50000}}\n"
    "money: {gross_margin: 0.72, discount_rate: 0.10, loaded_cost: 1.35,\n"
    "        ledger: {file: bookings.csv, period: month, amount: usd}}\n"
    "models:\n"
    "  win-rate:\n"
    "    question: Did it?\n"
    "    estimator: etwfe\n"
    "    outcome: win_rate\n"
    "    horizon: 180\n"
    "    treatment: abm\n"
    "    level: region\n"
    "    control: never\n"
    "    transition: anticipate\n"
    "    covariates: [size]\n"
    "    cluster: account\n"
    "    window: [-8, 6]\n"
    "    primary: yes\n"
    "  sales: {outcome: sales, treatment: geo}\n"
    "  panel-revenue: {outcome: revenue, treatment: geo, level: panel}\n"
    "  lags: {formula: 'revenue ~ lag(log1p(spend), 0:6) | region', level: region, clock: event, vcov: DK, weights: "
    "w}\n";

static void reads_the_study_section(void **state)
{
    (void)state;
    rl_study s = parse(FULL);
    assert_string_equal(s.path, "models/q.yaml");
    assert_string_equal(s.folder, "models");
    assert_string_equal(s.title, "ABM programme, four quarters");
    assert_string_equal(s.currency, "USD");
    assert_int_equal(s.calendar.kind, RL_MONTH);
    assert_int_equal(s.calendar.fiscal_start, 2);
    assert_int_equal(s.cut, rl_day(2026, 6, 30));
    assert_true(s.has_seed && s.seed == UINT64_MAX);
    CHECK_DIGITS(s.level, 0.9, 16);
    assert_int_equal(s.n_where, 1);
    assert_string_equal(s.where[0].column.s, "type");
    assert_string_equal(s.where[0].values.v[1].s, "no");
    assert_int_equal(s.policy[RL_RULE_DUP_DEAL], RL_POLICY_DROP);
    assert_int_equal(s.policy[RL_RULE_NEGATIVE], RL_POLICY_KEEP);
    assert_int_equal(s.policy[RL_RULE_STATUS], rl_rule_default(RL_RULE_STATUS));
    assert_int_equal(s.ages.n, 2);
    assert_string_equal(s.ages.v[1].s, "91");
}

static void reads_the_tables(void **state)
{
    (void)state;
    rl_study s = parse(FULL);
    const rl_source *d = &s.deals.file.source;
    assert_true(s.deals.file.given);
    assert_string_equal(d->path, "models/../data/deals.csv");
    assert_string_equal(d->name, "../data/deals.csv");
    assert_int_equal(d->encoding, RL_LATIN1);
    assert_int_equal(d->delimiter, '\t');
    assert_int_equal(d->numbers, RL_NUMBERS_EU);
    assert_string_equal(d->date_format, "%d.%m.%Y");
    assert_int_equal(d->n_missing, 3);
    assert_string_equal(d->missing[1], "");
    assert_string_equal(s.deals.id.s, "1.10");
    assert_int_equal(s.deals.id.at.line, 19);
    assert_int_equal(s.deals.id.at.col, 7);
    assert_string_equal(s.deals.lost.v[0].s, "no");
    assert_string_equal(s.deals.lost.v[1].s, "0");
    assert_int_equal(s.deals.open.n, 1);
    assert_int_equal(s.deals.n_lookup, 1);
    assert_string_equal(s.deals.lookup[0].file.source.path, "models/teams.csv");
    assert_string_equal(s.deals.lookup[0].as.s, "name");
    assert_string_equal(s.deals.lookup[0].add.v[0].s, "region");
    assert_string_equal(s.accounts.file.source.path, "/abs/accounts.csv");
    assert_string_equal(s.leads.won_file.source.path, "models/won.csv");
    assert_int_equal(s.leads.won_file.source.delimiter, ';');
    assert_int_equal(s.leads.file.source.delimiter, 0);
    assert_string_equal(s.leads.won_date.s, "won_date");
    assert_string_equal(s.touches.role.s, "r");
    assert_string_equal(s.spend.unit.s, "region");
    assert_int_equal(s.market.columns.n, 2);
    assert_string_equal(s.panel.columns.v[2].s, "revenue");
    CHECK_DIGITS(s.money.gross_margin, 0.72, 16);
    CHECK_DIGITS(s.money.loaded_cost, 1.35, 16);
    assert_true(s.money.given && s.money.ledger.file.given);
}

static void reads_programmes_and_models(void **state)
{
    (void)state;
    rl_study s = parse(FULL);
    assert_int_equal(s.n_programs, 3);
    assert_string_equal(s.program[0].name, "abm");
    assert_string_equal(s.program[0].start.s, "start");
    assert_int_equal(s.program[0].fixed_start, RL_NO_DAY);
    assert_true(isnan(s.program[0].cost_total));
    assert_null(s.program[1].start.s);
    assert_int_equal(s.program[1].fixed_start, rl_day(2015, 2, 16));
    assert_int_equal(s.program[1].fixed_end, rl_day(2015, 3, 15));
    assert_string_equal(s.program[1].where.column.s, "geo.group");
    assert_string_equal(s.program[1].where.values.v[0].s, "2");
    assert_int_equal(s.program[2].where_units.n, 2);
    CHECK_DIGITS(s.program[2].cost_total, 50000, 16);

    const rl_model_spec *m = s.model;
    assert_int_equal(s.n_models, 4);
    assert_int_equal(m[0].outcome, RL_OUT_WIN_RATE);
    assert_int_equal(m[0].horizon, 180);
    assert_true(m[0].control_never && m[0].primary && !m[0].clock_event);
    assert_int_equal(m[0].transition, RL_TRANSITION_ANTICIPATE);
    assert_int_equal(m[0].window_lo, -8);
    assert_int_equal(m[0].window_hi, 6);
    assert_string_equal(m[0].estimator.s, "etwfe");
    assert_int_equal(m[1].outcome, RL_OUT_COLUMN);
    assert_string_equal(m[1].outcome_column.s, "sales");
    assert_string_equal(m[1].estimator.s, "auto");
    assert_int_equal(m[2].outcome, RL_OUT_COLUMN);
    assert_string_equal(m[3].estimator.s, "auto");
    assert_int_equal(m[3].outcome, RL_OUT_NONE);
    assert_true(m[3].clock_event);
    assert_string_equal(m[3].vcov.s, "DK");
    assert_string_equal(rl_outcome_name(RL_OUT_LOG_DEAL_SIZE), "log_deal_size");
    assert_null(rl_outcome_name(RL_OUT_COLUMN));
}

static void has_defaults(void **state)
{
    (void)state;
    rl_study s = parse(DEALS);
    assert_string_equal(s.title, "q");
    assert_string_equal(s.currency, "");
    assert_int_equal(s.calendar.kind, RL_QUARTER);
    assert_int_equal(s.calendar.fiscal_start, 1);
    assert_int_equal(s.cut, RL_NO_DAY);
    assert_false(s.has_seed);
    CHECK_DIGITS(s.level, 0.95, 16);
    assert_int_equal(s.ages.n, 4);
    assert_string_equal(s.ages.v[3].s, "365");
    assert_true(isnan(s.money.gross_margin) && !s.money.given);
    CHECK_DIGITS(s.money.loaded_cost, 1, 16);
    for (int r = 0; r < RL_RULES_END; r++) assert_int_equal(s.policy[r], rl_rule_default((rl_rule)r));
    assert_int_equal(s.n_models, 0);
}

static void refuses_wrong_keys(void **state)
{
    (void)state;
    refused("deal:\n  file: x\n", "deal", "unknown key 'deal'", "did you mean 'deals'? known keys: study, deals");
    refused(DEALS "  amnt: x\n", "amnt", "unknown key 'amnt' in 'deals'", "file, encoding, delimiter");
    refused(DEALS "models:\n  m: {lag: 2}\n", "lag", "unknown key 'lag' in 'models.m'", "question");
    refused("deals: {file: d.csv, created: c, closed: c, status: s, won: [W]}\n", "{file", "'deals' lacks the key 'id'",
            "identifies a deal");
    refused("[1, 2]\n", "[1", "must be a map of sections, not a list", "");
    refused("deals: x\n", "x", "'deals' must be a map of keys, not 'x'", "");
    refused(DEALS "study: {rules: {missing-created: keep}}\n", "keep", "rule 'missing-created' can be error or drop",
            "a deal without a creation date");
    refused(DEALS "study: {rules: {dupe: drop}}\n", "dupe", "unknown rule 'dupe'", "duplicate-deal");
    refused(DEALS "study: {rules: {duplicate-dael: drop}}\n", "duplicate-dael", "unknown rule",
            "did you mean 'duplicate-deal'?");
}

static void refuses_a_column_of_two_kinds(void **state)
{
    (void)state;
    static const char head[] = "deals: {file: d.csv, id: d, created: c, closed: e, status: s, won: [W]";
    const char *text = rl_sprintf(cx.keep, "%s, amount: c}\n", head);
    refused(text, "c}", "column 'c' cannot be both 'deals.created' and 'deals.amount'", "of its own");
    refused(rl_sprintf(cx.keep, "%s, account: d}\n", head), "d}", "both 'deals.id' and 'deals.account'", "");
    refused(rl_sprintf(cx.keep, "%s, amount: a, lookup: {file: l.csv, key: a, add: [b]}}\n", head), "a, add",
            "both 'deals.amount' and 'deals.lookup.key'", "");
    refused(DEALS "touchpoints: {file: t.csv, date: x, account: x}\n", "x}", "both 'touchpoints.date' and", "");
    refused(DEALS "spend: {file: t.csv, date: x, amount: x}\n", "x}", "both 'spend.date' and 'spend.amount'", "");
    refused(DEALS "market: {file: m.csv, date: d, columns: [x, d]}\n", "d]", "both 'market.date' and", "");
    refused(DEALS "leads: {file: m.csv, date: d, id: i, account: i}\n", "i, account", "both 'leads.account' and", "");
    rl_str many = rl_str_new(cx.keep);
    rl_str_add(&many, DEALS "panel: {file: p.csv, unit: u, date: d, columns: [c0");
    for (int i = 1; i <= 80; i++) rl_str_addf(&many, ", c%d", i);
    rl_str_add(&many, "]}\n");
    refused(rl_str_text(&many), "c80", "'panel.columns' lists 81 columns, and at most 80 are read", "");
    rl_study s = parse(rl_sprintf(cx.keep, "%s, group: [s, d], lookup: {file: l.csv, key: s, add: [b]}}\n", head));
    assert_int_equal(s.deals.n_lookup, 1); /* a text read twice as text */
}

static void refuses_wrong_types(void **state)
{
    (void)state;
    refused(DEALS "study: {period: quater}\n", "quater",
            "'period' must be one of day, week, month, quarter, year, not 'quater'", "did you mean 'quarter'?");
    refused(DEALS "study: {period: [month]}\n", "[month]", "not a list", "");
    refused(DEALS "study: {cut: 2026-02-30}\n", "2026-02-30",
            "'cut' must be a date such as 2026-06-30, not '2026-02-30'", "");
    refused(DEALS "study: {seed: -3}\n", "-3", "'seed' must be a whole number", "");
    refused(DEALS "study: {seed: 18446744073709551616}\n", "1844", "'seed' must be a whole number", "");
    refused(DEALS "study: {fiscal_year_start: 13}\n", "13",
            "'fiscal_year_start' must be a whole number from 1 to 12, not '13'", "");
    refused(DEALS "study: {fiscal_year_start: 2.5}\n", "2.5", "whole number", "");
    refused(DEALS "study: {level: 95}\n", "95", "'level' must be a number from 0.5 to 0.9999, not '95'", "");
    refused(DEALS "study: {level: nan}\n", "nan", "'level' must be a number", "");
    refused(DEALS "study: {title: }\n", "}\n", "'title' must be a text, not nothing", "");
    refused(DEALS "study: {title: ''}\n", "''", "'title' must be a text, not an empty text", "");
    refused(DEALS "study: {where: [type]}\n", "[type]", "'where' must be a map such as {type: [New]}, not a list", "");
    refused(DEALS "study: {where: {type: []}}\n", "[]", "lists no value", "");
    refused(DEALS "study: {rules: keep}\n", "keep", "'rules' must be a map", "");
    refused(DEALS "study: {rules: {cell: ignore}}\n", "ignore", "'cell' must be one of error, drop, keep, not 'ignore'",
            "");
    refused(DEALS "study: {ages: [90, 30]}\n", "30]", "'ages' must ascend: '30' stands after '90'", "");
    refused(DEALS "study: {ages: [0.5]}\n", "0.5", "'ages' must be a number from 1 to 3650", "");
    refused(DEALS "study: {ages: [30.5]}\n", "30.5", "whole days", "");
    refused(DEALS "accounts: {file: a.csv, id: [x]}\n", "[x]", "'id' must be a text, not a list", "");
    refused(DEALS "accounts: {file: a.csv, id: a, fixed: {b: c}}\n", "{b: c}",
            "'fixed' must be a list of texts such as [a, b], not a map", "");
    refused(DEALS "accounts: {file: a.csv, id: a, fixed: [b, [c]]}\n", "[c]",
            "an item of 'fixed' must be a text, not a list", "");
    refused(DEALS "accounts: {file: a.csv, id: a, fixed: [b, b]}\n", "b]", "'b' stands twice in 'fixed'", "");
    refused(DEALS "accounts: {file: a.csv, id: a, delimiter: x}\n", "x}", "'delimiter' must be one of", "");
    refused(DEALS "accounts: {file: a.csv, id: a, encoding: cp1252}\n", "cp1252",
            "'encoding' must be one of utf-8, utf-16, latin-1", "");
    refused(DEALS "accounts: {file: a.csv, id: a, number_format: de}\n", "de}",
            "'number_format' must be one of plain, us, eu", "");
    refused(DEALS "accounts: {file: a.csv, id: a, date_format: '%d/%m'}\n", "'%d", "must name year, month and day",
            "%d/%m/%Y");
    refused(DEALS "models: [a]\n", "[a]", "'models' must be a map of names", "");
    refused(DEALS "models: {}\n", "{}", "an empty map", "");
    refused(DEALS ABM "models:\n  m: {outcome: value, treatment: abm, primary: maybe}\n", "maybe",
            "'primary' must be yes or no, not 'maybe'", "");
    refused(DEALS ABM "models:\n  m: {outcome: value, treatment: abm, window: 6}\n", "6}", "such as [-8, 6], not '6'",
            "");
    refused(DEALS ABM "models:\n  m: {outcome: value, treatment: abm, window: [1, 6]}\n", "[1, 6]", "below 0",
            "event time 0");
    refused(DEALS ABM "models:\n  m: {outcome: value, treatment: abm, vcov: foo}\n", "foo", "'foo' is not known",
            "vcov: cluster:COLUMN");
    refused(DEALS ABM "models:\n  m: {outcome: value, treatment: abm, vcov: HC1}\n", "HC1",
            "'HC1' cannot be the errors of a programme", "one column above it");
    refused(DEALS ABM "models:\n  m: {outcome: value, treatment: abm, vcov: 'cluster:a+b'}\n", "'cluster:a+b'",
            "cannot be the errors of a programme", "");
    refused(DEALS ABM "models:\n  m: {outcome: value, treatment: abm, cluster: a, vcov: 'cluster:b'}\n", "'cluster:b'",
            "'vcov' clusters by 'b', and 'cluster' by 'a'", "one of the two");
    refused(DEALS ABM "models:\n  m: {outcome: value, treatment: abm, weights: w}\n", "w}",
            "'weights' names 'w', which 'accounts.fixed' does not list", "");
    refused(DEALS ABM "models:\n  m: {outcome: value, treatment: abm, estimator: staggered, weights: w}\n", "w}",
            "estimator 'staggered' takes no 'weights'", "etwfe");
    static const char *const OF_FORMULA[] = {"lags: '2,1'", "max_lags: 4", "ic: bic",
                                             "shock: x",    "periods: 8",  "average: forms"};
    for (size_t i = 0; i < sizeof OF_FORMULA / sizeof *OF_FORMULA; i++) {
        char text[2000];
        snprintf(text, sizeof text, "%smodels:\n  m: {outcome: value, treatment: abm, %s}\n", DEALS ABM, OF_FORMULA[i]);
        refused(text, OF_FORMULA[i], "does nothing for a programme: it belongs to a 'formula'", "");
    }
    static const char *const OF_PROGRAMME[] = {"cluster: a", "covariates: [a]", "window: [-2, 2]", "anticipation: 1",
                                               "control: never"};
    for (size_t i = 0; i < sizeof OF_PROGRAMME / sizeof *OF_PROGRAMME; i++) {
        char text[2000];
        snprintf(text, sizeof text, "%smodels:\n  m: {formula: y ~ x, level: all, %s}\n", DEALS ABM, OF_PROGRAMME[i]);
        refused(text, OF_PROGRAMME[i], "does nothing in a formula", "");
    }
    refused(DEALS ABM "models:\n  m: {outcome: value, treatment: abm, estimator: poisson}\n", "poisson",
            "'poisson' is not an estimator for a programme", "");
    refused(DEALS ABM "models:\n  m: {outcome: value, treatment: abm, control: notjet}\n", "notjet", "notyet, never",
            "'notyet'");
}

static void refuses_what_does_not_agree(void **state)
{
    (void)state;
    refused("study: {title: x}\n", "study", "the study has no data", "revlift init");
    refused("deals: {file: d, id: i, created: c, closed: d, status: s, won: [W], lost: [L, W]}\n", "W]}",
            "listed as won and as lost", "");
    refused("deals: {file: d, id: i, created: c, closed: d, status: s, won: []}\n", "d, id", "lists no status",
            "Closed Won");
    refused(DEALS "touchpoints: {file: t.csv, date: d}\n", "t.csv", "needs 'account' or 'deal'", "");
    refused(DEALS "leads: {file: l.csv, date: d, won: {file: w.csv, key: k, date: d}}\n", "w.csv", "needs 'leads.id'",
            "l.csv");
    refused(DEALS "panel: {file: p.csv, unit: u, date: d, columns: []}\n", "p.csv", "'panel.columns' is empty", "");
    refused(DEALS "market: {file: p.csv, date: d, columns: []}\n", "p.csv", "'market.columns' is empty", "");
    refused(DEALS "  lookup: {file: p.csv, key: d, add: []}\n", "p.csv", "adds no column", "");
    refused("leads: {file: l.csv, date: d}\nstudy: {where: {a: b}}\n", "a: b", "no 'deals' section", "");
    refused(DEALS "study: {by: [regoin]}\n", "regoin", "'by' names 'regoin', which neither 'accounts.fixed' nor",
            "did you mean 'region'?");
    refused(DEALS "  owner: amount # s\n", "amount # s", "column 'amount' cannot be both", "'deals.owner'");
    refused(DEALS "accounts: {file: a.csv, id: acct, owner: who, parent: who}\n", "who}",
            "column 'who' cannot be both 'accounts.owner' and 'accounts.parent'", "'accounts.parent'");
    rl_study s = parse(DEALS "  owner: rep\nstudy: {by: [region, size], rules: {overlapping-programs: keep}}\n"
                             "accounts: {file: a.csv, id: acct, owner: who, parent: up, fixed: [size]}\n");
    assert_int_equal(s.by.n, 2);
    assert_string_equal(s.deals.owner.s, "rep");
    assert_string_equal(s.accounts.owner.s, "who");
    assert_string_equal(s.accounts.parent.s, "up");
    assert_int_equal(s.policy[RL_RULE_PROGRAMS], RL_POLICY_KEEP);
}

static void refuses_programmes(void **state)
{
    (void)state;
#define P(body) DEALS "programs:\n  abm: " body "\n"
    refused(P("{unit: account, start: 2024-01-01}"), "abm:", "says nothing about who got it", "units: [a, b]");
    refused(P("{file: p.csv, start: s}"), "abm:", "lacks the key 'unit'", "'p.csv'");
    refused(P("{file: p.csv, unit: a}"), "{file", "lacks the key 'start'", "first day");
    refused(P("{file: p.csv, unit: a, start: s, units: [xx]}"), "xx]", "both 'file' and 'units'", "");
    refused(P("{units: [x], start: begin}"), "begin", "'start' must be a date such as 2026-06-30, not 'begin'",
            "'file'");
    refused(P("{units: [x], start: 2024-01-01, end: stop}"), "stop", "'end' must be a date", "");
    refused(P("{units: [x], start: 2024-01-02, end: 2024-01-01}"), "2024-01-01", "ends before it starts", "");
    refused(P("{units: [x], start: 2024-01-02, where: {gg: [1]}}"), "gg", "'where' picks rows of a 'file'", "");
    refused(P("{units: [x], start: 2024-01-02, dose: dd}"), "dd", "'dose' is a column of a 'file'", "");
    refused(P("{units: [x], start: 2024-01-02, cost: {total: 5, column: c}}"), "abm:", "more than one way", "");
    refused(P("{units: [x], start: 2024-01-02, cost: {total: -5}}"), "-5", "'total' must be a number from 0", "");
    refused(P("{units: [x], start: 2024-01-02, cost: {column: zz}}"), "zz", "there is no 'panel' section", "");
    refused(P("{units: [x], start: 2024-01-02, cost: {channels: [zz]}}"), "zz", "needs a 'spend' section", "");
    refused(P("{units: [x], start: 2024-01-02, cost: {column: spnd}}\npanel: {file: p, unit: u, date: d, columns: "
              "[spend]}"),
            "spnd", "'panel.columns' does not list", "did you mean 'spend'?");
    refused(P("{file: p.csv, unit: a, start: s, where: {x: [1], y: [2]}}"), "{x:", "a map of one column", "");
    refused(DEALS "programs:\n  a/b: {units: [x], start: 2024-01-02}\n", "a/b", "cannot name a programme", "letters");
#undef P
}

static void refuses_models(void **state)
{
    (void)state;
#define M(body) DEALS ABM "models:\n  mm: " body "\n"
    refused(M("{outcome: value}"), "mm:", "neither 'treatment' nor 'formula'", "programme");
    refused(M("{formula: y ~ x}"), "y ~ x", "a 'formula' and no 'level'", "deal, account");
    refused(M("{treatment: abm}"), "mm:", "lacks the key 'outcome'", "value, win_rate");
    refused(M("{outcome: value, treatment: abn}"), "abn", "has no programme 'abn'",
            "did you mean 'abm'? programmes: abm");
    refused(M("{outcome: winrate, treatment: abm}"), "winrate", "unknown outcome 'winrate'",
            "did you mean 'win_rate'?");
    refused(M("{outcome: value, treatment: abm, level: regoin}"), "regoin", "there is no level 'regoin'", "'region'");
    refused(M("{outcome: value, treatment: abm, channels: [tv]}"), "tv]", "has 'channels' and no 'formula'",
            "write a formula");
    refused(M("{outcome: value, treatment: abm, covariates: [size]}"), "size", "not listed in 'accounts.fixed'",
            "fixed before the programme");
    refused(M("{formula: y ~ x, level: deal, estimator: event}"), "event", "estimator 'event' needs a 'treatment'",
            "ols");
    refused(M("{formula: y ~ x, treatment: abm, level: deal}"), "y ~ x", "both 'treatment' and 'formula'",
            "two models");
    refused(M("{outcome: wins, treatment: abm, clock: event}"), "wins",
            "'clock: event' is for outcome 'revenue', not 'wins'", "followed from their creation");
    refused(M("{formula: value ~ 1, level: deal, horizon: 9, clock: event}"), "deal, horizon",
            "'clock: event' counts deals by period", "a group column or all");
    refused(M("{outcome: value, treatment: abm, level: all}"), "all", "there is no level 'all'", "");
    rl_study all = parse(M("{formula: revenue ~ opportunities, level: all, clock: event}"));
    assert_string_equal(all.model[0].level.s, "all");
    refused(DEALS ABM "models:\n  'a b': {outcome: value, treatment: abm}\n", "'a b'", "cannot name a model",
            "letters");
    refused(DEALS ABM "models:\n  -x: {outcome: value, treatment: abm}\n", "-x", "cannot name a model", "");
    refused("leads: {file: l.csv, date: d}\n" ABM "models:\n  m: {outcome: win_rate, treatment: abm}\n", "win_rate",
            "outcome 'win_rate' needs a 'deals' section", "");
    refused("deals: {file: d.csv, id: i, created: c, closed: d, status: s, won: [W]}\n" ABM
            "models:\n  m: {outcome: value, treatment: abm}\n",
            "value", "needs 'deals.amount'", "d.csv");
#undef M
}

static void a_panel_alone_is_a_study(void **state)
{
    (void)state;
    rl_study s = parse("panel: {file: geo.csv, unit: geo, date: date, columns: [revenue]}\n"
                       "programs: {ads: {units: [a], start: 2015-02-16}}\n"
                       "models: {m: {outcome: revenue, treatment: ads}}\n");
    assert_int_equal(s.model[0].outcome, RL_OUT_COLUMN);
    assert_false(s.deals.file.given);
}

static void reads_a_file(void **state)
{
    (void)state;
    char path[] = "/tmp/revlift-study-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, DEALS, sizeof DEALS - 1), sizeof DEALS - 1);
    close(fd);
    rl_study s;
    CHECK_OK(rl_study_read(path, &s, cx.keep, &cx), &cx);
    assert_string_equal(s.folder, "/tmp");
    assert_string_equal(s.deals.file.source.path, "/tmp/deals.csv");
    unlink(path);
    assert_int_equal(rl_study_read(path, &s, cx.keep, &cx), RL_EINPUT);
}

/* Every key of the full study is explained, and no line is empty of words. */
static void help_knows_every_key(void **state)
{
    (void)state;
    static const char *const words[] = {"study:",         "fiscal_year_start",   "delimiter",  "lookup",
                                        "won_file",       "gross_margin",        "transition", "notyet | never",
                                        "duplicate-deal", "(required)",          "where",      "  by ",
                                        "parent",         "overlapping-programs"};
    rl_str t = rl_str_new(cx.keep);
    rl_study_help(&t);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if ((strstr(t.s, words[i]) == NULL) != (strcmp(words[i], "won_file") == 0)) fail_msg("help and '%s'", words[i]);
    assert_null(strstr(t.s, "(null)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_the_study_section),     TEST(reads_the_tables),
        TEST(reads_programmes_and_models), TEST(has_defaults),
        TEST(refuses_wrong_keys),          TEST(refuses_a_column_of_two_kinds),
        TEST(refuses_wrong_types),         TEST(refuses_what_does_not_agree),
        TEST(refuses_programmes),          TEST(refuses_models),
        TEST(a_panel_alone_is_a_study),    TEST(reads_a_file),
        TEST(help_knows_every_key),
    };
    return cmocka_run_group_tests_name("study", tests, NULL, NULL);
}

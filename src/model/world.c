#include "model/world.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ------------------------------------------------------------ defaults */

static const char *const REGIONS[] = {"North", "South", "East", "West"};
static const rl_world_segment SEGMENTS[] = {
    {"SMB", {0, 0}, 0.5, 0.6, 0.02}, {"Mid-Market", {0, 0}, 0.35, 1.0, 0.0}, {"Enterprise", {0, 0}, 0.15, 1.8, -0.04}};
static const rl_world_channel CHANNELS[] = {
    {"paid", 6000}, {"events", 2500}, {"email", 400}, {"content", 1200}, {"organic", 300}};
static const int AGES[] = {30, 90, 180, 365};

enum { DEFAULT_HORIZON = 180, MOST_CHANNELS = 16 };
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void *copy(const void *from, size_t bytes, rl_arena *in) { return memcpy(rl_alloc(in, bytes, 1), from, bytes); }

void rl_world_defaults(rl_world *w, rl_arena *in)
{
    *w = (rl_world){.title = "A simulated company", .currency = "USD", .calendar = {RL_QUARTER, 1}, .periods = 12};
    w->first = rl_day(2023, 7, 1);
    w->cut = RL_NO_DAY;
    w->horizon = DEFAULT_HORIZON;
    w->n_ages = COUNT(AGES);
    memcpy(w->age, AGES, sizeof AGES);
    w->seed = 1;
    w->redraws = 200;
    w->accounts.count = 1000;
    w->accounts.contacts = 5;
    w->accounts.spread = 0.6;
    w->accounts.owners = 6;
    w->accounts.n_regions = COUNT(REGIONS);
    w->accounts.region = copy(REGIONS, sizeof REGIONS, in);
    w->accounts.n_segments = COUNT(SEGMENTS);
    w->accounts.segment = copy(SEGMENTS, sizeof SEGMENTS, in);
    w->deals.rate = 0.3;
    w->deals.common = 0.5;
    w->deals.season = 0.2;
    w->deals.win_rate = 0.28;
    w->deals.win_spread = 0.08;
    w->deals.amount = 24000;
    w->deals.amount_sigma = 0.6;
    w->deals.cycle = 75;
    w->deals.cycle_sigma = 0.5;
    w->deals.lost_cycle = 0.9;
    w->rollout.share = 0.5;
    w->effect.volume = 0.15;
    w->effect.win_rate = 0.07;
    w->effect.deal_size = 0.08;
    w->effect.cycle = -0.1;
    w->effect.lag = 45;
    w->effect.half_life = 120;
    w->touches.per_deal = 3;
    w->touches.per_account = 0.4;
    w->touches.program = 1.5;
    w->touches.chase = 1;
    w->leads.per_account = 0.6;
    w->leads.mql = 0.3;
    w->leads.linked = 0.05;
    w->spend.n_channels = COUNT(CHANNELS);
    w->spend.channel = copy(CHANNELS, sizeof CHANNELS, in);
    w->spend.demand = 0.8;
    w->spend.noise = 0.25;
    w->spend.program = 60;
}

/* ------------------------------------------------------------ readers of single keys */

static rl_code read_u64(rl_form *f, const rl_key *key, const rl_node *node, uint64_t *out)
{
    const char *t = node->kind == RL_NODE_TEXT ? node->text : "";
    size_t n = strspn(t, "0123456789");
    if (n == 0 || t[n] != '\0' || n > 19)
        return rl_form_fail(f, node, "'%s' must be a whole number of at most 19 digits, not %s", key->name,
                            rl_form_got(f, node));
    *out = strtoull(t, NULL, 10);
    return RL_OK;
}

static rl_code read_seed(rl_form *f, const rl_key *key, const rl_node *node, void *to)
{
    return read_u64(f, key, node, &((rl_world *)to)->seed);
}

static rl_code read_accounts_seed(rl_form *f, const rl_key *key, const rl_node *node, void *to)
{
    rl_world *w = to;
    w->has_accounts_seed = true;
    return read_u64(f, key, node, &w->accounts_seed);
}

static rl_code read_ages(rl_form *f, const rl_key *key, const rl_node *node, void *to)
{
    rl_world *w = to;
    if (node->kind != RL_NODE_LIST || node->n >= RL_WORLD_MAX_AGES)
        return rl_form_fail(f, node, "'%s' must be a list of at most %d ages in days, not %s", key->name,
                            RL_WORLD_MAX_AGES - 1, node->kind == RL_NODE_LIST ? "a longer one" : rl_form_got(f, node));
    w->n_ages = node->n;
    for (size_t i = 0; i < node->n; i++) {
        double x;
        RL_TRY(rl_form_number(f, key->name, &node->item[i], 1, 3650, &x));
        w->age[i] = (int)x;
        if (x != floor(x) || (i > 0 && w->age[i] <= w->age[i - 1]))
            return rl_form_fail(f, &node->item[i], "'%s' must be whole days in ascending order", key->name);
    }
    return RL_OK;
}

static rl_code read_regions(rl_form *f, const rl_key *key, const rl_node *node, void *to)
{
    rl_world *w = to;
    rl_texts t;
    RL_TRY(rl_form_texts(f, key->name, node, false, &t));
    if (t.n == 0) return rl_form_fail(f, node, "'%s' lists no region", key->name);
    w->accounts.n_regions = t.n;
    w->accounts.region = RL_NEW(f->in, const char *, t.n);
    for (size_t i = 0; i < t.n; i++) w->accounts.region[i] = t.v[i].s;
    return RL_OK;
}

static rl_code read_waves(rl_form *f, const rl_key *key, const rl_node *node, void *to)
{
    rl_world *w = to;
    if (node->kind != RL_NODE_LIST || node->n > RL_WORLD_MAX_WAVES)
        return rl_form_fail(f, node, "'%s' must be a list of at most %d dates, not %s", key->name, RL_WORLD_MAX_WAVES,
                            node->kind == RL_NODE_LIST ? "a longer one" : rl_form_got(f, node));
    w->rollout.n_waves = node->n;
    for (size_t i = 0; i < node->n; i++) {
        const rl_node *x = &node->item[i];
        if (x->kind != RL_NODE_TEXT || !rl_day_parse(x->text, strlen(x->text), &w->rollout.wave[i]))
            return rl_form_fail(f, x, "a wave must be a date such as 2025-01-01, not %s", rl_form_got(f, x));
        if (i > 0 && w->rollout.wave[i] <= w->rollout.wave[i - 1])
            return rl_form_fail(f, x, "'%s' must be in ascending order", key->name);
    }
    return RL_OK;
}

static rl_code read_channels(rl_form *f, const rl_key *key, const rl_node *node, void *to)
{
    rl_world *w = to;
    if (node->kind != RL_NODE_MAP || node->n == 0 || node->n > MOST_CHANNELS)
        return rl_form_fail(f, node, "'%s' must be a map of 1 to %d channels with their weekly spend, not %s",
                            key->name, MOST_CHANNELS,
                            node->kind == RL_NODE_MAP ? "of another size" : rl_form_got(f, node));
    w->spend.n_channels = node->n;
    w->spend.channel = RL_NEW(f->in, rl_world_channel, node->n);
    for (size_t i = 0; i < node->n; i++) {
        rl_world_channel *c = &w->spend.channel[i];
        c->name = node->key[i].text;
        if (strcmp(c->name, "abm") == 0)
            return rl_form_fail(f, &node->key[i], "channel 'abm' is the programme's own: its cost is 'spend.program'");
        RL_TRY(rl_form_number(f, c->name, &node->item[i], 1, 1e9, &c->usd));
    }
    return RL_OK;
}

/* ------------------------------------------------------------ the tables */

/* clang-format off */
static const rl_choice PERIODS[] = {
    {"week", RL_WEEK}, {"month", RL_MONTH}, {"quarter", RL_QUARTER}, {"year", RL_YEAR}, {NULL, 0}};

#define AT(member) .to = offsetof(rl_world, member)
#define NUM(key, member, low, high, h) \
    {.name = key, .type = RL_KEY_NUMBER, AT(member), .lo = low, .hi = high, .help = h}
#define INT(key, member, low, high, h) \
    {.name = key, .type = RL_KEY_WHOLE, AT(member), .lo = low, .hi = high, .help = h}
#define OWN(key, reader, words, h) {.name = key, .type = RL_KEY_OWN, .read = reader, .wants = words, .help = h}
#define END {.name = NULL}

static const rl_key WORLD[] = {
    {.name = "title", .type = RL_KEY_STRING, AT(title), .help = "heads the study"},
    {.name = "currency", .type = RL_KEY_STRING, AT(currency), .help = "of every amount; default USD"},
    {.name = "period", .type = RL_KEY_CHOICE, AT(calendar.kind), .choice = PERIODS,
     .help = "in which deals are counted; default quarter"},
    {.name = "first", .type = RL_KEY_DATE, AT(first), .help = "first creation day, the first day of a period"},
    INT("periods", periods, 1, RL_WORLD_MAX_PERIODS, "creation periods"),
    {.name = "cut", .type = RL_KEY_DATE, AT(cut), .help = "data cut; default: the last day of the last period"},
    INT("horizon", horizon, 1, 3650, "days after creation in which a win counts"),
    OWN("ages", read_ages, "list of whole numbers", "other horizons of the truth; default [30, 90, 180, 365]"),
    OWN("seed", read_seed, "whole number", "of deals, touches and leads"),
    OWN("accounts_seed", read_accounts_seed, "whole number",
        "of accounts, rollout, market and spend; default: the seed"),
    INT("redraws", redraws, 0, 100000, "for the expected truth"),
    {.name = "messy", .type = RL_KEY_YES, AT(messy), .help = "write files as dirty as real exports"},
    END};

#define SEGMENT(key, member, low, high, h)                                                    \
    {.name = key, .type = RL_KEY_NUMBER, .to = offsetof(rl_world_segment, member), .lo = low, .hi = high, \
     .help = h}
static const rl_key SEGMENT_KEYS[] = {
    SEGMENT("share", share, 0, 1, "of the accounts"),
    SEGMENT("amount", amount, 0.001, 1000, "factor on the mean amount"),
    SEGMENT("win", win, -1, 1, "added to the win probability"),
    END};

static const rl_choice NAMES[] = {{"company", 1}, {"code", 0}, {NULL, 0}};
static const rl_key ACCOUNTS[] = {
    INT("count", accounts.count, 1, 100000000, "accounts"),
    {.name = "names", .type = RL_KEY_FLAG, AT(accounts.company_names), .choice = NAMES,
     .help = "how accounts are called; default code"},
    NUM("contacts", accounts.contacts, 1, 200, "mean size of a buying group"),
    NUM("spread", accounts.spread, 0, 3, "coefficient of variation of an account's own demand"),
    INT("owners", accounts.owners, 1, 100000, "sellers a region; default 6"),
    OWN("regions", read_regions, "list of texts", "equally likely"),
    {.name = "segments", .type = RL_KEY_NAMED, AT(accounts.segment), .sub = SEGMENT_KEYS,
     .size = sizeof(rl_world_segment), .count = offsetof(rl_world, accounts.n_segments),
     .help = "NAME: {share, amount, win}"},
    END};

static const rl_key DEALS[] = {
    NUM("rate", deals.rate, 0, 20, "deals an account and period without the programme"),
    NUM("common", deals.common, 0, 1, "share of them that the market at large brings"),
    NUM("season", deals.season, 0, 1, "swing of that share within the year"),
    NUM("trend", deals.trend, -0.5, 0.5, "its growth a period"),
    NUM("market", deals.market, -5, 5, "its response to the market index"),
    NUM("win_rate", deals.win_rate, 0, 1, "mean win probability"),
    NUM("win_spread", deals.win_spread, 0, 0.5, "accounts differ by as much up and down"),
    NUM("win_market", deals.win_market, -5, 5, "win probability added by the market index (100 % more)"),
    NUM("amount", deals.amount, 10, 1e9, "mean amount"),
    NUM("amount_sigma", deals.amount_sigma, 0, 3, "standard deviation of its log"),
    NUM("cycle", deals.cycle, 1, 2000, "median days to a win"),
    NUM("cycle_sigma", deals.cycle_sigma, 0, 3, "standard deviation of its log"),
    NUM("lost_cycle", deals.lost_cycle, 0.05, 20, "days to a loss / days to a win"),
    END};

static const rl_key ROLLOUT[] = {
    NUM("share", rollout.share, 0, 1, "of the accounts that ever get the programme"),
    OWN("waves", read_waves, "list of dates", "days on which equal parts of them start"),
    INT("jitter", rollout.jitter, 0, 365, "an account starts 0..jitter days after its wave"),
    INT("duration", rollout.duration, 0, 100000, "days until the programme ends for an account; 0 = never"),
    NUM("selection", rollout.selection, -5, 5, "0 = random; 1 = own demand weighs as much as chance"),
    NUM("trend_violation", rollout.trend_violation, -0.5, 0.5,
        "drift of treated accounts' demand and win probability, a share a period"),
    END};

static const rl_key EFFECT[] = {
    NUM("volume", effect.volume, -1, 10, "relative change of the deal rate"),
    NUM("win_rate", effect.win_rate, -1, 1, "added to the win probability"),
    NUM("deal_size", effect.deal_size, -0.99, 10, "relative change of the amount"),
    NUM("cycle", effect.cycle, -0.95, 10, "relative change of the days to decision"),
    NUM("lag", effect.lag, 0, 10000, "days: exposure after d days is 1 - exp(-d / lag)"),
    NUM("half_life", effect.half_life, 0, 10000, "days of what is left after the programme ended"),
    NUM("spillover", effect.spillover, 0, 1, "share of it at accounts that never get it and share a seller with one that did"),
    END};

static const rl_key TOUCHES[] = {
    NUM("per_deal", touches.per_deal, 0, 100, "mean number"),
    NUM("per_account", touches.per_account, 0, 100, "mean number a period outside deals"),
    NUM("program", touches.program, 0, 100, "mean number a period of the programme's own"),
    NUM("chase", touches.chase, 0, 20, "how much more touches the hottest deals get"),
    END};

static const rl_key LEADS[] = {
    NUM("per_account", leads.per_account, 0, 100, "mean number a period"),
    NUM("mql", leads.mql, 0, 1, "share that marketing calls qualified"),
    NUM("linked", leads.linked, 0, 1, "share of deals that a lead is credited with"),
    END};

static const rl_key SPEND[] = {
    OWN("channels", read_channels, "map of numbers", "NAME: spend a week and region; the first is paid media"),
    NUM("demand", spend.demand, -5, 5, "elasticity of the plan to expected demand"),
    NUM("noise", spend.noise, 0, 3, "log standard deviation of a region and week"),
    NUM("paid_effect", spend.paid_effect, 0, 5, "rise of common demand for one log point of paid spend above plan"),
    NUM("program", spend.program, 0, 1e9, "cost of the programme a treated account and week"),
    END};

static const rl_key FILE_KEYS[] = {
    {.name = "world", .type = RL_KEY_MAP, .sub = WORLD, .required = true, .help = "what holds for the whole world"},
    {.name = "accounts", .type = RL_KEY_MAP, .sub = ACCOUNTS, .help = "companies that could buy"},
    {.name = "deals", .type = RL_KEY_MAP, .sub = DEALS, .help = "opportunities"},
    {.name = "rollout", .type = RL_KEY_MAP, .sub = ROLLOUT, .help = "who gets the programme, from when"},
    {.name = "effect", .type = RL_KEY_MAP, .sub = EFFECT, .help = "what the programme does at full exposure"},
    {.name = "touches", .type = RL_KEY_MAP, .sub = TOUCHES, .help = "contacts with marketing"},
    {.name = "leads", .type = RL_KEY_MAP, .sub = LEADS, .help = "leads"},
    {.name = "spend", .type = RL_KEY_MAP, .sub = SPEND, .help = "marketing spend"},
    END};
/* clang-format on */

void rl_world_help(rl_str *out) { rl_schema_help(out, FILE_KEYS, 0, false); }

/* ------------------------------------------------------------ what several keys must agree on */

typedef struct check {
    rl_form *f;
    const rl_node *root;
    const rl_world *w;
} check;

/* The place of section.key, or of the section, or of the file. */
static const rl_node *place(const check *c, const char *section, const char *key)
{
    const rl_node *s = rl_node_get(c->root, section);
    const rl_node *k = s != NULL ? rl_node_get(s, key) : NULL;
    return k != NULL ? k : s != NULL ? s : c->root;
}

static rl_code check_time(const check *c, rl_world *w)
{
    char a[16], b[16];
    int32_t p = rl_period_of(w->calendar, w->first), last = rl_period_last(w->calendar, p + w->periods - 1);
    if (rl_period_first(w->calendar, p) != w->first) {
        rl_form_fail(c->f, place(c, "world", "first"), "'first' is not the first day of a %s: %s",
                     rl_period_name(w->calendar.kind), rl_day_text(a, w->first));
        return rl_hint(c->f->cx, "the %s it lies in begins on %s", rl_period_name(w->calendar.kind),
                       rl_day_text(b, rl_period_first(w->calendar, p)));
    }
    if (w->cut == RL_NO_DAY) w->cut = last;
    if (w->cut < last) {
        rl_form_fail(c->f, place(c, "world", "cut"), "'cut' lies before the last creation day: %s < %s",
                     rl_day_text(a, w->cut), rl_day_text(b, last));
        return rl_hint(c->f->cx, "give fewer periods or a later cut");
    }
    for (size_t i = 0; i < w->rollout.n_waves; i++)
        if (w->rollout.wave[i] < w->first || w->rollout.wave[i] > last) {
            const rl_node *waves = place(c, "rollout", "waves");
            return rl_form_fail(c->f, waves->n > i ? &waves->item[i] : waves, "a wave outside the simulated time: %s",
                                rl_day_text(a, w->rollout.wave[i]));
        }
    return RL_OK;
}

static rl_code check_segments(const check *c)
{
    const rl_world *w = c->w;
    double sum = 0;
    for (size_t k = 0; k < w->accounts.n_segments; k++) sum += w->accounts.segment[k].share;
    if (fabs(sum - 1) < 1e-9) return RL_OK;
    return rl_form_fail(c->f, place(c, "accounts", "segments"), "the shares of the segments sum to %.10g, not to 1",
                        sum);
}

/* Win probabilities and rates are never clamped, so no knobs may take them out of bounds. */
static rl_code check_bounds(const check *c)
{
    enum { MOST_SWING = 20 }; /* percent the market index moves at most: model/sim.c */
    const rl_world *w = c->w;
    double segment_lo = 1, segment_hi = -1, last = w->periods - 1;
    for (size_t k = 0; k < w->accounts.n_segments; k++) {
        segment_lo = fmin(segment_lo, w->accounts.segment[k].win);
        segment_hi = fmax(segment_hi, w->accounts.segment[k].win);
    }
    double around = w->deals.win_spread + fabs(w->deals.win_market) * MOST_SWING / 100;
    double drift = w->rollout.trend_violation * last, lift = w->effect.win_rate, drifted = drift * w->deals.win_rate;
    double lo = w->deals.win_rate + segment_lo - around + fmin(drifted, 0) + fmin(lift, 0);
    double hi = w->deals.win_rate + segment_hi + around + fmax(drifted, 0) + fmax(lift, 0);
    if (lo < 0 || hi > 1) {
        rl_form_fail(c->f, place(c, "deals", "win_rate"), "win probabilities from %.4g to %.4g leave 0..1", lo, hi);
        return rl_hint(c->f->cx, "they are win_rate + segment.win +- win_spread, the market, the drift and the effect");
    }
    if (1 + drift < 0)
        return rl_form_fail(c->f, place(c, "rollout", "trend_violation"), "the drift ends below zero demand");
    if (w->rollout.share > 0 && w->rollout.n_waves == 0) {
        rl_form_fail(c->f, place(c, "rollout", "share"), "accounts get the programme, and no wave says when");
        return rl_hint(c->f->cx, "add 'waves', or set share: 0");
    }
    return RL_OK;
}

/* Put the horizon among the ages, once, in order. */
static void add_horizon(rl_world *w)
{
    size_t k = 0;
    while (k < w->n_ages && w->age[k] < w->horizon) k++;
    if (k < w->n_ages && w->age[k] == w->horizon) return;
    memmove(&w->age[k + 1], &w->age[k], (w->n_ages - k) * sizeof *w->age);
    w->age[k] = w->horizon;
    w->n_ages++;
}

static rl_code read_doc(const rl_doc *doc, rl_world *w, rl_arena *in, rl_ctx *cx)
{
    rl_form f = {doc, in, cx};
    rl_world_defaults(w, in);
    RL_TRY(rl_schema_read(&f, FILE_KEYS, "", &doc->root, w));
    if (rl_node_get(&doc->root, "rollout") == NULL) w->rollout.share = 0;
    w->path = doc->name;
    check c = {&f, &doc->root, w};
    RL_TRY(check_time(&c, w));
    RL_TRY(check_segments(&c));
    RL_TRY(check_bounds(&c));
    add_horizon(w);
    return RL_OK;
}

rl_code rl_world_read(const char *path, rl_world *w, rl_arena *in, rl_ctx *cx)
{
    rl_doc doc;
    if (access(path, F_OK) != 0) {
        rl_fail(cx, RL_EINPUT, "cannot open '%s': %s", path, strerror(errno));
        return rl_hint(
            cx, "the shortest world file is 'world: {title: any}'; datasets/quarterly/world.yaml shows every section");
    }
    RL_TRY(rl_yaml_read(path, &doc, in, cx));
    return read_doc(&doc, w, in, cx);
}

rl_code rl_world_parse(const char *name, const char *text, size_t n, rl_world *w, rl_arena *in, rl_ctx *cx)
{
    rl_doc doc;
    RL_TRY(rl_yaml_parse(name, text, n, &doc, in, cx));
    return read_doc(&doc, w, in, cx);
}

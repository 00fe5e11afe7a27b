#include "model/sim.h"

#include <assert.h>
#include <stdlib.h>

#include "base/fmath.h"
#include "base/rng.h"

/* Draws of one account, keyed by (accounts seed, account, draw). */
enum { SEGMENT, REGION, INDUSTRY, OWNER, WIN, EMPLOYEES, SELECT, WAVE, JITTER, CONTACTS, OWN };
/* Units of the streams that belong to no account. */
static const uint64_t MARKET_UNIT = 1ull << 60, SPEND_UNIT = 1ull << 61;

/* Strength of demand by month of the year, mean 0: a strong fourth quarter, quiet summers. */
static const double MONTH[12] = {-0.6, -0.1, 0.5, -0.2, 0.0, 0.4, -0.7, -0.9, 0.2, 0.1, 0.4, 0.9};
/* Share of a log point of paid spend that works in its own and the three next periods. */
static const double CARRY[4] = {0.5, 0.25, 0.15, 0.1};

static const double MOST_SWING = 0.2; /* the index stays within 80..120: model/world.c counts on it */

static double uniform(const rl_sim *s, size_t unit, unsigned draw)
{
    return rl_uniform_of(rl_draw(s->accounts_seed, unit, draw));
}

static unsigned pick(double u, size_t n) { return (unsigned)(u * (double)n); }

/* ------------------------------------------------------------ calendar and market */

static void make_periods(rl_sim *s, rl_arena *in)
{
    const rl_world *w = s->world;
    s->periods = w->periods;
    s->first_day = RL_NEW(in, int32_t, (size_t)w->periods + 1);
    int32_t p = rl_period_of(w->calendar, w->first);
    for (int t = 0; t <= w->periods; t++) s->first_day[t] = rl_period_first(w->calendar, p + t);
}

static void make_market(rl_sim *s, rl_arena *in)
{
    rl_calendar months = {RL_MONTH, 1};
    int32_t from = rl_period_of(months, s->first_day[0]), to = rl_period_of(months, s->first_day[s->periods] - 1);
    s->n_months = (size_t)(to - from) + 1;
    s->month = RL_NEW(in, int32_t, s->n_months);
    s->index = RL_NEW(in, double, s->n_months);
    s->rates = RL_NEW(in, double, s->n_months);
    rl_rng r = rl_rng_for(s->accounts_seed, MARKET_UNIT);
    double x = 0, rate = 4.5;
    for (size_t m = 0; m < s->n_months; m++) {
        x = 0.9 * x + 0.02 * rl_normal(&r);
        rate = 4.0 + 0.97 * (rate - 4.0) + 0.12 * rl_normal(&r);
        double swing = x > MOST_SWING ? MOST_SWING : x < -MOST_SWING ? -MOST_SWING : x;
        s->month[m] = rl_period_first(months, from + (int32_t)m);
        s->index[m] = rl_round_digits(100 * (1 + swing), 4);
        s->rates[m] = rl_round_digits(rate < 0.25 ? 0.25 : rate, 3);
    }
}

/* Mean over the days of period t of the season and of the market's swing. */
static void weather(const rl_sim *s, int t, double *season, double *swing)
{
    rl_calendar months = {RL_MONTH, 1};
    int32_t origin = rl_period_of(months, s->month[0]);
    double a = 0, b = 0;
    for (int32_t d = s->first_day[t]; d < s->first_day[t + 1]; d++) {
        int year, month, mday;
        rl_civil(d, &year, &month, &mday);
        a += MONTH[month - 1];
        b += s->index[rl_period_of(months, d) - origin] / 100 - 1;
    }
    double days = s->first_day[t + 1] - s->first_day[t];
    *season = a / days;
    *swing = b / days;
}

/* ------------------------------------------------------------ accounts and rollout */

static unsigned segment_of(const rl_world *w, double u)
{
    double sum = 0;
    for (size_t k = 0; k + 1 < w->accounts.n_segments; k++) {
        sum += w->accounts.segment[k].share;
        if (u < sum) return (unsigned)k;
    }
    return (unsigned)w->accounts.n_segments - 1;
}

static double own_demand(const rl_sim *s, size_t i)
{
    double spread = s->world->accounts.spread;
    if (spread <= 0) return 1;
    double shape = 1 / (spread * spread);
    rl_rng r = rl_rng_for(rl_draw(s->accounts_seed, i, OWN), i);
    return rl_gamma(&r, shape) / shape;
}

static void make_account(rl_sim *s, size_t i)
{
    const rl_world *w = s->world;
    rl_sim_account *a = &s->account[i];
    a->segment = segment_of(w, uniform(s, i, SEGMENT));
    a->region = pick(uniform(s, i, REGION), w->accounts.n_regions);
    a->industry = pick(uniform(s, i, INDUSTRY), RL_SIM_INDUSTRIES);
    a->owner = pick(uniform(s, i, OWNER), (size_t)w->accounts.owners);
    const rl_world_segment *g = &w->accounts.segment[a->segment];
    a->own = own_demand(s, i);
    a->win = w->deals.win_rate + g->win + w->deals.win_spread * (2 * uniform(s, i, WIN) - 1);
    a->amount = w->deals.amount * g->amount;
    a->employees = (int)(120 * g->amount * rl_exp(0.7 * rl_normal_of(uniform(s, i, EMPLOYEES)))) + 5;
    rl_rng r = rl_rng_for(rl_draw(s->accounts_seed, i, CONTACTS), i);
    a->contacts = 1 + (int)rl_poisson(&r, w->accounts.contacts - 1);
    a->start = a->end = a->near = a->near_end = RL_NO_DAY;
    a->cohort = -1;
}

typedef struct ranked {
    double score;
    size_t account;
} ranked;

static int by_score(const void *x, const void *y)
{
    const ranked *a = x, *b = y;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    return a->account < b->account ? -1 : a->account > b->account;
}

/* The share of accounts with the highest score gets the programme: chance
 * alone, or own demand too.  Equal parts of them start in each wave. */
static void roll_out(rl_sim *s, rl_ctx *cx)
{
    const rl_world *w = s->world;
    size_t treated = (size_t)(w->rollout.share * (double)s->n + 0.5);
    if (w->rollout.n_waves == 0) treated = 0;
    ranked *r = RL_NEW(cx->tmp, ranked, s->n);
    double scale = w->accounts.spread > 0 ? w->rollout.selection / w->accounts.spread : 0;
    for (size_t i = 0; i < s->n; i++)
        r[i] = (ranked){rl_normal_of(uniform(s, i, SELECT)) + scale * (s->account[i].own - 1), i};
    qsort(r, s->n, sizeof *r, by_score);
    for (size_t k = 0; k < treated; k++) r[k].score = uniform(s, r[k].account, WAVE);
    qsort(r, treated, sizeof *r, by_score);
    for (size_t k = 0; k < treated; k++) {
        rl_sim_account *a = &s->account[r[k].account];
        int32_t wave = w->rollout.wave[k * w->rollout.n_waves / treated];
        a->start = wave + (int32_t)pick(uniform(s, r[k].account, JITTER), (size_t)w->rollout.jitter + 1);
        if (w->rollout.duration > 0) a->end = a->start + w->rollout.duration;
    }
}

/* The first start among the accounts of each seller reaches the others of them. */
static void spread_out(rl_sim *s, rl_ctx *cx)
{
    const rl_world *w = s->world;
    size_t owners = (size_t)w->accounts.owners;
    if (!(w->effect.spillover > 0)) return;
    const rl_sim_account **first = RL_NEW(cx->tmp, const rl_sim_account *, owners * w->accounts.n_regions);
    for (size_t i = 0; i < s->n; i++) {
        const rl_sim_account *a = &s->account[i], **f = &first[a->region * owners + a->owner];
        if (a->start != RL_NO_DAY && (*f == NULL || a->start < (*f)->start)) *f = a;
    }
    for (size_t i = 0; i < s->n; i++) {
        rl_sim_account *a = &s->account[i];
        const rl_sim_account *f = first[a->region * owners + a->owner];
        if (a->start != RL_NO_DAY || f == NULL) continue;
        a->near = f->start;
        a->near_end = f->end;
    }
}

static int period_index(const rl_sim *s, int32_t day)
{
    if (day >= s->first_day[s->periods]) return s->periods;
    int32_t origin = rl_period_of(s->world->calendar, s->first_day[0]);
    return (int)(rl_period_of(s->world->calendar, day) - origin);
}

static void make_cohorts(rl_sim *s, rl_arena *in, rl_ctx *cx)
{
    size_t *size = RL_NEW(cx->tmp, size_t, (size_t)s->periods + 1);
    for (size_t i = 0; i < s->n; i++)
        if (s->account[i].start != RL_NO_DAY) size[period_index(s, s->account[i].start)]++;
    for (int t = 0; t <= s->periods; t++) s->n_cohorts += size[t] > 0;
    s->cohort = RL_NEW(in, int32_t, s->n_cohorts);
    s->cohort_size = RL_NEW(in, size_t, s->n_cohorts);
    int32_t *code = RL_NEW(cx->tmp, int32_t, (size_t)s->periods + 1), c = 0;
    for (int t = 0; t <= s->periods; t++) {
        if (size[t] == 0) continue;
        s->cohort[c] = t;
        s->cohort_size[c] = size[t];
        code[t] = c++;
    }
    for (size_t i = 0; i < s->n; i++)
        if (s->account[i].start != RL_NO_DAY) s->account[i].cohort = code[period_index(s, s->account[i].start)];
}

/* ------------------------------------------------------------ spend and common demand */

/* Expected strength of demand in period t: what a marketing plan knows. */
static double expected_demand(const rl_sim *s, int t)
{
    double season, swing;
    weather(s, t, &season, &swing);
    return (1 + s->world->deals.season * season) * (1 + s->world->deals.trend * t);
}

static void make_weeks(rl_sim *s, rl_arena *in)
{
    rl_calendar weeks = {RL_WEEK, 1};
    int32_t from = rl_period_of(weeks, s->first_day[0] + 6), to = rl_period_of(weeks, s->first_day[s->periods] - 1);
    s->n_weeks = to < from ? 0 : (size_t)(to - from) + 1;
    s->week = RL_NEW(in, int32_t, s->n_weeks);
    for (size_t k = 0; k < s->n_weeks; k++) s->week[k] = rl_period_first(weeks, from + (int32_t)k);
}

static void make_spend(rl_sim *s, rl_arena *in, rl_ctx *cx)
{
    const rl_world *w = s->world;
    size_t regions = w->accounts.n_regions, channels = w->spend.n_channels;
    make_weeks(s, in);
    s->spend = RL_NEW(in, int64_t, (channels + 1) * regions * s->n_weeks);
    double *plan = RL_NEW(cx->tmp, double, (size_t)s->periods);
    for (int t = 0; t < s->periods; t++) plan[t] = rl_pow(expected_demand(s, t), w->spend.demand);
    for (size_t c = 0; c < channels; c++)
        for (size_t g = 0; g < regions; g++) {
            rl_rng r = rl_rng_for(s->accounts_seed, SPEND_UNIT + c * regions + g);
            double push = 0; /* campaigns last: weeks are alike */
            for (size_t k = 0; k < s->n_weeks; k++) {
                push = 0.8 * push + 0.6 * rl_normal(&r);
                double usd =
                    w->spend.channel[c].usd * plan[period_index(s, s->week[k])] * rl_exp(w->spend.noise * push);
                s->spend[(c * regions + g) * s->n_weeks + k] = (int64_t)(usd + 0.5);
            }
        }
    int64_t *own = s->spend + channels * regions * s->n_weeks;
    double *days = RL_NEW(cx->tmp, double, regions * s->n_weeks);
    for (size_t i = 0; i < s->n; i++) {
        const rl_sim_account *a = &s->account[i];
        for (size_t k = 0; k < s->n_weeks && a->start != RL_NO_DAY; k++)
            if (s->week[k] >= a->start && (a->end == RL_NO_DAY || s->week[k] < a->end))
                days[a->region * s->n_weeks + k]++;
    }
    for (size_t j = 0; j < regions * s->n_weeks; j++) own[j] = (int64_t)(days[j] * w->spend.program + 0.5);
}

/* Log of paid spend of region g in period t against its plan; 0 when no week starts in it. */
static double paid_push(const rl_sim *s, size_t g, int t)
{
    const rl_world *w = s->world;
    double sum = 0, weeks = 0;
    for (size_t k = 0; k < s->n_weeks; k++)
        if (s->week[k] >= s->first_day[t] && s->week[k] < s->first_day[t + 1]) {
            sum += (double)s->spend[g * s->n_weeks + k];
            weeks++;
        }
    if (!(sum > 0)) return 0;
    return rl_log(sum / (weeks * w->spend.channel[0].usd * rl_pow(expected_demand(s, t), w->spend.demand)));
}

static void make_common(rl_sim *s, rl_arena *in, rl_ctx *cx)
{
    const rl_world *w = s->world;
    size_t T = (size_t)s->periods;
    s->common = RL_NEW(in, double, w->accounts.n_regions *T);
    s->swing = RL_NEW(in, double, T);
    double *push = RL_NEW(cx->tmp, double, T);
    for (size_t g = 0; g < w->accounts.n_regions; g++) {
        for (int t = 0; t < s->periods && w->spend.n_channels > 0; t++) push[t] = paid_push(s, g, t);
        for (int t = 0; t < s->periods; t++) {
            double season, carried = 0;
            weather(s, t, &season, &s->swing[t]);
            for (int k = 0; k < 4 && k <= t; k++) carried += CARRY[k] * push[t - k];
            double c =
                expected_demand(s, t) * (1 + w->deals.market * s->swing[t]) * (1 + w->spend.paid_effect * carried);
            s->common[g * T + (size_t)t] = c > 0 ? c : 0;
        }
    }
}

void rl_sim_make(const rl_world *w, rl_sim *s, rl_arena *in, rl_ctx *cx)
{
    *s = (rl_sim){.world = w, .n = (size_t)w->accounts.count};
    s->accounts_seed = w->has_accounts_seed ? w->accounts_seed : w->seed;
    s->account = RL_NEW(in, rl_sim_account, s->n);
    make_periods(s, in);
    make_market(s, in);
    for (size_t i = 0; i < s->n; i++) make_account(s, i);
    roll_out(s, cx);
    spread_out(s, cx);
    make_cohorts(s, in, cx);
    make_spend(s, in, cx);
    make_common(s, in, cx);
}

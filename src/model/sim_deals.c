/* model/sim_deals.c -- one account's deals, touches and leads. */
#include <assert.h>
#include <math.h>

#include "base/fmath.h"
#include "base/rng.h"
#include "model/sim.h"

/* Streams of one account, keyed by (seed, account, stream). */
enum { DEALS, EXTRA_DEALS, ACCOUNT_TOUCHES, PROGRAM_TOUCHES, ACCOUNT_LEADS };
/* Streams of one deal, keyed by (its key, stream). */
enum { DEAL_TOUCHES = 1, DEAL_LEAD, DEAL_FORECAST };

static const double MOST_DEALS = 500; /* an account and period: the reach of rl_poisson() */
static const double LN2 = 0.693147180559945309;

/* ------------------------------------------------------------ exposure */

/* From when until when an account feels the programme, and how much of it: its own, or its seller's. */
typedef struct span {
    int32_t start, end;
    double share;
} span;

static span span_of(const rl_sim *s, size_t account)
{
    const rl_sim_account *a = &s->account[account];
    if (a->near == RL_NO_DAY) return (span){a->start, a->end, 1};
    return (span){a->near, a->near_end, s->world->effect.spillover};
}

double rl_sim_exposure_at(const rl_sim *s, size_t account, double day)
{
    span a = span_of(s, account);
    double lag = s->world->effect.lag, half = s->world->effect.half_life;
    if (a.start == RL_NO_DAY || day < a.start) return 0;
    double to = a.end != RL_NO_DAY && day > a.end ? a.end : day;
    double e = a.share * (lag > 0 ? -rl_expm1(-(to - a.start) / lag) : 1);
    if (to == day) return e;
    return half > 0 ? e * rl_exp(-LN2 * (day - to) / half) : 0;
}

/* The integral of the exposure from the start to `day`. */
static double exposure_until(const rl_sim *s, size_t account, double day)
{
    span a = span_of(s, account);
    double lag = s->world->effect.lag, half = s->world->effect.half_life;
    if (a.start == RL_NO_DAY || day <= a.start) return 0;
    double to = a.end != RL_NO_DAY && day > a.end ? a.end : day, ran = to - a.start;
    double e = lag > 0 ? -rl_expm1(-ran / lag) : 1;
    double sum = ran - (lag > 0 ? lag * e : 0);
    if (to == day || !(half > 0)) return a.share * sum;
    return a.share * (sum - e * half / LN2 * rl_expm1(-LN2 * (day - to) / half));
}

double rl_sim_exposure(const rl_sim *s, size_t account, double from, double days)
{
    if (!(days > 0)) return rl_sim_exposure_at(s, account, from);
    return (exposure_until(s, account, from + days) - exposure_until(s, account, from)) / days;
}

/* ------------------------------------------------------------ deals */

static int64_t tens(double amount)
{
    int64_t n = (int64_t)(amount / 10 + 0.5);
    return 10 * (n < 1 ? 1 : n);
}

static int whole_days(double days)
{
    enum { MOST_DAYS = 20000 };
    int d = days >= MOST_DAYS ? MOST_DAYS : (int)days;
    return (double)d < days ? d + 1 : d < 1 ? 1 : d;
}

/* What becomes of a deal: the same draws, once with exposure 0, once with X. */
static void fates(const rl_sim *s, rl_sim_deal *d, double p, double u_win, double amount, double cycle)
{
    const rl_world *w = s->world;
    double lost = w->deals.lost_cycle, earliest = cycle * (lost < 1 ? lost : 1);
    double X = rl_sim_exposure(s, d->account, d->created, earliest);
    for (int k = 0; k < 2; k++) {
        double x = k == 1 ? X : 0;
        struct rl_sim_fate *f = &d->arm[k];
        f->won = u_win < p + w->effect.win_rate * x;
        f->days = whole_days(cycle * (f->won ? 1 : lost) * (1 + w->effect.cycle * x));
        f->amount = tens(amount * (1 + w->effect.deal_size * x));
    }
}

/* Draw a deal; `extra` ones exist with the programme alone. */
static void one_deal(const rl_sim *s, rl_rng *r, double p, bool extra, rl_sim_deal *d)
{
    const rl_world *w = s->world;
    double place = rl_uniform(r), mark = rl_uniform(r), u_win = rl_uniform(r);
    double amount_z = rl_normal(r), cycle_z = rl_normal(r), hunch = rl_uniform(r);
    int32_t from = s->first_day[d->period], days = s->first_day[d->period + 1] - from;
    d->key = rl_bits(r);
    d->created = from + (int32_t)(place * days);
    d->heat = 0.6 * (1 - u_win) + 0.4 * hunch;
    double e = rl_sim_exposure_at(s, d->account, d->created), volume = w->effect.volume;
    d->arm[0].exists = !extra;
    d->arm[1].exists = extra ? mark < e : volume >= 0 || mark < 1 + volume * e;
    double sigma = w->deals.amount_sigma, mean = s->account[d->account].amount;
    fates(s, d, p, u_win, mean * rl_exp(sigma * amount_z - sigma * sigma / 2),
          w->deals.cycle * rl_exp(w->deals.cycle_sigma * cycle_z));
}

void rl_sim_deals(const rl_sim *s, uint64_t seed, size_t account, rl_sim_deal_fn *fn, void *user)
{
    const rl_world *w = s->world;
    const rl_sim_account *a = &s->account[account];
    const double *common = &s->common[a->region * (size_t)s->periods];
    int32_t start = span_of(s, account).start;
    double more = start != RL_NO_DAY && w->effect.volume > 0 ? w->effect.volume : 0;
    double drift = a->start != RL_NO_DAY ? w->rollout.trend_violation : 0;
    rl_rng base = rl_rng_for(rl_draw(seed, account, DEALS), account);
    rl_rng extra = rl_rng_for(rl_draw(seed, account, EXTRA_DEALS), account);
    for (int t = 0; t < s->periods; t++) {
        double rate = w->deals.rate * ((1 - w->deals.common) * a->own + w->deals.common * common[t]) * (1 + drift * t);
        double p = a->win + w->deals.win_market * s->swing[t] + drift * w->deals.win_rate * t;
        unsigned n = rl_poisson(&base, fmin(rate, MOST_DEALS)), m = 0;
        if (more > 0 && s->first_day[t + 1] > start) m = rl_poisson(&extra, fmin(rate * more, MOST_DEALS));
        for (unsigned k = 0; k < n + m; k++) {
            rl_sim_deal d = {.account = account, .period = t};
            one_deal(s, k < n ? &base : &extra, p, k >= n, &d);
            fn(user, &d);
        }
    }
}

int32_t rl_sim_forecast(const rl_sim *s, const rl_sim_deal *d)
{
    enum { AHEAD = 120 };
    double u = rl_uniform_of(rl_draw(d->key, DEAL_FORECAST, 0));
    return u < 0.4 ? RL_NO_DAY : s->world->cut + 1 + (int32_t)((u - 0.4) / 0.6 * AHEAD);
}

static bool counted(const rl_sim *s, int32_t start, int32_t end, int period, int horizon)
{
    if (start == RL_NO_DAY || s->first_day[period] < start) return false;
    int32_t followed = s->first_day[period + 1] - 1 + horizon;
    return followed <= s->world->cut && (end == RL_NO_DAY || followed <= end);
}

bool rl_sim_counted(const rl_sim *s, size_t account, int period, int horizon)
{
    return counted(s, s->account[account].start, s->account[account].end, period, horizon);
}

bool rl_sim_counted_near(const rl_sim *s, size_t account, int period, int horizon)
{
    return counted(s, s->account[account].near, s->account[account].near_end, period, horizon);
}

/* ------------------------------------------------------------ touches */

/* Champion, economic buyer, technical evaluator, user, procurement, legal. */
unsigned rl_sim_role(int contact) { return (unsigned)contact % RL_SIM_ROLES; }

static int pick(rl_rng *r, int n) { return (int)(rl_uniform(r) * n); }

static int32_t no_earlier(const rl_sim *s, int32_t day) { return day < s->first_day[0] ? s->first_day[0] : day; }

void rl_sim_deal_touches(const rl_sim *s, const rl_sim_deal *d, int arm, rl_sim_touch_fn *fn, void *user)
{
    enum { BEFORE = 21 }; /* days in which a deal is worked before it is created */
    const rl_world *w = s->world;
    assert(d->arm[arm].exists);
    rl_rng r = rl_rng_for(d->key, DEAL_TOUCHES);
    int life = d->arm[arm].days;
    unsigned n = rl_poisson(&r, w->touches.per_deal * (1 + w->touches.chase * d->heat));
    for (unsigned k = 0; k < n; k++) {
        double place = rl_uniform(&r);
        int after = (int)(place * (BEFORE + life)) - BEFORE;
        rl_sim_touch t = {.account = d->account, .deal = d, .day = no_earlier(s, d->created + after)};
        t.contact = pick(&r, s->account[d->account].contacts);
        t.channel = (unsigned)pick(&r, (int)w->spend.n_channels);
        t.stage = after < 0 ? 0 : 2 * after < life ? 1 : 2;
        if (t.day <= w->cut) fn(user, &t);
    }
}

void rl_sim_account_touches(const rl_sim *s, uint64_t seed, size_t account, int arm, rl_sim_touch_fn *fn, void *user)
{
    const rl_world *w = s->world;
    const rl_sim_account *a = &s->account[account];
    rl_rng any = rl_rng_for(rl_draw(seed, account, ACCOUNT_TOUCHES), account);
    rl_rng own = rl_rng_for(rl_draw(seed, account, PROGRAM_TOUCHES), account);
    for (int t = 0; t < s->periods; t++) {
        int32_t from = s->first_day[t], days = s->first_day[t + 1] - from;
        unsigned n = rl_poisson(&any, w->touches.per_account);
        for (unsigned k = 0; k < n; k++) {
            rl_sim_touch u = {.account = account, .day = from + pick(&any, days)};
            u.contact = pick(&any, a->contacts);
            u.channel = (unsigned)pick(&any, (int)w->spend.n_channels);
            fn(user, &u);
        }
        n = arm == 1 && a->start != RL_NO_DAY ? rl_poisson(&own, w->touches.program) : 0;
        for (unsigned k = 0; k < n; k++) {
            rl_sim_touch u = {.account = account, .day = from + pick(&own, days)};
            u.contact = pick(&own, a->contacts);
            u.channel = (unsigned)w->spend.n_channels;
            u.stage = (unsigned)pick(&own, RL_SIM_STAGES);
            if (u.day >= a->start && (a->end == RL_NO_DAY || u.day < a->end)) fn(user, &u);
        }
    }
}

/* ------------------------------------------------------------ leads */

static void score(const rl_world *w, rl_rng *r, rl_sim_lead *l)
{
    l->score = pick(r, 101);
    l->mql = l->score >= 100 - (int)(100 * w->leads.mql + 0.5);
}

void rl_sim_deal_lead(const rl_sim *s, const rl_sim_deal *d, rl_sim_lead_fn *fn, void *user)
{
    enum { BEFORE = 30 };
    const rl_world *w = s->world;
    rl_rng r = rl_rng_for(d->key, DEAL_LEAD);
    if (rl_uniform(&r) >= w->leads.linked) return;
    rl_sim_lead l = {.account = d->account, .deal = d, .score = 100, .mql = true};
    l.day = no_earlier(s, d->created - pick(&r, BEFORE));
    l.contact = pick(&r, s->account[d->account].contacts);
    l.channel = (unsigned)pick(&r, (int)w->spend.n_channels);
    fn(user, &l);
}

void rl_sim_account_leads(const rl_sim *s, uint64_t seed, size_t account, rl_sim_lead_fn *fn, void *user)
{
    const rl_world *w = s->world;
    rl_rng r = rl_rng_for(rl_draw(seed, account, ACCOUNT_LEADS), account);
    for (int t = 0; t < s->periods; t++) {
        int32_t from = s->first_day[t], days = s->first_day[t + 1] - from;
        for (unsigned k = 0, n = rl_poisson(&r, w->leads.per_account); k < n; k++) {
            rl_sim_lead l = {.account = account, .day = from + pick(&r, days)};
            l.contact = pick(&r, s->account[account].contacts);
            l.channel = (unsigned)pick(&r, (int)w->spend.n_channels);
            score(w, &r, &l);
            fn(user, &l);
        }
    }
}

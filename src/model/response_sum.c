/* Where a response ends and how soon it gets there. */
#include <math.h>

#include "base/str.h"
#include "model/response.h"

rl_summary rl_response_figure(double est, const double *g, const rl_mat *V, double crit)
{
    double se = sqrt(rl_quadratic(g, V));
    return (rl_summary){est, se, est - crit * se, est + crit * se, NULL};
}

static rl_summary nothing(const char *why) { return (rl_summary){NAN, NAN, NAN, NAN, why}; }

/* The figure stands, its interval does not. */
static rl_summary unsure(rl_summary s, const char *why)
{
    s.low = s.high = NAN;
    s.why = why;
    return s;
}

/* All totals that are not rejected: N - total D = 0, with D = 1 - sum phi (or 1 - rate) and N = D total, is as good
 * as linear in the estimates where their ratio is not (Fieller 1954).  Without bounds where D is not told from 0; D
 * below 0 is ruled out, so that one end may be left. */
static void fieller(rl_summary *s, const rl_impulse *p, const rl_room *room, const rl_mat *V, double crit, rl_ctx *cx)
{
    double *gn = RL_NEW(cx->tmp, double, p->q), *gd = room->g;
    double D = room->room, N = D * p->total, c = crit * crit;
    for (size_t j = 0; j < p->q; j++) gn[j] = D * p->d_total[j] + p->total * gd[j];
    double vn = rl_quadratic(gn, V), vd = rl_quadratic(gd, V), cov = 0;
    for (size_t j = 0; j < p->q; j++)
        for (size_t i = 0; i < p->q; i++) cov += gn[i] * *rl_mat_at(V, i, j) * gd[j];
    /* (N - l D)^2 <= c (vn - 2 l cov + l^2 vd) */
    double a = D * D - c * vd, b = N * D - c * cov, k = N * N - c * vn, root = b * b - a * k;
    s->low = -INFINITY, s->high = INFINITY;
    if (!(root >= 0)) return;
    root = sqrt(root);
    double x = (b - root) / a, y = (b + root) / a;
    if (a > 0) {
        s->low = fmin(x, y);
        s->high = fmax(x, y);
    } else if (k > 0) { /* zero is rejected: beyond one of the two, on the side of the estimate */
        if (p->total > 0)
            s->low = fmax(x, y);
        else
            s->high = fmin(x, y);
    }
}

static void long_run(rl_response *s, const rl_impulse *p, const rl_feedback *f, const rl_room *room, const rl_mat *V,
                     double crit, rl_arena *keep, rl_ctx *cx)
{
    s->long_run = rl_response_figure(p->total, p->d_total, V, crit);
    if (f->n > 0 && !f->stable)
        s->long_run = nothing(
            f->sum >= 1 ? rl_sprintf(keep,
                                     "there is no long run: the lags of the outcome add up to %.3g, so what is added "
                                     "once never dies out",
                                     f->sum)
                        : "there is no long run: the lags of the outcome swing more and more instead of dying out");
    else if (!p->fades)
        s->long_run = nothing("there is no long run: a rate of 1 or more keeps everything for ever");
    else if (room->divides)
        fieller(&s->long_run, p, room, V, crit, cx);
    if (isnan(s->long_run.est) || !room->divides) return;
    if (isinf(s->long_run.low) || isinf(s->long_run.high))
        s->long_run.why =
            f->n > 0
                ? rl_sprintf(keep,
                             "cannot tell where it ends: the lags of the outcome add up to %.3g, which the data do "
                             "not tell from 1",
                             f->sum)
                : rl_sprintf(keep,
                             "cannot tell where it ends: the rate of carry-over is %.3g, which the data do not tell "
                             "from 1",
                             room->rate);
    else if (f->n > 0 && !rl_feedback_told(f, V, crit))
        s->unit_root = rl_sprintf(keep,
                                  "the lags of the outcome add up to %.3g, which a test for a unit root does not tell "
                                  "from 1: if they do, nothing dies out and there is no long run",
                                  f->sum);
}

/* The first two periods of opposite sign; false when all go one way. */
static bool changes_sign(const rl_impulse *p, size_t *up, size_t *down)
{
    double largest = 0;
    bool is_up = false, is_down = false;
    for (size_t h = 0; h < p->n; h++) largest = fmax(largest, fabs(p->psi[h]));
    for (size_t h = 0; h < p->n && !(is_up && is_down); h++) {
        if (fabs(p->psi[h]) <= 1e-9 * largest) continue;
        if (p->psi[h] > 0 && !is_up) *up = h, is_up = true;
        if (p->psi[h] < 0 && !is_down) *down = h, is_down = true;
    }
    return is_up && is_down;
}

/* Running sums C_h and their gradients; C_{-1} = 0 stands at place 0. */
typedef struct sums {
    size_t n; /* n + 1 of them */
    double *c;
    rl_mat G; /* q-by-(n+1) */
} sums;

static sums running(const rl_impulse *p, rl_ctx *cx)
{
    sums s = {p->n, RL_NEW(cx->tmp, double, p->n + 1), rl_mat_new(p->q, p->n + 1, cx->tmp)};
    for (size_t h = 0; h < p->n; h++) {
        s.c[h + 1] = s.c[h] + p->psi[h];
        for (size_t j = 0; j < p->q; j++) *rl_mat_at(&s.G, j, h + 1) = *rl_mat_at(&s.G, j, h) + *rl_mat_at(&p->J, j, h);
    }
    return s;
}

/* C at u periods from the start of period 0, spread evenly within each, less half of all: in units of `sign`. */
static rl_summary beyond_half(const sums *s, const rl_impulse *p, double u, double sign, const rl_mat *V, double crit,
                              double *g)
{
    size_t h = u >= (double)s->n ? s->n - 1 : (size_t)u;
    double part = u - (double)h;
    for (size_t j = 0; j < p->q; j++)
        g[j] = sign * (*rl_mat_at(&s->G, j, h) * (1 - part) + *rl_mat_at(&s->G, j, h + 1) * part - p->d_total[j] / 2);
    return rl_response_figure(sign * (s->c[h] * (1 - part) + s->c[h + 1] * part - p->total / 2), g, V, crit);
}

/* Where the bound of beyond_half() crosses zero between u and u + 1. */
static double crossing(const sums *s, const rl_impulse *p, double u, bool high, double sign, const rl_mat *V,
                       double crit, double *g)
{
    double lo = u, hi = u + 1;
    for (int round = 0; round < 50; round++) {
        double mid = 0.5 * (lo + hi);
        rl_summary x = beyond_half(s, p, mid, sign, V, crit, g);
        if ((high ? x.low : x.high) < 0)
            lo = mid;
        else
            hi = mid;
    }
    return 0.5 * (lo + hi);
}

/* All times at which "half is in" is not rejected: [low, high]. */
static void half_life(rl_response *s, const rl_impulse *p, const rl_mat *V, double crit, rl_ctx *cx)
{
    double *g = RL_NEW(cx->tmp, double, p->q), sign = p->total < 0 ? -1 : 1;
    sums c = running(p, cx);
    size_t k = 0;
    while (k < c.n && sign * c.c[k + 1] < sign * p->total / 2) k++;
    if (k == c.n) {
        s->half_life = nothing(rl_sprintf(cx->keep, "half of it takes more than %zu %ss", c.n, s->period));
        return;
    }
    double part = (p->total / 2 - c.c[k]) / p->psi[k];
    for (size_t j = 0; j < p->q; j++)
        g[j] = (p->d_total[j] / 2 - *rl_mat_at(&c.G, j, k) - part * *rl_mat_at(&p->J, j, k)) / p->psi[k];
    s->half_life = rl_response_figure((double)k + part, g, V, crit);
    double low = 0, high = INFINITY;
    for (size_t h = 0; h <= k; h++) { /* the first moment at which half may be in */
        if (beyond_half(&c, p, (double)h, sign, V, crit, g).high >= 0) break;
        low = crossing(&c, p, (double)h, false, sign, V, crit, g);
        if (low < (double)(h + 1)) break;
    }
    for (size_t h = c.n; h-- > k;) { /* the last moment at which it may not be */
        if (beyond_half(&c, p, (double)(h + 1), sign, V, crit, g).low <= 0) break;
        high = (double)h;
        if (beyond_half(&c, p, (double)h, sign, V, crit, g).low <= 0) {
            high = crossing(&c, p, (double)h, true, sign, V, crit, g);
            break;
        }
    }
    s->half_life.low = fmin(low, s->half_life.est);
    s->half_life.high = fmax(high, s->half_life.est);
}

static void mean_lag(rl_response *s, const rl_impulse *p, const rl_mat *V, double crit, rl_ctx *cx)
{
    double *g = RL_NEW(cx->tmp, double, p->q), lag = p->first / p->total;
    for (size_t j = 0; j < p->q; j++) g[j] = (p->d_first[j] - lag * p->d_total[j]) / p->total;
    s->mean_lag = rl_response_figure(lag, g, V, crit);
}

static void share_after(rl_response *s, const rl_impulse *p, const rl_mat *V, double crit, rl_ctx *cx)
{
    double *g = RL_NEW(cx->tmp, double, p->q), in = 0;
    for (size_t h = 0; h < p->n && h < (size_t)s->after; h++) {
        in += p->psi[h];
        for (size_t j = 0; j < p->q; j++) g[j] -= *rl_mat_at(&p->J, j, h) / p->total;
    }
    double share = 1 - in / p->total;
    for (size_t j = 0; j < p->q; j++) g[j] += in / p->total * p->d_total[j] / p->total;
    s->share_after = rl_response_figure(share, g, V, crit);
}

void rl_response_sum(rl_response *s, const rl_impulse *p, const rl_feedback *f, const rl_room *room, const rl_mat *V,
                     double crit, rl_arena *keep, rl_ctx *cx)
{
    size_t up = 0, down = 0;
    const char *why = NULL;
    long_run(s, p, f, room, V, crit, keep, cx);
    if (isnan(s->long_run.est))
        why = "there is no long run to take a share of";
    else if (p->total == 0)
        why = "nothing is left in the long run: there is no half of it";
    else if (changes_sign(p, &up, &down))
        why = rl_sprintf(keep, "the response changes its sign (up at %s %zu, down at %zu): no half of it, no mean lag",
                         s->period, up, down);
    if (why != NULL) {
        s->mean_lag = s->half_life = s->share_after = nothing(why);
        return;
    }
    mean_lag(s, p, V, crit, cx);
    half_life(s, p, V, crit, cx);
    share_after(s, p, V, crit, cx);
    if (s->long_run.why != NULL)
        why = s->long_run.why;
    else if (s->long_run.low <= 0 && s->long_run.high >= 0)
        why = "cannot tell when: whether there is an effect in the long run is not clear";
    if (why == NULL) return;
    s->mean_lag = unsure(s->mean_lag, why);
    s->half_life = unsure(s->half_life, why);
    s->share_after = unsure(s->share_after, why);
}

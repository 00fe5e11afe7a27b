/* An average of responses whose intervals cover which of them holds.
 *
 *   mean = sum_k w_k psi_k        se = sum_k w_k sqrt(var_k + (psi_k - mean)^2)
 *
 * Intervals are quantiles of the mixture: form k is drawn with probability w_k, then its estimates from their joint
 * normal or t; so an end is where the weighted tail areas add up to half of 5 %.  A draw is a whole response: bands
 * for all periods at once, the long run and the timing come from the same draws.  (Forms disagree far out, where
 * mean -+ 2 se would hold too much on one side and too little on the other.)
 *
 * Source: Buckland, Burnham & Augustin (1997), Biometrics 53(2), the standard error; Turek & Fletcher (2012),
 * Computational Statistics & Data Analysis 56(9), the tail areas. */
#include <math.h>
#include <stdlib.h>

#include "base/par.h"
#include "base/rng.h"
#include "base/str.h"
#include "model/response.h"
#include "num/order.h"
#include "num/supt.h"

enum { DRAWS = 5000, PER_BLOCK = 250, MOST_PERIODS = 5000 };

enum { TOTAL, MEAN, HALF, SHARE, FIGURES };

typedef struct work {
    const rl_parts *const *p;
    const rl_mat *root;   /* m     squares to V                                    */
    const uint32_t *form; /* DRAWS which of the m                                  */
    uint64_t seed;
    size_t n, after;
    double *each, *sum;      /* DRAWS-by-n                                            */
    double *figure[FIGURES]; /* DRAWS                                                 */
    rl_arena *like;
} work;

/* Where half of `total` is in, counted from the start of period 0; infinite when it never is. */
static double half_of(const double *psi, size_t n, double total)
{
    double sum = 0, sign = total < 0 ? -1 : 1;
    for (size_t h = 0; h < n; h++) {
        if (sign * (sum + psi[h]) >= sign * total / 2) return (double)h + (total / 2 - sum) / psi[h];
        sum += psi[h];
    }
    return INFINITY;
}

static void timing(const work *w, const double *psi, size_t n, double total, double first, double *out)
{
    double in = 0;
    out[TOTAL] = total;
    for (size_t h = 0; h < n && h < w->after; h++) in += psi[h];
    out[MEAN] = first / total;
    out[HALF] = half_of(psi, n, total);
    out[SHARE] = 1 - in / total;
}

/* The response of part p at theta: psi (n, at least w->n); false when it does not die out. */
static bool respond(const rl_parts *p, const double *theta, double *psi, size_t n, double *phi, double *total,
                    double *first)
{
    double sum = 0, moment = 0;
    *total = *first = 0;
    for (size_t h = 0; h < n; h++) {
        psi[h] = 0;
        for (size_t j = 0; j < p->q && h < p->n_direct; j++) psi[h] += theta[j] * *rl_mat_at(&p->J, j, h);
    }
    for (size_t j = 0; j < p->q; j++) {
        *total += theta[j] * p->d_total[j];
        *first += theta[j] * p->d_first[j];
    }
    if (p->n_phi == 0) return true;
    for (size_t k = 1; k <= p->n_phi; k++) {
        phi[k - 1] = p->phi[k - 1];
        for (size_t j = 0; j < p->q; j++) phi[k - 1] += *rl_mat_at(&p->dphi, j, k - 1) * (theta[j] - p->theta[j]);
        sum += phi[k - 1];
        moment += (double)k * phi[k - 1];
    }
    for (size_t h = 1; h < n; h++)
        for (size_t k = 1; k <= p->n_phi && k <= h; k++) psi[h] += phi[k - 1] * psi[h - k];
    *first = *first / (1 - sum) + *total * moment / ((1 - sum) * (1 - sum));
    *total = *total / (1 - sum);
    return rl_impulse_stable(phi, p->n_phi, phi + p->n_phi);
}

/* Periods a draw of part p is followed for: all of it, where it ends. */
static size_t length_of(const rl_parts *p, size_t n)
{
    size_t far = p->n_phi > 0 ? p->n_path : p->n_direct;
    if (far > MOST_PERIODS) far = MOST_PERIODS;
    return far > n ? far : n;
}

static void draw(size_t block, void *arg)
{
    const work *w = arg;
    rl_arena *in = rl_arena_like(w->like);
    for (size_t b = block * PER_BLOCK; b < (block + 1) * PER_BLOCK; b++) {
        const rl_parts *p = w->p[w->form[b]];
        const rl_mat *S = &w->root[w->form[b]];
        rl_rng r = rl_rng_for(w->seed, b);
        size_t n = length_of(p, w->n);
        double *normal = RL_NEW(in, double, p->q), *theta = RL_NEW(in, double, p->q), *psi = RL_NEW(in, double, n),
               *phi = RL_NEW(in, double, 3 * p->n_phi), over = 1, sum = 0, total, first, at[FIGURES];
        for (size_t j = 0; j < p->q; j++) normal[j] = rl_normal(&r);
        if (p->df > 0) over = sqrt(2 * rl_gamma(&r, p->df / 2) / p->df);
        for (size_t j = 0; j < p->q; j++) {
            theta[j] = p->theta[j];
            for (size_t k = 0; k < p->q; k++) theta[j] += *rl_mat_at(S, j, k) * normal[k] / over;
        }
        bool fades = respond(p, theta, psi, n, phi, &total, &first);
        for (size_t h = 0; h < w->n; h++) {
            w->each[h * DRAWS + b] = psi[h];
            w->sum[h * DRAWS + b] = sum += psi[h];
        }
        timing(w, psi, n, total, first, at);
        double end = sum < 0 ? -INFINITY : INFINITY;
        for (size_t i = 0; i < FIGURES; i++) w->figure[i][b] = fades ? at[i] : i == TOTAL ? end : INFINITY;
        rl_arena_reset(in);
    }
    rl_arena_free(in);
}

/* Draw b of form k: shares as near to the weights as can be. */
static uint32_t *forms_of(const double *w, size_t m, rl_arena *in)
{
    uint32_t *form = RL_NEW(in, uint32_t, DRAWS);
    size_t last = 0, b = 0;
    double sum = 0;
    for (size_t k = 0; k < m; k++) {
        if (w[k] > 0) last = k;
        for (sum += w[k]; b < DRAWS && ((double)b + 0.5) / DRAWS < sum; b++) form[b] = (uint32_t)k;
    }
    for (; b < DRAWS; b++) form[b] = (uint32_t)last; /* rounding */
    return form;
}

static rl_banded *rows(double *draws, const rl_parts *const *p, const double *w, size_t m, bool sums, size_t n,
                       double level, rl_arena *keep, rl_ctx *cx)
{
    rl_banded *row = RL_NEW(keep, rl_banded, n);
    for (size_t h = 0; h < n; h++) {
        double mean = 0, se = 0;
        for (size_t k = 0; k < m; k++) mean += w[k] * (sums ? p[k]->cumulative[h] : p[k]->impulse[h]);
        for (size_t k = 0; k < m; k++) {
            double off = (sums ? p[k]->cumulative[h] : p[k]->impulse[h]) - mean,
                   own = sums ? p[k]->cumulative_se[h] : p[k]->impulse_se[h];
            se += w[k] * sqrt(own * own + off * off);
        }
        row[h] = (rl_banded){mean, se, INFINITY, -INFINITY, INFINITY, -INFINITY};
    }
    rl_response_bounds(draws, DRAWS, n, level, row, cx);
    return row;
}

/* --- long run and timing ---------------------------------------------------------------------------------- */

static rl_summary figure_of(double est, double se, double *draws, double level)
{
    size_t point = (size_t)((1 - level) / 2 * DRAWS);
    rl_order(draws, DRAWS);
    return (rl_summary){est, se, draws[point], draws[DRAWS - 1 - point], NULL};
}

static rl_summary nothing(const char *why) { return (rl_summary){NAN, NAN, NAN, NAN, why}; }

/* The figure stands, its interval does not. */
static void unsure(rl_summary *s, const char *why)
{
    s->low = s->high = NAN;
    s->why = why;
}

static rl_summary long_run(const work *w, const double *weight, size_t m, double level, rl_arena *keep)
{
    double mean = 0, se = 0, endless = 0;
    for (size_t k = 0; k < m; k++)
        if (weight[k] > 0 && !w->p[k]->fades)
            endless += weight[k];
        else if (weight[k] > 0)
            mean += weight[k] * w->p[k]->total;
    if (endless > 0)
        return nothing(rl_sprintf(keep,
                                  "there is no long run: in forms that carry %.0f %% of the weight what is added once "
                                  "never dies out",
                                  100 * endless));
    for (size_t k = 0; k < m; k++) {
        double off = w->p[k]->total - mean, own = w->p[k]->total_se;
        if (weight[k] > 0) se += weight[k] * sqrt(own * own + off * off);
    }
    rl_summary s = figure_of(mean, se, w->figure[TOTAL], level);
    if (isinf(s.low) || isinf(s.high)) s.why = "cannot tell where it ends: the lags of the outcome may add up to 1";
    return s;
}

/* Up in one period and down in another, beyond what the bands leave open. */
static bool turns(const rl_banded *row, size_t n, size_t *up, size_t *down)
{
    bool is_up = false, is_down = false;
    for (size_t h = 0; h < n; h++) {
        if (!is_up && row[h].band_low > 0) is_up = true, *up = h;
        if (!is_down && row[h].band_high < 0) is_down = true, *down = h;
    }
    return is_up && is_down;
}

static void when(const work *w, const rl_response *s, const double *weight, size_t m, rl_average *out, rl_arena *keep,
                 rl_ctx *cx)
{
    size_t up = 0, down = 0, far = w->n;
    const char *why = NULL;
    if (isnan(out->long_run.est)) why = "there is no long run to take a share of";
    if (why == NULL && turns(out->impulse, w->n, &up, &down))
        why = rl_sprintf(keep, "the response changes its sign (up at %s %zu, down at %zu): no half of it, no mean lag",
                         s->period, up, down);
    out->mean_lag = out->half_life = out->share_after = nothing(why);
    if (why != NULL) return;
    double first = 0, at[FIGURES];
    for (size_t k = 0; k < m; k++)
        if (weight[k] > 0 && w->p[k]->n_path > far) far = w->p[k]->n_path;
    double *psi = RL_NEW(cx->tmp, double, far);
    for (size_t k = 0; k < m; k++) {
        if (!(weight[k] > 0)) continue;
        first += weight[k] * w->p[k]->first;
        for (size_t h = 0; h < w->p[k]->n_path; h++) psi[h] += weight[k] * w->p[k]->path[h];
    }
    timing(w, psi, far, out->long_run.est, first, at);
    out->mean_lag = figure_of(at[MEAN], NAN, w->figure[MEAN], s->level);
    out->half_life = figure_of(at[HALF], NAN, w->figure[HALF], s->level);
    out->share_after = figure_of(at[SHARE], NAN, w->figure[SHARE], s->level);
    if (out->long_run.why != NULL)
        why = out->long_run.why;
    else if (out->long_run.low <= 0 && out->long_run.high >= 0)
        why = "cannot tell when: whether there is an effect in the long run is not clear";
    if (why == NULL) return;
    unsure(&out->mean_lag, why);
    unsure(&out->half_life, why);
    unsure(&out->share_after, why);
}

/* Draws of all figures, form k with probability weight_k. */
static work drawn(const rl_response *s, const rl_parts *const *p, const rl_mat *root, const double *weight, size_t m,
                  rl_arena *keep, rl_ctx *cx)
{
    work w = {.p = p,
              .root = root,
              .form = forms_of(weight, m, cx->tmp),
              .seed = cx->seed,
              .n = s->n,
              .after = (size_t)s->after,
              .each = RL_NEW(cx->tmp, double, s->n *DRAWS),
              .sum = RL_NEW(cx->tmp, double, s->n *DRAWS),
              .like = keep};
    for (size_t i = 0; i < FIGURES; i++) w.figure[i] = RL_NEW(cx->tmp, double, DRAWS);
    rl_par(DRAWS / PER_BLOCK, draw, &w, cx);
    return w;
}

void rl_response_mix(const rl_response *s, const rl_parts *const *p, const double *weight, const double *far, size_t m,
                     rl_average *out, rl_arena *keep, rl_ctx *cx)
{
    rl_mat *root = RL_NEW(cx->tmp, rl_mat, m);
    for (size_t k = 0; k < m; k++) {
        root[k] = rl_mat_new(p[k]->q, p[k]->q, cx->tmp);
        if (weight[k] > 0 && !rl_supt_root(&p[k]->V, &root[k], cx)) root[k] = rl_mat_new(p[k]->q, p[k]->q, cx->tmp);
    }
    work near = drawn(s, p, root, weight, m, keep, cx), on = drawn(s, p, root, far, m, keep, cx);
    out->impulse = rows(near.each, p, weight, m, false, s->n, s->level, keep, cx);
    out->cumulative = rows(near.sum, p, weight, m, true, s->n, s->level, keep, cx);
    out->long_run = long_run(&on, far, m, s->level, keep);
    when(&on, s, far, m, out, keep, cx);
}

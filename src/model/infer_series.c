/* Inference for series whose dependence is strong beside their length.
 *
 * Newey-West with a normal or t rejects a true null two or three times as often
 * as it says when few periods carry the long-run variance.  Three cures, all
 * from the influence summed by period, so that panels are served too (any
 * dependence within a period, as Driscoll and Kraay):
 *
 *   EWC[:B]          the variance from B cosines, each an independent look at the long
 *                    run: V = 2/B sum_j S_j S_j', S_j = sum_t psi_t cos(pi j (t - 1/2) / T).
 *                    t has B degrees of freedom; q restrictions: Hotelling, F(q, B - q + 1)
 *   NW, DK, fixed-b  Bartlett's variance as it is, and the distribution t has with
 *                    it in the Gaussian location model with these periods (num/fixedb.h)
 *   block[:L]        moving blocks, and wild-dependent[:L], smooth normal multipliers,
 *                    both studentised (num/block.h): p is the share of |t*| >= |t|, the
 *                    interval symmetric; std_error is Bartlett's with L - 1 lags
 *
 * t is the place on the calendar: a period that is not there contributes nothing,
 * and nothing moves up into its place.  No convention of another program
 * (--as) changes EWC and the bootstraps: there is no small-sample factor.
 *
 * Size of a 5 % test of a mean, AR(1) errors of .7, 60 and 120 periods: NW:nw2 with a
 * normal 23 and 18 %, NW:lls 11 and 9, EWC 8 and 7, block 10 and 7, wild-dependent 12 and 9.
 *
 * Source: Lazarus, Lewis, Stock & Watson (2018), Journal of Business & Economic
 * Statistics 36(4), for EWC and both rules; Kiefer & Vogelsang (2005); Goetze &
 * Kuensch (1996); Goncalves & Vogelsang (2011); Shao (2010).
 */
#include <math.h>

#include "base/fmath.h"
#include "base/par.h"
#include "model/hac.h"
#include "model/infer_work.h"
#include "num/block.h"
#include "num/dist.h"
#include "num/fixedb.h"
#include "num/ols.h"
#include "num/order.h"

/* --- sums on the calendar ---------------------------------------------------------------- */

typedef struct calendar {
    size_t T, seen; /* periods from the first to the last; those with rows */
    rl_mat h;       /* T-by-f->m  influence by period, 0 where there is none */
} calendar;

static const char *name_of(rl_vcov_kind k) { return k == RL_EWC ? "EWC" : k == RL_BLOCK ? "block" : "wild-dependent"; }

/* One series has one row a period. */
static rl_code one_each(const rl_design *d, const char *name, rl_ctx *cx)
{
    size_t *first = RL_NEW(cx->tmp, size_t, d->time.G);
    for (size_t i = 0; i < d->n && d->unit.G == 0; i++) {
        size_t *f = &first[d->time.code[i]];
        if (*f != 0) {
            const rl_col *c = rl_table_col(d->t, d->time_name);
            char buf[32];
            rl_fail_cell(d->t, c, d->row[i], cx, RL_EINPUT, "%s: two rows of time '%s'", name,
                         rl_cell_text(c, d->row[i], buf));
            return rl_hint(cx, "one series has one row a period; a panel needs --panel UNIT,TIME");
        }
        *f = i + 1;
    }
    return RL_OK;
}

static rl_code on_calendar(rl_infer_work *w, calendar *c, rl_ctx *cx)
{
    const rl_design *d = w->d;
    const char *name = name_of(d->vcov.kind);
    if (!w->f->psi->has_time)
        return rl_fail(cx, RL_EDATA, "%s needs an influence by period, and this estimator has none", name);
    RL_TRY(one_each(d, name, cx));
    size_t seen = d->time.G;
    if (seen < 4) {
        rl_fail(cx, RL_EDATA, "%s needs four periods or more, '%s' has %zu", name, d->time_name, seen);
        return rl_hint(cx, "nothing tells how errors of so few periods depend on each other");
    }
    int64_t span = (int64_t)d->time_at[seen - 1] - d->time_at[0] + 1;
    if (span > 100000000 || (uint64_t)span > 1000 * seen) {
        rl_fail(cx, RL_EDATA, "%s: '%s' has %zu periods in a span of %lld", name, d->time_name, seen, (long long)span);
        return rl_hint(cx, "say what one step of time is, as in --period month");
    }
    c->T = (size_t)span;
    c->seen = seen;
    rl_mat h = rl_mat_new(seen, w->f->m, cx->tmp);
    RL_TRY(w->f->psi->sum_by(w->f->psi, d->time.code, seen, &h, cx));
    c->h = rl_mat_new(c->T, w->f->m, cx->tmp);
    for (size_t j = 0; j < w->f->m; j++)
        for (size_t i = 0; i < seen; i++)
            *rl_mat_at(&c->h, (size_t)(d->time_at[i] - d->time_at[0]), j) = *rl_mat_at(&h, i, j);
    return RL_OK;
}

static const char *gap_words(const calendar *c, rl_ctx *cx)
{
    if (c->T == c->seen) return "";
    return rl_sprintf(cx->tmp, "; %zu of %zu periods of the calendar are absent and contribute nothing", c->T - c->seen,
                      c->T);
}

static void plain_factor(rl_infer_work *w, rl_ctx *cx)
{
    rl_infer_count_K(w, false, cx);
    rl_infer_say_factor(w, NULL, NULL, 1);
}

/* --- cosines ------------------------------------------------------------------------------- */

static rl_code choose_terms(const rl_infer_work *w, const calendar *c, size_t *B, const char **why, rl_ctx *cx)
{
    double T = (double)c->seen;
    *B = w->d->vcov.terms;
    *why = "as asked";
    if (*B == 0) {
        *B = (size_t)floor(0.4 * rl_pow(T, 2.0 / 3) * (1 + 1e-12));
        *why = "floor(0.4 T^(2/3)), Lazarus, Lewis, Stock and Watson (2018)";
    }
    if (*B < c->seen) return RL_OK;
    rl_fail(cx, RL_EDATA, "EWC:%zu: %zu periods hold at most %zu cosines", *B, c->seen, c->seen - 1);
    return rl_hint(cx, "EWC alone takes %.0f", floor(0.4 * rl_pow(T, 2.0 / 3)));
}

typedef struct sums {
    const calendar *c;
    const double *cosine; /* 4T     of multiples of pi / 2T */
    rl_mat S;             /* B-by-m                         */
} sums;

static void one_cosine(size_t j, void *arg)
{
    const sums *q = arg;
    size_t T = q->c->T;
    for (size_t a = 0; a < q->S.k; a++) {
        const double *h = rl_mat_col(&q->c->h, a);
        long double S = 0;
        size_t at = (j + 1) % (4 * T), step = 2 * at % (4 * T); /* (j + 1) (2 t + 1) */
        for (size_t t = 0; t < T; t++) {
            S += (long double)q->cosine[at] * h[t];
            at += step;
            if (at >= 4 * T) at -= 4 * T;
        }
        *rl_mat_at(&q->S, j, a) = (double)S;
    }
}

/* S_j of j = 1 .. B.  cosl: its software has no variants by CPU, and the result is rounded to double. */
static rl_mat cosine_sums(const calendar *c, size_t B, rl_ctx *cx)
{
    double *cosine = RL_NEW(cx->tmp, double, 4 * c->T);
    for (size_t i = 0; i < 4 * c->T; i++)
        cosine[i] = (double)cosl(3.14159265358979323846L * (long double)i / (long double)(2 * c->T));
    sums q = {c, cosine, rl_mat_new(B, c->h.k, cx->tmp)};
    rl_par(B, one_cosine, &q, cx);
    return q.S;
}

rl_code rl_infer_cosines(rl_infer_work *w, rl_ctx *cx)
{
    calendar c;
    size_t B, m = w->f->m;
    const char *why;
    RL_TRY(on_calendar(w, &c, cx));
    RL_TRY(choose_terms(w, &c, &B, &why, cx));
    rl_mat S = cosine_sums(&c, B, cx);
    for (size_t a = 0; a < m; a++)
        for (size_t b = 0; b <= a; b++) {
            double V = 2 * rl_dot(NULL, rl_mat_col(&S, a), rl_mat_col(&S, b), B, cx) / (double)B;
            *rl_mat_at(&w->V, a, b) = *rl_mat_at(&w->V, b, a) = V;
        }
    plain_factor(w, cx);
    w->df = w->cosines = (double)B;
    w->out->terms = B;
    rl_remark(cx, "lag rule",
              "%zu %s of %zu periods: %s; t with %zu degree%s of freedom, q restrictions together F(q, %zu - q)%s", B,
              rl_plural("cosine", B, cx->tmp), c.seen, why, B, B == 1 ? "" : "s", B + 1, gap_words(&c, cx));
    return RL_OK;
}

/* --- fixed-b ------------------------------------------------------------------------------- */

/* The distribution of t with Bartlett's variance of `lags` lags, which was multiplied by `factor`. */
static rl_code set_fixed(rl_infer_work *w, const int32_t *at, size_t T, int lags, double factor, rl_ctx *cx)
{
    rl_fixedb *f = RL_NEW(cx->tmp, rl_fixedb, 1);
    if (!rl_fixedb_make(at, T, lags + 1.0, factor, f, cx))
        return rl_fail(cx, RL_ENUM, "fixed-b: the eigenvalues of the weights of %zu periods did not settle", T);
    w->fixed_critical = rl_fixedb_critical(f, w->level);
    w->fixed = f;
    w->df = rl_fixedb_student(w->fixed_critical, w->level);
    return RL_OK;
}

rl_code rl_infer_fixed_b(rl_infer_work *w, int lags, double t_factor, rl_nfactor n_rule, rl_ctx *cx)
{
    const rl_design *d = w->d;
    size_t T = d->time.G;
    char crit[32], b[32], percent[32];
    if (T < 4) {
        rl_fail(cx, RL_EDATA, "fixed-b needs four periods or more, '%s' has %zu", d->time_name, T);
        return rl_hint(cx, "nothing tells how errors of so few periods depend on each other");
    }
    const int32_t *at = d->time_at;
    if (w->p->by_rank) {
        int32_t *rank = RL_NEW(cx->tmp, int32_t, T);
        for (size_t i = 0; i < T; i++) rank[i] = (int32_t)i;
        at = rank;
    }
    double n = (double)w->f->dof.n, mean_factor = n_rule == RL_N_N_NK ? n / (n - 1) : 1; /* K = 1: a mean's */
    RL_TRY(set_fixed(w, at, T, lags, t_factor * mean_factor, cx));
    w->out->fixed_b = (lags + 1.0) / ((double)at[T - 1] - at[0] + 1);
    rl_remark(
        cx, "fixed-b",
        "b = %s: p and intervals from the distribution of t in the Gaussian location model with these periods and "
        "lags (Kiefer and Vogelsang 2005), critical value %s at %s %%; several restrictions by draws from it",
        rl_num_text(b, rl_round_digits(w->out->fixed_b, 3)), rl_num_text(crit, rl_round_digits(w->fixed_critical, 5)),
        rl_num_text(percent, rl_round_digits(100 * w->level, 6)));
    return RL_OK;
}

/* --- bootstraps ------------------------------------------------------------------------------ */

static void automatic_blocks(const calendar *c, double *L, const char **why, rl_ctx *cx)
{
    *L = 1;
    for (size_t j = 0; j < c->h.k; j++) {
        double one = rl_block_length(rl_mat_col(&c->h, j), c->T, cx);
        if (isfinite(one)) *L = fmax(*L, floor(one + 0.5));
    }
    *why = "the longest that Politis and White (2004, corrected 2009) find for an estimate";
}

static rl_code choose_blocks(const rl_infer_work *w, const calendar *c, size_t *L, const char **why, rl_ctx *cx)
{
    const rl_vcov_spec *v = &w->d->vcov;
    const char *name = name_of(v->kind);
    double length = v->lag;
    *why = "as asked";
    if (v->lag < 0 && v->rule == 1 + RL_LAG_PW) automatic_blocks(c, &length, why, cx);
    if (v->lag < 0 && v->rule == 0) {
        length = fmin(ceil(1.75 * rl_pow((double)c->seen, 1.0 / 3) * (1 - 1e-12)), (double)(c->T / 2));
        *why = "ceil(1.75 T^(1/3)), at most T / 2";
    }
    *L = (size_t)length;
    if (*L > c->T) {
        rl_fail(cx, RL_EDATA, "%s:%zu: the series has %zu periods, fewer than a block", name, *L, c->T);
        return rl_hint(cx, "blocks up to %zu periods are possible; %s alone chooses", c->T / 2, name);
    }
    if (2 * *L > c->T) {
        rl_fail(cx, RL_EDATA, "%s:%zu: %zu periods hold no two blocks of %zu", name, *L, c->T, *L);
        return rl_hint(cx, "blocks up to %zu periods are possible; %s alone chooses", c->T / 2, name);
    }
    return RL_OK;
}

/* Influence on what is reported: combinations too. */
static rl_mat reported(const rl_infer_work *w, const rl_mat *h, rl_ctx *cx)
{
    if (w->m == w->f->m) return *h;
    rl_mat out = rl_mat_new(h->n, w->m, cx->tmp);
    for (size_t j = 0; j < w->m; j++)
        for (size_t i = 0; i < w->f->m; i++) {
            double by = *rl_mat_at(&w->C, j, i);
            for (size_t t = 0; t < h->n && by != 0; t++) *rl_mat_at(&out, t, j) += by * *rl_mat_at(h, t, i);
        }
    return out;
}

/* p and the values it does not reject, of estimate j from N sorted |t*|. */
static void settle(rl_infer_work *w, size_t j, double se, const double *t, size_t N)
{
    double at = fabs(w->b[j]) / se * (1 - 1e-12), crit;
    size_t below = 0, reject = (size_t)floor((1 - w->level) * (double)N * (1 + 1e-12));
    for (size_t step = N; step > 0; step /= 2) /* the first that is not below */
        while (below + step <= N && t[below + step - 1] < at) below += step;
    w->p_each[j] = (double)(N - below) / (double)N;
    crit = t[N - 1 - reject];
    w->low_each[j] = w->b[j] - crit * se;
    w->high_each[j] = w->b[j] + crit * se;
}

static void say_blocks(const rl_infer_work *w, const calendar *c, size_t L, const char *why, bool endless, rl_ctx *cx)
{
    bool blocks = w->d->vcov.kind == RL_BLOCK;
    rl_remark(cx, "lag rule", "%s %zu of %zu periods: %s; standard errors by Bartlett weights of %zu lags%s",
              blocks ? "blocks of" : "multipliers that share", L, c->T, why, L - 1, gap_words(c, cx));
    rl_remark(cx, "bootstrap",
              "%zu series %s: p is the share of draws with |t*| >= |t|, the interval is symmetric; several "
              "restrictions by draws from the distribution of fixed-b",
              w->out->draws, blocks ? "put together from overlapping blocks" : "by dependent normal multipliers");
    if (endless)
        rl_remark(cx, "bootstrap", "an interval without an end: too many draws do not vary; take shorter blocks");
}

rl_code rl_infer_blocks(rl_infer_work *w, rl_ctx *cx)
{
    calendar c;
    size_t L, N = w->d->vcov.reps;
    const char *why;
    bool endless = false;
    RL_TRY(on_calendar(w, &c, cx));
    RL_TRY(choose_blocks(w, &c, &L, &why, cx));
    int32_t *at = RL_NEW(cx->tmp, int32_t, c.T);
    for (size_t i = 0; i < c.T; i++) at[i] = (int32_t)i;
    rl_hac_sum(&c.h, at, NULL, (int)L - 1, true, &w->V, cx);
    rl_mat h = reported(w, &c.h, cx), t = rl_mat_new(N, w->m, cx->tmp);
    rl_block_run(&h, L, w->d->vcov.kind == RL_WILD_DEPENDENT, N, cx->seed, &t, cx);
    w->p_each = RL_NEW(cx->tmp, double, w->m);
    w->low_each = RL_NEW(cx->tmp, double, w->m);
    w->high_each = RL_NEW(cx->tmp, double, w->m);
    for (size_t j = 0; j < w->m; j++) {
        double se = sqrt(rl_block_variance(rl_mat_col(&h, j), c.T, L));
        rl_order(rl_mat_col(&t, j), N);
        settle(w, j, se, rl_mat_col(&t, j), N);
        endless |= isinf(w->high_each[j]) && se > 0;
    }
    plain_factor(w, cx);
    RL_TRY(set_fixed(w, at, c.T, (int)L - 1, 1, cx));
    w->out->draws = w->out->p_draws = N;
    w->out->lag = (int)L - 1;
    w->out->block = L;
    say_blocks(w, &c, L, why, endless, cx);
    return RL_OK;
}

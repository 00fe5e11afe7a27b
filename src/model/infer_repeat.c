/* Errors of methods without influence: the method again, on other units (rl_refit).
 *
 *   placebo     as many controls as there are treated units pass for treated, the treated left out
 *               V = mean of (b* - mean b*)(b* - mean b*)', p = (1 + #{|b*| >= |b|}) / (B + 1)
 *   bootstrap   units drawn with replacement, draws without a control or a treated unit drawn again; V as above
 *   jackknife   each unit left out once, the others keep their weights; V = (n-1)/n sum (b* - mean b*)(b* - mean b*)'
 *
 * Placebos are all there are, each once, where these are no more than the draws asked for.  A draw is keyed by the
 * labels of the units: the order of the rows and the number of threads leave every digit.
 *
 * Cost: a placebo or a draw is the method again; the jackknife, the default where no control is left over, N times the
 * sums over all units that carry weight, N (N + n1 T) or so: seconds from some 20,000 units on.
 *
 * Source: Arkhangelsky et al. (2021), algorithms 2 to 4, as synthdid 0.0.9 has them; Phipson & Smyth (2010) for p.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/par.h"
#include "base/str.h"
#include "model/infer_work.h"
#include "num/dist.h"

enum { DRAWS = 200, MOST_PLACEBOS = 100000, TOGETHER = 64, MOST_ROOM = 1 << 23, FEW = 19 };

typedef enum how { NONE, PLACEBO, BOOTSTRAP, JACKKNIFE } how;

typedef struct repeats {
    const rl_refit *x;
    how how;
    uint64_t seed;
    bool all;          /* placebos: every one once             */
    size_t B, m, from; /* from: the first of those done now    */
    uint32_t *unit;    /* TOGETHER of N                        */
    uint64_t *word;    /* TOGETHER of N                        */
    double *room;      /* TOGETHER of room                     */
    double *b;         /* B of m                               */
    bool *lost;        /* B                                    */
} repeats;

/* --- which units ---------------------------------------------------------------------- */

/* n over k, or a number above `most`. */
static size_t choices(size_t n, size_t k, size_t most)
{
    double c = 1;
    for (size_t i = 1; i <= k && c <= (double)most; i++) c = c * (double)(n - k + i) / (double)i;
    return c > (double)most ? most + 1 : (size_t)(c + 0.5);
}

/* Set number `at` of k of n, in order: mark (n) 1 for those in it. */
static void set_number(size_t at, size_t n, size_t k, uint64_t *mark)
{
    for (size_t i = 0; i < n; i++) {
        size_t with = k > 0 ? choices(n - i - 1, k - 1, SIZE_MAX / 4) : 0;
        mark[i] = k > 0 && at < with;
        if (mark[i])
            k--;
        else
            at -= with;
    }
}

static int by_word(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* The k of n whose words are least: words are turned into marks. */
static void least_words(size_t n, size_t k, uint64_t *word, uint64_t *sorted)
{
    memcpy(sorted, word, n * sizeof *word);
    qsort(sorted, n, sizeof *sorted, by_word);
    uint64_t last = sorted[k - 1];
    size_t spare = k;
    for (size_t i = 0; i < n; i++) spare -= word[i] < last;
    for (size_t i = 0; i < n; i++) {
        bool tie = word[i] == last && spare > 0;
        spare -= tie;
        word[i] = word[i] < last || tie;
    }
}

static void placebo(const repeats *r, size_t at, uint32_t *unit, uint64_t *mark, size_t *k0, size_t *k1)
{
    size_t n = r->x->n0, k = r->x->n1, to = 0;
    if (r->all)
        set_number(at, n, k, mark);
    else {
        for (size_t i = 0; i < n; i++) mark[i] = rl_draw(r->seed, r->x->key[i], at);
        least_words(n, k, mark, mark + n);
    }
    for (uint64_t part = 0; part < 2; part++)
        for (size_t i = 0; i < n; i++)
            if (mark[i] == part) unit[to++] = (uint32_t)i;
    *k0 = n - k;
    *k1 = k;
}

static int by_unit(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void bootstrap(const repeats *r, size_t at, uint32_t *unit, size_t *k0, size_t *k1)
{
    size_t N = r->x->n0 + r->x->n1;
    for (uint64_t again = 0;; again++) {
        *k0 = 0;
        for (size_t i = 0; i < N; i++) {
            double u = rl_uniform_of(rl_draw(r->seed, r->x->key[i], at + again * r->B));
            unit[i] = (uint32_t)(u * (double)N);
            *k0 += unit[i] < r->x->n0;
        }
        if (*k0 > 0 && *k0 < N) break;
    }
    *k1 = N - *k0;
    qsort(unit, N, sizeof *unit, by_unit);
}

static void without(const repeats *r, size_t at, uint32_t *unit, size_t *k0, size_t *k1)
{
    size_t N = r->x->n0 + r->x->n1, to = 0;
    for (size_t i = 0; i < N; i++)
        if (i != at) unit[to++] = (uint32_t)i;
    *k0 = r->x->n0 - (at < r->x->n0);
    *k1 = N - 1 - *k0;
}

static void repeat(size_t block, void *arg)
{
    repeats *r = arg;
    size_t N = r->x->n0 + r->x->n1, at = r->from + block, k0, k1;
    uint32_t *unit = r->unit + block * N;
    if (r->how == PLACEBO)
        placebo(r, at, unit, r->word + block * 2 * N, &k0, &k1);
    else if (r->how == BOOTSTRAP)
        bootstrap(r, at, unit, &k0, &k1);
    else
        without(r, at, unit, &k0, &k1);
    r->lost[at] =
        !r->x->again(r->x->self, unit, k0, k1, r->how == JACKKNIFE, r->room + block * r->x->room, r->b + at * r->m);
}

static rl_code run(repeats *r, rl_ctx *cx)
{
    size_t N = r->x->n0 + r->x->n1, together = MOST_ROOM / (r->x->room + 1) + 1, lost = 0;
    if (together > TOGETHER) together = TOGETHER;
    r->unit = RL_NEW(cx->tmp, uint32_t, together * N);
    r->word = RL_NEW(cx->tmp, uint64_t, together * 2 * N);
    r->room = RL_NEW(cx->tmp, double, together * r->x->room);
    r->b = RL_NEW(cx->tmp, double, r->B * r->m);
    r->lost = RL_NEW(cx->tmp, bool, r->B);
    for (r->from = 0; r->from < r->B; r->from += together) {
        rl_par(r->B - r->from < together ? r->B - r->from : together, repeat, r, cx);
        rl_progress(cx, "errors", (double)r->from / (double)r->B);
    }
    for (size_t d = 0; d < r->B; d++) lost += r->lost[d];
    if (lost == 0) return RL_OK;
    rl_fail(cx, RL_ENUM, "%zu of %zu repetitions found no minimum for their weights", lost, r->B);
    return rl_hint(cx, "without --as exact the steps of the default are stopped before it");
}

/* --- which way, and whether there is one ------------------------------------------------ */

static rl_code need_placebos(const rl_refit *x, rl_ctx *cx)
{
    if (x->n0 > x->n1) return RL_OK;
    rl_fail(cx, RL_EDATA, "placebos need more controls than treated units: there are %zu and %zu", x->n0, x->n1);
    return x->n1 > 1 ? rl_hint(cx, "--inference jackknife or bootstrap needs two treated units")
                     : rl_hint(cx, "without a second control there is no error: leave --inference out");
}

static rl_code need_treated(const rl_refit *x, const char *what, rl_ctx *cx)
{
    if (x->n1 > 1) return RL_OK;
    rl_fail(cx, RL_EDATA, "%s needs two treated units or more, and there is one", what);
    return rl_hint(cx, "--inference placebo takes one, where there are more controls");
}

static rl_code need_carried(const rl_refit *x, rl_ctx *cx)
{
    if (x->carry > 1) return RL_OK;
    rl_fail(cx, RL_EDATA, "the jackknife needs two controls that carry weight, and one carries all of it");
    return rl_hint(cx, "--inference bootstrap or placebo finds the weights anew in every draw");
}

static rl_code choose(const rl_refit *x, const rl_request *req, how *out, rl_ctx *cx)
{
    if (req->vcov.kind != RL_VCOV_DEFAULT) {
        rl_fail(cx, RL_EUSAGE, "estimator '%s' has errors by repetition alone: no --vcov and no --cluster applies",
                req->estimator->name);
        return rl_hint(cx, "--inference placebo, jackknife or bootstrap: each by whole units");
    }
    if (req->inference_said && !req->bootstrap && req->repeat == RL_REPEAT_DEFAULT) {
        rl_fail(cx, RL_EUSAGE, "estimator '%s' has no analytic errors", req->estimator->name);
        return rl_hint(cx, "--inference placebo, jackknife or bootstrap");
    }
    *out = req->bootstrap                           ? BOOTSTRAP
           : req->repeat == RL_REPEAT_PLACEBO       ? PLACEBO
           : req->repeat == RL_REPEAT_JACKKNIFE     ? JACKKNIFE
           : x->n0 > x->n1                          ? PLACEBO
           : x->n1 > 1 && x->carry > 1 && x->n0 > 1 ? JACKKNIFE
                                                    : NONE;
    if (*out == PLACEBO) return need_placebos(x, cx);
    if (*out == BOOTSTRAP) return need_treated(x, "the bootstrap", cx);
    if (*out == NONE) return RL_OK;
    RL_TRY(need_treated(x, "the jackknife", cx));
    return need_carried(x, cx);
}

static rl_code how_many(repeats *r, const rl_request *req, rl_ctx *cx)
{
    size_t asked = req->reps > 0 ? req->reps : DRAWS;
    r->B = asked;
    if (r->how == JACKKNIFE) r->B = r->x->n0 + r->x->n1;
    if (r->how != PLACEBO) return RL_OK;
    size_t most = req->every ? MOST_PLACEBOS : asked, all = choices(r->x->n0, r->x->n1, most);
    r->all = all <= most;
    if (r->all) r->B = all;
    if (r->all || !req->every) return RL_OK;
    rl_fail(cx, RL_EDATA, "--reps 0 asks for every placebo, and %zu of %zu controls can be chosen in more than %d ways",
            r->x->n1, r->x->n0, MOST_PLACEBOS);
    return rl_hint(cx, "--reps 1999 draws some of them");
}

/* --- from repetitions to errors ------------------------------------------------------------ */

static void covariance(const repeats *r, rl_mat *V, rl_ctx *cx)
{
    size_t m = r->m;
    double *mean = RL_NEW(cx->tmp, double, m), B = (double)r->B, by = r->how == JACKKNIFE ? (B - 1) / B : 1 / B;
    for (size_t j = 0; j < m; j++) {
        long double sum = 0;
        for (size_t d = 0; d < r->B; d++) sum += r->b[d * m + j];
        mean[j] = (double)(sum / (long double)r->B);
    }
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j <= i; j++) {
            long double sum = 0;
            for (size_t d = 0; d < r->B; d++)
                sum += ((long double)r->b[d * m + i] - mean[i]) * ((long double)r->b[d * m + j] - mean[j]);
            *rl_mat_at(V, i, j) = *rl_mat_at(V, j, i) = (double)(sum * by);
        }
}

static const double TIE = 1e-12; /* of the estimate: equal but for rounding */

static void ranks(rl_infer_work *w, const repeats *r, rl_ctx *cx)
{
    double z = rl_t_quantile(0.5 + w->level / 2, 0);
    w->p_each = RL_NEW(cx->tmp, double, 3 * w->m);
    w->low_each = w->p_each + w->m;
    w->high_each = w->low_each + w->m;
    for (size_t j = 0; j < w->m; j++) {
        size_t above = 0;
        for (size_t d = 0; d < r->B; d++) {
            double b = 0;
            for (size_t q = 0; q < r->m; q++) b += *rl_mat_at(&w->C, j, q) * r->b[d * r->m + q];
            above += fabs(b) >= fabs(w->b[j]) * (1 - TIE);
        }
        double se = sqrt(*rl_mat_at(&w->V, j, j));
        w->p_each[j] = (1 + (double)above) / (1 + (double)r->B);
        w->low_each[j] = w->b[j] - z * se;
        w->high_each[j] = w->b[j] + z * se;
    }
    if (r->all && r->B < FEW)
        rl_remark(cx, "placebos", "%zu placebos: no p value can be less than %.2g", r->B, 1 / (1 + (double)r->B));
}

static void say(const repeats *r, rl_infer_work *w)
{
    rl_result *out = w->out;
    size_t n1 = r->x->n1;
    out->vcov_kind = r->how == PLACEBO ? "placebo" : r->how == BOOTSTRAP ? "bootstrap" : "jackknife";
    out->draws = r->how == JACKKNIFE ? 0 : r->B;
    const char *units = n1 > 1 ? rl_sprintf(w->keep, "%zu controls", n1) : "one control";
    if (r->how == PLACEBO)
        out->ssc = rl_sprintf(w->keep, "standard deviation of placebos, %s at a time as if treated%s; p by rank", units,
                              r->all ? ", each choice once" : "");
    else if (r->how == BOOTSTRAP)
        out->ssc = rl_sprintf(w->keep, "standard deviation of draws of units with replacement");
    else
        out->ssc = rl_sprintf(w->keep, "each of %zu units left out once, the others keep their weights", r->B);
}

rl_code rl_infer_repeat(rl_infer_work *w, const rl_request *req, rl_ctx *cx)
{
    repeats r = {.x = w->f->refit, .seed = cx->seed, .m = w->f->m};
    w->df = 0;
    w->out->vcov_ways = 0;
    RL_TRY(choose(r.x, req, &r.how, cx));
    if (r.how == NONE) {
        w->out->vcov_kind = "none";
        for (size_t i = 0; i < r.m * r.m; i++) w->V.a[i] = NAN;
        rl_infer_combine(w, cx);
        rl_remark(cx, "errors", "no standard errors: %zu control%s and one treated unit leave nothing to repeat",
                  r.x->n0, r.x->n0 > 1 ? "s" : "");
        if (req->n_restriction == 0) return RL_OK;
        return rl_fail(cx, RL_EDATA, "no restriction can be tested: there are no errors");
    }
    RL_TRY(how_many(&r, req, cx));
    RL_TRY(run(&r, cx));
    covariance(&r, &w->V, cx);
    RL_TRY(rl_infer_need_finite(w, req, cx));
    rl_infer_combine(w, cx);
    if (r.how == PLACEBO) ranks(w, &r, cx);
    say(&r, w);
    return RL_OK;
}

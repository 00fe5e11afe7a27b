/* Few clusters, from the influence alone: for any estimator of a programme's effects.
 *
 * What a cluster is away from a mean of n of them is 1/n too short, for it pulls the mean to itself.  Such means are
 * those of a cohort in a period here, and h is the cluster's share in the weight of one.  The treated have their mean
 * alone; what they are compared with has k coefficients (the mean, and slopes of covariates), and the never treated
 * are part of it, others not yet treated being the rest:
 *
 *   S_g   = sum over cohorts and periods s of psi_gs / sqrt(1 - k_s h_gs)      V = sum_g S_g S_g'
 *   nu    = q (q + 2) / sum_g d_g^2 (1 - d_g)^-2/5, d_g = S_g'V^-1 S_g, from 1 to G - 1       of q estimates
 *   t     of an estimate with nu degrees of freedom
 *   F     (nu - q + 1) / (nu q) b'V^-1 b on q and nu - q + 1: Hotelling's T squared
 *
 * Without covariates an effect of one cohort has the error of Welch's test.  nu is Satterthwaite's with the clusters'
 * own variances (the mean of d^2 is q (q + 2) times the square of one share): where few clusters of a small cohort make
 * the error, few are counted.  d_g comes out short, as S_g is in V: of one estimate and clusters alike it is a share
 * of 1 and n - 1 chi-squares, and 2/5 is the power of 1 - d_g that gives the mean of d_g^2 its due.  Of several the
 * power would be less for clusters alike and is more for cohorts that make parts of V alone; there it was tried by
 * simulation (`make coverage-rollout`).
 *
 * Source: Bell & McCaffrey (2002), Survey Methodology 28(2); Pustejovsky & Tipton (2018), JBES 36(4), for
 * regressions; from the influence it is ours. */
#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "model/infer_work.h"
#include "num/dist.h"
#include "num/ols.h"
#include "num/order.h"

enum { MOST_AT_ONCE = 1 << 23, MOST_UNASKED = 5000 };

/* --- who belongs together ------------------------------------------------------------- */

typedef struct strata {
    size_t G, n_row, n_stratum;
    uint32_t *row;    /* n_row    rows with influence, by cluster                        */
    size_t *first;    /* G+1      those of a cluster                                     */
    int32_t *stratum; /* n        cohort x period of each row                            */
    double *weight;   /* n_stratum                                                        */
    double *k;        /* n_stratum  coefficients that its weight is shared by, see k_s above */
} strata;

/* Cohort and period of each row as one number. */
static void number_strata(const rl_design *d, const rl_fit *f, strata *s, rl_ctx *cx)
{
    size_t C = 1, T = d->time.G > 0 ? d->time.G : 1;
    s->stratum = RL_NEW(cx->tmp, int32_t, d->n);
    int32_t *known = RL_NEW(cx->tmp, int32_t, d->n);
    if (d->cohort != NULL) {
        memcpy(known, d->cohort, d->n * sizeof *known);
        C = rl_order_different_int(known, d->n);
    }
    s->n_stratum = C * T;
    s->weight = RL_NEW(cx->tmp, double, s->n_stratum);
    s->k = RL_NEW(cx->tmp, double, s->n_stratum);
    for (size_t i = 0; i < d->n; i++) {
        size_t c = d->cohort != NULL ? rl_order_find_int(known, C, d->cohort[i]) : 0;
        size_t at = c * T + (d->time.G > 0 ? (size_t)d->time.code[i] : 0);
        s->stratum[i] = (int32_t)at;
        s->weight[at] += d->w != NULL ? d->w[i] : 1;
        s->k[at] = d->cohort != NULL && d->cohort[i] == RL_NEVER && f->never_k > 0 ? f->never_k : 1;
    }
    rl_release(cx->tmp, known);
}

/* Rows that bear influence: those that stand for a unit, where influence is that of units. */
static void sort_rows(const rl_infer_work *w, strata *s, rl_ctx *cx)
{
    const rl_design *d = w->d;
    const rl_units *units = w->f->psi->units;
    const int32_t *code = d->vcov.kind == RL_CLUSTER ? d->cluster[0].code : NULL;
    size_t n = units != NULL ? units->N : d->n;
    s->G = code != NULL ? d->cluster[0].G : d->n;
    s->row = RL_NEW(cx->tmp, uint32_t, n);
    s->first = RL_NEW(cx->tmp, size_t, s->G + 1);
    size_t *next = RL_NEW(cx->tmp, size_t, s->G);
    int32_t *of = RL_NEW(cx->tmp, int32_t, n);
    for (size_t k = 0; k < n; k++) {
        uint32_t i = units != NULL ? units->row[k] : (uint32_t)k;
        of[k] = code != NULL ? code[i] : (int32_t)i;
        if (of[k] >= 0) s->first[of[k] + 1]++;
    }
    for (size_t g = 0; g < s->G; g++) {
        s->first[g + 1] += s->first[g];
        next[g] = s->first[g];
    }
    for (size_t k = 0; k < n; k++)
        if (of[k] >= 0) s->row[next[of[k]]++] = units != NULL ? units->row[k] : (uint32_t)k;
    rl_release(cx->tmp, next);
}

/* --- scores of the clusters ---------------------------------------------------------- */

/* Clusters from .. to-1: their influence by cohort and period, lengthened, added into S.
 * `code` (n) and `place` (strata) are -1, and left so. */
static rl_code add_clusters(const rl_infer_work *w, const strata *s, size_t from, size_t to, int32_t *code,
                            int32_t *place, rl_mat *S, rl_ctx *cx)
{
    size_t rows = s->first[to] - s->first[from], J = 0;
    int32_t *cluster = RL_NEW(cx->tmp, int32_t, rows), *stratum = RL_NEW(cx->tmp, int32_t, rows);
    double *part = RL_NEW(cx->tmp, double, rows);
    for (size_t g = from; g < to; g++) {
        size_t start = J;
        for (size_t k = s->first[g]; k < s->first[g + 1]; k++) {
            uint32_t i = s->row[k];
            int32_t *at = &place[s->stratum[i]];
            if (*at < 0) {
                *at = (int32_t)J;
                cluster[J] = (int32_t)g;
                stratum[J++] = s->stratum[i];
            }
            code[i] = *at;
            part[*at] += w->d->w != NULL ? w->d->w[i] : 1;
        }
        for (size_t j = start; j < J; j++) place[stratum[j]] = -1;
    }
    rl_mat P = rl_mat_new(J, S->k, cx->tmp);
    RL_TRY(w->f->psi->sum_by(w->f->psi, code, J, &P, cx));
    for (size_t j = 0; j < J; j++) {
        double left = 1 - s->k[stratum[j]] * part[j] / s->weight[stratum[j]], by = left > 1e-9 ? 1 / sqrt(left) : 1;
        for (size_t e = 0; e < S->k; e++) *rl_mat_at(S, (size_t)cluster[j], e) += by * *rl_mat_at(&P, j, e);
    }
    for (size_t k = s->first[from]; k < s->first[to]; k++) code[s->row[k]] = -1;
    rl_release(cx->tmp, cluster);
    return RL_OK;
}

static rl_code scores(rl_infer_work *w, rl_ctx *cx)
{
    strata s;
    size_t m = w->f->m;
    number_strata(w->d, w->f, &s, cx);
    sort_rows(w, &s, cx);
    w->S = rl_mat_new(s.G, m, cx->tmp);
    int32_t *code = RL_NEW(cx->tmp, int32_t, w->d->n), *place = RL_NEW(cx->tmp, int32_t, s.n_stratum);
    for (size_t i = 0; i < w->d->n; i++) code[i] = -1;
    for (size_t i = 0; i < s.n_stratum; i++) place[i] = -1;
    for (size_t from = 0, to; from < s.G; from = to) {
        to = from + 1;
        while (to < s.G && (s.first[to + 1] - s.first[from]) * m <= MOST_AT_ONCE) to++;
        RL_TRY(add_clusters(w, &s, from, to, code, place, &w->S, cx));
    }
    rl_release(cx->tmp, code);
    return RL_OK;
}

/* A cluster's share d in b'V^-1 b, squared; short by its own part in V, see above. */
static long double squared(long double d) { return d * d * (long double)rl_pow(fmax((double)(1 - d), 1e-12), -0.4); }

static double freedom(double q, long double squares, size_t G)
{
    return fmax(fmin((double)(q * (q + 2) / squares), (double)G - 1), 1);
}

/* --- one estimate ---------------------------------------------------------------------- */

static bool applies(const rl_infer_work *w)
{
    const rl_design *d = w->d;
    bool one = (d->vcov.kind == RL_CLUSTER && d->vcov.ways == 1) || d->vcov.kind == RL_HC0;
    return one && w->f->psi != NULL && d->cohort != NULL;
}

rl_code rl_infer_small(rl_infer_work *w, rl_ctx *cx)
{
    RL_TRY(scores(w, cx));
    size_t G = w->S.n, m = w->f->m;
    rl_mat lo = rl_mat_new(m, m, cx->tmp);
    RL_TRY(rl_gram(&w->S, NULL, &w->V, &lo, cx));
    if (w->out->psi_G != NULL) memcpy(w->out->psi_G, w->S.a, G * m * sizeof(double));
    w->aside = 0;
    w->factor = 1;
    w->df = (double)G - 1;
    w->df_each = RL_NEW(cx->tmp, double, w->m);
    double *x = RL_NEW(cx->tmp, double, G);
    for (size_t a = 0; a < w->m; a++) {
        long double V = 0, squares = 0;
        memset(x, 0, G * sizeof *x);
        for (size_t j = 0; j < m; j++) {
            double c = *rl_mat_at(&w->C, a, j);
            for (size_t g = 0; g < G && c != 0; g++) x[g] += c * *rl_mat_at(&w->S, g, j);
        }
        for (size_t g = 0; g < G; g++) V += (long double)x[g] * x[g];
        for (size_t g = 0; g < G && V > 0; g++) squares += squared(x[g] * x[g] / V);
        w->df_each[a] = V > 0 ? freedom(1, squares, G) : w->df;
    }
    const char *never = w->f->never_k > 0 && fabs(w->f->never_k - 1) > 1e-9
                            ? rl_sprintf(w->keep, " (of the never treated: %.3g x share)", w->f->never_k)
                            : "";
    w->out->ssc = rl_sprintf(w->keep,
                             "1 / (1 - share in the cohort) on the square of a cluster%s; degrees of freedom by "
                             "Satterthwaite",
                             never);
    return RL_OK;
}

/* --- several together -------------------------------------------------------------------- */

/* V = L L' (q-by-q, lower); false when it is singular. */
static bool factor(const double *V, size_t q, long double *L)
{
    for (size_t j = 0; j < q; j++)
        for (size_t i = j; i < q; i++) {
            long double s = V[i + j * q];
            for (size_t p = 0; p < j; p++) s -= L[i + p * q] * L[j + p * q];
            if (i == j && !(s > 1e-13L * V[j + j * q])) return false;
            L[i + j * q] = i == j ? sqrtl(s) : s / L[j + j * q];
        }
    return true;
}

/* z'V^-1 z; z is used up. */
static long double distance(const long double *L, size_t q, long double *z)
{
    long double sum = 0;
    for (size_t j = 0; j < q; j++) {
        for (size_t p = 0; p < j; p++) z[j] -= L[j + p * q] * z[p];
        z[j] /= L[j + j * q];
        sum += z[j] * z[j];
    }
    return sum;
}

rl_code rl_infer_small_joint(rl_infer_work *w, const rl_mat *C, const double *b, rl_test *t, rl_ctx *cx)
{
    if (w->S.a == NULL) RL_TRY(scores(w, cx));
    size_t q = C->n, G = w->S.n, m = w->f->m;
    rl_mat Z = rl_mat_new(G, q, cx->tmp), V = rl_mat_new(q, q, cx->tmp), lo = rl_mat_new(q, q, cx->tmp);
    for (size_t a = 0; a < q; a++)
        for (size_t j = 0; j < m; j++) {
            double c = *rl_mat_at(C, a, j);
            for (size_t g = 0; g < G && c != 0; g++) *rl_mat_at(&Z, g, a) += c * *rl_mat_at(&w->S, g, j);
        }
    RL_TRY(rl_gram(&Z, NULL, &V, &lo, cx));
    long double *L = RL_NEW(cx->tmp, long double, q *q), *z = RL_NEW(cx->tmp, long double, q), squares = 0;
    *t = (rl_test){.statistic = NAN, .df = (double)q, .df2 = NAN, .p_value = NAN};
    if (q == 0 || !factor(V.a, q, L)) return RL_OK;
    for (size_t a = 0; a < q; a++) z[a] = b[a];
    double W = (double)distance(L, q, z), Q = (double)q;
    for (size_t g = 0; g < G; g++) {
        for (size_t a = 0; a < q; a++) z[a] = *rl_mat_at(&Z, g, a);
        long double d = distance(L, q, z);
        squares += squared(d);
    }
    double nu = freedom(Q, squares, G);
    t->df2 = nu - Q + 1;
    t->statistic = t->df2 / (nu * Q) * W;
    if (t->df2 > 0) t->p_value = rl_f_p(t->statistic, Q, t->df2);
    return RL_OK;
}

/* A test of a method without a factor rejects too often with few clusters. */
bool rl_infer_small_beside(const rl_infer_work *w)
{
    size_t G = w->d->vcov.kind == RL_CLUSTER ? w->d->cluster[0].G : w->d->n;
    return !w->small && w->f->bare && G <= MOST_UNASKED && applies(w);
}

rl_code rl_infer_small_or_not(rl_infer_work *w, const rl_request *req, bool of_study, rl_ctx *cx)
{
    if (applies(w) && !req->bootstrap) return RL_OK;
    if (of_study) {
        w->small = false;
        w->p = rl_profile_by_name(NULL);
        return RL_OK;
    }
    if (req->bootstrap) {
        rl_fail(cx, RL_EUSAGE, "--as small-sample has errors of its own: no --inference bootstrap applies");
        return rl_hint(cx, "ask for one of the two");
    }
    if (w->d->cohort == NULL) {
        rl_fail(cx, RL_EUSAGE, "--as small-sample is for programmes with a start: '%s' knows of none here",
                req->estimator->name);
        return rl_hint(cx, "for regressions there is --vcov CR2:COL");
    }
    rl_fail(cx, RL_EUSAGE, "--as small-sample takes one cluster variable, not these errors");
    return rl_hint(cx, "leave --vcov out, or name one column: --cluster COL");
}

#include "num/weight.h"

#include <math.h>
#include <string.h>

#include "num/eig.h"

static const long double DEPENDENT = 1e-16L; /* of a row's square */
static const double FLAT = 1e-12;            /* of the largest eigenvalue */

static rl_code scale_rows(long double *M, size_t q, const bool *skip, rl_weight *w, rl_ctx *cx)
{
    for (size_t i = 0; i < q; i++) {
        long double d = M[i * q + i];
        if (!isfinite((double)d)) return rl_fail(cx, RL_ENUM, "the moments of the instruments are not finite numbers");
        w->passed[i] = (skip != NULL && skip[i]) || !(d > 0);
        w->scale[i] = w->passed[i] ? 0 : (double)(1 / sqrtl(d));
    }
    for (size_t i = 0; i < q; i++)
        for (size_t j = 0; j <= i; j++) M[i * q + j] *= (long double)w->scale[i] * w->scale[j];
    return RL_OK;
}

/* In place; rows that depend on those before them are passed over. */
static void factor(long double *M, rl_weight *w)
{
    size_t q = w->q;
    for (size_t i = 0; i < q; i++) {
        long double *row = M + i * q, left = row[i], all = row[i];
        if (w->passed[i]) continue;
        for (size_t j = 0; j < i; j++) {
            const long double *to = M + j * q;
            if (w->passed[j]) {
                row[j] = 0;
                continue;
            }
            long double sum = row[j];
            for (size_t p = 0; p < j; p++) sum -= row[p] * to[p];
            row[j] = sum / to[j];
            left -= row[j] * row[j];
        }
        w->passed[i] = !(left > DEPENDENT * all);
        if (w->passed[i])
            memset(row, 0, (i + 1) * sizeof *row);
        else
            row[i] = sqrtl(left);
    }
}

static rl_code on_span(const double *M, size_t q, rl_weight *w, rl_arena *in, rl_ctx *cx)
{
    double *work = RL_NEW(cx->tmp, double, q), most = 0;
    w->Q = RL_NEW(in, double, q *q);
    w->v = RL_NEW(in, double, q);
    memcpy(w->Q, M, q * q * sizeof *M);
    if (!rl_eig(w->Q, q, w->v, work)) return rl_fail(cx, RL_ENUM, "the eigenvalues of the moments were not found");
    for (size_t i = 0; i < q; i++) most = fmax(most, w->v[i]);
    w->rank = 0;
    for (size_t i = 0; i < q; i++) {
        if (!(w->v[i] > FLAT * most)) w->v[i] = 0;
        w->rank += w->v[i] > 0;
    }
    return RL_OK;
}

rl_code rl_weight_make(long double *M, size_t q, const bool *skip, bool span, rl_weight *w, rl_arena *in, rl_ctx *cx)
{
    *w = (rl_weight){.q = q, .passed = RL_NEW(in, bool, q), .scale = RL_NEW(in, double, q)};
    double *copy = span ? RL_NEW(cx->tmp, double, q *q) : NULL;
    size_t asked = 0;
    RL_TRY(scale_rows(M, q, skip, w, cx));
    for (size_t i = 0; i < q; i++) asked += !w->passed[i];
    for (size_t i = 0; i < q && span; i++)
        for (size_t j = 0; j <= i; j++)
            copy[i * q + j] = copy[j * q + i] = w->passed[i] || w->passed[j] ? 0 : (double)M[i * q + j];
    bool *before = RL_NEW(cx->tmp, bool, q);
    memcpy(before, w->passed, q * sizeof *before);
    factor(M, w);
    for (size_t i = 0; i < q; i++) w->rank += !w->passed[i];
    w->L = M;
    if (span && w->rank < asked) {
        memcpy(w->passed, before, q * sizeof *before);
        w->L = NULL;
        RL_TRY(on_span(copy, q, w, in, cx));
    }
    if (copy != NULL) rl_release(cx->tmp, copy);
    return RL_OK;
}

static void by_eigenvectors(const rl_weight *w, long double *x, rl_ctx *cx)
{
    size_t q = w->q;
    long double *c = RL_NEW(cx->tmp, long double, q);
    for (size_t j = 0; j < q; j++) {
        long double sum = 0;
        for (size_t i = 0; i < q && w->v[j] > 0; i++) sum += w->Q[i + j * q] * x[i];
        c[j] = w->v[j] > 0 ? sum / w->v[j] : 0;
    }
    memset(x, 0, q * sizeof *x);
    for (size_t j = 0; j < q; j++)
        for (size_t i = 0; i < q && w->v[j] > 0; i++) x[i] += w->Q[i + j * q] * c[j];
}

/* L L'x = x, in place */
static void by_triangles(const rl_weight *w, long double *x)
{
    size_t q = w->q;
    for (size_t i = 0; i < q; i++) {
        const long double *row = w->L + i * q;
        for (size_t j = 0; j < i; j++) x[i] -= row[j] * x[j];
        x[i] = w->passed[i] ? 0 : x[i] / row[i];
    }
    for (size_t i = q; i-- > 0;) {
        const long double *row = w->L + i * q;
        x[i] = w->passed[i] ? 0 : x[i] / row[i];
        for (size_t j = 0; j < i; j++) x[j] -= row[j] * x[i];
    }
}

void rl_weight_apply(const rl_weight *w, const long double *v, long double *out, rl_ctx *cx)
{
    for (size_t i = 0; i < w->q; i++) out[i] = w->passed[i] ? 0 : v[i] * w->scale[i];
    if (w->L == NULL)
        by_eigenvectors(w, out, cx);
    else
        by_triangles(w, out);
    for (size_t i = 0; i < w->q; i++) out[i] *= w->scale[i];
}

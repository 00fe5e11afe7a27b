#include "num/weight.h"

#include <math.h>
#include <string.h>

static const long double DEPENDENT = 1e-16L; /* of a row's square */
static const long double FLAT = 1e-12L;      /* of the scaled diagonal, which is 1 */

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

/* M = F F', the largest pivot first; M, with both triangles, is overwritten. */
static rl_code on_span(long double *M, size_t q, rl_weight *w, rl_arena *in, rl_ctx *cx)
{
    size_t r = 0;
    w->F = RL_NEW(in, long double, q *q);
    for (; r < q; r++) {
        long double *f = w->F + r * q;
        size_t best = 0;
        for (size_t i = 1; i < q; i++)
            if (M[i * q + i] > M[best * q + best]) best = i;
        long double pivot = M[best * q + best];
        if (!(pivot > FLAT)) break;
        for (size_t i = 0; i < q; i++) f[i] = M[best * q + i] / sqrtl(pivot);
        for (size_t i = 0; i < q; i++)
            for (size_t j = 0; j < q && f[i] != 0; j++) M[i * q + j] -= f[i] * f[j];
        M[best * q + best] = 0;
    }
    long double *K = RL_NEW(cx->tmp, long double, r *r);
    for (size_t a = 0; a < r; a++)
        for (size_t b = 0; b <= a; b++)
            for (size_t i = 0; i < q; i++) K[a * r + b] += w->F[i + a * q] * w->F[i + b * q];
    w->inner = RL_NEW(in, rl_weight, 1);
    RL_TRY(rl_weight_make(K, r, NULL, false, w->inner, in, cx));
    w->rank = r;
    return RL_OK;
}

rl_code rl_weight_make(long double *M, size_t q, const bool *skip, bool span, rl_weight *w, rl_arena *in, rl_ctx *cx)
{
    *w = (rl_weight){.q = q, .passed = RL_NEW(in, bool, q), .scale = RL_NEW(in, double, q)};
    long double *copy = span ? RL_NEW(cx->tmp, long double, q *q) : NULL;
    bool *before = RL_NEW(cx->tmp, bool, q);
    size_t asked = 0;
    RL_TRY(scale_rows(M, q, skip, w, cx));
    for (size_t i = 0; i < q; i++) asked += !w->passed[i];
    for (size_t i = 0; i < q && span; i++)
        for (size_t j = 0; j <= i; j++) copy[i * q + j] = copy[j * q + i] = M[i * q + j]; /* 0 where passed */
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

static void by_span(const rl_weight *w, long double *x, rl_ctx *cx)
{
    size_t q = w->q, r = w->rank;
    long double *t = RL_NEW(cx->tmp, long double, r);
    for (size_t a = 0; a < r; a++)
        for (size_t i = 0; i < q; i++) t[a] += w->F[i + a * q] * x[i];
    rl_weight_apply(w->inner, t, t, cx);
    rl_weight_apply(w->inner, t, t, cx);
    memset(x, 0, q * sizeof *x);
    for (size_t a = 0; a < r; a++)
        for (size_t i = 0; i < q; i++) x[i] += w->F[i + a * q] * t[a];
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
        by_span(w, out, cx);
    else
        by_triangles(w, out);
    for (size_t i = 0; i < w->q; i++) out[i] *= w->scale[i];
}

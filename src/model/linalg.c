/* Small dense algebra for infer: eigenvalues, Wald statistics, leverages.
 * Plain loops, the same bits everywhere. */
#include <math.h>
#include <string.h>

#include "model/infer.h"
#include "num/ols.h"

/* --- negative eigenvalues --------------------------------------------------------- */

static double off_diagonal(const rl_mat *S)
{
    double s = 0;
    for (size_t j = 0; j < S->k; j++)
        for (size_t i = 0; i < j; i++) s += *rl_mat_at(S, i, j) * *rl_mat_at(S, i, j);
    return s;
}

/* One Jacobi rotation in the plane (p, q); E collects the eigenvectors. */
static void rotate(rl_mat *S, rl_mat *E, size_t p, size_t q)
{
    double apq = *rl_mat_at(S, p, q);
    if (apq == 0) return;
    double theta = (*rl_mat_at(S, q, q) - *rl_mat_at(S, p, p)) / (2 * apq);
    double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1)), c = 1 / sqrt(t * t + 1), s = t * c;
    for (size_t i = 0; i < S->n; i++) {
        double a = *rl_mat_at(S, i, p), b = *rl_mat_at(S, i, q);
        *rl_mat_at(S, i, p) = c * a - s * b;
        *rl_mat_at(S, i, q) = s * a + c * b;
        a = *rl_mat_at(E, i, p), b = *rl_mat_at(E, i, q);
        *rl_mat_at(E, i, p) = c * a - s * b;
        *rl_mat_at(E, i, q) = s * a + c * b;
    }
    for (size_t i = 0; i < S->n; i++) {
        double a = *rl_mat_at(S, p, i), b = *rl_mat_at(S, q, i);
        *rl_mat_at(S, p, i) = c * a - s * b;
        *rl_mat_at(S, q, i) = s * a + c * b;
    }
}

bool rl_psd_fix(rl_mat *V, rl_ctx *cx)
{
    size_t m = V->n;
    rl_mat S = rl_mat_new(m, m, cx->tmp), E = rl_mat_new(m, m, cx->tmp);
    double trace = 0, least = 0;
    for (size_t j = 0; j < m; j++) {
        memcpy(rl_mat_col(&S, j), rl_mat_col(V, j), m * sizeof(double));
        *rl_mat_at(&E, j, j) = 1;
        trace += fabs(*rl_mat_at(V, j, j));
    }
    for (int sweep = 0; sweep < 60 && off_diagonal(&S) > 1e-32 * trace * trace; sweep++)
        for (size_t q = 1; q < m; q++)
            for (size_t p = 0; p < q; p++) rotate(&S, &E, p, q);
    for (size_t j = 0; j < m; j++)
        if (*rl_mat_at(&S, j, j) < least) least = *rl_mat_at(&S, j, j);
    if (least >= -1e-15 * trace) return false;
    for (size_t a = 0; a < m; a++)
        for (size_t b = 0; b < m; b++) {
            double sum = 0;
            for (size_t j = 0; j < m; j++) {
                double l = *rl_mat_at(&S, j, j);
                if (l > 0) sum += l * *rl_mat_at(&E, a, j) * *rl_mat_at(&E, b, j);
            }
            *rl_mat_at(V, a, b) = sum;
        }
    return true;
}

/* --- Wald ---------------------------------------------------------------------------- */

double rl_wald(const double *b, const double *V, size_t m, const size_t *index, size_t q, rl_ctx *cx)
{
    long double *C = RL_NEW(cx->tmp, long double, q *q), *z = RL_NEW(cx->tmp, long double, q), W = 0;
    for (size_t j = 0; j < q; j++) { /* V = C C', z = C^-1 b, W = z'z */
        for (size_t i = j; i < q; i++) {
            long double s = V[index[i] + index[j] * m];
            for (size_t p = 0; p < j; p++) s -= C[i + p * q] * C[j + p * q];
            if (i == j && !(s > 1e-13L * V[index[j] + index[j] * m])) return NAN;
            C[i + j * q] = i == j ? sqrtl(s) : s / C[j + j * q];
        }
        z[j] = b[index[j]];
        for (size_t p = 0; p < j; p++) z[j] -= C[j + p * q] * z[p];
        z[j] /= C[j + j * q];
        W += z[j] * z[j];
    }
    return (double)W;
}

/* --- leverage -------------------------------------------------------------------------- */

enum { MOST_DUMMIES = 3000 };

/* Dummies of all effects but the largest, first levels left out, beside X. */
static rl_mat with_dummies(const rl_design *d, const rl_core *core, size_t largest, rl_ctx *cx)
{
    size_t own = core->X.k - core->in_effects, k = own;
    for (size_t f = 0; f < d->fe.n_fe; f++) k += f == largest ? 0 : d->fe.levels[f] - 1;
    rl_mat Z = rl_mat_new(d->n, k, cx->tmp);
    size_t at = 0;
    for (size_t f = 0; f < d->fe.n_fe; f++) {
        if (f == largest) continue;
        for (size_t i = 0; i < d->n; i++)
            if (d->fe.code[f][i] > 0) *rl_mat_at(&Z, i, at + (size_t)d->fe.code[f][i] - 1) = 1;
        at += d->fe.levels[f] - 1;
    }
    for (size_t j = 0; j < own; j++) {
        double *to = rl_mat_col(&Z, at + j);
        const double *x = rl_cols_part(&core->X, j, 0, d->n, to);
        if (x != to) memcpy(to, x, d->n * sizeof *to);
    }
    return Z;
}

static void group_leverage(const rl_design *d, const double *w, size_t f, double *h, rl_ctx *cx)
{
    double *sum = RL_NEW(cx->tmp, double, d->fe.levels[f]);
    for (size_t i = 0; i < d->n; i++) sum[d->fe.code[f][i]] += w != NULL ? w[i] : 1;
    for (size_t i = 0; i < d->n; i++) h[i] += (w != NULL ? w[i] : 1) / sum[d->fe.code[f][i]];
}

rl_code rl_full_leverage(const rl_design *d, const rl_core *core, double *h, rl_ctx *cx)
{
    size_t largest = 0, others = 0;
    const double *w = core->w; /* the weights of the regression, working ones too */
    rl_cols_leverage(&core->X, core->X.k - core->in_effects, w, &core->A, h, cx);
    if (d->fe.n_fe == 0) return RL_OK;
    for (size_t f = 1; f < d->fe.n_fe; f++)
        if (d->fe.levels[f] > d->fe.levels[largest]) largest = f;
    for (size_t f = 0; f < d->fe.n_fe; f++) others += f == largest ? 0 : d->fe.levels[f];
    if (others > MOST_DUMMIES) {
        rl_fail(cx, RL_EDATA, "HC2 and HC3 need the leverage of %zu effects, more than %d", others, MOST_DUMMIES);
        return rl_hint(cx, "use HC1 or cluster");
    }
    if (others > 0) {
        rl_mat Z = with_dummies(d, core, largest, cx);
        rl_fe one = {1, &d->fe.levels[largest], &d->fe.code[largest]};
        rl_absorbed info;
        rl_ols_fit o;
        double *norm0 = RL_NEW(cx->tmp, double, Z.k);
        for (size_t j = 0; j < Z.k; j++) norm0[j] = rl_dot(w, rl_mat_col(&Z, j), rl_mat_col(&Z, j), d->n, cx);
        RL_TRY(rl_absorb(&one, w, &Z, NULL, &info, cx));
        RL_TRY(rl_ols(&Z, d->y, w, norm0, &o, cx->tmp, cx));
        rl_leverage(&Z, w, &o.A, h, cx);
    }
    group_leverage(d, w, largest, h, cx);
    return RL_OK;
}

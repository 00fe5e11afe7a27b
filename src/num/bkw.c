#include "num/bkw.h"

#include <float.h>
#include <math.h>

#include "num/eig.h"
#include "num/gram.h"

rl_code rl_bkw_of(const rl_cols *X, const double *w, rl_bkw *out, rl_arena *in, rl_ctx *cx)
{
    size_t k = X->k, *order = RL_NEW(cx->tmp, size_t, k);
    rl_dd *G = RL_NEW(cx->tmp, rl_dd, k * (k + 1) / 2);
    int *exp = RL_NEW(cx->tmp, int, k + 1);
    double *A = RL_NEW(cx->tmp, double, k *k), *v = RL_NEW(cx->tmp, double, k), *work = RL_NEW(cx->tmp, double, k);
    *out = (rl_bkw){.k = k, .index = RL_NEW(in, double, k), .share = rl_mat_new(k, k, in)};
    RL_TRY(rl_cols_gram(X, NULL, NULL, w, G, exp, cx));
    for (size_t i = 0; i < k; i++)
        for (size_t j = i; j < k; j++) { /* exponents cancel */
            double a = G[rl_gram_pair(k, i, i)].hi, b = G[rl_gram_pair(k, j, j)].hi;
            A[i + j * k] = A[j + i * k] = i == j ? 1 : G[rl_gram_pair(k, i, j)].hi / (sqrt(a) * sqrt(b));
        }
    if (!rl_eig(A, k, v, work)) return rl_fail(cx, RL_ENUM, "the eigenvalues of the regressors did not settle");
    for (size_t i = 0; i < k; i++) {
        size_t at = i;
        for (; at > 0 && v[order[at - 1]] < v[i]; at--) order[at] = order[at - 1];
        order[at] = i;
    }
    double most = v[order[0]], least = DBL_EPSILON * most; /* what rounding leaves of a zero */
    for (size_t i = 0; i < k; i++) {
        double l = fmax(v[order[i]], least);
        out->index[i] = sqrt(most / l);
        for (size_t j = 0; j < k; j++) {
            double u = A[j + order[i] * k];
            *rl_mat_at(&out->share, i, j) = u * u / l;
        }
    }
    for (size_t j = 0; j < k; j++) {
        double sum = 0;
        for (size_t i = 0; i < k; i++) sum += *rl_mat_at(&out->share, i, j);
        for (size_t i = 0; i < k; i++) *rl_mat_at(&out->share, i, j) /= sum;
    }
    rl_release(cx->tmp, A);
    return RL_OK;
}

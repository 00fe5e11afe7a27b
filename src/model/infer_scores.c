/* Sums of squared influence of many estimates, by way of the scores (model/infer_work.h). */
#include "model/infer_work.h"
#include "num/sandwich.h"

/* Rows that share theirs of X share a sum of squares.  What stands beside X has numbers of its own in them: their
 * mean in such rows is a column like the others, what they differ from it by is added behind. */
typedef struct scores {
    const rl_core *c;
    size_t n, R, k, q; /* rows, those of X, coefficients, of which beside X */
    double *u2;        /* R     sums of squared residuals                  */
    rl_mat mean;       /* R-by-q                                           */
    rl_mat within;     /* q-by-q                                           */
} scores;

static double square_of(const rl_core *c, const double *h, int power, size_t i)
{
    double u = (c->w != NULL ? c->w[i] : 1) * c->e[i];
    u *= u;
    for (int p = 0; p < power && h != NULL; p++) u /= 1 - h[i];
    return u;
}

static void collect(scores *s, const double *h, int power, rl_ctx *cx)
{
    const rl_core *c = s->c;
    s->u2 = RL_NEW(cx->tmp, double, s->R);
    s->mean = rl_mat_new(s->R, s->q, cx->tmp);
    s->within = rl_mat_new(s->q, s->q, cx->tmp);
    for (size_t i = 0; i < s->n; i++) {
        size_t r = c->row_of != NULL ? (size_t)c->row_of[i] : i;
        double u = square_of(c, h, power, i);
        s->u2[r] += u;
        for (size_t j = 0; j < s->q; j++) *rl_mat_at(&s->mean, r, j) += u * c->beside[j][i];
    }
    for (size_t j = 0; j < s->q; j++)
        for (size_t r = 0; r < s->R; r++)
            if (s->u2[r] > 0) *rl_mat_at(&s->mean, r, j) /= s->u2[r];
    for (size_t j = 0; j < s->q; j++)
        for (size_t b = 0; b <= j; b++) {
            rl_dd sum = {0, 0};
            for (size_t i = 0; i < s->n; i++) {
                size_t r = (size_t)c->row_of[i];
                double x = c->beside[j][i] - *rl_mat_at(&s->mean, r, j),
                       z = c->beside[b][i] - *rl_mat_at(&s->mean, r, b);
                sum = rl_dd_add(sum, rl_two_mul(x * z, square_of(c, h, power, i)));
            }
            *rl_mat_at(&s->within, j, b) = *rl_mat_at(&s->within, b, j) = sum.hi + sum.lo;
        }
}

/* X, then the means. */
static rl_cols columns(const scores *s, rl_ctx *cx)
{
    if (s->q == 0) return s->c->X;
    size_t k = s->k - s->q;
    rl_cols X = rl_cols_new(s->R, s->k, 0, cx->tmp);
    rl_mat own = rl_cols_written(&s->c->X, cx);
    for (size_t j = 0; j < k; j++) rl_cols_add(&X, j, rl_mat_col(&own, j), NULL);
    for (size_t j = 0; j < s->q; j++) rl_cols_add(&X, k + j, rl_mat_col(&s->mean, j), NULL);
    return X;
}

rl_code rl_infer_scores(const rl_core *c, size_t m, size_t n, const double *h, int power, rl_mat *V, rl_ctx *cx)
{
    size_t k = rl_core_size(c);
    scores s = {.c = c, .n = n, .R = c->X.n, .k = k, .q = k - c->X.k};
    double *la = RL_NEW(cx->tmp, double, k);
    rl_mat L = rl_mat_new(m, k, cx->tmp);
    collect(&s, h, power, cx);
    for (size_t j = 0; j < m; j++) {
        rl_core_direction(c, j, la, cx);
        for (size_t i = 0; i < k; i++) *rl_mat_at(&L, j, i) = la[i];
    }
    rl_cols X = columns(&s, cx);
    rl_dd *G = RL_NEW(cx->tmp, rl_dd, k * (k + 1) / 2);
    int *exp = RL_NEW(cx->tmp, int, k + 1);
    RL_TRY(rl_cols_gram(&X, NULL, NULL, s.u2, G, exp, cx));
    rl_sandwich(&L, G, exp, V, cx);
    for (size_t a = 0; a < m && s.q > 0; a++)
        for (size_t b = 0; b < m; b++)
            for (size_t i = 0; i < s.q; i++)
                for (size_t j = 0; j < s.q; j++)
                    *rl_mat_at(V, a, b) +=
                        *rl_mat_at(&L, a, k - s.q + i) * *rl_mat_at(&s.within, i, j) * *rl_mat_at(&L, b, k - s.q + j);
    rl_release(cx->tmp, G);
    rl_release(cx->tmp, L.a);
    return RL_OK;
}

/* Sweeping out effects to more than double precision. */
#include <string.h>

#include "base/dd.h"
#include "base/par.h"
#include "num/absorb.h"

typedef struct job {
    const rl_fe *fe;
    const rl_mat *alpha; /* n_fe of levels-by-k */
    rl_mat *X, *whole;   /* n-by-k: to be swept next; what is left, upper parts */
    double **low;        /* k                                                   */
    double *was, *left;  /* k       squares before and after                    */
} job;

static double squares(const double *x, size_t n)
{
    double s[4] = {0};
    for (size_t i = 0; i < n; i++) s[i % 4] += x[i] * x[i];
    return (s[0] + s[1]) + (s[2] + s[3]);
}

/* whole + low less the coefficients, in both parts; X = the upper one. */
static void take_off(size_t j, void *arg)
{
    const job *p = arg;
    double *x = rl_mat_col(p->X, j), *hi = rl_mat_col(p->whole, j), *lo = p->low[j];
    p->was[j] = squares(hi, p->X->n);
    for (size_t f = 0; f < p->fe->n_fe; f++) {
        const double *a = rl_mat_col(&p->alpha[f], j);
        const int32_t *code = p->fe->code[f];
        for (size_t i = 0; i < p->X->n; i++) {
            rl_dd left = rl_dd_add_d((rl_dd){hi[i], lo[i]}, -a[code[i]]);
            hi[i] = left.hi;
            lo[i] = left.lo;
        }
    }
    memcpy(x, hi, p->X->n * sizeof *x);
    p->left[j] = squares(hi, p->X->n);
}

/* Some column lost more than three digits. */
static bool shrunk(const job *p)
{
    for (size_t j = 0; j < p->X->k; j++)
        if (p->left[j] < 1e-6 * p->was[j]) return true;
    return false;
}

/* Whatever the coefficients are, what they are taken from stays the same up
 * to the effects; so their rounding errors reach the sums of products of the
 * swept columns squared, and where these are much smaller than the columns
 * were, a second turn makes the errors small beside them. */
rl_code rl_absorb_low(const rl_fe *fe, const double *w, rl_mat *X, double **low, rl_mat *alpha, rl_absorbed *info,
                      rl_ctx *cx)
{
    size_t k = X->k, n = X->n;
    rl_mat whole = rl_mat_new(n, k, cx->tmp), *turn = RL_NEW(cx->tmp, rl_mat, fe->n_fe);
    for (size_t f = 0; f < fe->n_fe; f++) turn[f] = rl_mat_new(fe->levels[f], k, cx->tmp);
    for (size_t j = 0; j < k; j++) {
        memcpy(rl_mat_col(&whole, j), rl_mat_col(X, j), n * sizeof(double));
        if (low[j] == NULL) low[j] = RL_NEW(cx->tmp, double, n);
    }
    job p = {fe, turn, X, &whole, low, RL_NEW(cx->tmp, double, k), RL_NEW(cx->tmp, double, k)};
    for (int t = 0; t == 0 || (t == 1 && shrunk(&p)); t++) {
        RL_TRY(rl_absorb(fe, w, X, turn, info, cx));
        rl_par(k, take_off, &p, cx);
        for (size_t f = 0; f < fe->n_fe && alpha != NULL; f++)
            for (size_t i = 0; i < fe->levels[f] * k; i++) alpha[f].a[i] += turn[f].a[i];
    }
    rl_release(cx->tmp, whole.a);
    return RL_OK;
}

/* Tests of the residuals' shape. */
#include "model/diag_list.h"

#include <math.h>

#include "model/infer.h"
#include "num/dist.h"

/* Sums in row order, in extended precision: 1e7 rows take some 50 ms. */
static long double moment(const double *e, size_t n, long double mean, int power)
{
    long double sum = 0;
    for (size_t i = 0; i < n; i++) {
        long double u = e[i] - mean, p = u;
        for (int k = 1; k < power; k++) p *= u;
        sum += p;
    }
    return sum / (long double)n;
}

/* n/6 (S^2 + (K - 3)^2 / 4), Jarque & Bera (1987), International Statistical Review 55. */
rl_code rl_diag_jarque_bera(const rl_diag *g, rl_ctx *cx)
{
    const rl_core *c = g->f->core;
    size_t n = g->d->n;
    if (c == NULL || g->f->family != RL_LINEAR)
        return rl_fail(cx, RL_EUSAGE, "--test %s: estimator '%s' has no residuals", g->spec->text,
                       g->out->estimator->name);
    long double mean = moment(c->e, n, 0, 1), m2 = moment(c->e, n, mean, 2);
    double skew = (double)(moment(c->e, n, mean, 3) / (m2 * sqrtl(m2)));
    double kurtosis = (double)(moment(c->e, n, mean, 4) / (m2 * m2));
    double jb = (double)n / 6 * (skew * skew + (kurtosis - 3) * (kurtosis - 3) / 4);
    double p = rl_chi2_p(jb, 2);
    rl_test t = {.name = "jarque-bera", .kind = "chi2", .statistic = jb, .df = 2, .df2 = NAN, .p_value = p};
    if (p < 0.05)
        t.says = "the residuals are not normal: a few periods may carry the result, and in small samples intervals "
                 "are only approximate; look at the largest residuals, or take a bootstrap";
    else
        t.says = "nothing speaks against normal residuals";
    rl_infer_add_test(g->out, t, g->keep);
    return RL_OK;
}

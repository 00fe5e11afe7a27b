/* att_lift.c -- from an effect with the influence of its units to what is reported: covariances of its figures,
 * their combinations, ratios by Fieller's theorem, the lift. */
#include <math.h>

#include "model/att.h"
#include "num/dist.h"

/* Sums within clusters (n_clusters, in tmp). */
static double *by_cluster(const rl_att *e, const double *a, rl_ctx *cx)
{
    double *sum = RL_NEW(cx->tmp, double, e->n_clusters);
    for (size_t u = 0; u < e->N; u++) sum[e->cluster[u]] += a[u];
    return sum;
}

double rl_att_cov(const rl_att *e, const double *a, const double *b, rl_ctx *cx)
{
    double s = 0;
    if (e->cluster == NULL) {
        for (size_t u = 0; u < e->N; u++) s += a[u] * b[u];
        return s;
    }
    double *A = by_cluster(e, a, cx), *B = by_cluster(e, b, cx);
    for (size_t g = 0; g < e->n_clusters; g++) s += A[g] * B[g];
    rl_release(cx->tmp, A);
    return s;
}

double *rl_att_se_without(const rl_att *e, rl_ctx *cx)
{
    double *se = RL_NEW(cx->tmp, double, e->N), *sum = e->cluster != NULL ? by_cluster(e, e->psi, cx) : NULL;
    for (size_t u = 0; u < e->N; u++) {
        double all = sum != NULL ? sum[e->cluster[u]] : e->psi[u], rest = sum != NULL ? all - e->psi[u] : 0;
        se[u] = sqrt(fmax(e->se * e->se - all * all + rest * rest, 0));
    }
    return se;
}

rl_interval rl_interval_of(double est, double se, double df, double level)
{
    double q = rl_t_quantile(0.5 + level / 2, df);
    return (rl_interval){est, se, est - q * se, est + q * se};
}

rl_interval rl_combine(const rl_att *e, double est, size_t n_terms, const double *const *psi, const double *g,
                       double level, rl_ctx *cx)
{
    double *all = RL_NEW(cx->tmp, double, e->N);
    for (size_t j = 0; j < n_terms; j++)
        for (size_t u = 0; u < e->N; u++) all[u] += g[j] * psi[j][u];
    return rl_interval_of(est, sqrt(rl_att_cov(e, all, all, cx)), e->df, level);
}

rl_ratio rl_fieller(double a, double b, double vaa, double vab, double vbb, double df, double level)
{
    double q = rl_t_quantile(0.5 + level / 2, df);
    double A = b * b - q * q * vbb, B = a * b - q * q * vab, C = a * a - q * q * vaa;
    double root = B * B - A * C;
    rl_ratio r = {.est = a / b, .none = b == 0};
    if (r.none || (A <= 0 && root <= 0)) {
        r.all = true;
        r.low = -INFINITY;
        r.high = INFINITY;
        return r;
    }
    if (A == 0) { /* one end has gone to infinity: t with 2 B t >= C */
        bool up = B > 0;
        r.low = up ? C / (2 * B) : -INFINITY;
        r.high = up ? INFINITY : C / (2 * B);
        return r;
    }
    double d = sqrt(fmax(root, 0)), x = (B - d) / A, z = (B + d) / A;
    r.low = fmin(x, z);
    r.high = fmax(x, z);
    r.outside = A < 0;
    return r;
}

/* effect / (with - effect) by Fieller's set, which holds zero exactly when the
 * interval of the effect does; NaN bounds when the set is no interval. */
static rl_interval relative(const rl_att *e, double level, rl_ctx *cx)
{
    double without = e->with - e->effect, *psi = RL_NEW(cx->tmp, double, e->N);
    if (!(without > 0)) return (rl_interval){NAN, NAN, NAN, NAN};
    for (size_t u = 0; u < e->N; u++) psi[u] = e->psi_with[u] - e->psi[u];
    double vaa = rl_att_cov(e, e->psi, e->psi, cx), vab = rl_att_cov(e, e->psi, psi, cx),
           vbb = rl_att_cov(e, psi, psi, cx), r = e->effect / without;
    rl_ratio f = rl_fieller(e->effect, without, vaa, vab, vbb, e->df, level);
    rl_release(cx->tmp, psi);
    double se = sqrt(fmax(vaa - 2 * r * vab + r * r * vbb, 0)) / without;
    if (f.none || f.all || f.outside) return (rl_interval){r, se, NAN, NAN};
    return (rl_interval){r, se, f.low, f.high};
}

rl_lift rl_lift_of(const rl_att *e, const rl_study *s, rl_ctx *cx)
{
    const rl_estimate *x = &e->fit.est[e->at];
    rl_outcome o = e->plan.outcome;
    bool days = o == RL_OUT_VELOCITY || o == RL_OUT_DECISION_TIME || o == RL_OUT_DAYS_TO_WIN;
    bool count = o == RL_OUT_OPPORTUNITIES || o == RL_OUT_WINS;
    rl_lift l = {.outcome = o,
                 .scale = 1,
                 .n = e->panel.treated_rows,
                 .p_value = x->p_value,
                 .with = e->with,
                 .without = e->with - e->effect};
    l.effect = (rl_interval){x->estimate, x->std_error, x->conf_low, x->conf_high};
    l.relative = o == RL_OUT_LOG_DEAL_SIZE ? (rl_interval){NAN, NAN, NAN, NAN} : relative(e, s->level, cx);
    l.unit = o == RL_OUT_WIN_RATE        ? "points"
             : days                      ? "days"
             : count                     ? "per unit and period"
             : o == RL_OUT_LOG_DEAL_SIZE ? "log"
                                         : s->currency;
    if (o == RL_OUT_WIN_RATE) l.scale = 100;
    return l;
}

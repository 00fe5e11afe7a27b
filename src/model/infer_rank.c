/* The rank of the first stages together: underidentification and weak instruments.
 *
 *   Y2   n-by-g  endogenous   Z  n-by-q  instruments, both less what the exogenous regressors explain
 *   Pi = (Z'WZ)^-1 Z'WY2 (q-by-g),  V = Y2 - Z Pi,  R'R = Z'WZ
 *   mu_1 <= .. <= mu_g, a_1 .. a_g   of (R Pi)'(R Pi) a = mu (V'WV) a
 *
 * H0: Pi has rank g - 1.  The one variable y = Y2 a_1 is the combination that the instruments move
 * least: its first stage is an ordinary regression, whose covariance is that of any fit.  With B an
 * orthonormal base of what the other R Pi a_j leave of the q dimensions,
 *
 *   rk = l'(B'R Var(Pi a_1) R'B)^-1 l,   l = B'R Pi a_1      chi-squared(q - g + 1) under H0
 *
 * with the residuals V a_1 (Wald form) or, as H0 has it, Y2 a_1 (LM form).  Under iid errors these are
 * mu_1 (n - K) and n mu_1 / (1 + mu_1).  The regressor j that others leave is Y2 c, c = P_j / P_jj with
 * P = ((R Pi)'(R Pi))^-1.
 *
 * Source: Kleibergen & Paap (2006), Journal of Econometrics 133(1); Cragg & Donald (1993), Econometric
 * Theory 9(2); Anderson (1951); Stock & Yogo (2005); Sanderson & Windmeijer (2016), Journal of
 * Econometrics 190(2)
 */
#include <math.h>
#include <string.h>

#include "base/fmath.h"
#include "model/infer.h"
#include "num/dist.h"
#include "num/eig.h"
#include "num/ols.h"

typedef struct rank {
    const rl_design *d;
    const rl_fit *f;
    size_t g, q;
    double *C;  /* q-by-q  lower, C C' = (Z'WZ)^-1: R = C^-1     */
    rl_mat RP;  /* q-by-g  R Pi                                  */
    double *mu; /* g       ascending                             */
    rl_mat a;   /* g-by-g  a_1 .. a_g                            */
    rl_mat B;   /* q-by-(q - g + 1)                              */
} rank;

/* Lower triangular C in place of symmetric V (m-by-m), C C' = V; false when singular. */
static bool root(double *V, size_t m)
{
    for (size_t j = 0; j < m; j++) {
        double own = V[j + j * m];
        for (size_t i = j; i < m; i++) {
            long double s = V[i + j * m];
            for (size_t p = 0; p < j; p++) s -= (long double)V[i + p * m] * V[j + p * m];
            if (i == j && !(s > 1e-13L * own)) return false;
            V[i + j * m] = (double)(i == j ? sqrtl(s) : s / V[j + j * m]);
        }
    }
    return true;
}

/* x = C^-1 x */
static void forward(const double *C, size_t m, double *x)
{
    for (size_t i = 0; i < m; i++) {
        long double s = x[i];
        for (size_t p = 0; p < i; p++) s -= (long double)C[i + p * m] * x[p];
        x[i] = (double)(s / C[i + i * m]);
    }
}

/* x = C'^-1 x */
static void backward(const double *C, size_t m, double *x)
{
    for (size_t i = m; i-- > 0;) {
        long double s = x[i];
        for (size_t p = i + 1; p < m; p++) s -= (long double)C[p + i * m] * x[p];
        x[i] = (double)(s / C[i + i * m]);
    }
}

static double dot(const double *a, const double *b, size_t n)
{
    long double s = 0;
    for (size_t i = 0; i < n; i++) s += (long double)a[i] * b[i];
    return (double)s;
}

/* mu and a of the g-by-g problem P a = mu S a, D D' = S. */
static bool directions(rank *r, double *D, rl_ctx *cx)
{
    size_t g = r->g;
    rl_mat M = rl_mat_new(g, g, cx->tmp), T = rl_mat_new(r->q, g, cx->tmp);
    double *work = RL_NEW(cx->tmp, double, g), *row = RL_NEW(cx->tmp, double, g), *mu = RL_NEW(cx->tmp, double, g);
    if (!root(D, g)) return false;
    for (size_t i = 0; i < r->q; i++) { /* T' = D^-1 (R Pi)' */
        for (size_t j = 0; j < g; j++) row[j] = *rl_mat_at(&r->RP, i, j);
        forward(D, g, row);
        for (size_t j = 0; j < g; j++) *rl_mat_at(&T, i, j) = row[j];
    }
    for (size_t i = 0; i < g; i++)
        for (size_t j = 0; j < g; j++) *rl_mat_at(&M, i, j) = dot(rl_mat_col(&T, i), rl_mat_col(&T, j), r->q);
    if (!rl_eig(M.a, g, mu, work)) return false;
    r->mu = RL_NEW(cx->tmp, double, g);
    r->a = rl_mat_new(g, g, cx->tmp);
    for (size_t j = 0; j < g; j++) { /* ascending */
        size_t least = 0;
        for (size_t i = 1; i < g; i++)
            if (mu[i] < mu[least]) least = i;
        r->mu[j] = mu[least];
        mu[least] = HUGE_VAL;
        memcpy(rl_mat_col(&r->a, j), rl_mat_col(&M, least), g * sizeof(double));
        backward(D, g, rl_mat_col(&r->a, j));
    }
    return true;
}

/* Take the first `n` columns of U out of u, twice; returns what is left of its squared length. */
static double take_out(const rl_mat *U, size_t n, double *u)
{
    for (int pass = 0; pass < 2; pass++)
        for (size_t j = 0; j < n; j++) {
            double s = dot(rl_mat_col(U, j), u, U->n);
            for (size_t i = 0; i < U->n; i++) u[i] -= s * *rl_mat_at(U, i, j);
        }
    return dot(u, u, U->n);
}

/* B: unit vectors, the longest left first, completing R Pi a_2 .. a_g to a base. */
static bool complete(rank *r, rl_ctx *cx)
{
    size_t q = r->q, have = 0;
    rl_mat U = rl_mat_new(q, q, cx->tmp), best = rl_mat_new(q, 1, cx->tmp);
    for (size_t at = 1; at < r->g + q; at++) {
        double *u = rl_mat_col(&U, have), most = 0, left;
        if (have == q) break;
        if (at < r->g) {
            for (size_t j = 0; j < r->g; j++)
                for (size_t i = 0; i < q; i++) u[i] += *rl_mat_at(&r->RP, i, j) * *rl_mat_at(&r->a, j, at);
            most = dot(u, u, q);
            left = take_out(&U, have, u);
            if (!(left > 1e-20 * most)) return false;
        } else {
            for (size_t e = 0; e < q; e++) {
                memset(u, 0, q * sizeof *u);
                u[e] = 1;
                left = take_out(&U, have, u);
                if (left > most * (1 + 1e-9)) {
                    most = left;
                    memcpy(best.a, u, q * sizeof *u);
                }
            }
            memcpy(u, best.a, q * sizeof *u);
            left = most;
        }
        for (size_t i = 0; i < q; i++) u[i] /= sqrt(left);
        have++;
    }
    r->B = (rl_mat){U.a + (r->g - 1) * q, q, q - r->g + 1, q};
    return true;
}

static bool prepare(rank *r, rl_ctx *cx)
{
    const struct rl_stage *s = r->f->stage;
    size_t q = r->q, g = r->g;
    r->C = RL_NEW(cx->tmp, double, q *q);
    for (size_t i = 0; i < q; i++)
        for (size_t j = 0; j < q; j++) r->C[i + j * q] = *rl_mat_at(&s->fit->core->A, s->index[i], s->index[j]);
    if (!root(r->C, q)) return false;
    r->RP = rl_mat_new(q, g, cx->tmp);
    double *D = RL_NEW(cx->tmp, double, g *g);
    for (size_t j = 0; j < g; j++) {
        for (size_t i = 0; i < q; i++) *rl_mat_at(&r->RP, i, j) = s[j].fit->b[s->index[i]];
        forward(r->C, q, rl_mat_col(&r->RP, j));
        for (size_t l = 0; l <= j; l++)
            D[j + l * g] = D[l + j * g] = rl_dot(r->d->w, s[j].fit->core->e, s[l].fit->core->e, r->d->n, cx);
    }
    return directions(r, D, cx) && complete(r, cx);
}

/* The first stage of the one variable Y2 a; bare: its residuals as if the instruments did not move it. */
static rl_fit stage_of(const rank *r, const double *a, bool bare, rl_ctx *cx)
{
    const struct rl_stage *s = r->f->stage;
    rl_fit out = *s->fit;
    rl_core *core = RL_NEW(cx->tmp, rl_core, 1);
    size_t n = r->d->n;
    double *e = RL_NEW(cx->tmp, double, n);
    out.b = RL_NEW(cx->tmp, double, out.m);
    for (size_t j = 0; j < r->g; j++) {
        const double *own = bare ? s[j].bare : s[j].fit->core->e;
        for (size_t i = 0; i < n; i++) e[i] += a[j] * own[i];
        for (size_t i = 0; i < out.m; i++) out.b[i] += a[j] * s[j].fit->b[i];
    }
    *core = *s->fit->core;
    core->e = e;
    core->rss = rl_dot(r->d->w, e, e, n, cx);
    out.core = core;
    out.psi = rl_psi_core(core, n, out.m, r->d->at != NULL, cx);
    return out;
}

/* Wald statistic of the instruments of Y2 a, all q (B NULL) or their combinations B'R. */
static rl_code statistic(const rank *r, const double *a, const rl_mat *B, bool bare, const rl_request *req, double *W,
                         size_t *K, rl_ctx *cx)
{
    const struct rl_stage *s = r->f->stage;
    size_t m = s->fit->m, q = r->q, c = B != NULL ? B->k : q, notes = cx->n_notes, *index = RL_NEW(cx->tmp, size_t, q);
    rl_fit fit = stage_of(r, a, bare, cx);
    rl_request asked = rl_infer_for_tests(req, bare);
    rl_design d = rl_infer_design_for_tests(r->d, bare);
    rl_result out = {0};
    d.vcov.as_it_is = true; /* only the part for the combinations B'R must be positive */
    RL_TRY(rl_infer(&d, &fit, &asked, &out, cx->tmp, cx));
    cx->n_notes = notes;
    *K = out.K;
    if (B == NULL) {
        *W = rl_wald(fit.b, out.V, m, s->index, q, cx);
        return RL_OK;
    }
    double *V = RL_NEW(cx->tmp, double, c *c), *l = RL_NEW(cx->tmp, double, c), *b = RL_NEW(cx->tmp, double, q);
    rl_mat H = rl_mat_new(q, c, cx->tmp); /* R'B */
    for (size_t j = 0; j < c; j++) {
        index[j] = j;
        memcpy(rl_mat_col(&H, j), rl_mat_col(B, j), q * sizeof(double));
        backward(r->C, q, rl_mat_col(&H, j));
    }
    for (size_t i = 0; i < q; i++) b[i] = fit.b[s->index[i]];
    for (size_t x = 0; x < c; x++) {
        l[x] = dot(rl_mat_col(&H, x), b, q);
        for (size_t y = 0; y < c; y++) {
            long double sum = 0;
            for (size_t i = 0; i < q; i++)
                for (size_t j = 0; j < q; j++)
                    sum +=
                        (long double)*rl_mat_at(&H, i, x) * out.V[s->index[i] + s->index[j] * m] * *rl_mat_at(&H, j, y);
            V[x + y * c] = (double)sum;
        }
    }
    *W = rl_wald(l, V, c, index, c, cx);
    return RL_OK;
}

static void left_out(const char *name, rl_ctx *cx)
{
    rl_remark(cx, "tests", "the %s test was left out: its covariance is singular", name);
}

static rl_code underidentified(const rank *r, const rl_request *req, rl_result *out, rl_arena *keep, rl_ctx *cx)
{
    bool iid = r->d->vcov.kind == RL_IID;
    size_t K;
    rl_test t = {.name = iid ? "anderson-lm" : "kleibergen-paap-lm", .df = (double)r->B.k, .df2 = NAN};
    if (iid)
        t.statistic = (double)r->f->dof.n * r->mu[0] / (1 + r->mu[0]);
    else
        RL_TRY(statistic(r, r->a.a, &r->B, true, req, &t.statistic, &K, cx));
    t.p_value = rl_chi2_p(t.statistic, t.df);
    if (isfinite(t.statistic))
        rl_infer_add_test(out, t, keep);
    else
        left_out(t.name, cx);
    return RL_OK;
}

static rl_code weak(const rank *r, const rl_request *req, rl_result *out, rl_arena *keep, rl_ctx *cx)
{
    bool iid = r->d->vcov.kind == RL_IID;
    size_t K = 0;
    char buf[32];
    rl_test t = {.name = iid ? "cragg-donald-f" : "kleibergen-paap-f", .df = (double)r->q, .p_value = NAN};
    RL_TRY(statistic(r, r->a.a, &r->B, false, req, &t.statistic, &K, cx));
    t.statistic /= t.df;
    t.df2 = (double)r->f->stage->fit->dof.n - (double)K;
    if (!isfinite(t.statistic)) {
        left_out(t.name, cx);
        return RL_OK;
    }
    rl_infer_add_test(out, t, keep);
    if (t.statistic < 10)
        rl_remark(cx, "instruments",
                  "weak instruments: they move the %zu endogenous regressors too little apart, with a %s of %s, below "
                  "10; the estimates lean towards least squares%s",
                  r->g, t.name, rl_num_text(buf, rl_round_digits(t.statistic, 3)),
                  r->d->vcov.kind == RL_WILD ? "" : " and their intervals are too short");
    return RL_OK;
}

/* Each regressor, less what the others predict of it. */
static rl_code conditional(const rank *r, const rl_request *req, rl_result *out, rl_arena *keep, rl_ctx *cx)
{
    size_t g = r->g, K = 0;
    double *P = RL_NEW(cx->tmp, double, g *g), *c = RL_NEW(cx->tmp, double, g);
    for (size_t i = 0; i < g; i++)
        for (size_t j = 0; j < g; j++) P[i + j * g] = dot(rl_mat_col(&r->RP, i), rl_mat_col(&r->RP, j), r->q);
    if (!root(P, g)) return RL_OK;
    for (size_t j = 0; j < g; j++) {
        memset(c, 0, g * sizeof *c);
        c[j] = 1;
        forward(P, g, c);
        backward(P, g, c);
        double own = c[j];
        for (size_t i = 0; i < g; i++) c[i] /= own;
        rl_test t = {.name = "sanderson-windmeijer-f", .variable = r->f->stage[j].variable, .df = (double)r->B.k};
        RL_TRY(statistic(r, c, NULL, false, req, &t.statistic, &K, cx));
        t.statistic /= t.df;
        t.df2 = (double)r->f->stage->fit->dof.n - (double)K;
        t.p_value = rl_f_p(t.statistic, t.df, t.df2);
        if (isfinite(t.statistic))
            rl_infer_add_test(out, t, keep);
        else
            left_out(t.name, cx);
    }
    return RL_OK;
}

rl_code rl_infer_rank(const rl_design *d, const rl_fit *f, const rl_request *req, rl_result *out, rl_arena *keep,
                      rl_ctx *cx)
{
    rank r = {.d = d, .f = f, .g = f->n_stage, .q = f->stage->n};
    if (!prepare(&r, cx)) {
        rl_remark(cx, "tests", "the rank tests of the instruments were left out: they fit a regressor perfectly");
        return RL_OK;
    }
    if (r.g > 1) RL_TRY(conditional(&r, req, out, keep, cx));
    RL_TRY(underidentified(&r, req, out, keep, cx));
    return r.g > 1 ? weak(&r, req, out, keep, cx) : RL_OK;
}

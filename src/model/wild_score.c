/* The score bootstrap.
 *
 *   s_g = c'A (sum of the scores of g),  at the maximum where c'beta = r
 *   T   = sum_g s_g / sqrt(sum_g (s_g - share_g sum s)^2)
 *   T*  = the same of v_g s_g
 *
 * share_g is the share of the rows, or of their weight, in g: scores are centred.  T is
 * the score test of the value r; a draw of ones gives T itself.  With the null not
 * imposed s_g are sums of influence at the estimate, and T is the Wald statistic.
 *
 * Source: Kline & Santos (2012), Journal of Econometric Methods 1(1); Roodman, Nielsen,
 * MacKinnon & Webb (2019), Stata Journal 19(1), section 4
 */
#include <math.h>
#include <string.h>

#include "model/wild_work.h"
#include "num/ols.h"

typedef struct scores {
    const rl_fit *f;
    const rl_boot_plan *plan;
    rl_cells cells;
    const int32_t *code; /* n        cell of a row                    */
    double *share;       /* clusters                                  */
    const double *c;     /* null->k  direction                        */
    double at;           /* c'beta at the estimate                    */
    rl_mat S, A;         /* cells-by-k, k-by-k  at the value in hand  */
    double *s;           /* cells                                     */
    double *unit;        /* units                                     */
    bool no_maximum;
} scores;

static size_t cluster_of(const scores *y, size_t cell)
{
    return y->cells.cluster != NULL ? (size_t)y->cells.cluster[cell] : cell;
}

/* T^2 and the draws, from s. */
static double statistic(scores *y, bool imposed, rl_boot *b, rl_boot_draws *draws, rl_ctx *cx)
{
    size_t H = y->cells.H;
    double *own = RL_NEW(cx->tmp, double, H), sum = 0, var = 0;
    memset(y->unit, 0, y->plan->G * sizeof *y->unit);
    for (size_t c = 0; c < y->cells.n; c++) {
        y->unit[y->cells.unit != NULL ? (size_t)y->cells.unit[c] : c] += y->s[c];
        own[cluster_of(y, c)] += y->s[c];
        sum += y->s[c];
    }
    for (size_t g = 0; g < H; g++) {
        double e = own[g] - (imposed ? y->share[g] * sum : 0);
        var += e * e;
    }
    *b = (rl_boot){.cells = y->cells,
                   .num0 = y->unit,
                   .s0 = y->s,
                   .left = {y->share, 1, H, 1},
                   .right0 = {y->unit, y->plan->G, 1, y->plan->G},
                   .se2 = var,
                   .identity = imposed};
    rl_boot_run(y->plan, b, draws, cx);
    return sum * sum / var;
}

static rl_code at(void *self, double rho, double *t2, double *draw, rl_ctx *cx)
{
    scores *y = self;
    size_t k = y->f->null->k;
    rl_boot b;
    rl_boot_draws draws;
    bool exists = false;
    RL_TRY(y->f->null->impose(y->f->null, y->c, y->at - rho, y->code, &y->S, &y->A, &exists, cx));
    *t2 = HUGE_VAL;
    if (!exists) {
        y->no_maximum = true;
        return RL_OK;
    }
    for (size_t i = 0; i < y->cells.n; i++) {
        y->s[i] = 0;
        for (size_t a = 0; a < k; a++) {
            double l = 0;
            for (size_t j = 0; j < k; j++) l += *rl_mat_at(&y->A, a, j) * y->c[j];
            y->s[i] += l * *rl_mat_at(&y->S, i, a);
        }
    }
    *t2 = statistic(y, true, &b, &draws, cx);
    for (size_t i = 0; i < draws.N; i++) {
        const double *v = draws.v + 5 * i;
        draw[i] = v[2] < 0 ? *t2 : v[2] > 0 ? v[0] * v[0] / v[2] : v[0] != 0 ? HUGE_VAL : 0;
    }
    rl_release(cx->tmp, draws.v);
    return RL_OK;
}

static rl_code prepare(scores *y, const rl_design *d, rl_ctx *cx)
{
    size_t units;
    rl_wild_cells(d, &y->cells, &units, &y->code, cx);
    y->share = RL_NEW(cx->tmp, double, y->cells.H);
    y->s = RL_NEW(cx->tmp, double, y->cells.n);
    y->unit = RL_NEW(cx->tmp, double, units);
    double all = d->w != NULL ? rl_sum(d->w, d->n, cx) : (double)d->n;
    for (size_t i = 0; i < d->n; i++) y->share[d->cluster[0].code[i]] += (d->w != NULL ? d->w[i] : 1) / all;
    if (y->f->null == NULL) return RL_OK;
    y->S = rl_mat_new(y->cells.n, y->f->null->k, cx->tmp);
    y->A = rl_mat_new(y->f->null->k, y->f->null->k, cx->tmp);
    return RL_OK;
}

/* Row j of C over the coefficients that a null can fix. */
static rl_code direction(const scores *y, const rl_mat *C, size_t j, double *c, rl_ctx *cx)
{
    const rl_fit *f = y->f;
    if (f->null == NULL) {
        rl_fail(cx, RL_EDATA, "--vcov wild: this estimator cannot be run with a null imposed");
        return rl_hint(cx, "write null=no, as in wild:account,null=no, or use cluster");
    }
    for (size_t i = 0; i < f->m; i++) {
        double x = *rl_mat_at(C, j, i);
        if (i < f->null->k) c[i] = x;
        if (i < f->null->k || x == 0) continue;
        rl_fail(cx, RL_EDATA, "--vcov wild: '%s' is an average of the fit, which no value can be imposed on",
                rl_label_text(&f->label[i], cx->tmp));
        return rl_hint(cx, "leave out --margins, or write null=no, as in wild:account,null=no");
    }
    return RL_OK;
}

/* s = the influence on C_j's combination by cell; its squared standard error. */
static double influence(scores *y, const rl_mat *P, const rl_mat *C, size_t j, rl_ctx *cx)
{
    double *own = RL_NEW(cx->tmp, double, y->cells.H), se2 = 0;
    for (size_t i = 0; i < y->cells.n; i++) {
        y->s[i] = 0;
        for (size_t a = 0; a < C->k; a++) y->s[i] += *rl_mat_at(C, j, a) * *rl_mat_at(P, i, a);
        own[cluster_of(y, i)] += y->s[i];
    }
    for (size_t g = 0; g < y->cells.H; g++) se2 += own[g] * own[g];
    return se2;
}

rl_code rl_wild_scores_joint(const struct rl_wild_state *state, const rl_mat *C, const double *b, double *p, rl_ctx *cx)
{
    scores y = {.f = state->f, .plan = &state->plan};
    size_t q = C->n;
    RL_TRY(prepare(&y, state->d, cx));
    size_t H = y.cells.H, n = y.cells.n, G = state->plan.G;
    rl_mat P = rl_mat_new(n, state->f->m, cx->tmp), own = rl_mat_new(H, q, cx->tmp);
    rl_boot *one = RL_NEW(cx->tmp, rl_boot, q);
    double *M = RL_NEW(cx->tmp, double, q *q), *w = RL_NEW(cx->tmp, double, q);
    RL_TRY(state->f->psi->sum_by(state->f->psi, y.code, n, &P, cx));
    for (size_t i = 0; i < q; i++) {
        double *s = RL_NEW(cx->tmp, double, n), *unit = RL_NEW(cx->tmp, double, G);
        y.s = s;
        (void)influence(&y, &P, C, i, cx);
        for (size_t c = 0; c < n; c++) {
            unit[y.cells.unit != NULL ? (size_t)y.cells.unit[c] : c] += s[c];
            *rl_mat_at(&own, cluster_of(&y, c), i) += s[c];
        }
        one[i] =
            (rl_boot){.cells = y.cells, .num0 = unit, .s0 = s, .left = {y.share, 1, H, 1}, .right0 = {unit, G, 1, G}};
        for (size_t j = 0; j <= i; j++)
            for (size_t g = 0; g < H; g++) M[i + j * q] += *rl_mat_at(&own, g, i) * *rl_mat_at(&own, g, j);
        w[i] = b[i];
    }
    double W = rl_boot_quadratic(M, w, q);
    if (isfinite(W)) *p = (double)rl_boot_joint(&state->plan, q, one, W, cx) / (double)state->plan.N;
    return RL_OK;
}

rl_code rl_wild_scores(const rl_design *d, const rl_fit *f, const rl_mat *C, const double *b, double level,
                       const rl_boot_plan *plan, rl_wild *out, rl_ctx *cx)
{
    scores y = {.f = f, .plan = plan};
    bool imposed = !d->vcov.null_free;
    RL_TRY(prepare(&y, d, cx));
    rl_mat P = rl_mat_new(y.cells.n, f->m, cx->tmp);
    RL_TRY(f->psi->sum_by(f->psi, y.code, y.cells.n, &P, cx));
    double *c = RL_NEW(cx->tmp, double, f->m), *draw = RL_NEW(cx->tmp, double, plan->N), lo, hi, t2;
    y.c = c;
    for (size_t j = 0; j < C->n; j++) {
        if (imposed) RL_TRY(direction(&y, C, j, c, cx));
        double se2 = influence(&y, &P, C, j, cx);
        if (!(se2 > 0)) continue;
        if (!imposed) {
            rl_boot boot;
            rl_boot_draws draws;
            (void)statistic(&y, false, &boot, &draws, cx);
            out->p[j] = (double)rl_boot_count(&draws, b[j]) / (double)draws.N;
            rl_boot_bounds(&draws, 1 - level, &lo, &hi, cx);
            rl_release(cx->tmp, draws.v);
        } else {
            rl_boot_test test = {at, &y, plan->N, sqrt(se2), false};
            y.at = 0;
            for (size_t i = 0; i < f->null->k; i++) y.at += c[i] * f->b[i];
            RL_TRY(at(&y, b[j], &t2, draw, cx));
            if (!(t2 < HUGE_VAL)) {
                rl_fail(cx, RL_EDATA, "--vcov wild: the likelihood has no maximum where the null of estimate %zu holds",
                        j + 1);
                return rl_hint(cx, "write null=no, as in wild:account,null=no, or use cluster");
            }
            out->p[j] = (double)rl_boot_above(draw, plan->N, t2) / (double)plan->N;
            y.no_maximum = false;
            RL_TRY(rl_boot_search(&test, 1 - level, &lo, &hi, cx));
            out->no_maximum = out->no_maximum || y.no_maximum;
        }
        out->low[j] = b[j] - hi;
        out->high[j] = b[j] - lo;
    }
    return RL_OK;
}

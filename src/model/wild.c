#include "model/wild.h"

#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "model/wild_work.h"

typedef struct sums {
    rl_wild_sums r;
    bool jack_u, jack_v;
} sums;

/* --- the jackknife ------------------------------------------------------------------------ */

/* N = I - S_g (M - l l' / kappa), l = M c, k-by-q; kappa 0: without the second term.  K-by-K. */
static void leave_out(const rl_wild_sums *s, size_t g, const rl_mat *l, double kappa, double *N)
{
    size_t K = s->K, x0 = K - s->k;
    double *t = N + K * K;
    for (size_t a = 0; a < K; a++) { /* row a of S M, as S is symmetric: M times column a */
        rl_wild_inverse(s, rl_wild_cross(s, g, a), t);
        for (size_t b = 0; b < K; b++) N[a + b * K] = (a == b) - t[b];
        for (size_t i = 0; i < l->k && kappa > 0; i++) {
            double sl = 0;
            for (size_t j = 0; j < s->k; j++) sl += rl_wild_cross(s, g, a)[x0 + j] * *rl_mat_at(l, j, i);
            for (size_t j = 0; j < s->k; j++) N[a + (x0 + j) * K] += sl * *rl_mat_at(l, j, i) / kappa;
        }
    }
}

/* N = P L U in place; false when it is singular to 1e-9 of its rows. */
static bool factor(double *N, size_t K, size_t *pivot)
{
    for (size_t c = 0; c < K; c++) {
        size_t p = c;
        for (size_t i = c + 1; i < K; i++)
            if (fabs(N[i + c * K]) > fabs(N[p + c * K])) p = i;
        pivot[c] = p;
        if (!(fabs(N[p + c * K]) > 1e-9)) return false;
        for (size_t j = 0; j < K; j++) {
            double t = N[c + j * K];
            N[c + j * K] = N[p + j * K];
            N[p + j * K] = t;
        }
        for (size_t i = c + 1; i < K; i++) N[i + c * K] /= N[c + c * K];
        for (size_t j = c + 1; j < K; j++)
            for (size_t i = c + 1; i < K; i++) N[i + j * K] -= N[i + c * K] * N[c + j * K];
    }
    return true;
}

/* x = N^-1 x */
static void solve(const double *N, size_t K, const size_t *pivot, double *x)
{
    for (size_t c = 0; c < K; c++) {
        double t = x[c];
        x[c] = x[pivot[c]];
        x[pivot[c]] = t;
    }
    for (size_t c = 0; c < K; c++)
        for (size_t i = c + 1; i < K; i++) x[i] -= N[i + c * K] * x[c];
    for (size_t c = K; c-- > 0;) {
        x[c] /= N[c + c * K];
        for (size_t i = 0; i < c; i++) x[i] -= N[i + c * K] * x[c];
    }
}

/* x = N'^-1 x */
static void solve_transposed(const double *N, size_t K, const size_t *pivot, double *x)
{
    for (size_t c = 0; c < K; c++) {
        for (size_t i = 0; i < c; i++) x[c] -= N[i + c * K] * x[i];
        x[c] /= N[c + c * K];
    }
    for (size_t c = K; c-- > 0;)
        for (size_t i = c + 1; i < K; i++) x[c] -= N[i + c * K] * x[i];
    for (size_t c = K; c-- > 0;) {
        double t = x[c];
        x[c] = x[pivot[c]];
        x[pivot[c]] = t;
    }
}

static rl_code singular(const rl_wild_sums *s, size_t g, rl_ctx *cx)
{
    rl_fail(cx, RL_EDATA, "the jackknife form does not exist: without cluster '%s' something cannot be estimated",
            s->d->cluster[0].label[g]);
    return rl_hint(cx, "use form=11, or leave out what only this cluster tells apart");
}

/* --- one hypothesis --------------------------------------------------------------------------- */

/* What a hypothesis adds to the sums. */
typedef struct hypothesis {
    const double *l; /* k      A L_j'                                    */
    double kappa;    /* L_j A L_j'                                       */
    rl_mat p0, p1;   /* K-by-cells residual sums: at the estimate, and by rho */
    rl_mat row;      /* K-by-cells c'M, or c'M (I - S_g M)^-1                 */
    rl_mat left;     /* K-by-clusters S_g row_g                               */
    rl_mat spread;   /* units-by-K    M p0 by unit; a NULL: not made yet      */
    size_t shared;   /* .. by so many hypotheses                              */
    double se2;
} hypothesis;

static double dot(const double *a, const double *b, size_t n)
{
    double s = 0;
    for (size_t i = 0; i < n; i++) s += a[i] * b[i];
    return s;
}

/* out += S_c x for an x that is 0 outside X unless all columns are there. */
static void times_cross(const rl_wild_sums *s, size_t cell, const double *x, double *out)
{
    size_t first = s->full ? 0 : s->K - s->k;
    for (size_t j = first; j < s->K; j++) {
        const double *c = rl_wild_cross(s, cell, j - first);
        for (size_t i = 0; i < s->K && x[j] != 0; i++) out[i] += x[j] * c[i];
    }
}

static rl_code suppose(const sums *all, bool imposed, hypothesis *y, rl_ctx *cx)
{
    const rl_wild_sums *s = &all->r;
    size_t K = s->K, C = s->cells.n, H = s->cells.H, x0 = K - s->k, *pivot = RL_NEW(cx->tmp, size_t, K);
    double *N = RL_NEW(cx->tmp, double, s->full ? K *(K + 1) : 0), *own = RL_NEW(cx->tmp, double, H);
    rl_mat l = {(double *)y->l, s->k, 1, s->k};
    y->p0 = rl_mat_new(K, C, cx->tmp), y->p1 = rl_mat_new(K, C, cx->tmp);
    y->row = rl_mat_new(K, C, cx->tmp), y->left = rl_mat_new(K, H, cx->tmp);
    y->se2 = 0;
    for (size_t g = 0; g < C; g++) { /* the jackknife has one cell a cluster */
        double *p0 = rl_mat_col(&y->p0, g), *p1 = rl_mat_col(&y->p1, g), *row = rl_mat_col(&y->row, g);
        memcpy(p0, rl_wild_cross_e(s, g, 0), K * sizeof *p0);
        memcpy(row + x0, y->l, s->k * sizeof *row);
        times_cross(s, g, row, p1);
        for (size_t i = 0; i < K; i++) p1[i] /= y->kappa;
        if (all->jack_v) {
            leave_out(s, g, &l, 0, N);
            if (!factor(N, K, pivot)) return singular(s, g, cx);
            solve_transposed(N, K, pivot, row);
        }
        own[rl_wild_cluster(s, g)] += dot(row, p0, K);
        if (all->jack_u) {
            leave_out(s, g, &l, imposed ? y->kappa : 0, N);
            if (!factor(N, K, pivot)) return singular(s, g, cx);
            solve(N, K, pivot, p0);
            solve(N, K, pivot, p1);
        }
        times_cross(s, g, row, rl_mat_col(&y->left, rl_wild_cluster(s, g)));
    }
    y->se2 = dot(own, own, H);
    return RL_OK;
}

/* M P by unit, units-by-K. */
static rl_mat spread(const rl_wild_sums *s, const rl_mat *P, rl_ctx *cx)
{
    rl_mat R = rl_mat_new(s->units, s->K, cx->tmp);
    double *y = RL_NEW(cx->tmp, double, s->K);
    for (size_t c = 0; c < s->cells.n; c++) {
        rl_wild_inverse(s, rl_mat_col(P, c), y);
        for (size_t r = 0; r < s->K; r++) *rl_mat_at(&R, rl_wild_unit(s, c), r) += y[r];
    }
    return R;
}

/* Column g: sum_r left_rg R_r; units-by-clusters. */
static rl_mat multiplied(const rl_wild_sums *s, const rl_mat *left, const rl_mat *R, rl_ctx *cx)
{
    rl_mat E = rl_mat_new(s->units, s->cells.H, cx->tmp);
    for (size_t g = 0; g < s->cells.H; g++)
        for (size_t r = 0; r < s->K; r++) {
            double a = *rl_mat_at(left, r, g), *e = rl_mat_col(&E, g);
            const double *x = rl_mat_col(R, r);
            for (size_t h = 0; h < s->units && a != 0; h++) e[h] += a * x[h];
        }
    return E;
}

static void boot_of(const sums *all, const hypothesis *y, bool imposed, rl_boot *b, rl_ctx *cx)
{
    const rl_wild_sums *s = &all->r;
    size_t x0 = s->K - s->k;
    double *v[4]; /* num0 num1 s0 s1 */
    for (size_t i = 0; i < 4; i++) v[i] = RL_NEW(cx->tmp, double, i < 2 ? s->units : s->cells.n);
    for (size_t g = 0; g < s->cells.n; g++) {
        const double *p0 = rl_mat_col(&y->p0, g), *p1 = rl_mat_col(&y->p1, g), *row = rl_mat_col(&y->row, g);
        v[0][rl_wild_unit(s, g)] += dot(y->l, p0 + x0, s->k);
        v[1][rl_wild_unit(s, g)] += dot(y->l, p1 + x0, s->k);
        v[2][g] = dot(row, p0, s->K);
        v[3][g] = dot(row, p1, s->K);
    }
    *b = (rl_boot){.cells = s->cells,
                   .num0 = v[0],
                   .s0 = v[2],
                   .left = y->left,
                   .se2 = y->se2,
                   .identity = imposed && !all->jack_u};
    b->right0 = y->spread.a != NULL ? y->spread : spread(s, &y->p0, cx);
    bool whole = 2 * s->K > s->cells.H; /* then a column a cluster is the smaller one */
    if (y->spread.a != NULL) whole = s->K > y->shared * s->cells.H;
    if (whole) b->right0 = multiplied(s, &y->left, &b->right0, cx);
    if (imposed) {
        b->num1 = v[1];
        b->s1 = v[3];
        b->right1 = spread(s, &y->p1, cx);
        if (whole) b->right1 = multiplied(s, &y->left, &b->right1, cx);
    }
    if (whole) b->left.a = NULL;
}

static sums sums_of(const rl_vcov_spec *v, rl_wild_sums r)
{
    return (sums){.r = r, .jack_u = v->form / 10 == 3, .jack_v = v->form % 10 == 3};
}

/* --- several at once ----------------------------------------------------------------------------- */

/* l = A L', k-by-q, and b, of restrictions turned so that L A L' = I; false where they depend on each other. */
static bool turned(const rl_core *c, rl_mat L, double *b, rl_mat *l, rl_ctx *cx)
{
    size_t q = L.n, k = L.k;
    *l = rl_mat_new(k, q, cx->tmp);
    for (size_t i = 0; i < q; i++) {
        double before = 0, left = 0;
        for (int pass = 0; pass < 3; pass++) { /* l_i, less what the others have of it: twice is enough */
            double *o = rl_mat_col(l, i);
            for (size_t a = 0; a < k; a++) {
                o[a] = 0;
                for (size_t r = 0; r < k; r++) o[a] += *rl_mat_at(&c->A, a, r) * *rl_mat_at(&L, i, r);
            }
            left = 0;
            for (size_t r = 0; r < k; r++) left += o[r] * *rl_mat_at(&L, i, r);
            if (pass == 0) before = left;
            for (size_t p = 0; p < i && pass < 2; p++) {
                double by = 0;
                for (size_t r = 0; r < k; r++) by += *rl_mat_at(l, r, p) * *rl_mat_at(&L, i, r);
                for (size_t r = 0; r < k; r++) *rl_mat_at(&L, i, r) -= by * *rl_mat_at(&L, p, r);
                b[i] -= by * b[p];
            }
        }
        if (!(left > 1e-12 * before)) return false;
        for (size_t r = 0; r < k; r++) {
            *rl_mat_at(&L, i, r) /= sqrt(left);
            *rl_mat_at(l, r, i) /= sqrt(left);
        }
        b[i] /= sqrt(left);
    }
    return true;
}

/* Hypothesis i is that of column i of l, all with the residuals of all imposed; own (clusters-by-q): the scores of the
 * data. */
static rl_code suppose_all(const sums *all, const rl_mat *l, const double *b, bool imposed, hypothesis *y, rl_mat *own,
                           rl_ctx *cx)
{
    const rl_wild_sums *s = &all->r;
    size_t K = s->K, q = l->k, x0 = K - s->k, *pivot = RL_NEW(cx->tmp, size_t, K);
    double *N = RL_NEW(cx->tmp, double, s->full ? K *(K + 1) : 0), *move = RL_NEW(cx->tmp, double, K);
    rl_mat P = rl_mat_new(K, s->cells.n, cx->tmp);
    for (size_t i = 0; i < q; i++) {
        y[i] = (hypothesis){.l = rl_mat_col(l, i), .kappa = 1, .p0 = P, .p1 = P, .shared = q};
        y[i].row = rl_mat_new(K, s->cells.n, cx->tmp);
        y[i].left = rl_mat_new(K, s->cells.H, cx->tmp);
        for (size_t r = 0; r < s->k && imposed; r++) move[x0 + r] += y[i].l[r] * b[i];
    }
    for (size_t g = 0; g < s->cells.n; g++) {
        double *p = rl_mat_col(&P, g);
        size_t h = rl_wild_cluster(s, g);
        memcpy(p, rl_wild_cross_e(s, g, 0), K * sizeof *p);
        if (all->jack_v) leave_out(s, g, l, 0, N);
        if (all->jack_v && !factor(N, K, pivot)) return singular(s, g, cx);
        for (size_t i = 0; i < q; i++) {
            double *row = rl_mat_col(&y[i].row, g);
            memcpy(row + x0, y[i].l, s->k * sizeof *row);
            if (all->jack_v) solve_transposed(N, K, pivot, row);
            *rl_mat_at(own, h, i) += dot(row, p, K);
            times_cross(s, g, row, rl_mat_col(&y[i].left, h));
        }
        times_cross(s, g, move, p);
        if (!all->jack_u) continue;
        leave_out(s, g, l, imposed ? 1 : 0, N);
        if (!factor(N, K, pivot)) return singular(s, g, cx);
        solve(N, K, pivot, p);
    }
    y->spread = spread(s, &P, cx);
    for (size_t i = 1; i < q; i++) y[i].spread = y->spread;
    return RL_OK;
}

static rl_code linear_joint(const struct rl_wild_state *state, const rl_mat *C, const double *value, double *F,
                            double *p, rl_ctx *cx)
{
    const rl_vcov_spec *v = &state->d->vcov;
    sums s = sums_of(v, state->sums);
    size_t q = C->n, H = s.r.cells.H;
    bool imposed = !v->null_free;
    double *b = RL_NEW(cx->tmp, double, 2 * q), *M = RL_NEW(cx->tmp, double, q *q);
    rl_mat l, own = rl_mat_new(H, q, cx->tmp);
    hypothesis *y = RL_NEW(cx->tmp, hypothesis, q);
    rl_boot *one = RL_NEW(cx->tmp, rl_boot, q);
    memcpy(b, value, q * sizeof *b);
    if (!turned(state->f->core, rl_wild_directions(state->f, C, cx), b, &l, cx)) return RL_OK;
    RL_TRY(suppose_all(&s, &l, b, imposed, y, &own, cx));
    for (size_t i = 0; i < q; i++) {
        for (size_t j = 0; j < q; j++) M[i + j * q] = dot(rl_mat_col(&own, i), rl_mat_col(&own, j), H);
        boot_of(&s, &y[i], false, &one[i], cx);
    }
    one->identity = imposed && !s.jack_u;
    memcpy(b + q, b, q * sizeof *b);
    double W = rl_boot_quadratic(M, b + q, q);
    if (!isfinite(W)) return RL_OK;
    if (s.jack_v) *F = W * (double)H / ((double)H - 1) / (double)q;
    *p = (double)rl_boot_joint(&state->plan, q, one, W, cx) / (double)state->plan.N;
    return RL_OK;
}

rl_code rl_wild_joint(const rl_wild *w, const rl_mat *C, const double *b, double *F, double *p, rl_ctx *cx)
{
    const struct rl_wild_state *s = w->state;
    *F = *p = NAN;
    if (s->kind == RL_WILD_LINEAR) return linear_joint(s, C, b, F, p, cx);
    if (s->kind == RL_WILD_SCORE && s->d->vcov.null_free) return rl_wild_scores_joint(s, C, b, p, cx);
    return RL_OK;
}

/* --- all estimates ------------------------------------------------------------------------------ */

static rl_code linear(const rl_design *d, const rl_fit *f, const rl_mat *C, const double *b, double level,
                      struct rl_wild_state *state, rl_wild *out, rl_ctx *cx)
{
    const rl_vcov_spec *v = &d->vcov;
    const rl_boot_plan *plan = &state->plan;
    const double *const residual[] = {f->core->e};
    sums s = sums_of(v, (rl_wild_sums){.d = d, .c = f->core, .n_e = 1, .e = residual});
    rl_mat L = rl_wild_directions(f, C, cx);
    size_t k = L.k;
    s.r.full = s.jack_u || s.jack_v;
    RL_TRY(rl_wild_take(&s.r, cx));
    state->sums = s.r;
    if (s.jack_v) out->std_error = RL_NEW(cx->tmp, double, L.n);
    double *l = RL_NEW(cx->tmp, double, k), G = (double)s.r.cells.H;
    for (size_t j = 0; j < L.n; j++) {
        hypothesis y = {.l = l};
        for (size_t a = 0; a < k; a++) {
            l[a] = 0;
            for (size_t c = 0; c < k; c++) l[a] += *rl_mat_at(&f->core->A, a, c) * *rl_mat_at(&L, j, c);
            y.kappa += l[a] * *rl_mat_at(&L, j, a);
        }
        if (!(y.kappa > 0)) continue;
        RL_TRY(suppose(&s, !v->null_free, &y, cx));
        if (s.jack_v) out->std_error[j] = sqrt(y.se2 * (G - 1) / G);
        if (!(y.se2 > 0)) continue;
        rl_boot boot;
        rl_boot_draws draws;
        double lo, hi;
        boot_of(&s, &y, !v->null_free, &boot, cx);
        rl_boot_run(plan, &boot, &draws, cx);
        out->p[j] = (double)rl_boot_count(&draws, b[j]) / (double)draws.N;
        rl_boot_bounds(&draws, 1 - level, &lo, &hi, cx);
        out->low[j] = b[j] - hi;
        out->high[j] = b[j] - lo;
    }
    return RL_OK;
}

static uint64_t *units_of(const rl_groups *g, rl_ctx *cx)
{
    uint64_t *unit = RL_NEW(cx->tmp, uint64_t, g->G);
    for (size_t i = 0; i < g->G; i++) unit[i] = rl_hash64(g->label[i], strlen(g->label[i]));
    return unit;
}

/* Forms other than 11 are those of one linear regression, and of one level. */
static rl_code refuse_form(const rl_vcov_spec *v, const char *why, rl_ctx *cx)
{
    rl_fail(cx, RL_EDATA, "--vcov wild: form=%d is not defined %s", v->form, why);
    return rl_hint(cx, "use form=11");
}

rl_mat rl_wild_directions(const rl_fit *f, const rl_mat *C, rl_ctx *cx)
{
    const rl_core *c = f->core;
    rl_mat L = rl_mat_new(C->n, c->L.k, cx->tmp);
    for (size_t a = 0; a < C->n; a++)
        for (size_t j = 0; j < c->L.k; j++) {
            long double sum = 0;
            for (size_t i = 0; i < f->m; i++) sum += (long double)*rl_mat_at(C, a, i) * *rl_mat_at(&c->L, i, j);
            *rl_mat_at(&L, a, j) = (double)sum;
        }
    return L;
}

rl_code rl_wild_run(const rl_design *d, const rl_fit *f, const rl_mat *C, const double *b, double level, rl_wild *out,
                    rl_ctx *cx)
{
    const rl_vcov_spec *v = &d->vcov;
    const rl_groups *drawn = rl_wild_drawn(d);
    size_t m = C->n;
    bool regression = f->core != NULL && !f->core->working && f->family == RL_LINEAR;
    rl_wild_kind kind = f->n_stage > 0 ? RL_WILD_IV : regression ? RL_WILD_LINEAR : RL_WILD_SCORE;
    if (v->form != 11 && kind != RL_WILD_LINEAR)
        return refuse_form(v, kind == RL_WILD_IV ? "with instruments" : "for this estimator", cx);
    if (v->form != 11 && v->draw_by != NULL)
        return refuse_form(v, "where draws and errors have different clusters", cx);
    if (drawn->G < 2)
        return rl_fail(cx, RL_EDATA, "one cluster to draw for: '%s' has the same value in all %zu rows used",
                       v->draw_by, d->n);
    struct rl_wild_state *state = RL_NEW(cx->tmp, struct rl_wild_state, 1);
    rl_boot_plan plan = rl_boot_plan_of(v->draws, v->reps, cx->seed, units_of(drawn, cx), drawn->G);
    *state = (struct rl_wild_state){.d = d, .f = f, .plan = plan, .kind = kind};
    *out = (rl_wild){.kind = kind,
                     .p = RL_NEW(cx->tmp, double, m),
                     .low = RL_NEW(cx->tmp, double, m),
                     .high = RL_NEW(cx->tmp, double, m),
                     .draws = plan.N,
                     .units = plan.G,
                     .all = plan.all,
                     .state = state};
    for (size_t j = 0; j < m; j++) out->p[j] = out->low[j] = out->high[j] = NAN;
    return kind == RL_WILD_IV       ? rl_wild_instruments(d, f, C, b, level, &plan, out, cx)
           : kind == RL_WILD_LINEAR ? linear(d, f, C, b, level, state, out, cx)
                                    : rl_wild_scores(d, f, C, b, level, &plan, out, cx);
}

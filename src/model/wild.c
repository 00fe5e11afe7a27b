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

/* N = I - S_g (M - l l' / kappa), l = M c; kappa 0: without the second term.  K-by-K. */
static void leave_out(const rl_wild_sums *s, size_t g, const double *l, double kappa, double *N)
{
    size_t K = s->K, x0 = K - s->k;
    double *t = N + K * K;
    for (size_t a = 0; a < K; a++) { /* row a of S M, as S is symmetric: M times column a */
        rl_wild_inverse(s, rl_wild_cross(s, g, a), t);
        double sl = 0;
        for (size_t j = 0; j < s->k && kappa > 0; j++) sl += rl_wild_cross(s, g, a)[x0 + j] * l[j];
        for (size_t b = 0; b < K; b++) N[a + b * K] = (a == b) - t[b];
        for (size_t j = 0; j < s->k && kappa > 0; j++) N[a + (x0 + j) * K] += sl * l[j] / kappa;
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
            leave_out(s, g, y->l, 0, N);
            if (!factor(N, K, pivot)) return singular(s, g, cx);
            solve_transposed(N, K, pivot, row);
        }
        own[rl_wild_cluster(s, g)] += dot(row, p0, K);
        if (all->jack_u) {
            leave_out(s, g, y->l, imposed ? y->kappa : 0, N);
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
    b->right0 = spread(s, &y->p0, cx);
    bool whole = 2 * s->K > s->cells.H; /* then a column a cluster is the smaller one */
    if (whole) b->right0 = multiplied(s, &y->left, &b->right0, cx);
    if (imposed) {
        b->num1 = v[1];
        b->s1 = v[3];
        b->right1 = spread(s, &y->p1, cx);
        if (whole) b->right1 = multiplied(s, &y->left, &b->right1, cx);
    }
    if (whole) b->left.a = NULL;
}

/* --- all estimates ------------------------------------------------------------------------------ */

static rl_code linear(const rl_design *d, const rl_fit *f, const rl_mat *C, const double *b, double level,
                      const rl_boot_plan *plan, rl_wild *out, rl_ctx *cx)
{
    const rl_vcov_spec *v = &d->vcov;
    const double *const residual[] = {f->core->e};
    sums s = {
        .r = {.d = d, .c = f->core, .n_e = 1, .e = residual}, .jack_u = v->form / 10 == 3, .jack_v = v->form % 10 == 3};
    rl_mat L = rl_wild_directions(f, C, cx);
    size_t k = L.k;
    s.r.full = s.jack_u || s.jack_v;
    RL_TRY(rl_wild_take(&s.r, cx));
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
    rl_boot_plan plan = rl_boot_plan_of(v->draws, v->reps, cx->seed, units_of(drawn, cx), drawn->G);
    *out = (rl_wild){.kind = kind,
                     .p = RL_NEW(cx->tmp, double, m),
                     .low = RL_NEW(cx->tmp, double, m),
                     .high = RL_NEW(cx->tmp, double, m),
                     .draws = plan.N,
                     .units = plan.G,
                     .all = plan.all};
    for (size_t j = 0; j < m; j++) out->p[j] = out->low[j] = out->high[j] = NAN;
    return kind == RL_WILD_IV       ? rl_wild_instruments(d, f, C, b, level, &plan, out, cx)
           : kind == RL_WILD_LINEAR ? linear(d, f, C, b, level, &plan, out, cx)
                                    : rl_wild_scores(d, f, C, b, level, &plan, out, cx);
}

#include "model/wild.h"

#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "base/par.h"
#include "model/hat.h"
#include "num/boot.h"

enum { BLOCKS = 16, MOST_DENSE = 4096 };

/* Rows and columns of the design: levels of F (when it is not nested), D, X. */
typedef struct sums {
    const rl_design *d;
    const rl_core *c;
    rl_hat h;
    size_t G, n_F, q, k, K;
    bool full;      /* all columns, not only those of X                    */
    size_t columns; /* K or k, and one more: the residuals                 */
    double *S;      /* G of K-by-columns  Z_g'W [Z e]_g                    */
    double *W;      /* n_F  weights of a level of F                        */
    rl_mat MD;      /* q-by-q (D'WD)^-1                                    */
    double **part;  /* blocks of the same, first one S                     */
    size_t each;    /* rows a block                                        */
    bool jack_u, jack_v;
} sums;

static double *cross(const sums *s, size_t g, size_t column) { return s->S + (g * s->columns + column) * s->K; }
static double *cross_e(const sums *s, size_t g) { return cross(s, g, s->columns - 1); }

/* --- sums by cluster -------------------------------------------------------------------- */

static void sum_rows(size_t block, void *arg)
{
    const sums *s = arg;
    const rl_core *c = s->c;
    size_t from = block * s->each, to = from + s->each, dense = s->q + s->k, skip = s->full ? 0 : s->q;
    double z[MOST_DENSE + 1];
    if (to > s->d->n) to = s->d->n;
    for (size_t i = from; i < to; i++) {
        double *S = s->part[block] + (size_t)s->d->cluster[0].code[i] * s->columns * s->K, w = c->w ? c->w[i] : 1;
        for (size_t j = 0; j < s->q; j++) z[j] = *rl_mat_at(&s->h.D, i, j);
        rl_cols_whole_row(&c->X, i, z + s->q);
        z[dense] = c->e[i];
        size_t level = s->n_F > 0 ? (size_t)s->h.F[i] : 0;
        if (s->n_F > 0 && s->full) {
            double *o = S + level * s->K;
            o[level] += w;
            for (size_t r = 0; r < dense; r++) o[s->n_F + r] += w * z[r];
        }
        S += s->full ? s->n_F * s->K : 0;
        for (size_t j = skip; j <= dense; j++, S += s->K) {
            double wz = w * z[j], *o = S + s->n_F;
            if (s->n_F > 0) S[level] += wz;
            for (size_t r = 0; r < dense; r++) o[r] += wz * z[r];
        }
    }
}

static rl_code take_sums(sums *s, rl_ctx *cx)
{
    double size = (double)s->G * (double)s->K * (double)s->columns;
    if (size > 2e8 || s->q + s->k > MOST_DENSE) {
        rl_fail(cx, RL_EDATA, "the wild bootstrap needs the sums of %zu columns in %zu clusters, which is too many",
                s->K, s->G);
        return rl_hint(cx, "use cluster, or cluster at a level that the effects are nested in");
    }
    size_t blocks = (size_t)(3e7 / size), total = s->G * s->K * s->columns;
    blocks = blocks < 1 ? 1 : blocks > BLOCKS ? BLOCKS : blocks;
    s->each = rl_blocks(s->d->n, blocks);
    blocks = rl_blocks(s->d->n, s->each);
    s->part = RL_NEW(cx->tmp, double *, blocks);
    for (size_t b = 0; b < blocks; b++) s->part[b] = RL_NEW(cx->tmp, double, total);
    rl_par(blocks, sum_rows, s, cx);
    s->S = s->part[0];
    for (size_t b = 1; b < blocks; b++) {
        for (size_t i = 0; i < total; i++) s->S[i] += s->part[b][i];
        rl_release(cx->tmp, s->part[b]);
    }
    return RL_OK;
}

static rl_code prepare(sums *s, rl_ctx *cx)
{
    RL_TRY(rl_hat_make(s->d, s->c, "wild", false, &s->h, cx));
    s->n_F = s->h.F != NULL && !s->h.nested ? s->h.levels : 0;
    s->q = s->h.D.k;
    s->k = s->c->X.k;
    s->K = s->n_F + s->q + s->k;
    s->columns = (s->full ? s->K : s->k) + 1;
    s->W = RL_NEW(cx->tmp, double, s->n_F);
    for (size_t i = 0; i < s->d->n && s->n_F > 0; i++) s->W[s->h.F[i]] += s->c->w != NULL ? s->c->w[i] : 1;
    s->MD = rl_mat_new(s->q, s->q, cx->tmp);
    for (size_t a = 0; a < s->q; a++)
        for (size_t b = 0; b < s->q; b++)
            for (size_t r = a > b ? a : b; r < s->q; r++)
                *rl_mat_at(&s->MD, a, b) += *rl_mat_at(&s->h.RD, a, r) * *rl_mat_at(&s->h.RD, b, r);
    return take_sums(s, cx);
}

/* y = M x for the inverse cross-product M of the whole design. */
static void inverse(const sums *s, const double *x, double *y)
{
    for (size_t l = 0; l < s->n_F; l++) y[l] = x[l] / s->W[l];
    for (size_t part = 0; part < 2; part++) {
        const rl_mat *M = part == 0 ? &s->MD : &s->c->A;
        size_t at = s->n_F + (part == 0 ? 0 : s->q);
        for (size_t a = 0; a < M->k; a++) {
            double sum = 0;
            for (size_t b = 0; b < M->k; b++) sum += *rl_mat_at(M, a, b) * x[at + b];
            y[at + a] = sum;
        }
    }
}

/* --- the jackknife ------------------------------------------------------------------------ */

/* N = I - S_g (M - l l' / kappa), l = M c; kappa 0: without the second term.  K-by-K. */
static void leave_out(const sums *s, size_t g, const double *l, double kappa, double *N)
{
    size_t K = s->K, x0 = K - s->k;
    double *t = N + K * K;
    for (size_t a = 0; a < K; a++) { /* row a of S M, as S is symmetric: M times column a */
        inverse(s, cross(s, g, a), t);
        double sl = 0;
        for (size_t j = 0; j < s->k && kappa > 0; j++) sl += cross(s, g, a)[x0 + j] * l[j];
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

static rl_code singular(const sums *s, size_t g, rl_ctx *cx)
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
    rl_mat p0, p1;   /* K-by-G residual sums: at the estimate, and by rho */
    rl_mat row;      /* K-by-G c'M, or c'M (I - S_g M)^-1                */
    rl_mat left;     /* K-by-G S_g row_g                                 */
    double se2;
} hypothesis;

static double dot(const double *a, const double *b, size_t n)
{
    double s = 0;
    for (size_t i = 0; i < n; i++) s += a[i] * b[i];
    return s;
}

/* out = S_g x for an x that is 0 outside X unless all columns are there. */
static void times_cross(const sums *s, size_t g, const double *x, double *out)
{
    size_t first = s->full ? 0 : s->K - s->k;
    memset(out, 0, s->K * sizeof *out);
    for (size_t j = first; j < s->K; j++) {
        const double *c = cross(s, g, j - first);
        for (size_t i = 0; i < s->K && x[j] != 0; i++) out[i] += x[j] * c[i];
    }
}

static rl_code suppose(const sums *s, bool imposed, hypothesis *y, rl_ctx *cx)
{
    size_t K = s->K, G = s->G, x0 = K - s->k, *pivot = RL_NEW(cx->tmp, size_t, K);
    double *N = RL_NEW(cx->tmp, double, s->full ? K *(K + 1) : 0);
    y->p0 = rl_mat_new(K, G, cx->tmp), y->p1 = rl_mat_new(K, G, cx->tmp);
    y->row = rl_mat_new(K, G, cx->tmp), y->left = rl_mat_new(K, G, cx->tmp);
    y->se2 = 0;
    for (size_t g = 0; g < G; g++) {
        double *p0 = rl_mat_col(&y->p0, g), *p1 = rl_mat_col(&y->p1, g), *row = rl_mat_col(&y->row, g);
        memcpy(p0, cross_e(s, g), K * sizeof *p0);
        memcpy(row + x0, y->l, s->k * sizeof *row);
        times_cross(s, g, row, p1);
        for (size_t i = 0; i < K; i++) p1[i] /= y->kappa;
        if (s->jack_v) {
            leave_out(s, g, y->l, 0, N);
            if (!factor(N, K, pivot)) return singular(s, g, cx);
            solve_transposed(N, K, pivot, row);
        }
        double own = dot(row, p0, K);
        y->se2 += own * own;
        if (s->jack_u) {
            leave_out(s, g, y->l, imposed ? y->kappa : 0, N);
            if (!factor(N, K, pivot)) return singular(s, g, cx);
            solve(N, K, pivot, p0);
            solve(N, K, pivot, p1);
        }
        times_cross(s, g, row, rl_mat_col(&y->left, g));
    }
    return RL_OK;
}

/* M P as G-by-K. */
static rl_mat spread(const sums *s, const rl_mat *P, rl_ctx *cx)
{
    rl_mat R = rl_mat_new(s->G, s->K, cx->tmp);
    double *y = RL_NEW(cx->tmp, double, s->K);
    for (size_t g = 0; g < s->G; g++) {
        inverse(s, rl_mat_col(P, g), y);
        for (size_t r = 0; r < s->K; r++) *rl_mat_at(&R, g, r) = y[r];
    }
    return R;
}

/* Column g: sum_r left_rg R_r; G-by-G. */
static rl_mat multiplied(const sums *s, const rl_mat *left, const rl_mat *R, rl_ctx *cx)
{
    rl_mat E = rl_mat_new(s->G, s->G, cx->tmp);
    for (size_t g = 0; g < s->G; g++)
        for (size_t r = 0; r < s->K; r++) {
            double a = *rl_mat_at(left, r, g), *e = rl_mat_col(&E, g);
            const double *x = rl_mat_col(R, r);
            for (size_t h = 0; h < s->G && a != 0; h++) e[h] += a * x[h];
        }
    return E;
}

static void boot_of(const sums *s, const hypothesis *y, bool imposed, rl_boot *b, rl_ctx *cx)
{
    size_t G = s->G, x0 = s->K - s->k;
    double *v[4]; /* num0 num1 s0 s1 */
    for (size_t i = 0; i < 4; i++) v[i] = RL_NEW(cx->tmp, double, G);
    for (size_t g = 0; g < G; g++) {
        const double *p0 = rl_mat_col(&y->p0, g), *p1 = rl_mat_col(&y->p1, g), *row = rl_mat_col(&y->row, g);
        v[0][g] = dot(y->l, p0 + x0, s->k);
        v[1][g] = dot(y->l, p1 + x0, s->k);
        v[2][g] = dot(row, p0, s->K);
        v[3][g] = dot(row, p1, s->K);
    }
    *b = (rl_boot){.num0 = v[0], .s0 = v[2], .left = y->left, .se2 = y->se2, .identity = imposed && !s->jack_u};
    b->right0 = spread(s, &y->p0, cx);
    bool whole = 2 * s->K > G; /* then G-by-G is the smaller one */
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

static rl_code refuse(const rl_fit *f, rl_ctx *cx)
{
    if (f->core != NULL && !f->core->working && f->family == RL_LINEAR) return RL_OK;
    rl_fail(cx, RL_EDATA, "--vcov wild needs a linear regression behind the estimate, and this estimator has none");
    return rl_hint(cx, "use cluster");
}

static uint64_t *units_of(const rl_groups *g, rl_ctx *cx)
{
    uint64_t *unit = RL_NEW(cx->tmp, uint64_t, g->G);
    for (size_t i = 0; i < g->G; i++) unit[i] = rl_hash64(g->label[i], strlen(g->label[i]));
    return unit;
}

rl_code rl_wild_run(const rl_design *d, const rl_fit *f, const rl_mat *L, const double *b, double level, rl_wild *out,
                    rl_ctx *cx)
{
    const rl_vcov_spec *v = &d->vcov;
    size_t m = L->n, k = L->k;
    RL_TRY(refuse(f, cx));
    sums s = {.d = d, .c = f->core, .G = d->cluster[0].G, .jack_u = v->form / 10 == 3, .jack_v = v->form % 10 == 3};
    s.full = s.jack_u || s.jack_v;
    RL_TRY(prepare(&s, cx));
    rl_boot_plan plan = rl_boot_plan_of(v->draws, v->reps, cx->seed, units_of(&d->cluster[0], cx), s.G);
    *out = (rl_wild){.p = RL_NEW(cx->tmp, double, m),
                     .low = RL_NEW(cx->tmp, double, m),
                     .high = RL_NEW(cx->tmp, double, m),
                     .std_error = s.jack_v ? RL_NEW(cx->tmp, double, m) : NULL,
                     .draws = plan.N,
                     .all = plan.all};
    double *l = RL_NEW(cx->tmp, double, k), G = (double)s.G;
    for (size_t j = 0; j < m; j++) {
        hypothesis y = {.l = l};
        for (size_t a = 0; a < k; a++) {
            l[a] = 0;
            for (size_t c = 0; c < k; c++) l[a] += *rl_mat_at(&s.c->A, a, c) * *rl_mat_at(L, j, c);
            y.kappa += l[a] * *rl_mat_at(L, j, a);
        }
        out->p[j] = out->low[j] = out->high[j] = NAN;
        if (!(y.kappa > 0)) continue;
        RL_TRY(suppose(&s, !v->null_free, &y, cx));
        if (s.jack_v) out->std_error[j] = sqrt(y.se2 * (G - 1) / G);
        if (!(y.se2 > 0)) continue;
        rl_boot boot;
        rl_boot_draws draws;
        double lo, hi;
        boot_of(&s, &y, !v->null_free, &boot, cx);
        rl_boot_run(&plan, &boot, &draws, cx);
        out->p[j] = (double)rl_boot_count(&draws, b[j]) / (double)draws.N;
        rl_boot_bounds(&draws, 1 - level, &lo, &hi, cx);
        out->low[j] = b[j] - hi;
        out->high[j] = b[j] - lo;
    }
    return RL_OK;
}

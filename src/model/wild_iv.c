/* The wild restricted efficient bootstrap of two-stage least squares.
 *
 *   y1 = [X Y2] theta + u,  Y2 = Z Pi + w,  H0: c'theta = r
 *
 * theta under H0 is the two-stage estimate moved along its own direction, l = (Xh'WXh)^-1 c:
 * theta - l rho / (c'l), rho = c'theta - r, so that u = e + [X Y2] l rho / (c'l).  Pi is that of Y2 on
 * [Z u] (efficient: u tells of w), less the part of u.  A sample is y1, Y2 with u and w times the
 * draws; num/wre.h fits it.  With the null not imposed rho is 0 throughout, and t* is about the
 * estimate.
 */
#include <math.h>
#include <string.h>

#include "model/wild_work.h"
#include "num/ols.h"
#include "num/wre.h"

typedef struct work {
    rl_wild_sums s; /* of the first stages' Z; e: residuals, then those of each first stage */
    const rl_boot_plan *plan;
    rl_wre w;
    const rl_fit *f;
    rl_mat moment;       /* (1+g)-by-(1+g)  M_Z[e w]'W M_Z[e w]           */
    double *zu, *eu, *c; /* of w                                          */
    double *l;           /* p   (Xh'WXh)^-1 c, x first                    */
    double *Ql;          /* q   [x's unit columns, Pi] l                  */
    double *eta;         /* q   Z on u                                    */
    double *mix;         /* q + 1 + g   a variable in terms of [Z e w]    */
    double *sum;         /* K                                             */
    double kappa, se2;
} work;

/* Place of coefficient j of the fit among [X, Y2]. */
static size_t place(const work *k, size_t j)
{
    size_t first = k->s.d->constant, g = k->w.g;
    return j < first ? j : j < first + g ? k->w.x + j - first : j - g;
}

static double dot(const double *a, const double *b, size_t n)
{
    double s = 0;
    for (size_t i = 0; i < n; i++) s += a[i] * b[i];
    return s;
}

/* Z_g'Z_g, Z_g'E_g and Z'Z, all from the sums. */
static void fixed_sums(work *k, rl_ctx *cx)
{
    const rl_wild_sums *s = &k->s;
    size_t q = s->k, E = s->K - q, H = s->cells.H;
    double *ZZ = RL_NEW(cx->tmp, double, H *q *q), *ZE = RL_NEW(cx->tmp, double, H *q *E);
    k->w.ZZ = rl_mat_new(q, q, cx->tmp);
    for (size_t c = 0; c < s->cells.n; c++) {
        size_t g = rl_wild_cluster(s, c);
        for (size_t j = 0; j < q; j++) {
            const double *S = rl_wild_cross(s, c, j);
            for (size_t i = 0; i < q; i++) {
                ZZ[g * q * q + i + j * q] += S[E + i];
                *rl_mat_at(&k->w.ZZ, i, j) += S[E + i];
            }
            for (size_t i = 0; i < E; i++) ZE[g * q * E + j + i * q] += S[i];
        }
    }
    k->w.ZZg = ZZ;
    k->w.ZE = ZE;
}

/* What Z leaves of e and of the first stages' residuals, which it has left already. */
static void moments(work *k, rl_ctx *cx)
{
    const rl_wild_sums *s = &k->s;
    size_t q = s->k, n = s->d->n, E = s->K - q;
    double *Ze = RL_NEW(cx->tmp, double, q);
    k->moment = rl_mat_new(s->n_e, s->n_e, cx->tmp);
    for (size_t a = 0; a < s->n_e; a++)
        for (size_t b = 0; b <= a; b++)
            *rl_mat_at(&k->moment, a, b) = *rl_mat_at(&k->moment, b, a) = rl_dot(s->d->w, s->e[a], s->e[b], n, cx);
    for (size_t c = 0; c < s->cells.n; c++)
        for (size_t i = 0; i < q; i++) Ze[i] += rl_wild_cross_e(s, c, 0)[E + i];
    for (size_t i = 0; i < q; i++) k->moment.a[0] -= Ze[i] * dot(rl_mat_col(&s->c->A, i), Ze, q);
}

static rl_code prepare(work *k, const rl_design *d, const rl_fit *f, rl_ctx *cx)
{
    size_t g = f->n_stage, q = f->stage->fit->m, x = q - f->stage->n;
    const double **e = RL_NEW(cx->tmp, const double *, 1 + g);
    e[0] = f->core->e;
    for (size_t j = 0; j < g; j++) e[1 + j] = f->stage[j].fit->core->e;
    k->f = f;
    k->s = (rl_wild_sums){.d = d, .c = f->stage->fit->core, .n_e = 1 + g, .e = e};
    RL_TRY(rl_wild_take(&k->s, cx));
    size_t E = k->s.K - q, C = k->s.cells.n;
    k->w = (rl_wre){.cells = k->s.cells, .q = q, .x = x, .g = g, .E = E, .A = k->s.c->A};
    k->w.Pi = rl_mat_new(q, g, cx->tmp);
    k->w.zu = k->zu = RL_NEW(cx->tmp, double, C *q *(1 + g));
    k->w.eu = k->eu = RL_NEW(cx->tmp, double, k->s.units *E *(1 + g));
    k->w.c = k->c = RL_NEW(cx->tmp, double, x + g);
    k->l = RL_NEW(cx->tmp, double, x + g);
    k->Ql = RL_NEW(cx->tmp, double, q);
    k->eta = RL_NEW(cx->tmp, double, q);
    k->mix = RL_NEW(cx->tmp, double, q + 1 + g);
    k->sum = RL_NEW(cx->tmp, double, k->s.K);
    fixed_sums(k, cx);
    moments(k, cx);
    return RL_OK;
}

/* Direction L_j of the fit's coefficients: c, l, kappa, and the squared standard error. */
static void aim(work *k, const rl_mat *L, size_t j, rl_ctx *cx)
{
    const rl_core *core = k->f->core;
    size_t p = k->w.x + k->w.g, q = k->w.q, E = k->w.E;
    double *score = RL_NEW(cx->tmp, double, k->s.cells.H);
    k->kappa = k->se2 = 0;
    for (size_t a = 0; a < p; a++) {
        double l = 0;
        for (size_t b = 0; b < p; b++) l += *rl_mat_at(&core->A, a, b) * *rl_mat_at(L, j, b);
        k->c[place(k, a)] = *rl_mat_at(L, j, a);
        k->l[place(k, a)] = l;
        k->kappa += l * *rl_mat_at(L, j, a);
    }
    for (size_t i = 0; i < q; i++) {
        k->Ql[i] = i < k->w.x ? k->l[i] : 0;
        for (size_t s = 0; s < k->w.g; s++) k->Ql[i] += k->f->stage[s].fit->b[i] * k->l[k->w.x + s];
    }
    for (size_t c = 0; c < k->s.cells.n; c++)
        score[rl_wild_cluster(&k->s, c)] += dot(k->Ql, rl_wild_cross_e(&k->s, c, 0) + E, q);
    k->se2 = dot(score, score, k->s.cells.H);
}

/* sum = B_c'W of the variable [Z e w] mix. */
static void mixed(const work *k, size_t cell)
{
    size_t q = k->w.q, K = k->s.K;
    memset(k->sum, 0, K * sizeof *k->sum);
    for (size_t j = 0; j < q + 1 + k->w.g; j++) {
        const double *S = j < q ? rl_wild_cross(&k->s, cell, j) : rl_wild_cross_e(&k->s, cell, j - q);
        for (size_t i = 0; i < K && k->mix[j] != 0; i++) k->sum[i] += k->mix[j] * S[i];
    }
}

/* Sums of the variable in column `at` of zu and eu. */
static void take(work *k, size_t at, rl_ctx *cx)
{
    size_t q = k->w.q, E = k->w.E, g = k->w.g, K = k->s.K;
    double *y = RL_NEW(cx->tmp, double, K);
    for (size_t h = 0; h < k->s.units && E > 0; h++) memset(k->eu + (h * (1 + g) + at) * E, 0, E * sizeof *k->eu);
    for (size_t c = 0; c < k->s.cells.n; c++) {
        mixed(k, c);
        memcpy(k->zu + (c * (1 + g) + at) * q, k->sum + E, q * sizeof *k->zu);
        if (E == 0) continue;
        rl_wild_inverse(&k->s, k->sum, y);
        double *eu = k->eu + (rl_wild_unit(&k->s, c) * (1 + g) + at) * E;
        for (size_t i = 0; i < E; i++) eu[i] += y[i];
    }
}

/* Pi, u and w where the value under test is the estimate less rho. */
static void suppose(work *k, double rho, rl_ctx *cx)
{
    size_t q = k->w.q, g = k->w.g, x = k->w.x;
    double by = rho / k->kappa, uu = *rl_mat_at(&k->moment, 0, 0);
    const double *l2 = k->l + x;
    memset(k->mix, 0, (q + 1 + g) * sizeof *k->mix);
    for (size_t i = 0; i < q; i++) k->mix[i] = by * k->Ql[i];
    k->mix[q] = 1;
    for (size_t s = 0; s < g; s++) k->mix[q + 1 + s] = by * l2[s];
    take(k, 0, cx);
    double *Zu = RL_NEW(cx->tmp, double, q);
    for (size_t c = 0; c < k->s.cells.n; c++)
        for (size_t i = 0; i < q; i++) Zu[i] += k->zu[c * q * (1 + g) + i];
    for (size_t i = 0; i < q; i++) k->eta[i] = dot(rl_mat_col(&k->w.A, i), Zu, q);
    for (size_t s = 0; s < g; s++) { /* u'M u */
        uu += 2 * by * l2[s] * *rl_mat_at(&k->moment, 0, 1 + s);
        for (size_t t = 0; t < g; t++) uu += by * by * l2[s] * l2[t] * *rl_mat_at(&k->moment, 1 + s, 1 + t);
    }
    for (size_t s = 0; s < g; s++) {
        double delta = *rl_mat_at(&k->moment, 1 + s, 0);
        for (size_t t = 0; t < g; t++) delta += by * l2[t] * *rl_mat_at(&k->moment, 1 + s, 1 + t);
        delta = uu > 0 ? delta / uu : 0;
        memset(k->mix, 0, (q + 1 + g) * sizeof *k->mix);
        for (size_t i = 0; i < q; i++) {
            *rl_mat_at(&k->w.Pi, i, s) = k->f->stage[s].fit->b[i] - k->eta[i] * delta;
            k->mix[i] = k->eta[i] * delta;
        }
        k->mix[q + 1 + s] = 1;
        take(k, 1 + s, cx);
    }
}

static rl_code at(void *self, double rho, double *t2, double *draw, rl_ctx *cx)
{
    work *k = self;
    suppose(k, rho, cx);
    *t2 = rho * rho / k->se2;
    k->w.t2 = *t2;
    rl_wre_run(k->plan, &k->w, draw, cx);
    return RL_OK;
}

/* The null not imposed: t* is what it is. */
static void free_of_null(work *k, double b, double level, double *draw, rl_wild *out, size_t j, rl_ctx *cx)
{
    double lo, hi;
    suppose(k, 0, cx);
    k->w.t2 = 0; /* a draw of ones is the estimate */
    rl_wre_run(k->plan, &k->w, draw, cx);
    out->p[j] = (double)rl_boot_above(draw, k->plan->N, b * b / k->se2) / (double)k->plan->N;
    rl_boot_draws flat = {.N = k->plan->N, .se2 = k->se2, .v = RL_NEW(cx->tmp, double, 5 * k->plan->N)};
    for (size_t i = 0; i < k->plan->N; i++) {
        bool finite = draw[i] < HUGE_VAL;
        flat.v[5 * i] = finite ? sqrt(draw[i]) : 1;
        flat.v[5 * i + 2] = finite ? 1 : 0;
    }
    rl_boot_bounds(&flat, 1 - level, &lo, &hi, cx);
    out->low[j] = b - hi;
    out->high[j] = b - lo;
}

rl_code rl_wild_instruments(const rl_design *d, const rl_fit *f, const rl_mat *C, const double *b, double level,
                            const rl_boot_plan *plan, rl_wild *out, rl_ctx *cx)
{
    work k = {.plan = plan};
    rl_mat L = rl_wild_directions(f, C, cx);
    double *draw = RL_NEW(cx->tmp, double, plan->N), t2, lo, hi;
    RL_TRY(prepare(&k, d, f, cx));
    for (size_t j = 0; j < L.n; j++) {
        aim(&k, &L, j, cx);
        if (!(k.kappa > 0) || !(k.se2 > 0)) continue;
        if (d->vcov.null_free) {
            free_of_null(&k, b[j], level, draw, out, j, cx);
            continue;
        }
        rl_boot_test test = {at, &k, plan->N, sqrt(k.se2), true};
        RL_TRY(at(&k, b[j], &t2, draw, cx));
        out->p[j] = (double)rl_boot_above(draw, plan->N, t2) / (double)plan->N;
        RL_TRY(rl_boot_search(&test, 1 - level, &lo, &hi, cx));
        out->low[j] = b[j] - hi;
        out->high[j] = b[j] - lo;
    }
    return RL_OK;
}

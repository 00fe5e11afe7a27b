#include "num/absorb.h"

#include <math.h>
#include <string.h>

#include "base/dd.h"
#include "base/par.h"
#include "num/fetwo.h"
#include "num/ols.h"

enum { BATCH = 8, MOST_SWEEPS = 6, MOST_ITERATIONS = 20000 };
static const double CG_TOL = 1e-13, DONE = 1e-10;

/* A batch of columns on its way. */
typedef struct sweep {
    const rl_feplan *p;
    size_t k;
    double *v[BATCH];         /* n       by place                      */
    const double *now[BATCH]; /* n     the same, where they stand before the first step */
    const double *src[BATCH]; /* n     by row                        */
    double *out[BATCH];       /* n     by row, in the end            */
    double *mean[BATCH];      /* U                                     */
    double *x[BATCH];         /* T       right side, then solution     */
    double *slot;             /* k by chunks by T                      */
    double *top;              /* k by chunks: largest |change|         */
    double *alpha_u[BATCH];   /* U       coefficients so far, or NULL  */
    double *alpha_t[BATCH];   /* T                                     */
    bool done[BATCH];
    bool on;             /* another round is sure to come         */
    double *norm2;       /* k       or NULL                       */
    double first[BATCH]; /* size of the first change              */
} sweep;

static void gather(size_t j, void *arg)
{
    sweep *s = arg;
    for (size_t i = 0; i < s->p->n; i++) s->v[j][i] = s->src[j][s->p->order[i]];
}

static void scatter(size_t j, void *arg)
{
    sweep *s = arg;
    for (size_t i = 0; i < s->p->n; i++) s->out[j][s->p->order[i]] = s->v[j][i];
}

/* With chunks enough for the threads a job is a chunk of all columns, else of one. */
enum { CHUNKS_ENOUGH = 16 };
static size_t columns_a_job(const sweep *s) { return s->p->run != NULL && s->p->chunks >= CHUNKS_ENOUGH ? s->k : 1; }
static size_t jobs_of(const sweep *s) { return s->k / columns_a_job(s) * s->p->chunks; }

/* One pass over chunk c of the columns from j0 on that are not done. */
static void pass(sweep *s, size_t j0, size_t c, bool steps)
{
    const rl_feplan *p = s->p;
    rl_fetwo col[BATCH];
    size_t of[BATCH], k = 0;
    for (size_t j = j0; j < j0 + columns_a_job(s); j++) {
        double *sum = steps && !s->on ? NULL : s->slot + (j * p->chunks + c) * p->T;
        if (s->done[j]) continue;
        of[k] = j;
        col[k++] = (rl_fetwo){s->now[j], s->v[j], s->x[j], s->mean[j], sum, s->alpha_u[j], 0, {0}};
    }
    (steps ? rl_fetwo_step : rl_fetwo_collect)(p, c, col, k);
    for (size_t i = 0; i < k; i++) s->top[of[i] * p->chunks + c] = col[i].found;
}

static void collect(size_t at, void *arg)
{
    sweep *s = arg;
    size_t j = at / s->p->chunks, c = at % s->p->chunks;
    if (s->p->run != NULL)
        pass(s, j, c, false);
    else
        rl_feplan_collect(s->p, c, s->now[j], NULL, s->mean[j], s->slot + at * s->p->T);
}

/* Rows of a column to where they will be swept. */
static void move(size_t at, void *arg)
{
    sweep *s = arg;
    size_t blocks = rl_blocks(s->p->n, RL_ROWS_PER_BLOCK), j = at / blocks, from = at % blocks * RL_ROWS_PER_BLOCK;
    size_t m = s->p->n - from < RL_ROWS_PER_BLOCK ? s->p->n - from : RL_ROWS_PER_BLOCK;
    if (s->v[j] != s->src[j]) memcpy(s->v[j] + from, s->src[j] + from, m * sizeof(double));
}

/* Add up the chunks of column j in their order. */
static void add_slots(const rl_feplan *p, const double *slot, double *sum)
{
    memcpy(sum, slot, p->T * sizeof *sum);
    for (size_t c = 1; c < p->chunks; c++) {
        for (size_t t = 0; t < p->T; t++) sum[t] += slot[c * p->T + t];
    }
}

static void solve_dense(size_t j, void *arg)
{
    sweep *s = arg;
    if (s->done[j]) return;
    add_slots(s->p, s->slot + j * s->p->chunks * s->p->T, s->x[j]);
    if (s->p->T > 0) rl_feplan_solve(s->p, s->x[j]);
}

/* v - a - x_1 - x_2 .., with one rounding. */
static inline double less(const rl_feplan *p, size_t i, double v, double a, const double *x)
{
    rl_dd s = rl_two_sum(v, -a);
    for (size_t q = 0; q < p->m; q++) {
        rl_dd z = rl_two_sum(s.hi, -x[p->t[q * p->n + i]]);
        s = (rl_dd){z.hi, s.lo + z.lo};
    }
    return s.hi + s.lo;
}

/* The effects found are taken off a chunk, and what the next round needs is collected. */
static double take_off(sweep *s, size_t j, size_t c)
{
    const rl_feplan *p = s->p;
    double *v = s->v[j], *x = s->x[j], top = 0.0;
    for (size_t g = p->from[c]; g < p->from[c + 1]; g++) {
        double z = 0.0, a;
        for (size_t i = p->start[g]; i < p->start[g + 1]; i++) {
            double xs = 0.0;
            for (size_t q = 0; q < p->m; q++) xs += x[p->t[q * p->n + i]];
            z += (p->w ? p->w[i] : 1.0) * xs;
        }
        a = s->mean[j][g] - z / p->du[g];
        for (size_t i = p->start[g]; i < p->start[g + 1]; i++) {
            double was = v[i];
            v[i] = less(p, i, was, a, x);
            if (!(fabs(was - v[i]) <= top)) top = fabs(was - v[i]);
        }
        if (s->alpha_u[j]) s->alpha_u[j][g] += a;
    }
    return top;
}

static void step(size_t at, void *arg)
{
    sweep *s = arg;
    const rl_feplan *p = s->p;
    size_t j = at / p->chunks, c = at % p->chunks;
    if (p->run != NULL) {
        pass(s, j, c, true);
    } else if (!s->done[j]) {
        s->top[at] = take_off(s, j, c);
        if (s->on) rl_feplan_collect(p, c, s->v[j], NULL, s->mean[j], s->slot + at * p->T);
    }
}

/* ---- conjugate gradients on S x = r ---- */

typedef struct apply_job {
    const rl_feplan *p;
    const double *x;
    double *slot;
} apply_job;

static void apply_chunk(size_t c, void *arg)
{
    apply_job *job = arg;
    rl_feplan_collect(job->p, c, NULL, job->x, NULL, job->slot + c * job->p->T);
}

static double dot(const double *a, const double *b, size_t n)
{
    double s = 0.0;
    for (size_t i = 0; i < n; i++) s += a[i] * b[i];
    return s;
}

/* The right side is a sum of rounded values, and what rounding puts outside
 * the range of S no iteration removes: below `soft` (its likely size) there is
 * nothing to gain, below `hard` (its largest) when progress has stopped. */
static void rounding(const sweep *s, size_t j, double *soft, double *hard)
{
    double sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < s->p->n; i++) {
        double wv = fabs(s->now[j][i]) * (s->p->w ? s->p->w[i] : 1.0);
        sum += wv;
        squares += wv * wv;
    }
    *soft = 4 * 0x1p-53 * sqrt(squares);
    *hard = 0x1p-53 * sum;
}

static rl_code not_finite(rl_ctx *cx)
{
    return rl_fail(cx, RL_ENUM, "a value to be swept is not finite, or its sums overflow");
}

static rl_code iterate(sweep *s, size_t j, int *iterations, rl_ctx *cx)
{
    enum { PATIENCE = 200 };
    const rl_feplan *p = s->p;
    size_t T = p->T;
    double *x = s->x[j], *r = RL_NEW(cx->tmp, double, 4 * T), *z = r + T, *d = z + T, *Sd = d + T, soft, hard;
    apply_job job = {p, d, s->slot + j * p->chunks * T};
    rounding(s, j, &soft, &hard);
    add_slots(p, job.slot, r);
    double norm = sqrt(dot(r, r, T)), enough = fmax(CG_TOL * norm, soft), best = norm, rz = 0.0;
    if (!isfinite(norm)) return not_finite(cx);
    memset(x, 0, T * sizeof *x);
    int it = 0, better = 0;
    for (; norm > enough && !(norm <= hard && it - better > PATIENCE) && it < MOST_ITERATIONS; it++) {
        for (size_t t = 0; t < T; t++) z[t] = p->jacobi[t] * r[t];
        double next = dot(r, z, T), beta = it > 0 ? next / rz : 0.0;
        rz = next;
        for (size_t t = 0; t < T; t++) d[t] = z[t] + beta * d[t];
        rl_par(p->chunks, apply_chunk, &job, cx);
        add_slots(p, job.slot, Sd);
        double step = rz / dot(d, Sd, T);
        for (size_t t = 0; t < T; t++) {
            x[t] += step * d[t];
            r[t] -= step * Sd[t];
        }
        norm = sqrt(dot(r, r, T));
        if (norm < 0.5 * best) {
            best = norm;
            better = it;
        }
    }
    rl_release(cx->tmp, r);
    if (it > *iterations) *iterations = it;
    if (norm <= fmax(enough, hard)) return RL_OK;
    rl_fail(cx, RL_ENUM, "sweeping out the fixed effects did not converge in %d iterations", it);
    return rl_hint(cx, "look for fixed effects that nearly determine each other, or drop one");
}

/* ---- a batch ---- */

/* One sweep over all columns; sets done where the next would change nothing. */
static rl_code sweep_once(sweep *s, int round, int *iterations, rl_ctx *cx)
{
    const rl_feplan *p = s->p;
    if (p->jacobi) {
        for (size_t j = 0; j < s->k; j++) {
            if (!s->done[j]) RL_TRY(iterate(s, j, iterations, cx));
        }
    } else {
        rl_par(s->k, solve_dense, s, cx);
    }
    for (size_t j = 0; j < s->k; j++) {
        for (size_t t = 0; t < p->T; t++)
            if (!isfinite(s->x[j][t])) return not_finite(cx);
    }
    s->on = round == 0; /* the second nearly always is the last */
    rl_par(jobs_of(s), step, s, cx);
    for (size_t j = 0; j < s->k; j++) s->now[j] = s->v[j];
    for (size_t j = 0; j < s->k; j++) {
        if (s->done[j]) continue;
        double top = 0.0;
        for (size_t c = 0; c < p->chunks; c++) {
            if (!(s->top[j * p->chunks + c] <= top)) top = s->top[j * p->chunks + c];
        }
        if (!isfinite(top)) return not_finite(cx);
        for (size_t t = 0; t < p->T && s->alpha_t[j]; t++) s->alpha_t[j][t] += s->x[j][t];
        if (round == 0)
            s->first[j] = top;
        else
            s->done[j] = top <= DONE * s->first[j];
    }
    return RL_OK;
}

static rl_code sweep_batch(sweep *s, int *iterations, rl_ctx *cx)
{
    bool direct = s->p->order == NULL && s->p->run != NULL;
    if (s->p->order)
        rl_par(s->k, gather, s, cx);
    else if (!direct)
        rl_par(s->k * rl_blocks(s->p->n, RL_ROWS_PER_BLOCK), move, s, cx);
    for (size_t j = 0; j < s->k; j++) s->now[j] = direct ? s->src[j] : s->v[j];
    memset(s->done, 0, sizeof s->done);
    rl_par(jobs_of(s), collect, s, cx);
    for (size_t j = 0; j < s->k && s->norm2 != NULL && s->p->run != NULL; j++) { /* collected along the way */
        s->norm2[j] = 0.0;
        for (size_t c = 0; c < s->p->chunks; c++) s->norm2[j] += s->top[j * s->p->chunks + c];
    }
    bool all = false;
    for (int round = 0; round < MOST_SWEEPS && !all; round++) {
        if (round > 1) rl_par(jobs_of(s), collect, s, cx);
        RL_TRY(sweep_once(s, round, iterations, cx));
        all = true;
        for (size_t j = 0; j < s->k; j++) all = all && s->done[j];
    }
    if (s->p->order) rl_par(s->k, scatter, s, cx);
    return RL_OK;
}

/* Move what is not identified into the first effect. */
static void normalise(const rl_feplan *p, double *const *alpha, rl_ctx *cx)
{
    const rl_fe *fe = p->fe;
    for (size_t f = 1; f < fe->n_fe; f++) {
        bool parts = fe->n_fe == 2;
        size_t moves = parts ? p->parts : 1;
        double *move = RL_NEW(cx->tmp, double, moves);
        bool *seen = RL_NEW(cx->tmp, bool, moves);
        for (size_t g = 0; g < fe->levels[f]; g++) {
            size_t c = parts ? (size_t)p->part_b[g] : 0;
            if (!seen[c]) move[c] = alpha[f][g];
            seen[c] = true;
            alpha[f][g] -= move[c];
        }
        for (size_t g = 0; g < fe->levels[0]; g++) alpha[0][g] += move[parts ? (size_t)p->part_a[g] : 0];
    }
}

static void keep_alpha(const sweep *s, size_t j0, rl_mat *alpha, rl_ctx *cx)
{
    const rl_feplan *p = s->p;
    double **col = RL_NEW(cx->tmp, double *, p->fe->n_fe);
    for (size_t j = 0; j < s->k; j++) {
        for (size_t f = 0; f < p->fe->n_fe; f++) {
            col[f] = rl_mat_col(&alpha[f], j0 + j);
            const double *from = f == p->big ? s->alpha_u[j] : s->alpha_t[j] + p->first[f];
            const int32_t *perm = f == p->big ? NULL : p->perm;
            for (size_t g = 0; g < p->fe->levels[f]; g++) col[f][g] = from[perm != NULL ? (size_t)perm[g] : g];
        }
        normalise(p, col, cx);
        memset(s->alpha_u[j], 0, p->U * sizeof(double));
        memset(s->alpha_t[j], 0, p->T * sizeof(double));
    }
}

static void make_room(sweep *s, size_t batch, bool alpha, rl_ctx *cx)
{
    const rl_feplan *p = s->p;
    s->slot = RL_NEW(cx->tmp, double, batch * p->chunks * p->T);
    s->top = RL_NEW(cx->tmp, double, batch * p->chunks);
    for (size_t j = 0; j < batch; j++) {
        s->mean[j] = RL_NEW(cx->tmp, double, p->U);
        s->x[j] = RL_NEW(cx->tmp, double, p->T);
        if (p->order) s->v[j] = RL_NEW(cx->tmp, double, p->n);
        if (alpha) s->alpha_u[j] = RL_NEW(cx->tmp, double, p->U);
        if (alpha) s->alpha_t[j] = RL_NEW(cx->tmp, double, p->T);
    }
}

/* Give the large pieces back: a bootstrap sweeps a thousand times. */
static void give_back(sweep *s, size_t batch, rl_ctx *cx)
{
    rl_release(cx->tmp, s->slot);
    rl_release(cx->tmp, s->top);
    for (size_t j = 0; j < batch; j++) {
        rl_release(cx->tmp, s->mean[j]);
        rl_release(cx->tmp, s->x[j]);
        if (s->p->order) rl_release(cx->tmp, s->v[j]);
        rl_release(cx->tmp, s->alpha_u[j]);
        rl_release(cx->tmp, s->alpha_t[j]);
    }
}

static rl_code sweep_all(sweep *s, const double *w, const double *const *from, double *const *v, size_t k,
                         rl_mat *alpha, double *norm2, int *iterations, rl_ctx *cx)
{
    for (size_t j0 = 0; j0 < k; j0 += BATCH) {
        s->k = k - j0 < BATCH ? k - j0 : BATCH;
        for (size_t j = 0; j < s->k; j++) {
            s->src[j] = from[j0 + j];
            s->out[j] = v[j0 + j];
            if (!s->p->order) s->v[j] = s->out[j];
            if (norm2 != NULL && s->p->run == NULL) norm2[j0 + j] = rl_dot(w, s->src[j], s->src[j], s->p->n, cx);
        }
        s->norm2 = norm2 != NULL ? norm2 + j0 : NULL;
        RL_TRY(sweep_batch(s, iterations, cx));
        if (alpha) keep_alpha(s, j0, alpha, cx);
    }
    return RL_OK;
}

rl_code rl_absorb_columns(const rl_fe *fe, const double *w, const double *const *from, double *const *v, size_t n,
                          size_t k, rl_mat *alpha, double *norm2, rl_absorbed *info, rl_ctx *cx)
{
    rl_feplan p;
    *info = (rl_absorbed){0};
    if (fe->n_fe == 0) return RL_OK;
    rl_feplan_make(&p, fe, n, w, cx);
    rl_feplan_factor(&p, cx);
    info->redundant = p.m == 0 ? 0 : p.redundant;

    size_t batch = k < BATCH ? k : BATCH;
    sweep s = {.p = &p};
    make_room(&s, batch, alpha != NULL, cx);
    rl_code code = sweep_all(&s, w, from, v, k, alpha, norm2, &info->iterations, cx);
    give_back(&s, batch, cx);
    rl_feplan_free(&p, cx);
    return code;
}

rl_code rl_absorb(const rl_fe *fe, const double *w, rl_mat *V, rl_mat *alpha, rl_absorbed *info, rl_ctx *cx)
{
    double **v = RL_NEW(cx->tmp, double *, V->k);
    for (size_t j = 0; j < V->k; j++) v[j] = rl_mat_col(V, j);
    return rl_absorb_columns(fe, w, (const double *const *)v, v, V->n, V->k, alpha, NULL, info, cx);
}

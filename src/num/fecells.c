#include "num/fecells.h"

#include <math.h>
#include <string.h>

#include "base/par.h"

enum { CHUNKS = 8, ROUNDS = 2 };
static const double LEAST = 1e-11; /* of a diagonal: rounding of sums leaves 1e-14 */

/* --- rows by unit --------------------------------------------------------------- */

/* Units in the order in which they appear: rows of a unit that are neighbours are then sorted. */
static void number_units(rl_fecells *f, rl_arena *in, rl_ctx *cx)
{
    int32_t *number = RL_NEW(cx->tmp, int32_t, f->r.U), *unit = RL_NEW(in, int32_t, f->r.n), seen = 0;
    for (size_t i = 0; i < f->r.n; i++) {
        int32_t *u = &number[f->r.unit[i]];
        if (*u == 0) *u = ++seen;
        unit[i] = *u - 1;
    }
    rl_release(cx->tmp, number);
    f->r.unit = unit;
}

static void order_rows(rl_fecells *f, rl_arena *in)
{
    const rl_cellrows *r = &f->r;
    bool sorted = true;
    f->start = RL_NEW(in, size_t, r->U + 1);
    f->W = RL_NEW(in, double, r->U);
    for (size_t i = 0; i < r->n; i++) {
        f->start[r->unit[i] + 1]++;
        f->W[r->unit[i]] += r->w != NULL ? r->w[i] : 1;
        sorted = sorted && (i == 0 || r->unit[i] >= r->unit[i - 1]);
    }
    for (size_t u = 0; u < r->U; u++) f->start[u + 1] += f->start[u];
    if (sorted) return;
    f->order = RL_NEW(in, uint32_t, r->n);
    size_t *next = RL_NEW(in, size_t, r->U);
    memcpy(next, f->start, r->U * sizeof *next);
    for (size_t i = 0; i < r->n; i++) f->order[next[r->unit[i]]++] = (uint32_t)i;
}

static inline size_t row_at(const rl_fecells *f, size_t place) { return f->order ? f->order[place] : place; }

static inline double weight(const rl_fecells *f, size_t i) { return f->r.w != NULL ? f->r.w[i] : 1; }

/* Units from .. to-1 of a chunk: as many rows in each, about. */
static void chunk_units(const rl_fecells *f, size_t chunk, size_t chunks, size_t *from, size_t *to)
{
    const size_t *s = f->start, n = f->r.n, U = f->r.U;
    size_t lo[2];
    for (size_t q = 0; q < 2; q++) {
        size_t want = n / chunks * (chunk + q), a = 0, b = U;
        while (a < b) {
            size_t mid = (a + b) / 2;
            if (s[mid] < want)
                a = mid + 1;
            else
                b = mid;
        }
        lo[q] = chunk + q == chunks ? U : a;
    }
    *from = lo[0];
    *to = lo[1];
}

/* --- the system of times and cells -------------------------------------------------- */

typedef struct sums {
    const rl_fecells *f;
    size_t chunks, K;
    double **S; /* chunks of K-by-K        */
    double **s; /* chunks of K             */
    double *e;  /* n                       */
    const double *step;
} sums;

static void add_unit(const rl_fecells *f, size_t u, double *S)
{
    const rl_cellrows *r = &f->r;
    size_t K = r->T + r->C;
    double by = 1 / f->W[u];
    for (size_t a = f->start[u]; a < f->start[u + 1]; a++) {
        size_t i = row_at(f, a), t = (size_t)r->time[i];
        size_t c = r->cell[i] >= 0 ? r->T + (size_t)r->cell[i] : K;
        double w = weight(f, i), *row = S + t * K, *cell = c < K ? S + c * K : NULL;
        row[t] += w;
        if (cell != NULL) {
            cell[t] += w;
            cell[c] += w;
        }
        for (size_t b = f->start[u]; b < f->start[u + 1]; b++) {
            size_t j = row_at(f, b), z = (size_t)r->time[j];
            double x = w * weight(f, j) * by;
            if (z <= t) row[z] -= x;
            if (cell == NULL) continue;
            cell[z] -= x;
            if (r->cell[j] >= 0 && r->cell[j] <= r->cell[i]) cell[r->T + (size_t)r->cell[j]] -= x;
        }
    }
}

static void add_chunk(size_t chunk, void *arg)
{
    sums *p = arg;
    size_t from, to;
    chunk_units(p->f, chunk, p->chunks, &from, &to);
    for (size_t u = from; u < to; u++) add_unit(p->f, u, p->S[chunk]);
}

static void add_up(rl_fecells *f, rl_arena *in, rl_ctx *cx)
{
    size_t K = f->r.T + f->r.C, chunks = K <= 1000 ? CHUNKS : 2;
    double *S[CHUNKS];
    sums p = {.f = f, .chunks = chunks, .K = K, .S = S};
    f->S = S[0] = RL_NEW(in, double, K *K);
    for (size_t c = 1; c < chunks; c++) S[c] = RL_NEW(cx->tmp, double, K *K);
    rl_par(chunks, add_chunk, &p, cx);
    for (size_t c = 1; c < chunks; c++)
        for (size_t i = 0; i < K * K; i++) S[0][i] += S[c][i];
    for (size_t c = chunks; c-- > 1;) rl_release(cx->tmp, S[c]);
}

/* S = L L', a row at a time; levels that depend on those before are passed over. */
static void factor(rl_fecells *f, const double *diagonal)
{
    size_t T = f->r.T, K = T + f->r.C;
    for (size_t i = 0; i < K; i++) {
        double *a = f->S + i * K;
        for (size_t j = 0; j <= i; j++) {
            const double *b = f->S + j * K;
            double s[4] = {0};
            size_t q = 0;
            for (; q + 4 <= j; q += 4)
                for (size_t k = 0; k < 4; k++) s[k] += a[q + k] * b[q + k];
            for (; q < j; q++) s[0] += a[q] * b[q];
            double left = a[j] - ((s[0] + s[1]) + (s[2] + s[3]));
            if (j < i) {
                a[j] = f->dropped[j] ? 0 : left / b[j];
                continue;
            }
            f->dropped[i] = left <= LEAST * diagonal[i];
            a[i] = f->dropped[i] ? 0 : sqrt(left);
        }
        if (!f->dropped[i]) continue;
        for (size_t j = 0; j < i; j++) a[j] = 0;
        if (i < T) f->redundant++;
        if (i >= T && i - T < f->first_dropped) f->first_dropped = i - T;
    }
}

/* x = S^-1 x of the first k levels. */
static void solve(const rl_fecells *f, double *x, size_t k)
{
    size_t K = f->r.T + f->r.C;
    for (size_t i = 0; i < k; i++) {
        const double *a = f->S + i * K;
        double s = x[i];
        for (size_t j = 0; j < i; j++) s -= a[j] * x[j];
        x[i] = f->dropped[i] ? 0 : s / a[i];
    }
    for (size_t i = k; i-- > 0;) {
        const double *a = f->S + i * K;
        x[i] = f->dropped[i] ? 0 : x[i] / a[i];
        for (size_t j = 0; j < i; j++) x[j] -= a[j] * x[i];
    }
}

/* --- the inverse and the views --------------------------------------------------------- */

typedef struct columns {
    rl_fecells *f;
    double *M;      /* C-by-C row-major: the inverse of the cells' part of the factor, by columns */
    double *lambda; /* T-by-C by column: coefficients of the times                              */
    double *alpha;  /* U-by-C by column: of the units                                           */
} columns;

/* Column c of the inverse of the lower triangle. */
static void invert(size_t c, void *arg)
{
    columns *p = arg;
    size_t T = p->f->r.T, C = p->f->r.C, K = T + C;
    double *m = p->M + c * C;
    m[c] = 1 / p->f->S[(T + c) * K + T + c];
    for (size_t i = c + 1; i < C; i++) {
        const double *a = p->f->S + (T + i) * K + T;
        double s = 0;
        for (size_t j = c; j < i; j++) s += a[j] * m[j];
        m[i] = -s / a[i];
    }
}

static void multiply(size_t c, void *arg)
{
    columns *p = arg;
    size_t C = p->f->r.C;
    for (size_t d = 0; d <= c; d++) {
        double s = 0;
        for (size_t i = c; i < C; i++) s += p->M[c * C + i] * p->M[d * C + i];
        *rl_mat_at(&p->f->A, c, d) = *rl_mat_at(&p->f->A, d, c) = s;
    }
}

/* What the times and units take of a cell's indicator. */
static void take(size_t c, void *arg)
{
    columns *p = arg;
    const rl_fecells *f = p->f;
    size_t T = f->r.T, K = T + f->r.C;
    double *l = p->lambda + c * T, *a = p->alpha + c * f->r.U;
    for (size_t t = 0; t < T; t++) l[t] = f->S[(T + c) * K + t];
    for (size_t i = T; i-- > 0;) {
        l[i] = f->dropped[i] ? 0 : l[i] / f->S[i * K + i];
        for (size_t j = 0; j < i; j++) l[j] -= f->S[i * K + j] * l[i];
    }
    for (size_t u = 0; u < f->r.U; u++) {
        double s = 0;
        for (size_t k = f->start[u]; k < f->start[u + 1]; k++) {
            size_t i = row_at(f, k);
            s += weight(f, i) * ((f->r.cell[i] == (int32_t)c) - l[f->r.time[i]]);
        }
        a[u] = s / f->W[u];
    }
}

/* Units whose rows follow each other in time. */
static int32_t *find_runs(const rl_fecells *f, rl_arena *in)
{
    if (f->order != NULL) return NULL;
    int32_t *run = RL_NEW(in, int32_t, f->r.U);
    for (size_t u = 0; u < f->r.U; u++) {
        const int32_t *t = f->r.time + f->start[u];
        run[u] = t[0];
        for (size_t k = 1; k < f->start[u + 1] - f->start[u]; k++)
            if (t[k] != t[0] + (int32_t)k) run[u] = -1;
    }
    return run;
}

static void make_views(rl_fecells *f, const columns *p, rl_arena *in)
{
    const rl_cellrows *r = &f->r;
    rl_taken *less = RL_NEW(in, rl_taken, 1);
    const int32_t **code = RL_NEW(in, const int32_t *, 2);
    double *one = RL_NEW(in, double, 2 * r->C + 1); /* one[C] = 1: from C - j on, the indicator of j */
    uint32_t *row = RL_NEW(in, uint32_t, r->n);
    code[0] = r->unit;
    code[1] = r->time;
    *less = (rl_taken){.n_fe = 2,
                       .code = code,
                       .first = RL_NEW(in, size_t, 2),
                       .start = f->start,
                       .run = find_runs(f, in),
                       .rounds = RL_NEW(in, size_t, r->C)};
    less->round = rl_alloc(in, r->C, sizeof *less->round);
    one[r->C] = 1;
    for (size_t i = 0; i < r->n; i++) row[i] = r->cell[i] >= 0 ? (uint32_t)r->cell[i] : (uint32_t)r->C;
    f->X = rl_cols_new(r->n, r->C, 0, in);
    for (size_t c = 0; c < r->C; c++) {
        less->rounds[c] = 1;
        less->round[c][0] = (rl_round){p->alpha + c * r->U, p->lambda + c * r->T};
        rl_cols_add_view(&f->X, c, (rl_shifted){.v = one + (r->C - c), .row = row, .less = less, .which = c});
    }
}

rl_code rl_fecells_make(const rl_cellrows *r, rl_fecells *f, rl_arena *in, rl_ctx *cx)
{
    size_t K = r->T + r->C;
    *f = (rl_fecells){.r = *r, .first_dropped = r->C, .dropped = RL_NEW(in, bool, K)};
    double *diagonal = RL_NEW(cx->tmp, double, K);
    number_units(f, in, cx);
    order_rows(f, in);
    for (size_t i = 0; i < r->n; i++) {
        diagonal[r->time[i]] += weight(f, i);
        if (r->cell[i] >= 0) diagonal[r->T + (size_t)r->cell[i]] += weight(f, i);
    }
    for (size_t k = 0; k < K; k++)
        if (!isfinite(diagonal[k])) return rl_fail(cx, RL_ENUM, "a sum of weights overflows");
    add_up(f, in, cx);
    factor(f, diagonal);
    rl_release(cx->tmp, diagonal);
    if (f->first_dropped < r->C) return RL_OK;
    columns p = {f, RL_NEW(cx->tmp, double, r->C * r->C), RL_NEW(in, double, r->T * r->C),
                 RL_NEW(in, double, r->U * r->C)};
    f->A = rl_mat_new(r->C, r->C, in);
    rl_par(r->C, invert, &p, cx);
    rl_par(r->C, multiply, &p, cx);
    rl_par(r->C, take, &p, cx);
    rl_release(cx->tmp, p.M);
    f->lambda = p.lambda;
    make_views(f, &p, in);
    return RL_OK;
}

void rl_fecells_times(const rl_fecells *f, const double *a, size_t m, double *z, double *room)
{
    const rl_cellrows *r = &f->r;
    double *mean = room, *tau = room + m;
    memset(tau, 0, r->T * m * sizeof *tau);
    for (size_t c = 0; c < r->C; c++)
        for (size_t t = 0; t < r->T; t++)
            for (size_t j = 0; j < m; j++) tau[t * m + j] += f->lambda[c * r->T + t] * a[c * m + j];
    for (size_t u = 0; u < r->U; u++) {
        memset(mean, 0, m * sizeof *mean);
        for (size_t k = f->start[u]; k < f->start[u + 1]; k++) {
            size_t i = row_at(f, k);
            const double *l = tau + (size_t)r->time[i] * m, *b = r->cell[i] >= 0 ? a + (size_t)r->cell[i] * m : NULL;
            double w = weight(f, i), *to = z + i * m;
            for (size_t j = 0; j < m; j++) to[j] = (b != NULL ? b[j] : 0) - l[j];
            for (size_t j = 0; j < m; j++) mean[j] += w * to[j];
        }
        for (size_t j = 0; j < m; j++) mean[j] /= f->W[u];
        for (size_t k = f->start[u]; k < f->start[u + 1]; k++) {
            double *to = z + row_at(f, k) * m;
            for (size_t j = 0; j < m; j++) to[j] -= mean[j];
        }
    }
}

/* --- least squares ------------------------------------------------------------------------ */

/* e less the last step, less the mean of each unit; its sums by time and cell. */
static void sweep_chunk(size_t chunk, void *arg)
{
    sums *p = arg;
    const rl_fecells *f = p->f;
    const rl_cellrows *r = &f->r;
    double *s = p->s[chunk];
    size_t from, to;
    chunk_units(f, chunk, p->chunks, &from, &to);
    memset(s, 0, p->K * sizeof *s);
    for (size_t u = from; u < to; u++) {
        double sum = 0;
        for (size_t k = f->start[u]; k < f->start[u + 1]; k++) {
            size_t i = row_at(f, k);
            p->e[i] -= p->step[r->time[i]] + (r->cell[i] >= 0 ? p->step[r->T + (size_t)r->cell[i]] : 0);
            sum += weight(f, i) * p->e[i];
        }
        double mean = sum / f->W[u];
        for (size_t k = f->start[u]; k < f->start[u + 1]; k++) {
            size_t i = row_at(f, k);
            p->e[i] -= mean;
            double x = weight(f, i) * p->e[i];
            s[r->time[i]] += x;
            if (r->cell[i] >= 0) s[r->T + (size_t)r->cell[i]] += x;
        }
    }
}

rl_code rl_fecells_solve(const rl_fecells *f, const double *v, double *b, double *e, double *within, rl_ctx *cx)
{
    const rl_cellrows *r = &f->r;
    size_t K = r->T + r->C;
    double *s[CHUNKS], *step = RL_NEW(cx->tmp, double, K), *tau = RL_NEW(cx->tmp, double, K);
    sums p = {.f = f, .chunks = CHUNKS, .K = K, .s = s, .e = e, .step = step};
    for (size_t c = 0; c < CHUNKS; c++) s[c] = RL_NEW(cx->tmp, double, K);
    memcpy(e, v, r->n * sizeof *e);
    memset(b, 0, r->C * sizeof *b);
    for (int round = 0; round <= ROUNDS; round++) {
        rl_par(CHUNKS, sweep_chunk, &p, cx);
        for (size_t c = 1; c < CHUNKS; c++)
            for (size_t k = 0; k < K; k++) s[0][k] += s[c][k];
        if (round == 0 && within != NULL) {
            long double left = 0;
            memcpy(tau, s[0], K * sizeof *tau);
            solve(f, tau, r->T);
            for (size_t i = 0; i < r->n; i++) left += (long double)weight(f, i) * e[i] * e[i];
            for (size_t t = 0; t < r->T; t++) left -= (long double)tau[t] * s[0][t];
            *within = (double)left;
        }
        if (round == ROUNDS) break;
        memcpy(step, s[0], K * sizeof *step);
        solve(f, step, K);
        for (size_t c = 0; c < r->C; c++) b[c] += step[r->T + c];
    }
    rl_release(cx->tmp, step);
    for (size_t c = 0; c < r->C; c++)
        if (!isfinite(b[c])) return rl_fail(cx, RL_ENUM, "a value is not finite");
    return RL_OK;
}

/* The Schur complement of the largest effect: built, factored, solved. */
#include <math.h>
#include <string.h>

#include "base/par.h"
#include "num/feplan.h"
#include "num/order.h"

/* A pivot below this share of what stood there before the elimination is
 * rounding error: the level depends on others. */
static const double DEPENDENT = 1e-9;

enum { STRIPES = 16, PANEL = 32, ROWS = 32 };

/* K: for every u the t it meets, ascending, with the summed weight.  Levels
 * next to each other that meet the same t with the same weights (a balanced
 * panel) are one line. */
typedef struct cells {
    size_t lines;
    size_t *start;      /* lines+1       */
    double *du, *times; /* lines         */
    int32_t *t;         /* start[lines]  */
    double *w;          /* start[lines]  */
} cells;

/* Sort the cells of one u by t (ties by place, so that sums have one order)
 * and merge equal ones. */
static size_t merge_cells(int32_t *t, double *w, size_t d, uint64_t *key, double *was)
{
    bool sorted = true;
    for (size_t a = 1; a < d; a++) sorted = sorted && t[a] > t[a - 1];
    if (sorted) return d;
    for (size_t a = 0; a < d; a++) {
        key[a] = (uint64_t)(uint32_t)t[a] << 32 | a;
        was[a] = w[a];
    }
    rl_order_key(key, d);
    size_t end = 0;
    for (size_t a = 0; a < d; a++) {
        int32_t level = (int32_t)(key[a] >> 32);
        double weight = was[key[a] & UINT32_MAX];
        if (end > 0 && t[end - 1] == level) {
            w[end - 1] += weight;
        } else {
            t[end] = level;
            w[end++] = weight;
        }
    }
    return end;
}

static size_t take_cells(const rl_feplan *p, size_t g, int32_t *t, double *w)
{
    size_t d = 0;
    for (size_t i = p->start[g]; i < p->start[g + 1]; i++) {
        for (size_t q = 0; q < p->m; q++) {
            t[d] = p->t[q * p->n + i];
            w[d++] = p->w ? p->w[i] : 1.0;
        }
    }
    return d;
}

static bool same_as_last(const cells *K, size_t end, size_t d, double du)
{
    if (K->lines == 0) return false;
    size_t last = K->start[K->lines - 1];
    return end - last == d && K->du[K->lines - 1] == du && !memcmp(K->t + last, K->t + end, d * sizeof *K->t) &&
           !memcmp(K->w + last, K->w + end, d * sizeof *K->w);
}

/* Levels that meet the same run of t are one line, wherever they stand: how often each run occurs, by first t
 * and length; NULL when there are no runs to speak of. */
static uint32_t *count_runs(const rl_feplan *p, size_t widest, rl_ctx *cx)
{
    enum { MOST = 1 << 22 };
    if (p->run == NULL || p->T * widest > MOST) return NULL;
    uint32_t *times = RL_NEW(cx->tmp, uint32_t, p->T * widest);
    for (size_t g = 0; g < p->U; g++)
        if (p->run[g] >= 0) times[(size_t)p->run[g] * widest + (p->start[g + 1] - p->start[g] - 1)]++;
    return times;
}

static void add_runs(const rl_feplan *p, const uint32_t *times, size_t widest, cells *K, size_t end)
{
    for (size_t at = 0; at < p->T * widest; at++) {
        size_t t = at / widest, d = at % widest + 1;
        if (times[at] == 0) continue;
        for (size_t a = 0; a < d; a++) {
            K->t[end + a] = (int32_t)(t + a);
            K->w[end + a] = 1.0;
        }
        K->du[K->lines] = (double)d;
        K->times[K->lines++] = times[at];
        K->start[K->lines] = end += d;
    }
}

static void make_cells(const rl_feplan *p, cells *K, rl_ctx *cx)
{
    size_t widest = 0, end = 0;
    for (size_t g = 0; g < p->U; g++) {
        if (p->start[g + 1] - p->start[g] > widest) widest = p->start[g + 1] - p->start[g];
    }
    uint32_t *times = count_runs(p, widest, cx);
    uint64_t *key = RL_NEW(cx->tmp, uint64_t, widest * p->m);
    double *was = RL_NEW(cx->tmp, double, widest * p->m);
    *K = (cells){0,
                 RL_NEW(cx->tmp, size_t, p->U + 1),
                 RL_NEW(cx->tmp, double, p->U),
                 RL_NEW(cx->tmp, double, p->U),
                 RL_NEW(cx->tmp, int32_t, p->n * p->m),
                 RL_NEW(cx->tmp, double, p->n * p->m)};
    for (size_t g = 0; g < p->U; g++) {
        if (times != NULL && p->run[g] >= 0) continue;
        size_t d = take_cells(p, g, K->t + end, K->w + end);
        d = merge_cells(K->t + end, K->w + end, d, key, was);
        if (same_as_last(K, end, d, p->du[g])) {
            K->times[K->lines - 1]++;
            continue;
        }
        K->du[K->lines] = p->du[g];
        K->times[K->lines++] = 1.0;
        K->start[K->lines] = end += d;
    }
    if (times != NULL) add_runs(p, times, widest, K, end);
    rl_release(cx->tmp, times);
    rl_release(cx->tmp, key);
    rl_release(cx->tmp, was);
}

/* Two effects: levels that a line joins are of one component. */
static void find_parts(rl_feplan *p, const cells *K, rl_ctx *cx)
{
    int32_t *up = RL_NEW(cx->tmp, int32_t, p->T), *part = RL_NEW(cx->tmp, int32_t, p->T);
    int32_t *of_t = p->big == 0 ? p->part_b : p->part_a, *of_u = p->big == 0 ? p->part_a : p->part_b;
    for (size_t t = 0; t < p->T; t++) {
        up[t] = (int32_t)t;
        part[t] = -1;
    }
    for (size_t l = 0; l < K->lines; l++)
        for (size_t a = K->start[l] + 1; a < K->start[l + 1]; a++) rl_join(up, K->t[a], K->t[K->start[l]]);
    p->parts = 0;
    for (size_t t = 0; t < p->T; t++) {
        int32_t *at = &part[rl_root(up, (int32_t)t)];
        if (*at < 0) *at = (int32_t)p->parts++;
        part[t] = *at;
    }
    for (size_t t = 0; t < p->T; t++) of_t[t] = part[p->perm != NULL ? (size_t)p->perm[t] : t];
    for (size_t g = 0; g < p->U; g++) of_u[g] = part[p->run != NULL && p->run[g] >= 0 ? p->run[g] : p->t[p->start[g]]];
    p->redundant = p->parts;
}

static void free_cells(cells *K, rl_ctx *cx)
{
    rl_release(cx->tmp, K->start);
    rl_release(cx->tmp, K->du);
    rl_release(cx->tmp, K->times);
    rl_release(cx->tmp, K->t);
    rl_release(cx->tmp, K->w);
}

typedef struct build_job {
    rl_feplan *p;
    const cells *K;
} build_job;

/* Rows t = low .. high-1 of -K' D_u^-1 K, up to the diagonal. */
static void build_stripe(size_t stripe, void *arg)
{
    build_job *job = arg;
    const cells *K = job->K;
    size_t T = job->p->T, low = stripe * T / STRIPES, high = (stripe + 1) * T / STRIPES;
    for (size_t l = 0; l < K->lines; l++) {
        const int32_t *t = K->t + K->start[l];
        const double *w = K->w + K->start[l];
        size_t d = K->start[l + 1] - K->start[l];
        if (d == 0 || (size_t)t[d - 1] < low || (size_t)t[0] >= high) continue;
        double f = K->times[l] / K->du[l];
        for (size_t a = 0; a < d && (size_t)t[a] < high; a++) {
            if ((size_t)t[a] < low) continue;
            double *S = job->p->S + (size_t)t[a] * T, fw = f * w[a];
            if (t[a] - t[0] == (int32_t)a) {
                S += t[0];
                for (size_t b = 0; b <= a; b++) S[b] -= fw * w[b];
            } else {
                for (size_t b = 0; b <= a; b++) S[t[b]] -= fw * w[b];
            }
        }
    }
}

/* Two effects: the rows of S sum to zero, so the diagonal is had without
 * cancellation; one level a component is grounded. */
static void ground(rl_feplan *p, rl_ctx *cx)
{
    size_t T = p->T;
    const int32_t *part = p->big == 0 ? p->part_b : p->part_a;
    bool *seen = RL_NEW(cx->tmp, bool, p->parts);
    int32_t *level = RL_NEW(cx->tmp, int32_t, T); /* of each t, as the data number it */
    for (size_t s = 0; s < T; s++) level[p->perm != NULL ? (size_t)p->perm[s] : s] = (int32_t)s;
    for (size_t t = 0; t < T; t++) p->S[t * T + t] = 0.0;
    for (size_t t = 0; t < T; t++) {
        for (size_t s = 0; s < t; s++) {
            p->S[t * T + t] -= p->S[t * T + s];
            p->S[s * T + s] -= p->S[t * T + s];
        }
        p->dropped[t] = !seen[part[level[t]]];
        seen[part[level[t]]] = true;
    }
}

/* More: what the levels of the other effects share directly. */
static void add_direct(rl_feplan *p)
{
    size_t T = p->T;
    for (size_t t = 0; t < T; t++) p->S[t * T + t] += p->dt[t];
    for (size_t i = 0; i < p->n; i++) {
        for (size_t q = 1; q < p->m; q++) {
            double *S = p->S + (size_t)p->t[q * p->n + i] * T;
            for (size_t r = 0; r < q; r++) S[p->t[r * p->n + i]] += p->w ? p->w[i] : 1.0;
        }
    }
}

typedef struct panel_job {
    rl_feplan *p;
    size_t from, to; /* columns of the panel     */
    size_t row;      /* first row of block 0     */
} panel_job;

/* sum_c x[c] y[c], c < n, in four lanes. */
static double dot4(const double *x, const double *y, size_t n)
{
    double s[4] = {0};
    size_t c = 0;
    for (; c + 4 <= n; c += 4) {
        for (size_t l = 0; l < 4; l++) s[l] += x[c + l] * y[c + l];
    }
    for (; c < n; c++) s[0] += x[c] * y[c];
    return (s[0] + s[1]) + (s[2] + s[3]);
}

/* Rows of a block: take off the columns before the panel. */
static void update_rows(size_t block, void *arg)
{
    panel_job *job = arg;
    size_t T = job->p->T, low = job->row + block * ROWS, high = low + ROWS < T ? low + ROWS : T;
    for (size_t i = low; i < high; i++) {
        double *S = job->p->S + i * T;
        for (size_t j = job->from; j < job->to && j <= i; j++) S[j] -= dot4(S, job->p->S + j * T, job->from);
    }
}

/* Rows below the panel: divide by its triangle. */
static void divide_rows(size_t block, void *arg)
{
    panel_job *job = arg;
    rl_feplan *p = job->p;
    size_t T = p->T, low = job->row + block * ROWS, high = low + ROWS < T ? low + ROWS : T, from = job->from;
    for (size_t i = low; i < high; i++) {
        double *S = p->S + i * T;
        for (size_t j = from; j < job->to; j++) {
            const double *L = p->S + j * T;
            S[j] = p->dropped[j] ? 0.0 : (S[j] - dot4(S + from, L + from, j - from)) / L[j];
        }
    }
}

/* Cholesky of the panel's own square. */
static void factor_square(rl_feplan *p, size_t from, size_t to, const double *whole)
{
    size_t T = p->T;
    for (size_t j = from; j < to; j++) {
        double *L = p->S + j * T;
        for (size_t c = from; c < j; c++) {
            const double *C = p->S + c * T;
            L[c] = p->dropped[c] ? 0.0 : (L[c] - dot4(L + from, C + from, c - from)) / C[c];
        }
        double left = L[j] - dot4(L + from, L + from, j - from);
        if (!p->dropped[j] && !(left > DEPENDENT * whole[j])) {
            p->dropped[j] = p->m > 1; /* two effects: grounded by component, every other pivot is true */
        }
        L[j] = p->dropped[j] || !(left > 0.0) ? 1.0 : sqrt(left);
    }
}

static void cholesky(rl_feplan *p, rl_ctx *cx)
{
    for (size_t from = 0; from < p->T; from += PANEL) {
        size_t to = from + PANEL < p->T ? from + PANEL : p->T;
        panel_job job = {p, from, to, from};
        rl_par(rl_blocks(p->T - from, ROWS), update_rows, &job, cx);
        factor_square(p, from, to, p->dt);
        job.row = to;
        rl_par(rl_blocks(p->T - to, ROWS), divide_rows, &job, cx);
    }
}

void rl_feplan_factor(rl_feplan *p, rl_ctx *cx)
{
    if (p->m == 0) return;
    if (p->T > RL_FE_DENSE) {
        p->jacobi = RL_NEW(cx->tmp, double, p->T);
        for (size_t t = 0; t < p->T; t++) p->jacobi[t] = p->dt[t];
        for (size_t g = 0; g < p->U; g++) {
            for (size_t i = p->start[g]; i < p->start[g + 1]; i++) {
                double w = p->w ? p->w[i] : 1.0;
                for (size_t q = 0; q < p->m; q++) p->jacobi[p->t[q * p->n + i]] -= w * w / p->du[g];
            }
        }
        for (size_t t = 0; t < p->T; t++) p->jacobi[t] = 1.0 / fmax(p->jacobi[t], 0.01 * p->dt[t]);
        return;
    }
    cells K;
    make_cells(p, &K, cx);
    p->S = RL_NEW(cx->tmp, double, p->T * p->T);
    build_job job = {p, &K};
    rl_par(STRIPES, build_stripe, &job, cx);
    if (p->m == 1) find_parts(p, &K, cx);
    free_cells(&K, cx);
    if (p->m == 1)
        ground(p, cx);
    else
        add_direct(p);
    cholesky(p, cx);
    if (p->m == 1) return;
    p->redundant = 0;
    for (size_t t = 0; t < p->T; t++) p->redundant += p->dropped[t];
}

void rl_feplan_solve(const rl_feplan *p, double *r)
{
    size_t T = p->T;
    for (size_t j = 0; j < T; j++) {
        const double *L = p->S + j * T;
        r[j] = p->dropped[j] ? 0.0 : (r[j] - dot4(L, r, j)) / L[j];
    }
    for (size_t j = T; j-- > 0;) {
        const double *L = p->S + j * T;
        if (p->dropped[j]) continue;
        r[j] /= L[j];
        for (size_t c = 0; c < j; c++) r[c] -= L[c] * r[j];
    }
    for (size_t j = 0; j < T; j++) {
        if (p->dropped[j]) r[j] = 0.0;
    }
}

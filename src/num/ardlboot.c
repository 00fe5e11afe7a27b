#include "num/ardlboot.h"

#include <math.h>
#include <string.h>

#include "base/par.h"
#include "base/rng.h"
#include "base/simd.h"
#include "num/lagsel.h"

enum { DRAWS = 16 }; /* a block */

typedef struct plan {
    const rl_ardl_series *s;
    const rl_mat *R;
    const double *r;
    const bool *student;
    size_t B;
    uint64_t seed;
    double *out;
    size_t a;           /* columns that no draw changes: z, x and its lags  */
    size_t c;           /* all of them: z, lags of y, x and its lags        */
    double **known;     /* P+1  a-by-a cross products of periods m .. M-1   */
    const double *mean; /* M  what z and x contribute                       */
    size_t first[RL_LAGSEL_BLOCKS + 1];
    size_t room_size;
    double *room; /* a block each */
} plan;

/* One draw's workspace. */
typedef struct work {
    const plan *p;
    double *y, *W, *G, *search, *b, *w;
    size_t *at; /* c  which columns are in      */
} work;

RL_CLONES static double dot(const double *u, const double *v, size_t n)
{
    rl_four s = {0}, t = {0};
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        s += RL_FOUR_OF(u + i) * RL_FOUR_OF(v + i);
        t += RL_FOUR_OF(u + i + 4) * RL_FOUR_OF(v + i + 4);
    }
    s += t;
    for (; i < n; i++) s[0] += u[i] * v[i];
    return rl_four_sum(&s);
}

static size_t all_columns(const rl_ardl_series *s) { return s->f + s->P + s->k * (s->P + 1); }

/* Column j of z, lags of y, x and its lags, at period m. */
static const double *column(const rl_ardl_series *s, const double *y, size_t j, size_t m)
{
    if (j < s->f) return s->z[j] + m;
    j -= s->f;
    if (j < s->P) return y + m - (j + 1);
    j -= s->P;
    return s->x[j / (s->P + 1)] + m - j % (s->P + 1);
}

static bool is_own(const rl_ardl_series *s, size_t j) { return j >= s->f && j < s->f + s->P; }
static size_t among_known(const rl_ardl_series *s, size_t j) { return j < s->f ? j : j - s->P; }

static double product(const plan *p, const double *y, size_t i, size_t j, size_t m)
{
    const rl_ardl_series *s = p->s;
    if (!is_own(s, i) && !is_own(s, j)) return p->known[m][among_known(s, i) * p->a + among_known(s, j)];
    return dot(column(s, y, i, m), column(s, y, j, m), s->M - m);
}

/* Upper triangle, row by row, of the cross products of columns at[0 .. c-1] and y, periods m on. */
static void cross_products(const plan *p, const double *y, const size_t *at, size_t c, size_t m, double *W)
{
    const rl_ardl_series *s = p->s;
    for (size_t i = 0; i < c; i++) {
        for (size_t j = i; j < c; j++) W[i * (c + 1) + j] = product(p, y, at[i], at[j], m);
        W[i * (c + 1) + c] = dot(column(s, y, at[i], m), y + m, s->M - m);
    }
    W[c * (c + 1) + c] = dot(y + m, y + m, s->M - m);
}

static bool sweep(double *W, size_t w, size_t j, double square)
{
    const double *row = W + j * w;
    if (!(row[j] > 1e-12 * square)) return false;
    double by = 1 / row[j];
    for (size_t i = j + 1; i < w; i++) {
        double f = row[i] * by, *to = W + i * w;
        for (size_t l = i; l < w; l++) to[l] -= f * row[l];
    }
    return true;
}

/* Columns of an order, its longest lag. */
static size_t columns_of(const rl_ardl_series *s, const size_t *order, size_t *at, size_t *longest)
{
    size_t c = 0;
    *longest = 0;
    for (size_t j = 0; j < s->f; j++) at[c++] = j;
    for (size_t i = 0; i < order[0]; i++) at[c++] = s->f + i;
    for (size_t j = 0; j < s->k; j++)
        for (size_t i = 0; i <= order[j + 1]; i++) at[c++] = s->f + s->P + j * (s->P + 1) + i;
    for (size_t j = 0; j <= s->k; j++)
        if (order[j] > *longest) *longest = order[j];
    return c;
}

/* Fit y on columns at[]: W is swept, b (all_columns) filled; the freedom left, 0 = no estimate. */
static size_t solve(const plan *p, const double *y, const size_t *at, size_t c, size_t m, double *W, double *square,
                    double *b)
{
    size_t n = p->s->M - m, w = c + 1;
    if (n <= c) return 0;
    cross_products(p, y, at, c, m, W);
    for (size_t j = 0; j < c; j++) square[j] = W[j * w + j];
    for (size_t j = 0; j < c; j++)
        if (!sweep(W, w, j, square[j])) return 0;
    memset(b, 0, p->c * sizeof *b);
    for (size_t j = c; j-- > 0;) {
        double v = W[j * w + c];
        for (size_t l = j + 1; l < c; l++) v -= W[j * w + l] * b[at[l]];
        b[at[j]] = v / W[j * w + j];
    }
    return n - c;
}

/* r'A r from the swept W: U'w = r, sum of w^2 / d. */
static double spread(const double *W, const size_t *at, size_t c, const rl_mat *R, size_t row, double *w)
{
    double sum = 0;
    for (size_t j = 0; j < c; j++) {
        double v = *rl_mat_at(R, row, at[j]);
        for (size_t i = 0; i < j; i++) v -= W[i * (c + 1) + j] / W[i * (c + 1) + i] * w[i];
        w[j] = v;
        sum += v * v / W[j * (c + 1) + j];
    }
    return sum;
}

static bool choose(work *v, size_t *order)
{
    const plan *p = v->p;
    const rl_ardl_series *s = p->s;
    size_t c = p->c, w = c + 1, f = s->f, left = w - f;
    for (size_t j = 0; j < c; j++) v->at[j] = j;
    cross_products(p, v->y, v->at, c, s->P, v->W);
    for (size_t j = 0; j < f; j++)
        if (!sweep(v->W, w, j, v->W[j * w + j])) return false;
    for (size_t i = 0; i < left; i++)
        memcpy(v->G + i * left + i, v->W + (f + i) * w + f + i, (left - i) * sizeof(double));
    rl_lagsel q = {.n = s->M - s->P, .k = s->k + 1, .first = p->first, .penalty = s->penalty, .most = s->most};
    rl_lagsel_best best;
    rl_lagsel_search(&q, v->G, v->search, &best);
    for (size_t j = 0; j <= s->k; j++) order[j] = best.width[j] - (j > 0);
    return isfinite(best.score);
}

static void make_outcome(work *v, size_t draw)
{
    const rl_ardl_series *s = v->p->s;
    const double *phi = s->coef + s->f;
    memcpy(v->y, s->y, s->start * sizeof *v->y);
    for (size_t t = s->start; t < s->M; t++) {
        double e = rl_draw(v->p->seed, s->key[t], draw) >> 63 ? s->e[t] : -s->e[t], y = v->p->mean[t] + e;
        for (size_t i = 0; i < s->P && i < t; i++) y += phi[i] * v->y[t - 1 - i];
        v->y[t] = y;
    }
}

static void one_draw(work *v, size_t draw)
{
    const plan *p = v->p;
    const rl_ardl_series *s = p->s;
    size_t order[RL_LAGSEL_BLOCKS], longest, m = p->R->n;
    make_outcome(v, draw);
    memcpy(order, s->order, (s->k + 1) * sizeof *order);
    for (size_t j = 0; j < m; j++) p->out[draw + j * p->B] = NAN;
    if (s->choose && !choose(v, order)) return;
    size_t c = columns_of(s, order, v->at, &longest), w = c + 1;
    size_t left = solve(p, v->y, v->at, c, longest, v->W, v->w, v->b);
    if (left == 0) return;
    double s2 = v->W[c * w + c] / (double)left;
    for (size_t j = 0; j < m; j++) {
        double value = -p->r[j];
        for (size_t i = 0; i < c; i++) value += *rl_mat_at(p->R, j, v->at[i]) * v->b[v->at[i]];
        if (p->student[j]) value /= sqrt(s2 * spread(v->W, v->at, c, p->R, j, v->w));
        p->out[draw + j * p->B] = value;
    }
}

static work room_of(const plan *p, double *room)
{
    size_t w = p->c + 1;
    work v = {.p = p, .y = room};
    v.W = v.y + p->s->M;
    v.G = v.W + w * w;
    v.b = v.G + w * w;
    v.w = v.b + w;
    v.search = v.w + w;
    v.at = (size_t *)(void *)(v.search + (p->room_size - (p->s->M + 2 * w * w + 3 * w)));
    return v;
}

static void draw_block(size_t block, void *arg)
{
    const plan *p = arg;
    work v = room_of(p, p->room + block * p->room_size);
    for (size_t draw = block * DRAWS; draw < (block + 1) * DRAWS && draw < p->B; draw++) one_draw(&v, draw);
}

static void prepare(plan *p, const rl_ardl_series *s, rl_ctx *cx)
{
    double *mean = RL_NEW(cx->tmp, double, s->M);
    p->s = s;
    p->c = all_columns(s);
    p->a = p->c - s->P;
    p->known = RL_NEW(cx->tmp, double *, s->P + 1);
    for (size_t m = 0; m <= s->P && m < s->M; m++) {
        p->known[m] = RL_NEW(cx->tmp, double, p->a * p->a);
        for (size_t i = 0; i < p->a; i++)
            for (size_t j = 0; j <= i; j++) {
                size_t u = i < s->f ? i : i + s->P, v = j < s->f ? j : j + s->P;
                size_t lag = u < s->f ? 0 : (u - s->f - s->P) % (s->P + 1),
                       own = v < s->f ? 0 : (v - s->f - s->P) % (s->P + 1);
                if (lag > m || own > m) continue; /* not in an order whose longest lag is m */
                p->known[m][i * p->a + j] = p->known[m][j * p->a + i] =
                    dot(column(s, s->y, u, m), column(s, s->y, v, m), s->M - m);
            }
    }
    for (size_t j = 0; j <= s->k; j++) p->first[j + 1] = p->first[j] + s->P + (j > 0);
    for (size_t t = s->start; t < s->M; t++)
        for (size_t j = 0; j < p->c; j++)
            if (!is_own(s, j) && s->coef[j] != 0) mean[t] += s->coef[j] * *column(s, s->y, j, t);
    p->mean = mean;
}

void rl_ardl_boot(const rl_ardl_series *s, const rl_mat *R, const double *r, const bool *student, size_t B,
                  uint64_t seed, double *out, rl_ctx *cx)
{
    plan p = {.R = R, .r = r, .student = student, .B = B, .seed = seed, .out = out};
    prepare(&p, s, cx);
    size_t w = p.c + 1, blocks = rl_blocks(B, DRAWS);
    rl_lagsel q = {.k = s->k + 1, .first = p.first};
    p.room_size = s->M + 2 * w * w + 3 * w + rl_lagsel_room(&q);
    p.room = RL_NEW(cx->tmp, double, blocks *p.room_size);
    rl_par(blocks, draw_block, &p, cx);
    rl_release(cx->tmp, p.room);
}

bool rl_ardl_once(const rl_ardl_series *s, double *b, double *V, double *e, rl_ctx *cx)
{
    plan p = {0};
    size_t longest, *at = RL_NEW(cx->tmp, size_t, all_columns(s));
    double *mean = RL_NEW(cx->tmp, double, all_columns(s));
    rl_ardl_series bare = *s;
    bare.coef = mean; /* zero: there is nothing to make anew */
    prepare(&p, &bare, cx);
    size_t c = columns_of(s, s->order, at, &longest), w = c + 1;
    double *W = RL_NEW(cx->tmp, double, w *w), *u = RL_NEW(cx->tmp, double, w), *v = RL_NEW(cx->tmp, double, w);
    size_t left = solve(&p, s->y, at, c, longest, W, u, b);
    if (left == 0) return false;
    double s2 = W[c * w + c] / (double)left;
    memset(V, 0, p.c * p.c * sizeof *V);
    for (size_t i = 0; i < c; i++) { /* column i of A: U'w = unit vector, U a = w / d */
        for (size_t j = 0; j < c; j++) {
            v[j] = i == j;
            for (size_t l = 0; l < j; l++) v[j] -= W[l * w + j] / W[l * w + l] * v[l];
        }
        for (size_t j = c; j-- > 0;) {
            double a = v[j] / W[j * w + j];
            for (size_t l = j + 1; l < c; l++) a -= W[j * w + l] / W[j * w + j] * V[at[l] + at[i] * p.c];
            V[at[j] + at[i] * p.c] = a;
        }
    }
    for (size_t i = 0; i < p.c * p.c; i++) V[i] *= s2;
    for (size_t t = longest; t < s->M; t++) {
        e[t] = s->y[t];
        for (size_t j = 0; j < c; j++) e[t] -= b[at[j]] * *column(s, s->y, at[j], t);
    }
    return true;
}

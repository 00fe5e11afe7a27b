#include "num/simplex.h"

#include <math.h>
#include <string.h>

#include "base/simd.h"

static size_t place(const rl_simplex *s, size_t i) { return s->at != NULL ? s->at[i] : i; }
static const double *column(const rl_simplex *s, size_t i) { return s->data + place(s, i) * s->stride; }

static size_t triangle(size_t q) { return q * (q + 1) / 2; }

size_t rl_simplex_room(size_t n, size_t rows)
{
    size_t q = n < rows ? n : rows, wide = sizeof(long double) / sizeof(double);
    size_t walk = 2 * n + rows, exact = (triangle(q) + n + 2 * rows + 1) * wide + n; /* n: numbers and two marks each */
    return walk > exact ? walk : exact;
}

/* --- Frank and Wolfe ---------------------------------------------------------------- */

/* a'c over n numbers, in lanes. */
RL_INLINE double dot(const double *a, const double *c, size_t n)
{
    rl_four s = {0}, t = {0};
    size_t r = 0;
    for (; r + 8 <= n; r += 8) {
        s += RL_FOUR_OF(a + r) * RL_FOUR_OF(c + r);
        t += RL_FOUR_OF(a + r + 4) * RL_FOUR_OF(c + r + 4);
    }
    s += t;
    double sum = rl_four_sum(&s);
    for (; r < n; r++) sum += a[r] * c[r];
    return sum;
}

RL_CLONES static void multiply(const rl_simplex *s, const double *a, double *out)
{
    for (size_t j = 0; j < s->n; j++) out[j] = dot(a, s->data + (s->at != NULL ? s->at[j] : j) * s->stride, s->rows);
}

/* Column i of A'A + ridge */
static void products(const rl_simplex *s, size_t i, double *out)
{
    if (s->gram == NULL)
        multiply(s, column(s, i), out);
    else {
        const double *g = s->gram + place(s, i) * s->ld;
        for (size_t j = 0; j < s->n; j++) out[j] = g[place(s, j)];
    }
    out[i] += s->ridge;
}

/* u = (A'A + ridge) x */
static void start(const rl_simplex *s, const double *x, double *u, double *row, double *v)
{
    memset(u, 0, s->n * sizeof *u);
    for (size_t i = 0; i < s->n && s->gram != NULL; i++) {
        if (x[i] == 0) continue;
        products(s, i, row);
        for (size_t j = 0; j < s->n; j++) u[j] += x[i] * row[j];
    }
    if (s->gram != NULL) return;
    memset(v, 0, s->rows * sizeof *v);
    for (size_t i = 0; i < s->n; i++) {
        const double *a = column(s, i);
        for (size_t r = 0; r < s->rows && x[i] != 0; r++) v[r] += x[i] * a[r];
    }
    multiply(s, v, u);
    for (size_t j = 0; j < s->n; j++) u[j] += s->ridge * x[j];
}

/* g += step (k - c - g); returns where it is least then, the first of several. */
RL_CLONES static size_t advance(double *g, const double *k, const double *c, double step, size_t n)
{
    rl_four least = {INFINITY, INFINITY, INFINITY, INFINITY};
    rl_four_bits where = {0}, at = {0, 1, 2, 3};
    size_t j = 0, first = 0;
    double value = INFINITY;
    for (; j + 4 <= n; j += 4, at += 4) {
        rl_four now = RL_FOUR(g + j);
        now += step * ((RL_FOUR_OF(k + j) - RL_FOUR_OF(c + j)) - now);
        RL_FOUR(g + j) = now;
        rl_four_bits less = now < least;
        rl_four_bits kept = (less & *(rl_four_bits *)&now) | (~less & *(rl_four_bits *)&least);
        least = *(rl_four *)&kept;
        where = (less & at) | (~less & where);
    }
    for (int lane = 0; lane < 4; lane++)
        if (least[lane] < value || (least[lane] == value && (size_t)where[lane] < first)) {
            value = least[lane];
            first = (size_t)where[lane];
        }
    for (; j < n; j++) {
        g[j] += step * ((k[j] - c[j]) - g[j]);
        if (g[j] < value) {
            value = g[j];
            first = j;
        }
    }
    return first;
}

/* g = H x - c is half the gradient, H = A'A + ridge.  A step goes from x to (1-s) x + s e_i: g moves by one column of
 * H, x'Hx and x'c without a pass, and x is `by` times what is held. */
size_t rl_simplex_walk(const rl_simplex *s, double *x, size_t most, double least, double *room)
{
    double *g = room, *k = g + s->n, xHx = 0, xc = 0, by = 1;
    size_t t = 0;
    start(s, x, g, k, k + s->n);
    for (size_t j = 0; j < s->n; j++) {
        xHx += g[j] * x[j];
        xc += s->c[j] * x[j];
        g[j] -= s->c[j];
    }
    size_t i = advance(g, g, g, 0, s->n);
    while (t < most) {
        products(s, i, k);
        double u = g[i] + s->c[i], down = (xHx - xc) - g[i], bend = k[i] - 2 * u + xHx;
        if (!(bend > 0) || !(down > 0)) break; /* at a corner, or nothing to gain */
        double step = down < bend ? down / bend : 1, stay = 1 - step;
        xHx = stay * stay * xHx + 2 * step * stay * u + step * step * k[i];
        xc = stay * xc + step * s->c[i];
        by *= stay;
        if (by < 1e-30) { /* almost all of it goes to one */
            for (size_t j = 0; j < s->n; j++) x[j] *= by;
            by = 1;
        }
        x[i] += step / by;
        i = advance(g, k, s->c, step, s->n);
        t++;
        if (t >= 2 && !(step * (2 * down - step * bend) > least * (double)s->rows)) break;
    }
    for (size_t j = 0; j < s->n; j++) x[j] *= by;
    return t;
}

/* --- the minimum ----------------------------------------------------------------------
 *
 * As sum x = 1, |A x - b|^2 = |B x|^2 with B = A - b 1'.  x = z / sum z, where z >= 0, B'B z + ridge z >= 1, one of the
 * two an equation for each weight.  P: the weights that are above 0. */

typedef struct exact {
    const rl_simplex *s;
    long double ridge, top; /* top: the largest |B_i|^2          */
    long double *L;         /* triangle, rows one after the other */
    long double *z, *v;     /* n of p; rows  v = B z              */
    long double *rhs;       /* rows  a column of B                */
    uint32_t *in;           /* p                                  */
    size_t p;
} exact;

static long double part(const exact *e, size_t i, size_t r) { return (long double)column(e->s, i)[r] - e->s->b[r]; }

static long double product(const exact *e, size_t i, size_t j)
{
    const double *a = column(e->s, i), *c = column(e->s, j), *b = e->s->b;
    long double sum = 0;
    for (size_t r = 0; r < e->s->rows; r++) sum += ((long double)a[r] - b[r]) * ((long double)c[r] - b[r]);
    return sum;
}

/* L L' = the triangle given; then L L' y = y. */
static void factor(long double *L, size_t q)
{
    for (size_t i = 0; i < q; i++) {
        long double *li = L + triangle(i);
        for (size_t j = 0; j <= i; j++) {
            const long double *lj = L + triangle(j);
            long double sum = li[j];
            for (size_t k = 0; k < j; k++) sum -= li[k] * lj[k];
            li[j] = j < i ? sum / lj[j] : sqrtl(sum);
        }
    }
}

static void solve(const long double *L, size_t q, long double *y)
{
    for (size_t i = 0; i < q; i++) {
        const long double *li = L + triangle(i);
        for (size_t k = 0; k < i; k++) y[i] -= li[k] * y[k];
        y[i] /= li[i];
    }
    for (size_t i = q; i-- > 0;) {
        const long double *li = L + triangle(i);
        y[i] /= li[i];
        for (size_t k = 0; k < i; k++) y[k] -= li[k] * y[i];
    }
}

/* (B_P'B_P + ridge) z = 1 */
static void by_weights(exact *e)
{
    for (size_t i = 0; i < e->p; i++) {
        for (size_t j = 0; j <= i; j++)
            e->L[triangle(i) + j] = product(e, e->in[i], e->in[j]) + (i == j ? e->ridge : 0);
        e->z[i] = 1;
    }
    factor(e->L, e->p);
    solve(e->L, e->p, e->z);
    memset(e->v, 0, e->s->rows * sizeof *e->v);
    for (size_t i = 0; i < e->p; i++)
        for (size_t r = 0; r < e->s->rows; r++) e->v[r] += e->z[i] * part(e, e->in[i], r);
}

/* The same with more weights than rows: (B_P B_P' + ridge) v = B_P 1, ridge z = 1 - B_P'v. */
static void by_rows(exact *e)
{
    size_t q = e->s->rows;
    memset(e->L, 0, triangle(q) * sizeof *e->L);
    memset(e->v, 0, q * sizeof *e->v);
    for (size_t i = 0; i < e->p; i++) {
        long double *d = e->rhs;
        for (size_t r = 0; r < q; r++) {
            d[r] = part(e, e->in[i], r);
            e->v[r] += d[r];
            for (size_t k = 0; k <= r; k++) e->L[triangle(r) + k] += d[r] * d[k];
        }
    }
    for (size_t r = 0; r < q; r++) e->L[triangle(r) + r] += e->ridge;
    factor(e->L, q);
    solve(e->L, q, e->v);
    for (size_t i = 0; i < e->p; i++) {
        long double sum = 1;
        for (size_t r = 0; r < q; r++) sum -= part(e, e->in[i], r) * e->v[r];
        e->z[i] = sum / e->ridge;
    }
}

/* Marks the weights on the wrong side: below 0, or left out though they would gain.  Returns how many. */
static size_t wrong(const exact *e, const unsigned char *is_in, unsigned char *bad, size_t *last)
{
    long double most = 0, sum = 0;
    size_t n = 0, at = 0;
    for (size_t i = 0; i < e->p; i++) {
        long double size = fabsl(e->z[i]);
        most = size > most ? size : most;
        sum += size;
    }
    long double least = -1e-14L * most, gain = -1e-12L - 1e-18L * e->top * sum;
    for (size_t j = 0; j < e->s->n; j++) {
        bad[j] = false;
        if (is_in[j])
            bad[j] = e->z[at++] < least;
        else {
            long double left = -1;
            for (size_t r = 0; r < e->s->rows; r++) left += part(e, j, r) * e->v[r];
            bad[j] = left < gain;
        }
        if (!bad[j]) continue;
        n++;
        *last = j;
    }
    return n;
}

enum { PATIENCE = 10 };

bool rl_simplex_exact(const rl_simplex *s, double *x, double *room)
{
    size_t q = s->n < s->rows ? s->n : s->rows, best = s->n + 1, patience = PATIENCE, last = 0, n = s->n;
    exact e = {.s = s};
    room += (uintptr_t)room % sizeof(long double) / sizeof(double);
    e.L = (long double *)(void *)room;
    e.z = e.L + triangle(q);
    e.rhs = e.z + n;
    e.v = e.rhs + s->rows;
    e.in = (uint32_t *)(e.v + s->rows);
    unsigned char *is_in = (unsigned char *)(e.in + n), *bad = is_in + n;
    for (size_t i = 0; i < n; i++) {
        long double size = product(&e, i, i);
        e.top = size > e.top ? size : e.top;
        is_in[i] = x[i] > 0;
    }
    e.ridge = s->ridge > 1e-17L * e.top ? (long double)s->ridge : e.top > 0 ? 1e-17L * e.top : 1;
    for (size_t turn = 0; turn < 200 + 20 * n; turn++) {
        e.p = 0;
        for (size_t i = 0; i < n; i++)
            if (is_in[i]) e.in[e.p++] = (uint32_t)i;
        if (e.p <= s->rows)
            by_weights(&e);
        else
            by_rows(&e);
        size_t now = wrong(&e, is_in, bad, &last);
        if (now == 0) {
            long double sum = 0;
            memset(x, 0, n * sizeof *x);
            for (size_t i = 0; i < e.p; i++) sum += e.z[i] > 0 ? e.z[i] : 0;
            if (!(sum > 0)) return false;
            for (size_t i = 0; i < e.p; i++) x[e.in[i]] = e.z[i] > 0 ? (double)(e.z[i] / sum) : 0;
            return true;
        }
        if (now < best) {
            best = now;
            patience = PATIENCE;
        } else if (patience > 0)
            patience--;
        else { /* one at a time comes to an end */
            is_in[last] = !is_in[last];
            continue;
        }
        for (size_t i = 0; i < n; i++) is_in[i] ^= bad[i];
    }
    return false;
}

/* The wide way of num/chol.h. */
#include <math.h>
#include <string.h>

#include "base/par.h"
#include "num/blas.h"
#include "num/chol.h"
#include "num/gram.h"
#include "num/slices.h"

enum { PANEL = RL_SLICE_INNER, TILE = 64, STRIP = 64, SHORT = 3, ROWS = 8, PAIRS = ROWS / 2 };

/* E holds two matrices: below its diagonal what is left of G, then L, with
 * X'y as its last row; on and above it R = L^-T, whose column j begins as
 * that of the identity matrix when j's panel has its turn.  To a panel its
 * columns are k+1 rows: those of R down to the panel's end, and those of L below.
 *
 *   row < to:  R        row >= to:  L, z          of the panel from .. to-1
 */
typedef struct wide {
    const rl_system *p;
    rl_ols_fit *f;
    size_t k, rows, from, to;    /* rows = k+1                                       */
    size_t ld;                   /* the next multiple of ROWS                        */
    double *hi, *lo;             /* rows-by-k  E                                     */
    double *a_lo;                /* k-by-k     with f->A: R R' of the panels so far  */
    rl_dd *diag;                 /* k          L_jj                                  */
    rl_dd L[PANEL * PANEL];      /* the panel's triangle, row by row                 */
    double upper[PANEL * PANEL]; /* and the upper halves of its numbers           */
    rl_slices s;
    struct tile {
        size_t a, m, b, n;
        bool inverse;
    } * tile;
} wide;

static double *hi_at(const wide *s, size_t i, size_t j) { return s->hi + i + j * s->ld; }
static double *lo_at(const wide *s, size_t i, size_t j) { return s->lo + i + j * s->ld; }

/* --- the panel's own triangle ------------------------------------------------------- */

static void triangle(wide *s)
{
    size_t nb = s->to - s->from;
    const bool *dropped = s->f->dropped + s->from;
    rl_wide M[PANEL][PANEL];
    for (size_t j = 0; j < nb; j++)
        for (size_t i = j; i < nb; i++)
            M[i][j] = rl_wide_of((rl_dd){*hi_at(s, s->from + i, s->from + j), *lo_at(s, s->from + i, s->from + j)});
    for (size_t j = 0; j < nb; j++) {
        for (size_t p = 0; p < j; p++)
            if (!dropped[p]) M[j][j] -= M[j][p] * M[j][p];
        bool out = rl_chol_judge(s->p, s->from + j, M[j][j], s->f);
        M[j][j] = out ? 1 : rl_wide_sqrt(M[j][j]);
        for (size_t i = j + 1; i < nb; i++) {
            for (size_t p = 0; p < j && !out; p++) M[i][j] -= M[i][p] * M[j][p];
            M[i][j] = out ? 0 : M[i][j] / M[j][j];
        }
    }
    for (size_t i = 0; i < nb; i++)
        for (size_t j = 0; j < nb; j++) {
            rl_dd x = j <= i ? rl_wide_dd(M[i][j]) : (rl_dd){0, 0};
            double c = 0x8000001p0 * x.hi;
            s->L[i * PANEL + j] = x;
            s->upper[i * PANEL + j] = c - (c - x.hi);
            *hi_at(s, s->from + i, s->from + j) = i == j; /* the identity's turn */
            *lo_at(s, s->from + i, s->from + j) = 0;
            if (i == j) s->diag[s->from + j] = x;
        }
}

/* --- the rows beside it ------------------------------------------------------------------ */

typedef double pair __attribute__((vector_size(16), may_alias, aligned(8)));

/* y -= sum_p L_jp x_p for eight rows of columns p < j. */
static void subtract(const wide *s, size_t row, size_t j)
{
    double *yh = hi_at(s, row, s->from + j), *yl = lo_at(s, row, s->from + j);
    pair h[PAIRS], l[PAIRS];
    for (int q = 0; q < PAIRS; q++) h[q] = *(pair *)(yh + 2 * q), l[q] = *(pair *)(yl + 2 * q);
    for (size_t p = 0; p < j; p++) {
        rl_dd c = s->L[j * PANEL + p];
        double ch = s->upper[j * PANEL + p], cl = c.hi - ch;
        const double *xh = hi_at(s, row, s->from + p), *xl = lo_at(s, row, s->from + p);
        if (c.hi == 0) continue;
        for (int q = 0; q < PAIRS; q++) {
            pair x = *(const pair *)(xh + 2 * q), t = 0x8000001p0 * x, a = t - (t - x), b = x - a, v = x * c.hi;
            pair d = ((a * ch - v) + a * cl + b * ch) + b * cl;
            d += x * c.lo + *(const pair *)(xl + 2 * q) * c.hi;
            pair sum = h[q] - v, z = sum - h[q], e = (h[q] - (sum - z)) - (v + z);
            h[q] = sum;
            l[q] += e - d;
        }
    }
    for (int q = 0; q < PAIRS; q++) {
        pair sum = h[q] + l[q], z = sum - h[q];
        *(pair *)(yh + 2 * q) = sum;
        *(pair *)(yl + 2 * q) = (h[q] - (sum - z)) + (l[q] - z);
    }
}

static rl_dd quotient(rl_dd x, rl_dd d)
{
    double q1 = x.hi / d.hi;
    rl_dd r = rl_dd_mul_d(d, -q1);
    x = rl_dd_add(x, r);
    double q2 = x.hi / d.hi;
    x = rl_dd_add(x, rl_dd_mul_d(d, -q2));
    rl_dd q = rl_quick_sum(q1, q2);
    return rl_dd_add_d(q, x.hi / d.hi);
}

/* x_j = (y_j - sum_p L_jp x_p) / L_jj for the panel's columns in a strip of rows, then cut into slices. */
static void strip(size_t block, void *arg)
{
    wide *s = arg;
    size_t row = block * STRIP, end = row + STRIP < s->rows ? row + STRIP : s->rows;
    for (size_t j = 0; j < s->to - s->from; j++) {
        double *h = hi_at(s, 0, s->from + j), *l = lo_at(s, 0, s->from + j);
        rl_dd own = s->L[j * PANEL + j];
        if (s->f->dropped[s->from + j]) {
            memset(h + row, 0, (end - row) * sizeof *h);
            memset(l + row, 0, (end - row) * sizeof *l);
            continue;
        }
        for (size_t i = row; i < end; i += ROWS) subtract(s, i, j); /* behind the last row is room */
        for (size_t i = row; i < end; i++) {
            rl_dd x = {h[i], l[i]};
            if (x.hi == 0) continue;
            x = quotient(x, own);
            h[i] = x.hi;
            l[i] = x.lo;
        }
    }
    rl_slice_rows(&s->s, hi_at(s, 0, s->from), lo_at(s, 0, s->from), s->ld, row, end);
}

/* --- the rest of the matrix ----------------------------------------------------------------- */

static void tile(size_t at, void *arg)
{
    const wide *s = arg;
    const struct tile *t = &s->tile[at];
    double room[RL_SLICES * TILE * TILE];
    if (t->inverse) { /* to double: three orders are 69 bits */
        double *h = rl_mat_at(&s->f->A, t->a, t->b), *l = s->a_lo + t->a + t->b * s->k;
        rl_slice_product(&s->s, t->a, t->m, t->b, t->n, SHORT, 1, h, l, s->k, room);
        return;
    }
    rl_slice_product(&s->s, t->a, t->m, t->b, t->n, RL_SLICES, -1, hi_at(s, t->a, t->b), lo_at(s, t->a, t->b), s->ld,
                     room);
    for (size_t j = 1; j < t->n && t->a == t->b; j++) { /* above the diagonal nothing has begun */
        memset(hi_at(s, t->a, t->b + j), 0, (j < t->m ? j : t->m) * sizeof(double));
        memset(lo_at(s, t->a, t->b + j), 0, (j < t->m ? j : t->m) * sizeof(double));
    }
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Tiles of columns behind the panel (rows of R, and of L from the diagonal on), and of the inverse. */
static size_t list_tiles(wide *s)
{
    size_t n = 0;
    for (size_t b = s->to; b < s->k; b += TILE) {
        size_t width = least(TILE, s->k - b);
        for (size_t a = 0; a < s->to; a += TILE)
            s->tile[n++] = (struct tile){a, least(TILE, s->to - a), b, width, false};
        for (size_t a = b; a < s->rows; a += TILE)
            s->tile[n++] = (struct tile){a, least(TILE, s->rows - a), b, width, false};
    }
    for (size_t b = 0; b < s->to; b += TILE)
        for (size_t a = b; a < s->to; a += TILE)
            s->tile[n++] = (struct tile){a, least(TILE, s->to - a), b, least(TILE, s->to - b), true};
    return n;
}

static void eliminate(wide *s, rl_ctx *cx)
{
    for (s->from = 0; s->from < s->k; s->from = s->to) {
        s->to = least(s->from + PANEL, s->k);
        s->s.inner = s->to - s->from;
        triangle(s);
        rl_par(rl_blocks(s->rows, STRIP), strip, s, cx);
        rl_par(list_tiles(s), tile, s, cx);
        for (size_t i = s->from; i < s->to; i++)
            for (size_t j = s->from; j < i; j++) {
                *hi_at(s, i, j) = s->L[(i - s->from) * PANEL + (j - s->from)].hi;
                *lo_at(s, i, j) = s->L[(i - s->from) * PANEL + (j - s->from)].lo;
            }
    }
}

/* --- what comes of it --------------------------------------------------------------------------- */

/* L'b = z from the last column on. */
static void back(const wide *s, rl_dd *b, rl_ctx *cx)
{
    rl_wide *x = RL_NEW(cx->tmp, rl_wide, s->k);
    for (size_t j = s->k; j-- > 0;) {
        int up = s->p->exp[s->k] - s->p->exp[j];
        b[j] = (rl_dd){0, 0};
        if (s->f->dropped[j]) continue;
        x[j] = rl_wide_of((rl_dd){*hi_at(s, s->k, j), *lo_at(s, s->k, j)});
        for (size_t i = j + 1; i < s->k; i++)
            if (*hi_at(s, i, j) != 0) x[j] -= rl_wide_of((rl_dd){*hi_at(s, i, j), *lo_at(s, i, j)}) * x[i];
        x[j] /= rl_wide_of(s->diag[j]);
        rl_dd t = rl_wide_dd(x[j]);
        b[j] = (rl_dd){ldexp(t.hi, up), ldexp(t.lo, up)};
    }
}

static void take_inverse(const wide *s)
{
    const int *exp = s->p->exp;
    int ew = exp[s->k + 1];
    for (size_t j = 0; j < s->k; j++) {
        for (size_t i = 0; i <= j && !s->f->dropped[j]; i++)
            *rl_mat_at(&s->f->R, i, j) = ldexp(*hi_at(s, i, j), -(exp[i] + ew / 2)); /* ew is even */
        for (size_t i = j; i < s->k; i++) {
            double a = *rl_mat_at(&s->f->A, i, j) + s->a_lo[i + j * s->k];
            *rl_mat_at(&s->f->A, i, j) = *rl_mat_at(&s->f->A, j, i) = ldexp(a, -(exp[i] + exp[j] + ew));
        }
    }
}

void rl_chol_wide(const rl_system *p, rl_ols_fit *f, rl_dd *b, rl_ctx *cx)
{
    size_t k = p->k, rows = k + 1, tiles = rl_blocks(rows, TILE) + 1;
    wide *s = RL_NEW(cx->tmp, wide, 1);
    s->p = p, s->f = f, s->k = k, s->rows = rows, s->ld = (rows + ROWS - 1) / ROWS * ROWS;
    s->hi = RL_NEW(cx->tmp, double, s->ld *k);
    s->lo = RL_NEW(cx->tmp, double, s->ld *k);
    s->a_lo = RL_NEW(cx->tmp, double, k *k);
    s->diag = RL_NEW(cx->tmp, rl_dd, k);
    s->s = (rl_slices){rows, PANEL, RL_NEW(cx->tmp, double, rows *PANEL *RL_SLICES),
                       RL_NEW(cx->tmp, double, rows *PANEL *RL_SLICES), RL_NEW(cx->tmp, double, rows)};
    s->tile = RL_NEW(cx->tmp, struct tile, tiles * (tiles + 2));
    rl_blas_open();
    for (size_t j = 0; j < k; j++)
        for (size_t i = j; i < rows; i++) {
            rl_dd g = p->G[rl_gram_pair(rows, j, i)];
            *hi_at(s, i, j) = g.hi;
            *lo_at(s, i, j) = g.lo;
        }
    eliminate(s, cx);
    back(s, b, cx);
    take_inverse(s);
    rl_release(cx->tmp, s->hi);
    rl_release(cx->tmp, s->lo);
    rl_release(cx->tmp, s->a_lo);
    rl_release(cx->tmp, s->s.s);
    rl_release(cx->tmp, s->s.r);
}

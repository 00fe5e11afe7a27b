/* num/gram_kernel.h -- the kernel of num/gram.h, written once.
 *
 * Included by gram_base.c, gram_avx2.c and gram_avx512.c, which define
 *
 *   vec         a vector of WIDTH doubles (2, 4 or 8)
 *   TARGET      function attribute for the instruction set, or empty
 *   FMSUB       fused a * b - c, or not defined: then Dekker's halves are used
 *   KERNEL      name of the function
 *
 * The eight lanes take 8 / WIDTH passes over the tile.
 */

#ifndef SUBTRACT
#define SUBTRACT(a, b) ((a) - (b))
#define PREPARE
#endif

/* What the columns i and j contribute to lane l .. l+WIDTH-1 in row r. */
#define LOAD(p) (*(const vec *)(p))
#ifdef FMSUB
#define PRODUCT(x, xh, y, yh, p, d) \
    p = (x) * (y);                  \
    d = FMSUB((x), (y), p);
#else
#define PRODUCT(x, xh, y, yh, p, d)                          \
    vec xl_ = (x) - (xh), yl_ = (y) - (yh);                  \
    p = (x) * (y);                                           \
    d = (((xh) * (yh) - p) + (xh) * yl_ + xl_ * (yh)) + xl_ * yl_;
#endif

/* Column a of the left against `width` columns of the right, one pass. */
TARGET static inline __attribute__((always_inline)) void strip(const rl_gram_tile *t, size_t i, size_t j,
                                                               const int width, const int weighted, size_t lane,
                                                               double *acc)
{
    const double *x = (weighted ? t->wx : t->x) + i * GRAM_TILE + lane;
    const double *xl = weighted ? t->wxl + i * GRAM_TILE + lane : x;
    const double *y = t->x + j * GRAM_TILE + lane;
#ifndef FMSUB
    const double *xh = (weighted ? t->wxh : t->xh) + i * GRAM_TILE + lane, *yh = t->xh + j * GRAM_TILE + lane;
#endif
    vec s[4], c[4];
    PREPARE
    for (int b = 0; b < width; b++) {
        s[b] = LOAD(acc + 16 * b + lane);
        c[b] = LOAD(acc + 16 * b + 8 + lane);
    }
    for (size_t r = 0; r < GRAM_TILE; r += GRAM_LANES) {
        vec xv = LOAD(x + r);
#pragma GCC unroll 4
        for (int b = 0; b < width; b++) {
            vec yv = LOAD(y + (size_t)b * GRAM_TILE + r), p, d;
            PRODUCT(xv, LOAD(xh + r), yv, LOAD(yh + (size_t)b * GRAM_TILE + r), p, d)
            if (weighted) d += LOAD(xl + r) * yv;
            vec sum = s[b] + p, z = SUBTRACT(sum, s[b]);
            vec e = SUBTRACT(s[b], SUBTRACT(sum, z)) + (p - z);
            s[b] = sum;
            c[b] += e + d;
        }
    }
    for (int b = 0; b < width; b++) {
        *(vec *)(acc + 16 * b + lane) = s[b];
        *(vec *)(acc + 16 * b + 8 + lane) = c[b];
    }
}

#define STRIPS(weighted)                                                     \
    switch (left) {                                                          \
    case 1: strip(t, i, j, 1, weighted, lane, acc); break;                   \
    case 2: strip(t, i, j, 2, weighted, lane, acc); break;                   \
    case 3: strip(t, i, j, 3, weighted, lane, acc); break;                   \
    default: strip(t, i, j, 4, weighted, lane, acc); break;                  \
    }

TARGET void KERNEL(const rl_gram_tile *t, size_t k, double *acc)
{
    for (size_t i = 0; i < k; i++) {
        for (size_t j = i; j < k; j += 4) {
            size_t left = k - j < 4 ? k - j : 4;
            for (size_t lane = 0; lane < GRAM_LANES; lane += WIDTH) {
                if (t->wx) {
                    STRIPS(1)
                } else {
                    STRIPS(0)
                }
            }
            acc += 16 * left;
        }
    }
}

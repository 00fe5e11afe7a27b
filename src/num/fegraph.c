/* Who shares rows with whom: components, singletons, nesting. */
#include "num/feplan.h"

int32_t rl_root(int32_t *up, int32_t i)
{
    while (up[i] != i) i = up[i] = up[up[i]];
    return i;
}

void rl_join(int32_t *up, int32_t a, int32_t b)
{
    int32_t x = rl_root(up, a), y = rl_root(up, b);
    if (x < y) up[y] = x;
    if (y < x) up[x] = y;
}

size_t rl_components(const int32_t *a, size_t levels_a, const int32_t *b, size_t levels_b, size_t n, int32_t *part_a,
                     int32_t *part_b, rl_ctx *cx)
{
    size_t all = levels_a + levels_b, parts = 0;
    int32_t *up = RL_NEW(cx->tmp, int32_t, all), *part = RL_NEW(cx->tmp, int32_t, all);
    for (size_t i = 0; i < all; i++) {
        up[i] = (int32_t)i;
        part[i] = -1;
    }
    for (size_t i = 0; i < n; i++) rl_join(up, a[i], (int32_t)levels_a + b[i]);
    for (size_t i = 0; i < all; i++) {
        int32_t r = rl_root(up, (int32_t)i);
        if (part[r] < 0) part[r] = (int32_t)parts++;
        *(i < levels_a ? &part_a[i] : &part_b[i - levels_a]) = part[r];
    }
    rl_release(cx->tmp, up);
    rl_release(cx->tmp, part);
    return parts;
}

/* A level knows how many rows it has and the exclusive-or of their numbers:
 * when one is left, that is its number. */
typedef struct level {
    size_t rows, mix;
} level;

size_t rl_singletons(const rl_fe *fe, size_t n, unsigned char *keep, rl_ctx *cx)
{
    size_t found = 0, waiting = 0;
    level **of = RL_NEW(cx->tmp, level *, fe->n_fe);
    size_t *queue = RL_NEW(cx->tmp, size_t, n);
    for (size_t i = 0; i < n; i++) keep[i] = 1;
    for (size_t q = 0; q < fe->n_fe; q++) {
        of[q] = RL_NEW(cx->tmp, level, fe->levels[q]);
        for (size_t i = 0; i < n; i++) {
            level *at = &of[q][fe->code[q][i]];
            at->rows++;
            at->mix ^= i;
        }
    }
    for (size_t q = 0; q < fe->n_fe; q++) {
        for (size_t g = 0; g < fe->levels[q]; g++) {
            size_t i = of[q][g].mix;
            if (of[q][g].rows != 1 || !keep[i]) continue;
            keep[i] = 0;
            queue[waiting++] = i;
        }
    }
    while (found < waiting) {
        size_t i = queue[found++];
        for (size_t q = 0; q < fe->n_fe; q++) {
            level *at = &of[q][fe->code[q][i]];
            at->mix ^= i;
            if (--at->rows != 1 || !keep[at->mix]) continue;
            keep[at->mix] = 0;
            queue[waiting++] = at->mix;
        }
    }
    for (size_t q = 0; q < fe->n_fe; q++) rl_release(cx->tmp, of[q]);
    rl_release(cx->tmp, queue);
    return found;
}

bool rl_nested(const int32_t *inner, size_t inner_levels, const int32_t *outer, size_t n, rl_ctx *cx)
{
    int32_t *seen = RL_NEW(cx->tmp, int32_t, inner_levels); /* outer level + 1, 0 = none yet */
    bool nested = true;
    for (size_t i = 0; i < n && nested; i++) {
        int32_t *at = &seen[inner[i]];
        if (*at == 0) *at = outer[i] + 1;
        nested = *at == outer[i] + 1;
    }
    rl_release(cx->tmp, seen);
    return nested;
}

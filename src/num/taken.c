#include "num/taken.h"

#include "base/dd.h"
#include "base/simd.h"

/* Rows whose levels of the second effect follow each other. */
RL_INLINE void along(double *v, const double *x, double a, size_t n)
{
    enum { LANES = 4 };
    size_t i = 0;
    const rl_four b = {-a, -a, -a, -a};
    for (; i + LANES <= n; i += LANES) {
        rl_four was = RL_FOUR_OF(v + i), y = -RL_FOUR_OF(x + i);
        rl_four d = was + b, t = d - was, lo = (was - (d - t)) + (b - t); /* two sums, exactly */
        rl_four e = d + y, u = e - d, lo2 = (d - (e - u)) + (y - u);
        RL_FOUR(v + i) = e + (lo + lo2);
    }
    for (; i < n; i++) {
        rl_dd d = rl_two_sum(v[i], -a), e = rl_two_sum(d.hi, -x[i]);
        v[i] = e.hi + (d.lo + e.lo);
    }
}

static double less(const rl_taken *t, const rl_round *r, size_t i, double v)
{
    rl_dd s = rl_two_sum(v, -r->a[t->code[t->big][i]]);
    for (size_t f = 0; f < t->n_fe; f++) {
        if (f == t->big) continue;
        size_t level = (size_t)t->code[f][i];
        rl_dd z = rl_two_sum(s.hi, -r->x[t->perm != NULL ? (size_t)t->perm[level] : t->first[f] + level]);
        s = (rl_dd){z.hi, s.lo + z.lo};
    }
    return s.hi + s.lo;
}

RL_CLONES void rl_taken_off(const rl_taken *t, size_t which, size_t from, size_t m, double *v)
{
    const int32_t *u = t->code[t->big];
    for (size_t q = 0; q < t->rounds[which]; q++) {
        const rl_round *r = &t->round[which][q];
        for (size_t i = from, to; i < from + m; i = to) {
            size_t g = (size_t)u[i];
            to = i + 1;
            if (t->run == NULL || t->run[g] < 0) {
                v[i - from] = less(t, r, i, v[i - from]);
                continue;
            }
            to = t->start[g + 1] < from + m ? t->start[g + 1] : from + m;
            along(v + (i - from), r->x + t->run[g] + (i - t->start[g]), r->a[g], to - i);
        }
    }
}

#include "num/fetwo.h"

#include <math.h>
#include <string.h>

#include "base/dd.h"
#include "base/simd.h"

enum { LANES = 4, STRIPE = 256 };

/* s += v, by lanes; what does not fill them goes to the first. */
RL_INLINE void add(rl_four *s, const double *v, size_t n)
{
    size_t i = 0;
    rl_four sum = *s;
    for (; i + LANES <= n; i += LANES) sum += RL_FOUR_OF(v + i);
    for (; i < n; i++) sum[0] += v[i];
    *s = sum;
}

/* v := from - a - x with one rounding; s += v; top = the largest change, both by lanes. */
RL_INLINE void take(double *v, const double *from, const double *x, double a, rl_four *s, rl_four *top, size_t n)
{
    size_t i = 0;
    rl_four sum = *s, most = *top;
    const rl_four b = {-a, -a, -a, -a};
    for (; i + LANES <= n; i += LANES) {
        rl_four was = RL_FOUR_OF(from + i), y = -RL_FOUR_OF(x + i);
        rl_four d = was + b, t = d - was, lo = (was - (d - t)) + (b - t); /* two sums, exactly */
        rl_four e = d + y, u = e - d, lo2 = (d - (e - u)) + (y - u);
        rl_four now = e + (lo + lo2);
        RL_FOUR(v + i) = now;
        sum += now;
        was -= now;
        rl_four_raise(&most, &was);
    }
    for (; i < n; i++) {
        rl_dd d = rl_two_sum(from[i], -a), e = rl_two_sum(d.hi, -x[i]);
        double now = e.hi + (d.lo + e.lo), change = fabs(from[i] - now);
        v[i] = now;
        sum[0] += now;
        most[0] = change > most[0] ? change : most[0];
    }
    *s = sum;
    *top = most;
}

/* sum of x over the levels t (n of them, a multiple of LANES but for the last stripe). */
RL_INLINE void gather(double *room, const double *x, const int32_t *t, size_t n)
{
    for (size_t i = 0; i < n; i++) room[i] = x[t[i]];
}

/* What is left of v after its mean m, by level of the other effect. */
RL_INLINE void spread(const rl_feplan *p, size_t g, const double *v, double m, double *sum)
{
    size_t n = p->start[g + 1] - p->start[g];
    if (p->run[g] >= 0) {
        double *to = sum + p->run[g];
        const rl_four b = {m, m, m, m};
        size_t i = 0;
        for (; i + LANES <= n; i += LANES) RL_FOUR(to + i) += RL_FOUR_OF(v + i) - b;
        for (; i < n; i++) to[i] += v[i] - m;
    } else {
        const int32_t *t = p->t + p->start[g];
        for (size_t i = 0; i < n; i++) sum[t[i]] += v[i] - m;
    }
}

/* One level of one column. */
RL_INLINE void collect(const rl_feplan *p, size_t g, rl_fetwo *c)
{
    rl_four s = {0}, squares = c->lane;
    const double *from = c->from + p->start[g];
    size_t n = p->start[g + 1] - p->start[g], i = 0;
    for (; i + LANES <= n; i += LANES) {
        rl_four x = RL_FOUR_OF(from + i);
        s += x;
        squares += x * x;
    }
    for (; i < n; i++) {
        s[0] += from[i];
        squares[0] += from[i] * from[i];
    }
    c->lane = squares;
    c->mean[g] = rl_four_sum(&s) / p->du[g];
    spread(p, g, from, c->mean[g], c->sum);
}

RL_CLONES void rl_fetwo_collect(const rl_feplan *p, size_t chunk, rl_fetwo *c, size_t k)
{
    for (size_t j = 0; j < k; j++) {
        c[j].lane = (rl_four){0};
        memset(c[j].sum, 0, p->T * sizeof(double));
    }
    for (size_t g = p->from[chunk]; g < p->from[chunk + 1]; g++)
        for (size_t j = 0; j < k; j++) collect(p, g, &c[j]);
    for (size_t j = 0; j < k; j++) c[j].found = rl_four_sum(&c[j].lane);
}

/* The sum of x over a level's rows, by lanes. */
RL_INLINE double met(const rl_feplan *p, size_t g, const double *x)
{
    size_t n = p->start[g + 1] - p->start[g];
    rl_four z = {0};
    double room[STRIPE];
    if (p->run[g] >= 0) {
        add(&z, x + p->run[g], n);
        return rl_four_sum(&z);
    }
    const int32_t *t = p->t + p->start[g];
    for (size_t i = 0; i < n; i += STRIPE) {
        size_t m = n - i < STRIPE ? n - i : STRIPE;
        gather(room, x, t + i, m);
        add(&z, room, m);
    }
    return rl_four_sum(&z);
}

/* One level of one column. */
RL_INLINE void step(const rl_feplan *p, size_t g, rl_fetwo *c)
{
    size_t n = p->start[g + 1] - p->start[g];
    const double *from = c->from + p->start[g];
    double *v = c->v + p->start[g], a = c->mean[g] - met(p, g, c->x) / p->du[g], room[STRIPE];
    rl_four s = {0}, top = c->lane;
    if (p->run[g] >= 0) {
        take(v, from, c->x + p->run[g], a, &s, &top, n);
    } else {
        const int32_t *t = p->t + p->start[g];
        for (size_t i = 0; i < n; i += STRIPE) {
            size_t m = n - i < STRIPE ? n - i : STRIPE;
            gather(room, c->x, t + i, m);
            take(v + i, from + i, room, a, &s, &top, m);
        }
    }
    c->lane = top;
    if (c->alpha != NULL) c->alpha[g] += a;
    if (c->sum == NULL) return;
    c->mean[g] = rl_four_sum(&s) / p->du[g];
    spread(p, g, v, c->mean[g], c->sum);
}

RL_CLONES void rl_fetwo_step(const rl_feplan *p, size_t chunk, rl_fetwo *c, size_t k)
{
    for (size_t j = 0; j < k; j++) {
        c[j].lane = (rl_four){0};
        if (c[j].sum != NULL) memset(c[j].sum, 0, p->T * sizeof(double));
    }
    for (size_t g = p->from[chunk]; g < p->from[chunk + 1]; g++)
        for (size_t j = 0; j < k; j++) step(p, g, &c[j]);
    for (size_t j = 0; j < k; j++)
        c[j].found = fmax(fmax(c[j].lane[0], c[j].lane[1]), fmax(c[j].lane[2], c[j].lane[3]));
}

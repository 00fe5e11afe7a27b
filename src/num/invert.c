/* p and the interval of num/boot.h, from the five numbers of each draw. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/par.h"
#include "num/boot.h"

/* A draw in units of the standard error, x = rho / se:
 * |t*| >= |t|  <=>  (n0 + n1 x)^2 >= (1 - TIE) x^2 (a + 2 b x + c x^2) */
#define TIE 2e-12

typedef struct quartic {
    double n0, n1, a, b, c;
    bool tie;
} quartic;

static quartic quartic_of(const rl_boot_draws *d, size_t i)
{
    const double *v = d->v + 5 * i, se = sqrt(d->se2);
    quartic q = {v[0] / se, v[1], v[2] / d->se2, v[3] / se, v[4], v[2] < 0};
    if (q.c < 1e-24) q.b = q.c = 0; /* scores that do not move with the value under test, but for rounding */
    return q;
}

static bool as_large(const quartic *q, double x)
{
    double n = q->n0 + q->n1 * x;
    return q->tie || n * n >= (1 - TIE) * (x * x * (q->a + x * (2 * q->b + x * q->c)));
}

static size_t free_count(const rl_boot_draws *d, double t2)
{
    size_t n = 0;
    for (size_t i = 0; i < d->N; i++) {
        const double *v = d->v + 5 * i;
        n += v[2] >= 0 && v[0] * v[0] >= (1 - TIE) * t2 * v[2];
    }
    return n;
}

size_t rl_boot_count(const rl_boot_draws *d, double rho)
{
    size_t n = 0;
    if (!d->imposed) return free_count(d, rho * rho / d->se2);
    double x = rho / sqrt(d->se2);
    for (size_t i = 0; i < d->N; i++) {
        quartic q = quartic_of(d, i);
        n += as_large(&q, x);
    }
    return n;
}

/* --- roots ---------------------------------------------------------------------------- */

/* f[0] + f[1] x + .. + f[k] x^k */
static double at(const double *f, int k, double x)
{
    double s = f[k];
    for (int i = k; i-- > 0;) s = s * x + f[i];
    return s;
}

/* The root in [lo, hi], where f changes sign: Newton's steps, halved where they leave the bracket. */
static double root_between(const double *f, int k, double lo, double hi)
{
    double slope[4], flo = at(f, k, lo), x = 0.5 * (lo + hi);
    for (int i = 0; i < k; i++) slope[i] = (i + 1) * f[i + 1];
    for (int round = 0; round < 200; round++) {
        double fx = at(f, k, x), next;
        if (fx == 0) return x;
        if ((fx < 0) == (flo < 0))
            lo = x;
        else
            hi = x;
        if (hi - lo <= 2 * DBL_EPSILON * fabs(x)) return x;
        next = x - fx / at(slope, k - 1, x);
        if (!(next > lo && next < hi)) next = 0.5 * (lo + hi);
        if (fabs(next - x) <= DBL_EPSILON * fabs(x)) return next;
        x = next;
    }
    return x;
}

/* Positive roots of odd multiplicity below `most`, ascending, of a polynomial of degree k; returns how many. */
static int roots(const double *f, int k, double most, double *x)
{
    double slope[4], turn[4], lo = 0;
    int n = 0, turns = 0;
    while (k > 0 && f[k] == 0) k--;
    if (k == 0) return 0;
    if (k > 1) {
        for (int i = 0; i < k; i++) slope[i] = (i + 1) * f[i + 1];
        turns = roots(slope, k - 1, most, turn);
    }
    for (int i = 0; i <= turns; i++) {
        double hi = i < turns ? turn[i] : most, a = at(f, k, lo), b = at(f, k, hi);
        if ((a < 0) != (b < 0)) x[n++] = root_between(f, k, lo, hi);
        lo = hi;
    }
    return n;
}

/* All positive roots lie below this (Cauchy). */
static double beyond(const double *f, int k)
{
    double most = 0;
    while (k > 0 && f[k] == 0) k--;
    for (int i = 0; i < k; i++) most = fmax(most, fabs(f[i] / f[k]));
    return 1 + most;
}

/* --- the ends of the interval ------------------------------------------------------------ */

typedef struct event {
    double x;
    int change; /* of the count, going inwards */
} event;

typedef struct side {
    const rl_boot_draws *d;
    double sign;
    event *e;           /* 4 N   4 places a draw, unused ones at x = -1 */
    unsigned char *far; /* N     as large beyond all roots           */
} side;

enum { DRAWS = 512 };

static void turns_of(size_t block, void *arg)
{
    side *s = arg;
    for (size_t i = block * DRAWS; i < s->d->N && i < (block + 1) * DRAWS; i++) {
        quartic q = quartic_of(s->d, i);
        event *e = s->e + 4 * i;
        for (int r = 0; r < 4; r++) e[r].x = -1;
        s->far[i] = q.tie;
        if (q.tie) continue;
        double n1 = s->sign * q.n1, b = s->sign * q.b, k = 1 - TIE, x[4];
        double f[5] = {q.n0 * q.n0, 2 * q.n0 * n1, n1 * n1 - k * q.a, -2 * k * b, -k * q.c};
        int n = roots(f, 4, beyond(f, 4), x), top = 4;
        while (top > 0 && f[top] == 0) top--;
        bool inside = f[top] >= 0;
        s->far[i] = inside;
        for (int r = n; r-- > 0; inside = !inside) e[r] = (event){x[r], inside ? -1 : 1};
    }
}

static int outermost(const void *a, const void *b)
{
    const event *x = a, *y = b;
    if (x->x != y->x) return x->x > y->x ? -1 : 1;
    return y->change - x->change; /* the ends belong to the set */
}

/* The largest x > 0 in direction `sign` with `need` draws or more. */
static double end_of(const rl_boot_draws *d, double sign, size_t need, rl_ctx *cx)
{
    side s = {d, sign, RL_NEW(cx->tmp, event, 4 * d->N), RL_NEW(cx->tmp, unsigned char, d->N)};
    rl_par(rl_blocks(d->N, DRAWS), turns_of, &s, cx);
    size_t n = 0, count = 0;
    for (size_t i = 0; i < d->N; i++) count += s.far[i];
    for (size_t i = 0; i < 4 * d->N; i++)
        if (s.e[i].x > 0) s.e[n++] = s.e[i];
    if (count >= need) return HUGE_VAL;
    qsort(s.e, n, sizeof *s.e, outermost);
    double x = 0; /* at 0 every draw counts: t = 0 there */
    for (size_t i = 0; i < n; i++) {
        count = s.e[i].change > 0 ? count + 1 : count - 1;
        if (count < need) continue;
        x = s.e[i].x;
        break;
    }
    rl_release(cx->tmp, s.e);
    return x;
}

static int descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* How many of N draws are more than alpha N. */
static size_t needed(double alpha, size_t N) { return (size_t)floor(alpha * (double)N * (1 + 1e-12) + 1e-9) + 1; }

void rl_boot_bounds(const rl_boot_draws *d, double alpha, double *low, double *high, rl_ctx *cx)
{
    double se = sqrt(d->se2);
    size_t need = needed(alpha, d->N);
    *low = *high = NAN;
    if (need > d->N) return;
    if (!d->imposed) { /* t* is what it is: the need-th largest */
        double *t = RL_NEW(cx->tmp, double, d->N);
        for (size_t i = 0; i < d->N; i++) {
            const double *v = d->v + 5 * i;
            t[i] = v[2] > 0 ? v[0] * v[0] / v[2] : v[2] == 0 && v[0] != 0 ? HUGE_VAL : 0;
        }
        qsort(t, d->N, sizeof *t, descending);
        *high = se * sqrt(t[need - 1]);
        *low = -*high;
        return;
    }
    *high = se * end_of(d, 1, need, cx);
    *low = -se * end_of(d, -1, need, cx);
}

/* --- tests that are done anew ------------------------------------------------------------- */

size_t rl_boot_above(const double *draw, size_t N, double t2)
{
    size_t n = 0;
    for (size_t i = 0; i < N; i++) n += draw[i] >= (1 - TIE) * t2;
    return n;
}

typedef struct search {
    const rl_boot_test *t;
    size_t need;
    double *draw; /* N */
} search;

/* Below 0 where the value is not rejected: |t| over the need-th largest |t*|, less 1.  Draws that give t
 * itself, whatever the value, count and are left aside, so that this is continuous. */
static rl_code margin(const search *s, double rho, double *f, rl_ctx *cx)
{
    double t2;
    size_t n = 0, ties = 0;
    RL_TRY(s->t->at(s->t->self, rho, &t2, s->draw, cx));
    *f = 1;
    if (!(t2 < HUGE_VAL)) return RL_OK;
    for (size_t i = 0; i < s->t->N; i++) {
        bool tie = s->draw[i] == t2;
        ties += tie;
        if (!tie) s->draw[n++] = s->draw[i];
    }
    qsort(s->draw, n, sizeof *s->draw, descending);
    double q = s->need <= ties ? HUGE_VAL : s->need - ties > n ? 0 : s->draw[s->need - ties - 1];
    *f = q > 0 ? fmin(sqrt(t2 / q) - 1, 1) : t2 > 0 ? 1 : -1;
    return RL_OK;
}

/* Regula falsi as the Illinois rule has it; every fourth step halves the bracket. */
static rl_code between(const search *s, double in, double f_in, double out, double f_out, double *end, rl_ctx *cx)
{
    double tiny = (s->t->cheap ? 1e-9 : 1e-8) * s->t->se;
    int held = 0;
    for (int round = 0; round < 80 && fabs(out - in) > tiny; round++) {
        double x = in - f_in * (out - in) / (f_out - f_in), f;
        if (round % 4 == 3 || !(fabs(x - in) < fabs(out - in))) x = 0.5 * (in + out);
        if (fabs(x - in) < 0.4 * tiny) x = in + copysign(0.4 * tiny, out - in);
        if (fabs(x - out) < 0.4 * tiny) x = out - copysign(0.4 * tiny, out - in);
        RL_TRY(margin(s, x, &f, cx));
        if (f < 0) {
            in = x;
            f_in = f;
            if (held < 0) f_out *= 0.5;
            held = -1;
        } else {
            out = x;
            f_out = f;
            if (held > 0) f_in *= 0.5;
            held = 1;
        }
    }
    *end = in;
    return RL_OK;
}

static rl_code one_end(const search *s, double sign, double *end, rl_ctx *cx)
{
    const rl_boot_test *t = s->t;
    double most = t->cheap ? 64 : 16;
    bool few = t->cheap && t->N < 4096; /* then p(r) wavers */
    double step = sign * t->se * (few ? 0.5 : 1), in = 0, f_in = -1, out = step, f_out = 1, x, f;
    double enough = few ? 4 : 2;
    bool open = true;
    *end = sign * HUGE_VAL;
    if (t->cheap) {
        RL_TRY(margin(s, 1e6 * sign * t->se, &f, cx));
        if (f < 0) return RL_OK;
    }
    for (x = step; fabs(x) <= most * t->se; x += step) {
        RL_TRY(margin(s, x, &f, cx));
        if (f < 0) {
            in = x;
            f_in = f;
        } else if (open) {
            out = x;
            f_out = f;
        } else if (fabs(x - in) >= enough * t->se * (1 - 1e-9))
            break;
        open = f < 0;
    }
    if (open) return RL_OK;
    return between(s, in, f_in, out, f_out, end, cx);
}

rl_code rl_boot_search(const rl_boot_test *t, double alpha, double *low, double *high, rl_ctx *cx)
{
    search s = {t, needed(alpha, t->N), RL_NEW(cx->tmp, double, t->N)};
    *low = *high = NAN;
    if (s.need > t->N) return RL_OK;
    RL_TRY(one_end(&s, 1, high, cx));
    return one_end(&s, -1, low, cx);
}

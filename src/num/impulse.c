#include "num/impulse.h"

#include <math.h>
#include <string.h>

static double *grad(const rl_impulse *p, size_t h) { return rl_mat_col(&p->J, h); }

/* a += t b, all q of them. */
static void axpy(size_t q, double t, const double *b, double *a)
{
    for (size_t j = 0; j < q; j++) a[j] += t * b[j];
}

rl_impulse rl_impulse_new(size_t n, size_t q, double at_once, rl_arena *in)
{
    rl_impulse p = {.n = n,
                    .q = q,
                    .psi = RL_NEW(in, double, n),
                    .J = rl_mat_new(q, n, in),
                    .total = at_once,
                    .d_total = RL_NEW(in, double, q),
                    .d_first = RL_NEW(in, double, q),
                    .fades = true};
    if (n > 0) p.psi[0] = at_once;
    return p;
}

void rl_impulse_lag(rl_impulse *p, size_t k)
{
    for (size_t h = p->n; h-- > 0;) {
        p->psi[h] = h >= k ? p->psi[h - k] : 0;
        for (size_t j = 0; j < p->q; j++) grad(p, h)[j] = h >= k ? grad(p, h - k)[j] : 0;
    }
    p->first += (double)k * p->total; /* (L^k psi)'(1) = k psi(1) + psi'(1) */
    axpy(p->q, (double)k, p->d_total, p->d_first);
}

void rl_impulse_diff(rl_impulse *p, size_t k)
{
    for (size_t h = p->n; h-- > k;) {
        p->psi[h] -= p->psi[h - k];
        axpy(p->q, -1, grad(p, h - k), grad(p, h));
    }
    p->first = -(double)k * p->total; /* ((1 - L^k) psi)'(1) = -k psi(1) */
    for (size_t j = 0; j < p->q; j++) p->d_first[j] = -(double)k * p->d_total[j];
    p->total = 0;
    memset(p->d_total, 0, p->q * sizeof *p->d_total);
}

void rl_impulse_stock(rl_impulse *p, double rate, int at)
{
    for (size_t h = 1; h < p->n; h++) {
        p->psi[h] += rate * p->psi[h - 1];
        axpy(p->q, rate, grad(p, h - 1), grad(p, h));
    }
    /* s_h = z_h + rate s_{h-1}: its derivative by the rate is s_{h-1} put through the same stock */
    if (at >= 0) {
        double d = 0;
        for (size_t h = 1; h < p->n; h++) {
            d = p->psi[h - 1] + rate * d;
            grad(p, h)[at] += d;
        }
    }
    double g = 1 / (1 - rate), slope = rate * g * g; /* 1 / (1 - rate L) and its derivative, at 1 */
    double total = p->total, first = p->first;
    p->fades = p->fades && fabs(rate) < 1;
    p->total = g * total;
    p->first = g * first + slope * total;
    for (size_t j = 0; j < p->q; j++) {
        p->d_first[j] = g * p->d_first[j] + slope * p->d_total[j];
        p->d_total[j] *= g;
    }
    if (at < 0) return;
    p->d_total[at] += g * g * total;
    p->d_first[at] += g * g * first + (1 + rate) * g * g * g * total;
}

void rl_impulse_weigh(rl_impulse *p, const double *w, size_t m, const double *const *dw, const int *at, size_t n_at,
                      rl_arena *in)
{
    rl_impulse z = *p, out = rl_impulse_new(p->n, p->q, 0, in);
    double sum = 0, moment = 0;
    for (size_t i = 0; i < m; i++) {
        sum += w[i];
        moment += (double)i * w[i];
    }
    for (size_t h = 0; h < p->n; h++)
        for (size_t i = 0; i < m && i <= h; i++) {
            out.psi[h] += w[i] * z.psi[h - i];
            axpy(p->q, w[i], grad(&z, h - i), grad(&out, h));
            for (size_t j = 0; j < n_at; j++)
                if (at[j] >= 0) grad(&out, h)[at[j]] += dw[j][i] * z.psi[h - i];
        }
    out.fades = z.fades;
    out.total = sum * z.total;
    out.first = sum * z.first + moment * z.total;
    axpy(p->q, sum, z.d_total, out.d_total);
    axpy(p->q, sum, z.d_first, out.d_first);
    axpy(p->q, moment, z.d_total, out.d_first);
    for (size_t j = 0; j < n_at; j++)
        for (size_t i = 0; i < m && at[j] >= 0; i++) {
            out.d_total[at[j]] += dw[j][i] * z.total;
            out.d_first[at[j]] += dw[j][i] * (z.first + (double)i * z.total);
        }
    *p = out;
}

void rl_impulse_scale(rl_impulse *p, double b, int at)
{
    for (size_t h = 0; h < p->n; h++) {
        for (size_t j = 0; j < p->q; j++) grad(p, h)[j] *= b;
        if (at >= 0) grad(p, h)[at] += p->psi[h];
        p->psi[h] *= b;
    }
    for (size_t j = 0; j < p->q; j++) {
        p->d_total[j] *= b;
        p->d_first[j] *= b;
    }
    if (at >= 0) {
        p->d_total[at] += p->total;
        p->d_first[at] += p->first;
    }
    p->total *= b;
    p->first *= b;
}

void rl_impulse_bend(rl_impulse *p, double slope, const double by[2], const int at[2])
{
    rl_impulse z = *p;
    for (size_t h = 0; h < p->n; h++) {
        for (size_t j = 0; j < p->q; j++) grad(p, h)[j] *= slope;
        for (size_t i = 0; i < 2; i++)
            if (at[i] >= 0) grad(p, h)[at[i]] += by[i] * p->psi[h];
        p->psi[h] *= slope;
    }
    for (size_t j = 0; j < p->q; j++) {
        p->d_total[j] *= slope;
        p->d_first[j] *= slope;
    }
    for (size_t i = 0; i < 2; i++) {
        if (at[i] < 0) continue;
        p->d_total[at[i]] += by[i] * z.total;
        p->d_first[at[i]] += by[i] * z.first;
    }
    p->total *= slope;
    p->first *= slope;
}

void rl_impulse_add(rl_impulse *to, const rl_impulse *from)
{
    for (size_t h = 0; h < to->n; h++) {
        to->psi[h] += from->psi[h];
        axpy(to->q, 1, grad(from, h), grad(to, h));
    }
    to->total += from->total;
    to->first += from->first;
    to->fades = to->fades && from->fades;
    axpy(to->q, 1, from->d_total, to->d_total);
    axpy(to->q, 1, from->d_first, to->d_first);
}

void rl_impulse_feed(rl_impulse *p, const double *phi, size_t m, const rl_mat *dphi)
{
    for (size_t h = 1; h < p->n; h++)
        for (size_t i = 1; i <= m && i <= h; i++) {
            p->psi[h] += phi[i - 1] * p->psi[h - i];
            axpy(p->q, phi[i - 1], grad(p, h - i), grad(p, h));
            axpy(p->q, p->psi[h - i], rl_mat_col(dphi, i - 1), grad(p, h));
        }
    double sum = 0, moment = 0;
    for (size_t i = 1; i <= m; i++) {
        sum += phi[i - 1];
        moment += (double)i * phi[i - 1];
    }
    /* psi = z / a with a = 1 - phi(L): psi(1) = z/a, psi'(1) = z'/a + z m / a^2, m = sum i phi_i */
    double a = 1 - sum, g = 1 / a, z = p->total, z1 = p->first;
    for (size_t j = 0; j < p->q; j++) {
        double ds = 0, dm = 0;
        for (size_t i = 1; i <= m; i++) {
            ds += *rl_mat_at(dphi, j, i - 1);
            dm += (double)i * *rl_mat_at(dphi, j, i - 1);
        }
        p->d_first[j] = g * p->d_first[j] + g * g * moment * p->d_total[j] + g * g * z * dm +
                        (z1 + 2 * g * z * moment) * g * g * ds;
        p->d_total[j] = g * p->d_total[j] + g * g * z * ds;
    }
    p->total = g * z;
    p->first = g * z1 + g * g * z * moment;
}

bool rl_impulse_stable(const double *phi, size_t m, double *work)
{
    double *a = work, *b = work + m;
    memcpy(a, phi, m * sizeof *a);
    for (size_t k = m; k > 0; k--) { /* from order k to k - 1 */
        double r = a[k - 1];
        if (!(fabs(r) < 1 - 1e-12)) return false; /* on the circle, but for rounding */
        for (size_t i = 0; i + 1 < k; i++) b[i] = (a[i] + r * a[k - 2 - i]) / (1 - r * r);
        memcpy(a, b, (k - 1) * sizeof *a);
    }
    return true;
}

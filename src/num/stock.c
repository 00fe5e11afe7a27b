#include "num/stock.h"

#include <math.h>
#include <string.h>

#include "base/fmath.h"

static const double WORN = 0.01, NOTHING = 1e-12;

rl_jet rl_jet_new(size_t n, size_t q, rl_arena *in)
{
    return (rl_jet){.v = RL_NEW(in, double, n), .q = q, .d = RL_NEW(in, double *, q + 1)};
}

/* --- walking along ------------------------------------------------------------- */

/* What is known of a unit up to a row. */
typedef struct walker {
    bool begun;
    int32_t last;   /* period of the row before           */
    int64_t absent; /* last missing period, far back: none */
} walker;

static bool same_unit(const rl_track *t, size_t p, size_t q) { return t->unit == NULL || t->unit[p] == t->unit[q]; }

/* Step to row p; the periods since the row before, 0 when the unit begins here or has not begun. */
static int64_t step(walker *w, const rl_track *t, size_t p, double x)
{
    const int64_t never = INT64_MIN / 2;
    if (p == 0 || !same_unit(t, p, p - 1)) *w = (walker){.absent = never};
    int64_t gap = w->begun ? (int64_t)t->at[p] - w->last : 0;
    bool first = !w->begun;
    w->begun = w->begun || !isnan(x);
    if (w->begun && !first && gap > 1) w->absent = (int64_t)t->at[p] - 1;
    if (w->begun && isnan(x)) w->absent = t->at[p];
    w->last = t->at[p];
    return gap;
}

static bool known(const walker *w, size_t wear) { return w->begun && w->last - w->absent >= (int64_t)wear; }

static double known_part(const double *x, size_t p) { return x == NULL || isnan(x[p]) ? 0 : x[p]; }

/* x^k, k >= 0 */
static double whole_power(double x, int64_t k)
{
    double v = 1;
    for (; k > 0; k /= 2, x *= x)
        if (k % 2 == 1) v *= x;
    return v;
}

size_t rl_track_before(const rl_track *t, size_t p, int64_t k, size_t *from)
{
    int64_t want = (int64_t)t->at[p] - k;
    int32_t u = t->unit != NULL ? t->unit[p] : 0;
    size_t q = *from;
    for (; q < t->n; q++) {
        int32_t w = t->unit != NULL ? t->unit[q] : 0;
        if (w > u || (w == u && t->at[q] >= want)) break;
    }
    *from = q;
    return q < t->n && same_unit(t, p, q) && t->at[q] == want ? q : SIZE_MAX;
}

/* --- adstock --------------------------------------------------------------------- */

size_t rl_adstock_wear(double rate)
{
    size_t k = 1;
    for (double left = rate; left >= WORN; left *= rate) k++;
    return k;
}

static void slot(rl_jet *out, size_t j, size_t n, rl_arena *in)
{
    if (j < out->q && out->d[j] == NULL) out->d[j] = RL_NEW(in, double, n);
}

/* The derivatives that x or the function's own parameters make different from 0. */
static void slots(const rl_jet *x, rl_jet *out, size_t n, rl_arena *in)
{
    for (size_t j = 0; j < out->q; j++)
        if (x->d[j] != NULL) slot(out, j, n, in);
}

void rl_jet_adstock(const rl_track *t, const rl_jet *x, double rate, size_t wear, size_t own, rl_jet *out, rl_arena *in)
{
    walker w = {0};
    double a = 0, *d = RL_NEW(in, double, out->q + 1);
    slots(x, out, t->n, in);
    slot(out, own, t->n, in);
    for (size_t p = 0; p < t->n; p++) {
        int64_t gap = step(&w, t, p, x->v[p]);
        double left = gap > 0 ? whole_power(rate, gap) : 0;
        double slope = gap > 0 ? (double)gap * whole_power(rate, gap - 1) * a : 0;
        a = left * a + known_part(x->v, p); /* a_t = x_t + rate a_(t-1) */
        out->v[p] = known(&w, wear) ? a : NAN;
        for (size_t j = 0; j < out->q; j++) {
            if (out->d[j] == NULL) continue;
            d[j] = left * d[j] + known_part(x->d[j], p) + (j == own ? slope : 0);
            out->d[j][p] = d[j];
        }
    }
}

/* --- weibull --------------------------------------------------------------------- */

size_t rl_weibull_wear(double shape, double scale)
{
    double k = ceil(scale * rl_pow(-rl_log(WORN), 1 / shape));
    return k < 1 ? 1 : k > RL_STOCK_MOST ? RL_STOCK_MOST : (size_t)k;
}

/* Periods of the longest unit. */
static size_t longest(const rl_track *t)
{
    int64_t most = 1;
    for (size_t p = 0, first = 0; p < t->n; p++) {
        if (!same_unit(t, p, first)) first = p;
        int64_t span = (int64_t)t->at[p] - t->at[first] + 1;
        if (span > most) most = span;
    }
    return (size_t)most;
}

/* w[0]: the weights, w[1], w[2]: their derivatives by shape and scale.  Returns how many. */
static size_t weights_of(const double par[2], size_t most, double *const w[3])
{
    double S = 1, S_shape = 0, S_scale = 0;
    size_t l = 0;
    for (; l < most && S >= NOTHING; l++) {
        double u = (double)(l + 1) / par[1], c = rl_pow(u, par[0]), next = rl_exp(-c);
        double by_shape = next > 0 ? -next * c * rl_log(u) : 0, by_scale = next > 0 ? next * c * par[0] / par[1] : 0;
        w[0][l] = S - next;
        w[1][l] = S_shape - by_shape;
        w[2][l] = S_scale - by_scale;
        S = next, S_shape = by_shape, S_scale = by_scale;
    }
    return l;
}

/* sum_l w_l x_(t-l) over what is known of the unit. */
static double looked_back(const rl_track *t, const double *x, const double *w, size_t lags, size_t p)
{
    double sum = 0;
    for (size_t q = p + 1; q-- > 0 && same_unit(t, p, q);) {
        int64_t l = (int64_t)t->at[p] - t->at[q];
        if (l >= (int64_t)lags) break;
        sum += w[l] * known_part(x, q);
    }
    return sum;
}

void rl_jet_weibull(const rl_track *t, const rl_jet *x, const double par[2], size_t wear, const size_t own[2],
                    rl_jet *out, rl_arena *in)
{
    double *w[3];
    size_t most = longest(t) < RL_STOCK_MOST ? longest(t) : RL_STOCK_MOST;
    for (int i = 0; i < 3; i++) w[i] = RL_NEW(in, double, most);
    size_t lags = weights_of(par, most, w);
    walker go = {0};
    slots(x, out, t->n, in);
    for (int i = 0; i < 2; i++) slot(out, own[i], t->n, in);
    for (size_t p = 0; p < t->n; p++) {
        step(&go, t, p, x->v[p]);
        out->v[p] = known(&go, wear) ? looked_back(t, x->v, w[0], lags, p) : NAN;
        for (size_t j = 0; j < out->q; j++) {
            if (out->d[j] == NULL) continue;
            double sum = x->d[j] != NULL ? looked_back(t, x->d[j], w[0], lags, p) : 0;
            for (int i = 0; i < 2; i++)
                if (j == own[i]) sum += looked_back(t, x->v, w[i + 1], lags, p);
            out->d[j][p] = sum;
        }
    }
}

/* --- hill -------------------------------------------------------------------------- */

void rl_jet_hill(size_t n, const rl_jet *x, const double par[2], const size_t own[2], rl_jet *out, rl_arena *in)
{
    double half = par[0], slope = par[1];
    slots(x, out, n, in);
    for (int i = 0; i < 2; i++) slot(out, own[i], n, in);
    for (size_t p = 0; p < n; p++) {
        double z = x->v[p], r = z > 0 ? rl_pow(half / z, slope) : HUGE_VAL;
        double h = 1 / (1 + r), bend = isfinite(r) && r < 1e150 ? h * (r / (1 + r)) : 0; /* h (1 - h) */
        out->v[p] = z >= 0 ? h : NAN;
        for (size_t j = 0; j < out->q; j++) {
            if (out->d[j] == NULL) continue;
            double sum = x->d[j] != NULL && bend > 0 ? slope * bend / z * known_part(x->d[j], p) : 0;
            if (j == own[0]) sum -= slope * bend / half;
            if (j == own[1] && bend > 0) sum += bend * rl_log(z / half);
            out->d[j][p] = sum;
        }
    }
}

/* --- almon ------------------------------------------------------------------------- */

rl_mat rl_almon_basis(int lo, int hi, int degree, bool near, bool far, rl_arena *in)
{
    size_t n = (size_t)(hi - lo + 1), k = (size_t)(degree + 1 - near - far);
    rl_mat M = rl_mat_new(n, k, in);
    long double *v = RL_NEW(in, long double, n *k);
    for (size_t i = 0; i < n; i++) {
        long double s = n > 1 ? 2 * (long double)i / (long double)(n - 1) - 1 : 0, g = 1;
        if (near) g *= (long double)(i + 1) / (long double)n;
        if (far) g *= (long double)(n - i) / (long double)n;
        for (size_t j = 0; j < k; j++, g *= s) v[i + j * n] = g;
    }
    for (size_t j = 0; j < k; j++) { /* Gram-Schmidt, twice */
        long double *a = v + j * n, norm = 0;
        for (size_t turn = 0; turn < 2; turn++)
            for (size_t q = 0; q < j; q++) {
                long double dot = 0;
                for (size_t i = 0; i < n; i++) dot += a[i] * v[i + q * n];
                for (size_t i = 0; i < n; i++) a[i] -= dot * v[i + q * n];
            }
        for (size_t i = 0; i < n; i++) norm += a[i] * a[i];
        norm = sqrtl(norm);
        for (size_t i = 0; i < n; i++) *rl_mat_at(&M, i, j) = (double)(a[i] /= norm);
    }
    return M;
}

#include "num/fixedb.h"

#include <math.h>

#include "base/fmath.h"
#include "base/par.h"
#include "base/rng.h"
#include "num/dist.h"
#include "num/eig.h"

enum { DIGITS = 12, HALVINGS = 9 };

/* --- eigenvalues --------------------------------------------------------------------- */

/* M K M, K the weights between the periods. */
static void weights(const int32_t *at, size_t T, double S, double *K, double *mean)
{
    double all = 0;
    for (size_t j = 0; j < T; j++) {
        mean[j] = 0;
        for (size_t i = 0; i < T; i++) {
            double k = 1 - fabs((double)at[i] - (double)at[j]) / S;
            K[i + j * T] = k > 0 ? k : 0;
            mean[j] += K[i + j * T] / (double)T;
        }
        all += mean[j] / (double)T;
    }
    for (size_t j = 0; j < T; j++)
        for (size_t i = 0; i < T; i++) K[i + j * T] += all - mean[i] - mean[j];
}

static bool spectrum(const int32_t *at, size_t T, double S, double factor, rl_fixedb *out, rl_ctx *cx)
{
    double *K = RL_NEW(cx->tmp, double, T *T), *work = RL_NEW(cx->tmp, double, T), sum = 0, squares = 0;
    double *v = RL_NEW(cx->tmp, double, T);
    weights(at, T, S, K, work);
    if (!rl_eig_values(K, T, v, work)) return false;
    out->n = 0;
    out->lambda = v;
    for (size_t i = 0; i < T; i++) {
        double l = v[i] * factor / (double)T;
        if (!(l > 1e-15)) continue; /* one is 0: the constant's */
        v[out->n++] = l;
        sum += l;
        squares += l * l;
    }
    out->mean = sum;
    out->df = squares > 0 ? sum * sum / squares : 0;
    return true;
}

/* Moments of a long series whose b is small: edges do not count. */
static void moments(double T, double S, double factor, rl_fixedb *out)
{
    double mean = 1 / T, square = 1 / T;
    for (double l = 1; l < S && l < T; l++) {
        double k = 1 - l / S;
        mean += 2 * (T - l) / T * k / T;
        square += 2 * (T - l) / T * k * k / T;
    }
    out->n = 0;
    out->mean = factor * (1 - mean);
    out->df = (1 - mean) * (1 - mean) / (square - mean * mean);
}

bool rl_fixedb_make(const int32_t *at, size_t T, double S, double factor, rl_fixedb *out, rl_ctx *cx)
{
    *out = (rl_fixedb){0};
    if (T <= RL_FIXEDB_EXACT) return spectrum(at, T, S, factor, out, cx);
    double span = (double)at[T - 1] - at[0] + 1, scaled = S * RL_FIXEDB_EXACT / span;
    if (scaled < 2) {
        moments((double)T, S, factor, out);
        return true;
    }
    int32_t *point = RL_NEW(cx->tmp, int32_t, RL_FIXEDB_EXACT);
    for (int i = 0; i < RL_FIXEDB_EXACT; i++) point[i] = i;
    return spectrum(point, RL_FIXEDB_EXACT, scaled, factor, out, cx);
}

/* --- the integral -------------------------------------------------------------------- */

/* prod_i (1 + c2 lambda_i (1 + e^-2v))^-1/2 / (2 cosh v) */
static double integrand(const rl_fixedb *f, double c2, double v)
{
    double e = rl_exp(-v), by = c2 * (1 + e * e), product = 1;
    int power = 0;
    for (size_t i = 0; i < f->n; i++) {
        product *= 1 + by * f->lambda[i];
        if (product < 1e100) continue;
        int p;
        product = frexp(product, &p);
        power += p;
    }
    if (power % 2 != 0) {
        product *= 2;
        power--;
    }
    return ldexp(1 / (sqrt(product) * (e + 1 / e)), -power / 2);
}

/* Sum over v = first, first + h, .. and its mirror image. */
static double both_tails(const rl_fixedb *f, double c2, double first, double h)
{
    double sum = 0;
    for (int sign = -1; sign <= 1; sign += 2)
        for (double v = first; v < 300; v += h) {
            double x = integrand(f, c2, sign * v);
            sum += x;
            if (x < 1e-17 * sum) break;
        }
    return sum;
}

double rl_fixedb_p(const rl_fixedb *f, double t)
{
    if (isnan(t)) return NAN;
    if (f->n == 0) return rl_t_p(t * sqrt(f->mean), f->df);
    if (isinf(t)) return 0;
    double c2 = t * t, h = 0.5, sum = integrand(f, c2, 0) + both_tails(f, c2, h, h), last = sum * h, now = last;
    for (int i = 0; i < HALVINGS; i++) {
        h /= 2;
        sum += both_tails(f, c2, h, 2 * h);
        now = sum * h;
        if (fabs(now - last) <= 1e-13 * now) break;
        last = now;
    }
    return rl_round_digits(fmin(now * 0.636619772367581343, 1), DIGITS);
}

/* Where p(x) = alpha between low (p above) and high (p below), by false position that halves a stale end (Illinois). */
static double crossing(double (*p)(const void *, double), const void *of, double alpha, double low, double high)
{
    double above = p(of, low) - alpha, below = p(of, high) - alpha;
    for (int i = 0, side = 0; i < 200 && high - low > 1e-13 * fabs(high) && below != 0; i++) {
        double x = i % 8 == 7 ? (low + high) / 2 : (low * below - high * above) / (below - above);
        if (!(x > low && x < high)) break;
        double y = p(of, x) - alpha;
        if (y > 0) {
            low = x, above = y;
            if (side == 1) below /= 2;
            side = 1;
        } else {
            high = x, below = y;
            if (side == -1) above /= 2;
            side = -1;
        }
        if (fabs(y) <= 3e-12 * alpha) return x;
    }
    return above < -below ? low : high;
}

static double tail_at(const void *of, double c) { return rl_fixedb_p(of, c); }

double rl_fixedb_critical(const rl_fixedb *f, double level)
{
    double low = 0, high = 2, alpha = 1 - level;
    if (f->n == 0) return rl_t_quantile(0.5 + level / 2, f->df) / sqrt(f->mean);
    while (rl_fixedb_p(f, high) > alpha && high < 1e15) {
        low = high;
        high *= 2;
    }
    return rl_round_digits(crossing(tail_at, f, alpha, low, high), 10);
}

/* --- several restrictions ------------------------------------------------------------- */

enum { DRAWS = 4096, PER_CHUNK = 64 };

typedef struct job {
    const rl_fixedb *f;
    size_t q, draws;
    double F;
    double *room; /* q^2 + q a chunk */
    double *p;    /* draws           */
} job;

/* A = L L' in place (lower triangle); false when it is not positive. */
static bool root(double *A, size_t q)
{
    for (size_t j = 0; j < q; j++) {
        for (size_t k = 0; k < j; k++)
            for (size_t i = j; i < q; i++) A[i + j * q] -= A[i + k * q] * A[j + k * q];
        if (!(A[j + j * q] > 0)) return false;
        double by = sqrt(A[j + j * q]);
        for (size_t i = j; i < q; i++) A[i + j * q] /= by;
    }
    return true;
}

/* (A^-1)_jj = |L^-1 e_j|^2 */
static double inverse_at(const double *L, size_t q, size_t j, double *x)
{
    double sum = 0;
    for (size_t i = j; i < q; i++) {
        double v = i == j ? 1 : 0;
        for (size_t k = j; k < i; k++) v -= L[i + k * q] * x[k];
        x[i] = v / L[i + i * q];
        sum += x[i] * x[i];
    }
    return sum;
}

static void chunk(size_t c, void *arg)
{
    const job *w = arg;
    size_t q = w->q, end = (c + 1) * PER_CHUNK < w->draws ? (c + 1) * PER_CHUNK : w->draws;
    double *A = w->room + c * (q * q + q), *z = A + q * q;
    for (size_t d = c * PER_CHUNK; d < end; d++) {
        rl_rng r = rl_rng_for(0x6669786564, d);
        for (size_t i = 0; i < q * q; i++) A[i] = 0;
        for (size_t i = 0; i < w->f->n; i++) {
            for (size_t a = 0; a < q; a++) z[a] = rl_normal(&r);
            for (size_t b = 0; b < q; b++)
                for (size_t a = b; a < q; a++) A[a + b * q] += w->f->lambda[i] * z[a] * z[b];
        }
        w->p[d] = root(A, q) ? 0 : (double)q; /* not positive: any F is exceeded */
        for (size_t j = 0; j < q && w->p[d] < (double)q; j++)
            w->p[d] += rl_chi2_p((double)q * w->F / inverse_at(A, q, j, z), (double)q);
    }
}

double rl_fixedb_joint(const rl_fixedb *f, size_t q, double F, rl_ctx *cx)
{
    double m = (double)q, sum = 0;
    if (isnan(F) || !(f->df - m + 1 > 0)) return NAN;
    if (q == 1) return rl_fixedb_p(f, sqrt(F));
    if (f->n == 0) return rl_f_p(F * f->mean * (f->df - m + 1) / f->df, m, f->df - m + 1);
    size_t draws = q <= 3 ? DRAWS : (size_t)fmax(DRAWS * 9 / (m * m), DRAWS / 16.0);
    size_t chunks = rl_blocks(draws, PER_CHUNK);
    job w = {f, q, draws, F, RL_NEW(cx->tmp, double, chunks *(q * q + q)), RL_NEW(cx->tmp, double, draws)};
    rl_par(chunks, chunk, &w, cx);
    for (size_t d = 0; d < draws; d++) sum += w.p[d];
    return rl_round_digits(sum / (m * (double)draws), DIGITS);
}

/* The freedom a Student's t of `of` has goes by powers of 2. */
static double student_at(const void *of, double log2_df) { return rl_t_p(*(const double *)of, rl_pow(2, log2_df)); }

double rl_fixedb_student(double critical, double level)
{
    double alpha = 1 - level, most = 60;
    if (!(critical > rl_t_quantile(0.5 + level / 2, 0) * (1 + 1e-12))) return 0;
    if (student_at(&critical, most) >= alpha) return 0;
    return rl_round_digits(rl_pow(2, crossing(student_at, &critical, alpha, -10, most)), 6);
}

#include "num/eig.h"

#include <float.h>
#include <math.h>

enum { ROUNDS = 60 };

static double dot(const double *a, const double *b, size_t n)
{
    double s0 = 0, s1 = 0;
    size_t i = 0;
    for (; i + 2 <= n; i += 2) {
        s0 += a[i] * b[i];
        s1 += a[i + 1] * b[i + 1];
    }
    return i < n ? s0 + s1 + a[i] * b[i] : s0 + s1;
}

/* --- tridiagonal form ------------------------------------------------------------ */

/* Reflect column k so that below its subdiagonal all is zero: u (n) in place
 * of x with (I - u u' / h) x = alpha e_1.  Returns h, 0 when nothing is to do. */
static double reflector(double *x, size_t n, double *alpha)
{
    double most = 0;
    for (size_t i = 1; i < n; i++) most = fmax(most, fabs(x[i]));
    *alpha = x[0];
    if (most == 0) return 0;
    double norm = sqrt(dot(x, x, n));
    *alpha = x[0] > 0 ? -norm : norm;
    double h = norm * norm - x[0] * *alpha;
    x[0] -= *alpha;
    return h;
}

/* S = S - u p' - p u' on the trailing n-by-n block, p = S u / h - (u'S u / 2h^2) u. */
static void reflect(double *S, size_t r, size_t n, const double *u, double h, double *p)
{
    for (size_t j = 0; j < n; j++) p[j] = dot(S + j * r, u, n) / h;
    double half = dot(u, p, n) / (2 * h);
    for (size_t j = 0; j < n; j++) p[j] -= half * u[j];
    for (size_t j = 0; j < n; j++)
        for (size_t i = 0; i < n; i++) S[i + j * r] -= u[i] * p[j] + p[i] * u[j];
}

/* Q = H_0 H_1 .. from the vectors left in the columns of A and the h left on its diagonal, from the last on. */
static void accumulate(double *A, size_t r)
{
    for (size_t k = r; k-- > 0;) {
        size_t n = r - k - 1;
        double *u = A + k * r + k + 1, *S = u + r, h = A[k + k * r];
        for (size_t j = 0; j < n && h != 0; j++) {
            double t = dot(u, S + j * r, n) / h;
            for (size_t i = 0; i < n; i++) S[i + j * r] -= t * u[i];
        }
        A[k + k * r] = 1;
        for (size_t i = k + 1; i < r; i++) A[i + k * r] = A[k + i * r] = 0;
    }
}

/* d: diagonal, e: below it.  A becomes Q. */
static void tridiagonal(double *A, size_t r, double *d, double *e)
{
    for (size_t k = 0; k + 1 < r; k++) {
        size_t n = r - k - 1;
        double alpha, h = reflector(A + k * r + k + 1, n, &alpha);
        if (h != 0) reflect(A + (k + 1) * r + k + 1, r, n, A + k * r + k + 1, h, e + k);
        d[k] = A[k + k * r];
        A[k + k * r] = h; /* the diagonal itself is read no more */
        e[k] = alpha;
    }
    d[r - 1] = A[r * r - 1];
    A[r * r - 1] = 0;
}

/* --- QL --------------------------------------------------------------------------- */

static void rotate_columns(double *a, double *b, size_t r, double c, double s)
{
    for (size_t i = 0; i < r; i++) {
        double f = b[i];
        b[i] = s * a[i] + c * f;
        a[i] = c * a[i] - s * f;
    }
}

/* One implicit step on rows l .. m. */
static void step(double *Q, size_t r, double *d, double *e, size_t l, size_t m)
{
    double g = (d[l + 1] - d[l]) / (2 * e[l]), root = sqrt(g * g + 1);
    g = d[m] - d[l] + e[l] / (g + (g < 0 ? -root : root));
    double s = 1, c = 1, p = 0;
    for (size_t i = m; i-- > l;) {
        double f = s * e[i], b = c * e[i];
        root = sqrt(f * f + g * g);
        e[i + 1] = root;
        if (root == 0) { /* split here */
            d[i + 1] -= p;
            e[m] = 0;
            return;
        }
        s = f / root;
        c = g / root;
        g = d[i + 1] - p;
        double t = (d[i] - g) * s + 2 * c * b;
        p = s * t;
        d[i + 1] = g + p;
        g = c * t - b;
        if (Q != NULL) rotate_columns(Q + i * r, Q + (i + 1) * r, r, c, s);
    }
    d[l] -= p;
    e[l] = g;
    e[m] = 0;
}

/* Eigenvalues of the tridiagonal v, e, and what was done to find them to the columns of Q, or NULL. */
static bool diagonal(double *Q, size_t r, double *v, double *e)
{
    double scale = 0;
    e[r - 1] = 0;
    for (size_t k = 0; k < r; k++) scale = fmax(scale, fabs(v[k]) + fabs(e[k]));
    for (size_t l = 0; l < r; l++) {
        for (int round = 0;; round++) {
            size_t m = l;
            while (m + 1 < r && fabs(e[m]) > DBL_EPSILON / 2 * fmax(fabs(v[m]) + fabs(v[m + 1]), 1e-2 * scale)) m++;
            if (m == l) break;
            if (round == ROUNDS || !isfinite(e[l])) return false;
            step(Q, r, v, e, l, m);
        }
        if (!isfinite(v[l])) return false;
    }
    return true;
}

bool rl_eig(double *A, size_t r, double *v, double *work)
{
    if (r == 0) return true;
    tridiagonal(A, r, v, work);
    accumulate(A, r);
    return diagonal(A, r, v, work);
}

bool rl_eig_values(double *A, size_t r, double *v, double *work)
{
    if (r == 0) return true;
    tridiagonal(A, r, v, work);
    return diagonal(NULL, r, v, work);
}

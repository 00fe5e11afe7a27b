#include "num/recast.h"

#include <math.h>
#include <string.h>

#include "num/eig.h"

static const double TINY = 1e-12;  /* of the largest eigenvalue: a direction that is not there */
static const double BELOW = -1e-9; /* .. and less than this is not rounding                    */
static const double CLOSE = 1e-10; /* variances reached, as shares                             */

/* C = A B, all m-by-m and column-major. */
static void times(const double *A, const double *B, double *C, size_t m)
{
    memset(C, 0, m * m * sizeof *C);
    for (size_t j = 0; j < m; j++)
        for (size_t k = 0; k < m; k++)
            for (size_t i = 0; i < m; i++) C[j * m + i] += A[k * m + i] * B[j * m + k];
}

/* P = Q diag(v^power) Q' over the eigenvalues that are there; Q is spoilt. */
static void assemble(double *Q, const double *v, bool inverse, double *P, size_t m)
{
    double most = 0;
    for (size_t i = 0; i < m; i++) most = fmax(most, v[i]);
    memset(P, 0, m * m * sizeof *P);
    for (size_t k = 0; k < m; k++) {
        if (!(v[k] > TINY * most)) continue;
        double s = inverse ? 1 / sqrt(v[k]) : sqrt(v[k]);
        const double *q = Q + k * m;
        for (size_t j = 0; j < m; j++)
            for (size_t i = 0; i < m; i++) P[j * m + i] += s * q[i] * q[j];
    }
}

static bool reaches(const rl_mat *A, const rl_mat *B, const rl_mat *T)
{
    size_t m = A->n;
    for (size_t j = 0; j < m; j++) {
        long double sum = 0;
        for (size_t a = 0; a < m; a++)
            for (size_t b = 0; b < m; b++)
                sum += (long double)*rl_mat_at(T, a, j) * *rl_mat_at(A, a, b) * *rl_mat_at(T, b, j);
        double goal = *rl_mat_at(B, j, j);
        if (!(fabs((double)sum - goal) <= CLOSE * goal)) return false;
    }
    return true;
}

bool rl_recast(const rl_mat *A, const rl_mat *B, rl_mat *T, rl_ctx *cx)
{
    size_t m = A->n, mm = m * m;
    double *room = RL_NEW(cx->tmp, double, 5 * mm + 3 * m), *Q = room, *root = Q + mm, *back = root + mm,
           *M = back + mm, *C = M + mm, *s = C + mm, *v = s + m, *work = v + m;
    bool fine = true;
    for (size_t i = 0; i < m; i++) s[i] = *rl_mat_at(A, i, i) > 0 ? sqrt(*rl_mat_at(A, i, i)) : 0;
    for (size_t j = 0; j < m; j++)
        for (size_t i = 0; i < m; i++) {
            double by = s[i] * s[j];
            Q[j * m + i] = by > 0 ? *rl_mat_at(A, i, j) / by : 0;
            C[j * m + i] = by > 0 ? *rl_mat_at(B, i, j) / by : 0;
        }
    fine = rl_eig(Q, m, v, work);
    assemble(Q, v, false, root, m);
    assemble(Q, v, true, back, m);
    times(root, C, M, m);
    times(M, root, Q, m);
    fine = fine && rl_eig(Q, m, v, work);
    double most = 0, least = 0;
    for (size_t i = 0; i < m; i++) {
        most = fmax(most, v[i]);
        least = fmin(least, v[i]);
    }
    fine = fine && least >= BELOW * most;
    assemble(Q, v, false, M, m);
    times(back, M, C, m);
    times(C, back, M, m);
    for (size_t j = 0; j < m; j++)
        for (size_t i = 0; i < m; i++) *rl_mat_at(T, i, j) = s[i] > 0 ? M[j * m + i] * s[j] / s[i] : 0;
    fine = fine && reaches(A, B, T);
    rl_release(cx->tmp, room);
    return fine;
}

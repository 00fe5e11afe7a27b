/* num/impulse.h -- impulse responses put together from lag operators, with
 * their derivatives by the parameters they are made of.
 *
 *   z_t = sum_h psi_h x_{t-h}        n periods of it, h = 0 .. n-1
 *
 * Every operator below turns the response of z into that of what becomes of z,
 * and takes the derivatives along (forward mode), so that the covariance of
 * any figure made of it is g'Vg.  Where the response ends is kept in closed
 * form, not summed up: the total psi(1) = sum_h psi_h and the first moment
 * psi'(1) = sum_h h psi_h, over all h up to infinity.
 *
 *   n  periods     q  parameters
 *
 * Arrays in, arrays out; nothing fails.  A response that does not die out has
 * `fades` false, and its total means nothing.
 *
 * Source: Hendry (1995), Dynamic Econometrics, chapter 6 (mean lags from the
 * lag polynomials' derivatives at 1).
 */
#ifndef RL_NUM_IMPULSE_H
#define RL_NUM_IMPULSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "num/mat.h"

enum { RL_IMPULSE_GIVEN = -1 };      /* the place of a parameter that is not estimated */

typedef struct rl_impulse {
    size_t n, q;
    double *psi;                 /* n                                                     */
    rl_mat J;                    /* q-by-n   column h: the gradient of psi_h              */
    double total, first;         /* sum psi_h, sum h psi_h                                */
    double *d_total, *d_first;   /* q        their gradients                              */
    bool fades;
} rl_impulse;

/* The response of x to itself, times `at_once`: at_once, 0, 0, .. */
rl_impulse rl_impulse_new(size_t n, size_t q, double at_once, rl_arena *in);

void rl_impulse_lag(rl_impulse *p, size_t k);                /* z_{t-k}                    */
void rl_impulse_diff(rl_impulse *p, size_t k);               /* z_t - z_{t-k}              */
/* s_t = z_t + rate s_{t-1}; the rate is parameter `at`, or given. */
void rl_impulse_stock(rl_impulse *p, double rate, int at);
/* sum_i w_i z_{t-i}, i < m; dw[j] (m) is the derivative of w by parameter at[j], j < n_at. */
void rl_impulse_weigh(rl_impulse *p, const double *w, size_t m, const double *const *dw, const int *at, size_t n_at,
                      rl_arena *in);
void rl_impulse_scale(rl_impulse *p, double b, int at);      /* times b                    */
/* Times a slope that has derivatives by parameters at[0], at[1]. */
void rl_impulse_bend(rl_impulse *p, double slope, const double by[2], const int at[2]);
void rl_impulse_add(rl_impulse *to, const rl_impulse *from); /* of two paths at once       */

/* y_t = z_t + sum_i phi_i y_{t-i}, i = 1 .. m (phi[0] is phi_1):
 * dphi  q-by-m  column i - 1: the gradient of phi_i */
void rl_impulse_feed(rl_impulse *p, const double *phi, size_t m, const rl_mat *dphi);

/* Do the powers of these lags die out, all roots of 1 - phi(L) outside the unit circle?  m <= 64 or so;
 * work (2 m) doubles.  By the partial autocorrelations, all below 1 in size (Barndorff-Nielsen & Schou 1973). */
bool rl_impulse_stable(const double *phi, size_t m, double *work);

#endif

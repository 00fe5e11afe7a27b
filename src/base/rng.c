#include "base/rng.h"

#include <math.h>

#include "base/fmath.h"

/* c[0] + c[1] x + .. + c[7] x^7 */
static double poly7(const double c[8], double x)
{
    double s = c[7];
    for (int i = 6; i >= 0; i--) s = s * x + c[i];
    return s;
}

/* The rational approximations of Wichura (1988), algorithm AS 241 (PPND16),
 * Applied Statistics 37, 477-484: near the middle, in the tails, far out. */
static const double MID_P[8] = {3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                                1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                                3.3430575583588128105e4, 2.5090809287301226727e3};
static const double MID_Q[8] = {1.0,
                                4.2313330701600911252e1,
                                6.8718700749205790830e2,
                                5.3941960214247511077e3,
                                2.1213794301586595867e4,
                                3.9307895800092710610e4,
                                2.8729085735721942674e4,
                                5.2264952788528545610e3};
static const double TAIL_P[8] = {1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                                 3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                                 2.27238449892691845833e-2, 7.74545014278341407640e-4};
static const double TAIL_Q[8] = {1.0,
                                 2.05319162663775882187e0,
                                 1.67638483018380384940e0,
                                 6.89767334985100004550e-1,
                                 1.48103976427480074590e-1,
                                 1.51986665636164571966e-2,
                                 5.47593808499534494600e-4,
                                 1.05075007164441684324e-9};
static const double FAR_P[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                                2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                2.71155556874348757815e-5, 2.01033439929228813265e-7};
static const double FAR_Q[8] = {1.0,
                                5.99832206555887937690e-1,
                                1.36929880922735805310e-1,
                                1.48753612908506148525e-2,
                                7.86869131145613259100e-4,
                                1.84631831751005468180e-5,
                                1.42151175831644588870e-7,
                                2.04426310338993978564e-15};

double rl_normal_of(double u)
{
    if (!(u > 0.0 && u < 1.0)) return u == 0.0 ? -HUGE_VAL : u == 1.0 ? HUGE_VAL : NAN;
    double q = u - 0.5;
    if (fabs(q) <= 0.425) {
        double r = 0.180625 - q * q;
        return q * (poly7(MID_P, r) / poly7(MID_Q, r));
    }
    double r = sqrt(-rl_log(q < 0.0 ? u : 1.0 - u));
    double x =
        r <= 5.0 ? poly7(TAIL_P, r - 1.6) / poly7(TAIL_Q, r - 1.6) : poly7(FAR_P, r - 5.0) / poly7(FAR_Q, r - 5.0);
    return q < 0.0 ? -x : x;
}

double rl_exponential(rl_rng *r) { return -rl_log(rl_uniform(r)); }

/* Marsaglia & Tsang (2000), ACM TOMS 26, 363-372; a shape below 1 through
 * gamma(shape) = gamma(shape + 1) U^(1/shape), their section 6. */
double rl_gamma(rl_rng *r, double shape)
{
    if (shape < 1.0) {
        double u = rl_uniform(r);
        return rl_gamma(r, shape + 1.0) * rl_pow(u, 1.0 / shape);
    }
    double d = shape - 1.0 / 3, c = 1.0 / sqrt(9.0 * d);
    for (;;) {
        double x = rl_normal(r), v = 1.0 + c * x, u = rl_uniform(r);
        if (v <= 0.0) continue;
        v = v * v * v;
        if (rl_log(u) < 0.5 * x * x + d * (1.0 - v + rl_log(v))) return d * v;
    }
}

/* log k! : the product below 10, Stirling's series (error < 1e-13) above. */
static double log_factorial(double k)
{
    static const double SMALL[10] = {1, 1, 2, 6, 24, 120, 720, 5040, 40320, 362880};
    if (k < 10.0) return rl_log(SMALL[(int)k]);
    double x = k + 1.0, i = 1.0 / x, i2 = i * i;
    return (x - 0.5) * rl_log(x) - x + 0.91893853320467274178 +
           i * (1.0 / 12 - i2 * (1.0 / 360 - i2 * (1.0 / 1260 - i2 * (1.0 / 1680 - i2 / 1188))));
}

/* The transformed rejection of Hormann (1993), algorithm PTRS, Insurance:
 * Mathematics and Economics 12, 39-45; mean >= 10. */
static unsigned poisson_reject(rl_rng *r, double mean)
{
    double b = 0.931 + 2.53 * sqrt(mean), a = -0.059 + 0.02483 * b;
    double log_mean = rl_log(mean), log_inv_alpha = rl_log(1.1239 + 1.1328 / (b - 3.4)),
           v_r = 0.9277 - 3.6224 / (b - 2.0);
    for (;;) {
        double u = rl_uniform(r) - 0.5, v = rl_uniform(r), us = 0.5 - fabs(u);
        double k = floor((2.0 * a / us + b) * u + mean + 0.43);
        if (us >= 0.07 && v <= v_r) return (unsigned)k;
        if (k < 0.0 || (us < 0.013 && v > us)) continue;
        if (rl_log(v) + log_inv_alpha - rl_log(a / (us * us) + b) <= k * log_mean - mean - log_factorial(k))
            return (unsigned)k;
    }
}

unsigned rl_poisson(rl_rng *r, double mean)
{
    if (mean >= 10.0) return poisson_reject(r, mean);
    /* Inversion: walk up the distribution function.  The walk ends where the
     * terms have become too small to add anything. */
    double u = rl_uniform(r), p = rl_exp(-mean), F = p;
    unsigned k = 0;
    while (u > F && k < 200) F += p *= mean / ++k;
    return k;
}

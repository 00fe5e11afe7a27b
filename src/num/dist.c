#include "num/dist.h"

#include <math.h>

#include <gsl/gsl_cdf.h>

#include "base/fmath.h"

enum { DIGITS = 13 };

static double settle(double x) { return rl_round_digits(x, DIGITS); }

double rl_t_p(double t, double df)
{
    if (isnan(t) || !(df >= 0.0)) return NAN;
    if (isinf(t)) return 0.0;
    double p = df == 0.0 || isinf(df) ? gsl_cdf_ugaussian_Q(fabs(t)) : gsl_cdf_tdist_Q(fabs(t), df);
    return settle(2.0 * p);
}

double rl_t_quantile(double p, double df)
{
    if (!(p >= 0.0 && p <= 1.0) || !(df >= 0.0)) return NAN;
    if (p == 0.0) return -HUGE_VAL;
    if (p == 1.0) return HUGE_VAL;
    return settle(df == 0.0 || isinf(df) ? gsl_cdf_ugaussian_Pinv(p) : gsl_cdf_tdist_Pinv(p, df));
}

double rl_f_p(double F, double df1, double df2)
{
    if (isnan(F) || !(df1 > 0.0) || !(df2 >= 0.0)) return NAN;
    if (F <= 0.0) return 1.0;
    if (isinf(F)) return 0.0;
    if (df2 == 0.0 || isinf(df2)) return rl_chi2_p(F * df1, df1);
    return settle(gsl_cdf_fdist_Q(F, df1, df2));
}

double rl_chi2_p(double x, double df)
{
    if (isnan(x) || !(df > 0.0)) return NAN;
    if (x <= 0.0) return 1.0;
    if (isinf(x)) return 0.0;
    return settle(gsl_cdf_chisq_Q(x, df));
}

/* p values of unit root tests. */
#include "num/unitroot.h"

#include <assert.h>
#include <math.h>

#include "base/fmath.h"
#include "num/dist.h"

/* --- MacKinnon's surfaces --------------------------------------------------------- */

/* Normal quantile of p as a polynomial in tau: three terms in the left tail, four elsewhere. */
typedef struct surface {
    double star, least, most; /* the tail ends at star; p is 0 below least and 1 above most */
    double small[3];          /* of 1, tau, tau^2 / 100                                      */
    double large[4];          /* of 1, tau / 10, tau^2 / 10, tau^3 / 100                     */
} surface;

static const surface NONE[1] = {{-1.04, -19.04, HUGE_VAL, {0.6344, 1.2378, 3.2496}, {0.4797, 9.3557, -0.6999, 3.3066}}};

static const surface DRIFT[RL_TAU_MOST] = {
    {-1.61, -18.83, 2.74, {2.1659, 1.4412, 3.8269}, {1.7339, 9.3202, -1.2745, -1.0368}},
    {-2.62, -18.86, 0.92, {2.92, 1.5012, 3.9796}, {2.1945, 6.4695, -2.9198, -4.2377}},
    {-3.13, -23.48, 0.55, {3.4699, 1.4856, 3.164}, {2.5893, 4.5168, -3.6529, -5.0074}},
    {-3.47, -28.07, 0.61, {3.9673, 1.4777, 2.6315}, {3.0387, 4.5452, -3.3666, -4.1921}},
    {-3.78, -25.96, 0.79, {4.5509, 1.5338, 2.9545}, {3.5049, 5.2098, -2.9158, -3.3468}},
    {-3.93, -23.27, 1.00, {5.1399, 1.6036, 3.4445}, {3.9489, 5.8933, -2.5359, -2.721}}};

static const surface TREND[RL_TAU_MOST] = {
    {-2.89, -16.18, 0.70, {3.2512, 1.6047, 4.9588}, {2.5261, 6.1654, -3.7956, -6.0285}},
    {-3.19, -21.15, 0.63, {3.6646, 1.5419, 3.6448}, {2.85, 5.272, -3.6622, -5.1695}},
    {-3.50, -25.37, 0.71, {4.0983, 1.5173, 2.9898}, {3.221, 5.255, -3.2685, -4.1501}},
    {-3.65, -26.63, 0.93, {4.5844, 1.5338, 2.8796}, {3.652, 5.9758, -2.7483, -3.2081}},
    {-3.80, -26.53, 1.19, {5.0722, 1.5634, 2.9472}, {4.0712, 6.6428, -2.3464, -2.546}},
    {-4.36, -26.18, 1.42, {5.53, 1.5914, 3.0392}, {4.4735, 7.1757, -2.0681, -2.1196}}};

/* Critical values at 1, 5 and 10 %: a + b/n + c/n^2 + d/n^3. */
typedef struct points {
    double at[3][4];
} points;

static const points NONE_N[1] = {
    {{{-2.56574, -2.2358, -3.627, 0}, {-1.94100, -0.2686, -3.365, 31.223}, {-1.61682, 0.2656, -2.714, 25.364}}}};

static const points DRIFT_N[RL_TAU_MOST] = {
    {{{-3.43035, -6.5393, -16.786, -79.433}, {-2.86154, -2.8903, -4.234, -40.040}, {-2.56677, -1.5384, -2.809, 0}}},
    {{{-3.89644, -10.9519, -33.527, 0}, {-3.33613, -6.1101, -6.823, 0}, {-3.04445, -4.2412, -2.720, 0}}},
    {{{-4.29374, -14.4354, -33.195, 47.433}, {-3.74066, -8.5632, -10.852, 27.982}, {-3.45218, -6.2143, -3.718, 0}}},
    {{{-4.64332, -18.1031, -37.972, 0}, {-4.09600, -11.2349, -11.175, 0}, {-3.81020, -8.3931, -4.137, 0}}},
    {{{-4.95756, -21.8883, -45.142, 0}, {-4.41519, -14.0405, -12.575, 0}, {-4.13157, -10.7417, -3.784, 0}}},
    {{{-5.24568, -25.6688, -57.737, 88.639},
      {-4.70693, -16.9178, -17.492, 60.007},
      {-4.42501, -13.1875, -5.104, 27.877}}}};

static const points TREND_N[RL_TAU_MOST] = {
    {{{-3.95877, -9.0531, -28.428, -134.155},
      {-3.41049, -4.3904, -9.036, -45.374},
      {-3.12705, -2.5856, -3.925, -22.380}}},
    {{{-4.32762, -15.4387, -35.679, 0}, {-3.78057, -9.5106, -12.074, 0}, {-3.49631, -7.0815, -7.538, 21.892}}},
    {{{-4.66305, -18.7688, -49.793, 104.244},
      {-4.11890, -11.8922, -19.031, 77.332},
      {-3.83511, -9.0723, -8.504, 35.403}}},
    {{{-4.96940, -22.4694, -52.599, 51.314},
      {-4.42871, -14.5876, -18.228, 39.647},
      {-4.14633, -11.2500, -9.873, 54.109}}},
    {{{-5.25276, -26.2183, -59.631, 50.646},
      {-4.71537, -17.3569, -22.660, 91.359},
      {-4.43422, -13.6078, -10.238, 76.781}}},
    {{{-5.51727, -29.9760, -75.222, 202.253},
      {-4.98228, -20.3050, -25.224, 132.03},
      {-4.70233, -16.1253, -9.836, 94.272}}}};

/* How much lower the critical value near t is for n periods than for infinitely many.  Above the 10 % point that
 * fades: at .6 beyond it the distribution hardly depends on n any more. */
static double shift(double t, const points *c, double n)
{
    double at[3], by[3];
    for (int i = 0; i < 3; i++) {
        const double *v = c->at[i];
        by[i] = v[1] / n + v[2] / (n * n) + v[3] / (n * n * n);
        at[i] = v[0] + by[i];
    }
    if (t <= at[0]) return by[0];
    if (t >= at[2]) return by[2] * fmax(0, 1 - (t - at[2]) / 0.6);
    int i = t < at[1] ? 0 : 1;
    return by[i] + (by[i + 1] - by[i]) * (t - at[i]) / (at[i + 1] - at[i]);
}

double rl_tau_p(double t, rl_det det, size_t N, size_t n)
{
    assert(N >= 1 && N <= RL_TAU_MOST && (det != RL_DET_NONE || N == 1));
    const surface *s = det == RL_DET_NONE ? NONE : det == RL_DET_DRIFT ? &DRIFT[N - 1] : &TREND[N - 1];
    const points *c = det == RL_DET_NONE ? NONE_N : det == RL_DET_DRIFT ? &DRIFT_N[N - 1] : &TREND_N[N - 1];
    if (isnan(t)) return NAN;
    if (n > 0) t -= shift(t, c, (double)n);
    if (t > s->most) return 1;
    if (t < s->least) return 0;
    double z = t <= s->star ? s->small[0] + t * (s->small[1] + t * s->small[2] / 100)
                            : s->large[0] + t * (s->large[1] / 10 + t * (s->large[2] / 10 + t * s->large[3] / 100));
    double two = rl_t_p(z, 0);
    return z < 0 ? two / 2 : 1 - two / 2;
}

/* --- the limit of kpss ------------------------------------------------------------ *
 *
 * eta -> sum_j Z_j^2 / z_j^2, Z_j independent standard normals, where the z_j are
 *   level   pi, 2 pi, 3 pi, ..                                    (Anderson & Darling 1952)
 *   trend   2 pi j, and twice the roots of tan r = r, in turns    (MacNeill 1978)
 *
 * Tail by Smirnov's formula, which runs along the cuts of the characteristic
 * function: P(eta > x) = 1/pi sum_j (-1)^(j+1) integral over s from z_(2j-1)^2/2
 * to z_2j^2/2 of exp(-s x) / (s sqrt|D(s)|), D(s) = prod (1 - 2 s / z_j^2).  The
 * square roots at both ends are what Gauss-Chebyshev's rule is made for.
 */

enum { ROOTS = 256, NODES = 32 };
static const double PI = 3.14159265358979323846;

/* Roots of tan r = r: Newton on sin r - r cos r would want sines; the series in 1/q has all digits from the 6th on. */
static double tangent_root(int j)
{
    static const double FIRST[] = {4.493409457909064175, 7.725251836937707165, 10.904121659428899827,
                                   14.066193912831473480, 17.220755271930768440};
    if (j <= 5) return FIRST[j - 1];
    double q = (j + 0.5) * PI, v = 1 / (q * q);
    return q - (1 + v * (2.0 / 3 + v * (13.0 / 15 + v * (146.0 / 105 + v * (781.0 / 315 + v * 16328.0 / 3465))))) / q;
}

static void roots(bool trend, double *z2)
{
    for (int j = 1; j <= ROOTS; j++) {
        double z = !trend ? j * PI : j % 2 == 1 ? (j + 1) * PI : 2 * tangent_root(j / 2);
        z2[j - 1] = z * z;
    }
}

/* log |D(s)| less the logs of the factors `skip` and `skip` + 1; what is beyond the last root as a series. */
static double rest_log(const double *z2, double s, int skip, const double beyond[3])
{
    double product = 1, sum = 0;
    for (int j = 0; j < ROOTS; j++) {
        if (j == skip || j == skip + 1) continue;
        product *= fabs(1 - 2 * s / z2[j]);
        if (j % 8 == 7) {
            sum += rl_log(product);
            product = 1;
        }
    }
    sum += rl_log(product);
    return sum - 2 * s * (beyond[0] + s * (beyond[1] + s * 4.0 / 3 * beyond[2]));
}

/* cos((2i+1) pi / 4m), i < m, by halving angles; m a power of two. */
static void chebyshev(double *node, int m)
{
    node[0] = sqrt(0.5);
    for (int n = 1; n < m; n *= 2) {
        for (int i = n; i-- > 0;) {
            double c = node[i]; /* of (2i+1) pi / 4n */
            node[2 * n - 1 - i] = sqrt((1 - c) / 2);
            node[i] = sqrt((1 + c) / 2);
        }
    }
}

double rl_kpss_p(double eta, bool trend)
{
    double z2[ROOTS], node[NODES], beyond[3] = {trend ? 1.0 / 15 : 1.0 / 6, trend ? 11.0 / 12600 : 1.0 / 90, 0},
                                   sum = 0;
    if (isnan(eta)) return NAN;
    if (eta < 0.005) return 1;
    roots(trend, z2);
    chebyshev(node, NODES);
    for (int j = 0; j < ROOTS; j++) {
        beyond[0] -= 1 / z2[j];
        beyond[1] -= 1 / (z2[j] * z2[j]);
    }
    for (int j = 0; j + 1 < ROOTS; j += 2) {
        double a = z2[j] / 2, b = z2[j + 1] / 2, part = 0;
        if (a * eta > 40) break;
        for (int i = 0; i < 2 * NODES; i++) {
            double x = i < NODES ? node[i] : -node[i - NODES], s = 0.5 * (a + b) + 0.5 * (b - a) * x;
            /* |D| = (s-a)(b-s) / (ab) times the rest */
            part += rl_exp(-s * eta - 0.5 * rest_log(z2, s, j, beyond)) / s;
        }
        part *= sqrt(a * b) * PI / (2 * NODES);
        sum += j % 4 == 0 ? part : -part;
    }
    return fmin(fmax(sum / PI, 0), 1);
}

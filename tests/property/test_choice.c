/* Does the interval of a response hold the truth when its form was not known?
 *
 * Spend moves an outcome by one of six true responses, none of which the program is told: what an average over
 * forms and lengths says is compared with the truth, in series of 60 and 120 periods, beside a second channel, with
 * an effect that the longest range of lags finds at three and at eight standard errors.
 *
 * RL_DRAWS = series a cell of the grid (default 20, four cells): `make coverage` prints a table from 200. */
#include "unit/fit_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "model/response.h"
#include "own_ctx.h"

enum { BEFORE = 60, AFTER = 300 };

typedef struct truth {
    const char *name;
    double rate, shape, scale; /* a share stays; or it is delayed; or, both 0, 2/3 at once and 1/3 a period later */
} truth;
static const truth TRUTH[] = {{"stays .3", 0.3, 0, 0},  {"stays .6", 0.6, 0, 0},   {"stays .8", 0.8, 0, 0},
                              {"delayed", 0, 2.2, 3.2}, {"long delay", 0, 2.2, 6}, {"short", 0, 0, 0}};

static size_t draws;
static bool grid;

static void true_response(const truth *t, double *psi)
{
    for (int h = 0; h < AFTER; h++) {
        psi[h] = h == 0 ? 2 / 3.0 : h == 1 ? 1 / 3.0 : 0;
        if (t->rate > 0) psi[h] = (1 - t->rate) * pow(t->rate, h);
        if (t->shape > 0) psi[h] = exp(-pow(h / t->scale, t->shape)) - exp(-pow((h + 1) / t->scale, t->shape));
    }
}

/* T periods of y = 5 + x's response + z's + sigma noise; spend has peaks and persists. */
static rl_table series(const double *psi, size_t T, double sigma, uint64_t seed, rl_ctx *one)
{
    rl_table t = fit_table(T);
    fit_num(&t, "t", one), fit_num(&t, "x", one), fit_num(&t, "z", one), fit_num(&t, "y", one);
    double x[BEFORE + 200], u = 0, before = 0;
    rl_rng r = rl_rng_for(seed, 19);
    for (size_t i = 0; i < BEFORE + T; i++) {
        u = 0.6 * u + rl_normal(&r);
        x[i] = exp(0.5 * u);
    }
    for (size_t i = 0; i < T; i++) {
        double y = 5, z = rl_uniform(&r);
        for (size_t h = 0; h <= BEFORE + i; h++) y += psi[h] * x[BEFORE + i - h];
        t.col[0].num[i] = 1 + (double)i;
        t.col[1].num[i] = x[BEFORE + i];
        t.col[2].num[i] = z;
        t.col[3].num[i] = y + sigma * (0.8 * z + 0.4 * before + rl_normal(&r));
        before = z;
    }
    return t;
}

static const rl_response *answer(const rl_table *t, rl_average_kind over, double *sigma, rl_ctx *one)
{
    static const char *const WHAT[] = {"x"};
    rl_request r = fit_request("y ~ lag(x,0:8) + lag(z,0:2)");
    rl_result out;
    r.response = WHAT, r.n_response = 1, r.time = "t", r.average = over;
    CHECK_OK(rl_estimate_run(&r, t, &out, one->keep, one), one);
    if (sigma != NULL) *sigma = out.sigma;
    return &out.response[0];
}

typedef struct tally {
    size_t n, sum, ends, band, each, told, half, fixed, fixed_ends, lengths;
    double longer;
} tally;

static bool in(double low, double high, double x) { return low <= x && x <= high; }

static void count(const rl_response *s, const rl_response *shorter, const double *psi, tally *k)
{
    const rl_average *a = s->average;
    double sum = 0, all = 0, reached = 0;
    int at = 0;
    bool band = true, each = true;
    for (size_t h = 0; h < s->n; h++) {
        sum += psi[h];
        band = band && in(a->cumulative[h].band_low, a->cumulative[h].band_high, sum);
        each = each && in(a->impulse[h].band_low, a->impulse[h].band_high, psi[h]);
    }
    for (int h = 0; h < AFTER; h++) all += psi[h];
    while (reached + psi[at] < all / 2) reached += psi[at++];
    const rl_banded *last = &a->cumulative[s->n - 1], *own = &s->cumulative[s->n - 1],
                    *cut = &shorter->average->cumulative[s->n - 1];
    k->n++;
    k->sum += in(last->low, last->high, sum);
    k->ends += in(a->long_run.low, a->long_run.high, all);
    k->band += band;
    k->each += each;
    k->fixed += in(own->low, own->high, sum);
    k->fixed_ends += in(s->long_run.low, s->long_run.high, all);
    k->lengths += in(cut->low, cut->high, sum);
    k->longer += (last->high - last->low) / (own->high - own->low);
    if (a->half_life.why != NULL) return;
    k->told++;
    k->half += in(a->half_life.low, a->half_life.high, at + (all / 2 - reached) / psi[at]);
}

static tally cell(const truth *t, size_t T, double se, uint64_t seed)
{
    double psi[AFTER], unit;
    tally k = {.n = 0};
    true_response(t, psi);
    for (size_t b = 0; b < draws; b++) {
        rl_ctx one;
        check_ctx(&one);
        rl_table first = series(psi, T, 1, seed + b, &one);
        const rl_response *s = answer(&first, RL_AVERAGE_NONE, &unit, &one);
        rl_table y = series(psi, T, se * unit / s->long_run.se, seed + b, &one);
        count(answer(&y, RL_AVERAGE_FORMS, NULL, &one), answer(&y, RL_AVERAGE_LENGTHS, NULL, &one), psi, &k);
        rl_ctx_free(&one);
    }
    return k;
}

static double share(size_t hits, size_t n) { return n > 0 ? 100 * (double)hits / (double)n : NAN; }

static void print(const char *name, size_t T, double se, const tally *k)
{
    if (!grid) return;
    printf("%-11s %4zu %4.0f %7.1f %7.1f %7.1f %7.1f %7.1f %6zu | %7.1f %7.1f | %7.1f %8.2f\n", name, T, 1 / se,
           share(k->sum, k->n), share(k->ends, k->n), share(k->band, k->n), share(k->each, k->n),
           share(k->half, k->told), k->told, share(k->fixed, k->n), share(k->fixed_ends, k->n), share(k->lengths, k->n),
           k->longer / (double)k->n);
    fflush(stdout);
}

/* Of `n` intervals of 95 %, at least 93 hold in 100, but for the luck of the draw. */
static void holds(const char *what, size_t hits, size_t n)
{
    double noise = 300 * sqrt(0.07 * 0.93 / (double)n);
    if (share(hits, n) < 93 - noise) fail_msg("%s: %.1f %% of %zu hold", what, share(hits, n), n);
}

static void covered(void **s)
{
    (void)s;
    static const double SE[] = {0.35, 0.12};
    tally all = {.n = 0};
    if (grid)
        printf("95 %% intervals that hold the truth, in per cent: averaged over forms and lengths | the longest range "
               "alone |\nlengths only, and how long the first is beside the second\n%-11s %4s %4s %7s %7s %7s %7s "
               "%7s %6s | %7s %7s | %7s %8s\n",
               "truth", "T", "t", "0..8", "in all", "band", "impulse", "half", "told", "0..8", "in all", "0..8",
               "length");
    for (size_t T = 60; T <= 120; T += 60)
        for (size_t i = 0; i < sizeof TRUTH / sizeof *TRUTH; i++)
            for (size_t j = 0; j < 2; j++) {
                if (!grid && (T > 60 || (i != 1 && i != 3))) continue;
                tally k = cell(&TRUTH[i], T, SE[j], 100000 * (T + 2 * i + j));
                print(TRUTH[i].name, T, SE[j], &k);
                all.n += k.n, all.sum += k.sum, all.ends += k.ends, all.band += k.band, all.each += k.each;
                all.told += k.told, all.half += k.half, all.longer += k.longer, all.lengths += k.lengths;
            }
    holds("added up", all.sum, all.n);
    holds("in the long run", all.ends, all.n);
    holds("band, added up", all.band, all.n);
    holds("band, each period", all.each, all.n);
    holds("half-life", all.half, all.told);
    assert_true(all.longer < 0.95 * (double)all.n); /* .. and it is no longer than not choosing */
    assert_true(all.told > all.n / 2);
}

int main(void)
{
    draws = check_draws(20);
    grid = check_draws(0) > 0;
    const struct CMUnitTest tests[] = {cmocka_unit_test(covered)};
    return cmocka_run_group_tests(tests, setup, teardown);
}

/* tests/coverage/rollout.h -- one simulated roll-out of a programme, with an effect that is known.
 *
 * Periods 1 .. 7; cohorts start at 4, 5 and 6, alike in size, and some 28 % never.
 *
 *   y_it = a_i + .2 t + .3 x_i t [covariate] + e_it + s_ct [clusters] + (effect(g, t - g) + v_i) [t >= g]
 *   effect(g, e) = .5 + .2 e + .3 (g - 5), and times w_i with weights
 *
 * e_it and s_ct are AR(1) with .5.  Who is treated hangs on x where there is a covariate, so that trends are parallel
 * given x alone; with clusters all units of a cluster start together.  Weights are uniform on (.5, 1.5): with effects
 * proportional to them the weighted effect is 1 + 1/12 times that. */
#ifndef TESTS_COVERAGE_ROLLOUT_H
#define TESTS_COVERAGE_ROLLOUT_H

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "model/est.h"
#include "model/result.h"

enum { ROLL_T = 7, ROLL_FIRST = 4, ROLL_COHORTS = 3, ROLL_MEMBERS = 4, ROLL_ROWS = 3 };
enum { ROLL_LO = -3, ROLL_HI = 1 }; /* window of event times, for the estimators that need or take one */

typedef struct rollout {
    size_t G;                                       /* units, or clusters of ROLL_MEMBERS units          */
    bool rcs, notyet, covariate, weights, clusters; /* rcs: G rows a period, or ROLL_ROWS of each cluster */
} rollout;

/* What is true of the simulated rows: averages over the programme's cohorts. */
typedef struct roll_truth {
    double event0;               /* population                                                   */
    double dynamic;              /* population: mean over event times of the effects of an event time */
    double own_event0, own_rows; /* with the cohorts' shares in these rows; over the treated rows */
    double own_window;           /* .. up to event 1                                      */
} roll_truth;

static inline double roll_effect(int g, int e) { return 0.5 + 0.2 * e + 0.3 * (g - 5); }

typedef struct roll_unit {
    int g; /* 0 = never */
    double x, w, level, own;
} roll_unit;

static inline int roll_cohort(rl_rng *r, double pull)
{
    double p = 1 / (1 + exp(-0.95 - pull));
    if (rl_uniform(r) >= p) return 0;
    return ROLL_FIRST + (int)(ROLL_COHORTS * rl_uniform(r));
}

static inline roll_unit roll_draw(const rollout *q, rl_rng *r, double place, int g)
{
    double x = q->clusters ? 0.7 * place + 0.7 * rl_normal(r) : rl_normal(r), level = rl_normal(r);
    roll_unit u = {g, x, 0.5 + rl_uniform(r), level, 0.3 * rl_normal(r)};
    if (!q->clusters) u.g = roll_cohort(r, q->covariate ? 0.4 * x : 0);
    return u;
}

static inline double roll_outcome(const rollout *q, const roll_unit *u, int t, double error)
{
    double y = u->level + 0.2 * t + (q->covariate ? 0.3 * u->x * t : 0) + error;
    if (u->g == 0 || t < u->g) return y;
    return y + u->own + roll_effect(u->g, t - u->g) * (q->weights ? u->w : 1);
}

static inline void roll_walk(rl_rng *r, double sd, double *out)
{
    double e = rl_normal(r);
    for (int t = 0; t < ROLL_T; t++) {
        out[t] = sd * e;
        e = 0.5 * e + sqrt(0.75) * rl_normal(r);
    }
}

enum { ROLL_UNIT, ROLL_CLUSTER, ROLL_TIME, ROLL_START, ROLL_X, ROLL_W, ROLL_Y, ROLL_COLUMNS };

static inline void roll_row(rl_table *t, size_t i, size_t unit, size_t cluster, int time, const roll_unit *u, double y)
{
    double v[ROLL_COLUMNS] = {(double)unit, (double)cluster, time, u->g > 0 ? u->g : (double)NAN, u->x, u->w, y};
    for (size_t c = 0; c < ROLL_COLUMNS; c++) t->col[c].num[i] = v[c];
}

static inline rl_table roll_table(const rollout *q, uint64_t seed, rl_arena *in)
{
    static const char *const NAME[] = {"unit", "cluster", "t", "g", "x", "w", "y"};
    size_t per = !q->clusters ? 1 : q->rcs ? ROLL_ROWS : ROLL_MEMBERS, n = q->G * per * ROLL_T, i = 0;
    rl_table t = {.n = n, .rows_read = n, .k = ROLL_COLUMNS, .col = RL_NEW(in, rl_col, ROLL_COLUMNS)};
    for (size_t c = 0; c < ROLL_COLUMNS; c++)
        t.col[c] = (rl_col){.name = NAME[c], .type = RL_NUM, .num = RL_NEW(in, double, n), .field = -1};
    rl_rng r = rl_rng_for(seed, q->G);
    for (size_t c = 0; c < q->G; c++) {
        double place = rl_normal(&r), shock[ROLL_T] = {0}, e[ROLL_T];
        int g = roll_cohort(&r, q->covariate ? 0.4 * place : 0);
        if (q->clusters) roll_walk(&r, 0.5, shock);
        for (size_t k = 0; k < per; k++) {
            roll_unit u = roll_draw(q, &r, place, g);
            roll_walk(&r, 1, e);
            for (int s = 0; s < ROLL_T; s++, i++) {
                if (q->rcs && s > 0) { /* every row is somebody else */
                    u = roll_draw(q, &r, place, g);
                    e[s] = rl_normal(&r);
                }
                roll_row(&t, i, q->rcs ? i : c * per + k, c, s + 1, &u, roll_outcome(q, &u, s + 1, e[s] + shock[s]));
            }
        }
    }
    return t;
}

static inline roll_truth roll_truths(const rollout *q, const rl_table *t)
{
    double by = q->weights ? 1 + 1.0 / 12 : 1, e0 = 0, n0 = 0, early = 0, n1 = 0, all = 0, n = 0, mean = 0;
    for (int e = 0; e <= ROLL_T - ROLL_FIRST; e++) {
        double sum = 0, count = 0;
        for (int g = ROLL_FIRST; g < ROLL_FIRST + ROLL_COHORTS && g + e <= ROLL_T; g++)
            sum += roll_effect(g, e), count++;
        mean += sum / count / (ROLL_T - ROLL_FIRST + 1);
    }
    for (size_t i = 0; i < t->n; i++) {
        double g = t->col[ROLL_START].num[i], e = t->col[ROLL_TIME].num[i] - g;
        if (!(e >= 0)) continue;
        double d = roll_effect((int)g, (int)e), w = q->weights ? t->col[ROLL_W].num[i] : 1;
        all += w * d, n += w;
        if (e == 0) e0 += w * d, n0 += w;
        if (e <= ROLL_HI) early += w * d, n1 += w;
    }
    return (roll_truth){by * roll_effect(5, 0), by * mean, by * e0 / n0, by * all / n, by * early / n1};
}

/* --- what revlift says of it ------------------------------------------------------------ */

enum { ROLL_PEER, ROLL_SMALL, ROLL_WAYS }; /* the convention of the method's peers; --as small-sample */

typedef struct roll_part {
    double truth, low, high;
} roll_part;

typedef struct roll_said {
    roll_part overall, event;
    double p_events, p_cells; /* pre-trend tests; NaN = not there */
} roll_said;

typedef struct roll_tally {
    double overall, event, pre, cells;
    bool cells_asked;
} roll_tally;

static inline void roll_count(roll_tally *t, const roll_said *s)
{
    t->overall += s->overall.low <= s->overall.truth && s->overall.truth <= s->overall.high;
    t->event += s->event.low <= s->event.truth && s->event.truth <= s->event.high;
    t->pre += s->p_events < 0.05;
    t->cells += s->p_cells < 0.05;
    t->cells_asked |= !isnan(s->p_cells);
}

static inline rl_request roll_request(const rollout *q, const char *estimator)
{
    rl_request r = {.formula = q->covariate ? "y ~ x" : "y ~ 1",
                    .estimator = rl_estimator_by_name(estimator),
                    .unit = q->rcs ? NULL : "unit",
                    .time = "t",
                    .cohort = "g",
                    .weights = q->weights ? "w" : NULL,
                    .level = 0.95,
                    .agg = RL_AGG_DYNAMIC,
                    .max_lags = -1,
                    .horizon = -1,
                    .checked = true,
                    .notyet = q->notyet,
                    .rcs = q->rcs,
                    .leads = strcmp(estimator, "etwfe") == 0,
                    .vcov = {.lag = -1}};
    if (q->clusters) r.vcov = (rl_vcov_spec){.kind = RL_CLUSTER, .ways = 1, .by = {"cluster"}, .lag = -1};
    if (strcmp(estimator, "cs") == 0) return r;
    r.has_window = true;
    r.window_lo = ROLL_LO;
    r.window_hi = ROLL_HI;
    r.reweight = strcmp(estimator, "lpdid") == 0;
    return r;
}

/* Their overall effect is that of the window. */
static inline bool roll_windowed(const char *estimator)
{
    return !strcmp(estimator, "lpdid") || !strcmp(estimator, "stacked") || !strcmp(estimator, "dcdh");
}

static inline double roll_p(const rl_result *r, const char *test)
{
    for (size_t i = 0; i < r->n_tests; i++)
        if (strcmp(r->test[i].name, test) == 0) return r->test[i].p_value;
    return NAN;
}

static inline void roll_find(const rl_result *r, const char *term, double truth, roll_part *out)
{
    for (size_t i = 0; i < r->m; i++) {
        const rl_estimate *e = &r->est[i];
        bool event = strcmp(term, "event") == 0;
        if (strcmp(e->label.term, term) == 0 && (!event || e->label.event == 0))
            *out = (roll_part){truth, e->conf_low, e->conf_high};
    }
}

/* One programme both ways: overall and event 0, tests of event times before the start and (cs) of all cells. */
static inline rl_code roll_ask(const rollout *q, const char *estimator, uint64_t seed, roll_said out[ROLL_WAYS],
                               rl_ctx *cx)
{
    rl_table t = roll_table(q, seed, cx->tmp);
    roll_truth truth = roll_truths(q, &t);
    bool cs = strcmp(estimator, "cs") == 0;
    for (size_t w = 0; w < ROLL_WAYS; w++) out[w] = (roll_said){{NAN, NAN, NAN}, {NAN, NAN, NAN}, NAN, NAN};
    for (size_t w = 0; w < ROLL_WAYS; w++) {
        rl_request r = roll_request(q, estimator);
        rl_result fit;
        if (w == ROLL_SMALL) r.profile = "small-sample";
        RL_TRY(rl_estimate_run(&r, &t, &fit, cx->tmp, cx));
        roll_find(&fit, "event", cs ? truth.event0 : truth.own_event0, &out[w].event);
        if (cs) roll_find(&fit, "overall", truth.dynamic, &out[w].overall);
        out[w].p_events = roll_p(&fit, "pre-trend");
        r.agg = cs ? RL_AGG_GROUP_TIME : RL_AGG_SIMPLE;
        r.has_window = roll_windowed(estimator);
        r.leads = false;
        if (cs && w == ROLL_SMALL) continue; /* its test stands beside the peers' */
        RL_TRY(rl_estimate_run(&r, &t, &fit, cx->tmp, cx));
        if (!cs) roll_find(&fit, "overall", r.has_window ? truth.own_window : truth.own_rows, &out[w].overall);
        if (!cs) continue;
        out[ROLL_PEER].p_cells = roll_p(&fit, "pre-trend");
        out[ROLL_SMALL].p_cells = roll_p(&fit, "pre-trend-small-sample");
    }
    return RL_OK;
}

#endif

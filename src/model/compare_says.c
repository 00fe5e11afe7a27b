/* What estimators side by side say together: over the event times that all of them have, and whether they agree. */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "model/compare.h"
#include "num/dist.h"

/* --- the same event times ------------------------------------------------------------ */

static size_t event_at(const rl_result *r, int32_t e)
{
    for (size_t j = 0; j < r->m; j++)
        if (strcmp(r->est[j].label.term, "event") == 0 && r->est[j].label.event == e && r->est[j].std_error > 0)
            return j;
    return SIZE_MAX;
}

/* The last event time of those from 0 on without a gap; below 0 = none. */
static int run_of(const rl_result *r, int most, int step)
{
    int e = 0;
    while (e <= most && event_at(r, e) != SIZE_MAX) e += step;
    return e - step;
}

static rl_estimate mean_to(const rl_result *r, int last, int step, double level)
{
    size_t n = (size_t)(last / step) + 1;
    long double b = 0, v = 0;
    rl_estimate e = r->est[event_at(r, 0)];
    for (int i = 0; i <= last; i += step) {
        size_t a = event_at(r, i);
        b += r->est[a].estimate;
        for (int k = 0; k <= last; k += step) v += r->V[a + event_at(r, k) * r->m];
        e.df = fmin(e.df, r->est[a].df);
    }
    e.label = (rl_label){.term = "events", .group = RL_NO_ID, .time = RL_NO_ID, .event = RL_NO_ID};
    e.estimate = (double)(b / n);
    e.std_error = (double)(sqrtl(v) / n);
    double q = rl_t_quantile(0.5 + level / 2, e.df);
    e.statistic = e.estimate / e.std_error;
    e.p_value = rl_t_p(e.statistic, e.df);
    e.conf_low = e.estimate - q * e.std_error;
    e.conf_high = e.estimate + q * e.std_error;
    e.band_low = e.band_high = NAN;
    e.std_error_neyman = 0;
    return e;
}

static void near_all(rl_sides *s, int last, double level)
{
    s->last = last;
    for (size_t i = 0; i < s->n; i++) {
        s->v[i].near = (rl_estimate){.estimate = NAN, .std_error = NAN, .conf_low = NAN, .conf_high = NAN};
        int run = s->v[i].event.m > 0 ? run_of(&s->v[i].event, last, s->step) : -1;
        if (run >= 0 && run < s->last) s->last = run;
    }
    for (size_t i = 0; i < s->n && s->last >= 0; i++)
        if (s->v[i].event.m > 0 && run_of(&s->v[i].event, last, s->step) >= 0)
            s->v[i].near = mean_to(&s->v[i].event, s->last, s->step, level);
}

/* --- agreement ------------------------------------------------------------------------ */

/* Same effect, same assumption, same rows. */
static bool comparable(const rl_sides *s, const rl_side *v)
{
    return v->answered && v->same_estimand && v->parallel && v->rows == s->rows;
}

/* The largest difference of two of them in standard errors of the less precise one: where the more precise one is
 * efficient, the difference has less variance than that (Hausman 1978), so chance is not taken for disagreement. */
static double largest_gap(const rl_sides *s)
{
    double gap = 0;
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < i; k++) {
            const rl_estimate *a = &s->v[i].effect, *b = &s->v[k].effect;
            if (!comparable(s, &s->v[i]) || !comparable(s, &s->v[k])) continue;
            gap = fmax(gap, fabs(a->estimate - b->estimate) / fmax(a->std_error, b->std_error));
        }
    return gap;
}

/* The same effect and assumption on other rows: not held against the others. */
static bool elsewhere(const rl_sides *s, const rl_side *v)
{
    return v->answered && v->same_estimand && v->parallel && v->rows != s->rows;
}

/* "cs, bjs and did2s" */
static const char *names_of(const rl_sides *s, bool (*is)(const rl_sides *, const rl_side *), size_t n, rl_arena *keep)
{
    rl_str out = rl_str_new(keep);
    for (size_t i = 0, k = 0; i < s->n; i++) {
        if (!is(s, &s->v[i])) continue;
        rl_str_addf(&out, "%s%s", k == 0 ? "" : k + 1 < n ? ", " : " and ", s->v[i].estimator);
        k++;
    }
    return rl_str_text(&out);
}

static size_t count(const rl_sides *s, bool (*is)(const rl_sides *, const rl_side *))
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) n += is(s, &s->v[i]);
    return n;
}

/* Some of them hold covariates fixed that others had to leave out. */
static bool covariates_differ(const rl_sides *s)
{
    const rl_side *first = NULL;
    for (size_t i = 0; i < s->n; i++) {
        const rl_side *v = &s->v[i];
        if (!comparable(s, v)) continue;
        if (first == NULL) first = v;
        if ((v->without == NULL) != (first->without == NULL)) return true;
        if (v->without != NULL && strcmp(v->without, first->without) != 0) return true;
    }
    return false;
}

/* Least and largest estimate, and the least standard error; NaN where one of them has none. */
static double spread(rl_sides *s)
{
    double se = INFINITY;
    s->low = s->high = NAN;
    for (size_t i = 0; i < s->n; i++) {
        const rl_side *v = &s->v[i];
        if (!comparable(s, v)) continue;
        if (!(v->effect.estimate >= s->low)) s->low = v->effect.estimate;
        if (!(v->effect.estimate <= s->high)) s->high = v->effect.estimate;
        se = v->effect.std_error > 0 && !isnan(se) ? fmin(se, v->effect.std_error) : (double)NAN;
    }
    return se;
}

/* What a difference of so many standard errors means. */
static const char *of_gap(const rl_sides *s, const char *who, double gap, rl_arena *keep)
{
    if (gap <= 2)
        return rl_sprintf(keep,
                          "%s differ by up to %.1f standard errors (of the less precise of two), which may be "
                          "chance: they compare with other rows and another base period, which the table names",
                          who, gap);
    if (2 * s->alone >= s->starters && s->alone > 0)
        return rl_sprintf(keep,
                          "%s differ by %.1f standard errors (of the less precise of two), but %s alone with %s "
                          "start, and the errors of these methods hold nothing of such a unit's own luck: whether this "
                          "is chance cannot be told from them",
                          who, gap,
                          s->starters == 1 ? "the treated unit is"
                                           : rl_sprintf(keep, "%zu of %zu treated units are", s->alone, s->starters),
                          s->starters == 1 ? "its" : "their");
    if (covariates_differ(s))
        return rl_sprintf(keep,
                          "%s differ by %.1f standard errors (of the less precise of two), and not all of them "
                          "hold the covariates fixed, which the table names: see whether they agree without them",
                          who, gap);
    return rl_sprintf(keep,
                      "%s differ by %.1f standard errors (of the less precise of two): parallel trends cannot "
                      "hold for all of their comparisons; look at the event studies before any of them is "
                      "believed",
                      who, gap);
}

static void agree(rl_sides *s, rl_arena *keep)
{
    size_t n = count(s, comparable), others = count(s, elsewhere);
    double se = spread(s);
    const char *who = rl_sprintf(keep, "the %zu estimators of the same effect by parallel trends (%s)", n,
                                 names_of(s, comparable, n, keep));
    if (n < 2) {
        s->low = s->high = NAN;
        s->says = "fewer than two estimators of the same effect can answer here";
    } else if (isnan(se)) {
        s->says = rl_sprintf(keep, "%s do not all have a standard error: whether they agree cannot be told", who);
    } else if (s->high - s->low <= 0.5 * se) {
        s->says = rl_sprintf(keep,
                             "%s agree to within half of the smallest standard error: the answer does not hang on the "
                             "choice of method",
                             who);
    } else {
        s->says = of_gap(s, who, largest_gap(s), keep);
    }
    if (others > 0)
        s->says = rl_sprintf(keep, "%s; %s %s on rows of %s own and %s not held against %s", s->says,
                             names_of(s, elsewhere, others, keep), others > 1 ? "stand" : "stands",
                             others > 1 ? "their" : "its", others > 1 ? "are" : "is", n < 2 ? "another" : "them");
}

void rl_compare_judge(rl_sides *s, int last, double level, rl_arena *keep)
{
    for (size_t i = 0; i < s->n; i++) s->v[i].same_rows = s->v[i].answered && s->v[i].rows == s->rows;
    near_all(s, last, level);
    agree(s, keep);
}

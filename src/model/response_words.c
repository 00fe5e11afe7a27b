/* A response in words, for a reader who pays for it. */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "model/response.h"

enum { MOST_SAYS = 16 };

/* x with the decimals that two leading digits of the standard error need. */
static const char *figure(double x, double se, rl_arena *in)
{
    int decimals = se > 0 && se < 1e12 ? 1 - (int)floor(log10(se)) : 2;
    if (decimals > 9) return rl_sprintf(in, "%.3e", x);
    return rl_fixed(x, decimals, in);
}

/* "0.21 of revenue", "0.21 in the log-odds of won" */
static const char *much(const rl_response *s, double x, double se, rl_arena *in)
{
    return rl_sprintf(in, "%s %s %s", figure(x, se, in), s->index ? "in the" : "of", s->outcome);
}

static const char *mean(double x, rl_arena *in) { return rl_sprintf(in, fabs(x) >= 100 ? "%.0f" : "%.3g", x); }

static void say(rl_response *s, const char *text) { s->says[s->n_says++] = text; }

/* One more of what goes with how much more of what: the unit of a response. */
static const char *unit(const rl_response *s, rl_arena *in)
{
    if (s->log_outcome && s->log_variable)
        return rl_sprintf(in,
                          "both are logs, so responses are elasticities: 1 %% more %s in one %s goes with so many per "
                          "cent more %s",
                          s->variable_unit, s->period, s->outcome_unit);
    if (s->log_outcome)
        return rl_sprintf(in, "%s: times 100, a response is the change of %s in per cent for one unit more of %s",
                          s->index ? "responses are changes of a log" : "the outcome is a log", s->outcome_unit,
                          s->variable);
    if (s->log_variable)
        return rl_sprintf(in, "%s is a log: over 100, a response is the change of %s for 1 %% more %s", s->variable,
                          s->outcome, s->variable_unit);
    return NULL;
}

static const char *in_all(const rl_response *s, rl_arena *in)
{
    const rl_summary *l = &s->long_run;
    if (isnan(l->est)) {
        const rl_banded *c = &s->cumulative[s->n - 1];
        return rl_sprintf(in, "one more %s in one %s goes with %s within %zu %ss (%g %% interval %s to %s); %s",
                          s->variable, s->period, much(s, c->est, c->se, in), s->n - 1, s->period, 100 * s->level,
                          figure(c->low, c->se, in), figure(c->high, c->se, in), l->why);
    }
    if (l->why != NULL && isfinite(l->low))
        return rl_sprintf(in, "one more %s in one %s goes with %s in the long run, %s or more; %s", s->variable,
                          s->period, much(s, l->est, l->se, in), figure(l->low, l->se, in), l->why);
    if (l->why != NULL)
        return rl_sprintf(in, "one more %s in one %s goes with %s in the long run; %s", s->variable, s->period,
                          much(s, l->est, l->se, in), l->why);
    return rl_sprintf(in, "one more %s in one %s goes with %s in the long run (%g %% interval %s to %s)", s->variable,
                      s->period, much(s, l->est, l->se, in), 100 * s->level, figure(l->low, l->se, in),
                      figure(l->high, l->se, in));
}

/* "to an end that is not known" for an interval without one. */
static const char *range(const rl_summary *x, double times, const char *unit_text, rl_arena *in)
{
    if (x->why != NULL || x->se == 0) return "";
    const char *low = rl_fixed(times * x->low, times == 1, in), *high = rl_fixed(times * x->high, times == 1, in);
    if (isinf(x->high)) return rl_sprintf(in, " (%s%s or more)", low, unit_text);
    if (strcmp(low, high) == 0) return ""; /* it is what the estimate shows */
    return rl_sprintf(in, " (%s to %s%s)", low, high, unit_text);
}

static const char *quarter(const rl_response *s, rl_arena *in)
{
    return s->after == 1 ? rl_sprintf(in, "the %s itself", s->period) : rl_sprintf(in, "%d %ss", s->after, s->period);
}

static const char *when(const rl_response *s, rl_arena *in)
{
    if (isnan(s->half_life.est)) return rl_sprintf(in, "when it comes: %s", s->half_life.why);
    return rl_sprintf(in,
                      "half of it is in after %s %ss%s, counted from the start of the %s; %s %% of it%s comes "
                      "after %s%s%s",
                      rl_fixed(s->half_life.est, 1, in), s->period, range(&s->half_life, 1, "", in), s->period,
                      rl_fixed(100 * s->share_after.est, 0, in), range(&s->share_after, 100, " %", in), quarter(s, in),
                      s->half_life.why != NULL ? "; " : "", s->half_life.why != NULL ? s->half_life.why : "");
}

/* NULL where all comes at once, or is told by when(). */
static const char *lag(const rl_response *s, const rl_summary *m, rl_arena *in)
{
    if (isnan(m->est) || (m->est == 0 && m->se == 0)) return NULL;
    return rl_sprintf(in, "%s mean lag is %s %ss%s, the %s itself counted as 0",
                      m == &s->mean_lag ? "the" : "averaged, the", rl_fixed(m->est, 1, in), s->period,
                      range(m, 1, "", in), s->period);
}

static const char *money(const rl_response *s, rl_arena *in)
{
    double f = s->factor;
    if (f == 1 || isnan(f) || isnan(s->long_run.est)) return NULL;
    const rl_summary *l = &s->long_run;
    const char *ends = l->why != NULL ? ""
                                      : rl_sprintf(in, " (%s to %s)", figure(f * l->low, f * l->se, in),
                                                   figure(f * l->high, f * l->se, in));
    return rl_sprintf(in, "at the observed means (%s %s, %s %s) one more %s goes with %s%s more %s in the long run",
                      s->variable_unit, mean(s->mean_variable, in), s->outcome_unit, mean(s->mean_outcome, in),
                      s->variable_unit, figure(f * l->est, f * l->se, in), ends, s->outcome_unit);
}

void rl_response_beside(rl_response *s, const rl_result *r, rl_arena *keep)
{
    const struct rl_differenced *d = NULL;
    const rl_summary *l = &s->long_run;
    for (size_t i = 0; i < r->n_differenced && d == NULL; i++)
        if (strcmp(r->differenced[i].base, s->variable) == 0) d = &r->differenced[i];
    if (d == NULL || s->segment != NULL || !isfinite(l->low)) return;
    const char *there = rl_sprintf(keep, "%s (%s to %s)", figure(d->est, d->se, keep), figure(d->low, d->se, keep),
                                   figure(d->high, d->se, keep));
    s->differenced = rl_sprintf(keep,
                                "in differences, where what only wanders is not taken for an effect: %s of %s in the "
                                "long run",
                                there, s->outcome);
    if ((l->low > 0 && d->low > 0) || (l->high < 0 && d->high < 0)) return;
    s->verdict = "cannot tell";
    s->doubt =
        rl_sprintf(keep,
                   "%s, %s and what is left of %s wander like random walks, so that levels can seem related when "
                   "nothing is; in the long run the response is %s (%g %% interval %s to %s), and in differences %s",
                   s->outcome, s->variable, s->outcome, figure(l->est, l->se, keep), 100 * s->level,
                   figure(l->low, l->se, keep), figure(l->high, l->se, keep), there);
}

const char *rl_response_bent(const rl_carries *x, const char *segment, rl_arena *keep)
{
    rl_str s = rl_str_new(keep);
    const rl_expr **seen = RL_NEW(keep, const rl_expr *, x->n *RL_MOST_HOPS);
    size_t n = 0, q;
    for (size_t i = 0; i < x->n; i++)
        for (size_t j = 0; j < x->v[i].n_hops; j++) {
            const rl_hop *h = &x->v[i].hop[j];
            if (!rl_lagged_of(&x->v[i], segment, false)) continue;
            if (h->kind != RL_HOP_BEND && h->kind != RL_HOP_HILL) continue;
            for (q = 0; q < n && strcmp(seen[q]->text, h->e->text) != 0;) q++;
            if (q < n) continue;
            seen[n++] = h->e;
            rl_str_addf(&s, "%s%s where %s is at its observed mean, %.4g", n > 1 ? ", of " : "", h->e->text,
                        h->of->text, h->mean);
        }
    if (n == 0) return NULL;
    return rl_sprintf(keep, "%s: the slope of %s; elsewhere one more brings more or less",
                      n > 1 ? "no straight lines" : "no straight line", rl_str_text(&s));
}

void rl_response_doubt(rl_response *s, double chance, double b0, double se0, double crit, rl_arena *keep)
{
    const rl_banded *c = &s->cumulative[s->n - 1];
    bool told = c->low > 0 || c->high < 0;
    if (!(chance >= 0.5) || (told && fabs(b0) > crit * se0)) return;
    s->verdict = "cannot tell";
    s->doubt = rl_sprintf(keep,
                          "what is left of %s is a random walk or nearly one (chance %.0f %%), where series that have "
                          "nothing to do with each other seem related; added up over %zu %ss the response is %s (%g %% "
                          "interval %s to %s), and in differences %s (%s to %s)",
                          s->outcome, 100 * chance, s->n - 1, s->period, figure(c->est, c->se, keep), 100 * s->level,
                          figure(c->low, c->se, keep), figure(c->high, c->se, keep), figure(b0, se0, keep),
                          figure(b0 - crit * se0, se0, keep), figure(b0 + crit * se0, se0, keep));
}

void rl_response_words(rl_response *s, rl_arena *keep)
{
    const char *u = unit(s, keep), *mean_lag = lag(s, &s->mean_lag, keep);
    s->at_means = money(s, keep);
    s->says = RL_NEW(keep, const char *, MOST_SAYS);
    if (s->verdict != NULL) say(s, rl_sprintf(keep, "cannot tell what %s does: %s", s->variable, s->doubt));
    if (u != NULL) say(s, u);
    say(s, in_all(s, keep));
    if (s->differenced != NULL) say(s, s->differenced);
    if (s->bent != NULL) say(s, s->bent);
    say(s, when(s, keep));
    if (mean_lag != NULL) say(s, mean_lag);
    if (s->at_means != NULL) say(s, s->at_means);
    if (s->unit_root != NULL) say(s, s->unit_root);
    if (s->leads) say(s, "leads are no part of it: what comes before its cause is a placebo");
}

/* "0.21 of y within 4 periods (95 % interval 0.1 to 0.3)" */
static const char *within(const rl_response *s, rl_arena *in)
{
    const rl_banded *c = &s->average->cumulative[s->n - 1];
    return rl_sprintf(in, "%s within %zu %ss (%g %% interval %s to %s", much(s, c->est, c->se, in), s->n - 1, s->period,
                      100 * s->level, figure(c->low, c->se, in), figure(c->high, c->se, in));
}

static const char *ends(const rl_summary *l, rl_arena *in)
{
    if (isnan(l->est)) return l->why;
    if (l->why != NULL) return rl_sprintf(in, "in the long run %s; %s", figure(l->est, l->se, in), l->why);
    return rl_sprintf(in, "in the long run %s (%s to %s)", figure(l->est, l->se, in), figure(l->low, l->se, in),
                      figure(l->high, l->se, in));
}

static const char *paced(const rl_response *s, const rl_average *a, rl_arena *in)
{
    if (isnan(a->half_life.est)) return rl_sprintf(in, "when it comes, averaged: %s", a->half_life.why);
    return rl_sprintf(in, "averaged, half of it is in after %s %ss%s; %s %% of it%s comes after %s%s%s",
                      rl_fixed(a->half_life.est, 1, in), s->period, range(&a->half_life, 1, "", in),
                      rl_fixed(100 * a->share_after.est, 0, in), range(&a->share_after, 100, " %", in), quarter(s, in),
                      a->half_life.why != NULL ? "; " : "", a->half_life.why != NULL ? a->half_life.why : "");
}

void rl_response_words_average(rl_response *s, rl_arena *keep)
{
    const rl_average *a = s->average;
    size_t most = 0, few = 0;
    for (size_t k = 0; k < a->n_candidates; k++) {
        if (a->candidate[k].weight > a->candidate[most].weight) most = k;
        few += a->candidate[k].why != NULL;
    }
    const rl_candidate *c = &a->candidate[most];
    if (a->over == RL_AVERAGE_LENGTHS)
        say(s,
            rl_sprintf(keep,
                       "averaged over lengths of the lag (weights by %s and a tenth for the longest; most, %.0f %%, on "
                       "%s): %s, which covers the choice of the length, not that of the form); %s",
                       a->criterion, 100 * c->weight, c->form, within(s, keep), ends(&a->long_run, keep)));
    else
        say(s, rl_sprintf(keep,
                          "averaged over forms and lengths of the lag (weights by %s, most, %.0f %%, on %s): %s, which "
                          "covers the choice of form and length); %s",
                          a->criterion, 100 * c->weight, c->form, within(s, keep), ends(&a->long_run, keep)));
    say(s, paced(s, a, keep));
    const char *mean_lag = lag(s, &a->mean_lag, keep);
    if (mean_lag != NULL) say(s, mean_lag);
    if (a->goes_on > 0)
        say(s, rl_sprintf(
                   keep, "long run and timing by the forms that may go on after the longest lag, %.0f %% of the weight",
                   100 * a->goes_on));
    if (few > 0)
        say(s, rl_sprintf(keep, "%zu of the %zu forms could not be compared: the choice is among the others", few,
                          a->n_candidates));
}

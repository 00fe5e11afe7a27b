#include "out/check_design.h"

#include <string.h>

#include "out/words.h"

enum { MOST_LOST = 12 }; /* lines of periods without an estimate, a cohort */

static const char *fewest(const rl_view *v, const rl_wave *w, size_t n)
{
    return w->exposed == 0 ? "-" : rl_view_count(v, n);
}

static void table(const rl_view *v, const rl_identified *d, rl_str *out)
{
    rl_str_addf(out, "  %-10s %8s %13s %10s %8s %10s %14s %14s\n", "start", "units", "clean before", "base", "exposed",
                "estimable", "fewest never", "fewest later");
    for (size_t g = 0; g < d->n; g++) {
        const rl_wave *w = &d->wave[g];
        rl_str_addf(out, "  %-10s %8s %13zu %10s %8zu %10zu %14s %14s\n", w->label,
                    rl_sprintf(v->in, "%s%s", rl_view_count(v, w->units), w->few ? " !" : ""), w->clean,
                    w->base != NULL ? w->base : "none", w->exposed, w->estimable, fewest(v, w, w->never),
                    d->never_only ? "not used" : fewest(v, w, w->notyet));
    }
    rl_str_addf(out,
                "  fewest: controls (%s that never start, that start later) in the exposed %s that has the fewest\n",
                rl_plural(rl_view_clean(d->unit, 60, v->in), 2, v->in), d->period);
}

/* Periods of a cohort that have no estimate for one reason, next to each other: "2025Q1 to 2025Q3". */
static void lost(const rl_view *v, const rl_identified *d, const rl_wave *w, rl_str *out)
{
    size_t lines = 0;
    for (size_t k = 0; k < d->n_periods && lines < MOST_LOST; k++) {
        const rl_wave_cell *x = &w->cell[k];
        size_t to = k;
        if (x->why == NULL) continue;
        while (to + 1 < d->n_periods && w->cell[to + 1].why != NULL && strcmp(w->cell[to + 1].why, x->why) == 0) to++;
        rl_str_addf(out, "    %s in %s%s%s: %s\n", w->label, x->period, to > k ? " to " : "",
                    to > k ? w->cell[to].period : "", rl_view_clean(x->why, 200, v->in));
        k = to;
        lines++;
    }
}

/* Cohorts without the period right before their start, and who cannot use them for that. */
static void without_base(const rl_view *v, const rl_identified *d, rl_str *out)
{
    size_t n = 0, absent = 0, partly = 0;
    rl_str who = rl_str_new(v->in);
    for (size_t g = 0; g < d->n; g++) {
        const rl_wave *w = &d->wave[g];
        if (w->between == 0) continue;
        rl_str_addf(&who, "%s%s", n++ > 0 ? ", " : "", w->label);
        absent += w->absent > 0;
        partly += w->absent < w->between;
    }
    if (n == 0) return;
    rl_str_addf(out, "  %ss between base and start are %s: estimators whose base is the %s right before the start ",
                d->period,
                partly == 0   ? "not in the data"
                : absent == 0 ? "partly exposed and left out"
                              : "not in the data, or partly exposed and left out",
                d->period);
    size_t with_base = 0;
    for (size_t g = 0; g < d->n; g++) with_base += d->wave[g].base != NULL && d->wave[g].between == 0;
    if (with_base == 0)
        rl_str_add(out, "cannot be used\n");
    else
        rl_str_addf(out, "leave out %s\n", rl_str_text(&who));
}

static void not_identified(const rl_view *v, const rl_identified *d, rl_str *out)
{
    size_t n = 0, few = 0;
    for (size_t g = 0; g < d->n; g++) {
        few += d->wave[g].few;
        n += !d->wave[g].identified;
        for (size_t k = 0; k < d->n_periods; k++) n += d->wave[g].cell[k].why != NULL;
    }
    if (n == 0) rl_str_add(out, "  every exposed period of every cohort can be estimated\n");
    if (n > 0) rl_str_add(out, "  cannot be estimated:\n");
    for (size_t g = 0; g < d->n; g++) {
        const rl_wave *w = &d->wave[g];
        if (!w->identified && w->why != NULL)
            rl_str_addf(out, "    %s, %s %s: %s\n", w->label, rl_view_count(v, w->units),
                        rl_plural(rl_view_clean(d->unit, 60, v->in), w->units, v->in), w->why);
        else
            lost(v, d, w, out);
    }
    if (few > 0)
        rl_str_add(out, "  ! fewer than four: the formulas count the luck of so few as zero; a run widens the interval "
                        "under a name of its own\n");
    without_base(v, d, out);
}

static void estimators(const rl_view *v, const rl_identified *d, rl_str *out)
{
    rl_str_add(out, "  estimators that can take it:");
    for (size_t i = 0; i < d->sides.n; i++)
        if (d->sides.v[i].answered) rl_str_addf(out, " %s", d->sides.v[i].estimator);
    rl_str_add(out, "\n");
    for (size_t i = 0; i < d->sides.n; i++)
        if (!d->sides.v[i].answered)
            rl_str_addf(out, "    not %s: %s\n", d->sides.v[i].estimator, rl_view_clean(d->sides.v[i].why, 300, v->in));
    if (!d->sides.has_bacon && d->sides.bacon_why != NULL)
        rl_str_addf(out, "    not bacon: %s\n", rl_view_clean(d->sides.bacon_why, 300, v->in));
}

static const char *design(const rl_view *v, const rl_identified *d)
{
    rl_str out = rl_str_new(v->in);
    rl_str_addf(&out, "  %s treated, %s never", rl_view_count(v, d->treated), rl_view_count(v, d->never));
    if (d->later > 0) rl_str_addf(&out, ", %s later than the last period", rl_view_count(v, d->later));
    rl_str_addf(&out, "; %s clusters (%s)\n", rl_view_count(v, d->clusters), rl_view_clean(d->cluster, 60, v->in));
    table(v, d, &out);
    not_identified(v, d, &out);
    estimators(v, d, &out);
    return rl_str_text(&out);
}

void rl_check_designs(const rl_view *v, const rl_answer *a, rl_str *out)
{
    const char **text = RL_NEW(v->in, const char *, a->n_questions);
    size_t n = 0;
    for (size_t i = 0; i < a->n_questions; i++) n += a->question[i].design != NULL;
    if (n > 0) rl_str_add(out, "\nDESIGN, before any outcome is looked at\n");
    for (size_t i = 0; i < a->n_questions; i++) {
        const rl_question *q = &a->question[i];
        if (q->design == NULL) continue;
        text[i] = design(v, q->design);
        size_t same = 0;
        while (same < i && (text[same] == NULL || strcmp(text[same], text[i]) != 0)) same++;
        rl_str_addf(out, "%s%s: %s\n", rl_view_clean(q->spec->name, 64, v->in),
                    same < i ? rl_sprintf(v->in, ", as '%s'", rl_view_clean(a->question[same].spec->name, 64, v->in))
                             : "",
                    rl_view_clean(q->design->rows, 60, v->in));
        if (same == i) rl_str_add(out, text[i]);
    }
}

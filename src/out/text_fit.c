#include "out/text_fit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "out/text_response.h"
#include "out/text_sides.h"
#include "out/text_tests.h"

enum { SHOWN_SHARES = 5, COLUMNS = 10, BANDLESS = 7, BANDED = 9, WIDEST = 60 };

/* Control characters become '?'. */
static const char *clean(const char *s, rl_arena *in)
{
    char *t = rl_strdup(in, s);
    for (char *p = t; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = '?';
    return t;
}

static size_t shown(const char *s)
{
    size_t n = 0;
    for (; *s != '\0'; s++) n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

/* x with the decimals that two leading digits of the standard error need. */
static const char *figure(double x, double se, rl_arena *in)
{
    if (isinf(x)) return x < 0 ? "-inf" : "inf";
    if (isnan(x)) return "";
    if (!(se > 0)) return x == 0 ? "0" : rl_sprintf(in, "%.6g", x);
    int decimals = 1 - (int)floor(log10(se));
    if (decimals > 12 || decimals < -4) return rl_sprintf(in, "%.*e", decimals > 12 ? 3 : 5, x);
    return rl_sprintf(in, "%.*f", decimals > 0 ? decimals : 0, x);
}

static const char *term(const rl_estimate *e, rl_arena *in)
{
    const rl_label *l = &e->label;
    rl_str s = rl_str_new(in);
    rl_str_add(&s, clean(l->term, in));
    if (l->event != RL_NO_ID && l->group == RL_NO_ID) rl_str_addf(&s, " %+d", l->event);
    if (l->group_text != NULL)
        rl_str_addf(&s, " %s", l->group_text);
    else if (l->group != RL_NO_ID)
        rl_str_addf(&s, " %d", l->group);
    if (l->time_text != NULL)
        rl_str_addf(&s, " %s", l->time_text);
    else if (l->time != RL_NO_ID)
        rl_str_addf(&s, " %d", l->time);
    const rl_comparison *c = l->comparison;
    if (c == NULL) return rl_str_text(&s);
    rl_str_addf(&s, " %s", c->type);
    if (c->treated_text != NULL || c->treated != RL_NO_ID)
        rl_str_addf(&s, ", %s", c->treated_text != NULL ? c->treated_text : rl_sprintf(in, "%d", c->treated));
    if (c->untreated_text != NULL || c->untreated != RL_NO_ID)
        rl_str_addf(&s, " vs %s", c->untreated_text != NULL ? c->untreated_text : rl_sprintf(in, "%d", c->untreated));
    return rl_str_text(&s);
}

static void line(rl_str *out, const char *const cell[COLUMNS], const size_t width[COLUMNS])
{
    for (size_t c = 0; c < COLUMNS && cell[c] != NULL; c++) {
        size_t n = shown(cell[c]), pad = width[c] > n ? width[c] - n : 0;
        if (c == 0)
            rl_str_addf(out, "%s%*s", cell[c], (int)pad, "");
        else
            rl_str_addf(out, "  %*s%s", (int)pad, "", cell[c]);
    }
    while (out->n > 0 && out->s[out->n - 1] == ' ') out->s[--out->n] = '\0';
    rl_str_addc(out, '\n');
}

/* A second error, where a method has one, stands in the last column. */
static void neyman_column(const rl_result *r, const char *(*cell)[COLUMNS], size_t at, rl_arena *in)
{
    bool any = false;
    for (size_t i = 0; i < r->m; i++) any = any || r->est[i].std_error_neyman > 0;
    if (!any) return;
    cell[0][at] = "Neyman";
    for (size_t i = 0; i < r->m; i++) {
        double x = r->est[i].std_error_neyman;
        cell[i + 1][at] = x > 0 ? figure(x, x, in) : "";
    }
}

static void table(rl_str *out, const rl_result *r, rl_arena *in)
{
    const char *(*cell)[COLUMNS] = rl_alloc(in, r->m + 1, sizeof *cell);
    const char *low = rl_sprintf(in, "%g %% low", 100 * r->level), *high = rl_sprintf(in, "%g %% high", 100 * r->level);
    const char *head[COLUMNS] = {"term", "estimate", "std. error", r->df == 0 ? "z" : "t", "p", low,
                                 high,   "band low", "band high"};
    bool banded = r->multiplier != NULL && isfinite(r->crit);
    size_t width[COLUMNS] = {0};
    bool weighed = r->m > 0 && r->est[0].label.comparison != NULL;
    if (weighed) head[2] = "weight";
    if (weighed) head[3] = head[4] = head[5] = head[6] = "";
    memcpy(cell[0], head, sizeof head);
    for (size_t i = 0; i < r->m; i++) {
        const rl_estimate *e = &r->est[i];
        const char **c = cell[i + 1];
        c[0] = term(e, in);
        c[1] = figure(e->estimate, e->std_error, in);
        c[2] = isfinite(e->std_error) ? figure(e->std_error, e->std_error, in) : "-";
        c[3] = isfinite(e->statistic) ? rl_sprintf(in, "%.2f", e->statistic) : "";
        c[4] = !isfinite(e->p_value) ? "" : rl_text_p(e->p_value, r->p_draws, in);
        if (e->label.comparison != NULL) c[2] = rl_sprintf(in, "%.4f", e->label.comparison->weight);
        c[5] = figure(e->conf_low, e->std_error, in);
        c[6] = figure(e->conf_high, e->std_error, in);
        c[7] = figure(e->band_low, e->std_error, in);
        c[8] = figure(e->band_high, e->std_error, in);
    }
    for (size_t i = 0; i <= r->m; i++)
        for (size_t c = banded ? BANDED : BANDLESS; c < COLUMNS; c++) cell[i][c] = NULL;
    neyman_column(r, cell, banded ? BANDED : BANDLESS, in);
    for (size_t i = 0; i <= r->m; i++)
        for (size_t c = 0; c < COLUMNS && cell[i][c] != NULL; c++) {
            size_t n = shown(cell[i][c]);
            if (n > width[c]) width[c] = n > WIDEST ? WIDEST : n;
        }
    for (size_t i = 0; i <= r->m; i++) line(out, cell[i], width);
}

static void sample(rl_str *out, const rl_result *r, rl_arena *in)
{
    rl_str_addf(out, "rows        %zu of %zu", r->rows_behind, r->rows_read);
    if (r->rows_behind < r->rows_used) rl_str_addf(out, ", used %zu times in all", r->rows_used);
    for (size_t i = 0; i < r->n_dropped; i++) {
        const rl_dropped *d = &r->dropped[i];
        bool one = d->rows == 1 && strncmp(d->why, "missing values", 14) == 0;
        rl_str_addf(out, "%s%zu %s%s", i ? ", " : "; left out: ", d->rows, one ? "with " : "", clean(d->why, in));
    }
    rl_str_addc(out, '\n');
    if (r->units > 0)
        rl_str_addf(out, "panel       %zu units, %zu periods\n", r->units, r->periods);
    else if (r->periods > 0)
        rl_str_addf(out, "series      %zu periods\n", r->periods);
    rl_str_addf(out, "covariance  %s", r->vcov_kind);
    for (size_t c = 0; c < r->vcov_ways; c++) rl_str_addf(out, "%s%s", c ? " + " : " by ", clean(r->vcov_by[c], in));
    if (r->clusters > 0) rl_str_addf(out, ", %zu clusters", r->clusters);
    if (r->lag >= 0) rl_str_addf(out, ", lag %d", r->lag);
    if (r->terms > 0) rl_str_addf(out, ", %zu %s", r->terms, rl_plural("cosine", r->terms, in));
    if (r->block > 0) rl_str_addf(out, ", blocks of %zu", r->block);
    if (r->multiplier != NULL) {
        rl_str_addf(out, "; errors from %zu %s draws", r->draws, r->multiplier);
        if (isfinite(r->crit)) rl_str_addf(out, ", bands by critical value %.3f", r->crit);
        rl_str_add(out, "\n");
    } else if (strcmp(r->vcov_kind, "placebo") == 0)
        rl_str_addf(out, ", %zu of them\n", r->draws);
    else if (strcmp(r->vcov_kind, "bootstrap") == 0)
        rl_str_addf(out, " of units, %zu draws; normal\n", r->draws);
    else if (r->draws > 0)
        rl_str_addf(out, "; p and intervals from %zu draws%s%s\n", r->draws, r->draw_by != NULL ? " by " : "",
                    r->draw_by != NULL ? clean(r->draw_by, in) : "");
    else if (r->fixed_b > 0)
        rl_str_addf(out, "; t by fixed-b, b = %.3g\n", r->fixed_b);
    else if (r->df > 0)
        rl_str_addf(out, "; t with %g degree%s of freedom\n", r->df, r->df == 1 ? "" : "s");
    else if (strcmp(r->vcov_kind, "none") == 0)
        rl_str_add(out, "\n");
    else if (r->df == 0)
        rl_str_add(out, "; normal\n");
    else
        rl_str_add(out, "; t, degrees of freedom by estimate\n");
    if (r->ssc == NULL) return;
    rl_str_addf(out, "%s%s\n", r->estimator->refits ? "errors      " : "factor      ", clean(r->ssc, in));
}

/* The largest shares of units, or of periods: what the control is made of. */
static void shares(rl_str *out, const rl_result *r, bool units, rl_arena *in)
{
    bool *said = RL_NEW(in, bool, r->n_share);
    size_t n = 0;
    for (size_t i = 0; i < r->n_share; i++) n += (r->share[i].unit != NULL) == units;
    if (n == 0) return;
    rl_str_addf(out, "%s", units ? "controls    " : "before      ");
    for (size_t k = 0; k < n && k < SHOWN_SHARES; k++) {
        size_t most = SIZE_MAX;
        for (size_t i = 0; i < r->n_share; i++)
            if ((r->share[i].unit != NULL) == units && !said[i] &&
                (most == SIZE_MAX || r->share[i].weight > r->share[most].weight))
                most = i;
        said[most] = true;
        const rl_share *s = &r->share[most];
        rl_str_addf(out, "%s%s %.3f", k > 0 ? ", " : "", clean(units ? s->unit : s->period, in), s->weight);
    }
    if (n > SHOWN_SHARES) rl_str_addf(out, " and %zu more", n - SHOWN_SHARES);
    rl_str_addc(out, '\n');
}

static void fit(rl_str *out, const rl_result *r)
{
    if (isfinite(r->pseudo_r2)) {
        rl_str_addf(out, "fit         deviance %.6g, log-likelihood %.6g, pseudo R2 %.4f\n", r->deviance, r->loglik,
                    r->pseudo_r2);
        return;
    }
    if (!isfinite(r->rmse)) return;
    rl_str_add(out, "fit        ");
    if (isfinite(r->r2)) rl_str_addf(out, " R2 %.4f", r->r2);
    if (isfinite(r->r2_within)) rl_str_addf(out, ", within %.4f", r->r2_within);
    rl_str_addf(out, "%s RMSE %.5g\n", isfinite(r->r2) ? "," : "", r->rmse);
}

const char *rl_text_fit(const rl_result *r, rl_arena *in)
{
    rl_str out = rl_str_new(in);
    rl_str_addf(&out, "%s   [%s]\n\n", clean(r->formula, in), r->estimator->name);
    table(&out, r, in);
    rl_str_addc(&out, '\n');
    sample(&out, r, in);
    shares(&out, r, true, in);
    shares(&out, r, false, in);
    fit(&out, r);
    rl_text_tests(&out, r, in);
    rl_text_responses(&out, r, in);
    if (r->sides != NULL) rl_text_sides(&out, r->sides, in);
    return rl_str_text(&out);
}

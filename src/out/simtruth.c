/* out/simtruth.c -- truth.json: the exact effects, this draw's and the expected ones.
 *
 *   realised, expected   by age: {overall, by_cohort, by_period, cells}
 *   each outcome         {effect, with, without, pooled, both, total}: rl_sim_effect of model/sim.h
 *
 * Numbers read back to the same bits; null = no deals to tell from.
 */
#include <math.h>

#include "out/simcsv.h"

static void put_number(rl_str *out, double x)
{
    char buf[32];
    rl_str_add(out, isfinite(x) ? rl_num_text(buf, x) : "null");
}

static void put_string(rl_str *out, const char *s)
{
    rl_str_addc(out, '"');
    for (; *s != '\0'; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            rl_str_addf(out, "\\%c", c);
        else if (c < 0x20)
            rl_str_addf(out, "\\u%04x", c);
        else
            rl_str_addc(out, *s);
    }
    rl_str_addc(out, '"');
}

static void put_key(rl_str *out, const char *name, double x)
{
    rl_str_addf(out, "\"%s\": ", name);
    put_number(out, x);
}

static const char *period_text(const rl_sim *s, int t, char buf[16])
{
    int32_t origin = rl_period_of(s->world->calendar, s->first_day[0]);
    return rl_period_text(buf, s->world->calendar, origin + t);
}

/* "value": {..}, "opportunities": {..}, .. */
static void put_effects(rl_str *out, const rl_sim_sums *cell, size_t n, double draws, const double *se)
{
    rl_sim_effect e[RL_SIM_OUTCOMES];
    rl_sim_effects(cell, n, draws, e);
    for (int o = 0; o < RL_SIM_OUTCOMES; o++) {
        rl_str_addf(out, "%s\"%s\": {", o > 0 ? ", " : "", rl_sim_outcome_name((rl_sim_outcome)o));
        put_key(out, "effect", e[o].effect);
        const char *const name[] = {"with", "without", "pooled", "both"};
        const double x[] = {e[o].with, e[o].without, e[o].pooled, e[o].both};
        for (int k = 0; k < 4; k++) {
            rl_str_add(out, ", ");
            put_key(out, name[k], x[k]);
        }
        if (o < RL_SIM_WIN_RATE) {
            rl_str_add(out, ", ");
            put_key(out, "total", e[o].total);
        }
        if (se != NULL) {
            rl_str_add(out, ", ");
            put_key(out, "monte_carlo_se", se[o]);
        }
        rl_str_addc(out, '}');
    }
}

static double count_of(const rl_sim_sums *cell, size_t n)
{
    double cells = 0;
    for (size_t i = 0; i < n; i++) cells += (double)cell[i].cells;
    return cells;
}

typedef struct view {
    const rl_sim *s;
    const rl_sim_sums *sums; /* cohorts-by-periods of one age */
    double draws;
    rl_sim_sums *column; /* n_cohorts: room for one period */
    rl_str *out;
} view;

static void put_cohorts(const view *v)
{
    size_t T = (size_t)v->s->periods;
    char buf[16];
    bool first = true;
    rl_str_add(v->out, "      \"by_cohort\": [");
    for (size_t c = 0; c < v->s->n_cohorts; c++) {
        if (count_of(v->sums + c * T, T) == 0) continue;
        rl_str_addf(v->out, "%s\n        {\"cohort\": \"%s\", ", first ? "" : ",",
                    period_text(v->s, v->s->cohort[c], buf));
        put_effects(v->out, v->sums + c * T, T, v->draws, NULL);
        rl_str_addc(v->out, '}');
        first = false;
    }
    rl_str_add(v->out, first ? "],\n" : "\n      ],\n");
}

static void put_periods(const view *v)
{
    size_t C = v->s->n_cohorts, T = (size_t)v->s->periods;
    char buf[16];
    bool first = true;
    rl_str_add(v->out, "      \"by_period\": [");
    for (size_t t = 0; t < T; t++) {
        for (size_t c = 0; c < C; c++) v->column[c] = v->sums[c * T + t];
        if (count_of(v->column, C) == 0) continue;
        rl_str_addf(v->out, "%s\n        {\"period\": \"%s\", ", first ? "" : ",", period_text(v->s, (int)t, buf));
        put_effects(v->out, v->column, C, v->draws, NULL);
        rl_str_addc(v->out, '}');
        first = false;
    }
    rl_str_add(v->out, first ? "],\n" : "\n      ],\n");
}

static void put_cells(const view *v)
{
    size_t C = v->s->n_cohorts, T = (size_t)v->s->periods;
    char a[16], b[16];
    bool first = true;
    rl_str_add(v->out, "      \"cells\": [");
    for (size_t i = 0; i < C * T; i++) {
        const rl_sim_sums *cell = &v->sums[i];
        int g = v->s->cohort[i / T], t = (int)(i % T);
        if (cell->cells == 0) continue;
        rl_str_addf(v->out, "%s\n        {\"cohort\": \"%s\", \"period\": \"%s\", \"event\": %d, ", first ? "" : ",",
                    period_text(v->s, g, a), period_text(v->s, t, b), t - g);
        put_key(v->out, "accounts", (double)cell->cells / v->draws);
        rl_str_add(v->out, ", ");
        put_key(v->out, "deals", (double)cell->deals[1] / v->draws);
        rl_str_add(v->out, ", ");
        put_effects(v->out, cell, 1, v->draws, NULL);
        rl_str_addc(v->out, '}');
        first = false;
    }
    rl_str_add(v->out, first ? "]\n" : "\n      ]\n");
}

static void put_side(const rl_sim *s, const rl_sim_sums *sums, double draws, const double *se, rl_str *out)
{
    size_t table = s->n_cohorts * (size_t)s->periods;
    rl_str_add(out, "{");
    for (size_t g = 0; g < s->world->n_ages; g++) {
        view v = {s, sums + g * table, draws, RL_NEW(out->in, rl_sim_sums, s->n_cohorts), out};
        rl_str_addf(out, "%s\n    \"%d\": {\n      ", g > 0 ? "," : "", s->world->age[g]);
        put_key(out, "account_periods", count_of(v.sums, table) / draws);
        rl_str_add(out, ",\n      \"overall\": {");
        put_effects(out, v.sums, table, draws, se != NULL ? se + g * RL_SIM_OUTCOMES : NULL);
        rl_str_add(out, "},\n");
        put_cohorts(&v);
        put_periods(&v);
        put_cells(&v);
        rl_str_add(out, "    }");
    }
    rl_str_add(out, "\n  }");
}

static void put_design(const rl_sim *s, rl_str *out)
{
    const rl_world *w = s->world;
    char buf[16];
    size_t treated = 0;
    for (size_t c = 0; c < s->n_cohorts; c++) treated += s->cohort_size[c];
    rl_str_addf(out, "  \"period\": \"%s\", \"periods\": %d, \"cut\": \"%s\", \"horizon\": %d,\n",
                rl_period_name(w->calendar.kind), s->periods, rl_day_text(buf, w->cut), w->horizon);
    rl_str_addf(out, "  \"accounts\": %zu, \"treated\": %zu,\n  \"cohorts\": [", s->n, treated);
    for (size_t c = 0; c < s->n_cohorts; c++)
        rl_str_addf(out, "%s{\"cohort\": \"%s\", \"accounts\": %zu}", c > 0 ? ", " : "",
                    period_text(s, s->cohort[c], buf), s->cohort_size[c]);
    rl_str_add(out, "],\n  \"knobs\": {");
    const char *const name[] = {"volume", "win_rate",  "deal_size", "cycle",
                                "lag",    "half_life", "selection", "trend_violation"};
    const double x[] = {w->effect.volume, w->effect.win_rate,  w->effect.deal_size,  w->effect.cycle,
                        w->effect.lag,    w->effect.half_life, w->rollout.selection, w->rollout.trend_violation};
    for (size_t k = 0; k < sizeof x / sizeof *x; k++) {
        if (k > 0) rl_str_add(out, ", ");
        put_key(out, name[k], x[k]);
    }
    rl_str_add(out, "},\n");
}

void rl_simtruth_text(const rl_sim *s, uint64_t seed, const rl_sim_truth *t, rl_str *out)
{
    rl_str_add(out, "{\n  \"schema\": 1,\n  \"world\": ");
    put_string(out, s->world->title);
    rl_str_add(out, ", \"currency\": ");
    put_string(out, s->world->currency);
    rl_str_addf(out, ",\n  \"seed\": %llu, \"accounts_seed\": %llu, \"redraws\": %d,\n", (unsigned long long)seed,
                (unsigned long long)s->accounts_seed, t->redraws);
    put_design(s, out);
    rl_str_add(
        out,
        "  \"interval_is_for\": \"expected\",\n"
        "  \"why\": \"an interval allows for other deals of the same accounts under the same rollout: it is for the"
        " effect expected over redraws of the deals, not for the one realised in this draw\",\n"
        "  \"estimand\": \"effect on the treated: treated accounts, creation periods that begin at or after the start"
        " and have the horizon's follow-up at the cut\",\n"
        "  \"realised\": ");
    put_side(s, t->realised, 1, NULL, out);
    rl_str_add(out, ",\n  \"expected\": ");
    if (t->expected != NULL)
        put_side(s, t->expected, t->redraws, t->monte_carlo_se, out);
    else
        rl_str_add(out, "null");
    rl_str_add(out, "\n}\n");
}

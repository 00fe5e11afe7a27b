/* out/charts_lags.c -- charts of regressions with lags. */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "model/response.h"
#include "out/charts.h"
#include "out/words.h"

enum { MOST_ROWS = 400, MOST_CURVES = 12, COLOURS = 7 };

static const char *figure(const rl_view *v, double x) { return rl_view_number(v, x, 1); }

/* A response's own words: "log1p(revenue) after one more log1p(spend_paid)". */
static const char *subject(const rl_view *v, const rl_response *s)
{
    const char *who = s->segment ? rl_sprintf(v->in, ", %s", rl_view_clean(s->segment, 30, v->in)) : "";
    return rl_sprintf(v->in, "%s after one more %s%s", rl_view_clean(s->outcome, 30, v->in),
                      rl_view_clean(s->variable, 30, v->in), who);
}

static const char *response_title(const rl_view *v, const rl_response *s)
{
    if (s->verdict != NULL) return rl_sprintf(v->in, "%s: cannot tell", subject(v, s));
    if (s->half_life.why == NULL)
        return rl_sprintf(v->in, "%s: half of it is in after %s %ss", subject(v, s), figure(v, s->half_life.est),
                          s->period);
    if (s->long_run.why == NULL && s->long_run.low <= 0 && s->long_run.high >= 0)
        return rl_sprintf(v->in, "%s: not told from nothing", subject(v, s));
    return subject(v, s);
}

static rl_chart *response(rl_charts *out, const rl_view *v, const rl_response *s, size_t m, size_t k)
{
    if (s->n < 2 || s->n > MOST_ROWS) return NULL;
    rl_chart *c =
        rl_chart_begin(out, v, rl_sprintf(v->in, "m%zu-response%zu", m + 1, k + 1), "response", response_title(v, s),
                       rl_sprintf(v->in,
                                  "Bars and dark shade: %s interval of each; pale shade holds for all %ss "
                                  "at once; an association, not an effect",
                                  rl_view_level(v), s->period));
    rl_chart_text(c, "ylabel", rl_view_clean(s->outcome, 40, v->in));
    rl_chart_text(c, "xlabel", rl_sprintf(v->in, "%ss later", s->period));
    rl_chart_text(c, "left_text", rl_sprintf(v->in, "each %s", s->period));
    rl_chart_text(c, "right_text", s->long_run.why == NULL ? "added up; dots: in the long run" : "added up");
    rl_chart_number(c, "last", (double)(s->n - 1));
    rl_chart_number(c, "total", s->long_run.why == NULL ? s->long_run.est : NAN);
    rl_chart_columns(c, "h each low high band_low band_high sum sum_low sum_high sum_band_low sum_band_high");
    for (size_t h = 0; h < s->n; h++) {
        const rl_banded *e = &s->impulse[h], *a = &s->cumulative[h];
        const double x[] = {(double)h, e->est, e->low,  e->high,     e->band_low, e->band_high,
                            a->est,    a->low, a->high, a->band_low, a->band_high};
        rl_chart_row(c, x, sizeof x / sizeof *x, NULL);
    }
    return c;
}

/* Names of periods below the axis, as many as fit into `room` characters. */
static void tics(rl_chart *c, const rl_view *v, const rl_study *s, const int32_t *period, size_t n, size_t room)
{
    char buf[16];
    size_t fit = room / (strlen(rl_period_text(buf, s->calendar, period[0])) + 2), step = (n + fit - 1) / fit, k = 0;
    double *at = RL_NEW(v->in, double, n);
    const char **label = RL_NEW(v->in, const char *, n);
    for (size_t i = 0; i < n; i += step, k++) {
        at[k] = (double)i;
        label[k] = rl_strdup(v->in, rl_period_text(buf, s->calendar, period[i]));
    }
    rl_chart_tics(c, "x", at, label, k, 0);
}

static const char *track_title(const rl_view *v, const rl_trace *t)
{
    size_t beyond = 0, at = 0;
    for (size_t k = 0; k < t->n_acf; k++)
        if (fabs(t->acf[k]) > t->bound) {
            if (beyond == 0) at = k + 1;
            beyond++;
        }
    if (beyond > t->n_acf / 10 && beyond > 0)
        return rl_sprintf(v->in, "Residuals hang together in time, at lag %zu first: the model leaves a pattern", at);
    return "Actual and fitted: no pattern in time is left over";
}

static rl_chart *track(rl_charts *out, const rl_view *v, const rl_study *s, const rl_model_answer *m, size_t at)
{
    const rl_trace *t = &m->track;
    if (t->n < 4 || t->n > MOST_ROWS || t->n_acf == 0) return NULL;
    rl_chart *c = rl_chart_begin(out, v, rl_sprintf(v->in, "m%zu-track", at + 1), "track", track_title(v, t),
                                 rl_sprintf(v->in,
                                            "Means over units; right: of each residual with that so many %ss "
                                            "before, shade: what chance alone gives",
                                            rl_words_period(s)));
    double most = 0, times = 1;
    const char *what = rl_words_outcome(v, m), *words = what;
    for (size_t i = 0; i < t->n; i++) most = fmax(most, fabs(t->actual[i]));
    if (m->channels.outcome && !strcmp(what, m->channels.outcome) && rl_words_is_money(s, m))
        times = rl_chart_money_axis(v, what, most, &words);
    rl_chart_text(c, "ylabel", words);
    rl_chart_text(c, "xlabel", rl_sprintf(v->in, "lag, %ss", rl_words_period(s)));
    rl_chart_number(c, "last", (double)(t->n - 1));
    rl_chart_number(c, "acf_last", (double)t->n_acf);
    rl_chart_number(c, "bound", t->bound);
    rl_chart_columns(c, "x actual fitted; then lag correlation");
    for (size_t i = 0; i < t->n; i++) {
        const double x[] = {(double)i, times * t->actual[i], times * t->fitted[i]};
        rl_chart_row(c, x, sizeof x / sizeof *x, NULL);
    }
    rl_chart_break(c);
    for (size_t k = 0; k < t->n_acf; k++) {
        const double x[] = {(double)k + 1, t->acf[k]};
        rl_chart_row(c, x, sizeof x / sizeof *x, NULL);
    }
    tics(c, v, s, t->period, t->n, 56);
    return c;
}

/* Channels stacked, gains upwards and losses downwards; those beyond the colours are one. */
static rl_chart *spend(rl_charts *out, const rl_view *v, const rl_study *s, const rl_model_answer *m, size_t at)
{
    const rl_channels *a = &m->channels;
    size_t n = 0, shown = 0;
    double most = 0;
    for (size_t i = 0; i < a->n; i++) n += a->v[i].answered;
    if (n == 0 || a->n_periods < 2 || a->n_periods > MOST_ROWS) return NULL;
    for (size_t p = 0; p < a->n_periods; p++) {
        double sum = 0;
        for (size_t i = 0; i < a->n; i++) sum += a->v[i].answered ? fabs(a->v[i].by_period[p]) : 0;
        most = fmax(most, sum);
    }
    const char *what = rl_sprintf(v->in, "%s it goes with", rl_view_clean(a->outcome, 30, v->in)), *words;
    double times = rl_words_is_money(s, m) ? rl_chart_money_axis(v, what, most, &words) : (words = what, 1);
    rl_chart *c =
        rl_chart_begin(out, v, rl_sprintf(v->in, "m%zu-spend", at + 1), "spend",
                       rl_sprintf(v->in, "What goes with the spend of %s, %s by %s",
                                  n == 1 ? "the channel" : "each channel", rl_words_period(s), rl_words_period(s)),
                       "Point estimates, against spend at its lowest in each period; intervals stand in the table");
    rl_chart_text(c, "ylabel", words);
    rl_chart_number(c, "last", (double)(a->n_periods - 1));
    for (size_t i = 0; i < a->n && shown < COLOURS; i++) {
        if (!a->v[i].answered) continue;
        shown++;
        rl_chart_text(c, rl_sprintf(v->in, "name%zu", shown),
                      shown == COLOURS && n > COLOURS ? "all others" : rl_view_clean(a->v[i].column, 24, v->in));
    }
    for (size_t k = shown; k < COLOURS; k++) rl_chart_text(c, rl_sprintf(v->in, "name%zu", k + 1), "");
    rl_chart_number(c, "n", (double)shown);
    rl_chart_columns(c, "x from to channel");
    for (size_t p = 0; p < a->n_periods; p++) {
        double up = 0, down = 0;
        for (size_t i = 0, k = 0; i < a->n; i++) {
            if (!a->v[i].answered) continue;
            k += k < COLOURS;
            double x = times * a->v[i].by_period[p], *stack = x < 0 ? &down : &up;
            const double row[] = {(double)p, *stack, *stack + x, (double)k};
            rl_chart_row(c, row, sizeof row / sizeof *row, NULL);
            *stack += x;
        }
    }
    tics(c, v, s, a->period, a->n_periods, 104);
    return c;
}

static rl_chart *curve(rl_charts *out, const rl_view *v, const rl_study *s, const rl_model_answer *m, size_t at,
                       size_t k)
{
    const rl_channel *x = &m->channels.v[k];
    if (!x->answered || x->n_curve == 0 || k >= MOST_CURVES) return NULL;
    double most = 0, today = x->today >= x->lowest && x->today <= x->highest ? x->today : NAN;
    for (size_t i = 0; i < x->n_curve; i++)
        most = fmax(most, fmax(fabs(x->curve[i].gain.low), fabs(x->curve[i].gain.high)));
    const char *what = rl_sprintf(v->in, "%s it goes with, in all", rl_view_clean(m->channels.outcome, 30, v->in)),
               *words;
    const char *name = rl_view_clean(x->column, 30, v->in), *spent;
    double times = rl_words_is_money(s, m) ? rl_chart_money_axis(v, what, most, &words) : (words = what, 1);
    double across =
        rl_chart_money_axis(v, rl_sprintf(v->in, "%s of one %s", name, rl_words_period(s)), x->highest, &spent);
    rl_chart *c =
        rl_chart_begin(out, v, rl_sprintf(v->in, "m%zu-curve%zu", at + 1, k + 1), "curve",
                       x->straight ? rl_sprintf(v->in, "%s: a straight line, as the formula has it", name)
                                   : rl_sprintf(v->in, "%s: what goes with more of it, as far as it was seen", name),
                       rl_sprintf(v->in,
                                  "Above the lowest level, carry-over included, shade: %s intervals; nothing is drawn "
                                  "where no spend was seen",
                                  rl_view_level(v)));
    rl_chart_text(c, "ylabel", words);
    rl_chart_text(c, "xlabel", spent);
    rl_chart_text(c, "today_text", "today");
    rl_chart_text(c, "seen_text", "seen so far; grey: never seen");
    rl_chart_number(c, "lowest", across * x->lowest);
    rl_chart_number(c, "highest", across * x->highest);
    rl_chart_number(c, "today", across * today);
    rl_chart_columns(c, "spend gain low high");
    for (size_t i = 0; i < x->n_curve; i++) {
        const rl_interval *g = &x->curve[i].gain;
        const double row[] = {across * x->curve[i].spend, times * g->est, times * g->low, times * g->high};
        rl_chart_row(c, row, sizeof row / sizeof *row, NULL);
    }
    return c;
}

void rl_charts_lags(rl_charts *out, const rl_view *v, const rl_answer *a, size_t at)
{
    const rl_model_answer *m = &a->model[at];
    rl_model_charts *c = &out->model[at];
    c->response = RL_NEW(v->in, rl_chart *, m->main.n_responses);
    for (size_t k = 0; k < m->main.n_responses; k++) c->response[k] = response(out, v, &m->main.response[k], at, k);
    c->spend = spend(out, v, a->study, m, at);
    c->curve = RL_NEW(v->in, rl_chart *, m->channels.n);
    for (size_t k = 0; k < m->channels.n; k++) c->curve[k] = curve(out, v, a->study, m, at, k);
    c->track = track(out, v, a->study, m, at);
}

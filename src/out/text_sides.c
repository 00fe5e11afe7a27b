#include "out/text_sides.h"

#include <math.h>
#include <string.h>

#include "out/words.h"

enum { BAR = 33 };

/* The ends of what is drawn, 0 among it: of all intervals but those that would press the others into a point. */
static void ends(const rl_sides *s, double *low, double *high, rl_arena *in)
{
    double *w = RL_NEW(in, double, s->n);
    size_t n = 0;
    *low = *high = 0;
    for (size_t i = 0; i < s->n; i++) {
        const rl_estimate *e = &s->v[i].effect;
        if (s->v[i].answered && isfinite(e->conf_high - e->conf_low)) w[n++] = e->conf_high - e->conf_low;
    }
    double limit = rl_words_widest(w, n);
    for (size_t i = 0; i < s->n; i++) {
        const rl_estimate *e = &s->v[i].effect;
        if (!s->v[i].answered) continue;
        bool whole = e->conf_high - e->conf_low <= limit;
        *low = fmin(*low, whole ? e->conf_low : e->estimate);
        *high = fmax(*high, whole ? e->conf_high : e->estimate);
    }
}

/* What stands between these ends, drawn: "   ----o----   "; "<---o--->" goes on. */
static void bar(char line[BAR + 1], const rl_estimate *e, double low, double high)
{
    double step = (high - low) / (BAR - 1);
    memset(line, ' ', BAR);
    line[BAR] = '\0';
    if (low <= 0 && high >= 0 && step > 0) line[(size_t)lround(-low / step)] = '|';
    if (!isfinite(e->conf_low) || !(step > 0)) return;
    size_t a = (size_t)lround((fmax(e->conf_low, low) - low) / step),
           b = (size_t)lround((fmin(e->conf_high, high) - low) / step);
    for (size_t i = a; i <= b && i < BAR; i++) line[i] = line[i] == '|' ? '+' : '-';
    if (e->conf_low < low) line[0] = '<';
    if (e->conf_high > high) line[BAR - 1] = '>';
    line[(size_t)lround((e->estimate - low) / step)] = 'o';
}

static const char *figure(double x, double se, rl_arena *in)
{
    if (!isfinite(x)) return "";
    int decimals = se > 0 ? 1 - (int)floor(log10(se)) : 4;
    return rl_sprintf(in, "%.*f", decimals < 0 ? 0 : decimals > 9 ? 9 : decimals, x);
}

/* Which rows, which figures. */
static void head(rl_str *out, const rl_sides *s, rl_arena *in)
{
    bool others = false;
    rl_str_addf(out, "\nthe same question by the estimators for programmes, on the same %zu rows of %zu", s->rows,
                s->read);
    for (size_t i = 0; i < s->n_dropped; i++)
        rl_str_addf(out, "%s%zu (%s)", i > 0 ? ", " : "; left out: ", s->dropped[i].rows, s->dropped[i].why);
    rl_str_add(out, "\n  > the one above; * the average effect on the treated");
    for (size_t i = 0; i < s->n; i++) others |= s->v[i].answered && !s->v[i].same_rows;
    if (others) rl_str_add(out, "; ! on rows of its own");
    if (s->last >= 0) rl_str_addf(out, "; last column: mean of the effects at %s", rl_words_event_times(s, in));
    rl_str_add(out, "\n");
}

static const char *beside(const rl_estimate *e, rl_arena *in)
{
    return e->std_error > 0 ? rl_sprintf(in, "(%s)", figure(e->std_error, e->std_error, in)) : "";
}

static void one_row(rl_str *out, const rl_side *v, double low, double high, rl_arena *in)
{
    char line[BAR + 1];
    bar(line, &v->effect, low, high);
    rl_str_addf(out, "%c %c %-10s %12s %11s  %s %8zu rows%s", v->fitted ? '>' : ' ', v->same_estimand ? '*' : ' ',
                v->estimator, figure(v->effect.estimate, v->effect.std_error, in), beside(&v->effect, in), line,
                v->rows, v->same_rows ? "" : " !");
    if (v->near.std_error > 0)
        rl_str_addf(out, "%s %9s %s", v->same_rows ? "  " : "", figure(v->near.estimate, v->near.std_error, in),
                    beside(&v->near, in));
    rl_str_add(out, "\n");
}

void rl_text_sides(rl_str *out, const rl_sides *s, rl_arena *in)
{
    double low, high;
    head(out, s, in);
    ends(s, &low, &high, in);
    for (size_t i = 0; i < s->n; i++)
        if (s->v[i].answered) one_row(out, &s->v[i], low, high, in);
    rl_str_add(out, "\n    estimator  compares with; base period; weighs\n");
    for (size_t i = 0; i < s->n; i++) {
        const rl_side *v = &s->v[i];
        if (!v->answered)
            rl_str_addf(out, "    %-10s cannot answer: %s\n", v->estimator, v->why);
        else
            rl_str_addf(out, "    %-10s %s; %s; %s%s%s\n", v->estimator, v->compares, v->base, v->weighs,
                        v->without != NULL ? "; leaves out " : "", v->without != NULL ? v->without : "");
    }
    rl_str_addf(out, "  %s\n", s->says);
}

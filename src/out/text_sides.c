#include "out/text_sides.h"

#include <math.h>
#include <string.h>

enum { BAR = 33 };

/* What stands between the ends of all intervals, drawn: "   (----o----)   ". */
static void bar(char line[BAR + 1], const rl_estimate *e, double low, double high)
{
    double step = (high - low) / (BAR - 1);
    memset(line, ' ', BAR);
    line[BAR] = '\0';
    if (low <= 0 && high >= 0 && step > 0) line[(size_t)lround(-low / step)] = '|';
    if (!isfinite(e->conf_low) || !(step > 0)) return;
    size_t a = (size_t)lround((e->conf_low - low) / step), b = (size_t)lround((e->conf_high - low) / step);
    for (size_t i = a; i <= b && i < BAR; i++) line[i] = line[i] == '|' ? '+' : '-';
    line[(size_t)lround((e->estimate - low) / step)] = 'o';
}

static const char *figure(double x, double se, rl_arena *in)
{
    if (!isfinite(x)) return "";
    int decimals = se > 0 ? 1 - (int)floor(log10(se)) : 4;
    return rl_sprintf(in, "%.*f", decimals < 0 ? 0 : decimals > 9 ? 9 : decimals, x);
}

void rl_text_sides(rl_str *out, const rl_sides *s, rl_arena *in)
{
    double low = 0, high = 0;
    rl_str_add(out, "\nthe same question by other estimators (* = the average effect on the treated)\n");
    for (size_t i = 0; i < s->n; i++) {
        if (!s->v[i].answered) continue;
        const rl_estimate *e = &s->v[i].effect;
        low = fmin(low, isfinite(e->conf_low) ? e->conf_low : e->estimate);
        high = fmax(high, isfinite(e->conf_high) ? e->conf_high : e->estimate);
    }
    for (size_t i = 0; i < s->n; i++) {
        const rl_side *v = &s->v[i];
        char line[BAR + 1];
        if (!v->answered) continue;
        bar(line, &v->effect, low, high);
        rl_str_addf(
            out, "  %c %-10s %12s %11s  %s  %zu rows\n", v->same_estimand ? '*' : ' ', v->estimator,
            figure(v->effect.estimate, v->effect.std_error, in),
            v->effect.std_error > 0 ? rl_sprintf(in, "(%s)", figure(v->effect.std_error, v->effect.std_error, in)) : "",
            line, v->rows);
    }
    rl_str_add(out, "\n    estimator  compares with; base period; weighs\n");
    for (size_t i = 0; i < s->n; i++) {
        const rl_side *v = &s->v[i];
        if (v->answered)
            rl_str_addf(out, "    %-10s %s; %s; %s\n", v->estimator, v->compares, v->base, v->weighs);
        else
            rl_str_addf(out, "    %-10s cannot answer: %s\n", v->estimator, v->why);
    }
    if (s->left > 0) rl_str_addf(out, "    left out for all: %zu rows, always treated or without a control\n", s->left);
    rl_str_addf(out, "  %s\n", s->says);
}

#include "out/text_response.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS = 9, WIDTH = 10, LINE = 96 };
static const double SHOWN = 0.005; /* weight of a form that is shown by itself */

/* x with the decimals that two leading digits of the standard errors need. */
static const char *figure(double x, int decimals, rl_arena *in)
{
    if (isnan(x)) return "";
    if (isinf(x)) return x < 0 ? "-inf" : "inf";
    if (decimals > 8 || decimals < -6) return rl_sprintf(in, "%.3e", x);
    return rl_fixed(x, decimals, in);
}

static int decimals_of(const rl_banded *b, size_t n)
{
    double least = INFINITY, most = 0;
    for (size_t h = 0; h < n; h++) most = fmax(most, b[h].se);
    for (size_t h = 0; h < n; h++) /* far out it may be next to nothing */
        if (b[h].se > 0 && b[h].se >= 0.01 * most) least = fmin(least, b[h].se);
    return isinf(least) ? 3 : 1 - (int)floor(log10(least));
}

static void line(rl_str *out, const char *first, const char *const cell[COLUMNS - 1])
{
    rl_str_addf(out, "%6s", first);
    for (size_t c = 0; c + 1 < COLUMNS; c++) rl_str_addf(out, "%s%*s", c == 4 ? "   " : " ", WIDTH, cell[c]);
    while (out->n > 0 && out->s[out->n - 1] == ' ') out->s[--out->n] = '\0';
    rl_str_addc(out, '\n');
}

static void half(const rl_banded *b, int decimals, const char **cell, rl_arena *in)
{
    cell[0] = figure(b->est, decimals, in);
    cell[1] = rl_sprintf(in, "+-%s", figure(fmax(b->high - b->est, b->est - b->low), decimals, in));
    cell[2] = figure(b->band_low, decimals, in);
    cell[3] = figure(b->band_high, decimals, in);
}

/* A sentence, broken at blanks. */
static void paragraph(rl_str *out, const char *s)
{
    size_t at = 0, n = strlen(s), from = out->n;
    rl_str_add(out, "  ");
    while (at < n) {
        size_t word = strcspn(s + at, " ");
        if (out->n - from + word > LINE && out->n - from > 4) {
            while (out->s[out->n - 1] == ' ') out->s[--out->n] = '\0';
            rl_str_add(out, "\n    ");
            from = out->n - 4;
        }
        for (size_t i = at; i < at + word; i++)
            rl_str_addc(out, (unsigned char)s[i] < 0x20 || s[i] == 0x7f ? '?' : s[i]);
        at += word;
        if (at < n) {
            rl_str_addc(out, ' ');
            at++;
        }
    }
    rl_str_addc(out, '\n');
}

static const char *clean(const char *s, rl_arena *in)
{
    char *t = rl_strdup(in, s);
    for (char *p = t; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = '?';
    return t;
}

static void table(rl_str *out, const rl_response *s, const rl_banded *impulse, const rl_banded *cumulative,
                  rl_arena *in)
{
    static const char *const HEAD[COLUMNS - 1] = {"each",     "", "band low", "band high",
                                                  "added up", "", "band low", "band high"};
    int di = decimals_of(impulse, s->n), dc = decimals_of(cumulative, s->n);
    line(out, s->period, HEAD);
    for (size_t h = 0; h < s->n; h++) {
        const char *cell[COLUMNS - 1];
        half(&impulse[h], di, cell, in);
        half(&cumulative[h], dc, cell + 4, in);
        line(out, rl_sprintf(in, "%zu", h), cell);
    }
}

/* Forms of the lag that weigh half a per cent or more, and how many more there are. */
static void candidates(rl_str *out, const rl_average *a, rl_arena *in)
{
    double least = INFINITY, rest = 0;
    size_t more = 0, width = 4;
    for (size_t k = 0; k < a->n_candidates; k++) least = fmin(least, a->candidate[k].ic);
    for (size_t k = 0; k < a->n_candidates; k++)
        if (a->candidate[k].weight >= SHOWN && strlen(a->candidate[k].form) > width)
            width = strlen(a->candidate[k].form);
    rl_str_addf(out, "  %-*s %8s %8s %12s  %s\n", (int)width, "form", "weight", a->criterion, "long run", "stays");
    for (size_t k = 0; k < a->n_candidates; k++) {
        const rl_candidate *c = &a->candidate[k];
        if (c->weight < SHOWN) {
            rest += c->weight;
            more += c->why == NULL;
            continue;
        }
        rl_str_addf(out, "  %-*s %6.1f %% %+8.1f %12.5g", (int)width, clean(c->form, in), 100 * c->weight,
                    c->ic - least, c->long_run);
        if (!isnan(c->rate)) rl_str_addf(out, "  %.2f +- %.2f", c->rate, c->rate_sd);
        rl_str_addc(out, '\n');
    }
    if (more > 0) rl_str_addf(out, "  %zu more together %.1f %%\n", more, 100 * rest);
    for (size_t k = 0; k < a->n_candidates; k++)
        if (a->candidate[k].why != NULL)
            paragraph(out, rl_sprintf(in, "left out: %s: %s", a->candidate[k].form, a->candidate[k].why));
}

static void one(rl_str *out, const rl_response *s, rl_arena *in)
{
    rl_str_addf(out, "\nresponse of %s to one more %s", clean(s->outcome, in), clean(s->variable, in));
    if (s->segment != NULL) rl_str_addf(out, ", %s", clean(s->segment, in));
    rl_str_addf(out, "   [+- %g %%; bands: all %ss at once]\n", 100 * s->level, s->period);
    table(out, s, s->impulse, s->cumulative, in);
    if (s->average != NULL) {
        rl_str_addf(out, "averaged over %s of the lag   [%g %%; bands: all %ss at once]\n",
                    s->average->over == RL_AVERAGE_FORMS ? "forms and lengths" : "lengths", 100 * s->level, s->period);
        table(out, s, s->average->impulse, s->average->cumulative, in);
        candidates(out, s->average, in);
    }
    for (size_t i = 0; i < s->n_says; i++) paragraph(out, s->says[i]);
}

void rl_text_responses(rl_str *out, const rl_result *r, rl_arena *in)
{
    for (size_t i = 0; i < r->n_responses; i++) one(out, &r->response[i], in);
}

#include "out/text_response.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS = 9, WIDTH = 10, LINE = 96 };

/* x with the decimals that two leading digits of the standard errors need. */
static const char *figure(double x, int decimals, rl_arena *in)
{
    if (isnan(x)) return "";
    if (isinf(x)) return x < 0 ? "-inf" : "inf";
    if (decimals > 8 || decimals < -6) return rl_sprintf(in, "%.3e", x);
    return rl_sprintf(in, "%.*f", decimals > 0 ? decimals : 0, x);
}

static int decimals_of(const rl_banded *b, size_t n)
{
    double least = INFINITY;
    for (size_t h = 0; h < n; h++)
        if (b[h].se > 0) least = fmin(least, b[h].se);
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
    cell[1] = rl_sprintf(in, "+-%s", figure(b->high - b->est, decimals, in));
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

static void one(rl_str *out, const rl_response *s, rl_arena *in)
{
    static const char *const HEAD[COLUMNS - 1] = {"each",     "", "band low", "band high",
                                                  "added up", "", "band low", "band high"};
    int di = decimals_of(s->impulse, s->n), dc = decimals_of(s->cumulative, s->n);
    rl_str_addf(out, "\nresponse of %s to one more %s", clean(s->outcome, in), clean(s->variable, in));
    if (s->segment != NULL) rl_str_addf(out, ", %s", clean(s->segment, in));
    rl_str_addf(out, "   [+- %g %%; bands: all %ss at once]\n", 100 * s->level, s->period);
    line(out, s->period, HEAD);
    for (size_t h = 0; h < s->n; h++) {
        const char *cell[COLUMNS - 1];
        half(&s->impulse[h], di, cell, in);
        half(&s->cumulative[h], dc, cell + 4, in);
        line(out, rl_sprintf(in, "%zu", h), cell);
    }
    for (size_t i = 0; i < s->n_says; i++) paragraph(out, s->says[i]);
}

void rl_text_responses(rl_str *out, const rl_result *r, rl_arena *in)
{
    for (size_t i = 0; i < r->n_responses; i++) one(out, &r->response[i], in);
}

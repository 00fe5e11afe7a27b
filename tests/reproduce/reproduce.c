/* Published figures beside ours, through the library's public door.
 *   reproduce PUBLISHED.txt SHARED     SHARED: folder of data that is not part of this repository
 * A figure agrees when ours, rounded to as many places, is the published one.  Figures that are known to
 * differ say why; status 1 when another one does. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "revlift.h"

enum { MOST_OPTIONS = 40 };

typedef struct stanza {
    char source[400], data[400], formula[2000], options[2000];
    bool fitted, skipped;
} stanza;

static revlift *program;
static size_t agreed, explained, wrong, skipped;

static char *trimmed(char *s)
{
    while (*s == ' ' || *s == '\t') s++;
    for (size_t n = strlen(s); n > 0 && strchr(" \t\n\r", s[n - 1]) != NULL;) s[--n] = '\0';
    return s;
}

/* The word at *s, which is moved behind it. */
static char *word(char **s)
{
    char *w = *s;
    *s += strcspn(*s, " \t");
    if (**s != '\0') *(*s)++ = '\0';
    *s += strspn(*s, " \t");
    return w;
}

static bool fit(stanza *s, const char *shared)
{
    const char *option[MOST_OPTIONS + 3] = {"data"};
    char path[1000], options[sizeof s->options], *at = options;
    size_t n = 2;
    bool own = strncmp(s->data, "shared/", 7) != 0;
    snprintf(path, sizeof path, "%s%s%s", own ? "" : shared, own ? "" : "/", own ? s->data : s->data + 7);
    s->fitted = true;
    printf("\n%s\n", s->source);
    if (!own && access(path, R_OK) != 0) {
        printf("    skipped: %s is not here\n", s->data);
        s->skipped = true;
        return true;
    }
    option[1] = path;
    strcpy(options, s->options);
    for (at += strspn(at, " "); *at != '\0';) {
        if (n >= MOST_OPTIONS) return false;
        char *name = word(&at);
        option[n++] = name + strspn(name, "-");
        option[n++] = word(&at);
    }
    option[n] = NULL;
    if (revlift_fit(program, s->formula, option) == 0) return true;
    printf("    cannot be fitted: %s\n", revlift_error(program)->what);
    return false;
}

/* Digits that are printed after the decimal point, and in all without leading zeros. */
static int places(const char *text, int *digits)
{
    const char *point = strchr(text, '.');
    int after = point != NULL ? (int)strlen(point + 1) : 0;
    bool leading = true;
    *digits = 0;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < '0' || *c > '9') continue;
        leading = leading && *c == '0';
        *digits += !leading;
    }
    return after;
}

static double ours(const char *term, const char *what)
{
    for (size_t i = 0; i < revlift_n_estimates(program); i++) {
        const revlift_estimate *e = revlift_estimate_at(program, i);
        if (strcmp(e->term, term) != 0) continue;
        if (strcmp(what, "estimate") == 0) return e->estimate;
        if (strcmp(what, "std_error") == 0) return e->std_error;
        if (strcmp(what, "statistic") == 0) return e->statistic;
    }
    return NAN;
}

static void compare(const char *term, const char *what, const char *published, const char *why)
{
    int digits, after = places(published, &digits), same = digits;
    double x = ours(term, what), p = strtod(published, NULL), unit = pow(10, -after);
    for (; same > 0 && !(fabs(x - p) <= 0.5 * unit * (1 + 1e-9)); same--) unit *= 10;
    bool agrees = same == digits;
    char shown[39];
    snprintf(shown, sizeof shown, strlen(term) < sizeof shown ? "%s" : "%.36s..", term);
    printf("    %-38s %-9s %12s %15.*f   %d of %d%s%s\n", shown, what, published, after + 2, x, same, digits,
           agrees || *why == '\0' ? "" : "  ", agrees ? "" : why);
    agreed += agrees;
    explained += !agrees && *why != '\0';
    wrong += !agrees && *why == '\0';
}

int main(int argc, char **argv)
{
    char line[4000];
    stanza s = {.fitted = false};
    bool broken = false;
    FILE *f = argc == 3 ? fopen(argv[1], "r") : NULL;
    if (f == NULL) {
        fprintf(stderr, "usage: reproduce PUBLISHED.txt SHARED\n");
        return 2;
    }
    program = revlift_open(0, 0);
    printf("%-42s %-9s %12s %15s   digits\n", "source, term", "figure", "published", "ours");
    while (fgets(line, sizeof line, f) != NULL) {
        char *at = trimmed(line);
        if (*at == '\0' || *at == '#') continue;
        if (*at == '[') {
            s = (stanza){.fitted = false};
            at[strlen(at) - 1] = '\0';
            snprintf(s.source, sizeof s.source, "%s", at + 1);
        } else if (strncmp(at, "data:", 5) == 0) {
            snprintf(s.data, sizeof s.data, "%s", trimmed(at + 5));
        } else if (strncmp(at, "fit:", 4) == 0) {
            snprintf(s.formula, sizeof s.formula, "%s", trimmed(at + 4));
        } else if (strncmp(at, "options:", 8) == 0) {
            snprintf(s.options, sizeof s.options, "%s", trimmed(at + 8));
        } else {
            if (!s.fitted && !fit(&s, argv[2])) s.skipped = broken = true;
            char *term = word(&at), *what = word(&at), *published = word(&at);
            if (s.skipped)
                skipped++;
            else
                compare(term, what, published, at);
        }
    }
    fclose(f);
    revlift_close(program);
    printf("\n%zu figures agree in every digit, %zu differ and say why, %zu differ, %zu skipped\n", agreed, explained,
           wrong, skipped);
    return wrong > 0 || broken;
}

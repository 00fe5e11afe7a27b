#include "model/diag.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "model/diag_list.h"
#include "model/infer.h"

// clang-format off
static const rl_diag_kind KIND[] = {
    {"all", "", "all that fit the design, with lags by its period", 0, 0, false, false, rl_diag_all},
    {"breusch-godfrey", "LAGS", "do errors of neighbouring periods go together?", 0, 1, false, false, rl_diag_breusch_godfrey},
    {"ljung-box", "LAGS", "the same from autocorrelations; no lag of the outcome", 0, 1, false, false, rl_diag_ljung_box},
    {"box-pierce", "LAGS", "its older form", 0, 1, false, false, rl_diag_box_pierce},
    {"durbin-watson", "", "the same one period back, exact one-sided p", 0, 0, false, false, rl_diag_durbin_watson},
    {"arch", "LAGS", "do calm and stormy periods come in runs?", 0, 1, false, false, rl_diag_arch},
    {"breusch-pagan", "", "does the spread of errors change with the regressors?", 0, 0, false, false, rl_diag_breusch_pagan},
    {"white", "", "or with their squares and products?", 0, 0, false, false, rl_diag_white},
    {"jarque-bera", "", "residuals: skewness and kurtosis of the normal?", 0, 0, false, false, rl_diag_jarque_bera},
    {"reset", "POWERS", "is the relation bent? (powers of fitted values, 2:3)", 0, 4, false, false, rl_diag_reset},
    {"adf", "COL:LAGS|aic|bic:none|drift|trend", "does the series wander (unit root)? Dickey-Fuller", 1, 3, true, true, rl_diag_adf},
    {"pp", "COL:LAGS:drift|trend", "the same, Phillips-Perron", 1, 3, true, true, rl_diag_pp},
    {"kpss", "COL:LAGS|nw:level|trend", "is the series stationary?", 1, 3, true, true, rl_diag_kpss},
    {"engle-granger", "LAGS|aic|bic:drift|trend", "do outcome and regressors wander together?", 0, 2, true, false, rl_diag_engle_granger},
    {"leads", "COL:K", "placebo: does spend of the K next periods matter?", 1, 2, false, true, rl_diag_leads},
    {"granger", "COL:L", "do lags of COL help beside those of the outcome?", 2, 2, false, true, rl_diag_granger},
    {"feedback", "COL:L", "does COL follow past outcomes? (granger, the other way)", 2, 2, false, true, rl_diag_feedback},
    {"chow", "TIME", "are the coefficients others from TIME on?", 1, 1, false, false, rl_diag_chow},
    {"quandt", "", "did they break at some date? (sup-F)", 0, 0, true, false, rl_diag_quandt},
    {"cusum", "", "did they drift?", 0, 0, true, false, rl_diag_cusum},
    {"cusumsq", "", "did the spread of errors change?", 0, 0, true, false, rl_diag_cusumsq},
    {"collinearity", "", "which regressors cannot be told apart?", 0, 0, false, false, rl_diag_collinearity},
    {"influence", "", "which single period moves a result most?", 0, 0, false, false, rl_diag_influence},
};
// clang-format on
enum { N_KINDS = sizeof KIND / sizeof *KIND };

size_t rl_diag_count(void) { return N_KINDS; }
const rl_diag_kind *rl_diag_at(size_t i) { return &KIND[i]; }

const char *rl_diag_names(rl_arena *in)
{
    rl_str s = rl_str_new(in);
    for (size_t i = 0; i < N_KINDS; i++) rl_str_addf(&s, "%s%s", i ? " " : "", KIND[i].name);
    return rl_str_text(&s);
}

static const rl_diag_kind *kind_of(const char *text)
{
    for (size_t i = 0; i < N_KINDS; i++) {
        const char *s = text, *name = KIND[i].name;
        while (*name != '\0' && *s == *name) s++, name++;
        if (*name == '\0' && (*s == '\0' || *s == ':')) return &KIND[i];
    }
    return NULL;
}

bool rl_diag_known(const char *text) { return kind_of(text) != NULL; }

static rl_code unknown(const char *text, rl_ctx *cx)
{
    const char *name[N_KINDS], *given = rl_strndup(cx->tmp, text, strcspn(text, ":"));
    for (size_t i = 0; i < N_KINDS; i++) name[i] = KIND[i].name;
    rl_fail(cx, RL_EUSAGE, "--test '%s' is not known", given);
    const char *near = rl_nearest(given, name, N_KINDS);
    if (near != NULL) return rl_hint(cx, "did you mean '%s'?", near);
    return rl_hint(cx, "known: %s", rl_diag_names(cx->tmp));
}

/* Up to the next colon outside backticks and brackets. */
static size_t argument_length(const char *s)
{
    bool quoted = false;
    int depth = 0;
    size_t n = 0;
    for (; s[n] != '\0'; n++) {
        if (s[n] == '`') quoted = !quoted;
        if (quoted) continue;
        depth += s[n] == '(' ? 1 : s[n] == ')' ? -1 : 0;
        if (s[n] == ':' && depth <= 0) break;
    }
    return n;
}

const char *rl_diag_quoted(const char *text, rl_arena *in)
{
    return strpbrk(text, "`(+-*/^") == NULL ? rl_sprintf(in, "`%s`", text) : text;
}

rl_code rl_diag_parse(const char *text, rl_diag_spec *out, rl_arena *in, rl_ctx *cx)
{
    const rl_diag_kind *k = kind_of(text);
    if (k == NULL) return unknown(text, cx);
    *out = (rl_diag_spec){.text = rl_strdup(in, text), .name = k->name};
    const char *s = text + strlen(k->name);
    while (*s == ':') {
        size_t n = argument_length(++s);
        if (out->n_args == k->most) {
            rl_fail(cx, RL_EUSAGE, "--test %s: more than the test '%s' takes", text, k->name);
            return rl_hint(cx, "write --test %s%s%s", k->name, *k->args != '\0' ? ":" : "", k->args);
        }
        out->arg[out->n_args++] = rl_strndup(in, s, n);
        s += n;
    }
    if (out->n_args >= k->least) return RL_OK;
    rl_fail(cx, RL_EUSAGE, "--test %s: the test needs more to go on", text);
    return rl_hint(cx, "write --test %s:%s", k->name, k->args);
}

rl_code rl_diag_columns(const rl_request *req, rl_col_fn *fn, void *user, rl_arena *in, rl_ctx *cx)
{
    for (size_t i = 0; i < req->n_diag; i++) {
        rl_diag_spec s;
        rl_formula f;
        RL_TRY(rl_diag_parse(req->diag[i], &s, in, cx));
        if (!kind_of(s.name)->column || s.n_args == 0) continue;
        RL_TRY(rl_formula_parse(rl_sprintf(in, "%s ~ 1", rl_diag_quoted(s.arg[0], in)), &f, in, cx));
        rl_expr_columns(f.y, true, fn, user);
    }
    return RL_OK;
}

rl_code rl_diag_one(const rl_diag *like, const char *text, rl_ctx *cx)
{
    rl_diag_spec s;
    rl_diag g = *like;
    RL_TRY(rl_diag_parse(text, &s, cx->tmp, cx));
    const rl_diag_kind *k = kind_of(s.name);
    g.spec = &s;
    if (k->series && (g.d->at == NULL || g.d->unit.G > 1)) {
        rl_fail(cx, RL_EUSAGE, "--test %s needs one time series", s.text);
        return rl_hint(cx, g.d->at == NULL ? "name its time: --time COL" : "choose one unit with --subset");
    }
    return k->run(&g, cx);
}

rl_code rl_diag_run(const rl_design *d, const rl_fit *f, const rl_request *req, rl_result *out, rl_arena *keep,
                    rl_ctx *cx)
{
    rl_diag g = {.d = d, .f = f, .req = req, .out = out, .keep = keep};
    for (size_t i = 0; i < req->n_diag; i++) RL_TRY(rl_diag_one(&g, req->diag[i], cx));
    return RL_OK;
}

rl_code rl_diag_whole(const rl_diag *g, size_t arg, int lo, int *out, rl_ctx *cx)
{
    const char *s = g->spec->arg[arg];
    char *end;
    long x = strtol(s, &end, 10);
    assert(arg < g->spec->n_args);
    *out = (int)x;
    if (end != s && *end == '\0' && x >= lo && x <= 100000) return RL_OK;
    return rl_fail(cx, RL_EUSAGE, "--test %s: '%s' is not a whole number from %d on", g->spec->text, s, lo);
}

rl_code rl_diag_word(const rl_diag *g, size_t arg, const char *words, size_t *out, rl_ctx *cx)
{
    const char *s = g->spec->arg[arg], *w = words;
    assert(arg < g->spec->n_args);
    for (*out = 0; *w != '\0'; ++*out) {
        size_t n = strcspn(w, " ");
        if (strlen(s) == n && strncmp(s, w, n) == 0) return RL_OK;
        w += n + (w[n] == ' ');
    }
    rl_fail(cx, RL_EUSAGE, "--test %s: '%s' is not known", g->spec->text, s);
    return rl_hint(cx, "known: %s", words);
}

#include "model/diag.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "model/diag_list.h"
#include "model/infer.h"

static const rl_diag_kind KIND[] = {
    {"jarque-bera", "", "residuals: skewness and kurtosis of the normal?", 0, 0, false, false, rl_diag_jarque_bera},
};
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

rl_code rl_diag_parse(const char *text, rl_diag_spec *out, rl_arena *in, rl_ctx *cx)
{
    const rl_diag_kind *k = kind_of(text);
    if (k == NULL) return unknown(text, cx);
    *out = (rl_diag_spec){.text = rl_strdup(in, text), .name = k->name};
    const char *s = text + strlen(k->name);
    while (*s == ':') {
        size_t n = strcspn(++s, ":");
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
        RL_TRY(rl_formula_parse(rl_sprintf(in, "%s ~ 1", s.arg[0]), &f, in, cx));
        rl_expr_columns(f.y, true, fn, user);
    }
    return RL_OK;
}

rl_code rl_diag_run(const rl_design *d, const rl_fit *f, const rl_request *req, rl_result *out, rl_arena *keep,
                    rl_ctx *cx)
{
    for (size_t i = 0; i < req->n_diag; i++) {
        rl_diag_spec s;
        RL_TRY(rl_diag_parse(req->diag[i], &s, cx->tmp, cx));
        const rl_diag_kind *k = kind_of(s.name);
        rl_diag g = {.spec = &s, .d = d, .f = f, .req = req, .out = out, .keep = keep};
        if (k->series && (d->at == NULL || d->unit.G > 1)) {
            rl_fail(cx, RL_EUSAGE, "--test %s needs one time series", s.text);
            return rl_hint(cx, d->at == NULL ? "name its time: --time COL" : "choose one unit with --subset");
        }
        RL_TRY(k->run(&g, cx));
    }
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

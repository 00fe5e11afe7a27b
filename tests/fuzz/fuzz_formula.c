/* Noise for the formula reader: no memory fault; refusals are the user's
 * mistake, with words and the formula shown; what is understood reads back
 * the same from its own text. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "model/formula.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void no_memory(size_t size, void *user)
{
    (void)size, (void)user;
    abort();
}

static void column(void *user, const char *col, bool number, size_t at)
{
    (void)number;
    assert(col != NULL && at <= strlen(user));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    rl_ctx cx;
    rl_ctx_init(&cx, 1, 1, no_memory, NULL);
    char *text = rl_strndup(cx.keep, (const char *)bytes, n);
    rl_formula f, again;
    rl_code code = rl_formula_parse(text, &f, cx.keep, &cx);
    if (code == RL_OK) {
        rl_expr_columns(f.y, true, column, text);
        for (size_t i = 0; i < f.n_terms; i++)
            for (size_t j = 0; j < f.term[i].n; j++) rl_expr_columns(f.term[i].var[j], true, column, text);
        code = rl_formula_parse(f.text, &again, cx.keep, &cx);
        assert(code == RL_OK && again.n_terms == f.n_terms && again.n_effects == f.n_effects);
        for (size_t i = 0; i < f.n_terms; i++) assert(strcmp(again.term[i].text, f.term[i].text) == 0);
    } else {
        assert(code == RL_EUSAGE && cx.err.what[0] != '\0');
    }
    rl_ctx_free(&cx);
    return 0;
}

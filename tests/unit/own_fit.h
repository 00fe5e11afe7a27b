/* tests/unit/own_fit.h -- fit_fixture.h under the context of own_ctx.h: what most tests of estimators ask of a fit.
 *
 *   run              the fit of a table
 *   refused          a fit that must end in `code` with a message that holds `word`
 *   refused_both     .. that holds two words
 *   refused_hint     .. and a hint that holds `hint`
 *   noted            whether a note of the fit holds a word
 *
 * Included last, as own_ctx.h is; a refusal is asked for under a context that ends with it.
 */
#ifndef RL_TESTS_OWN_FIT_H
#define RL_TESTS_OWN_FIT_H

#include "unit/fit_fixture.h"
#include "own_ctx.h"

static inline rl_result run(const rl_table *t, rl_request r)
{
    rl_result out;
    CHECK_OK(rl_estimate_run(&r, t, &out, cx.keep, &cx), &cx);
    return out;
}

static inline void refused_as(const rl_table *t, const rl_request *r, rl_code code, const char *word,
                              const char *second, const char *hint)
{
    rl_ctx one;
    rl_result out;
    check_ctx(&one);
    rl_code got = rl_estimate_run(r, t, &out, one.keep, &one);
    if (got != code) fail_msg("'%s': code %d (%s), not %d", r->formula, (int)got, one.err.what, (int)code);
    if (strstr(one.err.what, word) == NULL || strstr(one.err.what, second) == NULL)
        fail_msg("'%s': \"%s\" lacks '%s' or '%s'", r->formula, one.err.what, word, second);
    if (strstr(one.err.hint, hint) == NULL) fail_msg("'%s': hint \"%s\" lacks '%s'", r->formula, one.err.hint, hint);
    rl_ctx_free(&one);
}

static inline void refused(const rl_table *t, rl_request r, rl_code code, const char *word)
{
    refused_as(t, &r, code, word, "", "");
}

static inline void refused_both(const rl_table *t, rl_request r, rl_code code, const char *word, const char *second)
{
    refused_as(t, &r, code, word, second, "");
}

static inline void refused_hint(const rl_table *t, rl_request r, rl_code code, const char *word, const char *hint)
{
    refused_as(t, &r, code, word, "", hint);
}

static inline bool noted(const rl_result *r, const char *word)
{
    for (size_t i = 0; i < r->n_notes; i++)
        if (strstr(r->note[i], word) != NULL) return true;
    return false;
}

#endif

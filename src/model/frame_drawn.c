/* Rows of start dates drawn by lot: whole histories, in cohorts of two units or more. */
#include <string.h>

#include "base/str.h"
#include "model/build.h"
#include "num/order.h"

static const char *when(const rl_build *b, int32_t cohort, rl_ctx *cx)
{
    if (cohort == RL_NEVER) return "never";
    return rl_time_words(b->d->clock, cohort, cx->tmp);
}

/* The cohorts of the units, ascending, one for each unit. */
static size_t of_units(const rl_build *b, int32_t *cohort, rl_ctx *cx)
{
    size_t n = 0;
    unsigned char *seen = RL_NEW(cx->tmp, unsigned char, b->unit.G);
    for (size_t i = 0; i < b->t->n; i++) {
        int32_t u = b->unit.code[i];
        if (!b->keep[i] || u < 0 || seen[u]) continue;
        seen[u] = 1;
        cohort[n++] = b->cohort[i];
    }
    rl_order_int(cohort, n);
    return n;
}

/* A unit whose cohort (or being never treated) is its alone: no variance can be had within it. */
static void drop_alone(rl_build *b, rl_ctx *cx)
{
    enum { SAID = 4 };
    int32_t *cohort = RL_NEW(cx->tmp, int32_t, b->unit.G);
    size_t n = of_units(b, cohort, cx), lost = 0, alone = 0;
    rl_str names = rl_str_new(cx->tmp);
    for (size_t i = 0; i < n; i++) {
        if ((i > 0 && cohort[i] == cohort[i - 1]) || (i + 1 < n && cohort[i] == cohort[i + 1])) continue;
        if (alone++ < SAID) rl_str_addf(&names, "%s%s", alone > 1 ? ", " : "", when(b, cohort[i], cx));
        for (size_t k = 0; k < b->t->n; k++) {
            if (!b->keep[k] || b->cohort[k] != cohort[i]) continue;
            b->keep[k] = 0;
            lost++;
        }
    }
    rl_build_lose(b, "only unit of its cohort", lost, cx);
    if (alone > SAID) rl_str_addf(&names, " and %zu more", alone - SAID);
    if (alone > 0)
        rl_remark(cx, "design", "%zu cohort%s of one unit left out (%s): %s variance cannot be estimated", alone,
                  alone > 1 ? "s" : "", rl_str_text(&names), alone > 1 ? "their" : "its");
}

rl_code rl_frame_drawn(rl_build *b, rl_ctx *cx)
{
    const char *method = b->req->method;
    RL_TRY(rl_frame_incomplete(b, cx));
    if (method != NULL && strcmp(method, "efficient") != 0) RL_TRY(rl_frame_always(b, 0, cx));
    drop_alone(b, cx);
    return RL_OK;
}

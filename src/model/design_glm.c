/* What logit and Poisson ask of the rows: outcomes they can have, and effects
 * with something left to explain. */
#include <string.h>

#include "model/build.h"

static rl_code not_an_outcome(rl_build *b, size_t row, rl_ctx *cx)
{
    char buf[32];
    bool logit = rl_build_family(b) == RL_LOGIT;
    const char *want = logit ? "is neither 0 nor 1" : "is below 0";
    const char *value = rl_num_text(buf, b->y[row]);
    const rl_col *c = b->f.y->op == RL_OP_COL ? rl_table_col(b->t, b->f.y->col) : NULL;
    if (c != NULL)
        rl_fail_cell(b->t, c, row, cx, RL_EDATA, "the outcome %s %s (column '%s')", value, want, c->name);
    else
        rl_fail(cx, RL_EDATA, "the outcome '%s' %s in data row %zu: %s", b->f.y->text, want, row + 1, value);
    return rl_hint(cx, logit ? "logit takes 0 and 1" : "poisson takes counts and amounts of 0 or more");
}

rl_code rl_build_outcome(rl_build *b, rl_ctx *cx)
{
    rl_family family = rl_build_family(b);
    size_t zeros = 0, ones = 0;
    if (family == RL_LINEAR) return RL_OK;
    for (size_t i = 0; i < b->t->n; i++) {
        if (!b->keep[i]) continue;
        if (family == RL_LOGIT ? b->y[i] != 0 && b->y[i] != 1 : b->y[i] < 0) return not_an_outcome(b, i, cx);
        zeros += b->y[i] == 0;
        ones += b->y[i] == 1;
    }
    if (b->left == 0 || (zeros < b->left && (family == RL_POISSON || ones < b->left))) return RL_OK;
    rl_fail(cx, RL_EDATA, "nothing to estimate: '%s' is %d in all %zu rows used", b->f.y->text, zeros == 0, b->left);
    return rl_hint(cx, "%s needs an outcome that varies", family == RL_LOGIT ? "logit" : "poisson");
}

/* One turn: rows of levels in which the outcome is always 0, or always 1 for logit. */
size_t rl_build_perfect(rl_build *b, rl_ctx *cx)
{
    const rl_design *d = b->d;
    size_t lost = 0;
    if (rl_build_family(b) == RL_LINEAR) return 0;
    for (size_t f = 0; f < d->fe.n_fe; f++) {
        unsigned char *seen = RL_NEW(cx->tmp, unsigned char, d->fe.levels[f]); /* 1: a 0, 2: a 1, 4: another */
        for (size_t i = 0; i < d->n; i++) {
            double y = b->y[d->row[i]];
            seen[d->fe.code[f][i]] |= y == 0 ? 1 : y == 1 ? 2 : 4;
        }
        for (size_t i = 0; i < d->n; i++) {
            unsigned char s = seen[d->fe.code[f][i]];
            bool perfect = s == 1 || (s == 2 && rl_build_family(b) == RL_LOGIT);
            if (!perfect || !b->keep[d->row[i]]) continue;
            b->keep[d->row[i]] = 0;
            lost++;
        }
    }
    return lost;
}

/* Rows that an earlier attempt found it cannot use. */
void rl_build_leave(rl_build *b, rl_ctx *cx)
{
    const rl_request *r = b->req;
    enum { OWN = sizeof r->leave_own / sizeof *r->leave_own };
    size_t lost[RL_LEAVE_OWN + OWN] = {0};
    if (r->leave == NULL) return;
    for (size_t i = 0; i < b->t->n; i++) {
        if (!b->keep[i] || !r->leave[i]) continue;
        b->keep[i] = 0;
        lost[r->leave[i]]++;
    }
    rl_build_lose(b, r->leave_why, lost[1], cx);
    for (size_t own = 0; own < OWN; own++) rl_build_lose(b, r->leave_own[own], lost[RL_LEAVE_OWN + own], cx);
}

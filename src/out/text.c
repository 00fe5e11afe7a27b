/* out/text.c -- a few lines for the terminal. */
#include "out/text.h"

#include <math.h>
#include <string.h>

#include "base/str.h"
#include "out/view.h"
#include "out/words.h"

enum { WIDTH = 96, LABEL = 22 };

/* Words of `text` broken at WIDTH, further lines indented. */
static void wrapped(rl_str *out, const char *text, size_t indent)
{
    size_t at = indent;
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, " ");
        if (at > indent && at + 1 + n > WIDTH) {
            rl_str_addf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (at > indent) {
            rl_str_addc(out, ' ');
            at++;
        }
        rl_str_addn(out, p, n);
        at += n;
        p += n + strspn(p + n, " ");
    }
    rl_str_addc(out, '\n');
}

static void line(rl_str *out, const char *label, const char *text)
{
    rl_str_addf(out, "  %-*s", LABEL - 2, label);
    wrapped(out, text, LABEL);
}

static void money_line(rl_str *out, const rl_view *v, const char *label, const rl_interval *x)
{
    if (isfinite(x->est)) line(out, label, rl_words_interval(v, x, RL_UNIT_MONEY, 1));
}

static void ratio_line(rl_str *out, const rl_view *v, const char *label, const rl_ratio *r, rl_unit unit, double scale)
{
    if (isnan(r->est) && !r->none && !r->all) return;
    line(out, label,
         rl_sprintf(v->in, "%s (%s interval: %s)", rl_view_ratio(v, r, unit, scale), rl_view_level(v),
                    rl_view_ratio_set(v, r, unit, scale)));
}

static void model_line(rl_str *out, const rl_view *v, const rl_model_answer *m)
{
    const char *name = rl_view_clean(m->spec->name, LABEL - 3, v->in);
    if (m->status == RL_MODEL_REFUSED) {
        line(out, name, rl_sprintf(v->in, "not answered: %s", rl_words_refused(v, &m->refused)));
        return;
    }
    if (!m->has_lift) {
        line(out, name, rl_words_model(v, m));
        return;
    }
    const rl_lift *l = &m->lift;
    rl_scale s = rl_scale_full(&l->effect, rl_unit_of_lift(v, l), l->scale);
    line(out, name,
         rl_sprintf(v->in, "%s %s (%s interval %s)%s", rl_words_outcome(v, m), rl_scaled_signed(v, &s, l->effect.est),
                    rl_view_level(v), rl_view_range(v, &s, &l->effect),
                    rl_excludes_zero(&l->effect) ? "" : ", cannot be told from zero"));
}

const char *rl_text_answer(const rl_answer *a, const char *report, rl_arena *in)
{
    rl_view v = rl_view_of(a->study, true, in);
    rl_str out = rl_str_new(in);
    if (a->study->title && a->study->title[0]) rl_str_addf(&out, "%s\n\n", rl_view_clean(a->study->title, 120, in));
    wrapped(&out, rl_words_answer(&v, a), 0);
    rl_str_addc(&out, '\n');
    for (size_t i = 0; i < a->n_models; i++) model_line(&out, &v, &a->model[i]);
    if (a->money.given) {
        money_line(&out, &v, "gross profit", &a->money.gross_profit);
        money_line(&out, &v, "profit less cost", &a->money.net);
        if (isfinite(a->money.net.est)) ratio_line(&out, &v, "return on cost", &a->money.roi, RL_UNIT_PERCENT, 100);
        if (isfinite(a->money.net.est)) ratio_line(&out, &v, "payback", &a->money.payback_months, RL_UNIT_MONTHS, 1);
    }
    for (size_t i = 0; i < a->n_unanswered; i++)
        line(&out, i == 0 ? "not answerable" : "",
             rl_sprintf(in, "%s: %s", rl_view_clean(a->unanswered[i].what, 80, in),
                        rl_view_clean(a->unanswered[i].why, 200, in)));
    if (report) {
        rl_str_addc(&out, '\n');
        line(&out, "report", rl_view_clean(report, 0, in));
    }
    return rl_str_text(&out);
}

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

static void money_line(rl_str *out, const rl_view *v, const rl_money *m, const char *label, const rl_interval *x)
{
    if (!isfinite(x->est)) return;
    rl_scale s = rl_words_money_scale(m, x);
    line(out, label,
         rl_sprintf(v->in, "%s (%s interval %s)", rl_scaled(v, &s, x->est), rl_view_level(v), rl_view_range(v, &s, x)));
}

/* figure: the estimate in words */
static void ratio_line(rl_str *out, const rl_view *v, const char *label, const rl_ratio *r, const char *figure,
                       rl_unit unit, double scale, const char *more)
{
    if (isnan(r->est) && !r->none && !r->all) return;
    line(out, label,
         rl_sprintf(v->in, "%s (%s interval: %s)%s", figure, rl_view_level(v), rl_view_ratio_set(v, r, unit, scale),
                    more));
}

/* The first model refused for the same reason, or this one. */
static const rl_model_answer *same_refusal(const rl_answer *a, const rl_model_answer *m)
{
    const rl_model_answer *first = a->model;
    while (first != m && (first->status != RL_MODEL_REFUSED || strcmp(first->refused.what, m->refused.what) != 0))
        first++;
    return first;
}

static void model_line(rl_str *out, const rl_view *v, const rl_answer *a, const rl_model_answer *m)
{
    const char *name = rl_view_clean(m->spec->name, LABEL - 3, v->in);
    if (m->status == RL_MODEL_REFUSED) {
        const rl_model_answer *first = same_refusal(a, m);
        line(out, name,
             first == m ? rl_sprintf(v->in, "not answered: %s", rl_words_refused(v, &m->refused))
                        : rl_sprintf(v->in, "not answered, for the same reason as '%s'",
                                     rl_view_clean(first->spec->name, 60, v->in)));
        return;
    }
    if (!m->has_lift) {
        line(out, name, rl_words_model(v, m));
        return;
    }
    const rl_lift *l = &m->lift;
    rl_scale s = rl_scale_full(&l->effect, rl_unit_of_lift(v, l), l->scale);
    line(out, name,
         rl_sprintf(v->in, "%s %s%s (%s interval %s)%s", rl_words_outcome(v, m), rl_scaled_signed(v, &s, l->effect.est),
                    m->spec->outcome == RL_OUT_VELOCITY ? " gained" : "", rl_view_level(v),
                    rl_view_range(v, &s, &l->effect),
                    rl_excludes_zero(&l->effect) ? "" : ", cannot be told from zero"));
}

static void group_lines(rl_str *out, const rl_view *v, const rl_answer *a)
{
    const rl_model_answer *m = rl_words_headline(a);
    for (size_t k = 0; m && k < m->n_by; k++)
        line(out, k == 0 ? "group by group" : "", rl_words_breakdown(v, m, &m->by[k]));
    if (m && m->spill.asked) line(out, "spillover", rl_words_spill(v, a, m));
}

static void money_lines(rl_str *out, const rl_view *v, const rl_money *m)
{
    if (!m->given) return;
    money_line(out, v, m, "gross profit", &m->gross_profit);
    money_line(out, v, m, "profit less cost", &m->net);
    if (!isfinite(m->net.est)) return;
    bool followed = m->value && m->value->spec->outcome == RL_OUT_VALUE;
    ratio_line(out, v, "return on cost", &m->roi, rl_view_ratio(v, &m->roi, RL_UNIT_PERCENT, 100), RL_UNIT_PERCENT, 100,
               "");
    ratio_line(out, v, "payback", &m->payback_months,
               rl_sprintf(v->in, m->payback_months.none ? "%s" : "%s of exposure", rl_words_payback(v, m)),
               RL_UNIT_MONTHS, 1, followed ? "; wins are counted at the creation of the deal and arrive later" : "");
}

/* What no line above has said yet. */
static void unanswered_lines(rl_str *out, const rl_view *v, const rl_answer *a)
{
    size_t said = 0;
    for (size_t i = 0; i < a->n_unanswered; i++) {
        const rl_unanswered *u = &a->unanswered[i];
        bool again = false;
        for (size_t k = 0; k < a->n_models; k++)
            again |= a->model[k].status == RL_MODEL_REFUSED && !strcmp(a->model[k].refused.what, u->why);
        if (again) continue;
        const char *what = rl_view_clean(u->what, 80, v->in);
        size_t n = strlen(what);
        line(out, said++ == 0 ? "not answerable" : "",
             rl_sprintf(v->in, "%s%s %s", what, n > 0 && strchr("?!", what[n - 1]) ? "" : ":",
                        rl_view_clean(u->why, 200, v->in)));
    }
}

const char *rl_text_answer(const rl_answer *a, const char *report, rl_arena *in)
{
    rl_view v = rl_view_of(a->study, true, in);
    rl_str out = rl_str_new(in);
    if (a->study->title && a->study->title[0]) rl_str_addf(&out, "%s\n\n", rl_view_clean(a->study->title, 120, in));
    wrapped(&out, rl_words_answer(&v, a), 0);
    const char *few = rl_words_few(&v, a);
    if (few[0] != '\0') wrapped(&out, few, 0);
    rl_str_addc(&out, '\n');
    for (size_t i = 0; i < a->n_models; i++) model_line(&out, &v, a, &a->model[i]);
    money_lines(&out, &v, &a->money);
    group_lines(&out, &v, a);
    unanswered_lines(&out, &v, a);
    if (report) {
        rl_str_addc(&out, '\n');
        line(&out, "report", rl_view_clean(report, 0, in));
    }
    return rl_str_text(&out);
}

/* out/words_lags.c -- channels in sentences. */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "model/response.h"
#include "out/words.h"

bool rl_words_is_money(const rl_study *s, const rl_model_answer *m)
{
    const char *name = m->channels.outcome;
    return name != NULL && (strcmp(name, "revenue") == 0 || strcmp(name, "value") == 0 || s->money.given);
}

/* Of logs on logs: per cent, of a column. */
static const char *elasticity(const rl_view *v, const rl_response *s)
{
    const rl_summary *l = &s->long_run;
    rl_interval x = {l->est, l->se, l->low, l->high};
    if (!rl_interval_known(&x)) return "";
    rl_scale scale = rl_scale_full(&x, RL_UNIT_PLAIN, 1);
    return rl_sprintf(v->in, "1 %% more %s in one %s goes with %s %% more %s in all (%s interval %s). ",
                      rl_view_clean(s->variable_unit, 40, v->in), s->period, rl_scaled(v, &scale, x.est),
                      rl_view_clean(s->outcome_unit, 40, v->in), rl_view_level(v), rl_view_range(v, &scale, &x));
}

static const char *told(const rl_view *v, const rl_response *s)
{
    if (s->log_outcome && s->log_variable) return elasticity(v, s);
    if (s->index) return s->at_means == NULL ? "" : rl_sprintf(v->in, "%s ", rl_words_sentence(v, s->at_means));
    if (s->log_outcome || s->log_variable || s->n_says == 0 || s->long_run.se == 0) return "";
    return rl_sprintf(v->in, "%s ", rl_words_sentence(v, s->says[0]));
}

const char *rl_words_response(const rl_view *v, const rl_model_answer *m)
{
    if (m->main.n_responses == 0) return "";
    const char *doubt = rl_words_doubt(v, m), *space = *doubt != '\0' ? " " : "";
    const rl_response *s = &m->main.response[0];
    return rl_sprintf(v->in, "%s%s%s", doubt, space, s->verdict != NULL ? "" : told(v, s));
}

/* What a thousand of spend brings, where a period has that much: figures of the size of a budget. */
static rl_interval times(double by, const rl_interval *x)
{
    return (rl_interval){by * x->est, by * x->se, by * x->low, by * x->high};
}

/* The response to the channel's spend, if there is one for all and its timing is told. */
static const rl_response *timed(const rl_model_answer *m, const rl_channel *x)
{
    for (size_t i = 0; i < m->main.n_responses; i++) {
        const rl_response *s = &m->main.response[i];
        if (s->segment == NULL && strcmp(s->variable_unit, x->column) == 0 && s->half_life.why == NULL) return s;
    }
    return NULL;
}

/* "; half of it is in after 1.8 months, and 40 % of it comes after the quarter has ended" */
static const char *timing(const rl_view *v, const rl_model_answer *m, const rl_channel *x)
{
    const rl_response *s = timed(m, x);
    if (s == NULL) return "";
    bool quarter = s->after > 1 || strcmp(s->period, "quarter") == 0;
    return rl_sprintf(v->in, "; half of it is in after %s %ss, and %s of it comes after the %s has ended",
                      rl_view_number(v, s->half_life.est, 1), s->period, rl_view_percent(v, s->share_after.est, 0),
                      quarter ? "quarter" : s->period);
}

static bool doubtful(const rl_model_answer *m, const rl_channel *x)
{
    for (size_t i = 0; i < m->main.n_responses; i++)
        if (m->main.response[i].verdict != NULL && strcmp(m->main.response[i].variable_unit, x->column) == 0)
            return true;
    return false;
}

const char *rl_words_channel(const rl_view *v, const rl_study *s, const rl_model_answer *m, const rl_channel *x,
                             rl_unit unit)
{
    const char *name = rl_sprintf(v->in, "%s%s%s", v->open, rl_view_clean(x->column, 40, v->in), v->close);
    const char *outcome = rl_view_clean(m->channels.outcome, 40, v->in);
    if (!isfinite(x->marginal.est))
        return rl_sprintf(v->in, "The spend of %s goes with %s of %s over the rows of the model.", name,
                          rl_words_interval(v, &x->gain, unit, 1), outcome);
    double step = x->highest >= 1000 ? 1000 : 1;
    rl_interval more = times(step, &x->marginal);
    return rl_sprintf(v->in, "One more %s of %s in a %s, at today's level of %s, goes with %s more %s in all%s.%s",
                      step > 1 ? rl_view_money(v, step, 0) : "1", name, rl_words_period(s),
                      step > 1 ? rl_view_money(v, x->today, 0) : rl_view_number(v, x->today, 1),
                      rl_words_interval(v, &more, unit, 1), outcome, timing(v, m, x),
                      rl_excludes_zero(&x->marginal) && !doubtful(m, x) ? "" : " This cannot be told from nothing.");
}

const char *rl_words_doubt(const rl_view *v, const rl_model_answer *m)
{
    rl_str names = rl_str_new(v->in);
    const char *why = NULL;
    for (size_t i = 0; i < m->main.n_responses; i++) {
        const rl_response *s = &m->main.response[i];
        if (s->verdict == NULL) continue;
        if (why == NULL) why = s->doubt;
        rl_str_addf(&names, "%s%s%s%s%s%s", names.n > 0 ? ", " : "", v->open, rl_view_clean(s->variable, 60, v->in),
                    s->segment ? ", " : "", s->segment ? rl_view_clean(s->segment, 60, v->in) : "", v->close);
    }
    if (why == NULL) return "";
    return rl_sprintf(v->in, "Cannot tell what %s does: %s.", rl_str_text(&names), rl_view_clean(why, 600, v->in));
}

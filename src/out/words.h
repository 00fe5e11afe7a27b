/* out/words.h -- the findings as sentences, the same in every medium.
 *
 * An interval that excludes zero is said to exclude zero; one that does not
 * is said to be such that the effect cannot be told from zero.  No other word
 * for sureness is used.
 */
#ifndef RL_OUT_WORDS_H
#define RL_OUT_WORDS_H

#include "model/answer.h"
#include "out/view.h"

/* "3.1 points (95 % interval 1.2 to 5.0)" */
const char *rl_words_interval(const rl_view *v, const rl_interval *x, rl_unit unit, double scale);

/* The answer of the study, and how sure it is: one sentence each. */
const char *rl_words_answer(const rl_view *v, const rl_answer *a);
const char *rl_words_sure(const rl_view *v, const rl_answer *a);
/* Who and when the total covers: "412 accounts, 1,648 account-quarters, .." or "". */
const char *rl_words_coverage(const rl_view *v, const rl_answer *a);

/* "account": what the programme was given to; and what the total counts: "revenue", or the panel's column. */
const char *rl_words_unit(const rl_view *v, const rl_answer *a);
const char *rl_words_subject(const rl_view *v, const rl_money *m);

/* One model's answer; a refused one gives its reason. */
const char *rl_words_model(const rl_view *v, const rl_model_answer *m);
/* "Win rate +3.1 points after the programme": for titles. */
const char *rl_words_lift_title(const rl_view *v, const rl_model_answer *m);
/* "The 95 % interval excludes zero." */
const char *rl_words_zero(const rl_view *v, const rl_interval *x);

const char *rl_words_outcome(const rl_view *v, const rl_model_answer *m); /* "win rate", or the panel's column */
const char *rl_words_program(const rl_view *v, const char *name);         /* the programme "abm" */
const char *rl_words_period(const rl_study *s);                           /* "quarter" */
const char *rl_words_vcov(const rl_view *v, const rl_result *r);          /* how the errors were made */
const char *rl_words_refused(const rl_view *v, const rl_err *e);          /* what failed, as a sentence */
const char *rl_words_sentence(const rl_view *v, const char *s);           /* capital letter and full stop */

/* The model that answers for an outcome on page one: done and with a lift,
 * else any with that outcome, else NULL. */
const rl_model_answer *rl_words_find(const rl_answer *a, const rl_outcome *any, size_t n);

#endif

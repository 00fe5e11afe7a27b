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
/* "account-quarters": what a model's rows are called, everywhere; "rows" when it has no name for them. */
const char *rl_words_rows(const rl_view *v, const rl_model_answer *m);
/* Days of follow-up of a model, as given or as found for its programme; 0 = none. */
int rl_words_horizon(const rl_answer *a, const rl_model_answer *m);

/* One precision for the chain from the total to what is left after cost: the
 * total's, as long as it leaves two digits of x. */
rl_scale rl_words_money_scale(const rl_money *m, const rl_interval *x);
/* "5.4 of 12 months": of exposure, of an average unit; or "none" */
const char *rl_words_payback(const rl_view *v, const rl_money *m);

/* One model's answer; a refused one gives its reason. */
const char *rl_words_model(const rl_view *v, const rl_model_answer *m);
/* "Cannot tell what ‘spend’ does: .." where a response of the model says so (the first's reason), else "". */
const char *rl_words_doubt(const rl_view *v, const rl_model_answer *m);
/* "Win rate +3.1 points after the programme": for titles. */
const char *rl_words_lift_title(const rl_view *v, const rl_model_answer *m);
/* What velocity counts: it rises with more wins as well as with sooner ones, so it is never called speed. */
const char *rl_words_velocity(const rl_view *v, const rl_answer *a, const rl_model_answer *m);
/* Beside the velocity of model m, what a model of days_to_win (else decision_time) found; "" = none. */
const char *rl_words_among_won(const rl_view *v, const rl_answer *a, const rl_model_answer *m);
/* "The 95 % interval excludes zero." */
const char *rl_words_zero(const rl_view *v, const rl_interval *x);

const char *rl_words_outcome(const rl_view *v, const rl_model_answer *m); /* or column, or left of a formula */
const char *rl_words_program(const rl_view *v, const char *name);         /* the programme "abm" */
const char *rl_words_period(const rl_study *s);                           /* "quarter" */
const char *rl_words_vcov(const rl_view *v, const rl_result *r);          /* how the errors were made */
const char *rl_words_refused(const rl_view *v, const rl_err *e);          /* what failed, as a sentence */
const char *rl_words_sentence(const rl_view *v, const char *s);           /* capital letter and full stop */
/* What the interval of page one does not count where cohorts of a few units stand behind it; "" = none do. */
const char *rl_words_few(const rl_view *v, const rl_answer *a);
const char *rl_words_events_by(const rl_view *v, const rl_model_answer *m);  /* "by etwfe"; "" = by the model's own */
const char *rl_words_thin(const rl_view *v, const rl_model_answer *m);    /* of event times behind which are too few */
const char *rl_words_capital(const rl_view *v, const char *s);            /* capital letter            */
/* Width beyond which an interval is drawn cut, lest it press the others into a point: 6 times the one in the middle
 * (the lower of two); INFINITY where that is 0.  widths: n, sorted in place. */
double rl_words_widest(double *width, size_t n);
const char *rl_words_event_times(const rl_sides *s, rl_arena *in);        /* "event times 0 to 3" of rl_side.near */

/* Groups and neighbours (out/words_groups.c); "" = not asked.
 *
 *   headline   the total's model, else the first primary one with a lift, else the first with one
 *   breakdown  By "region" only EMEA stands after allowing for 3 looks; the differences between the groups cannot
 *              be told from chance (p = 0.40).
 *   groups     the breakdowns of the headline
 *   shares     how many controls share with treated units; nearly_all: more than nine in ten
 *   spill      what those controls did, and what that means for the lift
 *   apart      the lift against controls that share nothing
 */
const char *rl_words_p(const rl_view *v, double p); /* "p = 0.031" */
const rl_model_answer *rl_words_headline(const rl_answer *a);
const char *rl_words_breakdown(const rl_view *v, const rl_model_answer *m, const rl_breakdown *b);
const char *rl_words_groups(const rl_view *v, const rl_answer *a);
const char *rl_words_shares(const rl_view *v, const rl_program_facts *p);
bool rl_words_nearly_all(const rl_program_facts *p);
bool rl_words_has_deals(const rl_program_facts *p);   /* else none to count, and none that could be open */
const char *rl_words_spill(const rl_view *v, const rl_answer *a, const rl_model_answer *m);
const char *rl_words_apart(const rl_view *v, const rl_model_answer *m);

/* Is the outcome of a formula's channels money: revenue, or a panel's column in a study that gives a margin? */
bool rl_words_is_money(const rl_study *s, const rl_model_answer *m);
/* What a regression with lags found, its first response, with a blank behind; "" without one. */
const char *rl_words_response(const rl_view *v, const rl_model_answer *m);
/* "One more $1,000 of "spend_paid" in a quarter, at today's level of $8,012, goes with $2,310 (..) more revenue" */
const char *rl_words_channel(const rl_view *v, const rl_study *s, const rl_model_answer *m, const rl_channel *x,
                             rl_unit unit);

/* The model that answers for an outcome on page one: done and with a lift,
 * else any with that outcome, else NULL. */
const rl_model_answer *rl_words_find(const rl_answer *a, const rl_outcome *any, size_t n);

#endif

/* app/fit_options.h -- how fit reads an option's value; shared by fit_options.c
 * and fit_options_did.c. */
#ifndef RL_APP_FIT_OPTIONS_H
#define RL_APP_FIT_OPTIONS_H

#include "app/fit.h"

/* RL_EUSAGE: "--name 'value' is not known", with what was wanted as the hint. */
RL_MUST rl_code rl_fit_bad_value(rl_ctx *cx, const char *name, const char *value, const char *want);
/* One of two words (b NULL: of one). */
RL_MUST rl_code rl_fit_take_word(const char *name, const char *v, const char *a, const char *b, rl_ctx *cx);
/* A whole number, 0 or more. */
RL_MUST rl_code rl_fit_take_count(const char *name, const char *v, int *to, rl_ctx *cx);
/* RL_EUSAGE: --reps is less than an interval takes. */
RL_MUST rl_code rl_fit_few_draws(int reps, rl_ctx *cx);
/* A whole number at s, and where it ends. */
bool rl_fit_whole(const char *s, const char **end, int *k);
void rl_fit_list_add(const char *const **list, size_t *n, const char *v, rl_ctx *cx);

/* The options for programmes; *taken: it was one of them. */
RL_MUST rl_code rl_fit_option_did(rl_fit_args *a, const char *name, const char *v, bool *taken, rl_ctx *cx);

#endif

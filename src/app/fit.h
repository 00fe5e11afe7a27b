/* app/fit.h -- `revlift fit FORMULA --data FILE`: one model on one CSV file. */
#ifndef RL_APP_FIT_H
#define RL_APP_FIT_H

#include "app/opts.h"
#include "data/csv.h"
#include "data/fault.h"
#include "model/request.h"
#include "model/result.h"

/* The command line of fit as a request. */
typedef struct rl_fit_args {
    rl_request req;
    rl_source source;
    const char *data;          /* --data as given                  */
    const char *cluster;       /* --cluster                        */
    const char *vcov;          /* --vcov                           */
    const char *fe_out;        /* --fe-out                         */
    const char *cov_out;       /* --cov-out                        */
    const char *bounds_test;   /* --test by name: ardl shows it anyway */
    bool compare;              /* --compare                        */
    size_t n_did;              /* options for programmes that were given */
    const char *did[24];
} rl_fit_args;

/* Nothing given yet but the formula. */
void rl_fit_args_init(rl_fit_args *a, const char *formula);

/* Take one option by name, without its dashes.  Texts made live in cx->keep.
 * Errors RL_EUSAGE, naming the words that are known. */
RL_MUST rl_code rl_fit_option(rl_fit_args *a, const char *name, const char *value, rl_ctx *cx);

/* After the last option: what they mean together. */
RL_MUST rl_code rl_fit_finish(rl_fit_args *a, rl_ctx *cx);

/* Faults that stop: the first is the error, the others are counted in its hint. */
RL_MUST rl_code rl_fit_faults(rl_faults *f, rl_ctx *cx);

/* Read the data and fit; the result lives in cx->keep. */
RL_MUST rl_code rl_fit_run(const rl_fit_args *a, rl_result *r, rl_ctx *cx);

RL_MUST rl_code rl_cmd_fit(const rl_opts *o, rl_ctx *cx);

#endif

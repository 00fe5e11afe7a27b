/* model/facts.h -- the data as it came, and the design, before any outcome is modelled. */
#ifndef RL_MODEL_FACTS_H
#define RL_MODEL_FACTS_H

#include "model/answer.h"
#include "model/panel.h"
#include "model/tables.h"

/* The data section: tables, naive figures, match rates, faults by rule with
 * examples (rl_faults_locate() must have been called). */
RL_MUST rl_code rl_facts_data(const rl_tables *t, rl_answer *a, rl_ctx *cx);

/* Cohorts, controls, clean periods before, maturity, share of units with open
 * deals at the start, by arm: one entry per programme (model/design_facts.c).
 * Uses dates and statuses alone, no outcome. */
RL_MUST rl_code rl_facts_design(const rl_tables *t, rl_answer *a, rl_ctx *cx);

#endif

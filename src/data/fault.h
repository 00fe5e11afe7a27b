/* data/fault.h -- what is wrong with the data, collected before anyone stops.
 *
 * A cell that cannot be read, or a row that breaks a consistency rule, is a
 * fault.  Faults carry a row ordinal and a column number; only when there is
 * something to say are the files read once more, to find line, column and
 * text (libcsv gives none of these).  A fault whose policy is `error` stops
 * the run after all files were read; `drop` takes the row out and counts it
 * in the waterfall; `keep` counts it and leaves the row in.
 *
 * Every rule has a name a study file can give a policy to: see RL_RULES.
 */
#ifndef RL_DATA_FAULT_H
#define RL_DATA_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "base/str.h"

typedef enum rl_policy { RL_POLICY_ERROR, RL_POLICY_DROP, RL_POLICY_KEEP } rl_policy;

/* name in the study file, default policy, what it says */
#define RL_RULES(_)                                                                            \
    _(RL_RULE_CELL,        "cell",                  ERROR, "a cell could not be read")          \
    _(RL_RULE_EMPTY,       "empty-row",             DROP,  "a row of empty cells")              \
    _(RL_RULE_NO_ID,       "missing-id",            ERROR, "a row without its id")              \
    _(RL_RULE_DUP_DEAL,    "duplicate-deal",        ERROR, "a deal id that stands twice")       \
    _(RL_RULE_DUP_ACCOUNT, "duplicate-account",     ERROR, "an account id that stands twice")   \
    _(RL_RULE_NO_CREATED,  "missing-created",       DROP,  "a deal without a creation date")    \
    _(RL_RULE_NO_CLOSED,   "decided-without-date",  ERROR, "a decided deal without a closing date") \
    _(RL_RULE_ORDER,       "closed-before-created", ERROR, "a deal closed before it was created") \
    _(RL_RULE_FUTURE,      "created-after-cut",     DROP,  "a deal created after the data cut") \
    _(RL_RULE_LATE_CLOSE,  "closed-after-cut",      KEEP,  "a deal decided after the data cut: open at the cut") \
    _(RL_RULE_NO_AMOUNT,   "won-without-amount",    ERROR, "a won deal without an amount")      \
    _(RL_RULE_NEGATIVE,    "negative-amount",       ERROR, "a negative amount")                 \
    _(RL_RULE_STATUS,      "unlisted-status",       ERROR, "a status the study does not list")  \
    _(RL_RULE_DEAL_ACCOUNT,"deal-account-unknown",  KEEP,  "a deal of an account not in the accounts table") \
    _(RL_RULE_TOUCH_DEAL,  "touch-deal-unknown",    KEEP,  "a touch that names an unknown deal") \
    _(RL_RULE_TOUCH_ACCT,  "touch-account-unknown", KEEP,  "a touch of an unknown account")     \
    _(RL_RULE_TOUCH_LATE,  "touch-after-decision",  KEEP,  "a touch dated after its deal was decided") \
    _(RL_RULE_SPEND_UNIT,  "spend-unit-unknown",    KEEP,  "spend for a unit no deal or account has") \
    _(RL_RULE_PROGRAM_UNIT,"program-unit-unknown",  DROP,  "a programme row for a unit no deal or account has") \
    _(RL_RULE_OVERLAP,     "overlapping-spans",     ERROR, "overlapping spans of one programme for one unit") \
    _(RL_RULE_PROGRAMS,    "overlapping-programs",  DROP,  "a unit with two programmes, from the second on") \
    _(RL_RULE_SPAN,        "end-before-start",      ERROR, "a programme span that ends before it starts") \
    _(RL_RULE_LOOKUP,      "lookup-unmatched",      KEEP,  "a lookup key with no row in the lookup file") \
    _(RL_RULE_DUP_CELL,    "duplicate-panel-row",   ERROR, "two panel rows of one unit and period")

#define RL_RULE_ID_(id, name, policy, text) id,
typedef enum rl_rule { RL_RULES(RL_RULE_ID_) RL_RULES_END } rl_rule;
#undef RL_RULE_ID_

const char *rl_policy_name(rl_policy p);      /* as a study writes it: "drop" */
const char *rl_rule_name(rl_rule r);
const char *rl_rule_text(rl_rule r);
rl_policy rl_rule_default(rl_rule r);
bool rl_rule_keeps(rl_rule r);                  /* can its rows stay?  Not without a day, an id, .. */
rl_rule rl_rule_by_name(const char *name);      /* RL_RULES_END when unknown */

/* Where a table's text came from, for reading it again. */
typedef struct rl_source rl_source;             /* data/csv.h */

typedef struct rl_fault {
    const rl_source *file;
    uint64_t row;              /* 0-based data row in the file (header not counted)     */
    int32_t field;             /* 0-based column in the file; -1 = the whole row        */
    rl_rule rule;
    const char *what, *hint;   /* as in rl_err: lower case, no full stop; hint may be NULL */
    /* filled by rl_faults_locate(): */
    int line, col;             /* 1-based; col in characters                            */
    const char *excerpt;       /* the source line, clipped, and a caret line below it   */
} rl_fault;

typedef struct rl_faults {
    rl_arena *in;
    rl_policy policy[RL_RULES_END];
    size_t count[RL_RULES_END];         /* every one                                      */
    rl_fault *fault;                    /* kept: all of them when keep_all, else the first
                                           100 of each rule                               */
    size_t n, cap;
    bool keep_all;                      /* --rejects                                      */
} rl_faults;

void rl_faults_init(rl_faults *f, rl_arena *in);
void rl_fault_add(rl_faults *f, rl_rule rule, const rl_source *file, uint64_t row, int32_t field,
                  const char *hint, const char *fmt, ...) RL_PRINTF(7, 8);
/* Would one more fault of this rule be kept (or only counted)? */
bool rl_faults_room(const rl_faults *f, rl_rule rule);
size_t rl_faults_fatal(const rl_faults *f);     /* how many have the policy `error` */

/* Sort by file (in order of first appearance), row, field, and fill line, col
 * and excerpt by reading each file concerned again.  A fault of a whole row
 * (field -1) is placed at the row's first field.
 *
 * Errors  RL_EINPUT, RL_EIO  a file is gone or has changed since
 * Cost    two passes over each file, up to the last row concerned */
RL_MUST rl_code rl_faults_locate(rl_faults *f, rl_ctx *cx);

#endif

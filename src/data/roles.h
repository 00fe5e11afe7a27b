/* data/roles.h -- which table a sniffed CSV file is, and what its columns are for.
 *
 * A table of header words (English CRM exports: Salesforce, HubSpot, Pipedrive,
 * and plain ones) gives every column points for every role; values must agree
 * (a date is a date, an id does not repeat, a status has a word for 'won').
 * All files are judged together: one file at most becomes each table, and
 * what shares a key with the deals becomes a lookup.
 */
#ifndef RL_DATA_ROLES_H
#define RL_DATA_ROLES_H

#include "data/sniff.h"

typedef enum rl_kind {
    RL_KIND_NONE, RL_KIND_DEALS, RL_KIND_ACCOUNTS, RL_KIND_LEADS, RL_KIND_LEADS_WON, RL_KIND_TOUCHES, RL_KIND_SPEND,
    RL_KIND_MARKET, RL_KIND_PANEL, RL_KIND_PROGRAM, RL_KIND_LEDGER, RL_KIND_LOOKUP
} rl_kind;

typedef enum rl_role {
    RL_ROLE_ID, RL_ROLE_ACCOUNT, RL_ROLE_CREATED, RL_ROLE_CLOSED, RL_ROLE_STATUS, RL_ROLE_AMOUNT, RL_ROLE_CONTACT,
    RL_ROLE_PERSON, RL_ROLE_CHANNEL, RL_ROLE_STAGE, RL_ROLE_DEAL, RL_ROLE_DATE, RL_ROLE_UNIT, RL_ROLE_START,
    RL_ROLE_END, RL_ROLE_DOSE, RL_ROLE_MQL, RL_ROLE_SCORE, RL_ROLE_KEY, RL_ROLES
} rl_role;

typedef struct rl_guess {
    rl_kind kind;
    int role[RL_ROLES];        /* column that plays it, -1 = none                                     */
    int theirs;                /* RL_KIND_LOOKUP: the column of the deals that holds the key           */
    int points;                /* of the kind; for telling near misses                                */
    bool last_resort[RL_ROLES];/* the values fit, the header says nothing                             */
    rl_kind nearly;            /* RL_KIND_NONE: what it is most like                                  */
    const char *lacks;         /* .. and what it lacks for that, in words                             */
} rl_guess;

/* Judge n files together; guess (n) out. */
void rl_roles_guess(const rl_seen *file, size_t n, rl_guess *guess, rl_arena *in);

const char *rl_kind_name(rl_kind k);            /* "deals", the section of a study file */
const char *rl_role_name(rl_role r);            /* "created"                            */

/* What a status means, by its words. */
typedef enum rl_status_word { RL_STATUS_WON, RL_STATUS_LOST, RL_STATUS_OPEN, RL_STATUS_UNKNOWN } rl_status_word;
rl_status_word rl_status_of(const char *text);

/* Few-valued text: something to group by. */
bool rl_col_groups(const rl_seen_col *c);

/* Header letters and digits in lower case: "Close Date" -> "closedate"; out holds cap bytes. */
void rl_name_plain(const char *name, char *out, size_t cap);

#endif

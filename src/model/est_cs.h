/* model/est_cs.h -- inside of estimator cs: its cells, shared by est_cs.c and cs_words.c. */
#ifndef RL_MODEL_EST_CS_H
#define RL_MODEL_EST_CS_H

#include "model/cells.h"
#include "model/items.h"
#include "num/did2x2.h"

typedef struct rl_cs_cell {
    size_t c;                /* number of the cohort                                        */
    int32_t t, base;         /* periods compared                                            */
    bool reference;
    size_t from;             /* controls: cohorts from this number on, and the never treated */
    size_t traits;           /* panel: period of the covariates                             */
    const double *gamma;     /* k  of the odds, also where they failed                      */
    rl_did_effect e;
} rl_cs_cell;

typedef struct rl_cs {
    const rl_roster *r;
    rl_items it;
    rl_did_method method;
    int anticipation;
    unsigned char *gone;     /* C by T  1 = after the start, and no row of the cohort: nothing to estimate */
    size_t further_back;     /* cohorts without rows in the last period before treatment    */
    bool never;              /* controls are the never treated alone                        */
    bool later;              /* .. or also cohorts not yet treated, only those that start later (csdid) */
    size_t n;
    rl_cs_cell *cell;        /* n    by cohort, then time                                   */
    size_t *first;           /* C+1  of a cohort                                            */
    size_t *period_first;    /* T+1  rows: cells that look at a period ..                   */
    int32_t *period_cell;    /*      .. their numbers                                       */
} rl_cs;

rl_did_sample rl_cs_sample(const rl_cs *p, const rl_cs_cell *a);

/* cs_words.c: why a cell has no answer, and what a reader of the answer should know. */
rl_code rl_cs_refuse(const rl_cs *p, const rl_cs_cell *a, const rl_did_trouble *t, rl_ctx *cx);
void rl_cs_lost(const rl_cs *p, const rl_did_trouble *trouble, rl_ctx *cx);
void rl_cs_remarks(const rl_cs *p, rl_ctx *cx);

#endif

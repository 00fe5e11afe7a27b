/* out/simcsv.h -- a simulated company as files: CSV tables, truth.json and a
 * study file that reads them.
 *
 *   accounts.csv  account,region,segment,industry,size,buying_group
 *   deals.csv     deal_id,account,region,segment,owner,created,closed,status,amount
 *   leads.csv     lead_id,date,account,contact,channel,score,is_mql,deal_id
 *   touches.csv   date,account,contact,role,channel,stage,deal_id
 *   spend.csv     week,region,channel,usd
 *   programs.csv  account,start,end
 *   market.csv    month,index,rates
 *   truth.json    the exact effects (out/simtruth.c)
 *   study.yaml    asks for them (out/simstudy.c)
 *
 * The files are as a CRM would give them on the day of the cut: a deal decided later
 * is open, with no closing date or somebody's forecast.  world.messy adds a byte-order
 * mark, semicolons, CRLF and a `notes` column with quotes and line breaks.
 *
 * Each file is written beside its place (NAME.part) and renamed when complete;
 * other files of the directory are left alone.
 */
#ifndef RL_OUT_SIMCSV_H
#define RL_OUT_SIMCSV_H

#include "base/ctx.h"
#include "base/str.h"
#include "model/sim.h"

typedef struct rl_simcsv_counts {
    uint64_t deals, won, lost, open, touches, leads, mqls, won_leads;
} rl_simcsv_counts;

/* Write the tables of one arm (1: with the programme, as the company sees it;
 * 0: the company without it, programs.csv empty).
 *
 * Errors  RL_EIO with the file's name
 * Cost    streams by account: memory does not grow with deals or touches; about 0.6 us a row */
RL_MUST rl_code rl_simcsv_write(const rl_sim *s, uint64_t seed, int arm, const char *dir, rl_simcsv_counts *n,
                                rl_ctx *cx);

/* truth.json and study.yaml as texts. */
void rl_simtruth_text(const rl_sim *s, uint64_t seed, const rl_sim_truth *t, rl_str *out);
void rl_simstudy_text(const rl_sim *s, uint64_t seed, rl_str *out);

/* Write a text into dir/name. */
RL_MUST rl_code rl_simcsv_text(const char *dir, const char *name, const char *text, size_t n, rl_ctx *cx);

/* The account's id in the files: a company's name or a code; buf holds 80 bytes. */
const char *rl_sim_account_id(const rl_sim *s, size_t account, char buf[80]);

#endif

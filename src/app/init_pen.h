/* app/init_pen.h -- what the writers of a guessed study file share: files, guesses, the text so far. */
#ifndef RL_APP_INIT_PEN_H
#define RL_APP_INIT_PEN_H

#include "app/init.h"

typedef struct rl_pen {
    rl_str *t;
    size_t n;                  /* files                          */
    const rl_seen *file;       /* n                              */
    const char *const *path;   /* n  as written in the study     */
    const rl_guess *guess;     /* n                              */
    rl_ctx *cx;
} rl_pen;

size_t rl_pen_find(const rl_pen *p, rl_kind kind);                    /* the first file of a kind; n = none        */
const char *rl_pen_column(const rl_pen *p, size_t file, rl_role r);   /* name of a role's column, or NULL          */
bool rl_pen_in_deals(const rl_pen *p, const char *name);              /* do the deals have such a column?          */
size_t rl_pen_figures(const rl_pen *p, size_t file, const char **v);  /* number columns without a role, names to v */

void rl_pen_file(rl_pen *p, size_t file, const char *indent);         /* file, encoding, delimiter, formats        */
void rl_pen_role(rl_pen *p, size_t file, rl_role r);                  /* "  role: column  # why", or nothing       */
void rl_pen_names(rl_str *t, const char *const *v, size_t n, const char *below);   /* a, b; long lists go on `below` */

/* "key: column  # why" */
void rl_pen_key(rl_pen *p, const char *key, const char *column, const char *why);

/* The column of deals or accounts that says who shares a seller, or (accounts alone) a parent; -1 = none. */
int rl_pen_sharing(const rl_pen *p, size_t file, bool parent);
void rl_pen_shares(rl_pen *p, size_t file);                           /* "  owner: ..", "  parent: .." */

void rl_pen_programs(rl_pen *p);
void rl_pen_models(rl_pen *p);

#endif

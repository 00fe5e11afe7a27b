/* Who shares a seller or a parent account: for the contrast of controls near treated accounts with the others. */
#include <string.h>

#include "app/init_pen.h"

enum { NAME_MOST = 64 };

/* Header words, the most telling first. */
static const char *const OWNER[] = {"accountowner", "dealowner",        "opportunityowner", "owner",       "ownername",
                                    "ownerid",      "salesagent",       "salesrep",         "salesperson", "rep",
                                    "seller",       "accountexecutive", "accountmanager",   "assignedto",  NULL};
static const char *const PARENT[] = {
    "parentaccount", "parentaccountid", "parentcompany", "parentcompanyid", "ultimateparent",
    "parent",        "parentid",        "parentname",    "subsidiaryof",    NULL};

int rl_pen_sharing(const rl_pen *p, size_t file, bool parent)
{
    rl_kind kind = p->guess[file].kind;
    if (kind != RL_KIND_ACCOUNTS && (kind != RL_KIND_DEALS || parent)) return -1;
    for (const char *const *word = parent ? PARENT : OWNER; *word != NULL; word++)
        for (size_t j = 0; j < p->file[file].n; j++) {
            const rl_seen_col *c = &p->file[file].col[j];
            char plain[NAME_MOST];
            rl_name_plain(c->name, plain, sizeof plain);
            bool code = c->look == RL_LOOK_TEXT || c->look == RL_LOOK_NUMBER, taken = c->twice || c->unique;
            for (int r = 0; r < RL_ROLES; r++) taken |= p->guess[file].role[r] == (int)j;
            if (code && !taken && strcmp(plain, *word) == 0) return (int)j;
        }
    return -1;
}

void rl_pen_shares(rl_pen *p, size_t file)
{
    int owner = rl_pen_sharing(p, file, false), parent = rl_pen_sharing(p, file, true);
    if (owner >= 0)
        rl_pen_key(p, "owner", p->file[file].col[owner].name, "accounts that share a seller may influence each other");
    if (parent >= 0)
        rl_pen_key(p, "parent", p->file[file].col[parent].name, "accounts of one parent may influence each other");
}

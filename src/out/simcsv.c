#include "out/simcsv.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *const INDUSTRY[RL_SIM_INDUSTRIES] = {"Manufacturing", "Software", "Finance",
                                                        "Health",        "Retail",   "Public"};
static const char *const ROLE[RL_SIM_ROLES] = {"Champion", "Economic Buyer", "Technical Evaluator",
                                               "User",     "Procurement",    "Legal"};
static const char *const STAGE[RL_SIM_STAGES] = {"Awareness", "Consideration", "Decision"};

/* ------------------------------------------------------------ one file */

typedef struct sink {
    FILE *f;
    char *path, *part;
    const char *end; /* of a line                        */
    char delimiter;
    bool open_row; /* a field of this row was written  */
} sink;

static void close_file(void *what)
{
    sink *k = what;
    if (k->f == NULL) return;
    fclose(k->f);
    k->f = NULL;
    remove(k->part);
}

static rl_code sink_open(sink *k, const char *dir, const char *name, rl_ctx *cx)
{
    *k = (sink){.end = "\n", .delimiter = ','};
    k->path = rl_sprintf(cx->keep, "%s/%s", dir, name);
    k->part = rl_sprintf(cx->keep, "%s.part", k->path);
    k->f = fopen(k->part, "wb");
    if (k->f == NULL) return rl_fail(cx, RL_EIO, "cannot write '%s': %s", k->part, strerror(errno));
    rl_arena_defer(cx->keep, close_file, k);
    setvbuf(k->f, RL_NEW(cx->keep, char, 1 << 18), _IOFBF, 1 << 18);
    return RL_OK;
}

static rl_code sink_done(sink *k, rl_ctx *cx)
{
    bool bad = ferror(k->f) != 0;
    bad |= fclose(k->f) != 0;
    k->f = NULL;
    if (!bad && rename(k->part, k->path) == 0) return RL_OK;
    int why = errno;
    remove(k->part);
    return rl_fail(cx, RL_EIO, "cannot write '%s': %s", k->path, strerror(why));
}

static void between(sink *k)
{
    if (k->open_row) putc(k->delimiter, k->f);
    k->open_row = true;
}

static void put_text(sink *k, const char *s)
{
    between(k);
    bool quote = false;
    for (const char *c = s; *c != '\0' && !quote; c++)
        quote = *c == k->delimiter || *c == '"' || *c == '\n' || *c == '\r';
    if (!quote) {
        fputs(s, k->f);
        return;
    }
    putc('"', k->f);
    for (; *s != '\0'; s++) {
        if (*s == '"') putc('"', k->f);
        putc(*s, k->f);
    }
    putc('"', k->f);
}

static void put_int(sink *k, int64_t x)
{
    char buf[24], *c = buf + sizeof buf - 1;
    assert(x >= 0);
    *c = '\0';
    do *--c = (char)('0' + x % 10);
    while ((x /= 10) > 0);
    between(k);
    fputs(c, k->f);
}

static void put_day(sink *k, int32_t day)
{
    char buf[16];
    between(k);
    if (day != RL_NO_DAY) fputs(rl_day_text(buf, day), k->f);
}

static void put_num(sink *k, double x)
{
    char buf[32];
    between(k);
    fputs(rl_num_text(buf, x), k->f);
}

static void end_row(sink *k)
{
    fputs(k->end, k->f);
    k->open_row = false;
}

static void head(sink *k, bool mark, const char *const *name, size_t n)
{
    if (mark) fputs("\xef\xbb\xbf", k->f);
    for (size_t i = 0; i < n; i++) put_text(k, name[i]);
    end_row(k);
}

#define HEAD(k, mark, ...)                                        \
    do {                                                          \
        static const char *const name_[] = {__VA_ARGS__};         \
        head((k), (mark), name_, sizeof name_ / sizeof name_[0]); \
    } while (0)

/* ------------------------------------------------------------ deals, touches, leads */

typedef struct writer {
    const rl_sim *s;
    int arm;
    sink *deals, *touches, *leads;
    const char *account; /* id of the current one */
    rl_simcsv_counts *n;
    bool deal_won; /* of the current one, by the cut */
} writer;

static const char *channel_name(const rl_sim *s, unsigned c)
{
    return c < s->world->spend.n_channels ? s->world->spend.channel[c].name : "abm";
}

static void put_contact(sink *k, size_t account, int contact)
{
    char buf[48];
    snprintf(buf, sizeof buf, "C%zu-%d", account + 1, contact + 1);
    put_text(k, buf);
}

/* Account and 35 bits of the deal's key: the same in both arms, and no order that tells extra deals from others. */
static void put_deal_id(sink *k, const rl_sim_deal *d)
{
    static const char DIGIT[] = "0123456789abcdefghjkmnpqrstvwxyz";
    char buf[48] = "";
    if (d != NULL) {
        int n = snprintf(buf, sizeof buf - 8, "D%zu-", d->account + 1);
        for (int i = 0; i < 7; i++) buf[n++] = DIGIT[d->key >> (5 * i) & 31];
        buf[n] = '\0';
    }
    put_text(k, buf);
}

static void put_owner(sink *k, const rl_sim *s, const rl_sim_account *a)
{
    char buf[160];
    snprintf(buf, sizeof buf, "%s %u", s->world->accounts.region[a->region], a->owner + 1);
    put_text(k, buf);
}

static void write_touch(void *user, const rl_sim_touch *t)
{
    writer *w = user;
    sink *k = w->touches;
    put_day(k, t->day);
    put_text(k, w->account);
    put_contact(k, t->account, t->contact);
    put_text(k, ROLE[rl_sim_role(t->contact)]);
    put_text(k, channel_name(w->s, t->channel));
    put_text(k, STAGE[t->stage]);
    put_deal_id(k, t->deal);
    end_row(k);
    w->n->touches++;
}

static void write_lead(void *user, const rl_sim_lead *l)
{
    writer *w = user;
    sink *k = w->leads;
    char id[32];
    snprintf(id, sizeof id, "L%llu", (unsigned long long)++w->n->leads);
    put_text(k, id);
    put_day(k, l->day);
    put_text(k, w->account);
    put_contact(k, l->account, l->contact);
    put_text(k, channel_name(w->s, l->channel));
    put_int(k, l->score);
    put_int(k, l->mql);
    put_deal_id(k, l->deal);
    end_row(k);
    w->n->mqls += l->mql;
    w->n->won_leads += l->deal != NULL && w->deal_won;
}

/* What the sales desk scribbled, with all that a CSV reader can trip over. */
static const char *note_of(const rl_sim_deal *d)
{
    static const char *const NOTE[] = {
        "", "asked for a \"pilot\" first", "call back;\nbudget in spring", "ok", "n/a; see mail", "  spaces kept  "};
    return NOTE[d->key % (sizeof NOTE / sizeof NOTE[0])];
}

static void write_deal(void *user, const rl_sim_deal *d)
{
    enum { FRESH = 30 };
    writer *w = user;
    const rl_sim_account *a = &w->s->account[d->account];
    const struct rl_sim_fate *f = &d->arm[w->arm];
    if (!f->exists) return;
    int32_t closed = d->created + f->days, cut = w->s->world->cut;
    bool open = closed > cut;
    const char *status = !open ? (f->won ? "Won" : "Lost") : d->created + FRESH > cut ? "Prospecting" : "Engaging";
    sink *k = w->deals;
    put_deal_id(k, d);
    put_text(k, w->account);
    put_text(k, w->s->world->accounts.region[a->region]);
    put_text(k, w->s->world->accounts.segment[a->segment].name);
    put_owner(k, w->s, a);
    put_day(k, d->created);
    put_day(k, open ? rl_sim_forecast(w->s, d) : closed);
    put_text(k, status);
    put_int(k, f->amount);
    if (w->s->world->messy) put_text(k, note_of(d));
    end_row(k);
    w->n->deals++;
    *(open ? &w->n->open : f->won ? &w->n->won : &w->n->lost) += 1;
    w->deal_won = !open && f->won;
    rl_sim_deal_touches(w->s, d, w->arm, write_touch, w);
    rl_sim_deal_lead(w->s, d, write_lead, w);
    w->deal_won = false;
}

static void start_files(writer *w)
{
    bool messy = w->s->world->messy;
    if (messy) {
        w->deals->delimiter = ';';
        w->deals->end = w->leads->end = "\r\n";
        HEAD(w->deals, true, "deal_id", "account", "region", "segment", "owner", "created", "closed", "status",
             "amount", "notes");
    } else {
        HEAD(w->deals, false, "deal_id", "account", "region", "segment", "owner", "created", "closed", "status",
             "amount");
    }
    HEAD(w->touches, messy, "date", "account", "contact", "role", "channel", "stage", "deal_id");
    HEAD(w->leads, false, "lead_id", "date", "account", "contact", "channel", "score", "is_mql", "deal_id");
}

static rl_code write_history(const rl_sim *s, uint64_t seed, int arm, const char *dir, rl_simcsv_counts *n, rl_ctx *cx)
{
    sink *k = RL_NEW(cx->keep, sink, 3);
    writer w = {.s = s, .arm = arm, .deals = &k[0], .touches = &k[1], .leads = &k[2], .n = n};
    RL_TRY(sink_open(&k[0], dir, "deals.csv", cx));
    RL_TRY(sink_open(&k[1], dir, "touches.csv", cx));
    RL_TRY(sink_open(&k[2], dir, "leads.csv", cx));
    start_files(&w);
    for (size_t i = 0; i < s->n; i++) {
        char id[80];
        w.account = rl_sim_account_id(s, i, id);
        rl_sim_deals(s, seed, i, write_deal, &w);
        rl_sim_account_touches(s, seed, i, arm, write_touch, &w);
        rl_sim_account_leads(s, seed, i, write_lead, &w);
        if (i % 4096 == 0) rl_progress(cx, "writing", (double)i / (double)s->n);
    }
    for (int i = 0; i < 3; i++) RL_TRY(sink_done(&k[i], cx));
    return RL_OK;
}

/* ------------------------------------------------------------ the other files */

static rl_code write_accounts(const rl_sim *s, const char *dir, rl_ctx *cx)
{
    sink *k = RL_NEW(cx->keep, sink, 1);
    char id[80];
    RL_TRY(sink_open(k, dir, "accounts.csv", cx));
    HEAD(k, false, "account", "region", "segment", "industry", "size", "buying_group");
    for (size_t i = 0; i < s->n; i++) {
        const rl_sim_account *a = &s->account[i];
        put_text(k, rl_sim_account_id(s, i, id));
        put_text(k, s->world->accounts.region[a->region]);
        put_text(k, s->world->accounts.segment[a->segment].name);
        put_text(k, INDUSTRY[a->industry]);
        put_int(k, a->employees);
        put_int(k, a->contacts);
        end_row(k);
    }
    return sink_done(k, cx);
}

static rl_code write_programs(const rl_sim *s, int arm, const char *dir, rl_ctx *cx)
{
    sink *k = RL_NEW(cx->keep, sink, 1);
    char id[80];
    RL_TRY(sink_open(k, dir, "programs.csv", cx));
    HEAD(k, false, "account", "start", "end");
    for (size_t i = 0; i < s->n; i++) {
        const rl_sim_account *a = &s->account[i];
        if (arm == 0 || a->start == RL_NO_DAY) continue;
        put_text(k, rl_sim_account_id(s, i, id));
        put_day(k, a->start);
        put_day(k, a->end != RL_NO_DAY ? a->end - 1 : RL_NO_DAY); /* the last day with it */
        end_row(k);
    }
    return sink_done(k, cx);
}

static rl_code write_spend(const rl_sim *s, int arm, const char *dir, rl_ctx *cx)
{
    sink *k = RL_NEW(cx->keep, sink, 1);
    size_t regions = s->world->accounts.n_regions, channels = s->world->spend.n_channels;
    RL_TRY(sink_open(k, dir, "spend.csv", cx));
    HEAD(k, false, "week", "region", "channel", "usd");
    for (size_t week = 0; week < s->n_weeks; week++)
        for (size_t g = 0; g < regions; g++)
            for (size_t c = 0; c < channels + (size_t)arm; c++) {
                int64_t usd = s->spend[(c * regions + g) * s->n_weeks + week];
                if (c == channels && usd == 0) continue;
                put_day(k, s->week[week]);
                put_text(k, s->world->accounts.region[g]);
                put_text(k, channel_name(s, (unsigned)c));
                put_int(k, usd);
                end_row(k);
            }
    return sink_done(k, cx);
}

static rl_code write_market(const rl_sim *s, const char *dir, rl_ctx *cx)
{
    sink *k = RL_NEW(cx->keep, sink, 1);
    RL_TRY(sink_open(k, dir, "market.csv", cx));
    HEAD(k, false, "month", "index", "rates");
    for (size_t m = 0; m < s->n_months; m++) {
        put_day(k, s->month[m]);
        put_num(k, s->index[m]);
        put_num(k, s->rates[m]);
        end_row(k);
    }
    return sink_done(k, cx);
}

/* mkdir -p */
static rl_code make_dir(const char *dir, rl_ctx *cx)
{
    char *path = rl_strdup(cx->tmp, dir);
    for (char *c = path + 1; *path != '\0'; c++) {
        if (*c != '/' && *c != '\0') continue;
        char was = *c;
        *c = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return rl_fail(cx, RL_EIO, "cannot make the directory '%s': %s", path, strerror(errno));
        if ((*c = was) == '\0') break;
    }
    return RL_OK;
}

rl_code rl_simcsv_write(const rl_sim *s, uint64_t seed, int arm, const char *dir, rl_simcsv_counts *n, rl_ctx *cx)
{
    *n = (rl_simcsv_counts){0};
    RL_TRY(make_dir(dir, cx));
    RL_TRY(write_accounts(s, dir, cx));
    RL_TRY(write_programs(s, arm, dir, cx));
    RL_TRY(write_spend(s, arm, dir, cx));
    RL_TRY(write_market(s, dir, cx));
    return write_history(s, seed, arm, dir, n, cx);
}

rl_code rl_simcsv_text(const char *dir, const char *name, const char *text, size_t n, rl_ctx *cx)
{
    sink *k = RL_NEW(cx->keep, sink, 1);
    RL_TRY(make_dir(dir, cx));
    RL_TRY(sink_open(k, dir, name, cx));
    fwrite(text, 1, n, k->f);
    return sink_done(k, cx);
}

#include "data/roles.h"

#include <ctype.h>
#include <string.h>

enum { EXACT = 100, ENDING = 60, WITHIN = 35, RESORT = 5, HINT = 50, NAME_MOST = 128, STATUSES = 60, GROUPS = 60 };
enum {
    ANY = 0,
    NUMBER = 1 << RL_LOOK_NUMBER,
    DATE = 1 << RL_LOOK_DATE,
    TEXT = 1 << RL_LOOK_TEXT,
    CODE = NUMBER | TEXT
};

/* ------------------------------------------------------------ words */

void rl_name_plain(const char *name, char *out, size_t cap)
{
    size_t n = 0;
    for (; *name != '\0' && n + 1 < cap; name++) {
        unsigned char c = (unsigned char)*name;
        if (isalnum(c) || c >= 0x80) out[n++] = (char)tolower(c);
    }
    out[n] = '\0';
}

static const char ACCOUNT_WORDS[] = "accountid|account|accountname|company|companyname|companyid|associatedcompany|"
                                    "organization|organisation|customer|customerid|customername|client|buyer|acct|"
                                    "firma|kunde|konto|unternehmen|soci\u00e9t\u00e9|empresa|cliente";
static const char UNIT_WORDS[] = "accountid|account|accountname|company|geo|region|market|dma|state|territory|country|"
                                 "store|segment|unit|area|city|customerid|customer|owner|team";

typedef struct part {
    rl_role role;
    bool required;
    int looks;         /* bits of rl_look */
    const char *words; /* most telling first */
} part;

static const part DEALS[] = {
    {RL_ROLE_STATUS, true, TEXT, "dealstage|stagename|stage|status|dealstatus|opportunitystage|outcome|result|state"},
    {RL_ROLE_ID, true, CODE,
     "opportunityid|dealid|recordid|opportunity|oppid|deal|id|opportunityname|dealname|vorgang"},
    {RL_ROLE_CREATED, true, DATE,
     "createddate|createdate|created|createdat|creationdate|opendate|opened|dateopened|"
     "engagedate|addtime|dealcreated|entrydate|startdate|start|erstelltam|erstellt|angelegt|cr\u00e9ation"},
    {RL_ROLE_CLOSED, true, DATE,
     "closedate|closeddate|closed|closedat|dateclosed|closetime|actualclosedate|decisiondate|"
     "wontime|wondate|enddate|end|abgeschlossen|abschluss|cl\u00f4ture"},
    {RL_ROLE_AMOUNT, false, NUMBER,
     "amount|dealamount|closevalue|dealvalue|value|acv|tcv|arr|contractvalue|revenue|"
     "totalamount|amountusd|price|expectedrevenue|betrag|auftragswert|umsatz|montant|importe"},
    {RL_ROLE_ACCOUNT, false, CODE, ACCOUNT_WORDS},
    {0}};

static const part ACCOUNTS[] = {{RL_ROLE_ID, true, CODE, ACCOUNT_WORDS}, {0}};

static const part LEADS[] = {
    {RL_ROLE_ID, true, CODE, "leadid|mqlid|lead|prospectid|mql|id|recordid"},
    {RL_ROLE_DATE, true, DATE,
     "firstcontactdate|createddate|createdate|created|createdat|leaddate|date|mqldate|firsttouch"},
    {RL_ROLE_ACCOUNT, false, CODE, ACCOUNT_WORDS},
    {RL_ROLE_CONTACT, false, CODE, "contactid|contact|email|personid|person"},
    {RL_ROLE_MQL, false, CODE, "ismql|mqlflag|qualified|isqualified"},
    {RL_ROLE_SCORE, false, NUMBER, "leadscore|score|hubspotscore"},
    {RL_ROLE_DEAL, false, CODE, "dealid|opportunityid|convertedopportunityid|deal|opportunity"},
    {0}};

static const part TOUCHES[] = {
    {RL_ROLE_DATE, true, DATE,
     "touchdate|date|activitydate|timestamp|startedat|eventdate|createddate|createdat|datetime|time|"
     "touchedat|occurredat"},
    {RL_ROLE_CHANNEL, false, TEXT,
     "channel|utmsource|source|medium|utmmedium|touchtype|activitytype|type|campaign|leadsource"},
    {RL_ROLE_ACCOUNT, false, CODE, ACCOUNT_WORDS},
    {RL_ROLE_DEAL, false, CODE, "dealid|opportunityid|deal|opportunity"},
    {RL_ROLE_CONTACT, false, CODE, "contactid|contact|email|person|personid|lead"},
    {RL_ROLE_PERSON, false, TEXT, "role|buyingrole|persona|contactrole|jobrole|title"},
    {RL_ROLE_STAGE, false, TEXT, "stage|funnelstage|buyingstage"},
    {0}};

static const part SPEND[] = {
    {RL_ROLE_AMOUNT, true, NUMBER,
     "spend|cost|spendusd|costusd|amountspent|adspend|mediaspend|budget|investment|amount|usd|eur"},
    {RL_ROLE_DATE, true, DATE, "date|week|month|day|dateday|weekstart|period|startdate"},
    {RL_ROLE_CHANNEL, true, TEXT,
     "channel|utmsource|source|platform|medium|campaigntype|campaign|campaignname|utmcampaign"},
    {RL_ROLE_UNIT, false, CODE, "region|geo|market|country|segment|account|unit|territory"},
    {0}};

static const part MARKET[] = {{RL_ROLE_DATE, true, DATE, "date|month|week|quarter|period|day"}, {0}};

static const part PANEL[] = {{RL_ROLE_UNIT, true, CODE, UNIT_WORDS},
                             {RL_ROLE_DATE, true, DATE, "date|day|week|month|period|dateday|quarter"},
                             {0}};

static const part PROGRAM[] = {
    {RL_ROLE_UNIT, true, CODE, UNIT_WORDS},
    {RL_ROLE_START, true, DATE,
     "startdate|start|programstart|launchdate|launch|treatedfrom|rollout|enrolled|activated|from|begin|wavedate"},
    {RL_ROLE_END, false, DATE, "enddate|end|programend|until|to|stop|treateduntil"},
    {RL_ROLE_DOSE, false, NUMBER, "dose|intensity|touches|budget|tier|level"},
    {0}};

static const part LEDGER[] = {
    {RL_ROLE_DATE, true, DATE, "month|period|date|bookingdate|postingdate|invoicedate|quarter|week"},
    {RL_ROLE_AMOUNT, true, NUMBER, "amount|bookings|revenue|usd|eur|value|total|net"},
    {0}};

static const struct table {
    rl_kind kind;
    const char *name;
    const part *parts;
    int points;      /* a kind that asks for more is surer */
    bool needs_hint; /* only when the file's name says so  */
    const char *hints;
} TABLE[] = {
    {RL_KIND_DEALS, "deals", DEALS, 100, false, "deal|opportunit|pipeline|opps"},
    {RL_KIND_ACCOUNTS, "accounts", ACCOUNTS, 0, false, "account|compan|customer|client"},
    {RL_KIND_LEADS, "leads", LEADS, 5, false, "lead|mql"},
    {RL_KIND_TOUCHES, "touchpoints", TOUCHES, 10, false, "touch|activit|session|interaction|engagement|event|member"},
    {RL_KIND_SPEND, "spend", SPEND, 20, false, "spend|cost|budget|media"},
    {RL_KIND_MARKET, "market", MARKET, -10, false, "market|macro|index|econom"},
    {RL_KIND_PANEL, "panel", PANEL, 0, false, "panel|geo|sales"},
    {RL_KIND_PROGRAM, "programs", PROGRAM, 25, false, "program|treat|rollout|campaign|abm|pilot"},
    {RL_KIND_LEDGER, "ledger", LEDGER, 10, true, "ledger|booking|invoice|finance"},
};
enum { TABLES = sizeof TABLE / sizeof *TABLE };

const char *rl_kind_name(rl_kind k)
{
    for (size_t t = 0; t < TABLES; t++)
        if (TABLE[t].kind == k) return TABLE[t].name;
    return k == RL_KIND_LEADS_WON ? "leads.won" : k == RL_KIND_LOOKUP ? "deals.lookup" : "nothing known";
}

const char *rl_role_name(rl_role r)
{
    static const char *const name[RL_ROLES] = {"id",   "account", "created", "closed", "status", "amount", "contact",
                                               "role", "channel", "stage",   "deal",   "date",   "unit",   "start",
                                               "end",  "dose",    "mql",     "score",  "key"};
    return name[r];
}

/* ------------------------------------------------------------ statuses */

/* The words of a status, lower case, with one blank around each. */
static void spread(const char *s, char *out, size_t cap)
{
    size_t n = 0;
    out[n++] = ' ';
    for (; *s != '\0' && n + 3 < cap; s++) {
        unsigned char c = (unsigned char)*s;
        if (isalnum(c) || c >= 0x80)
            out[n++] = (char)tolower(c);
        else if (out[n - 1] != ' ')
            out[n++] = ' ';
    }
    if (out[n - 1] != ' ') out[n++] = ' ';
    out[n] = '\0';
}

static bool has_word(const char *spread_text, const char *words)
{
    char word[40];
    while (*words != '\0') {
        size_t n = strcspn(words, "|");
        word[0] = ' ';
        memcpy(word + 1, words, n);
        memcpy(word + 1 + n, " ", 2);
        if (strstr(spread_text, word) != NULL) return true;
        words += n + (words[n] == '|');
    }
    return false;
}

rl_status_word rl_status_of(const char *text)
{
    char s[NAME_MOST];
    spread(text, s, sizeof s);
    if (has_word(
            s, "lost|loss|lose|closedlost|dead|disqualified|unqualified|rejected|declined|cancelled|canceled|abandoned|"
               "withdrawn|not won|no decision|verloren|perdu|failed|deleted|churned|closed no"))
        return RL_STATUS_LOST;
    if (has_word(s, "won|win|closedwon|sold|signed|gewonnen|success|successful|closed ok")) return RL_STATUS_WON;
    if (has_word(
            s,
            "open|opened|new|prospect|prospecting|engaging|engaged|engagement|qualification|qualified|qualifying|"
            "discovery|demo|proposal|quote|quoted|negotiation|negotiating|contract|pipeline|working|evaluation|"
            "evaluating|analysis|proposition|review|appointment|presentation|pending|progress|active|commit|verbal|"
            "lead|contacted|trial|poc|stalled|on hold|nurture|nurturing|decision|appointmentscheduled|qualifiedtobuy|"
            "presentationscheduled|decisionmakerboughtin|contractsent|in progress|meeting|closing|offen|angebot|en "
            "cours"))
        return RL_STATUS_OPEN;
    return RL_STATUS_UNKNOWN;
}

static bool has_won(const rl_seen_col *c)
{
    if (c->many || c->values->n > (c->unique ? STATUSES / 5 : STATUSES)) return false;
    for (size_t v = 0; v < c->values->n; v++)
        if (rl_status_of(c->values->text[v]) == RL_STATUS_WON) return true;
    return false;
}

bool rl_col_groups(const rl_seen_col *c)
{
    char s[NAME_MOST];
    spread(c->name, s, sizeof s);
    if (has_word(s, "won|lost|closed|iswon|isclosed|islost")) return false; /* the outcome itself */
    return c->look == RL_LOOK_TEXT && !c->many && !c->unique && !c->twice && c->name[0] != '\0' && c->values->n >= 2 &&
           c->values->n <= GROUPS;
}

/* ------------------------------------------------------------ points */

static int word_points(const char *plain, const char *words)
{
    int best = 0, rank = 0;
    size_t len = strlen(plain);
    for (; *words != '\0'; rank++) {
        size_t n = strcspn(words, "|");
        int points = 0;
        if (len == n && memcmp(plain, words, n) == 0)
            points = EXACT - rank;
        else if (n >= 3 && len > n && memcmp(plain + len - n, words, n) == 0)
            points = ENDING - rank;
        else if (n >= 4 && len > n && memcmp(plain, words, n) == 0)
            points = WITHIN - rank;
        if (points > best) best = points;
        words += n + (words[n] == '|');
    }
    return best;
}

static int points_of(const rl_seen *f, size_t j, const part *p, rl_kind kind)
{
    const rl_seen_col *c = &f->col[j];
    if (c->twice || c->name[0] == '\0' || (p->looks & (1 << c->look)) == 0) return 0;
    bool filled = c->filled > 0;
    char plain[NAME_MOST];
    rl_name_plain(c->name, plain, sizeof plain);
    int points = word_points(plain, p->words);
    if (p->role == RL_ROLE_STATUS) return has_won(c) ? points + RESORT : 0;
    if (p->role == RL_ROLE_ID && (!c->unique || !filled)) return 0;
    if (p->role == RL_ROLE_ID && points == 0 && kind == RL_KIND_DEALS && c->filled == f->rows) return RESORT;
    if (p->role == RL_ROLE_UNIT && kind == RL_KIND_PANEL && (c->unique || c->values->n * 2 > f->rows)) return 0;
    if (p->role == RL_ROLE_DATE && kind == RL_KIND_MARKET && !c->unique) return 0;
    bool dated = kind == RL_KIND_DEALS && (p->role == RL_ROLE_CREATED || p->role == RL_ROLE_CLOSED);
    return points == 0 && dated ? RESORT : points;
}

/* Give every role its best column, the strongest claim first; a column plays one role. */
static void assign(const rl_seen *f, const part *parts, rl_kind kind, rl_guess *g)
{
    for (int r = 0; r < RL_ROLES; r++) g->role[r] = -1;
    for (;;) {
        int best = 0, column = -1;
        const part *winner = NULL;
        for (const part *p = parts; p->words != NULL; p++) {
            if (g->role[p->role] >= 0) continue;
            for (size_t j = 0; j < f->n; j++) {
                bool taken = false;
                for (int r = 0; r < RL_ROLES; r++) taken |= g->role[r] == (int)j;
                int points = taken ? 0 : points_of(f, j, p, kind);
                if (points <= best) continue;
                best = points;
                column = (int)j;
                winner = p;
            }
        }
        if (winner == NULL) return;
        g->role[winner->role] = column;
        g->last_resort[winner->role] = best <= RESORT;
        g->points += winner->required ? best : best / 10;
    }
}

static size_t numbers_left(const rl_seen *f, const rl_guess *g)
{
    size_t n = 0;
    for (size_t j = 0; j < f->n; j++) {
        bool taken = f->col[j].look != RL_LOOK_NUMBER || f->col[j].twice || f->col[j].name[0] == '\0';
        for (int r = 0; r < RL_ROLES; r++) taken |= g->role[r] == (int)j;
        n += !taken;
    }
    return n;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Is the file called exactly like the table? */
static bool named(const rl_seen *f, const char *name)
{
    const char *base = base_name(f->source.name);
    size_t n = strcspn(base, ".");
    return n == strlen(name) && strncmp(base, name, n) == 0;
}

/* Units times dates, most of them there and none twice. */
static bool fills_a_grid(const rl_seen *f, const rl_guess *g)
{
    const rl_seen_col *u = &f->col[g->role[RL_ROLE_UNIT]], *d = &f->col[g->role[RL_ROLE_DATE]];
    double cells = (double)u->values->n * (double)d->values->n, rows = (double)f->rows;
    return rows >= 0.6 * cells && (rows <= cells || u->many || d->many);
}

static bool hinted(const rl_seen *f, const char *hints)
{
    char plain[NAME_MOST];
    rl_name_plain(base_name(f->source.name), plain, sizeof plain);
    while (*hints != '\0') {
        char word[24];
        size_t n = strcspn(hints, "|");
        memcpy(word, hints, n);
        word[n] = '\0';
        if (strstr(plain, word) != NULL) return true;
        hints += n + (hints[n] == '|');
    }
    return false;
}

/* A required role without its column: what it is, and what the column holds that bears its name. */
static const char *want_of(const rl_seen *f, const part *p, const char *what, rl_arena *in)
{
    static const char *const HOLDS[] = {[RL_LOOK_EMPTY] = "is empty",
                                        [RL_LOOK_NUMBER] = "holds numbers",
                                        [RL_LOOK_DATE] = "holds dates",
                                        [RL_LOOK_TEXT] = "holds texts"};
    int best = 0;
    size_t at = 0;
    for (size_t j = 0; j < f->n; j++) {
        char plain[NAME_MOST];
        rl_name_plain(f->col[j].name, plain, sizeof plain);
        int points = f->col[j].twice ? 0 : word_points(plain, p->words);
        if (points > best) at = j;
        if (points > best) best = points;
    }
    if (best == 0) return what;
    const rl_look look = f->col[at].look;
    const char *perhaps = !(p->looks & DATE) ? ""
                          : look == RL_LOOK_NUMBER && f->col[at].least >= 20000 && f->col[at].most < 80000
                              ? ": day numbers of a spreadsheet?"
                          : look == RL_LOOK_TEXT ? " that no one date format reads"
                                                 : "";
    return rl_sprintf(in, "%s ('%.60s' %s%s)", what, f->col[at].name, HOLDS[look], perhaps);
}

/* What a kind asks for beside its roles; NULL = it is there. */
static const char *lacking(const rl_seen *f, const struct table *t, const rl_guess *g, bool hint, rl_arena *in)
{
    for (const part *p = t->parts; p->words != NULL; p++)
        if (p->required && g->role[p->role] < 0) switch (p->role) {
            case RL_ROLE_STATUS:
                return want_of(f, p, "a status column with a value that means 'won'", in);
            case RL_ROLE_ID:
                return want_of(f, p, "a column of ids that do not repeat", in);
            case RL_ROLE_CREATED:
                return want_of(f, p, "a column of creation dates", in);
            case RL_ROLE_CLOSED:
                return want_of(f, p, "a column of closing dates", in);
            case RL_ROLE_AMOUNT:
                return want_of(f, p, "a column of amounts", in);
            case RL_ROLE_CHANNEL:
                return want_of(f, p, "a column of channels", in);
            case RL_ROLE_UNIT:
                return want_of(f, p, "a column that says whom a row is about", in);
            case RL_ROLE_START:
                return want_of(f, p, "a column of start dates", in);
            default:
                return want_of(f, p, "a column of dates", in);
            }
    if ((t->kind == RL_KIND_MARKET || t->kind == RL_KIND_PANEL) && numbers_left(f, g) == 0)
        return "a column of numbers";
    if (t->kind == RL_KIND_PANEL && !fills_a_grid(f, g)) return "a row for each unit and date";
    if (t->kind == RL_KIND_TOUCHES && g->role[RL_ROLE_ACCOUNT] < 0 && g->role[RL_ROLE_DEAL] < 0)
        return "a column with the account or the deal";
    if (t->kind == RL_KIND_TOUCHES && g->role[RL_ROLE_CHANNEL] < 0 && !hint) return "a column of channels";
    if (t->kind == RL_KIND_LEADS && !hint && g->points < EXACT + WITHIN) return "the word 'lead' in its name";
    return NULL;
}

/* Two of status and dates, by the names of columns: deals that lack something, whatever the file is called. */
static bool nearly_deals(const rl_seen *f, const rl_guess *g)
{
    int found = 0;
    for (const part *p = DEALS; g->kind == RL_KIND_DEALS && p->words != NULL; p++) {
        bool named_so = false;
        char plain[NAME_MOST];
        if (!p->required || p->role == RL_ROLE_ID) continue;
        for (size_t j = 0; j < f->n && !named_so; j++) {
            rl_name_plain(f->col[j].name, plain, sizeof plain);
            named_so = word_points(plain, p->words) > ENDING;
        }
        found += named_so;
    }
    return found >= 2;
}

static void weigh(const rl_seen *f, rl_guess *best, rl_arena *in, bool open_kind[TABLES])
{
    int near_points = 0;
    *best = (rl_guess){.kind = RL_KIND_NONE, .nearly = RL_KIND_NONE};
    for (int r = 0; r < RL_ROLES; r++) best->role[r] = -1;
    for (size_t t = 0; t < TABLES; t++) {
        if (!open_kind[t]) continue;
        rl_guess g = {.kind = TABLE[t].kind};
        bool hint = hinted(f, TABLE[t].hints);
        assign(f, TABLE[t].parts, TABLE[t].kind, &g);
        size_t asked = 0;
        for (const part *p = TABLE[t].parts; p->words != NULL; p++) asked += p->required;
        g.points =
            g.points / (int)asked + TABLE[t].points + (hint ? HINT : 0) + (named(f, TABLE[t].name) ? HINT / 2 : 0);
        const char *lacks = lacking(f, &TABLE[t], &g, hint, in);
        if (TABLE[t].needs_hint && !hint) continue;
        if (lacks == NULL && (best->kind == RL_KIND_NONE || g.points > best->points)) {
            rl_kind nearly = best->nearly;
            const char *was = best->lacks;
            *best = g;
            best->nearly = nearly;
            best->lacks = was;
        } else if (lacks != NULL && (hint || nearly_deals(f, &g)) && g.points > near_points) {
            near_points = g.points;
            best->nearly = TABLE[t].kind;
            best->lacks = rl_strdup(in, lacks);
        }
    }
}

/* ------------------------------------------------------------ files together */

static int find_col(const rl_seen *f, const char *name)
{
    char want[NAME_MOST], have[NAME_MOST];
    rl_name_plain(name, want, sizeof want);
    for (size_t j = 0; j < f->n; j++) {
        rl_name_plain(f->col[j].name, have, sizeof have);
        if (want[0] != '\0' && strcmp(want, have) == 0 && !f->col[j].twice) return (int)j;
    }
    return -1;
}

static void clear(rl_guess *g, rl_kind kind)
{
    g->kind = kind;
    for (int r = 0; r < RL_ROLES; r++) g->role[r] = -1;
}

/* A file with the leads' id and a date that says won. */
static bool won_of(const rl_seen *leads, const rl_guess *lead, const rl_seen *f, rl_guess *g)
{
    int key = find_col(f, leads->col[lead->role[RL_ROLE_ID]].name), date = -1, best = 0;
    if (key < 0) return false;
    for (size_t j = 0; j < f->n; j++) {
        char plain[NAME_MOST];
        rl_name_plain(f->col[j].name, plain, sizeof plain);
        int points = f->col[j].look == RL_LOOK_DATE && !f->col[j].twice
                         ? word_points(plain, "wondate|won|closedate|closeddate|convertedat|converteddate|date|wonat")
                         : 0;
        if (points <= best) continue;
        best = points;
        date = (int)j;
    }
    if (date < 0) return false;
    clear(g, RL_KIND_LEADS_WON);
    g->role[RL_ROLE_KEY] = key;
    g->role[RL_ROLE_DATE] = date;
    return true;
}

/* A file whose unique column is a column of the deals that repeats. */
static bool lookup_of(const rl_seen *deals, const rl_guess *deal, const rl_seen *f, rl_guess *g)
{
    for (size_t j = 0; j < f->n; j++) {
        int at = f->col[j].unique && f->col[j].filled > 0 && !f->col[j].twice ? find_col(deals, f->col[j].name) : -1;
        if (at < 0 || at == deal->role[RL_ROLE_ID] || at == deal->role[RL_ROLE_ACCOUNT] || deals->col[at].unique)
            continue;
        if (f->n < 2) return false;
        clear(g, RL_KIND_LOOKUP);
        g->role[RL_ROLE_KEY] = (int)j;
        g->theirs = at;
        return true;
    }
    return false;
}

static size_t index_of(const rl_guess *g, size_t n, rl_kind kind)
{
    for (size_t i = 0; i < n; i++)
        if (g[i].kind == kind) return i;
    return n;
}

/* Where two files want to be the same table the surer one is; the other tries again without. */
static void settle(const rl_seen *file, size_t n, rl_guess *g, rl_arena *in)
{
    bool(*open_kind)[TABLES] = rl_alloc(in, n, sizeof *open_kind);
    for (size_t i = 0; i < n; i++) {
        for (size_t t = 0; t < TABLES; t++) open_kind[i][t] = true;
        weigh(&file[i], &g[i], in, open_kind[i]);
    }
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < n; i++)
            for (size_t k = i + 1; k < n; k++) {
                if (g[i].kind == RL_KIND_NONE || g[i].kind == RL_KIND_PROGRAM || g[i].kind != g[k].kind) continue;
                size_t weak = g[k].points > g[i].points ? i : k;
                for (size_t t = 0; t < TABLES; t++)
                    if (TABLE[t].kind == g[weak].kind) open_kind[weak][t] = false;
                weigh(&file[weak], &g[weak], in, open_kind[weak]);
                again = true;
            }
    }
}

void rl_roles_guess(const rl_seen *file, size_t n, rl_guess *guess, rl_arena *in)
{
    settle(file, n, guess, in);
    size_t deals = index_of(guess, n, RL_KIND_DEALS), leads = index_of(guess, n, RL_KIND_LEADS);
    size_t accounts = index_of(guess, n, RL_KIND_ACCOUNTS);
    for (size_t i = 0; i < n && leads < n; i++)
        if (guess[i].kind != RL_KIND_DEALS && i != leads && index_of(guess, n, RL_KIND_LEADS_WON) == n)
            won_of(&file[leads], &guess[leads], &file[i], &guess[i]);
    for (size_t i = 0; i < n && deals < n; i++) {
        bool free = guess[i].kind == RL_KIND_NONE || (i == accounts && guess[i].points < EXACT - 20);
        if (free) lookup_of(&file[deals], &guess[deals], &file[i], &guess[i]);
    }
    size_t panel = index_of(guess, n, RL_KIND_PANEL);
    for (size_t i = 0; i < n && panel < n; i++) {
        if (guess[i].kind != RL_KIND_NONE ||
            find_col(&file[i], file[panel].col[guess[panel].role[RL_ROLE_UNIT]].name) < 0)
            continue;
        guess[i].nearly = RL_KIND_PROGRAM;
        guess[i].lacks = "a column of start dates";
    }
}

/* The study file that `revlift init` writes: sections, guesses, and why. */
#include <string.h>

#include "app/init_pen.h"
#include "base/date.h"

enum { COMMENT_AT = 44, WIDE = 96, MOST_LISTED = 60 /* columns of one key: what a reader can still judge */ };

/* ------------------------------------------------------------ YAML */

static size_t code_point(const unsigned char *s, unsigned *c)
{
    static const unsigned first[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    *c = s[0] & first[n];
    for (size_t i = 1; i < n; i++) *c = *c << 6 | (s[i] & 0x3f);
    return n;
}

static bool is_plain(const char *s)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_./";
    size_t n = strlen(s);
    if (n == 0 || strchr(letters, s[0]) == NULL || s[n - 1] == ' ') return false;
    return strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789 ./-") == n;
}

void rl_yaml_text(rl_str *t, const char *s)
{
    if (is_plain(s)) {
        rl_str_add(t, s);
        return;
    }
    rl_str_addc(t, '"');
    for (const unsigned char *p = (const unsigned char *)s; *p != '\0';) {
        unsigned c;
        size_t n = code_point(p, &c);
        bool hidden = c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) ||
                      (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
                      (c & 0xfffe) == 0xfffe; /* also what turns the text around */
        if (c == '"' || c == '\\')
            rl_str_addf(t, "\\%c", (char)c);
        else if (c == '\n')
            rl_str_add(t, "\\n");
        else if (hidden && c < 0x100)
            rl_str_addf(t, "\\x%02X", c);
        else if (hidden && c < 0x10000)
            rl_str_addf(t, "\\u%04X", c);
        else if (hidden)
            rl_str_addf(t, "\\U%08X", c);
        else
            rl_str_addn(t, (const char *)p, n);
        p += n;
    }
    rl_str_addc(t, '"');
}

static size_t column_of(const rl_str *t)
{
    size_t at = t->n;
    while (at > 0 && t->s[at - 1] != '\n') at--;
    return t->n - at;
}

static void comment(rl_str *t, const char *text)
{
    size_t at = column_of(t);
    rl_str_addf(t, "%*s# %s\n", at < COMMENT_AT ? (int)(COMMENT_AT - at) : 1, "", text);
}

void rl_pen_key(rl_pen *p, const char *key, const char *value, const char *why)
{
    rl_str_addf(p->t, "  %s: ", key);
    rl_yaml_text(p->t, value);
    comment(p->t, why);
}

void rl_pen_names(rl_str *t, const char *const *v, size_t n, const char *below)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0) rl_str_add(t, column_of(t) > WIDE ? below : ", ");
        rl_yaml_text(t, v[i]);
    }
}

static void key_list(rl_str *t, const char *before, const char *const *v, size_t n)
{
    rl_str_addf(t, "%s[", before);
    rl_pen_names(t, v, n, ",\n      ");
    rl_str_addc(t, ']');
}

/* ------------------------------------------------------------ reasons */

static const char *filled(const rl_seen *f, const rl_seen_col *c, rl_arena *in)
{
    if (c->filled == f->rows) return "all filled";
    return rl_sprintf(in, "%llu of %llu filled", (unsigned long long)c->filled, (unsigned long long)f->rows);
}

static const char *about(const rl_seen *f, int column, rl_arena *in)
{
    const rl_seen_col *c = &f->col[column];
    char a[32], b[32];
    rl_str t = rl_str_new(in);
    switch (c->look) {
    case RL_LOOK_EMPTY:
        return "empty";
    case RL_LOOK_NUMBER:
        rl_str_addf(&t, "numbers %s to %s, ", rl_num_text(a, c->least), rl_num_text(b, c->most));
        break;
    case RL_LOOK_DATE:
        rl_str_addf(&t, "dates %s to %s, ", rl_day_text(a, c->first), rl_day_text(b, c->last));
        break;
    case RL_LOOK_TEXT:
        rl_str_add(&t, "text, ");
        break;
    }
    if (c->unique && c->look != RL_LOOK_DATE)
        rl_str_add(&t, "no value twice, ");
    else if (c->look == RL_LOOK_TEXT)
        rl_str_addf(&t, c->many ? "more than %zu values, " : "%zu values, ",
                    c->many ? (size_t)RL_SNIFF_VALUES : c->values->n);
    rl_str_add(&t, filled(f, c, in));
    if (c->odd > 0) rl_str_addf(&t, "; CHECK: %llu cells are something else", (unsigned long long)c->odd);
    return rl_str_text(&t);
}

static const char *why(const rl_seen *f, const rl_guess *g, rl_role r, rl_arena *in)
{
    const char *text = about(f, g->role[r], in);
    return g->last_resort[r] ? rl_sprintf(in, "CHECK: by its values alone; %s", text) : text;
}

const char *rl_pen_column(const rl_pen *p, size_t i, rl_role r)
{
    int at = p->guess[i].role[r];
    return at >= 0 ? p->file[i].col[at].name : NULL;
}

size_t rl_pen_find(const rl_pen *p, rl_kind kind)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->guess[i].kind == kind) return i;
    return p->n;
}

void rl_pen_role(rl_pen *p, size_t i, rl_role r)
{
    if (p->guess[i].role[r] >= 0)
        rl_pen_key(p, rl_role_name(r), rl_pen_column(p, i, r), why(&p->file[i], &p->guess[i], r, p->cx->tmp));
}

/* ------------------------------------------------------------ how a file is written */

static const char *indented(rl_pen *p, const char *indent, const char *key)
{
    return rl_sprintf(p->cx->tmp, "%s%s: ", indent, key);
}

static void date_format(rl_pen *p, const rl_seen *f, const char *indent)
{
    bool unsure = false;
    for (size_t j = 0; j < f->n; j++) unsure |= f->col[j].day_or_month;
    if (f->source.date_format == NULL) return;
    rl_str_add(p->t, indented(p, indent, "date_format"));
    rl_yaml_text(p->t, f->source.date_format);
    comment(p->t,
            unsure ? "CHECK: every date of a column reads as day/month and as month/day" : "how its dates are written");
    if (unsure)
        rl_remark(p->cx, "init", "'%s': dates could be day/month or month/day; '%s' was taken: check 'date_format'",
                  f->source.name, f->source.date_format);
}

void rl_pen_file(rl_pen *p, size_t i, const char *indent)
{
    const rl_seen *f = &p->file[i];
    const rl_source *s = &f->source;
    rl_str *t = p->t;
    rl_str_add(t, indented(p, indent, "file"));
    rl_yaml_text(t, p->path[i]);
    comment(t, rl_sprintf(p->cx->tmp, "%s%llu rows%s", f->more ? "the first " : "", (unsigned long long)f->rows,
                          f->more ? " were looked at" : ""));
    if (s->encoding != RL_UTF8) {
        rl_str_addf(t, "%s%s", indented(p, indent, "encoding"), s->encoding == RL_UTF16 ? "utf-16" : "latin-1");
        comment(t, s->encoding == RL_UTF16 ? "two bytes a character" : "its bytes are not UTF-8");
    }
    if (f->delimiter != ',') {
        rl_str_add(t, indented(p, indent, "delimiter"));
        rl_str_add(t, f->delimiter == '\t' ? "tab" : f->delimiter == ';' ? "';'" : "'|'");
        comment(t, "most frequent in the header");
    }
    if (s->numbers != RL_NUMBERS_PLAIN) {
        rl_str_addf(t, "%s%s", indented(p, indent, "number_format"), s->numbers == RL_NUMBERS_US ? "us" : "eu");
        const char *like = s->numbers == RL_NUMBERS_US ? "$1,234.50" : "1.234,50";
        comment(t, rl_sprintf(p->cx->tmp, "%slike %s", f->numbers_unsure ? "CHECK: could be us or eu; " : "", like));
    }
    date_format(p, f, indent);
    if (s->n_missing > 0) {
        key_list(t, indented(p, indent, "missing"), s->missing, s->n_missing);
        comment(t, "stand for 'no value' in number and date columns");
    }
}

static bool plays(const rl_guess *g, size_t j)
{
    for (int r = 0; r < RL_ROLES; r++)
        if (g->role[r] == (int)j) return true;
    return false;
}

/* Columns without a role: names of those that group, or of all that are left. */
static size_t others(const rl_pen *p, size_t i, bool grouping, const char **v)
{
    size_t n = 0;
    for (size_t j = 0; j < p->file[i].n; j++) {
        const rl_seen_col *c = &p->file[i].col[j];
        if (plays(&p->guess[i], j) || c->twice || c->name[0] == '\0' || rl_col_groups(c) != grouping) continue;
        if (!grouping && ((int)j == rl_pen_sharing(p, i, false) || (int)j == rl_pen_sharing(p, i, true))) continue;
        v[n++] = c->name;
    }
    return n;
}

static void group(rl_pen *p, size_t i)
{
    const char **v = RL_NEW(p->cx->tmp, const char *, p->file[i].n);
    size_t n = others(p, i, true, v);
    if (n == 0) return;
    key_list(p->t, "  group: ", v, n < MOST_LISTED ? n : MOST_LISTED);
    comment(p->t, n <= MOST_LISTED
                      ? "texts with few values"
                      : rl_sprintf(p->cx->tmp, "the first %d of %zu texts with few values", (int)MOST_LISTED, n));
}

static void unused(rl_pen *p, size_t i, bool grouping_too)
{
    const char **v = RL_NEW(p->cx->tmp, const char *, 2 * p->file[i].n);
    size_t n = others(p, i, false, v);
    const size_t grouping = others(p, i, true, v + n), used = grouping_too ? 0 : MOST_LISTED;
    if (grouping > used) {
        memmove(v + n, v + n + used, (grouping - used) * sizeof *v);
        n += grouping - used;
    }
    if (n == 0) return;
    rl_str_add(p->t, "  # not used: ");
    rl_pen_names(p->t, v, n, ",\n  #   ");
    rl_str_addc(p->t, '\n');
}

/* ------------------------------------------------------------ deals */

static void statuses(rl_pen *p, size_t i)
{
    static const char *const key[] = {"  won: ", "  lost: ", "  open: "};
    const rl_dict *d = p->file[i].col[p->guess[i].role[RL_ROLE_STATUS]].values;
    const char **v = RL_NEW(p->cx->tmp, const char *, d->n);
    int32_t *rank = rl_dict_rank(d, p->cx->tmp);
    size_t *at = RL_NEW(p->cx->tmp, size_t, d->n);
    for (size_t c = 0; c < d->n; c++) at[rank[c]] = c;
    for (int k = RL_STATUS_WON; k <= RL_STATUS_OPEN; k++) {
        size_t n = 0;
        for (size_t c = 0; c < d->n; c++) {
            rl_status_word w = rl_status_of(d->text[at[c]]);
            if ((int)w == k || (k == RL_STATUS_OPEN && w == RL_STATUS_UNKNOWN)) v[n++] = d->text[at[c]];
        }
        key_list(p->t, key[k], v, n);
        comment(p->t, n == 0 ? "CHECK: no status sounds like it"
                             : "by their words: every status must stand in one of the lists");
    }
    for (size_t c = 0; c < d->n; c++) {
        if (rl_status_of(d->text[at[c]]) != RL_STATUS_UNKNOWN) continue;
        rl_str_add(p->t, "  # CHECK ");
        rl_yaml_text(p->t, d->text[at[c]]);
        rl_str_add(p->t, ": not a word known here, taken as open; move it if it means won or lost\n");
        rl_remark(p->cx, "init", "status '%s' was taken as open: check it", d->text[at[c]]);
    }
}

bool rl_pen_in_deals(const rl_pen *p, const char *name)
{
    size_t d = rl_pen_find(p, RL_KIND_DEALS);
    for (size_t j = 0; d < p->n && j < p->file[d].n; j++)
        if (strcmp(p->file[d].col[j].name, name) == 0) return true;
    return false;
}

/* Columns a lookup adds: none the deals or an earlier lookup have already. */
static size_t added(const rl_pen *p, size_t i, const char **v)
{
    size_t n = 0;
    for (size_t j = 0; j < p->file[i].n; j++) {
        const rl_seen_col *c = &p->file[i].col[j];
        bool taken = plays(&p->guess[i], j) || c->twice || c->name[0] == '\0' || c->look == RL_LOOK_EMPTY ||
                     rl_pen_in_deals(p, c->name);
        for (size_t k = 0; k < i && !taken; k++)
            for (size_t m = 0; m < p->file[k].n; m++)
                taken |= p->guess[k].kind == RL_KIND_LOOKUP && strcmp(p->file[k].col[m].name, c->name) == 0;
        if (!taken) v[n++] = c->name;
    }
    return n;
}

static void lookups(rl_pen *p, size_t deals)
{
    bool head = false;
    for (size_t i = 0; i < p->n; i++) {
        if (p->guess[i].kind != RL_KIND_LOOKUP) continue;
        const char **v = RL_NEW(p->cx->tmp, const char *, p->file[i].n);
        size_t n = added(p, i, v);
        if (n == 0) continue;
        if (n > MOST_LISTED) n = MOST_LISTED;
        if (!head) rl_str_add(p->t, "  lookup:\n");
        head = true;
        const char *theirs = rl_pen_column(p, i, RL_ROLE_KEY);
        const char *ours = p->file[deals].col[p->guess[i].theirs].name;
        rl_str_add(p->t, "    -\n");
        rl_pen_file(p, i, "      ");
        rl_str_add(p->t, "      key: ");
        rl_yaml_text(p->t, ours);
        comment(p->t, "stands in both files, and only once there");
        if (strcmp(theirs, ours) != 0) {
            rl_str_add(p->t, "      as: ");
            rl_yaml_text(p->t, theirs);
            comment(p->t, "its name there");
        }
        key_list(p->t, "      add: ", v, n);
        rl_str_addc(p->t, '\n');
    }
}

static void deals(rl_pen *p)
{
    static const rl_role order[] = {RL_ROLE_ID,     RL_ROLE_ACCOUNT, RL_ROLE_CREATED,
                                    RL_ROLE_CLOSED, RL_ROLE_AMOUNT,  RL_ROLE_STATUS};
    size_t i = rl_pen_find(p, RL_KIND_DEALS);
    if (i == p->n) return;
    rl_str_add(p->t, "\ndeals:\n");
    rl_pen_file(p, i, "  ");
    for (size_t r = 0; r < sizeof order / sizeof *order; r++) rl_pen_role(p, i, order[r]);
    statuses(p, i);
    if (p->guess[i].role[RL_ROLE_AMOUNT] < 0) {
        rl_str_add(p->t,
                   "  # amount: ..    CHECK: no column of amounts was found: value, deal size and revenue need one\n");
        rl_remark(p->cx, "init", "'%s' has no amount: value, deal size and revenue cannot be asked for",
                  p->file[i].source.name);
    }
    if (p->guess[i].role[RL_ROLE_ACCOUNT] < 0)
        rl_remark(p->cx, "init", "'%s' has no account column", p->file[i].source.name);
    rl_pen_shares(p, i);
    group(p, i);
    lookups(p, i);
    unused(p, i, false);
}

/* ------------------------------------------------------------ the other tables */

static void accounts(rl_pen *p)
{
    size_t i = rl_pen_find(p, RL_KIND_ACCOUNTS);
    if (i == p->n) return;
    rl_str_add(p->t, "\naccounts:\n");
    rl_pen_file(p, i, "  ");
    rl_pen_role(p, i, RL_ROLE_ID);
    rl_pen_shares(p, i);
    const char **v = RL_NEW(p->cx->tmp, const char *, 2 * p->file[i].n);
    size_t n = others(p, i, true, v);
    n += others(p, i, false, v + n);
    if (n == 0) return;
    rl_str_add(p->t, "  # keep what was true before any programme began, and remove the '# ':\n");
    rl_str_add(p->t, "  # fixed: [");
    rl_pen_names(p->t, v, n, ",\n  #   ");
    rl_str_add(p->t, "]\n");
}

static void leads(rl_pen *p)
{
    static const rl_role order[] = {RL_ROLE_ID,  RL_ROLE_DATE,  RL_ROLE_ACCOUNT, RL_ROLE_CONTACT,
                                    RL_ROLE_MQL, RL_ROLE_SCORE, RL_ROLE_DEAL};
    size_t i = rl_pen_find(p, RL_KIND_LEADS), won = rl_pen_find(p, RL_KIND_LEADS_WON);
    if (i == p->n) return;
    rl_str_add(p->t, "\nleads:\n");
    rl_pen_file(p, i, "  ");
    for (size_t r = 0; r < sizeof order / sizeof *order; r++) rl_pen_role(p, i, order[r]);
    group(p, i);
    unused(p, i, false);
    if (won == p->n) return;
    rl_str_add(p->t, "  won:\n");
    rl_pen_file(p, won, "    ");
    rl_str_add(p->t, "  ");
    rl_pen_role(p, won, RL_ROLE_KEY);
    rl_str_add(p->t, "  ");
    rl_pen_role(p, won, RL_ROLE_DATE);
}

static void touches(rl_pen *p)
{
    static const rl_role order[] = {RL_ROLE_DATE,    RL_ROLE_ACCOUNT, RL_ROLE_CONTACT, RL_ROLE_PERSON,
                                    RL_ROLE_CHANNEL, RL_ROLE_STAGE,   RL_ROLE_DEAL};
    size_t i = rl_pen_find(p, RL_KIND_TOUCHES);
    if (i == p->n) return;
    rl_str_add(p->t, "\ntouchpoints:\n");
    rl_pen_file(p, i, "  ");
    for (size_t r = 0; r < sizeof order / sizeof *order; r++) rl_pen_role(p, i, order[r]);
    unused(p, i, true);
}

static void spend(rl_pen *p)
{
    static const rl_role order[] = {RL_ROLE_DATE, RL_ROLE_CHANNEL, RL_ROLE_AMOUNT, RL_ROLE_UNIT};
    size_t i = rl_pen_find(p, RL_KIND_SPEND);
    if (i == p->n) return;
    rl_str_add(p->t, "\nspend:\n");
    rl_pen_file(p, i, "  ");
    for (size_t r = 0; r < sizeof order / sizeof *order; r++) rl_pen_role(p, i, order[r]);
    unused(p, i, true);
}

size_t rl_pen_figures(const rl_pen *p, size_t i, const char **v)
{
    size_t n = 0;
    for (size_t j = 0; j < p->file[i].n; j++) {
        const rl_seen_col *c = &p->file[i].col[j];
        if (c->look == RL_LOOK_NUMBER && !c->twice && c->name[0] != '\0' && !plays(&p->guess[i], j)) v[n++] = c->name;
    }
    return n;
}

static void series(rl_pen *p, rl_kind kind)
{
    size_t i = rl_pen_find(p, kind);
    if (i == p->n) return;
    rl_str_addf(p->t, "\n%s:\n", rl_kind_name(kind));
    rl_pen_file(p, i, "  ");
    rl_pen_role(p, i, RL_ROLE_UNIT);
    rl_pen_role(p, i, RL_ROLE_DATE);
    const char **v = RL_NEW(p->cx->tmp, const char *, p->file[i].n);
    size_t n = rl_pen_figures(p, i, v);
    key_list(p->t, "  columns: ", v, n < MOST_LISTED ? n : MOST_LISTED);
    comment(p->t,
            n <= MOST_LISTED ? "its numbers" : rl_sprintf(p->cx->tmp, "the first %d of %zu", (int)MOST_LISTED, n));
}

/* ------------------------------------------------------------ the whole */

static void money(rl_pen *p)
{
    size_t i = rl_pen_find(p, RL_KIND_LEDGER);
    if (rl_pen_find(p, RL_KIND_DEALS) == p->n) return;
    rl_str_add(p->t, i < p->n ? "\nmoney:\n"
                              : "\n# money:\n#   gross_margin: 0.70      # CHECK: your own figures, for profit and "
                                "ROI\n#   loaded_cost: 1.30\n");
    if (i == p->n) return;
    rl_str_add(
        p->t,
        "  # gross_margin: 0.70      CHECK: your own figures, for profit and ROI\n  # loaded_cost: 1.30\n  ledger:\n");
    rl_pen_file(p, i, "    ");
    rl_pen_key(p, "  period", rl_pen_column(p, i, RL_ROLE_DATE),
               about(&p->file[i], p->guess[i].role[RL_ROLE_DATE], p->cx->tmp));
    rl_str_add(p->t, "  ");
    rl_pen_role(p, i, RL_ROLE_AMOUNT);
}

/* The last closing date when it lies behind the last creation, else NULL: entered in advance, or the true cut. */
static const char *last_closing(const rl_pen *p)
{
    char day[16];
    size_t i = rl_pen_find(p, RL_KIND_DEALS);
    if (i == p->n) return NULL;
    const rl_seen_col *closed = &p->file[i].col[p->guess[i].role[RL_ROLE_CLOSED]];
    const rl_seen_col *created = &p->file[i].col[p->guess[i].role[RL_ROLE_CREATED]];
    return closed->last > created->last ? rl_strdup(p->cx->tmp, rl_day_text(day, closed->last)) : NULL;
}

static void study(rl_pen *p)
{
    static const struct {
        rl_kind kind;
        rl_role role;
    } clock[] = {{RL_KIND_DEALS, RL_ROLE_CREATED}, {RL_KIND_LEADS, RL_ROLE_DATE}, {RL_KIND_PANEL, RL_ROLE_DATE}};
    const char *period = "quarter", *first = "?", *last = "?";
    char a[16], b[16];
    for (size_t k = 3; k-- > 0;) {
        size_t i = rl_pen_find(p, clock[k].kind);
        if (i == p->n) continue;
        const rl_seen_col *c = &p->file[i].col[p->guess[i].role[clock[k].role]];
        int32_t days = c->last - c->first;
        period = days > 900 ? "quarter" : days > 150 ? "month" : "week";
        first = rl_day_text(a, c->first);
        last = rl_day_text(b, c->last);
    }
    rl_str_add(p->t, "# A first study file, guessed from CSV files. Read every line against its comment; lines with\n"
                     "# CHECK are the least sure. 'revlift help study' explains every key.\n\nstudy:\n"
                     "  # title: What the report is headed with\n  # currency: USD\n");
    rl_str_addf(p->t, "  period: %s", period);
    comment(p->t, rl_sprintf(p->cx->tmp, "the data run from %s to %s", first, last));
    const char *closings = last_closing(p);
    rl_str_addf(p->t, "  # cut: %s", last);
    comment(p->t,
            closings == NULL
                ? "the day of the export; default: the latest creation or touch date"
                : rl_sprintf(p->cx->tmp, "the day of the export; creations end here, closing dates on %s", closings));
}

static void say_files(rl_pen *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const char *name = p->file[i].source.name;
        const rl_guess *g = &p->guess[i];
        if (g->kind != RL_KIND_NONE)
            rl_remark(p->cx, "init", "'%s' (%llu rows) reads as '%s'", name, (unsigned long long)p->file[i].rows,
                      rl_kind_name(g->kind));
        else if (g->nearly != RL_KIND_NONE)
            rl_remark(p->cx, "init", "'%s' is not used: most like '%s', but it lacks %s", name, rl_kind_name(g->nearly),
                      g->lacks);
        else
            rl_remark(p->cx, "init", "'%s' is not used: it looks like no table of a study", name);
        if (g->kind != RL_KIND_NONE) continue;
        rl_str_add(p->t, "\n# not used: ");
        rl_yaml_text(p->t, p->path[i]);
        if (g->nearly != RL_KIND_NONE)
            rl_str_addf(p->t, " (most like %s, but it lacks %s)", rl_kind_name(g->nearly), g->lacks);
        rl_str_addc(p->t, '\n');
    }
}

void rl_init_write(rl_str *t, size_t n, const rl_seen *file, const char *const *name, const rl_guess *guess, rl_ctx *cx)
{
    rl_pen p = {t, n, file, name, guess, cx};
    study(&p);
    deals(&p);
    accounts(&p);
    leads(&p);
    touches(&p);
    spend(&p);
    series(&p, RL_KIND_MARKET);
    series(&p, RL_KIND_PANEL);
    rl_pen_programs(&p);
    money(&p);
    say_files(&p);
    rl_pen_models(&p);
}

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/date.h"
#include "data/roles.h"
#include "own_ctx.h"

static char folder[] = "/tmp/revlift-sniff-XXXXXX";

static const char *put(const char *name, const char *text, size_t n)
{
    char *path = rl_sprintf(cx.keep, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    fclose(f);
    return path;
}

static rl_seen look(const char *name, const char *text, size_t n)
{
    rl_seen s;
    const char *path = put(name, text, n);
    CHECK_OK(rl_sniff(path, name, &s, cx.keep, &cx), &cx);
    unlink(path);
    return s;
}

#define LOOK_AS(name, text) look(name, text, sizeof(text) - 1)
#define LOOK(text)          look("x.csv", text, sizeof(text) - 1)

static void tells_types(void **state)
{
    (void)state;
    rl_seen s = LOOK("id,n,d,t,e,n\nA-7,2.385,2024-03-11,no,,1\nA-8,-17,2024-02-29T10:20:00Z,no,,2\nA-9,NA,,yes,,3\n");
    assert_int_equal(s.rows, 3);
    assert_int_equal(s.delimiter, ',');
    assert_false(s.more);
    assert_int_equal(s.col[0].look, RL_LOOK_TEXT);
    assert_true(s.col[0].unique && !s.col[0].twice);
    assert_int_equal(s.col[1].look, RL_LOOK_NUMBER);
    assert_true(s.col[1].twice && s.col[5].twice);
    assert_int_equal(s.col[1].filled, 2);
    CHECK_DIGITS(s.col[1].least, -17, 16);
    CHECK_DIGITS(s.col[1].most, 2.385, 16);
    assert_false(s.col[1].whole);
    assert_int_equal(s.col[2].look, RL_LOOK_DATE);
    assert_null(s.col[2].date_format);
    assert_int_equal(s.col[2].first, rl_day(2024, 2, 29));
    assert_int_equal(s.col[2].last, rl_day(2024, 3, 11));
    assert_int_equal(s.col[3].values->n, 2);
    assert_int_equal(s.col[3].count[0], 2);
    assert_int_equal(s.col[4].look, RL_LOOK_EMPTY);
    assert_int_equal(s.source.n_missing, 1);
    assert_string_equal(s.source.missing[0], "NA");
    assert_int_equal(s.source.numbers, RL_NUMBERS_PLAIN);
}

static void tells_day_from_month(void **state)
{
    (void)state;
    rl_seen s = LOOK("d\n03/11/2024\n03/13/2024\n");
    assert_string_equal(s.source.date_format, "%m/%d/%Y");
    assert_false(s.col[0].day_or_month);
    assert_int_equal(s.col[0].last, rl_day(2024, 3, 13));
    s = LOOK("d\n03/11/2024\n13/11/2024\n");
    assert_string_equal(s.source.date_format, "%d/%m/%Y");
    assert_int_equal(s.col[0].first, rl_day(2024, 11, 3));
    s = LOOK("d\n03/11/2024\n05/09/2024\n");
    assert_true(s.col[0].day_or_month);
    s = LOOK("d\n31.12.2023\n1.2.2024\n");
    assert_string_equal(s.source.date_format, "%d.%m.%Y");
    s = LOOK("d\n20240311\n20240312\n");
    assert_string_equal(s.source.date_format, "%Y%m%d");
    s = LOOK("d\n20240311\n99999999\n");
    assert_int_equal(s.col[0].look, RL_LOOK_NUMBER);
    s = LOOK("d\n\"Mar 11, 2024\"\n\"Dec 1, 2024\"\n");
    assert_string_equal(s.source.date_format, "%b %d, %Y");
    s = LOOK("d\n3/11/24 \n12/31/24\n");
    assert_string_equal(s.source.date_format, "%m/%d/%y");
}

static void tells_number_formats(void **state)
{
    (void)state;
    rl_seen s = LOOK("a,b\n\"$1,234.50\",x\n\"$17.00\",y\n");
    assert_int_equal(s.source.numbers, RL_NUMBERS_US);
    CHECK_DIGITS(s.col[0].most, 1234.5, 16);
    s = LOOK("a;b\n1.234,50 EUR;x\n17,25;y\n");
    assert_int_equal(s.source.numbers, RL_NUMBERS_EU);
    assert_int_equal(s.delimiter, ';');
    CHECK_DIGITS(s.col[0].least, 17.25, 16);
    s = LOOK("id,v\nOPP-7000,1\nOPP-7001,2\n");
    assert_int_equal(s.col[0].look, RL_LOOK_TEXT);
    assert_int_equal(s.source.numbers, RL_NUMBERS_PLAIN);
    s = LOOK("a\tb\n1\t2\n");
    assert_int_equal(s.delimiter, '\t');
}

static void tells_encodings(void **state)
{
    (void)state;
    assert_int_equal(LOOK("a\nM\xc3\xbcller\n").source.encoding, RL_UTF8);
    rl_seen s = LOOK("a\nM\xfcller\n");
    assert_int_equal(s.source.encoding, RL_LATIN1);
    assert_string_equal(s.col[0].values->text[0], "M\xc3\xbcller");
    s = LOOK("a\0,\0b\0\n\0x\0,\0y\0\n\0");
    assert_int_equal(s.source.encoding, RL_UTF16);
    assert_int_equal(s.n, 2);
    s = LOOK("\xff\xfe"
             "a\0;\0b\0\n\0x\0;\0y\0\n\0");
    assert_int_equal(s.delimiter, ';');
    assert_string_equal(s.col[1].name, "b");
}

static void survives_empty_tables_and_says_what_is_no_csv(void **state)
{
    (void)state;
    rl_seen s = LOOK("a,b\n");
    assert_int_equal(s.n, 2);
    assert_int_equal(s.rows, 0);
    assert_int_equal(s.col[1].look, RL_LOOK_EMPTY);
    const char *path = put("bad.csv", "a,b\n1\n", 6);
    assert_int_equal(rl_sniff(path, "bad.csv", &s, cx.keep, &cx), RL_EINPUT);
    assert_int_equal(cx.err.line, 2);
    unlink(path);
    rl_forgive(&cx);
    assert_int_equal(rl_sniff("/nonexistent.csv", "nonexistent.csv", &s, cx.keep, &cx), RL_EINPUT);
}

static void stops_counting_values(void **state)
{
    (void)state;
    rl_str t = rl_str_new(cx.tmp);
    rl_str_add(&t, "same,own\n");
    for (int i = 0; i < 3000; i++) rl_str_addf(&t, "v%d,w%d\n", i % 1500, i);
    rl_seen s = look("v.csv", t.s, t.n);
    assert_true(s.col[0].many && !s.col[0].unique);
    assert_true(s.col[1].unique);
    assert_int_equal(s.col[1].values->n, 3000);
    assert_false(rl_col_groups(&s.col[0]));
}

static void sorts_statuses(void **state)
{
    (void)state;
    static const char *const won[] = {"Won", "Closed Won", "closedwon", "SOLD", "6 - Closed/Won"};
    static const char *const lost[] = {"Lost", "Closed Lost", "closedlost", "Disqualified", "Not Won", "No decision"};
    static const char *const open[] = {"Prospecting", "Engaging", "Negotiation/Review", "appointmentscheduled",
                                       "In Progress"};
    static const char *const odd[] = {"", "Wonderland", "xyz", "!!!"};
    for (size_t i = 0; i < 5; i++) assert_int_equal(rl_status_of(won[i]), RL_STATUS_WON);
    for (size_t i = 0; i < 6; i++) assert_int_equal(rl_status_of(lost[i]), RL_STATUS_LOST);
    for (size_t i = 0; i < 5; i++) assert_int_equal(rl_status_of(open[i]), RL_STATUS_OPEN);
    for (size_t i = 0; i < 4; i++) assert_int_equal(rl_status_of(odd[i]), RL_STATUS_UNKNOWN);
}

enum { DEALS, ACCOUNTS, TOUCHES, SPEND, PROGRAM, TEAMS, MARKET, NOISE, FILES };
static const char *const NAME[FILES] = {"export.csv",      "accounts.csv", "activities.csv", "spend.csv",
                                        "abm_program.csv", "teams.csv",    "index.csv",      "noise.csv"};
static const char *const TEXT[FILES] = {
    "Deal ID,Account Name,Create Date,Close Date,Deal Stage,Amount,Deal owner\n"
    "1,Acme,2024-01-05,2024-03-01,closedwon,100,Ann\n2,Acme,2024-01-09,2024-03-01,closedlost,200,Bob\n"
    "3,Bolt,2024-02-05,,qualifiedtobuy,300,Ann\n",
    "Account Name,Industry,Employees\nAcme,tech,12\nBolt,tech,45\nCork,retail,7\n",
    "Activity Date,Company,Type,Contact "
    "Email\n2024-01-01,Acme,webinar,a@x\n2024-01-02,Acme,email,b@x\n2024-01-02,Bolt,email,c@x\n",
    "week,channel,spend_usd,region\n2024-01-01,search,120.5,West\n2024-01-01,social,99,West\n2024-01-08,search,80,"
    "East\n",
    "Account Name,start_date\nAcme,2024-02-01\n",
    "Deal owner,Region\nAnn,West\nBob,East\n",
    "month,cpi\n2024-01-01,101.5\n2024-02-01,102.1\n",
    "x,y\n1,2\n3,4\n"};

static void knows_the_tables(void **state)
{
    (void)state;
    rl_seen s[FILES];
    rl_guess g[FILES];
    static const rl_kind want[FILES] = {RL_KIND_DEALS,   RL_KIND_ACCOUNTS, RL_KIND_TOUCHES, RL_KIND_SPEND,
                                        RL_KIND_PROGRAM, RL_KIND_LOOKUP,   RL_KIND_MARKET,  RL_KIND_NONE};
    for (int i = 0; i < FILES; i++) s[i] = look(NAME[i], TEXT[i], strlen(TEXT[i]));
    rl_roles_guess(s, FILES, g, cx.keep);
    for (int i = 0; i < FILES; i++)
        if (g[i].kind != want[i])
            fail_msg("%s reads as %s, not %s", NAME[i], rl_kind_name(g[i].kind), rl_kind_name(want[i]));
    assert_int_equal(g[DEALS].role[RL_ROLE_ID], 0);
    assert_int_equal(g[DEALS].role[RL_ROLE_ACCOUNT], 1);
    assert_int_equal(g[DEALS].role[RL_ROLE_CREATED], 2);
    assert_int_equal(g[DEALS].role[RL_ROLE_CLOSED], 3);
    assert_int_equal(g[DEALS].role[RL_ROLE_STATUS], 4);
    assert_int_equal(g[DEALS].role[RL_ROLE_AMOUNT], 5);
    assert_int_equal(g[TOUCHES].role[RL_ROLE_CHANNEL], 2);
    assert_int_equal(g[TOUCHES].role[RL_ROLE_CONTACT], 3);
    assert_int_equal(g[SPEND].role[RL_ROLE_UNIT], 3);
    assert_int_equal(g[PROGRAM].role[RL_ROLE_START], 1);
    assert_int_equal(g[TEAMS].role[RL_ROLE_KEY], 0);
    assert_int_equal(g[TEAMS].theirs, 6);
}

static void knows_leads_and_panels(void **state)
{
    (void)state;
    rl_seen s[2];
    rl_guess g[2];
    s[0] = LOOK_AS("mql_leads.csv", "mql_id,first_contact_date,origin\na1,2024-01-01,web\na2,2024-01-02,web\n");
    s[1] = LOOK_AS("closed.csv", "mql_id,won_date\na1,2024-03-01\n");
    rl_roles_guess(s, 2, g, cx.keep);
    assert_int_equal(g[0].kind, RL_KIND_LEADS);
    assert_int_equal(g[1].kind, RL_KIND_LEADS_WON);
    assert_int_equal(g[1].role[RL_ROLE_DATE], 1);
    s[0] = LOOK_AS("p.csv", "date,geo,sales\n2024-01-01,1,5.5\n2024-01-01,2,6\n2024-01-02,1,7\n2024-01-02,2,8\n");
    s[1] = LOOK_AS("arms.csv", "geo,arm\n1,a\n2,b\n");
    rl_roles_guess(s, 2, g, cx.keep);
    assert_int_equal(g[0].kind, RL_KIND_PANEL);
    assert_int_equal(g[0].role[RL_ROLE_UNIT], 1);
    assert_int_equal(g[1].nearly, RL_KIND_PROGRAM);
}

/* Without a header that helps, values decide, and the guess says so. */
static void values_are_the_last_resort(void **state)
{
    (void)state;
    rl_guess g;
    rl_seen s = LOOK_AS(
        "q.csv", "c1,c2,c3,c4\nk1,2024-01-01,2024-02-01,won\nk2,2024-01-03,,open\nk3,2024-01-02,2024-02-02,won\n");
    rl_roles_guess(&s, 1, &g, cx.keep);
    assert_int_equal(g.kind, RL_KIND_DEALS);
    assert_int_equal(g.role[RL_ROLE_CREATED], 1);
    assert_int_equal(g.role[RL_ROLE_CLOSED], 2);
    assert_true(g.last_resort[RL_ROLE_CREATED] && g.last_resort[RL_ROLE_STATUS] && g.last_resort[RL_ROLE_ID]);
    s = LOOK_AS("deals.csv", "id,created,closed,stage\n1,2024-01-01,2024-01-02,a\n2,2024-01-01,2024-01-02,a\n");
    rl_roles_guess(&s, 1, &g, cx.keep);
    assert_int_equal(g.kind, RL_KIND_NONE);
    assert_int_equal(g.nearly, RL_KIND_DEALS);
    assert_non_null(strstr(g.lacks, "'won'"));
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tells_types),
        TEST(tells_day_from_month),
        TEST(tells_number_formats),
        TEST(tells_encodings),
        TEST(survives_empty_tables_and_says_what_is_no_csv),
        TEST(stops_counting_values),
        TEST(sorts_statuses),
        TEST(knows_the_tables),
        TEST(knows_leads_and_panels),
        TEST(values_are_the_last_resort),
    };
    return cmocka_run_group_tests_name("sniff", tests, make_folder, remove_folder);
}

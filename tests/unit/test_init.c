#include "check.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/init.h"
#include "model/study.h"

static rl_ctx cx;
static char *folder;

static int enter(void **state)
{
    (void)state;
    check_ctx(&cx);
    folder = rl_strdup(cx.keep, "/tmp/revlift-init-XXXXXX");
    return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int leave(void **state)
{
    (void)state;
    int failed = chdir("/") || system(rl_sprintf(cx.keep, "rm -r '%s'", folder));
    rl_ctx_free(&cx);
    return failed;
}

static void put(const char *name, const char *text)
{
    FILE *f = fopen(name, "wb");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    fclose(f);
}

static char *get(const char *name)
{
    char *text = RL_NEW(cx.keep, char, 100000);
    FILE *f = fopen(name, "rb");
    assert_non_null(f);
    assert_true(fread(text, 1, 99999, f) > 0);
    fclose(f);
    return text;
}

static bool remarked(const char *what)
{
    for (size_t i = 0; i < cx.n_notes; i++)
        if (strstr(cx.note[i].text, what) != NULL) return true;
    return false;
}

static const char DEALS[] = "Deal ID,Account,Create Date,Close Date,Stage,Amount,Owner,Type\n"
                            "1,Acme,13.01.2024,01.03.2024,Closed Won,\"1.100,50\",Ann,New\n"
                            "2,Acme,09.02.2024,02.03.2024,Closed Lost,\"200,00\",Bob,New\n"
                            "3,Bolt,05.11.2025,,Whatever,n/a,Ann,Old\n"
                            "4,Bolt,05.12.2025,,Negotiation,\"2.300,00\",Ann,Old\n";

static const char *const ALL[] = {"deals.csv", "accounts.csv", "touches.csv", "spend.csv", "abm.csv", "teams.csv"};

static void put_all(void)
{
    put("deals.csv", DEALS);
    put("accounts.csv", "Account,Size,Industry\nAcme,10,tech\nBolt,20,tech\nCork,30,food\n");
    put("touches.csv", "Date,Account,Channel\n2024-01-01,Acme,web\n2024-01-02,Acme,mail\n2024-01-02,Bolt,mail\n");
    put("spend.csv", "week\tchannel\tspend\n2024-01-01\tweb\t12.5\n2024-01-08\tweb\t13\n2024-01-08\tmail\t1\n");
    put("abm.csv", "Account,Start Date\nAcme,2024-06-01\n");
    put("teams.csv", "Owner,Region\nAnn,West\nBob,East\n");
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    put_all();
    rl_study s;
    CHECK_OK(rl_cmd_init(6, ALL, "study.yaml", &cx), &cx);
    CHECK_OK(rl_study_read("study.yaml", &s, cx.keep, &cx), &cx);
    assert_string_equal(s.deals.file.source.path, "deals.csv");
    assert_string_equal(s.deals.file.source.date_format, "%d.%m.%Y");
    assert_int_equal(s.deals.file.source.numbers, RL_NUMBERS_EU);
    assert_string_equal(s.deals.file.source.missing[0], "n/a");
    assert_string_equal(s.deals.id.s, "Deal ID");
    assert_string_equal(s.deals.created.s, "Create Date");
    assert_string_equal(s.deals.amount.s, "Amount");
    assert_string_equal(s.deals.won.v[0].s, "Closed Won");
    assert_string_equal(s.deals.lost.v[0].s, "Closed Lost");
    assert_int_equal(s.deals.open.n, 2);
    assert_true(remarked("'Whatever'"));
    assert_int_equal(s.deals.n_lookup, 1);
    assert_string_equal(s.deals.lookup[0].add.v[0].s, "Region");
    assert_string_equal(s.accounts.id.s, "Account");
    assert_string_equal(s.touches.channel.s, "Channel");
    assert_int_equal(s.spend.file.source.delimiter, '\t');
    assert_int_equal(s.n_programs, 1);
    assert_string_equal(s.program[0].start.s, "Start Date");
    assert_int_equal(s.n_models, 4);
    assert_int_equal(s.model[0].outcome, RL_OUT_VALUE);
    assert_true(s.model[0].primary);
    assert_string_equal(s.model[3].treatment.s, "abm");
    const char *text = get("study.yaml");
    assert_non_null(strstr(text, "# CHECK Whatever: not a word known here"));
    assert_non_null(strstr(text, "# numbers 200 to 2300, no value twice, 3 of 4 filled"));
}

/* A column keeps its other uses: it may group deals and say who shares a seller. */
static void it_sees_who_shares(void **state)
{
    (void)state;
    put_all();
    put("accounts.csv", "Account,Account Owner,Parent Account,Sales Rep\nAcme,Ann,Holding,x\nBolt,Ann,Holding,y\n"
                        "Cork,Bob,,x\n");
    rl_study s;
    CHECK_OK(rl_cmd_init(6, ALL, "study.yaml", &cx), &cx);
    CHECK_OK(rl_study_read("study.yaml", &s, cx.keep, &cx), &cx);
    assert_string_equal(s.accounts.owner.s, "Account Owner");
    assert_string_equal(s.accounts.parent.s, "Parent Account");
    assert_string_equal(s.deals.owner.s, "Owner");
    assert_string_equal(s.deals.lookup[0].key.s, "Owner");
    put("accounts.csv", "Account,Size,Industry\nAcme,10,tech\nBolt,20,tech\nCork,30,food\n");
    CHECK_OK(rl_cmd_init(2, ALL, "none.yaml", &cx), &cx);
    CHECK_OK(rl_study_read("none.yaml", &s, cx.keep, &cx), &cx);
    assert_null(s.accounts.owner.s);
    assert_null(s.accounts.parent.s);
}

/* The block that is commented out becomes valid when its '# ' go. */
static void without_a_programme_it_says_how_to_add_one(void **state)
{
    (void)state;
    put_all();
    rl_study s;
    CHECK_OK(rl_cmd_init(2, ALL, "study.yaml", &cx), &cx);
    CHECK_OK(rl_study_read("study.yaml", &s, cx.keep, &cx), &cx);
    assert_int_equal(s.n_models, 0);
    assert_true(remarked("can measure no lift"));
    char *text = get("study.yaml"), *block = strstr(text, "# programs:\n");
    assert_non_null(block);
    rl_str t = rl_str_new(cx.keep);
    rl_str_addn(&t, text, (size_t)(block - text));
    for (char *line = strtok(block, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        assert_memory_equal(line, "# ", 2);
        rl_str_addf(&t, "%s\n", line + 2);
    }
    CHECK_OK(rl_study_parse("study.yaml", t.s, t.n, &s, cx.keep, &cx), &cx);
    assert_int_equal(s.n_models, 4);
    assert_string_equal(s.program[0].unit.s, "Account");
}

static void panels_and_leads_are_studies_too(void **state)
{
    (void)state;
    static const char *const panel[] = {"geo.csv", "arms.csv"}, *const leads[] = {"leads.csv", "won.csv"};
    put("geo.csv", "date,geo,sales,cost\n2024-01-01,1,5,0\n2024-01-01,2,6,0\n2024-01-02,1,7,1\n2024-01-02,2,8,0\n");
    put("arms.csv", "geo,geo.group\n1,1\n2,2\n3,2\n");
    put("leads.csv", "mql_id,first_contact_date,origin\na1,2024-01-01,web\na2,2024-01-02,web\na3,2024-01-02,x\n");
    put("won.csv", "mql_id,won_date\na1,2024-03-01\n");
    rl_study s;
    CHECK_OK(rl_cmd_init(2, panel, "panel.yaml", &cx), &cx);
    CHECK_OK(rl_study_read("panel.yaml", &s, cx.keep, &cx), &cx);
    assert_int_equal(s.panel.columns.n, 2);
    assert_non_null(strstr(get("panel.yaml"), "#     where: {geo.group: [\"1\"]}"));
    CHECK_OK(rl_cmd_init(2, leads, "leads.yaml", &cx), &cx);
    CHECK_OK(rl_study_read("leads.yaml", &s, cx.keep, &cx), &cx);
    assert_string_equal(s.leads.won_date.s, "won_date");
    assert_string_equal(s.leads.group.v[0].s, "origin");
}

static void ambiguous_dates_are_said(void **state)
{
    (void)state;
    static const char *const file[] = {"d.csv"};
    put("d.csv",
        "id,created,closed,stage\n1,01/02/2024,03/04/2024,won\n2,01/02/2024,05/04/2024,lost\n3,03/02/2024,,open\n");
    CHECK_OK(rl_cmd_init(1, file, "d.yaml", &cx), &cx);
    assert_true(remarked("could be day/month or month/day"));
    assert_true(remarked("has no amount"));
    assert_non_null(strstr(get("d.yaml"), "CHECK: every date of a column reads as day/month and as month/day"));
}

static void hostile_names_stay_text(void **state)
{
    (void)state;
    static const char *const file[] = {"a: b # c.csv"};
    put(file[0],
        "\"id: #x\",\"it's\ncreated\",\"close \"\"date\"\"\",\"stage, [x]\",\"- amount\",\"{g}: &a *b !c %d @e `f\"\n"
        "1,2024-01-01,2024-02-01,\"Won: yes # \"\"really\"\"\",5,\"x\ny\"\n"
        "2,2024-01-03,2024-02-01,\"lost \\ 'gone'\",6,\"x\ny\"\n"
        "3,2024-01-04,,\"open\xe2\x80\xa8\xc2\x85\xef\xbb\xbf\",6,z\n");
    rl_study s;
    CHECK_OK(rl_cmd_init(1, file, "h.yaml", &cx), &cx);
    CHECK_OK(rl_study_read("h.yaml", &s, cx.keep, &cx), &cx);
    assert_string_equal(s.deals.file.source.path, "a: b # c.csv");
    assert_string_equal(s.deals.id.s, "id: #x");
    assert_string_equal(s.deals.created.s, "it's\ncreated");
    assert_string_equal(s.deals.closed.s, "close \"date\"");
    assert_string_equal(s.deals.status.s, "stage, [x]");
    assert_string_equal(s.deals.amount.s, "- amount");
    assert_string_equal(s.deals.won.v[0].s, "Won: yes # \"really\"");
    assert_string_equal(s.deals.lost.v[0].s, "lost \\ 'gone'");
    assert_string_equal(s.deals.open.v[0].s, "open\xe2\x80\xa8\xc2\x85\xef\xbb\xbf");
    assert_string_equal(s.deals.group.v[0].s, "{g}: &a *b !c %d @e `f");
}

/* Every character there is, one text each: written, read, the same. */
static void any_text_survives_quoting(void **state)
{
    (void)state;
    for (unsigned c = 1; c < 0x11000; c += c < 0x2100 ? 1 : 37) {
        if (c >= 0xd800 && c < 0xe000) continue;
        char utf8[8] = {0};
        if (c < 0x80)
            utf8[0] = (char)c;
        else if (c < 0x800)
            utf8[0] = (char)(0xc0 | c >> 6), utf8[1] = (char)(0x80 | (c & 63));
        else if (c < 0x10000)
            utf8[0] = (char)(0xe0 | c >> 12), utf8[1] = (char)(0x80 | (c >> 6 & 63)), utf8[2] = (char)(0x80 | (c & 63));
        else
            utf8[0] = (char)(0xf0 | c >> 18), utf8[1] = (char)(0x80 | (c >> 12 & 63)),
            utf8[2] = (char)(0x80 | (c >> 6 & 63)), utf8[3] = (char)(0x80 | (c & 63));
        const char *want = rl_sprintf(cx.tmp, "%s a%sb%s", utf8, utf8, utf8);
        rl_str t = rl_str_new(cx.tmp);
        rl_str_add(&t, "key: [");
        rl_yaml_text(&t, want);
        rl_str_add(&t, ", end] # comment\n");
        rl_doc doc;
        CHECK_OK(rl_yaml_parse("t", t.s, t.n, &doc, cx.tmp, &cx), &cx);
        const rl_node *v = rl_node_get(&doc.root, "key");
        if (v->n != 2 || strcmp(v->item[0].text, want) != 0) fail_msg("U+%04X: %s", c, t.s);
    }
}

static void paths_are_relative_to_the_study(void **state)
{
    (void)state;
    static const char *const file[] = {"in/deals.csv"};
    assert_int_equal(mkdir("in", 0777) + mkdir("out", 0777) + mkdir("in/deep", 0777), 0);
    put("in/deals.csv", DEALS);
    rl_study s;
    CHECK_OK(rl_cmd_init(1, file, "out/s.yaml", &cx), &cx);
    CHECK_OK(rl_study_read("out/s.yaml", &s, cx.keep, &cx), &cx);
    assert_string_equal(s.deals.file.source.name, "../in/deals.csv");
    CHECK_OK(rl_cmd_init(1, file, "in/s.yaml", &cx), &cx);
    CHECK_OK(rl_study_read("in/s.yaml", &s, cx.keep, &cx), &cx);
    assert_string_equal(s.deals.file.source.name, "deals.csv");
    CHECK_OK(rl_cmd_init(1, file, "in/deep/s.yaml", &cx), &cx);
    CHECK_OK(rl_study_read("in/deep/s.yaml", &s, cx.keep, &cx), &cx);
    assert_string_equal(s.deals.file.source.name, "../deals.csv");
    CHECK_OK(rl_cmd_init(1, file, "s.yaml", &cx), &cx);
    CHECK_OK(rl_study_read("s.yaml", &s, cx.keep, &cx), &cx);
    assert_string_equal(s.deals.file.source.name, "in/deals.csv");
}

static void fails(rl_code code, size_t n, const char *const *files, const char *out, const char *what, const char *hint)
{
    rl_forgive(&cx);
    assert_int_equal(rl_cmd_init(n, files, out, &cx), code);
    if (strstr(cx.err.what, what) == NULL) fail_msg("'%s' lacks '%s'", cx.err.what, what);
    if (strstr(cx.err.hint, hint) == NULL) fail_msg("hint '%s' lacks '%s'", cx.err.hint, hint);
}

static void refuses(void **state)
{
    (void)state;
    static const char *const twice[] = {"deals.csv", "deals.csv"}, *const none[] = {"none.csv"},
                             *const poor[] = {"my deals.csv"}, *const plain[] = {"x.csv"},
                             *const bytes[] = {"\xff.csv"};
    put("deals.csv", DEALS);
    put("my deals.csv", "id,created,stage\n1,2024-01-01,won\n2,2024-01-02,lost\n");
    put("x.csv", "x,y\n1,2\n");
    put("old.yaml", "precious\n");
    fails(RL_EUSAGE, 0, NULL, NULL, "no CSV file given", "revlift init");
    fails(RL_EUSAGE, 2, twice, "s.yaml", "'deals.csv' is given twice", "");
    fails(RL_EUSAGE, 1, bytes, "s.yaml", "not UTF-8", "");
    fails(RL_EUSAGE, 1, twice, "old.yaml", "'old.yaml' exists already", "another name");
    assert_string_equal(get("old.yaml"), "precious\n");
    fails(RL_EINPUT, 1, none, "s.yaml", "No such file", "");
    fails(RL_EINPUT, 1, poor, "s.yaml", "no file looks like deals", "lacks a column of closing dates");
    fails(RL_EINPUT, 1, plain, "s.yaml", "no file looks like deals", "deals need an id");
    fails(RL_EIO, 1, twice, "no/such/folder/s.yaml", "cannot write", "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_written_reads_back),
        TEST(without_a_programme_it_says_how_to_add_one),
        TEST(panels_and_leads_are_studies_too),
        TEST(ambiguous_dates_are_said),
        TEST(hostile_names_stay_text),
        TEST(any_text_survives_quoting),
        TEST(paths_are_relative_to_the_study),
        TEST(it_sees_who_shares),
        TEST(refuses),
    };
    return cmocka_run_group_tests_name("init", tests, NULL, NULL);
}

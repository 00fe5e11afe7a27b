/* Faults: counted, kept, sorted, and told where they stand. */
#include "check.h"

#include <string.h>

#include "data/csv.h"
#include "data/fault.h"
#include "data_file.h"

static rl_ctx cx;
static rl_faults f;

static int begin(void **state)
{
    (void)state;
    check_ctx(&cx);
    rl_faults_init(&f, cx.keep);
    return 0;
}

static int end(void **state)
{
    (void)state;
    rl_ctx_free(&cx);
    return 0;
}

static void rules_have_names(void **state)
{
    (void)state;
    for (int r = 0; r < RL_RULES_END; r++) {
        assert_int_equal(rl_rule_by_name(rl_rule_name((rl_rule)r)), r);
        assert_true(strlen(rl_rule_text((rl_rule)r)) > 10);
        assert_int_equal(f.policy[r], rl_rule_default((rl_rule)r));
    }
    assert_int_equal(rl_rule_by_name("no-such-rule"), RL_RULES_END);
    assert_int_equal(rl_rule_default(RL_RULE_CELL), RL_POLICY_ERROR);
    assert_int_equal(rl_rule_default(RL_RULE_FUTURE), RL_POLICY_DROP);
    assert_int_equal(rl_rule_default(RL_RULE_TOUCH_LATE), RL_POLICY_KEEP);
}

static void all_are_counted_some_are_kept(void **state)
{
    (void)state;
    rl_source src = rl_source_of("x.csv");
    for (unsigned i = 0; i < 250; i++) {
        assert_int_equal(rl_faults_room(&f, RL_RULE_CELL), i < 100);
        rl_fault_add(&f, RL_RULE_CELL, &src, i, 1, NULL, "cell %u", i);
    }
    rl_fault_add(&f, RL_RULE_FUTURE, &src, 3, -1, "a hint", "deal '%s'", "D-1");
    assert_int_equal(f.count[RL_RULE_CELL], 250);
    assert_int_equal(f.count[RL_RULE_FUTURE], 1);
    assert_int_equal(f.n, 101);
    assert_string_equal(f.fault[99].what, "cell 99");
    assert_null(f.fault[99].hint);
    assert_string_equal(f.fault[100].what, "deal 'D-1'");
    assert_string_equal(f.fault[100].hint, "a hint");
    assert_int_equal(rl_faults_fatal(&f), 250);
    f.policy[RL_RULE_CELL] = RL_POLICY_KEEP;
    assert_int_equal(rl_faults_fatal(&f), 0);
    f.policy[RL_RULE_FUTURE] = RL_POLICY_ERROR;
    assert_int_equal(rl_faults_fatal(&f), 1);
    f.keep_all = true;
    for (unsigned i = 0; i < 250; i++) rl_fault_add(&f, RL_RULE_CELL, &src, i, 1, NULL, "cell %u", i);
    assert_int_equal(f.n, 351);
}

static void faults_are_placed_in_order(void **state)
{
    (void)state;
    rl_source a = rl_source_of(DATA_TEXT("id,x\n1,q\n\n2,r\n"));
    rl_source b = rl_source_of(DATA_TEXT("id;x\n\"1\n1\";q\n2;r"));
    rl_fault_add(&f, RL_RULE_CELL, &b, 1, 1, NULL, "third");
    rl_fault_add(&f, RL_RULE_CELL, &a, 1, 1, NULL, "sixth");
    rl_fault_add(&f, RL_RULE_NO_ID, &b, 1, -1, NULL, "second");
    rl_fault_add(&f, RL_RULE_CELL, &a, 1, 0, NULL, "fourth");
    rl_fault_add(&f, RL_RULE_NEGATIVE, &a, 1, 0, NULL, "fifth");
    rl_fault_add(&f, RL_RULE_CELL, &b, 0, 1, NULL, "first");
    CHECK_OK(rl_faults_locate(&f, &cx), &cx);
    static const char *const WHAT[] = {"first", "second", "third", "fourth", "fifth", "sixth"};
    static const int LINE[] = {3, 4, 4, 4, 4, 4}, COL[] = {4, 1, 3, 1, 1, 3};
    for (int i = 0; i < 6; i++) {
        assert_string_equal(f.fault[i].what, WHAT[i]);
        assert_int_equal(f.fault[i].line, LINE[i]);
        assert_int_equal(f.fault[i].col, COL[i]);
    }
    assert_string_equal(f.fault[0].excerpt, "      3 | 1\";q\n        |    ^");
    assert_string_equal(f.fault[5].excerpt, "      4 | 2,r\n        |   ^");
    assert_ptr_equal(f.fault[2].file, &b);
}

static void nothing_to_place(void **state)
{
    (void)state;
    CHECK_OK(rl_faults_locate(&f, &cx), &cx);
    rl_source gone = rl_source_of("/nowhere/x.csv");
    rl_fault_add(&f, RL_RULE_CELL, &gone, 0, 0, NULL, "lost");
    assert_int_equal(rl_faults_locate(&f, &cx), RL_EINPUT);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(rules_have_names),
        TEST(all_are_counted_some_are_kept),
        TEST(faults_are_placed_in_order),
        TEST(nothing_to_place),
    };
    return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}

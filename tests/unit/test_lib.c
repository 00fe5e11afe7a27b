#include "check.h"

#include <assert.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "revlift.h"

#define DATA "tests/golden/data/panel.csv"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

static const char *temporary(void)
{
    const char *dir = getenv("TMPDIR");
    return dir != NULL && *dir != '\0' ? dir : "/tmp";
}

static void a_fit_gives_estimates_and_json(void **state)
{
    (void)state;
    const char *const options[] = {"data", DATA, "vcov", "cluster:region", NULL};
    revlift *r = revlift_open(1, 1);
    assert_non_null(r);
    assert_null(revlift_json(r));
    assert_int_equal(revlift_fit(r, "revenue ~ spend | region + month", options), 0);
    assert_int_equal(revlift_n_estimates(r), 1);
    const revlift_estimate *e = revlift_estimate_at(r, 0);
    assert_string_equal(e->term, "spend");
    assert_int_equal(e->event, REVLIFT_NONE);
    assert_null(e->model);
    assert_null(e->group);
    CHECK_DIGITS(e->statistic, e->estimate / e->std_error, 13);
    assert_null(revlift_estimate_at(r, 1));
    assert_non_null(strstr(revlift_json(r), "\"call\": [\"fit\", \"revenue ~ spend | region + month\", \"--data\""));
    assert_int_equal(revlift_n_notes(r), 1); /* only 4 clusters */
    assert_non_null(strstr(revlift_note_at(r, 0), "4 clusters"));
    assert_null(revlift_note_at(r, 1));
    assert_int_equal(revlift_error(r)->status, 0);
    revlift_close(r);
}

static void events_and_handles_are_kept_apart(void **state)
{
    (void)state;
    const char *const event[] = {"data",   DATA,    "estimator", "event", "unit",   "region", "time", "month",
                                 "period", "month", "cohort",    "start", "window", "-2:1",   NULL};
    const char *const plain[] = {"data", DATA, NULL};
    revlift *a = revlift_open(1, 1), *b = revlift_open(2, 1);
    assert_int_equal(revlift_fit(a, "revenue ~ 1", event), 0);
    assert_int_equal(revlift_fit(b, "revenue ~ spend", plain), 0);
    assert_int_equal(revlift_n_estimates(a), 4);
    assert_int_equal(revlift_n_estimates(b), 2);
    assert_int_equal(revlift_estimate_at(a, 0)->event, -2);
    assert_int_equal(revlift_estimate_at(a, 3)->event, 1);
    assert_int_equal(revlift_fit(a, "revenue ~ spend", plain), 0); /* the old results are gone */
    assert_int_equal(revlift_n_estimates(a), 2);
    assert_string_equal(revlift_json(a), revlift_json(b));
    revlift_close(a);
    revlift_close(b);
    revlift_close(NULL);
}

/* Mistakes come back as a status with words; the handle stays usable. */
static void errors_are_returned(void **state)
{
    (void)state;
    static const struct {
        const char *formula;
        const char *option[6];
        int status;
        const char *what;
    } BAD[] = {
        {"revenue ~ spend", {NULL}, 2, "CSV file"},
        {"revenue ~ spend", {"data"}, 2, "'data' needs a value"},
        {"revenue ~ spend", {"data", DATA, "vcovv", "iid"}, 2, "vcovv"},
        {"revenue ~ log(", {"data", DATA}, 2, "formula"},
        {"revenue ~ spnd", {"data", DATA}, 3, "'spnd'"},
        {"revenue ~ spend", {"data", "nowhere.csv"}, 3, "cannot read"},
        {"revenue ~ spend", {"data", "tests/golden/data/text.csv"}, 3, "'n.a.'"},
        {"revenue ~ spend", {"data", DATA, "subset", "region=Nowhere"}, 4, "Nowhere"},
    };
    const char *const good[] = {"data", DATA, NULL};
    revlift *r = revlift_open(1, 1);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        assert_int_equal(revlift_fit(r, BAD[i].formula, BAD[i].option), BAD[i].status);
        assert_int_equal(revlift_error(r)->status, BAD[i].status);
        if (strstr(revlift_error(r)->what, BAD[i].what) == NULL)
            fail_msg("'%s' lacks '%s'", revlift_error(r)->what, BAD[i].what);
        assert_null(revlift_json(r));
        assert_int_equal(revlift_n_estimates(r), 0);
    }
    assert_int_equal(
        revlift_fit(r, "revenue ~ spend", (const char *const[]){"data", "tests/golden/data/text.csv", NULL}), 3);
    assert_string_equal(revlift_error(r)->file, "tests/golden/data/text.csv");
    assert_int_equal(revlift_error(r)->line, 3);
    assert_int_equal(revlift_error(r)->col, 3);
    assert_int_equal(revlift_write(r, "/nowhere/out"), 2);
    assert_non_null(strstr(revlift_error(r)->hint, "revlift_run()"));
    assert_int_equal(revlift_run(r, "nowhere.yaml"), 3);
    assert_int_equal(revlift_fit(r, "revenue ~ spend", good), 0);
    assert_int_equal(revlift_error(r)->status, 0);
    revlift_close(r);
}

static void a_study_is_run_and_written(void **state)
{
    (void)state;
    char dir[256], path[300];
    snprintf(dir, sizeof dir, "%s/revlift-lib-XXXXXX", temporary());
    revlift *r = revlift_open(0, 1);
    assert_non_null(mkdtemp(dir));
    int status = revlift_run(r, "models/quarterly.yaml");
    if (status != 0) fail_msg("status %d: %s", status, revlift_error(r)->what);
    assert_true(revlift_n_estimates(r) > 0);
    assert_non_null(revlift_estimate_at(r, 0)->model);
    assert_non_null(strstr(revlift_json(r), "\"money\": {"));
    snprintf(path, sizeof path, "%s/out", dir);
    assert_int_equal(revlift_write(r, path), 0);
    snprintf(path, sizeof path, "%s/out/manifest.json", dir);
    assert_int_equal(access(path, R_OK), 0);
    revlift_close(r);
    snprintf(path, sizeof path, "rm -r %s", dir);
    FILE *rm = popen(path, "r");
    if (rm != NULL) pclose(rm);
}

static void memory_that_is_gone_is_a_status(void **state)
{
    (void)state;
#ifdef SANITIZED
    skip(); /* the sanitizer's shadow needs the address space */
#else
    char path[256];
    snprintf(path, sizeof path, "%s/revlift-lib.csv", temporary());
    const char *const options[] = {"data", path, NULL}, *const good[] = {"data", DATA, NULL};
    FILE *f = fopen(options[1], "w");
    fputs("y,g\n", f);
    for (int i = 0; i < 40000; i++) fprintf(f, "%d.5,%d\n", i % 17, i / 2);
    fclose(f);
    struct rlimit old, tight;
    getrlimit(RLIMIT_AS, &old);
    tight = old;
    revlift *r = revlift_open(1, 1);
    long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    assert_int_equal(fscanf(statm, "%ld", &pages), 1);
    fclose(statm);
    tight.rlim_cur = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + (64u << 20);
    setrlimit(RLIMIT_AS, &tight);
    int status = revlift_fit(r, "y ~ factor(g)", options); /* 20,000 dummies: more than 64 MiB */
    setrlimit(RLIMIT_AS, &old);
    assert_int_equal(status, 5);
    assert_string_equal(revlift_error(r)->what, "out of memory");
    assert_null(revlift_json(r));
    assert_int_equal(revlift_fit(r, "revenue ~ spend", good), 0);
    revlift_close(r);
    unlink(options[1]);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fit_gives_estimates_and_json),
        cmocka_unit_test(events_and_handles_are_kept_apart),
        cmocka_unit_test(errors_are_returned),
        cmocka_unit_test(a_study_is_run_and_written),
        cmocka_unit_test(memory_that_is_gone_is_a_status),
    };
    assert(strcmp(revlift_version(), REVLIFT_VERSION) == 0);
    return cmocka_run_group_tests_name("lib", tests, NULL, NULL);
}

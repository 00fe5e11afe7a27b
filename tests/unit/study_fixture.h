/* tests/unit/study_fixture.h -- a study written into a temporary folder, read back. */
#ifndef RL_TESTS_STUDY_FIXTURE_H
#define RL_TESTS_STUDY_FIXTURE_H

#include <string.h>
#include <unistd.h>

#include "check.h"
#include "model/study.h"
#include "model/tables.h"

typedef struct fixture { rl_ctx cx; char dir[64]; rl_study study; rl_tables t; } fixture;

static void fixture_open(fixture *f)
{
    check_ctx(&f->cx);
    strcpy(f->dir, "/tmp/revlift-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
}

static const char *fixture_path(fixture *f, const char *name) { return rl_sprintf(f->cx.keep, "%s/%s", f->dir, name); }

static void fixture_write(fixture *f, const char *name, const char *text)
{
    FILE *out = fopen(fixture_path(f, name), "w");
    assert_non_null(out);
    fputs(text, out);
    assert_int_equal(fclose(out), 0);
}

static rl_code fixture_read(fixture *f, const char *study)
{
    fixture_write(f, "study.yaml", study);
    rl_code code = rl_study_read(fixture_path(f, "study.yaml"), &f->study, f->cx.keep, &f->cx);
    return code != RL_OK ? code : rl_tables_read(&f->study, true, &f->t, f->cx.keep, &f->cx);
}

static void fixture_close(fixture *f)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", f->dir);
    assert_int_equal(system(command), 0);
    rl_ctx_free(&f->cx);
}

#endif

#include "base/err.h"

#include <assert.h>

#define STATUS(name, status, text) [name] = status,
#define TEXT(name, status, text)   [name] = text,

static const int STATUS_OF[] = {RL_CODES(STATUS)};
static const char *const TEXT_OF[] = {RL_CODES(TEXT)};

int rl_exit_status(rl_code code)
{
    assert(code < RL_CODES_END);
    return STATUS_OF[code];
}

const char *rl_code_text(rl_code code)
{
    assert(code < RL_CODES_END);
    return TEXT_OF[code];
}

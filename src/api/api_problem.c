#include "api/api_problem.h"

static const struct api_problem_row problems[PROBLEM_COUNT] = {
#define X(id, word, status, title) [id] = {word, status, title},
    API_PROBLEM_TABLE(X)
#undef X
};

static const enum api_problem of_err[ERR_COUNT] = {
    [ERR_NONE] = PROBLEM_INTERNAL,     [ERR_NOMEM] = PROBLEM_BUSY,        [ERR_IO] = PROBLEM_INTERNAL,
    [ERR_PARSE] = PROBLEM_BAD_QUERY,   [ERR_USAGE] = PROBLEM_BAD_REQUEST, [ERR_LIMIT] = PROBLEM_LIMIT,
    [ERR_DENIED] = PROBLEM_FORBIDDEN,  [ERR_CORRUPT] = PROBLEM_INTERNAL,  [ERR_NOT_FOUND] = PROBLEM_NOT_FOUND,
    [ERR_CONFLICT] = PROBLEM_CONFLICT, [ERR_FULL] = PROBLEM_STORAGE_FULL, [ERR_CRYPT] = PROBLEM_INTERNAL,
};

const struct api_problem_row *api_problem_row(enum api_problem p)
{
    assert(p < PROBLEM_COUNT);
    return &problems[p];
}

enum api_problem api_problem_of(enum err_code code)
{
    assert(code < ERR_COUNT);
    return of_err[code];
}

#include "revlift.h"

const char *revlift_version(void) { return REVLIFT_VERSION; }

/* revlift.h -- the public door of librevlift. */
#ifndef REVLIFT_H
#define REVLIFT_H

#ifdef __cplusplus
extern "C" {
#endif

#define REVLIFT_VERSION "0.1.0"

/* The version of the library that is linked, as against REVLIFT_VERSION, the
 * one compiled against. */
const char *revlift_version(void);

#ifdef __cplusplus
}
#endif

#endif

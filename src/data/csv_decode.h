/* data/csv_decode.h -- a file as a stream of UTF-8 text, 64 KiB at a time.
 *
 * Used by the CSV readers alone.  A byte-order mark is taken away and decides
 * the encoding.  UTF-8 is checked, UTF-16 goes through iconv(3).  Latin-1 is
 * read as windows-1252, which most files that claim to be Latin-1 are: 0x80 to
 * 0x9f are the euro sign, dashes and curly quotes; the five bytes windows-1252
 * leaves undefined become the C1 control characters of Latin-1.
 *
 * An offset counts bytes of decoded text, the mark not included: the one
 * coordinate all passes over a file share.
 */
#ifndef RL_DATA_CSV_DECODE_H
#define RL_DATA_CSV_DECODE_H

#include "data/csv.h"

enum { RL_CSV_BLOCK = 64 * 1024 };

typedef struct rl_decoder rl_decoder;

/* Errors: RL_EINPUT no such file, not a regular file; RL_EIO no such converter.
 * The file is closed with cx->tmp, or at once by rl_decoder_close(). */
RL_MUST rl_code rl_decoder_open(const rl_source *src, rl_decoder **d, rl_ctx *cx);
void rl_decoder_close(rl_decoder *d);

/* The next block of text: n = 0 at the end.  Blocks never cut a character.
 * What comes before a byte that is no text is still delivered; *bad then says
 * what is wrong with the byte right after the block (and what to do), else it
 * is NULL.  Errors: RL_EIO. */
typedef struct rl_bad_text { char what[120]; const char *hint; } rl_bad_text;
RL_MUST rl_code rl_decoder_next(rl_decoder *d, const char **text, size_t *n, const rl_bad_text **bad, rl_ctx *cx);

/* Are n bytes whole characters of UTF-8, none of them NUL? */
bool rl_utf8_valid(const char *s, size_t n);

uint64_t rl_decoder_size(const rl_decoder *d);   /* bytes in the file  */
uint64_t rl_decoder_taken(const rl_decoder *d);  /* bytes read so far  */

#endif

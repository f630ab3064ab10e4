#include <expat.h>

/* How long a name is that expat hands over. */
static inline unsigned long expat_length(const XML_Char *name) { return __builtin_strlen(name); }

/* Where a byte is first, up to `count`; `count` where it is not. */
static inline unsigned long expat_find(const char *bytes, char wanted, unsigned long count) {
    const char *found = (const char *)__builtin_memchr(bytes, wanted, count);
    return found ? (unsigned long)(found - bytes) : count;
}

#include <expat.h>

/* How long a name is that expat hands over. */
static inline unsigned long expat_length(const XML_Char *name) { return __builtin_strlen(name); }

#include "parse/linux.h"
#include "parse/web.h"

/* nginx, Apache by syslog: the message is a line of the access or of the error log; the head's time counts.
 */
bool linux_web(struct parse_out *out, struct str msg)
{
    int64_t time_ns;
    if (web_access(out, msg, &time_ns))
        return true;
    return web_error(out, msg, &time_ns) || web_error_syslog(out, msg);
}

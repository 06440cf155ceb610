/* db.h - what databases write: PostgreSQL, MySQL and MariaDB, SQL Server. Private to src/parse. */
#ifndef KHIEN_PARSE_DB_H
#define KHIEN_PARSE_DB_H

#include "parse/fieldmap.h"
#include "parse/linux.h"

/* Text of a PostgreSQL message: sign-ins, statements, durations. Takes nothing where it says none of these.
 */
void db_pgsql_text(struct parse_out *out, struct str level, struct str text);

#endif

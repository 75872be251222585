/*
 * The file that names the key a worker computes (see crash_mark.h).  It lies in
 * the folder for temporary statistics: base backups leave that out, and it is
 * kept over a crash.
 */
#include "compat.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file_perm.h"
#include "libpq/pqsignal.h"
#include "pgstat.h"
#include "storage/fd.h"
#include "storage/ipc.h"

#include "jobs/crash_mark.h"

#ifndef PG_STAT_TMP_DIR
#define PG_STAT_TMP_DIR "pg_stat_tmp"
#endif

/* Of this worker; empty when there is no file. */
static char mark_path[MAXPGPATH] = "";

static void name_mark(char *path, int64 task);
static void remove_mark(int code, Datum argument);
static void quit_without_mark(SIGNAL_ARGS);

static void
name_mark(char *path, int64 task)
{
	snprintf(path, MAXPGPATH, "%s/radiomics.%u." INT64_FORMAT, PG_STAT_TMP_DIR, MyDatabaseId, task);
}

void
radpg_crash_mark_init(void)
{
	before_shmem_exit(remove_mark, (Datum) 0);
	pqsignal(SIGQUIT, quit_without_mark);
}

static void
remove_mark(int code, Datum argument)
{
	if (mark_path[0] != '\0')
		(void) unlink(mark_path);
}

/* The postmaster says that another process has crashed, or stops at once. */
static void
quit_without_mark(SIGNAL_ARGS)
{
	if (mark_path[0] != '\0')
		(void) unlink(mark_path);
	_exit(2);
}

/*
 * Not synced to disk: after a loss of power nobody is accused.  A file that
 * cannot be written costs no more than the accusation, so it is only logged.
 */
void
radpg_crash_mark(int64 task, int key)
{
	char		path[MAXPGPATH];
	int			file;

	if (key == 0)
	{
		remove_mark(0, (Datum) 0);
		mark_path[0] = '\0';
		return;
	}
	name_mark(path, task);
	file = OpenTransientFile(path, O_WRONLY | O_CREAT | O_TRUNC | PG_BINARY);
	if (file < 0 || write(file, &key, sizeof(key)) != sizeof(key))
		ereport(LOG,
				(errcode_for_file_access(),
				 errmsg("could not write file \"%s\": %m", path)));
	if (file >= 0)
		CloseTransientFile(file);
	strlcpy(mark_path, path, sizeof(mark_path));
}

int
radpg_take_crash_mark(int64 task)
{
	char		path[MAXPGPATH];
	int			key = 0;
	int			file;

	name_mark(path, task);
	file = OpenTransientFile(path, O_RDONLY | PG_BINARY);
	if (file < 0)
		return 0;
	if (read(file, &key, sizeof(key)) != sizeof(key) || key < 0)
		key = 0;
	CloseTransientFile(file);
	(void) unlink(path);
	return key;
}

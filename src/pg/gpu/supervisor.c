/*
 * The background worker that starts the GPU helper and watches it.
 *
 * It is registered when the library is preloaded, or by the first backend that
 * wants a GPU; one at a time holds a lock in the data directory.  The helper's
 * output goes to the server log.  When the helper ends it is started again,
 * later each time; when it found no device the worker says so and leaves.
 */
#include "gpu.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/timestamp.h"

/* Beside the socket; see helper_protocol.h for the names. */
#define STATE_FILE "pgsql_tmp.radiomics_gpu.state"
#define LOCK_FILE "pgsql_tmp.radiomics_gpu.supervisor"

#define HELPER_PROGRAM "radiomics_gpu"

/* Delays double up to this; a helper that lived as long starts from the first. */
#define LONGEST_DELAY_MS 60000

/* Between two looks at a helper that has closed its output but still runs. */
#define REAP_POLL_MS 100

#define MOST_ARGUMENTS 12

extern char **environ;

typedef struct Helper
{
	pid_t		pid;			/* 0: none */
	int			lifeline;		/* its standard input, kept open */
	int			output;			/* its standard output and error */
	TimestampTz started;
	char		line[1024];		/* begun, not ended */
	int			line_length;
	char		last_line[HELPER_STATE_TEXT];	/* its last word */
} Helper;

static const char *const state_words[] = {"unknown", "starting", "ready", "restarting", "none"};

static void register_worker(BackgroundWorker *worker);
static bool take_lock(void);
static void write_state(HelperState state, const char *text);
static void start_helper(Helper *helper, int64 generation);
static void stop_helper(Helper *helper);
static bool read_output(Helper *helper);
static void take_line(Helper *helper, const char *line);
static int	reap_helper(Helper *helper);
static TimestampTz plan_restart(Helper *helper, int *delay_ms);
static char *helper_options(void);

/* ----------------------------------------------------------- for backends */

bool
radpg_gpu_is_likely(void)
{
	static int	likely = -1;

	/* The driver's control device; /dev/dxg is the one of Windows' subsystem. */
	if (likely < 0)
		likely = access("/dev/nvidiactl", F_OK) == 0 || access("/dev/dxg", F_OK) == 0;
	return radpg_gpu_emulate || likely == 1;
}

static void
register_worker(BackgroundWorker *worker)
{
	memset(worker, 0, sizeof(*worker));
	strlcpy(worker->bgw_name, "radiomics gpu supervisor", BGW_MAXLEN);
	strlcpy(worker->bgw_type, "radiomics gpu supervisor", BGW_MAXLEN);
	strlcpy(worker->bgw_library_name, "radiomics", BGW_MAXLEN);
	strlcpy(worker->bgw_function_name, "radpg_gpu_supervisor_main", BGW_MAXLEN);
	worker->bgw_flags = BGWORKER_SHMEM_ACCESS;
	worker->bgw_start_time = BgWorkerStart_ConsistentState;
	worker->bgw_restart_time = 5;
}

void
radpg_gpu_register_static_supervisor(void)
{
	BackgroundWorker worker;

	if (IsBinaryUpgrade || radpg_device_choice == DEVICE_CPU || !radpg_gpu_is_likely())
		return;
	register_worker(&worker);
	RegisterBackgroundWorker(&worker);
}

bool
radpg_gpu_start_supervisor(void)
{
	BackgroundWorker worker;

	register_worker(&worker);
	return RegisterDynamicBackgroundWorker(&worker, NULL);
}

/*
 * The state file says who wrote it: one of another start of the server, or of
 * another choice between GPUs and emulation, means nothing.
 */
HelperState
radpg_gpu_read_state(char text[HELPER_STATE_TEXT])
{
	char		line[HELPER_STATE_TEXT + 64];
	char		word[16];
	long long	server_start;
	int			emulate;
	int			end = 0;
	int			descriptor = BasicOpenFile(STATE_FILE, O_RDONLY);
	ssize_t		length;

	text[0] = '\0';
	if (descriptor < 0)
		return HELPER_STATE_UNKNOWN;
	length = read(descriptor, line, sizeof(line) - 1);
	close(descriptor);
	if (length <= 0)
		return HELPER_STATE_UNKNOWN;
	line[length] = '\0';
	if (sscanf(line, "%lld %d %15s %n", &server_start, &emulate, word, &end) < 3 ||
		server_start != (long long) PgStartTime || (emulate != 0) != radpg_gpu_emulate)
		return HELPER_STATE_UNKNOWN;
	strlcpy(text, line + end, HELPER_STATE_TEXT);
	for (int state = HELPER_STATE_STARTING; state <= HELPER_STATE_NONE; state++)
		if (strcmp(word, state_words[state]) == 0)
			return (HelperState) state;
	return HELPER_STATE_UNKNOWN;
}

/* --------------------------------------------------------- the supervisor */

/* Replaced in one step, so that nobody reads half of it. */
static void
write_state(HelperState state, const char *text)
{
	char		line[HELPER_STATE_TEXT + 64];
	int			descriptor = BasicOpenFile(STATE_FILE ".new", O_RDWR | O_CREAT | O_TRUNC);
	bool		written;

	snprintf(line, sizeof(line), "%lld %d %s %.*s", (long long) PgStartTime, radpg_gpu_emulate,
			 state_words[state], HELPER_STATE_TEXT - 1, text);
	written = descriptor >= 0 &&
		write(descriptor, line, strlen(line)) == (ssize_t) strlen(line) &&
		rename(STATE_FILE ".new", STATE_FILE) == 0;
	if (!written)
		ereport(LOG,
				(errcode_for_file_access(), errmsg("could not write \"%s\": %m", STATE_FILE)));
	if (descriptor >= 0)
		close(descriptor);
}

static bool
take_lock(void)
{
	int			descriptor = BasicOpenFile(LOCK_FILE, O_RDWR | O_CREAT);

	/* Held until this process ends, and not by the helper. */
	if (descriptor < 0)
		return false;
	fcntl(descriptor, F_SETFD, FD_CLOEXEC);
	return flock(descriptor, LOCK_EX | LOCK_NB) == 0;
}

/* What the helper is started with; a change restarts it. */
static char *
helper_options(void)
{
	return psprintf("%s --memory=%lld --device-memory=%lld --streams=%d --fault=%s",
					radpg_gpu_emulate ? "--emulate" : "",
					(long long) radpg_gpu_memory_kb * 1024,
					(long long) radpg_gpu_stream_memory_kb * 1024, radpg_gpu_streams,
					radpg_gpu_emulate ? radpg_gpu_fault_name() : "none");
}

/* Spawn with the ends of two pipes and default signals; other descriptors stay here. */
static void
start_helper(Helper *helper, int64 generation)
{
	char		program[MAXPGPATH];
	char	   *arguments[MOST_ARGUMENTS];
	char	   *options = helper_options();
	int			count = 0;
	int			input[2];
	int			output[2];
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t	signals;
	int			error;

	if (pipe2(input, O_CLOEXEC) != 0 || pipe2(output, O_CLOEXEC) != 0)
		ereport(ERROR, (errcode_for_file_access(), errmsg("could not create a pipe: %m")));
	snprintf(program, sizeof(program), "%s/%s", pkglib_path, HELPER_PROGRAM);
	arguments[count++] = program;
	arguments[count++] = psprintf("--generation=%lld", (long long) generation);
	for (char *word = strtok(options, " "); word != NULL; word = strtok(NULL, " "))
		arguments[count++] = word;
	arguments[count] = NULL;
	Assert(count < MOST_ARGUMENTS);

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, output[1], STDERR_FILENO);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
	posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
#endif
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
							 POSIX_SPAWN_SETPGROUP);
	sigfillset(&signals);
	posix_spawnattr_setsigdefault(&attributes, &signals);
	sigemptyset(&signals);
	posix_spawnattr_setsigmask(&attributes, &signals);

	write_state(HELPER_STATE_STARTING, "");
	error = posix_spawn(&helper->pid, program, &actions, &attributes, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	close(input[0]);
	close(output[1]);
	helper->lifeline = input[1];
	helper->output = output[0];
	helper->line_length = 0;
	helper->started = GetCurrentTimestamp();
	if (error == 0)
		return;
	close(helper->lifeline);
	close(helper->output);
	helper->pid = 0;
	write_state(HELPER_STATE_NONE, psprintf("\"%s\" could not be started", program));
	ereport(LOG,
			(errmsg("could not start the GPU helper \"%s\": %s", program, strerror(error)),
			 errhint("It is installed with the extension; see doc/gpu.md.")));
	proc_exit(0);
}

/* Close its input, which it takes as the sign to end, and make sure. */
static void
stop_helper(Helper *helper)
{
	if (helper->pid == 0)
		return;
	close(helper->lifeline);
	helper->lifeline = -1;
	for (int tenth = 0; tenth < 20; tenth++)
	{
		if (waitpid(helper->pid, NULL, WNOHANG) != 0)
		{
			helper->pid = 0;
			break;
		}
		pg_usleep(REAP_POLL_MS * 1000L);
	}
	if (helper->pid != 0)
	{
		kill(helper->pid, SIGKILL);
		waitpid(helper->pid, NULL, 0);
		helper->pid = 0;
	}
	close(helper->output);
}

static void
take_line(Helper *helper, const char *line)
{
	strlcpy(helper->last_line, line, sizeof(helper->last_line));
	if (strncmp(line, "ready:", 6) == 0)
		write_state(HELPER_STATE_READY, line);
	ereport(LOG, (errmsg("radiomics GPU helper: %s", line)));
}

/* Pass finished lines on; false when the output has ended. */
static bool
read_output(Helper *helper)
{
	char	   *begin = helper->line;
	char	   *end;
	ssize_t		length = read(helper->output, helper->line + helper->line_length,
							  sizeof(helper->line) - 1 - (size_t) helper->line_length);

	if (length < 0 && errno == EINTR)
		return true;
	if (length <= 0)
	{
		if (helper->line_length > 0)
			take_line(helper, helper->line);
		return false;
	}
	helper->line_length += (int) length;
	helper->line[helper->line_length] = '\0';
	while ((end = strchr(begin, '\n')) != NULL)
	{
		*end = '\0';
		take_line(helper, begin);
		begin = end + 1;
	}

	/* Keep what is not ended, unless it is longer than a line may be. */
	helper->line_length -= (int) (begin - helper->line);
	memmove(helper->line, begin, (size_t) helper->line_length + 1);
	if (helper->line_length == (int) sizeof(helper->line) - 1)
	{
		take_line(helper, helper->line);
		helper->line_length = 0;
	}
	return true;
}

/* Its output has ended: how did it? */
static int
reap_helper(Helper *helper)
{
	int			status = 0;

	close(helper->output);
	close(helper->lifeline);
	waitpid(helper->pid, &status, 0);
	helper->pid = 0;
	return status;
}

/* Say how the helper ended and when it is tried again; exits when that is no use. */
static TimestampTz
plan_restart(Helper *helper, int *delay_ms)
{
	int			status = reap_helper(helper);
	TimestampTz now = GetCurrentTimestamp();
	char		how[64];

	if (WIFEXITED(status) && WEXITSTATUS(status) == HELPER_EXIT_NO_DEVICE)
	{
		write_state(HELPER_STATE_NONE, helper->last_line);
		proc_exit(0);
	}
	if (WIFSIGNALED(status))
		snprintf(how, sizeof(how), "by signal %d", WTERMSIG(status));
	else
		snprintf(how, sizeof(how), "with status %d", WEXITSTATUS(status));
	if (TimestampDifferenceExceeds(helper->started, now, LONGEST_DELAY_MS))
		*delay_ms = 0;
	*delay_ms = *delay_ms == 0 ? radpg_gpu_restart_delay_ms : Min(2 * *delay_ms, LONGEST_DELAY_MS);
	write_state(HELPER_STATE_RESTARTING, how);
	ereport(LOG,
			(errmsg("the radiomics GPU helper ended %s and is started again in %d ms", how,
					*delay_ms)));
	return TimestampTzPlusMilliseconds(now, *delay_ms);
}

void
radpg_gpu_supervisor_main(Datum argument)
{
	Helper		helper = {0};
	TimestampTz start_at = 0;
	int64		generation = 0;
	int			delay_ms = 0;

	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	BackgroundWorkerUnblockSignals();
	if (!take_lock())
		proc_exit(0);

	while (!ShutdownRequestPending)
	{
		int			events = WL_LATCH_SET | WL_EXIT_ON_PM_DEATH;
		long		left = 0;
		int			happened;

		if (ConfigReloadPending)
		{
			char	   *options = helper_options();

			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			if (strcmp(options, helper_options()) != 0)
			{
				stop_helper(&helper);
				start_at = 0;
			}
		}
		if (helper.pid == 0)
		{
			left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), start_at);
			if (left <= 0)
				start_helper(&helper, ++generation);
		}
		if (helper.pid != 0)
			events |= WL_SOCKET_READABLE;
		else
			events |= WL_TIMEOUT;
		happened = WaitLatchOrSocket(MyLatch, events,
									 helper.pid != 0 ? helper.output : PGINVALID_SOCKET,
									 left, PG_WAIT_EXTENSION);
		if (happened & WL_LATCH_SET)
		{
			ResetLatch(MyLatch);
			CHECK_FOR_INTERRUPTS();
		}
		if ((happened & WL_SOCKET_READABLE) && !read_output(&helper))
			start_at = plan_restart(&helper, &delay_ms);
	}
	stop_helper(&helper);
	unlink(STATE_FILE);
	proc_exit(0);
}

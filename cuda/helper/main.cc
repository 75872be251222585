/*
 * radiomics_gpu: the process that has the GPUs.  A background worker of the
 * server starts it in the data directory and watches it; it has none of the
 * server's memory, so that whatever happens to it, or in the driver, the
 * server goes on.
 *
 * Standard input is a pipe that ends when the supervisor does; what is written
 * to standard error goes to the server's log, line by line.  The first line of
 * standard output says that clients may come.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <memory>

#include "helper/server.h"

namespace
{

struct Options
{
	const char *socket = HELPER_SOCKET;
	int64_t		memory_bytes = INT64_C(128) << 20;
	int64_t		generation = 1;
	WorkerOptions workers;
};

void
usage()
{
	fputs("usage: radiomics_gpu [--socket=PATH] [--memory=BYTES] [--device-memory=BYTES]\n"
		  "                     [--streams=N] [--generation=N] [--emulate]\n"
		  "                     [--fault=memory|hang|lost]\n"
		  "The server starts this program; see doc/gpu.md.\n", stderr);
}

bool
parse_number(const char *text, int64_t most, int64_t *number)
{
	char	   *end;

	errno = 0;
	*number = strtoll(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && *number > 0 && *number <= most;
}

bool
parse_fault(const char *text, Fault *fault)
{
	static const char *const names[] = {"none", "memory", "hang", "lost"};

	for (int n = FAULT_NONE; n <= FAULT_LOST; n++)
		if (strcmp(text, names[n]) == 0)
		{
			*fault = (Fault) n;
			return true;
		}
	return false;
}

bool
parse_options(int argc, char **argv, Options *options)
{
	static const option names[] = {
		{"socket", required_argument, nullptr, 's'},
		{"memory", required_argument, nullptr, 'm'},
		{"device-memory", required_argument, nullptr, 'd'},
		{"streams", required_argument, nullptr, 'n'},
		{"generation", required_argument, nullptr, 'g'},
		{"emulate", no_argument, nullptr, 'e'},
		{"fault", required_argument, nullptr, 'f'},
		{nullptr, 0, nullptr, 0},
	};
	int64_t		number = 0;
	bool		valid = true;
	int			name;

	while (valid && (name = getopt_long(argc, argv, "", names, nullptr)) != -1)
		switch (name)
		{
			case 's':
				options->socket = optarg;
				break;
			case 'm':
				valid = parse_number(optarg, INT64_C(1) << 40, &options->memory_bytes);
				break;
			case 'd':
				valid = parse_number(optarg, INT64_C(1) << 50, &options->workers.device_bytes);
				break;
			case 'n':
				valid = parse_number(optarg, 64, &number);
				options->workers.streams = (int) number;
				break;
			case 'g':
				valid = parse_number(optarg, INT64_MAX, &options->generation);
				break;
			case 'e':
				options->workers.emulate = true;
				break;
			case 'f':
				valid = parse_fault(optarg, &options->workers.fault);
				break;
			default:
				valid = false;
		}
	return valid && optind == argc;
}

bool
create_memory(SharedMemory *memory, int64_t bytes)
{
	memory->bytes = bytes;
	memory->descriptor = memfd_create("radiomics_gpu", MFD_CLOEXEC);
	if (memory->descriptor >= 0 && ftruncate(memory->descriptor, bytes) == 0)
	{
		void	   *address = mmap(nullptr, (size_t) bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
								   memory->descriptor, 0);

		if (address != MAP_FAILED)
		{
			memory->address = (uint8_t *) address;
			return true;
		}
	}
	fprintf(stderr, "could not make %lld bytes of shared memory: %s\n", (long long) bytes,
			strerror(errno));
	return false;
}

/* A descriptor per backend may be more than the usual limit. */
void
raise_descriptor_limit()
{
	rlimit		limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
	{
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/*
 * One helper per socket.  The last one may still be on its way out: the lock
 * goes with its process, however that ends.
 */
bool
take_lock(const char *socket)
{
	std::string path = std::string(socket) + ".lock";
	int			descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	for (int tenth = 0; descriptor >= 0 && tenth < 300; tenth++)
	{
		if (flock(descriptor, LOCK_EX | LOCK_NB) == 0)
			return true;
		if (errno != EWOULDBLOCK && errno != EINTR)
			break;
		usleep(100000);
	}
	fprintf(stderr, "could not lock \"%s\": %s\n", path.c_str(), strerror(errno));
	return false;
}

}								/* namespace */

int
main(int argc, char **argv)
{
	Options		options;
	SharedMemory memory;
	std::string reason;
	int			done_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int			status;

	signal(SIGPIPE, SIG_IGN);
	raise_descriptor_limit();
	if (!parse_options(argc, argv, &options))
	{
		usage();
		return HELPER_EXIT_USAGE;
	}
	if (done_event < 0 || !take_lock(options.socket) || !create_memory(&memory, options.memory_bytes))
		return HELPER_EXIT_USAGE;

	std::unique_ptr<Workers> workers(new Workers(options.workers, done_event));

	if (!workers->open(memory.address, (size_t) memory.bytes, reason))
	{
		fprintf(stderr, "%s\n", reason.c_str());
		return HELPER_EXIT_NO_DEVICE;
	}

	Server		server(*workers, memory, options.generation, done_event);

	if (!server.open(options.socket))
		return HELPER_EXIT_USAGE;
	workers->start();
	printf("ready: %d device%s, the first is %s\n", workers->device_count(),
		   workers->device_count() == 1 ? "" : "s", workers->device_name(0));
	fflush(stdout);
	status = server.run();
	unlink(options.socket);

	/* Batches that run would be waited for; nobody wants their counts any more. */
	_exit(status);
}

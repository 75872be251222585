/*
 * Sockets of the helper; see server.h.
 */
#include "helper/server.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>

namespace
{

/* Longest time that a client may ask to wait. */
const int	most_timeout_ms = 3600 * 1000;

Clock::time_point
deadline_of(const HelperMessage &message)
{
	int			ms = std::min(std::max(message.timeout_ms, 0), most_timeout_ms);

	return Clock::now() + std::chrono::milliseconds(ms);
}

}								/* namespace */

Server::Server(Workers &workers, const SharedMemory &memory, int64_t generation, int done_event)
	: workers(workers), memory(memory), reservations(memory.bytes), generation(generation),
	  done_event(done_event)
{
}

bool
Server::open(const char *path)
{
	sockaddr_un address = {};

	address.sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(address.sun_path))
	{
		fprintf(stderr, "path of the socket is too long: %s\n", path);
		return false;
	}
	strcpy(address.sun_path, path);
	listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	unlink(path);
	umask(0077);
	if (listener < 0 || bind(listener, (sockaddr *) &address, sizeof(address)) != 0 ||
		listen(listener, 1024) != 0)
	{
		fprintf(stderr, "could not listen at \"%s\": %s\n", path, strerror(errno));
		return false;
	}
	return true;
}

/* The greeting carries the shared memory's descriptor. */
void
Server::greet(int socket)
{
	HelperMessage message = {};
	char		control[CMSG_SPACE(sizeof(int))] = {};
	iovec		part = {&message, sizeof(message)};
	msghdr		header = {};
	cmsghdr    *attached;

	message.kind = HELPER_HELLO;
	message.protocol = HELPER_PROTOCOL;
	message.bytes = memory.bytes;
	message.generation = generation;
	message.device_count = workers.device_count();
	snprintf(message.name, sizeof(message.name), "%s", workers.device_name(0));
	header.msg_iov = &part;
	header.msg_iovlen = 1;
	header.msg_control = control;
	header.msg_controllen = sizeof(control);
	attached = CMSG_FIRSTHDR(&header);
	attached->cmsg_level = SOL_SOCKET;
	attached->cmsg_type = SCM_RIGHTS;
	attached->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(attached), &memory.descriptor, sizeof(int));
	if (sendmsg(socket, &header, MSG_NOSIGNAL) < 0)
		fprintf(stderr, "could not greet a client: %s\n", strerror(errno));
}

void
Server::accept_client()
{
	int			socket = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (socket < 0)
		return;
	clients[next_number++].socket = socket;
	greet(socket);
}

bool
Server::answer(Client &client, HelperMessageKind kind, HelperStatus status, int64_t offset,
			   int device)
{
	HelperMessage message = {};

	message.kind = kind;
	message.status = status;
	message.offset = offset;
	message.device = device;
	if (device >= 0)
		snprintf(message.name, sizeof(message.name), "%s", workers.device_name(device));
	return client.socket >= 0 &&
		send(client.socket, &message, sizeof(message), MSG_NOSIGNAL) == (ssize_t) sizeof(message);
}

void
Server::release(Client &client)
{
	if (client.offset >= 0)
		reservations.release(client.offset);
	client.offset = -1;
}

/* A client has gone.  What is being counted keeps its memory until it is done. */
void
Server::forget(uint64_t number)
{
	Client	   &client = clients[number];

	close(client.socket);
	client.socket = -1;
	waiting.erase(std::remove(waiting.begin(), waiting.end(), number), waiting.end());
	if (client.counting)
		return;
	release(client);
	clients.erase(number);
}

void
Server::reserve(uint64_t number, Client &client, const HelperMessage &message)
{
	release(client);
	if (!reservations.fits(message.bytes))
	{
		answer(client, HELPER_RESERVED, HELPER_TOO_LARGE, -1, -1);
		return;
	}
	client.bytes = message.bytes;
	client.deadline = deadline_of(message);
	waiting.push_back(number);
}

/* Give room to those who wait for it, in order; turn away who waited too long. */
void
Server::admit()
{
	Clock::time_point now = Clock::now();

	while (!waiting.empty())
	{
		Client	   &client = clients[waiting.front()];

		client.offset = reservations.reserve(client.bytes);
		if (client.offset < 0)
			break;
		waiting.pop_front();
		answer(client, HELPER_RESERVED, HELPER_OK, client.offset, -1);
	}
	for (size_t n = 0; n < waiting.size();)
	{
		Client	   &client = clients[waiting[n]];

		if (client.deadline > now)
		{
			n++;
			continue;
		}
		answer(client, HELPER_RESERVED, HELPER_BUSY, -1, -1);
		waiting.erase(waiting.begin() + (long) n);
	}
}

void
Server::count(uint64_t number, Client &client, const HelperMessage &message)
{
	Job			job = {};

	if (client.offset < 0 || client.counting)
	{
		answer(client, HELPER_COUNTED, HELPER_INVALID, -1, -1);
		return;
	}
	job.client = number;
	job.buffer = (CountBuffer *) (memory.address + client.offset);
	job.deadline = deadline_of(message);
	if (!rad_request_is_valid(job.buffer, client.bytes))
	{
		fprintf(stderr, "a client sent a request that is not valid\n");
		answer(client, HELPER_COUNTED, HELPER_INVALID, -1, -1);
		return;
	}
	client.counting = true;
	workers.submit(job);
}

/* Statistics of every device. */
void
Server::report(Client &client)
{
	HelperMessage end = {};

	for (HelperDevice &device : workers.statistics())
	{
		device.message.kind = HELPER_DEVICE;
		device.message.generation = generation;
		device.fallbacks = fallbacks;
		device.clients = (int64_t) clients.size();
		send(client.socket, &device, sizeof(device), MSG_NOSIGNAL);
	}
	end.kind = HELPER_END;
	end.generation = generation;
	send(client.socket, &end, sizeof(end), MSG_NOSIGNAL);
}

/* One message; false when the client has gone or does not keep to the protocol. */
bool
Server::read_client(uint64_t number, Client &client)
{
	HelperMessage message;
	ssize_t		length = recv(client.socket, &message, sizeof(message), MSG_DONTWAIT);

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (length != (ssize_t) sizeof(message))
		return false;
	fallbacks += message.fallbacks;
	switch (message.kind)
	{
		case HELPER_RESERVE:
			if (client.counting)
				return false;
			reserve(number, client, message);
			return true;
		case HELPER_COUNT:
			count(number, client, message);
			return true;
		case HELPER_RELEASE:
			if (client.counting)
				return false;
			release(client);
			return true;
		case HELPER_STATUS:
			report(client);
			return true;
		default:
			return false;
	}
}

/* Tell clients that their requests are counted. */
void
Server::deliver()
{
	uint64_t	counter;

	if (read(done_event, &counter, sizeof(counter)) < 0 && errno != EAGAIN)
		fprintf(stderr, "could not read from the workers: %s\n", strerror(errno));
	for (const Job &job : workers.finished())
	{
		Client	   &client = clients[job.client];

		client.counting = false;
		if (client.socket >= 0)
			answer(client, HELPER_COUNTED, job.status, client.offset, job.device);
		else
		{
			release(client);
			clients.erase(job.client);
		}
	}
}

/* Until the next client has waited too long; -1: nobody waits. */
int
Server::wait_ms() const
{
	int64_t		ms = -1;

	for (uint64_t number : waiting)
	{
		int64_t		left = std::chrono::duration_cast<std::chrono::milliseconds>(
			clients.at(number).deadline - Clock::now()).count() + 1;

		left = std::max<int64_t>(left, 0);
		ms = ms < 0 ? left : std::min(ms, left);
	}
	return (int) ms;
}

int
Server::run()
{
	for (;;)
	{
		std::vector<pollfd> events = {
			{STDIN_FILENO, POLLIN, 0}, {done_event, POLLIN, 0}, {listener, POLLIN, 0}};
		std::vector<uint64_t> numbers;

		for (const auto &client : clients)
			if (client.second.socket >= 0)
			{
				events.push_back({client.second.socket, POLLIN, 0});
				numbers.push_back(client.first);
			}
		if (poll(events.data(), events.size(), wait_ms()) < 0 && errno != EINTR)
			return HELPER_EXIT_USAGE;

		/* Whoever started this process has ended, or wants it to. */
		if (events[0].revents != 0)
			return HELPER_EXIT_OK;
		if (workers.lost())
			return HELPER_EXIT_LOST;
		if (events[1].revents != 0)
			deliver();
		for (size_t n = 0; n < numbers.size(); n++)
			if (events[3 + n].revents != 0 && !read_client(numbers[n], clients[numbers[n]]))
				forget(numbers[n]);
		if (events[2].revents != 0)
			accept_client();
		admit();
	}
}

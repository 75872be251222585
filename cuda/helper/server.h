/*
 * The helper's one thread that talks: clients, reservations, and the way of
 * requests to the workers and back.
 */
#ifndef RAD_HELPER_SERVER_H
#define RAD_HELPER_SERVER_H

#include <deque>
#include <map>
#include <string>

#include "helper/reservations.h"
#include "helper/workers.h"

/* Shared memory without a name. */
struct SharedMemory
{
	int			descriptor = -1;
	uint8_t    *address = nullptr;
	int64_t		bytes = 0;
};

struct Client
{
	int			socket = -1;	/* -1: gone, while its request is being counted */
	int64_t		offset = -1;	/* of its reservation */
	int64_t		bytes = 0;
	bool		counting = false;
	Clock::time_point deadline; /* of a client that waits for room */
};

class Server
{
public:
	Server(Workers &workers, const SharedMemory &memory, int64_t generation, int done_event);

	/* Bind the socket; false, with a reason on stderr. */
	bool		open(const char *path);

	/* Serve until standard input ends or a device is lost. */
	int			run();

private:
	void		accept_client();
	void		greet(int socket);
	bool		read_client(uint64_t number, Client &client);
	void		reserve(uint64_t number, Client &client, const HelperMessage &message);
	void		count(uint64_t number, Client &client, const HelperMessage &message);
	void		report(Client &client);
	void		forget(uint64_t number);
	void		release(Client &client);
	void		admit();
	void		deliver();
	bool		answer(Client &client, HelperMessageKind kind, HelperStatus status,
					   int64_t offset, int device);
	int			wait_ms() const;

	Workers    &workers;
	SharedMemory memory;
	Reservations reservations;
	int64_t		generation;
	int			done_event;
	int			listener = -1;
	uint64_t	next_number = 1;
	std::map<uint64_t, Client> clients;
	std::deque<uint64_t> waiting;	/* for room, in order */
	int64_t		fallbacks = 0;
};

#endif							/* RAD_HELPER_SERVER_H */

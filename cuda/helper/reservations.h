/*
 * Who has which part of the shared memory: first fit over a list of parts in
 * order of offset.  Admission control is nothing more than this: who finds no
 * room waits in line.
 */
#ifndef RAD_HELPER_RESERVATIONS_H
#define RAD_HELPER_RESERVATIONS_H

#include <stdint.h>

#include <map>

class Reservations
{
public:
	explicit Reservations(int64_t bytes) : bytes(bytes) {}

	/* An offset, or -1 when there is no room now. */
	int64_t
	reserve(int64_t wanted)
	{
		int64_t		from = 0;

		wanted = rounded(wanted);
		for (const auto &part : parts)
		{
			if (part.first - from >= wanted)
				break;
			from = part.first + part.second;
		}
		if (wanted > bytes - from)
			return -1;
		parts[from] = wanted;
		return from;
	}

	void
	release(int64_t offset)
	{
		parts.erase(offset);
	}

	/* Could it ever be reserved? */
	bool
	fits(int64_t wanted) const
	{
		return wanted > 0 && wanted <= bytes && rounded(wanted) <= bytes;
	}

private:
	static int64_t
	rounded(int64_t wanted)
	{
		return (wanted + 4095) / 4096 * 4096;
	}

	int64_t		bytes;
	std::map<int64_t, int64_t> parts;	/* offset -> length */
};

#endif							/* RAD_HELPER_RESERVATIONS_H */

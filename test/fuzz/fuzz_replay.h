/*
 * With REPLAY defined, a main that gives the files named on the command line
 * to the fuzzer once, for compilers without libFuzzer.
 */
#ifndef FUZZ_REPLAY_H
#define FUZZ_REPLAY_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int			LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef REPLAY
int
main(int argc, char **argv)
{
	for (int n = 1; n < argc; n++)
	{
		FILE	   *stream = fopen(argv[n], "rb");
		uint8_t    *data = malloc((size_t) 1 << 24);
		size_t		size;

		if (stream == NULL || data == NULL)
		{
			perror(argv[n]);
			return 1;
		}
		size = fread(data, 1, (size_t) 1 << 24, stream);
		fclose(stream);
		LLVMFuzzerTestOneInput(data, size);
		free(data);
	}
	printf("replayed %d files\n", argc - 1);
	return 0;
}
#endif

#endif							/* FUZZ_REPLAY_H */

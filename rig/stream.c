// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * A checked TCP transfer between two machines of the rig: pseudo-random bytes go one way, what
 * arrived is told on the way back.
 *
 *   stream listen PORT
 *       returns once it listens; takes one transfer in the background
 *   stream send ADDRESS PORT BYTES SEED
 *       prints "BYTES SECONDS SENT-CHECKSUM RECEIVED-CHECKSUM"; exit 0 if they agree
 *
 * The receiver makes the same bytes from the seed and so knows where the first wrong one is.
 */
#include <inttypes.h>
#include <time.h>

#define PROGRAM "stream"
#include "connection.h"

#define CHUNK 8192 /* words */

/* What goes ahead of the bytes, and what comes back after them. */
struct order {
	uint64_t bytes, seed;
};
struct answer {
	uint64_t bytes, checksum;
	int64_t first_wrong; /* offset, or -1 */
};

/* The next pseudo-random word (xorshift64). */
static uint64_t next_word(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* FNV-1a over 64-bit words: any one wrong word changes it, and so does the order of words. */
static uint64_t checksum(uint64_t sum, const uint64_t *words, size_t count)
{
	while (count--)
		sum = (sum ^ *words++) * 0x100000001b3ull;
	return sum;
}

/* Returns how much came before the other side closed. */
static size_t read_all(int fd, void *data, size_t size)
{
	size_t have = 0;

	while (have < size) {
		ssize_t done = read(fd, (char *)data + have, size - have);

		if (done < 0)
			die("read");
		if (!done)
			break;
		have += done;
	}
	return have;
}

static void receive(int fd)
{
	static uint64_t got[CHUNK];
	struct answer answer = { .checksum = 0xcbf29ce484222325ull, .first_wrong = -1 };
	struct order order;
	uint64_t state;
	size_t size;

	if (read_all(fd, &order, sizeof(order)) != sizeof(order))
		exit(2);
	state = order.seed;
	do {
		size = read_all(fd, got, sizeof(got));
		for (size_t i = 0; i < size / 8; i++) {
			if (got[i] != next_word(&state) && answer.first_wrong < 0)
				answer.first_wrong = answer.bytes + 8 * i;
		}
		answer.checksum = checksum(answer.checksum, got, size / 8);
		answer.bytes += size;
	} while (size == sizeof(got));
	write_all(fd, &answer, sizeof(answer));
	exit(0);
}

static int do_listen(const char *port)
{
	const struct sockaddr_in own = address_of(NULL, port);
	int fd = listen_behind(&own, 1);

	alarm(600);
	fd = accept(fd, NULL, NULL);
	if (fd < 0)
		die("accept");
	receive(fd);
	return 0;
}

static int do_send(const char *host, const char *port, uint64_t bytes, uint64_t seed)
{
	static uint64_t words[CHUNK];
	struct sockaddr_in a = address_of(host, port);
	struct order order = { (bytes + 7) / 8 * 8, seed };
	uint64_t sum = 0xcbf29ce484222325ull, state = seed;
	struct timespec start, end;
	struct answer answer;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&a, sizeof(a)))
		die("connect");
	clock_gettime(CLOCK_MONOTONIC, &start);
	write_all(fd, &order, sizeof(order));
	for (uint64_t left = order.bytes / 8; left;) {
		size_t count = left < CHUNK ? left : CHUNK;

		for (size_t i = 0; i < count; i++)
			words[i] = next_word(&state);
		sum = checksum(sum, words, count);
		write_all(fd, words, 8 * count);
		left -= count;
	}
	shutdown(fd, SHUT_WR);
	errno = 0;
	if (read_all(fd, &answer, sizeof(answer)) != sizeof(answer))
		die("waiting for the receiver's answer");
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%" PRIu64 " %.2f %016" PRIx64 " %016" PRIx64 "\n", order.bytes,
	       end.tv_sec - start.tv_sec + (end.tv_nsec - start.tv_nsec) / 1e9, sum,
	       answer.checksum);
	if (answer.bytes == order.bytes && answer.checksum == sum && answer.first_wrong < 0)
		return 0;
	fprintf(stderr,
		"stream: sent %" PRIu64 " bytes, %" PRIu64
		" arrived, the first wrong one at offset %" PRId64 "\n",
		order.bytes, answer.bytes, answer.first_wrong);
	return 1;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "listen"))
		return do_listen(argv[2]);
	if (argc == 6 && !strcmp(argv[1], "send") && strtoull(argv[5], NULL, 0))
		return do_send(argv[2], argv[3], strtoull(argv[4], NULL, 0),
			       strtoull(argv[5], NULL, 0));
	fprintf(stderr,
		"usage: stream listen PORT | stream send ADDRESS PORT BYTES SEED (SEED not 0)\n");
	return 2;
}

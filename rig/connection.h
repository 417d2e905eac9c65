/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What stream.c and flow.c share: addresses, a service in the background, the whole of a write. What
 * fails ends the program with status 2 and a line that begins with PROGRAM, which it defines before.
 */
#ifndef VPIO_RIG_CONNECTION_H
#define VPIO_RIG_CONNECTION_H

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static inline void die(const char *what)
{
	fprintf(stderr, PROGRAM ": %s: %s\n", what,
		errno ? strerror(errno) : "connection closed early");
	exit(2);
}

/* @host NULL: all of this machine's addresses. */
static inline struct sockaddr_in address_of(const char *host, const char *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };

	if (host && !inet_aton(host, &address.sin_addr)) {
		fprintf(stderr, PROGRAM ": '%s' is not an IPv4 address\n", host);
		exit(2);
	}
	return address;
}

/*
 * A socket that listens at @own with a queue of @most connections. It is returned in the background;
 * what the caller was ends with status 0 as soon as it listens.
 */
static inline int listen_behind(const struct sockaddr_in *own, int most)
{
	int yes = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (const struct sockaddr *)own, sizeof(*own)) || listen(fd, most))
		die("listen");
	if (fork())
		exit(0);
	setsid();
	if (!freopen("/dev/null", "r+", stdout) || !freopen("/dev/null", "r+", stderr))
		exit(2);
	return fd;
}

static inline void write_all(int fd, const void *data, size_t size)
{
	for (ssize_t done; size; size -= done, data = (const char *)data + done) {
		done = write(fd, data, size);
		if (done < 0)
			die("write");
	}
}

#endif /* VPIO_RIG_CONNECTION_H */

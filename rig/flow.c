// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Timed traffic between two machines, for the benchmarks (rig/stream.c moves checked bytes for the
 * tests):
 *
 *   flow serve PORT
 *       returns once it listens; answers any number of the following, one after the other, in the
 *       background
 *   flow tcp-send|tcp-receive|udp-send|udp-receive ADDRESS PORT MILLISECONDS [DATAGRAMS-PER-SECOND]
 *       moves bytes as fast as it can (datagrams not faster than that); prints "BYTES NS
 *       DATAGRAMS-LOST", the bytes that arrived and the time from the first to the last. What TCP
 *       has taken and not yet sent when the time is over is forgotten, so that a slow card takes
 *       no longer than a fast one.
 *   flow request ADDRESS PORT MILLISECONDS
 *       one byte to and fro by UDP, one request at a time; prints "REQUESTS NS MEDIAN P99", the
 *       last two in ns
 *
 * What is asked goes over a TCP connection, and so does the answer; datagrams go to and from the
 * same port.
 */
#include <inttypes.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

#define PROGRAM "flow"
#include "connection.h"

enum {
	SEGMENT = 1460, /* bytes of TCP, and of UDP, in a full frame */
	DATAGRAM = 1472,
	CHUNK = 16384,
	MOST_TIMES = 100000,
	PATIENCE_MS = 300, /* for a datagram that was sent last, or lost */

	/* What may be on its way to whoever receives, wherever that is: it fits into the smallest ring
	 * that a NIC's driver here has (8139too: 32 KiB). QEMU's RTL8139 and this driver do not get
	 * over a full one: see docs/benchmarks.md. */
	WINDOW = 16 * SEGMENT,
};

enum what { TCP_SEND, TCP_RECEIVE, UDP_SEND, UDP_RECEIVE, REQUEST, KINDS };
static const char *const names[KINDS] = { "tcp-send", "tcp-receive", "udp-send", "udp-receive",
					  "request" };

/* What goes ahead, what comes back, and what each datagram begins with. */
struct order {
	uint32_t what, port, ms, rate;
};
struct answer {
	uint64_t bytes, ns, count;
};
struct head {
	uint64_t number; /* LAST: no more will come */
};
#define LAST UINT64_MAX

static char bytes[CHUNK];

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void read_all(int fd, void *data, size_t size)
{
	for (ssize_t done; size; size -= done, data = (char *)data + done) {
		errno = 0;
		done = read(fd, data, size);
		if (done <= 0)
			die("read");
	}
}

/* --- The four ways of bytes; each side has one end ---------------------------------------- */

/* Until the other side has something to say, or is gone: it knows when the time is over. */
static void pour(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN | POLLOUT };

	while (poll(&ready, 1, -1) > 0 && !(ready.revents & ~POLLOUT)) {
		if (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT) < 0 && errno != EAGAIN)
			return;
	}
}

/* For so long, from the first byte on. */
static struct answer drink(int fd, uint64_t ms)
{
	struct answer answer = { 0 };
	uint64_t start = 0, last = 0;
	ssize_t done;

	while ((!start || last < start + ms * 1000000) &&
	       (done = read(fd, bytes, sizeof(bytes))) > 0) {
		last = now();
		if (!start)
			start = last;
		else
			answer.bytes += done;
		answer.count++;
	}
	answer.ns = last - start;
	return answer;
}

/* Bounds what TCP tells the other side that it has room for; before it is connected. */
static void set_window(int fd)
{
	const int window = WINDOW,
		  room = 8 * WINDOW; /* what is given does not grow by itself any more */

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, &window, sizeof(window)))
		die("receive window");
}

/* Closes a connection and forgets what has not been sent. */
static void cut(int fd)
{
	const struct linger none = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	close(fd);
}

static uint64_t shoot(int fd, uint64_t ms, uint64_t rate)
{
	const uint64_t start = now(), end = start + ms * 1000000;
	const struct timespec gap = { .tv_nsec = 1000000 };
	struct head *head = (struct head *)bytes;
	uint64_t sent = 0, t;
	int i;

	while ((t = now()) < end) {
		if (rate && sent * 1000000000 / rate > t - start) {
			nanosleep(&gap, NULL);
			continue;
		}
		head->number = sent;
		if (send(fd, bytes, DATAGRAM, 0) == DATAGRAM)
			sent++;
		else if (errno != ENOBUFS && errno != ECONNREFUSED)
			die("send");
	}
	head->number = LAST;
	for (i = 0; i < 3; i++)
		send(fd, bytes, sizeof(*head), 0);
	return sent;
}

static struct answer collect(int fd, uint64_t ms)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	struct head *head = (struct head *)bytes;
	struct answer answer = { 0 };
	uint64_t start = 0, last = 0;
	ssize_t size;

	while (poll(&ready, 1, start ? PATIENCE_MS : (int)ms + PATIENCE_MS) > 0) {
		size = recv(fd, bytes, sizeof(bytes), 0);
		if (size == sizeof(*head) && head->number == LAST)
			break;
		if (size != DATAGRAM)
			continue;
		last = now();
		if (!start)
			start = last;
		answer.bytes += DATAGRAM;
		answer.count++;
	}
	answer.ns = last - start;
	return answer;
}

/* --- Requests ------------------------------------------------------------------------------ */

static void echo(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	ssize_t size;

	while (poll(&ready, 1, 10 * PATIENCE_MS) > 0) {
		size = recv(fd, bytes, sizeof(bytes), 0);
		if (size == sizeof(struct head))
			return;
		if (size > 0)
			send(fd, bytes, size, 0);
	}
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int ask(int fd, uint64_t ms)
{
	static uint64_t times[MOST_TIMES];
	const uint64_t start = now(), end = start + ms * 1000000;
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	struct head last = { LAST };
	unsigned int count = 0;
	uint64_t t, total;

	while ((t = now()) < end && count < MOST_TIMES) {
		send(fd, bytes, 1, 0);
		if (poll(&ready, 1, PATIENCE_MS) > 0 && recv(fd, bytes, 1, 0) == 1)
			times[count++] = now() - t;
	}
	total = now() - start;
	for (int i = 0; i < 3; i++)
		send(fd, &last, sizeof(last), 0);
	if (!count) {
		fprintf(stderr, "flow: no request was answered\n");
		return 1;
	}
	qsort(times, count, sizeof(*times), compare);
	printf("%u %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", count, total, times[count / 2],
	       times[count * 99 / 100]);
	return 0;
}

/* --- The two sides ------------------------------------------------------------------------- */

static int udp_socket(const struct sockaddr_in *own)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), size = 1 << 20, yes = 1;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes,
		   sizeof(yes)); /* several are served at a time */
	if (own && bind(fd, (const struct sockaddr *)own, sizeof(*own)))
		die("bind");
	return fd;
}

static void serve_one(int fd, const struct sockaddr_in *own, const struct sockaddr_in *from)
{
	struct sockaddr_in other = *from;
	struct answer answer = { 0 };
	struct order order;
	char yes = 1;
	int udp = -1;

	read_all(fd, &order, sizeof(order));
	if (order.what >= UDP_SEND) {
		other.sin_port = htons(order.port);
		udp = udp_socket(own);
		if (connect(udp, (struct sockaddr *)&other, sizeof(other)))
			die("connect");
	}
	write_all(fd, &yes, 1);
	switch (order.what) {
	case TCP_SEND:
		answer = drink(fd, order.ms);
		write_all(fd, &answer, sizeof(answer));
		while (read(fd, bytes, sizeof(bytes)) > 0) /* until it is cut */
			;
		return;
	case TCP_RECEIVE:
		pour(fd);
		cut(fd);
		return;
	case UDP_SEND:
		answer = collect(udp, order.ms);
		break;
	case UDP_RECEIVE:
		answer.count = shoot(udp, order.ms, order.rate);
		break;
	case REQUEST:
		echo(udp);
		break;
	}
	write_all(fd, &answer, sizeof(answer));
}

static int serve(const char *port)
{
	const struct sockaddr_in a = address_of(NULL, port);
	const int fd = listen_behind(&a, 8);
	struct sockaddr_in from;

	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		socklen_t size = sizeof(from);
		int one = accept(fd, (struct sockaddr *)&from, &size);

		if (one >= 0 && !fork()) {
			alarm(120);
			serve_one(one, &a, &from);
			exit(0);
		}
		close(one);
	}
}

static int ask_for(enum what what, const char *host, const char *port, uint32_t ms, uint32_t rate)
{
	struct sockaddr_in a = address_of(host, port), own = { 0 };
	struct order order = { what, 0, ms, rate };
	struct answer answer = { 0 }, other = { 0 };
	socklen_t size = sizeof(own);
	int fd = socket(AF_INET, SOCK_STREAM, 0), udp;
	uint64_t sent;
	char yes;

	alarm(ms / 1000 + 60);
	udp = udp_socket(NULL);
	if (what == TCP_RECEIVE)
		set_window(fd);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) ||
	    connect(udp, (struct sockaddr *)&a, sizeof(a)))
		die("connect");
	getsockname(udp, (struct sockaddr *)&own, &size);
	order.port = ntohs(own.sin_port);
	write_all(fd, &order, sizeof(order));
	read_all(fd, &yes, 1);
	switch (what) {
	case TCP_SEND:
		pour(fd);
		read_all(fd, &answer, sizeof(answer));
		cut(fd);
		break;
	case TCP_RECEIVE:
		answer = drink(fd, ms);
		cut(fd);
		break;
	case UDP_SEND:
		sent = shoot(udp, ms, rate);
		read_all(fd, &answer, sizeof(answer));
		other.count = sent - answer.count;
		break;
	case UDP_RECEIVE:
		answer = collect(udp, ms);
		read_all(fd, &other, sizeof(other));
		other.count -= answer.count;
		break;
	default:
		return ask(udp, ms);
	}
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", answer.bytes, answer.ns,
	       what < UDP_SEND ? 0 : other.count);
	return answer.bytes == 0;
}

int main(int argc, char **argv)
{
	uint32_t what;

	if (argc == 3 && !strcmp(argv[1], "serve"))
		return serve(argv[2]);
	for (what = 0; argc >= 5 && argc <= 6 && what < KINDS; what++) {
		if (!strcmp(argv[1], names[what]))
			return ask_for(what, argv[2], argv[3], atoi(argv[4]),
				       argc == 6 ? atoi(argv[5]) : 0);
	}
	fprintf(stderr,
		"usage: flow serve PORT | flow tcp-send|tcp-receive|udp-send|udp-receive|request "
		"ADDRESS PORT MILLISECONDS [DATAGRAMS-PER-SECOND]\n");
	return 2;
}

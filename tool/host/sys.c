// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Files of the system: /sys, /proc, /etc and /dev, all below VPIO_SYSROOT if that is set, so that
 * tests can make them up; programs that are run; and signals that wait for the end of a change.
 */
#define _GNU_SOURCE /* vasprintf */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"

enum {
	MOST_TEXT = 1 << 24, /* bytes of a file that is read at all */
};

int (*host_kernel)(const char *path, const char *value);

const char *host_root(void)
{
	const char *root = getenv("VPIO_SYSROOT");

	return root ? root : "";
}

static void make_path(char path[PATH_MAX], const char *format, va_list list)
{
	const int length = snprintf(path, PATH_MAX, "%s", host_root());

	vsnprintf(path + length, (size_t)(PATH_MAX - length), format, list);
}

#define PATH(path, format)                     \
	do {                                   \
		va_list list;                  \
                                               \
		va_start(list, format);        \
		make_path(path, format, list); \
		va_end(list);                  \
	} while (0)

static int read_path(const char *path, char *text, size_t size)
{
	const int file = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got;

	*text = 0;
	if (file < 0)
		return -errno;
	do {
		got = read(file, text + length, size - 1 - length);
		if (got > 0)
			length += (size_t)got;
	} while (got > 0 && length < size - 1);
	close(file);
	if (got < 0)
		return -errno;
	while (length && strchr(" \t\n", text[length - 1]))
		length--;
	text[length] = 0;
	return 0;
}

int host_read(char *text, size_t size, const char *format, ...)
{
	char path[PATH_MAX];

	PATH(path, format);
	return read_path(path, text, size);
}

u64 host_read_number(u64 otherwise, const char *format, ...)
{
	char path[PATH_MAX], text[64], *end;
	u64 number;

	PATH(path, format);
	if (read_path(path, text, sizeof(text)) || !*text)
		return otherwise;
	number = strtoull(text, &end, 0);
	return *end ? otherwise : number;
}

char *host_read_all(const char *format, ...)
{
	char path[PATH_MAX], *text = NULL;
	size_t size = 0, got;
	FILE *file;

	PATH(path, format);
	file = fopen(path, "re");
	if (!file)
		return NULL;
	do {
		char *larger = realloc(text, size + 65536 + 1);

		if (!larger)
			break;
		text = larger;
		got = fread(text + size, 1, 65536, file);
		size += got;
	} while (got && size < MOST_TEXT);
	fclose(file);
	if (text)
		text[size] = 0;
	return text;
}

int host_write(const char *value, const char *format, ...)
{
	const size_t length = strlen(value);
	char path[PATH_MAX];
	int file, error = 0;

	PATH(path, format);
	if (host_kernel)
		return host_kernel(path + strlen(host_root()), value);
	file = open(path, O_WRONLY | O_CLOEXEC);
	if (file < 0)
		return -errno;
	if (write(file, value, length) != (ssize_t)length)
		error = errno ? -errno : -EIO;
	close(file);
	return error;
}

int host_make_directory(const char *format, ...)
{
	char path[PATH_MAX];

	PATH(path, format);
	if (host_kernel)
		return host_kernel(path + strlen(host_root()), NULL);
	return mkdir(path, 0700) ? -errno : 0;
}

bool host_exists(const char *format, ...)
{
	char path[PATH_MAX];

	PATH(path, format);
	return !access(path, F_OK);
}

bool host_link(char *name, size_t size, const char *format, ...)
{
	char path[PATH_MAX], target[PATH_MAX], *slash;
	ssize_t length;

	PATH(path, format);
	*name = 0;
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return false;
	target[length] = 0;
	slash = strrchr(target, '/');
	snprintf(name, size, "%s", slash ? slash + 1 : target);
	return true;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_no_dot(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

char **host_names(const char *format, ...)
{
	struct dirent **entries = NULL;
	char path[PATH_MAX], **names;
	int count, i;

	PATH(path, format);
	count = scandir(path, &entries, is_no_dot, by_name);
	names = calloc((size_t)(count > 0 ? count : 0) + 1, sizeof(*names));
	if (!names)
		abort();
	for (i = 0; i < count; i++) {
		names[i] = strdup(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return names;
}

void host_names_free(char **names)
{
	char **name;

	for (name = names; *name; name++)
		free(*name);
	free(names);
}

char *host_line(char **text)
{
	char *line = *text && **text ? strsep(text, "\n") : NULL;

	return line;
}

/* --- Programs ---------------------------------------------------------------------------- */

static void become(const char *const arguments[], int output)
{
	const char *path = getenv("PATH");
	char *longer;

	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	if (asprintf(&longer, "%s:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin") > 0)
		setenv("PATH", longer, 1);
	setenv("LC_ALL", "C", 1);
	execvp(arguments[0], (char *const *)arguments);
	_exit(127);
}

int host_program(char *said, size_t size, const char *const arguments[])
{
	int pipes[2], status;
	char line[512];
	FILE *output;
	pid_t pid;

	*said = 0;
	if (pipe2(pipes, O_CLOEXEC))
		return -errno;
	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		close(pipes[0]);
		close(pipes[1]);
		return -errno;
	}
	if (!pid)
		become(arguments, pipes[1]);
	close(pipes[1]);
	output = fdopen(pipes[0], "r");
	while (output && fgets(line, sizeof(line), output)) {
		line[strcspn(line, "\n")] = 0;
		if (*line)
			snprintf(said, size, "%s", line);
	}
	if (output)
		fclose(output);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status))
		return -EINTR;
	return WEXITSTATUS(status) == 127 && !*said ? -ENOENT : WEXITSTATUS(status);
}

/* --- One at a time ------------------------------------------------------------------------ */

/*
 * Names and MAC addresses are looked at, then written: nobody else may do so in between. Who may
 * not make the file may not change the host either, and is told so then.
 */
static int lock = -1;

void host_lock(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/run/vpio.lock", host_root());
	lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	while (lock >= 0 && flock(lock, LOCK_EX) && errno == EINTR)
		;
}

void host_unlock(void)
{
	if (lock >= 0)
		close(lock);
	lock = -1;
}

/* --- Changes ----------------------------------------------------------------------------- */

static sigset_t signals_before;

void host_begin_change(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGPIPE);
	sigprocmask(SIG_BLOCK, &signals, &signals_before);
}

void host_end_change(void)
{
	sigprocmask(SIG_SETMASK, &signals_before, NULL);
}

/* --- The kernel's log -------------------------------------------------------------------- */

void host_log_begin(struct host_log *log)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/dev/kmsg", host_root());
	log->file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (log->file >= 0)
		lseek(log->file, 0, SEEK_END);
}

/*
 * A record is "PRIORITY,NUMBER,TIME,FLAGS;DRIVER DEVICE: TEXT". What the module says of a vdev, and
 * what it warns of a device, is of interest; what the PCI core and others say of it is not.
 */
static void tells(const char *record, const char *device, char *line, size_t size)
{
	const unsigned long level = strtoul(record, NULL, 10) & 7;
	const size_t length = strlen(device);
	const char *text = strchr(record, ';');

	if (!text || strncmp(text + 1, "vpio", 4))
		return;
	text = strchr(text, ' ');
	if (!text || strncmp(text + 1, device, length) || strncmp(text + 1 + length, ": ", 2))
		return;
	text += 1 + length + 2;
	if (!strncmp(text, "vpio: ", 6))
		text += 6;
	else if (level > 4)
		return;
	snprintf(line, size, "%s", text);
}

void host_log_end(struct host_log *log, const char *device, char *line, size_t size)
{
	char record[8192], *text, *rest;
	ssize_t got;

	*line = 0;
	if (log->file < 0)
		return;
	for (;;) {
		got = read(log->file, record, sizeof(record) - 1);
		if (got < 0 && errno == EPIPE)
			continue; /* some were overwritten */
		if (got <= 0)
			break;
		record[got] = 0;
		rest = record;
		while ((text = host_line(&rest)))
			tells(text, device, line, size);
	}
	close(log->file);
}

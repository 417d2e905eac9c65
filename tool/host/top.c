// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * vpio top: who uses the devices, and how much, again and again. What is shown is a text of lines
 * of 80 columns, made from two looks at the counters; curses only puts it on the screen.
 */
#define _GNU_SOURCE /* open_memstream */
#include <curses.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "host.h"

/* stdbool's, which curses may have replaced */
#undef bool
#define bool _Bool

enum { MOST_SEEN = 256 };

/* The counters of somebody, as they were. */
struct seen {
	char who[40]; /* address or UUID */
	struct host_counters counters;
};

struct look {
	u64 ns;
	unsigned int count;
	struct seen list[MOST_SEEN];
	struct host_device *devices;
	struct host_vdev *vdevs;
	size_t device_count, vdev_count;
};

static u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000000000ull + (u64)now.tv_nsec;
}

static void add_seen(struct look *look, const char *who, const char *format)
{
	struct seen *seen = &look->list[look->count];
	char path[256];

	if (look->count == MOST_SEEN)
		return;
	snprintf(seen->who, sizeof(seen->who), "%s", who);
	snprintf(path, sizeof(path), "%s/%s/vpio/stats", format, who);
	look->count += host_counters_read(&seen->counters, "%s", path);
}

static struct look *take_look(void)
{
	struct look *look = calloc(1, sizeof(*look));
	size_t i;

	if (!look)
		abort();
	look->devices = host_devices(&look->device_count);
	look->vdevs = host_vdevs(&look->vdev_count);
	look->ns = now_ns();
	for (i = 0; i < look->device_count; i++) {
		if (look->devices[i].is_bound)
			add_seen(look, look->devices[i].address, "/sys/bus/pci/devices");
	}
	for (i = 0; i < look->vdev_count; i++)
		add_seen(look, look->vdevs[i].uuid, "/sys/bus/mdev/devices");
	return look;
}

static void drop_look(struct look *look)
{
	unsigned int i;

	for (i = 0; look && i < look->count; i++)
		host_counters_free(&look->list[i].counters);
	if (look) {
		free(look->devices);
		free(look->vdevs);
	}
	free(look);
}

static const struct host_counters *counters_of(const struct look *look, const char *who)
{
	unsigned int i;

	for (i = 0; i < look->count; i++) {
		if (!strcmp(look->list[i].who, who))
			return &look->list[i].counters;
	}
	return NULL;
}

/* By how much a counter has grown between two looks; those that began in between grew from 0. */
static u64 growth(const struct look *before, const struct look *now, const char *who,
		  const char *name)
{
	const struct host_counters *old = counters_of(before, who), *new = counters_of(now, who);
	const u64 first = old ? host_counter(old, name) : 0,
		  last = new ? host_counter(new, name) : 0;

	return last > first ? last - first : 0;
}

static double rate(const struct look *before, const struct look *now, const char *who,
		   const char *name)
{
	const u64 time = now->ns - before->ns;

	return time ? (double)growth(before, now, who, name) * 1e9 / (double)time : 0;
}

/* At most 5 characters: 0, 9999, 12.3k, 1.2M. */
static const char *brief(double number, char text[16])
{
	static const char units[] = "kMGTPE";
	unsigned int unit = 0;

	if (number < 9999.5) {
		snprintf(text, 16, "%.0f", number);
		return text;
	}
	for (number /= 1000; number >= 999.95 && unit < sizeof(units) - 2; unit++)
		number /= 1000;
	snprintf(text, 16, number < 99.95 ? "%.1f%c" : "%.0f%c", number, units[unit]);
	return text;
}

/* A time in at most 6 characters. */
static const char *brief_time(double ns, char text[16])
{
	if (ns < 1e6)
		snprintf(text, 16, "%.0fus", ns / 1e3);
	else if (ns < 1e9)
		snprintf(text, 16, ns < 99.5e6 ? "%.1fms" : "%.0fms", ns / 1e6);
	else
		snprintf(text, 16, "%.1fs", ns / 1e9);
	return text;
}

static void draw_engines(const struct look *now, const char *address, FILE *file)
{
	struct host_engine engines[HOST_MOST_ENGINES];
	const unsigned int count = host_engines(address, engines);
	unsigned int i;

	if (!count)
		return;
	fprintf(file, "  %-20.20s %-9.9s %-22.22s %7s %7s\n", "ENGINE", "SHARED", "OWNER",
		"WAITING", "RUNNING");
	for (i = 0; i < count; i++)
		fprintf(file, "  %-20.20s %-9.9s %-22.22s %7u %7u\n", engines[i].name,
			engines[i].discipline,
			host_vdev_name(now->vdevs, now->vdev_count, engines[i].owner),
			engines[i].waiting, engines[i].running);
}

static void draw_vdev(const struct look *before, const struct look *now,
		      const struct host_vdev *vdev, FILE *file)
{
	const char *who = vdev->uuid;
	const u64 jobs = growth(before, now, who, "jobs");
	const u64 wait = growth(before, now, who, "wait_ns");
	char text[9][16];

	fprintf(file, "  %-15.15s%c %5s %5s %5s %5s %6s %6s %6s %6s %5s\n", vdev->name,
		vdev->is_open ? ' ' : '-', brief(rate(before, now, who, "tx_frames"), text[0]),
		brief(8 * rate(before, now, who, "tx_bytes"), text[1]),
		brief(rate(before, now, who, "rx_frames"), text[2]),
		brief(8 * rate(before, now, who, "rx_bytes"), text[3]),
		brief(rate(before, now, who, "hooks"), text[4]),
		brief(rate(before, now, who, "reads") + rate(before, now, who, "writes"), text[5]),
		brief(rate(before, now, who, "interrupts"), text[6]),
		brief_time(jobs ? (double)wait / (double)jobs : 0, text[7]),
		brief(rate(before, now, who, "refusals"), text[8]));
}

static void draw_device(const struct look *before, const struct look *now,
			const struct host_device *device, FILE *file)
{
	const struct host_counters *counters = counters_of(now, device->address);
	const char *who = device->address;
	char state[16] = "?", text[3][16];
	unsigned int shown = 0;
	size_t i;

	host_read(state, sizeof(state), "/sys/bus/pci/devices/%s/vpio/state", who);
	fprintf(file, "%s %-10.10s %-8.8s irq/s %-5s hand-offs/s %-5s recoveries %s\n", who,
		device->model, state, brief(rate(before, now, who, "interrupts"), text[0]),
		brief(rate(before, now, who, "hand_offs"), text[1]),
		brief(counters ? (double)host_counter(counters, "recoveries") : 0, text[2]));
	draw_engines(now, who, file);
	for (i = 0; i < now->vdev_count; i++) {
		if (strcmp(now->vdevs[i].parent, who))
			continue;
		if (!shown++)
			fprintf(file, "  %-16s %5s %5s %5s %5s %6s %6s %6s %6s %5s\n", "VDEV",
				"TX/s", "bit/s", "RX/s", "bit/s", "HOOK/s", "TRAP/s", "IRQ/s",
				"WAIT", "REF/s");
		draw_vdev(before, now, &now->vdevs[i], file);
	}
	if (!shown)
		fprintf(file, "  no vdev: vpio add %s\n", who);
}

/* All that is shown; the caller frees it. */
static char *draw(const struct look *before, const struct look *now)
{
	unsigned int bound = 0;
	char *text = NULL;
	size_t size, i;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		abort();
	for (i = 0; i < now->device_count; i++) {
		if (!now->devices[i].is_bound)
			continue;
		if (bound++)
			fputc('\n', file);
		draw_device(before, now, &now->devices[i], file);
	}
	if (!bound)
		fputs("No device is bound to vpio: vpio list, vpio bind ADDRESS\n", file);
	fclose(file);
	return text;
}

/* --- As JSON: what each counter has grown, a second ----------------------------------------- */

static struct json_object *rates_json(const struct look *before, const struct look *now,
				      const char *who)
{
	const struct host_counters *counters = counters_of(now, who);
	struct json_object *object = json_object_new_object();
	unsigned int i;

	for (i = 0; counters && i < counters->count; i++)
		json_object_object_add(
			object, counters->list[i].name,
			json_object_new_double(rate(before, now, who, counters->list[i].name)));
	return object;
}

static struct json_object *look_json(const struct look *before, const struct look *now)
{
	struct json_object *devices = json_object_new_array(), *vdevs = json_object_new_array();
	struct json_object *all = json_object_new_object(), *object;
	size_t i;

	for (i = 0; i < now->device_count; i++) {
		if (!now->devices[i].is_bound)
			continue;
		object = json_object_new_object();
		host_json_text(object, "address", now->devices[i].address);
		json_object_object_add(object, "rates",
				       rates_json(before, now, now->devices[i].address));
		json_object_array_add(devices, object);
	}
	for (i = 0; i < now->vdev_count; i++) {
		object = json_object_new_object();
		host_json_text(object, "name", now->vdevs[i].is_named ? now->vdevs[i].name : NULL);
		host_json_text(object, "uuid", now->vdevs[i].uuid);
		host_json_text(object, "device", now->vdevs[i].parent);
		json_object_object_add(object, "rates",
				       rates_json(before, now, now->vdevs[i].uuid));
		json_object_array_add(vdevs, object);
	}
	host_json_number(all, "ns", now->ns - before->ns);
	json_object_object_add(all, "devices", devices);
	json_object_object_add(all, "vdevs", vdevs);
	return all;
}

/* --- As text ------------------------------------------------------------------------------- */

static void wait_ms(unsigned long ms)
{
	const struct timespec time = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };

	nanosleep(&time, NULL);
}

static int print_look(const struct look *before, const struct look *now, bool is_last)
{
	char *text = draw(before, now);

	printf("%s%s", text, is_last ? "" : "\n");
	free(text);
	return host_flushed();
}

static int run_batch(unsigned long interval, unsigned long count, bool json)
{
	struct look *before = take_look(), *now;
	int status = TOOL_OK;

	while (count-- && !status) {
		wait_ms(interval);
		now = take_look();
		status = json ? host_print_json(look_json(before, now), false)
			      : print_look(before, now, !count);
		drop_look(before);
		before = now;
	}
	drop_look(before);
	return status;
}

/* --- On a terminal ----------------------------------------------------------------------- */

static unsigned int put_text(const char *text, unsigned int first)
{
	unsigned int line = 0;
	const char *end;
	int row;

	for (; *text; text = end + (*end == '\n'), line++) {
		end = strchrnul(text, '\n');
		row = (int)line - (int)first + 1;
		if (row < 1 || row >= LINES)
			continue;
		if (*text != ' ')
			attron(A_BOLD);
		mvaddnstr(row, 0, text, (int)(end - text) < COLS ? (int)(end - text) : COLS);
		attroff(A_BOLD);
	}
	return line;
}

static void put_screen(const char *text, unsigned long interval, unsigned int *first, bool stopped)
{
	const time_t now = time(NULL);
	unsigned int lines;
	char clock[16];

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime(&now));
	erase();
	attron(A_REVERSE);
	mvprintw(0, 0, "vpio top %s, every %.1f s%s", clock, (double)interval / 1000,
		 stopped ? ", stopped" : "");
	attroff(A_REVERSE);
	mvaddstr(0, 40, "q quit  space stop  arrows scroll");
	lines = put_text(text, *first);
	if (*first && *first + (unsigned int)LINES > lines + 1) {
		*first = lines + 1 > (unsigned int)LINES ? lines + 1 - (unsigned int)LINES : 0;
		erase();
		put_text(text, *first);
	}
	refresh();
}

/* Until the next look is due: what the keys say. False: the end. */
static bool serve_keys(const char *text, unsigned long interval, unsigned int *first)
{
	const u64 until = now_ns() + interval * 1000000ull;
	bool stopped = false;
	u64 now;

	for (;;) {
		put_screen(text, interval, first, stopped);
		now = now_ns();
		if (!stopped && now >= until)
			return true;
		timeout(stopped ? -1 : (int)((until - now) / 1000000) + 1);
		switch (getch()) {
		case 'q':
		case 'Q':
			return false;
		case ' ':
			if (stopped)
				return true;
			stopped = true;
			break;
		case KEY_UP:
		case 'k':
			*first -= *first > 0;
			break;
		case KEY_DOWN:
		case 'j':
			*first += 1;
			break;
		case KEY_PPAGE:
			*first -= *first > 10 ? 10 : *first;
			break;
		case KEY_NPAGE:
			*first += 10;
			break;
		}
	}
}

static int run_screen(unsigned long interval)
{
	struct look *before = take_look(), *now;
	unsigned int first = 0;
	bool more = true;
	char *text;

	wait_ms(interval < 250 ? interval : 250); /* the first picture is there at once */
	if (!newterm(NULL, stdout, stdin)) {
		drop_look(before);
		return host_fail(
			TOOL_BAD_INPUT,
			"there is no description of the terminal '%s'; for text say --once or "
			"--count N",
			getenv("TERM"));
	}
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	curs_set(0);
	while (more) {
		now = take_look();
		text = draw(before, now);
		more = serve_keys(text, interval, &first);
		free(text);
		drop_look(before);
		before = now;
	}
	endwin();
	drop_look(before);
	return TOOL_OK;
}

static int run(const struct host_request *request)
{
	const char *seconds = host_value(request, "interval");
	unsigned long count = 0, interval = 1000;
	double number;
	char *end;
	int status;

	if (seconds) {
		number = strtod(seconds, &end);
		if (!*seconds || *end || !(number >= 0.1) || number > 3600)
			return host_fail(TOOL_BAD_INPUT,
					 "--interval takes seconds from 0.1 to 3600, not '%s'",
					 seconds);
		interval = (unsigned long)(number * 1000);
	}
	status = host_number(request, "count", 1000000, &count);
	if (status)
		return status;
	if (host_has(request, "once") || (host_has(request, "json") && !count))
		count = 1;
	if (count)
		return run_batch(interval, count, host_has(request, "json"));
	if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO) || !getenv("TERM") ||
	    !strcmp(getenv("TERM"), "dumb"))
		return host_fail(
			TOOL_BAD_INPUT,
			"this is no terminal to draw on; for text say --once or --count N");
	return run_screen(interval);
}

const struct host_command host_top = {
	.name = "top",
	.arguments = "[--interval SECONDS] [--once | --count N] [--json]",
	.what = "shows who uses the devices, and how much, live",
	.more = "Of each device its state, its engines with owner and queue, and of each vdev a second: frames and\n"
		"bits sent (TX) and received (RX), accesses that ran the model's code (HOOK) and all (TRAP),\n"
		"interrupts, refusals (REF); WAIT is how long a request waited for its turn, on average. A - behind\n"
		"a name: no VM has the vdev. Keys: q ends, space stops and goes on, arrows scroll.",
	.example = "    vpio top\n"
		   "    vpio top --once --interval 5",
	.options =
		(const struct host_option[]){
			{ "interval", "SECONDS", "time between two looks (1)" },
			{ "once", NULL, "print one picture as text, and end" },
			{ "count", "N", "print N of them" },
			{ "json", NULL, "print the rates for a program, a line a look" },
			{ NULL } },
	.run = run,
};

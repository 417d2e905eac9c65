// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * vpio trace: what guests do to their vdevs, as it happens, from the module's trace points
 * (kernel/trace.h): each register access with the names that the model has for it. It has an
 * instance of the kernel's tracing of its own, so that nobody else's is disturbed.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "host.h"

enum {
	CONFIG_REGION = 7, /* VFIO_PCI_CONFIG_REGION_INDEX */
	MOST_TARGETS = 256,
	MOST_WINDOWS = 16,
};

/* A vdev that has been seen, with its model. */
struct target {
	char uuid[40], name[HOST_NAME];
	bool has_model;
	struct host_model model;
	/* what selects the bank of each window, as far as it has been seen */
	u64 banks[MOST_WINDOWS];
	bool is_bank_known[MOST_WINDOWS];
};

/* One line of the trace. */
struct event {
	char time[32], kind[24], uuid[40];
	char verb[16]; /* access: read or write; line: up or down; refusal: its name */
	unsigned int region, size;
	unsigned long long offset, value, ns;
	char how[16], refused[24];
};

struct tracer {
	struct target *targets;
	unsigned int count;
	bool json;
	unsigned long most, shown; /* events; 0: no end */
};

static volatile sig_atomic_t is_ended;

static void end(int signal)
{
	(void)signal;
	is_ended = 1;
}

/* --- The kernel's lines ------------------------------------------------------------------ */

/* "  qemu-12  [000] ..... 123.456789: vpio_access: UUID write region=0 ..." False: none of ours. */
static bool parse(struct event *event, char *line)
{
	char *mark = strstr(line, ": vpio_"), *time;

	memset(event, 0, sizeof(*event));
	if (!mark)
		return false;
	*mark = 0;
	time = strrchr(line, ' ');
	snprintf(event->time, sizeof(event->time), "%.31s", time ? time + 1 : line);
	mark += 2;
	if (sscanf(mark, "vpio_%23[^:]: %39s %15s", event->kind, event->uuid, event->verb) != 3)
		return false;
	if (!strcmp(event->kind, "access"))
		return sscanf(mark,
			      "%*s %*s %*s region=%u offset=%llx size=%u value=%llx how=%15s refused=%23s "
			      "ns=%llu",
			      &event->region, &event->offset, &event->size, &event->value,
			      event->how, event->refused, &event->ns) == 7;
	if (!strcmp(event->kind, "refusal"))
		return sscanf(mark, "%*s %*s %*s address=%llx size=%u", &event->offset,
			      &event->size) == 2;
	return !strcmp(event->kind, "line");
}

/* --- Names from the model ---------------------------------------------------------------- */

static struct target *target_of(struct tracer *tracer, const char *uuid)
{
	struct host_device device;
	struct host_vdev vdev;
	struct target *target;
	unsigned int i;

	for (i = 0; i < tracer->count; i++) {
		if (!strcmp(tracer->targets[i].uuid, uuid))
			return &tracer->targets[i];
	}
	if (tracer->count == MOST_TARGETS)
		return NULL;
	target = &tracer->targets[tracer->count++];
	memset(target, 0, sizeof(*target));
	snprintf(target->uuid, sizeof(target->uuid), "%s", uuid);
	snprintf(target->name, sizeof(target->name), "%.8s", uuid);
	if (!host_vdev_read(&vdev, uuid))
		return target;
	snprintf(target->name, sizeof(target->name), "%s", vdev.name);
	target->has_model = host_device_read(&device, vdev.parent) && device.is_known &&
			    host_model_load(&target->model, device.file);
	return target;
}

static const struct vpb_window *window_of(const struct vpio_model *model, unsigned int region)
{
	u32 i;

	for (i = 0; i < model->header->bars.count; i++) {
		if (model->bars[i].index == region)
			return &model->windows[model->bars[i].window];
	}
	return NULL;
}

/* The registers that an access touches, one after the other. */
struct part {
	const struct vpb_reg *reg; /* NULL: nothing, or reserved */
	u32 index, at, size;	   /* element; byte of it; bytes */
	u64 value;
};

static void find_part(const struct target *target, const struct vpb_window *window,
		      const struct event *event, u32 done, struct part *part)
{
	const struct vpio_model *model = &target->model.model;
	const u32 number = (u32)(window - model->windows);
	const u32 place = (u32)event->offset + done;
	u64 bank = 0;
	const struct vpb_map *map;
	u32 i, distance;

	if (window->bank_var != VPB_NONE)
		bank = (target->is_bank_known[number] ? target->banks[number]
						      : model->vars[window->bank_var].reset) >>
			       window->bank_shift &
		       ((1u << window->bank_bits) - 1);
	map = &model->maps[window->map + 2 * bank + !strcmp(event->verb, "write")];
	part->reg = NULL;
	part->size = event->size - done;
	for (i = map->span; i < map->span + map->count; i++) {
		const struct vpb_span *span = &model->spans[i];

		if (place >= span->end)
			continue;
		if (place < span->start) {
			if (span->start - place < part->size)
				part->size = span->start - place;
			return;
		}
		if (span->reg == VPB_NONE) {
			if (span->end - place < part->size)
				part->size = span->end - place;
			return;
		}
		part->reg = &model->regs[span->reg];
		break;
	}
	if (!part->reg)
		return;
	distance = place - part->reg->offset;
	part->index = part->reg->stride ? distance / part->reg->stride : 0;
	part->at = part->reg->stride ? distance % part->reg->stride : distance;
	if (part->reg->flags & VPB_REG_FIXED || part->reg->port != VPB_NONE)
		part->at = 0; /* it takes each access whole */
	else if (part->at < part->reg->width && part->reg->width - part->at < part->size)
		part->size = part->reg->width - part->at;
}

static u64 bits_of(unsigned int bytes)
{
	return bytes >= 8 ? ~0ull : (1ull << 8 * bytes) - 1;
}

static void print_name(const struct target *target, const struct vpb_window *window,
		       const struct part *part, FILE *file)
{
	const struct vpio_model *model = &target->model.model;

	if (!part->reg) {
		fputc('-', file);
		return;
	}
	fputs(tool_name(model, part->reg->name), file);
	if (part->reg->count > 1)
		fprintf(file, "[%u]", part->index);
	if (part->at)
		fprintf(file, "+%u", part->at);
	if (part->reg->bank != VPB_NONE && !target->is_bank_known[window - model->windows])
		fputc('?', file);
}

/* A register's fields; of a mask of interrupts those of the causes that it masks. */
static u32 fields_of(const struct vpio_model *model, const struct vpb_reg *reg,
		     const struct vpb_field **fields)
{
	u32 i;

	for (i = 0; !reg->fields && i < model->header->irqs.count; i++) {
		if (model->irqs[i].mask == reg - model->regs)
			reg = &model->regs[model->irqs[i].cause];
	}
	*fields = &model->fields[reg->field];
	return reg->fields;
}

/* What a field holds; false if the access has no bit of it. */
static bool field_value(const struct vpb_field *field, const struct part *part, u64 *value)
{
	const u64 shifted = part->value << 8 * part->at;
	const u64 touched = bits_of(part->size) << 8 * part->at;
	const u64 mask = (field->width >= 64 ? ~0ull : (1ull << field->width) - 1) << field->low;

	if (part->at >= 8 || !(touched & mask))
		return false;
	*value = (shifted & mask) >> field->low;
	return true;
}

/* Flags that are set by their names, other fields with their values. */
static void print_fields(const struct target *target, const struct part *part, FILE *file)
{
	const struct vpio_model *model = &target->model.model;
	const struct vpb_field *fields = NULL;
	const u32 count = part->reg ? fields_of(model, part->reg, &fields) : 0;
	const char *separator = " {";
	u64 value;
	u32 i;

	for (i = 0; i < count; i++) {
		const struct vpb_field *field = &fields[i];

		if (!field_value(field, part, &value) || !value)
			continue;
		fprintf(file, "%s%s", separator, tool_name(model, field->name));
		if (field->width > 1)
			fprintf(file, "=%#llx", (unsigned long long)value);
		separator = " ";
	}
	if (*separator == ' ' && !separator[1])
		fputc('}', file);
}

/* A register that selects a bank, seen: from now on it is known. */
static void learn_bank(struct target *target, const struct part *part)
{
	const struct vpio_model *model = &target->model.model;
	u32 i;

	for (i = 0; part->reg && i < model->header->windows.count && i < MOST_WINDOWS; i++) {
		const struct vpb_window *window = &model->windows[i];

		if (window->bank_var == VPB_NONE || part->reg->var != window->bank_var || part->at)
			continue;
		target->banks[i] = part->value;
		target->is_bank_known[i] = true;
	}
}

static struct json_object *part_json(const struct target *target, const struct part *part)
{
	const struct vpio_model *model = &target->model.model;
	struct json_object *object = json_object_new_object(), *values;
	const struct vpb_field *fields;
	u32 i, count;
	u64 value;

	host_json_text(object, "register", part->reg ? tool_name(model, part->reg->name) : NULL);
	host_json_number(object, "value", part->value);
	if (!part->reg)
		return object;
	if (part->reg->count > 1)
		host_json_number(object, "index", part->index);
	if (part->at)
		host_json_number(object, "byte", part->at);
	values = json_object_new_object();
	count = fields_of(model, part->reg, &fields);
	for (i = 0; i < count; i++) {
		if (field_value(&fields[i], part, &value))
			host_json_number(values, tool_name(model, fields[i].name), value);
	}
	json_object_object_add(object, "fields", values);
	return object;
}

/* --- What is printed --------------------------------------------------------------------- */

static void print_registers(struct target *target, const struct event *event, FILE *file)
{
	const struct vpb_window *window =
		target && target->has_model ? window_of(&target->model.model, event->region) : NULL;
	struct part part;
	u32 done;

	if (event->region == CONFIG_REGION) {
		fprintf(file, "config+%#llx = %#llx", event->offset, event->value);
		return;
	}
	if (!window || window - target->model.model.windows >= MOST_WINDOWS) {
		fprintf(file, "bar%u+%#llx = %#llx", event->region, event->offset, event->value);
		return;
	}
	for (done = 0; done < event->size; done += part.size) {
		find_part(target, window, event, done, &part);
		part.value = event->value >> 8 * done & bits_of(part.size);
		if (done)
			fputs(", ", file);
		print_name(target, window, &part, file);
		if (!part.reg)
			fprintf(file, " (bar%u+%#llx)", event->region, event->offset + done);
		fprintf(file, " = %#llx", (unsigned long long)part.value);
		print_fields(target, &part, file);
		learn_bank(target, &part);
	}
}

static void print_text(struct target *target, const struct event *event)
{
	char text[1024] = "";
	FILE *file = fmemopen(text, sizeof(text), "w");

	if (!file)
		return;
	if (!strcmp(event->kind, "access")) {
		print_registers(target, event, file);
		fclose(file);
		printf("%14s %-12s %-5s %-40s %-6s %s", event->time,
		       target ? target->name : event->uuid, event->verb, text, event->how,
		       strcmp(event->refused, "-") ? "refused: " : "allowed");
		if (strcmp(event->refused, "-"))
			fputs(event->refused, stdout);
		printf("  %llu.%llu us\n", event->ns / 1000, event->ns % 1000 / 100);
		return;
	}
	fclose(file);
	if (!strcmp(event->kind, "line"))
		printf("%14s %-12s interrupt line %s\n", event->time,
		       target ? target->name : event->uuid, event->verb);
	else
		printf("%14s %-12s refused %s: address %#llx, %u bytes\n", event->time,
		       target ? target->name : event->uuid, event->verb, event->offset,
		       event->size);
}

static struct json_object *registers_json(struct target *target, const struct event *event)
{
	const struct vpb_window *window =
		target && target->has_model ? window_of(&target->model.model, event->region) : NULL;
	struct json_object *list = json_object_new_array();
	struct part part;
	u32 done;

	if (!window || window - target->model.model.windows >= MOST_WINDOWS)
		return list;
	for (done = 0; done < event->size; done += part.size) {
		find_part(target, window, event, done, &part);
		part.value = event->value >> 8 * done & bits_of(part.size);
		json_object_array_add(list, part_json(target, &part));
		learn_bank(target, &part);
	}
	return list;
}

static void print_json(struct target *target, const struct event *event)
{
	struct json_object *object = json_object_new_object();

	host_json_text(object, "time", event->time);
	host_json_text(object, "event", event->kind);
	host_json_text(object, "uuid", event->uuid);
	host_json_text(object, "name", target ? target->name : NULL);
	if (!strcmp(event->kind, "line")) {
		host_json_text(object, "level", event->verb);
	} else if (!strcmp(event->kind, "refusal")) {
		host_json_text(object, "refused", event->verb);
		host_json_number(object, "address", event->offset);
		host_json_number(object, "size", event->size);
	} else {
		host_json_text(object, "access", event->verb);
		if (event->region == CONFIG_REGION)
			host_json_text(object, "region", "config");
		else
			host_json_number(object, "bar", event->region);
		host_json_number(object, "offset", event->offset);
		host_json_number(object, "size", event->size);
		host_json_number(object, "value", event->value);
		if (event->region != CONFIG_REGION)
			json_object_object_add(object, "registers", registers_json(target, event));
		host_json_text(object, "how", event->how);
		host_json_text(object, "verdict",
			       strcmp(event->refused, "-") ? "refused" : "allowed");
		if (strcmp(event->refused, "-"))
			host_json_text(object, "refused", event->refused);
		host_json_number(object, "ns", event->ns);
	}
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

/* A line of the kernel's; true: that was the last that is wanted. */
static bool take_line(struct tracer *tracer, char *line)
{
	struct event event;
	struct target *target;
	char *lost = strstr(line, "[LOST ");

	if (lost) {
		host_note(
			"%lu events were lost, as they came faster than they were printed; trace one "
			"vdev only, or write to a file",
			strtoul(lost + 6, NULL, 10));
		return false;
	}
	if (!parse(&event, line))
		return false;
	target = target_of(tracer, event.uuid);
	if (tracer->json)
		print_json(target, &event);
	else
		print_text(target, &event);
	return tracer->most && ++tracer->shown >= tracer->most;
}

/* --- The kernel's tracing ---------------------------------------------------------------- */

static const char *tracing(void)
{
	static const char *const places[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		if (host_exists("%s/instances", places[i]))
			return places[i];
	}
	return NULL;
}

static int set_up(const char *place, const char *instance, const char *uuid)
{
	char filter[80];
	int error = 0;

	if (!host_exists("%s/instances/%s/events/vpio", place, instance))
		return host_fail(
			TOOL_SYSTEM,
			"the kernel has no trace points of vpio: the module is not loaded, or "
			"older than this command; vpio doctor says more");
	if (uuid) {
		snprintf(filter, sizeof(filter), "vdev == \"%s\"", uuid);
		error = host_write(filter, "%s/instances/%s/events/vpio/filter", place, instance);
	}
	if (!error)
		error = host_write("1", "%s/instances/%s/events/vpio/enable", place, instance);
	return error ? host_fail_errno(-error, NULL, "enable the trace points of vpio") : TOOL_OK;
}

static u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000 + (u64)now.tv_nsec / 1000000;
}

/* Prints lines until there is an end: of their number, of time, of the file (in a test). */
static int follow(struct tracer *tracer, const char *path, unsigned long seconds)
{
	const u64 until = seconds ? now_ms() + seconds * 1000 : 0;
	struct pollfd pipe = { .events = POLLIN };
	char text[65536], *line, *rest;
	size_t kept = 0;
	ssize_t got = 0;

	pipe.fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (pipe.fd < 0)
		return host_fail_errno(errno, NULL, "read %s", path);
	while (!is_ended && !(until && now_ms() >= until)) {
		poll(&pipe, 1, 100);
		got = read(pipe.fd, text + kept, sizeof(text) - 1 - kept);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0)
			break;
		kept += (size_t)got;
		text[kept] = 0;
		for (line = text; (rest = strchr(line, '\n')); line = rest + 1) {
			*rest = 0;
			if (take_line(tracer, line))
				is_ended = 1;
			if (is_ended)
				break;
		}
		kept -= (size_t)(line - text);
		memmove(text, line, kept);
		if (kept == sizeof(text) - 1)
			kept = 0;
		if (host_flushed())
			break;
	}
	close(pipe.fd);
	return got < 0 && errno != EAGAIN && errno != EINTR
		       ? host_fail_errno(errno, NULL, "read %s", path)
		       : TOOL_OK;
}

static int trace(struct tracer *tracer, const char *uuid, unsigned long seconds)
{
	const char *place = tracing();
	char path[PATH_MAX], pipe[PATH_MAX + 16], instance[32];
	struct sigaction action = { .sa_handler = end };
	int status;

	if (!place)
		return host_fail(
			host_exists("/sys/kernel/tracing") && geteuid() ? TOOL_BAD_INPUT
									: TOOL_SYSTEM,
			"the kernel's tracing is not to be seen; as root: mount -t tracefs "
			"tracefs /sys/kernel/tracing");
	snprintf(instance, sizeof(instance), "vpio-%d", getpid());
	snprintf(path, sizeof(path), "%s%s/instances/%s", host_root(), place, instance);
	status = host_make_directory("%s/instances/%s", place, instance);
	if (status)
		return host_fail_errno(-status, NULL, "make a trace of its own at %s", path);
	is_ended = 0;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	status = set_up(place, instance, uuid);
	if (!status) {
		snprintf(pipe, sizeof(pipe), "%s/trace_pipe", path);
		status = follow(tracer, pipe, seconds);
	}
	host_write("0", "%s/instances/%s/events/vpio/enable", place, instance);
	if (rmdir(path) && !*host_root())
		host_note("%s is left over (%s); remove it: rmdir %s", path, strerror(errno), path);
	return status;
}

static int run(const struct host_request *request)
{
	struct tracer tracer = { .json = host_has(request, "json") };
	unsigned long seconds = 0;
	struct host_vdev vdev;
	unsigned int i;
	int status;

	status = host_number(request, "count", 1000000000, &tracer.most);
	if (!status)
		status = host_number(request, "seconds", 1000000, &seconds);
	if (!status && request->count)
		status = host_vdev_find(&vdev, request->words[0]);
	if (status)
		return status;
	tracer.targets = calloc(MOST_TARGETS, sizeof(*tracer.targets));
	if (!tracer.targets)
		return host_fail(TOOL_SYSTEM, "out of memory; end other programs");
	status = trace(&tracer, request->count ? vdev.uuid : NULL, seconds);
	for (i = 0; i < tracer.count; i++)
		host_model_free(&tracer.targets[i].model);
	free(tracer.targets);
	return status;
}

const struct host_command host_trace = {
	.name = "trace",
	.arguments = "[--json] [--count N] [--seconds N] [NAME]",
	.what = "prints what guests do to their vdevs, as it happens; of all, or of one",
	.more = "A line for each register access: when, which vdev, read or write, the register with its value and\n"
		"{fields} that are not 0, how it was served (hook: the model's code ran; direct: by the hardware;\n"
		"state: from the vdev's state; config: PCI configuration space), allowed or refused and why, how\n"
		"long it took. A register with ? behind its name lies in a bank that has not been seen selected\n"
		"yet. perf and trace-cmd see the same events: vpio:vpio_access, vpio_line, vpio_refusal.",
	.example = "    vpio trace web --count 20\n"
		   "    vpio trace --json --seconds 10 > trace.jsonl",
	.options = (const struct host_option[]){ { "json", NULL, "JSON lines, for a program" },
						 { "count", "N", "end after N events" },
						 { "seconds", "N", "end after N seconds" },
						 { NULL } },
	.most = 1,
	.run = run,
};

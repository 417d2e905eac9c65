// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The vdevs of this host as /sys shows them, who has them open, and what they have counted.
 */
#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "host.h"

#define MDEVS "/sys/bus/mdev/devices"

/* --- Who has it open --------------------------------------------------------------------- */

/* QEMU's -name: "web" or "guest=web,...". */
static void find_guest(struct host_vdev *vdev)
{
	char path[PATH_MAX], line[65536];
	const char *word, *end, *name = NULL;
	size_t length;
	FILE *file;

	snprintf(path, sizeof(path), "%s/proc/%d/cmdline", host_root(), vdev->pid);
	file = fopen(path, "re");
	if (!file)
		return;
	length = fread(line, 1, sizeof(line) - 1, file);
	fclose(file);
	line[length] = 0;
	for (word = line; word < line + length; word += strlen(word) + 1) {
		if (name) {
			name = !strncmp(word, "guest=", 6) ? word + 6 : word;
			end = strchr(name, ',');
			snprintf(vdev->guest, sizeof(vdev->guest), "%.*s",
				 end ? (int)(end - name) : (int)strlen(name), name);
			return;
		}
		if (!strcmp(word, "-name"))
			name = word;
	}
}

/* Whether a process has one of the vdev's files open. */
static bool has_open(const char *pid, const char *group, const char *cdev)
{
	char **files = host_names("/proc/%s/fd", pid), **file, path[PATH_MAX], target[PATH_MAX];
	bool found = false;
	ssize_t length;

	for (file = files; *file && !found; file++) {
		snprintf(path, sizeof(path), "%s/proc/%s/fd/%s", host_root(), pid, *file);
		length = readlink(path, target, sizeof(target) - 1);
		if (length < 0)
			continue;
		target[length] = 0;
		found = (*group && !strcmp(target, group)) || (*cdev && !strcmp(target, cdev));
	}
	host_names_free(files);
	return found;
}

void host_vdev_find_user(struct host_vdev *vdev)
{
	char number[64], group[128] = "", cdev[128] = "", **names, **name;

	if (!vdev->is_open)
		return;
	if (host_link(number, sizeof(number), MDEVS "/%s/iommu_group", vdev->uuid))
		snprintf(group, sizeof(group), "/dev/vfio/%s", number);
	names = host_names(MDEVS "/%s/vfio-dev", vdev->uuid);
	if (names[0])
		snprintf(cdev, sizeof(cdev), "/dev/vfio/devices/%.64s", names[0]);
	host_names_free(names);
	names = host_names("/proc");
	for (name = names; *name && !vdev->pid; name++) {
		if (isdigit((unsigned char)**name) && has_open(*name, group, cdev))
			vdev->pid = atoi(*name);
	}
	host_names_free(names);
	if (!vdev->pid)
		return;
	host_read(vdev->process, sizeof(vdev->process), "/proc/%d/comm", vdev->pid);
	host_clean(vdev->process);
	find_guest(vdev);
	host_clean(vdev->guest);
}

void host_vdev_user(const struct host_vdev *vdev, char *text, size_t size)
{
	if (!vdev->is_open)
		snprintf(text, size, "-");
	else if (!vdev->pid)
		snprintf(text, size, "a process that is not to be seen from here");
	else
		snprintf(text, size, "%s (pid %d%s%s)",
			 *vdev->process ? vdev->process : "a process", vdev->pid,
			 *vdev->guest ? ", VM " : "", vdev->guest);
}

/* --- Vdevs ------------------------------------------------------------------------------- */

static void find_parent(struct host_vdev *vdev)
{
	char path[PATH_MAX], real[PATH_MAX], *slash;

	snprintf(path, sizeof(path), "%s" MDEVS "/%s", host_root(), vdev->uuid);
	if (!realpath(path, real))
		return;
	slash = strrchr(real, '/');
	*slash = 0;
	slash = strrchr(real, '/');
	snprintf(vdev->parent, sizeof(vdev->parent), "%.15s", slash ? slash + 1 : real);
}

static void find_name(struct host_vdev *vdev)
{
	vdev->is_named =
		!host_read(vdev->name, sizeof(vdev->name), MDEVS "/%s/vpio/name", vdev->uuid) &&
		*vdev->name;
	if (!vdev->is_named)
		snprintf(vdev->name, sizeof(vdev->name), "%.8s", vdev->uuid);
}

bool host_vdev_read(struct host_vdev *vdev, const char *uuid)
{
	*vdev = (struct host_vdev){ .pid = 0 };
	snprintf(vdev->uuid, sizeof(vdev->uuid), "%.39s", uuid);
	if (!host_exists(MDEVS "/%s/vpio", uuid))
		return false;
	find_parent(vdev);
	find_name(vdev);
	host_link(vdev->type, sizeof(vdev->type), MDEVS "/%s/mdev_type", uuid);
	host_read(vdev->mac, sizeof(vdev->mac), MDEVS "/%s/vpio/mac", uuid);
	host_read(vdev->params, sizeof(vdev->params), MDEVS "/%s/vpio/params", uuid);
	host_read(vdev->policy, sizeof(vdev->policy), MDEVS "/%s/vpio/policy", uuid);
	vdev->source_check = host_read_number(1, MDEVS "/%s/vpio/source_check", uuid);
	vdev->weight = host_read_number(100, MDEVS "/%s/vpio/weight", uuid);
	vdev->rate_bytes = host_read_number(0, MDEVS "/%s/vpio/rate_bytes", uuid);
	vdev->rate_frames = host_read_number(0, MDEVS "/%s/vpio/rate_frames", uuid);
	vdev->interrupt_us =
		host_read_number(VPIO_INTERRUPT_US, MDEVS "/%s/vpio/interrupt_us", uuid);
	vdev->interrupt_events =
		host_read_number(VPIO_INTERRUPT_EVENTS, MDEVS "/%s/vpio/interrupt_events", uuid);
	vdev->is_open = host_read_number(0, MDEVS "/%s/vpio/open", uuid);
	vdev->is_persistent = host_is_persistent(vdev->parent, uuid);
	return true;
}

static int by_place(const void *a, const void *b)
{
	const struct host_vdev *one = a, *other = b;
	const int parents = strcmp(one->parent, other->parent);

	return parents ? parents : strcmp(one->name, other->name);
}

struct host_vdev *host_vdevs(size_t *count)
{
	char **names = host_names(MDEVS);
	struct host_vdev *vdevs;
	size_t i, total = 0;

	while (names[total])
		total++;
	vdevs = calloc(total + 1, sizeof(*vdevs));
	if (!vdevs)
		abort();
	for (*count = i = 0; i < total; i++)
		*count += host_vdev_read(&vdevs[*count], names[i]);
	host_names_free(names);
	qsort(vdevs, *count, sizeof(*vdevs), by_place);
	return vdevs;
}

const char *host_vdev_name(const struct host_vdev *vdevs, size_t count, const char *uuid)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (!strcmp(vdevs[i].uuid, uuid))
			return vdevs[i].name;
	}
	return *uuid ? uuid : "-";
}

int host_vdev_find(struct host_vdev *vdev, const char *word)
{
	enum { SHORTEST = 4 };
	struct host_vdev *vdevs, *found = NULL;
	size_t count, i, matches = 0;
	int status = TOOL_OK;

	vdevs = host_vdevs(&count);
	for (i = 0; i < count && !matches; i++) {
		if (!(vdevs[i].is_named && !strcmp(vdevs[i].name, word)) &&
		    strcasecmp(vdevs[i].uuid, word))
			continue;
		found = &vdevs[i];
		matches = 1;
	}
	for (i = 0; i < count && !found && strlen(word) >= SHORTEST; i++)
		matches += !strncasecmp(vdevs[i].uuid, word, strlen(word));
	for (i = 0; i < count && !found && matches == 1; i++) {
		if (!strncasecmp(vdevs[i].uuid, word, strlen(word)))
			found = &vdevs[i];
	}
	if (found) {
		*vdev = *found;
		host_vdev_find_user(vdev);
	} else if (matches)
		status = host_fail(TOOL_BAD_INPUT,
				   "%zu vdevs have a UUID that begins with '%s'; give more of it, "
				   "or a name: vpio status",
				   matches, word);
	else if (!count)
		status = host_fail(TOOL_BAD_INPUT,
				   "there is no vdev '%s', nor any other; make one with vpio add "
				   "ADDRESS --name %s",
				   word, word);
	else
		status = host_fail(TOOL_BAD_INPUT,
				   "there is no vdev with the name or UUID '%s'; `vpio status` "
				   "shows those that there are",
				   word);
	free(vdevs);
	return status;
}

static const char *scaled(u64 *number)
{
	static const char *const prefixes[] = { "", "k", "M", "G" };
	unsigned int i = 0;

	while (i < ARRAY_SIZE(prefixes) - 1 && *number && *number % 1000 == 0) {
		*number /= 1000;
		i++;
	}
	return prefixes[i];
}

void host_rate_text(u64 bytes, u64 frames, char *text, size_t size)
{
	u64 bits = bytes * 8;
	const char *prefix = scaled(&bits);

	if (bytes && frames)
		snprintf(text, size, "%llu%sbit,%lluframes", (unsigned long long)bits, prefix,
			 (unsigned long long)frames);
	else if (bytes)
		snprintf(text, size, "%llu%sbit", (unsigned long long)bits, prefix);
	else if (frames)
		snprintf(text, size, "%lluframes", (unsigned long long)frames);
	else
		snprintf(text, size, "none");
}

static struct json_object *params_json(const struct host_vdev *vdev)
{
	struct json_object *object = json_object_new_object();
	char text[sizeof(vdev->params)], *rest = text, *line, *equals;

	snprintf(text, sizeof(text), "%s", vdev->params);
	while ((line = host_line(&rest))) {
		equals = strchr(line, '=');
		if (!equals)
			continue;
		*equals = 0;
		host_json_number(object, line, strtoull(equals + 1, NULL, 0));
	}
	return object;
}

struct json_object *host_vdev_json(const struct host_vdev *vdev)
{
	struct json_object *object = json_object_new_object(), *user;

	host_json_text(object, "name", vdev->is_named ? vdev->name : NULL);
	host_json_text(object, "uuid", vdev->uuid);
	host_json_text(object, "device", vdev->parent);
	host_json_text(object, "type", vdev->type);
	host_json_text(object, "mac", vdev->mac);
	json_object_object_add(object, "params", params_json(vdev));
	json_object_object_add(object, "source_check", json_object_new_boolean(vdev->source_check));
	host_json_number(object, "weight", vdev->weight);
	host_json_number(object, "rate_bytes", vdev->rate_bytes);
	host_json_number(object, "rate_frames", vdev->rate_frames);
	host_json_number(object, "interrupt_us", vdev->interrupt_us);
	host_json_number(object, "interrupt_events", vdev->interrupt_events);
	host_json_text(object, "policy", vdev->policy);
	json_object_object_add(object, "persistent", json_object_new_boolean(vdev->is_persistent));
	json_object_object_add(object, "open", json_object_new_boolean(vdev->is_open));
	if (vdev->pid) {
		user = json_object_new_object();
		host_json_number(user, "pid", (u64)vdev->pid);
		host_json_text(user, "process", vdev->process);
		host_json_text(user, "vm", vdev->guest);
		json_object_object_add(object, "user", user);
	}
	return object;
}

/* --- Counters and engines ---------------------------------------------------------------- */

bool host_counters_read(struct host_counters *counters, const char *format, ...)
{
	char path[PATH_MAX], *rest, *line, *blank;
	va_list list;

	va_start(list, format);
	vsnprintf(path, sizeof(path), format, list);
	va_end(list);
	counters->count = 0;
	counters->text = host_read_all("%s", path);
	if (!counters->text)
		return false;
	rest = counters->text;
	while (counters->count < ARRAY_SIZE(counters->list) && (line = host_line(&rest))) {
		blank = strchr(line, ' ');
		if (!blank)
			continue;
		*blank = 0;
		counters->list[counters->count].name = line;
		counters->list[counters->count++].value = strtoull(blank + 1, NULL, 10);
	}
	return true;
}

void host_counters_free(struct host_counters *counters)
{
	free(counters->text);
	counters->text = NULL;
	counters->count = 0;
}

u64 host_counter(const struct host_counters *counters, const char *name)
{
	unsigned int i;

	for (i = 0; i < counters->count; i++) {
		if (!strcmp(counters->list[i].name, name))
			return counters->list[i].value;
	}
	return 0;
}

struct json_object *host_counters_json(const struct host_counters *counters)
{
	struct json_object *object = json_object_new_object();
	unsigned int i;

	for (i = 0; i < counters->count; i++)
		host_json_number(object, counters->list[i].name, counters->list[i].value);
	return object;
}

/* "transmitter host phase=owned owner=UUID waiting=0 running=2 depth=4" */
unsigned int host_engines(const char *address, struct host_engine engines[HOST_MOST_ENGINES])
{
	char *text = host_read_all("/sys/bus/pci/devices/%s/vpio/engines", address), *rest = text;
	unsigned int count = 0;
	char *line;

	while (count < HOST_MOST_ENGINES && (line = host_line(&rest))) {
		struct host_engine *engine = &engines[count];

		*engine = (struct host_engine){ .waiting = 0 };
		if (sscanf(line, "%63s %15s phase=%15s owner=%39s waiting=%u running=%u depth=%u",
			   engine->name, engine->discipline, engine->phase, engine->owner,
			   &engine->waiting, &engine->running, &engine->depth) != 7)
			continue;
		if (!strcmp(engine->owner, "-"))
			*engine->owner = 0;
		count++;
	}
	free(text);
	return count;
}

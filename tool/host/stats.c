// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * vpio stats: all counters; also for Prometheus, in its text format (for node_exporter's textfile
 * collector).
 */
#include <stdlib.h>

#include "host.h"

/* Who counts: a device or a vdev. */
struct source {
	char labels[512]; /* Prometheus's */
	struct host_counters counters;
	struct host_vdev *vdev; /* NULL: a device */
	char state[32], address[16], name[64];
};

struct sources {
	struct source *list;
	size_t count;
	struct host_vdev *vdevs;
};

static void add_label(char labels[512], const char *name, const char *value)
{
	size_t at = strlen(labels);

	at += (size_t)snprintf(labels + at, 512 - at, "%s%s=\"", at ? "," : "", name);
	for (; *value && at < 512 - 4; value++) {
		if (*value == '\\' || *value == '"' || *value == '\n')
			labels[at++] = '\\';
		labels[at++] = *value == '\n' ? 'n' : *value;
	}
	labels[at++] = '"';
	labels[at] = 0;
}

static struct source *add_source(struct sources *sources)
{
	struct source *larger = realloc(sources->list, (sources->count + 1) * sizeof(*larger));

	if (!larger)
		abort();
	sources->list = larger;
	memset(&larger[sources->count], 0, sizeof(*larger));
	return &larger[sources->count];
}

static void find_sources(struct sources *sources)
{
	struct host_device *devices;
	struct source *source;
	size_t count, i;

	devices = host_devices(&count);
	for (i = 0; i < count; i++) {
		if (!devices[i].is_bound)
			continue;
		source = add_source(sources);
		snprintf(source->address, sizeof(source->address), "%s", devices[i].address);
		snprintf(source->name, sizeof(source->name), "%s", devices[i].address);
		add_label(source->labels, "device", devices[i].address);
		add_label(source->labels, "model", devices[i].model);
		if (host_read(source->state, sizeof(source->state),
			      "/sys/bus/pci/devices/%s/vpio/state", devices[i].address))
			snprintf(source->state, sizeof(source->state), "unknown");
		sources->count += host_counters_read(&source->counters,
						     "/sys/bus/pci/devices/%s/vpio/stats",
						     devices[i].address);
	}
	free(devices);
	sources->vdevs = host_vdevs(&count);
	for (i = 0; i < count; i++) {
		struct host_vdev *vdev = &sources->vdevs[i];

		source = add_source(sources);
		source->vdev = vdev;
		snprintf(source->name, sizeof(source->name), "%s", vdev->name);
		add_label(source->labels, "device", vdev->parent);
		add_label(source->labels, "vdev", vdev->uuid);
		add_label(source->labels, "name", vdev->name);
		sources->count += host_counters_read(
			&source->counters, "/sys/bus/mdev/devices/%s/vpio/stats", vdev->uuid);
	}
}

static void free_sources(struct sources *sources)
{
	size_t i;

	for (i = 0; i < sources->count; i++)
		host_counters_free(&sources->list[i].counters);
	free(sources->list);
	free(sources->vdevs);
}

/* --- For Prometheus ---------------------------------------------------------------------- */

#define MEANING(name, what) { #name, what },
static const struct meaning {
	const char *name, *what;
} vdev_meanings[] = { VPIO_VDEV_STATS(MEANING){ NULL, NULL } },
  pdev_meanings[] = { VPIO_PDEV_STATS(MEANING){ NULL, NULL } };

static const char *meaning_of(const char *name, bool vdev)
{
	const struct meaning *meaning;

	for (meaning = vdev ? vdev_meanings : pdev_meanings; meaning->name; meaning++) {
		if (!strcmp(meaning->name, name))
			return meaning->what;
	}
	return "a counter of the module that this command does not know";
}

static bool ends_with(const char *text, const char *end)
{
	const size_t length = strlen(text), tail = strlen(end);

	return length >= tail && !strcmp(text + length - tail, end);
}

static void head(const char *metric, const char *type, const char *help)
{
	printf("# HELP %s %s\n# TYPE %s %s\n", metric, help, metric, type);
}

/* Times are seconds in Prometheus; the longest of them is no counter. */
static void make_metric(char *metric, size_t size, const char *name, bool vdev)
{
	const char *whose = vdev ? "vdev" : "device";

	if (!strcmp(name, "wait_most_ns"))
		snprintf(metric, size, "vpio_%s_wait_longest_seconds", whose);
	else if (ends_with(name, "_ns"))
		snprintf(metric, size, "vpio_%s_%.*s_seconds_total", whose, (int)strlen(name) - 3,
			 name);
	else
		snprintf(metric, size, "vpio_%s_%s_total", whose, name);
}

static void print_sample(const char *metric, const char *labels, const char *name, u64 value)
{
	if (ends_with(name, "_ns"))
		printf("%s{%s} %.9f\n", metric, labels, (double)value / 1e9);
	else
		printf("%s{%s} %llu\n", metric, labels, (unsigned long long)value);
}

/* All that count the same are one metric. @first: the first of the kind, which has its names. */
static void print_kind(const struct sources *sources, const struct source *first)
{
	char metric[128];
	unsigned int i;
	size_t j;

	for (i = 0; i < first->counters.count; i++) {
		const char *name = first->counters.list[i].name;

		if (strchr(name, '.'))
			continue; /* see print_refusals() */
		make_metric(metric, sizeof(metric), name, first->vdev);
		head(metric, ends_with(metric, "_total") ? "counter" : "gauge",
		     meaning_of(name, first->vdev));
		for (j = 0; j < sources->count; j++) {
			const struct source *source = &sources->list[j];

			if (!source->vdev == !first->vdev)
				print_sample(metric, source->labels, name,
					     host_counter(&source->counters, name));
		}
	}
}

static void print_refusals(const struct sources *sources)
{
	unsigned int j;
	size_t i;

	head("vpio_vdev_refused_total", "counter", "requests refused, by the reason");
	for (i = 0; i < sources->count; i++) {
		const struct source *source = &sources->list[i];

		for (j = 0; source->vdev && j < source->counters.count; j++) {
			if (!strncmp(source->counters.list[j].name, "refused.", 8))
				printf("vpio_vdev_refused_total{%s,reason=\"%s\"} %llu\n",
				       source->labels, source->counters.list[j].name + 8,
				       (unsigned long long)source->counters.list[j].value);
		}
	}
}

static void print_device_gauges(const struct sources *sources)
{
	struct host_engine engines[HOST_MOST_ENGINES];
	unsigned int count, j;
	size_t i;

	head("vpio_device_working", "gauge",
	     "1 if the device is in service, 0 if it is broken or gone");
	for (i = 0; i < sources->count && !sources->list[i].vdev; i++)
		printf("vpio_device_working{%s} %d\n", sources->list[i].labels,
		       !strcmp(sources->list[i].state, "working"));
	head("vpio_device_vdevs", "gauge", "vdevs that the device has");
	for (i = 0; i < sources->count && !sources->list[i].vdev; i++)
		printf("vpio_device_vdevs{%s} %u\n", sources->list[i].labels,
		       host_device_vdevs(sources->list[i].address));
	head("vpio_engine_waiting", "gauge", "requests that wait for the engine");
	for (i = 0; i < sources->count && !sources->list[i].vdev; i++) {
		count = host_engines(sources->list[i].address, engines);
		for (j = 0; j < count; j++)
			printf("vpio_engine_waiting{%s,engine=\"%s\"} %u\n",
			       sources->list[i].labels, engines[j].name, engines[j].waiting);
	}
}

static void print_vdev_gauges(const struct sources *sources, const struct source *first)
{
	size_t i;

	head("vpio_vdev_open", "gauge", "1 if a VM has the vdev");
	for (i = (size_t)(first - sources->list); i < sources->count; i++)
		printf("vpio_vdev_open{%s} %d\n", sources->list[i].labels,
		       sources->list[i].vdev->is_open);
	head("vpio_vdev_weight", "gauge", "the vdev's share while others want the device, too");
	for (i = (size_t)(first - sources->list); i < sources->count; i++)
		printf("vpio_vdev_weight{%s} %llu\n", sources->list[i].labels,
		       (unsigned long long)sources->list[i].vdev->weight);
}

static int print_prometheus(const struct sources *sources)
{
	const struct source *device = NULL, *vdev = NULL;
	size_t i;

	for (i = sources->count; i--;) {
		if (sources->list[i].vdev)
			vdev = &sources->list[i];
		else
			device = &sources->list[i];
	}
	if (device) {
		print_device_gauges(sources);
		print_kind(sources, device);
	}
	if (vdev) {
		print_vdev_gauges(sources, vdev);
		print_kind(sources, vdev);
		print_refusals(sources);
	}
	return host_flushed();
}

/* --- For others -------------------------------------------------------------------------- */

static int print_json(const struct sources *sources)
{
	struct json_object *devices = json_object_new_array(), *vdevs = json_object_new_array();
	struct json_object *object, *all = json_object_new_object();
	size_t i;

	for (i = 0; i < sources->count; i++) {
		const struct source *source = &sources->list[i];

		object = json_object_new_object();
		if (source->vdev) {
			host_json_text(object, "name",
				       source->vdev->is_named ? source->vdev->name : NULL);
			host_json_text(object, "uuid", source->vdev->uuid);
			host_json_text(object, "device", source->vdev->parent);
		} else {
			host_json_text(object, "address", source->address);
			host_json_text(object, "state", source->state);
		}
		json_object_object_add(object, "counters", host_counters_json(&source->counters));
		json_object_array_add(source->vdev ? vdevs : devices, object);
	}
	json_object_object_add(all, "devices", devices);
	json_object_object_add(all, "vdevs", vdevs);
	return host_print_json(all, true);
}

static int print_text(const struct sources *sources)
{
	unsigned int j;
	size_t i;

	for (i = 0; i < sources->count; i++) {
		const struct source *source = &sources->list[i];

		for (j = 0; j < source->counters.count; j++)
			printf("%s %s %llu\n", source->name, source->counters.list[j].name,
			       (unsigned long long)source->counters.list[j].value);
	}
	return host_flushed();
}

static int run(const struct host_request *request)
{
	struct sources sources = { .count = 0 };
	int status;

	if (host_has(request, "json") && host_has(request, "prometheus"))
		return host_fail(TOOL_USAGE,
				 "--json and --prometheus exclude each other; give one");
	find_sources(&sources);
	status = host_has(request, "prometheus") ? print_prometheus(&sources)
		 : host_has(request, "json")	 ? print_json(&sources)
						 : print_text(&sources);
	free_sources(&sources);
	return status;
}

const struct host_command host_stats = {
	.name = "stats",
	.arguments = "[--json | --prometheus]",
	.what = "prints all counters, of devices and vdevs",
	.more = "docs/operation.md says what each counts.",
	.example =
		"    vpio stats --prometheus > /var/lib/prometheus/node-exporter/vpio.prom.new &&\n"
		"    mv /var/lib/prometheus/node-exporter/vpio.prom.new /var/lib/prometheus/node-exporter/vpio.prom",
	.options = (const struct host_option[]){ { "json", NULL, "for a program" },
						 { "prometheus", NULL,
						   "Prometheus's text format, for node_exporter" },
						 { NULL } },
	.run = run,
};

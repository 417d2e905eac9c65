// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What can be set of a vdev: each setting is checked as far as it can be before anything is
 * changed, then all are written, or none.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "host.h"

#define VDEV "/sys/bus/mdev/devices/%s/vpio/%s"

struct context {
	struct host_settings *settings;
	const char *parent; /* the device */
	const char *uuid;   /* of the vdev, or NULL: it is new */
};

static int put(struct host_settings *settings, const char *file, const char *value)
{
	unsigned int i;

	for (i = 0; i < settings->count; i++) {
		if (!strcmp(settings->list[i].file, file) && strcmp(file, "params"))
			return host_fail(TOOL_BAD_INPUT, "%s is given twice; give it once", file);
	}
	if (settings->count == HOST_MOST_SETTINGS)
		return host_fail(TOOL_BAD_INPUT, "too much is to be set; set it in several steps");
	snprintf(settings->list[settings->count].file, sizeof(settings->list[0].file), "%s", file);
	snprintf(settings->list[settings->count++].value, sizeof(settings->list[0].value), "%s",
		 value);
	return TOOL_OK;
}

/* --- Names and MAC addresses: no two vdevs have the same ----------------------------------- */

/* The vdev, other than this, for which it holds; the caller frees @vdevs. */
static const struct host_vdev *
find_other(const struct context *context, struct host_vdev **vdevs,
	   bool (*is_it)(const struct host_vdev *vdev, const char *value), const char *value)
{
	size_t count, i;

	*vdevs = host_vdevs(&count);
	for (i = 0; i < count; i++) {
		if (is_it(&(*vdevs)[i], value) &&
		    !(context->uuid && !strcmp((*vdevs)[i].uuid, context->uuid)))
			return &(*vdevs)[i];
	}
	return NULL;
}

static bool has_name(const struct host_vdev *vdev, const char *name)
{
	return vdev->is_named && !strcmp(vdev->name, name);
}

static bool has_mac(const struct host_vdev *vdev, const char *mac)
{
	return !strcasecmp(vdev->mac, mac);
}

static int take_name(const struct context *context, const char *value)
{
	const struct host_vdev *other;
	struct host_vdev *vdevs;
	const char *at;
	int status = TOOL_OK;

	for (at = value; isalnum((unsigned char)*at) || (*at && strchr("._-", *at)); at++)
		;
	if (*at || at == value || at - value >= HOST_NAME || !isalnum((unsigned char)*value))
		return host_fail(
			TOOL_BAD_INPUT,
			"'%s' is no name for a vdev: it is of 1 to %d letters, digits, "
			"'.', '_' and '-', and begins with a letter or digit; choose another",
			value, HOST_NAME - 1);
	other = find_other(context, &vdevs, has_name, value);
	if (other)
		status =
			host_fail(TOOL_BAD_INPUT,
				  "the name '%s' is taken by the vdev %s of %s; choose another, or "
				  "remove that one: vpio remove %s",
				  value, other->uuid, other->parent, value);
	free(vdevs);
	return status ? status : put(context->settings, "name", value);
}

static int take_mac(const struct context *context, const char *value)
{
	unsigned int bytes[6], i, sum = 0;
	const struct host_vdev *other;
	struct host_vdev *vdevs;
	int length = 0, status = TOOL_OK;
	char mac[64];

	if (sscanf(value, "%2x:%2x:%2x:%2x:%2x:%2x%n", &bytes[0], &bytes[1], &bytes[2], &bytes[3],
		   &bytes[4], &bytes[5], &length) != 6 ||
	    value[length])
		return host_fail(TOOL_BAD_INPUT,
				 "'%s' is no MAC address, which looks like 52:54:00:12:34:56",
				 value);
	for (i = 0; i < 6; i++)
		sum += bytes[i];
	if (!sum)
		return host_fail(TOOL_BAD_INPUT,
				 "the MAC address 00:00:00:00:00:00 is nobody's; leave --mac out, "
				 "and the vdev gets one of its own");
	if (bytes[0] & 1)
		return host_fail(
			TOOL_BAD_INPUT,
			"%s is a multicast MAC address, as its first byte is odd; a NIC needs "
			"a unicast one, say %02x%s",
			value, bytes[0] & 0xfe, value + strcspn(value, ":"));
	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2],
		 bytes[3], bytes[4], bytes[5]);
	other = find_other(context, &vdevs, has_mac, mac);
	if (other)
		status = host_fail(
			TOOL_BAD_INPUT,
			"the MAC address %s is that of the vdev %s of %s; choose another, "
			"or leave it out, and the vdev gets one of its own",
			mac, other->name, other->parent);
	free(vdevs);
	return status ? status : put(context->settings, "mac", mac);
}

/* --- Shares ------------------------------------------------------------------------------ */

static int take_number(const struct context *context, const char *value, const char *file,
		       const char *what, unsigned long least, unsigned long most)
{
	unsigned long number;
	char *end, text[24];

	errno = 0;
	number = strtoul(value, &end, 10);
	if (!isdigit((unsigned char)*value) || *end || errno || number < least || number > most)
		return host_fail(TOOL_BAD_INPUT, "%s is a number from %lu to %lu, not '%s'", what,
				 least, most, value);
	snprintf(text, sizeof(text), "%lu", number);
	return put(context->settings, file, text);
}

static int take_weight(const struct context *context, const char *value)
{
	return take_number(context, value, "weight", "a weight", 1, VPIO_WEIGHT_MOST);
}

static int take_interrupt_us(const struct context *context, const char *value)
{
	return take_number(context, value, "interrupt_us", "interrupt-us", 0,
			   VPIO_INTERRUPT_MOST_US);
}

static int take_interrupt_events(const struct context *context, const char *value)
{
	return take_number(context, value, "interrupt_events", "interrupt-events", 1,
			   VPIO_INTERRUPT_MOST_EVENTS);
}

struct rate {
	double bytes, frames;
	bool has_bytes, has_frames;
};

/* One limit: a number, k, M or G, and what it counts. False: it is none. */
static bool parse_limit(struct rate *rate, char *text)
{
	double factor = 1, number;
	char *unit;

	if (!isdigit((unsigned char)*text))
		return false;
	number = strtod(text, &unit);
	switch (*unit) {
	case 'k':
	case 'K':
		factor = 1e3;
		break;
	case 'M':
		factor = 1e6;
		break;
	case 'G':
		factor = 1e9;
		break;
	}
	unit += factor != 1;
	if (!strcmp(unit, "bit") || !strcmp(unit, "bit/s")) {
		rate->bytes = number * factor / 8;
		rate->has_bytes = true;
	} else if (!strcmp(unit, "B") || !strcmp(unit, "B/s")) {
		rate->bytes = number * factor;
		rate->has_bytes = true;
	} else if (!strcmp(unit, "frames") || !strcmp(unit, "frames/s")) {
		rate->frames = number * factor;
		rate->has_frames = true;
	} else {
		return false;
	}
	return true;
}

static int wrong_rate(const char *value, const char *why)
{
	return host_fail(TOOL_BAD_INPUT,
			 "'%s' is no rate: %s; give it as 10Mbit (bits a second), 1.25MB (bytes a "
			 "second), 1000frames, or none",
			 value, why);
}

static int take_rate(const struct context *context, const char *value)
{
	struct rate rate = { .has_bytes = false };
	char text[96], *rest = text, *limit;
	int status;

	snprintf(text, sizeof(text), "%s", value);
	if (!strcmp(value, "none") || !strcmp(value, "0"))
		rate.has_bytes = rate.has_frames = true;
	else
		while ((limit = strsep(&rest, ","))) {
			const struct rate before = rate;

			if (!parse_limit(&rate, limit))
				return wrong_rate(value, "a number with a unit is expected");
			if ((before.has_bytes && before.bytes != rate.bytes) ||
			    (before.has_frames && before.frames != rate.frames))
				return wrong_rate(value, "it says the same twice");
			if (limit[strspn(limit, "0.")] && ((rate.has_bytes && rate.bytes < 1) ||
							   (rate.has_frames && rate.frames < 1)))
				return wrong_rate(value, "it is less than 1 a second");
		}
	if (rate.bytes > VPIO_RATE_MOST_BYTES)
		return wrong_rate(value, "the most is 8Gbit");
	if (rate.frames > VPIO_RATE_MOST_FRAMES)
		return wrong_rate(value, "the most is 10Mframes");
	snprintf(text, sizeof(text), "%.0f", rate.bytes);
	status = put(context->settings, "rate_bytes", text);
	snprintf(text, sizeof(text), "%.0f", rate.frames);
	return status ? status : put(context->settings, "rate_frames", text);
}

/* --- The rest ---------------------------------------------------------------------------- */

static int take_policy(const struct context *context, const char *value)
{
	if (strcmp(value, "deny") && strcmp(value, "stop") && strcmp(value, "mce"))
		return host_fail(
			TOOL_BAD_INPUT,
			"there is no policy '%s'; there are deny (the access does nothing), "
			"stop (the guest is stopped) and mce (it gets a machine check)",
			value);
	return put(context->settings, "policy", value);
}

static int take_source_check(const struct context *context, const char *value)
{
	const bool on = !strcmp(value, "on") || !strcmp(value, "1");

	if (!on && strcmp(value, "off") && strcmp(value, "0"))
		return host_fail(TOOL_BAD_INPUT, "source-check is on or off, not '%s'", value);
	return put(context->settings, "source_check", on ? "1" : "0");
}

static int check_value(const struct vpio_model *model, const struct vpb_param *param, u64 value,
		       const char *word)
{
	char allowed[VPB_MAX_PARAM_VALUES * 24] = "";
	size_t used = 0;
	u32 i;

	for (i = 0; i < param->count; i++) {
		if (model->values[param->value + i] == value)
			return TOOL_OK;
		used += (size_t)snprintf(allowed + used, sizeof(allowed) - used, "%s0x%llx",
					 i ? ", " : "",
					 (unsigned long long)model->values[param->value + i]);
	}
	if (!param->count)
		return TOOL_OK;
	return host_fail(TOOL_BAD_INPUT, "the parameter %s (%s) does not take '%s'; it takes %s",
			 tool_name(model, param->name), tool_name(model, param->doc), word,
			 allowed);
}

static int check_param(const struct vpio_model *model, const char *name, u64 value,
		       const char *word)
{
	char names[512] = "";
	size_t used = 0;
	u32 i;

	for (i = 0; i < model->header->params.count; i++) {
		const struct vpb_param *param = &model->params[i];

		if (!strcmp(tool_name(model, param->name), name))
			return check_value(model, param, value, word);
		if (used < sizeof(names))
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
						 used ? ", " : "", tool_name(model, param->name));
	}
	return host_fail(TOOL_BAD_INPUT, "the model %s has no parameter '%s'; it has %s",
			 tool_name(model, model->header->name), name, used ? names : "none");
}

/* If the model is not to be read here, the module says whether it is right. */
static int take_param(const struct context *context, const char *value)
{
	const char *equals = strchr(value, '=');
	struct host_device device;
	struct host_model model;
	int status = TOOL_OK;
	char name[96], *end;
	u64 number;

	if (!equals || equals == value)
		return host_fail(TOOL_BAD_INPUT, "'%s' is no parameter, which looks like chip=0x20",
				 value);
	errno = 0;
	number = strtoull(equals + 1, &end, 0);
	if (!isdigit((unsigned char)equals[1]) || *end || errno)
		return host_fail(TOOL_BAD_INPUT,
				 "the parameter %.*s takes a number, as 32 or 0x20, not '%s'",
				 (int)(equals - value), value, equals + 1);
	snprintf(name, sizeof(name), "%.*s", (int)(equals - value), value);
	if (host_device_read(&device, context->parent) && device.is_known &&
	    host_model_load(&model, device.file)) {
		status = check_param(&model.model, name, number, equals + 1);
		host_model_free(&model);
	}
	return status ? status : put(context->settings, "params", value);
}

static const struct {
	const char *name;
	int (*take)(const struct context *context, const char *value);
} kinds[] = {
	{ "name", take_name },
	{ "mac", take_mac },
	{ "weight", take_weight },
	{ "rate", take_rate },
	{ "interrupt-us", take_interrupt_us },
	{ "interrupt-events", take_interrupt_events },
	{ "policy", take_policy },
	{ "source-check", take_source_check },
	{ "param", take_param },
};

static int take_word(const struct context *context, const char *word)
{
	const char *equals = strchr(word, '=');
	unsigned int i;

	for (i = 0; equals && i < ARRAY_SIZE(kinds); i++) {
		if (strlen(kinds[i].name) == (size_t)(equals - word) &&
		    !memcmp(kinds[i].name, word, (size_t)(equals - word)))
			return kinds[i].take(context, equals + 1);
	}
	if (equals)
		return take_param(context, word);
	return host_fail(TOOL_BAD_INPUT,
			 "'%s' sets nothing; say KEY=VALUE, with an option of `vpio set --help` "
			 "(without the dashes) or a parameter of the model as KEY",
			 word);
}

int host_settings_parse(struct host_settings *settings, const struct host_request *request,
			unsigned int first, const char *parent, const char *uuid)
{
	const struct context context = { settings, parent, uuid };
	unsigned int i, j;
	int status;

	settings->count = 0;
	for (i = 0; i < request->options; i++) {
		for (j = 0; j < ARRAY_SIZE(kinds); j++) {
			if (strcmp(kinds[j].name, request->given[i].name))
				continue;
			status = kinds[j].take(&context, request->given[i].value);
			if (status)
				return status;
		}
	}
	for (i = first; i < request->count; i++) {
		status = take_word(&context, request->words[i]);
		if (status)
			return status;
	}
	return TOOL_OK;
}

/* --- Making them so ---------------------------------------------------------------------- */

static int explain(int error, const char *uuid, const char *file, const char *value,
		   const char *said)
{
	if (error == ENOENT && host_exists("/sys/bus/mdev/devices/%s/vpio", uuid))
		return host_fail(TOOL_SYSTEM,
				 "the module that is loaded knows no %s: it is older than this "
				 "command; unload it and load the one that belongs to it",
				 file);
	if (error == EINVAL)
		return host_fail(TOOL_BAD_INPUT,
				 "the module does not take '%s' as %s%s%s; give what it takes",
				 value, file, *said ? ": " : "", said);
	if (error == EBUSY)
		return host_fail(
			TOOL_BAD_INPUT,
			"cannot set %s while a VM has the vdev; shut the VM down (vpio status "
			"shows it), and try again",
			file);
	return host_fail_errno(error, NULL, "set %s of the vdev %s", file, uuid);
}

/* What a setting is now: of several parameters, the one of the new value's name. */
static void read_setting(char *old, size_t size, const char *uuid, const char *file,
			 const char *value)
{
	char text[512], *rest = text, *line;

	host_read(text, sizeof(text), VDEV, uuid, file);
	snprintf(old, size, "%.*s", (int)size - 1, text);
	if (strcmp(file, "params"))
		return;
	while ((line = host_line(&rest))) {
		if (!strncmp(line, value, strcspn(value, "=") + 1))
			snprintf(old, size, "%.*s", (int)size - 1, line);
	}
}

int host_settings_apply(const struct host_settings *settings, const char *uuid)
{
	char old[HOST_MOST_SETTINGS][sizeof(settings->list[0].value)];
	int error = 0, status;
	struct host_log log;
	char said[512];
	unsigned int i;

	host_log_begin(&log);
	for (i = 0; i < settings->count; i++) {
		read_setting(old[i], sizeof(old[i]), uuid, settings->list[i].file,
			     settings->list[i].value);
		error = host_write(settings->list[i].value, VDEV, uuid, settings->list[i].file);
		if (error)
			break;
	}
	host_log_end(&log, uuid, said, sizeof(said));
	if (!error)
		return TOOL_OK;
	status = explain(-error, uuid, settings->list[i].file, settings->list[i].value, said);
	while (i--)
		host_write(*old[i] ? old[i] : "\n", VDEV, uuid, settings->list[i].file);
	return status;
}

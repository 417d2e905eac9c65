/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * host.h - what the commands for a host share: vpio doctor, list, bind, add and so on. Each is one
 * file, named as the command; this is what they stand on.
 */
#ifndef VPIO_TOOL_HOST_H
#define VPIO_TOOL_HOST_H

#include <sys/types.h>

#include <json-c/json.h>

#include "../../core/monitor.h"
#include "../tool.h"

/* --- command.c: what a command takes, and its --help -------------------------------------- */

enum {
	HOST_MOST_WORDS = 16,
	HOST_MOST_OPTIONS = 32,
};

struct host_option {
	const char *name;  /* without the dashes */
	const char *value; /* what it takes; NULL: nothing */
	const char *what;
};

struct host_request;

struct host_command {
	const char *name;
	const char *arguments;		   /* for the usage line */
	const char *what;		   /* one line */
	const char *more;		   /* paragraphs for --help, or NULL */
	const char *example;		   /* lines for --help */
	const struct host_option *options; /* ends with an entry without name */
	unsigned int least, most;	   /* arguments that are no options */
	bool changes;			   /* one at a time on a host */
	int (*run)(const struct host_request *request);
};

/* What a command was asked for. */
struct host_request {
	const struct host_command *command;
	unsigned int count;
	const char *words[HOST_MOST_WORDS + 1]; /* ends with NULL */
	unsigned int options;
	struct {
		const char *name, *value;
	} given[HOST_MOST_OPTIONS];
};

/* All of them, by their names; ends with NULL. */
extern const struct host_command *const host_commands[];

/* Runs a command; returns the exit status. */
int host_run(const struct host_command *command, int count, char **arguments);
bool host_has(const struct host_request *request, const char *option);
/* An option's last value, or NULL. */
const char *host_value(const struct host_request *request, const char *option);
/* A number that an option takes, from 1 to @most; 0 or an exit status. */
int host_number(const struct host_request *request, const char *option, unsigned long most,
		unsigned long *number);

/* --- say.c: messages and JSON ------------------------------------------------------------- */

/* Says "vpio COMMAND: ..." on stderr, one line: what, why; what next. Returns the exit status. */
int host_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same when the system refused: @error as in errno, @next what to do unless that follows. */
int host_fail_errno(int error, const char *next, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* What is no failure, but should be known. */
void host_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Makes messages name this command. */
void host_say_as(const char *command);
/* Prints an object, one line or many, and drops it; an exit status. */
int host_print_json(struct json_object *object, bool pretty);
/* Text of somebody else's, for a terminal: without what that would obey. Changes it. */
void host_clean(char *text);
/* What was printed has arrived; else an exit status. */
int host_flushed(void);
void host_json_text(struct json_object *object, const char *key, const char *value);
void host_json_number(struct json_object *object, const char *key, u64 value);

/* --- sys.c: files of the system, below VPIO_SYSROOT if that is set (for tests) ------------- */

/* If set: what is written to files of /sys goes to it, a test's kernel; value NULL: a directory. */
extern int (*host_kernel)(const char *path, const char *value);

const char *host_root(void);
/* The text of a file without the blanks at its end; 0 or -errno. */
int host_read(char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* All of a file, however long; NULL and errno. The caller frees it. */
char *host_read_all(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* 0 or -errno. */
int host_write(const char *value, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* In /sys, where that makes something; 0 or -errno. */
int host_make_directory(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool host_exists(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The last part of where a link leads; "" and false if it is none. */
bool host_link(char *name, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Names in a directory, sorted; ends with NULL, never NULL itself. */
char **host_names(const char *format, ...) __attribute__((format(printf, 1, 2)));
void host_names_free(char **names);
/* A number in a file, or @otherwise. */
u64 host_read_number(u64 otherwise, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line of the text; NULL at its end. Cuts the text up. */
char *host_line(char **text);

/*
 * Runs a program and waits for it; its exit status, or -errno. @said: the last line that it wrote
 * to stdout or stderr.
 */
int host_program(char *said, size_t size, const char *const arguments[]);

/* Waits until no other command changes the host; until the process ends, or host_unlock(). */
void host_lock(void);
void host_unlock(void);

/* While a change is made that must not be left half done, signals wait. */
void host_begin_change(void);
void host_end_change(void);

/* What the module said last of a device or vdev in the log since host_log_begin(), or "". */
struct host_log {
	int file;
};
void host_log_begin(struct host_log *log);
void host_log_end(struct host_log *log, const char *device, char *line, size_t size);

/* --- pci.c: devices and the models of them ------------------------------------------------- */

struct host_device {
	char address[16];
	u32 vendor, device, class_code;
	char driver[64]; /* "": none */
	bool is_bound;	 /* to vpio */
	bool is_known;	 /* a model of it is installed; the rest is the model's */
	char file[512];	 /* the compiled model */
	char model[64];
	char title[160];
};

struct host_model {
	struct vpio_model model;
	void *block;
};

/* Reads and verifies a compiled model; false if it is none. */
bool host_model_load(struct host_model *model, const char *path);
void host_model_free(struct host_model *model);
/* Where the kernel looks for models of this name: the file that it finds; false: none. */
bool host_model_find(char *path, size_t size, u32 vendor, u32 device);
/* Directories in which the kernel looks, as paths below the root: "" ends them. */
enum { HOST_FIRMWARE_PLACES = 6 };
void host_firmware_places(char places[HOST_FIRMWARE_PLACES][256]);

/* All PCI devices; the caller frees them. */
struct host_device *host_devices(size_t *count);
bool host_device_read(struct host_device *device, const char *address);
/* The device of an address that a person typed; 0, or a message and an exit status. */
int host_device_find(struct host_device *device, const char *word);
/* Vdevs that it has. */
unsigned int host_device_vdevs(const char *address);

/* --- holds.c: what the host itself uses a device for --------------------------------------- */

enum host_hold_kind {
	HOST_HOLD_SSH,	   /* this session comes through it */
	HOST_HOLD_ROUTE,   /* the default route */
	HOST_HOLD_ADDRESS, /* an interface with an address */
	HOST_HOLD_MOUNT,   /* a file system */
	HOST_HOLD_SWAP,
};

struct host_hold {
	enum host_hold_kind kind;
	char what[128]; /* the interface, the place where it is mounted */
};

enum { HOST_MOST_HOLDS = 32 };

unsigned int host_holds(const char *address, struct host_hold holds[HOST_MOST_HOLDS]);
/* In words, as "the default route goes through eth0". */
void host_hold_text(const struct host_hold *hold, char *text, size_t size);

/* --- bind.c ------------------------------------------------------------------------------- */

/* Gives it to VPIO, if it has a model and, unless forced to, the host does not use it itself. */
int host_bind_device(struct host_device *device, bool force);

/* --- boot.c: devices that are bound at boot ------------------------------------------------ */

struct host_boot_entry {
	char text[128]; /* the line */
	bool is_right;	/* and then: */
	char address[16];
	u32 vendor, device;
};

/* The lines of /etc/vpio/devices, NULL if there are none; the caller frees them. */
char *host_boot_text(void);
/* A line; false if there is nothing in it. Changes it. */
bool host_boot_entry(struct host_boot_entry *entry, char *line);
bool host_boot_has(const char *address);
/* 0, or a message and an exit status. */
int host_boot_add(const struct host_device *device);
int host_boot_remove(const char *address);

/* --- vdev.c: vdevs that there are ----------------------------------------------------------- */

enum { HOST_NAME = 32 }; /* bytes of a name, with its end */

struct host_vdev {
	char uuid[40];
	char name[HOST_NAME]; /* or the UUID's beginning */
	bool is_named;
	char parent[16];
	char type[64];
	char mac[20];
	char params[512]; /* lines */
	char policy[16];
	bool source_check;
	u64 weight, rate_bytes, rate_frames, interrupt_us, interrupt_events;
	bool is_open;
	pid_t pid;	    /* who has it open; 0: nobody, or not to be seen */
	char process[64];   /* its name */
	char guest[64];	    /* the VM's name, as QEMU was given it */
	bool is_persistent; /* mdevctl makes it again */
};

/* All of them, but not who has them open, which takes long; the caller frees them. */
struct host_vdev *host_vdevs(size_t *count);
/* Who has it open. */
void host_vdev_find_user(struct host_vdev *vdev);
bool host_vdev_read(struct host_vdev *vdev, const char *uuid);
/* By name, UUID, or the beginning of one; 0, or a message and an exit status. */
int host_vdev_find(struct host_vdev *vdev, const char *word);
/* What people call the one with this UUID, if it is among them: else the UUID, or "-" for none. */
const char *host_vdev_name(const struct host_vdev *vdevs, size_t count, const char *uuid);
/* Who has it open, as "qemu-system-x86 (pid 12, VM web)". */
void host_vdev_user(const struct host_vdev *vdev, char *text, size_t size);
struct json_object *host_vdev_json(const struct host_vdev *vdev);
/* As "10 Mbit/s, 1000 frames/s", or "-". */
void host_rate_text(u64 bytes, u64 frames, char *text, size_t size);

/* Counters of a file "stats": names in the text, values beside them. */
struct host_counters {
	char *text;
	unsigned int count;
	struct {
		const char *name;
		u64 value;
	} list[64];
};

bool host_counters_read(struct host_counters *counters, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void host_counters_free(struct host_counters *counters);
u64 host_counter(const struct host_counters *counters, const char *name);
struct json_object *host_counters_json(const struct host_counters *counters);

/* An engine, as a line of the pdev's file "engines" shows it. */
struct host_engine {
	char name[64], discipline[16], phase[16];
	char owner[40]; /* UUID, or "" */
	u32 waiting, running, depth;
};

enum { HOST_MOST_ENGINES = 32 };

unsigned int host_engines(const char *address, struct host_engine engines[HOST_MOST_ENGINES]);

/* --- settings.c: what can be set of a vdev -------------------------------------------------- */

enum { HOST_MOST_SETTINGS = 24 };

struct host_settings {
	unsigned int count;
	struct {
		char file[24]; /* in the vdev's vpio/ */
		char value[96];
	} list[HOST_MOST_SETTINGS];
};

/* The options of add and set. */
#define HOST_SETTING_OPTIONS                                                                          \
	{ "name", "NAME", "a name for it: letters, digits, '.', '_' and '-', at most 31" },           \
		{ "mac", "MAC", "its MAC address, as 52:54:00:12:34:56" },                            \
		{ "weight", "WEIGHT",                                                                 \
		  "its share while others want the card, too: 1 to 1000 (100)" },                     \
		{ "rate", "RATE",                                                                     \
		  "what it may send at most: 10Mbit, 1.25MB, 1000frames, 10Mbit,1000frames (a "       \
		  "second), or none" },                                                               \
		{ "interrupt-us", "US",                                                               \
		  "from one interrupt of the guest to the next, at least (250)" },                    \
		{ "interrupt-events", "N", "but no longer than until so much has happened (8)" },     \
		{ "policy", "POLICY",                                                                 \
		  "what follows a violation: deny (no more), stop (the VM) or mce (by vpio guard)" }, \
		{ "source-check", "on|off",                                                           \
		  "whether frames with another source address are refused" },                         \
	{                                                                                             \
		"param", "NAME=VALUE", "a parameter of the model; more than once, if need be"         \
	}

/*
 * Collects what the request sets, by options and, if @words, by words key=value from @first on.
 * @parent: the device, whose model says what parameters there are. @uuid: the vdev, or NULL if it
 * is new.
 */
int host_settings_parse(struct host_settings *settings, const struct host_request *request,
			unsigned int first, const char *parent, const char *uuid);
/* Makes them all, or none of them; 0, or a message and an exit status. */
int host_settings_apply(const struct host_settings *settings, const char *uuid);

/* --- persist.c: mdevctl's configuration ------------------------------------------------------ */

bool host_is_persistent(const char *parent, const char *uuid);
/* It is one of VPIO's, and mdevctl is to make it whenever its device is bound. */
bool host_vdev_is_wanted(const char *parent, const char *uuid);
/* Lets mdevctl make the vdev again, as it is now; 0, or a message and an exit status. */
int host_persist(const struct host_vdev *vdev);
/* Whether that could be done; 0, or a message and an exit status. */
int host_persist_possible(void);
int host_forget(const char *parent, const char *uuid);

#endif /* VPIO_TOOL_HOST_H */

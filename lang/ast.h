/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * ast.h - the tree of a model as the parser builds it, the names in it, and what the compiler's
 * passes offer to each other: parse, resolve, check, generate, write, in this order.
 */
#ifndef VPIO_LANG_AST_H
#define VPIO_LANG_AST_H

#include <setjmp.h>

#include "../core/model.h"
#include "lang.h"

enum {
	VPL_MAX_TEXT = 1 << 20,	    /* bytes of a model's source */
	VPL_MAX_NAME = 64,	    /* characters of a name */
	VPL_MAX_STRING = 256,	    /* characters of a string */
	VPL_MAX_NESTING = 64,	    /* blocks, brackets and operators inside each other */
	VPL_MAX_CALLS = 16,	    /* procs that call each other */
	VPL_MAX_LOCALS = 60,	    /* local names at one place */
	VPL_MAX_INSNS = 4096,	    /* instructions of a handler (core/verify.c) */
	VPL_MAX_HANDLER_LOOPS = 64, /* loops of a handler (core/verify.c) */
	VPL_MAX_ARGUMENTS = 8,	    /* of a proc */
	VPL_MAX_BUCKETS = 1024,
};

/*
 * The checks, in the order in which the compiler makes them. X(ID, "name", function, "what holds").
 * A check without a function is made where the compiler reads (syntax, nesting), looks up names and
 * types (up to proc-result), or generates code (vm-registers and on).
 */
#define VPL_CHECKS(X)                                                                              \
	X(SYNTAX, "syntax", NULL, "the text follows the grammar")                                  \
	X(NESTING, "nesting", NULL, "blocks and expressions nest no deeper than 64 levels")        \
	X(DUPLICATE_NAME, "duplicate-name", NULL, "a name means one thing at one place")           \
	X(UNKNOWN_NAME, "unknown-name", NULL, "each name that is used is declared")                \
	X(NAME_KIND, "name-kind", NULL, "a name is used as what it is: a register, an engine ...") \
	X(CONSTANT, "constant-expression", NULL, "what the compiler must know is constant")        \
	X(VALUE_RANGE, "value-range", NULL, "a number fits where it is put")                       \
	X(FIELD_RANGE, "field-range", vpl_check_field_range, "a field lies in its register")       \
	X(LAYOUT_WIDTH, "layout-width", vpl_check_layout_width, "a field lies in its layout")      \
	X(FIELD_OVERLAP, "field-overlap", vpl_check_field_overlap, "a bit belongs to one field")   \
	X(FIELD_ACCESS, "field-access", vpl_check_field_access, "a field is rw, ro, w1c or w1s")   \
	X(BAR_SIZE, "bar-size", vpl_check_bars,                                                    \
	  "a bar has an index of its own and a power of two that holds its window")                \
	X(WINDOW_BAR, "window-bar", vpl_check_window_bar, "each window is shown by a bar")         \
	X(BANK_SELECTOR, "bank-selector", vpl_check_banks,                                         \
	  "a bank is selected by up to 4 bits of a register that is there in every bank")          \
	X(REGISTER_IN_WINDOW, "register-in-window", vpl_check_in_window,                           \
	  "a register lies in its window")                                                         \
	X(REGISTER_ALIGNMENT, "register-alignment", vpl_check_alignment,                           \
	  "an offset is a multiple of the width (or of 4), a step no less than it")                \
	X(REGISTER_OVERLAP, "register-overlap", vpl_check_overlap,                                 \
	  "a byte of a bank belongs to one register, or to a ro and a wo or strobe one")           \
	X(WINDOW_DESCRIBED, "window-described", vpl_check_described,                               \
	  "each byte of each bank of a window is a register's or reserved")                        \
	X(HANDLER_UNIQUE, "handler-unique", NULL, "an event has one handler")                      \
	X(ACCESS_CONFLICT, "access-conflict", vpl_check_access,                                    \
	  "what is written has a meaning: no write handler on ro, one on strobe")                  \
	X(INTERRUPT_REGISTERS, "interrupt-registers", vpl_check_interrupt,                         \
	  "cause and mask are single registers of one width, each cause named once")               \
	X(CONTEXT, "context", NULL,                                                                \
	  "a vdev's handler uses a vdev's things, hardware the hardware's")                        \
	X(LOOP_BOUND, "loop-bound", NULL,                                                          \
	  "a loop runs 1 to 65535 times, at most 8 inside each other")                             \
	X(LOOP_JUMP, "loop-jump", NULL, "break and continue stand in a loop")                      \
	X(ARGUMENT_COUNT, "argument-count", NULL, "a call has as many arguments as its proc")      \
	X(PROC_RESULT, "proc-result", NULL, "a value comes from what returns one")                 \
	X(PROC_RECURSION, "proc-recursion", vpl_check_recursion,                                   \
	  "a proc does not call itself, and calls nest no deeper than 16")                         \
	X(OWN_CONTEXT, "own-context", NULL,                                                        \
	  "`own.` names what a handler with the hardware at hand cannot name else")                \
	X(START_CONTEXT, "start-context", NULL,                                                    \
	  "`on start` of an engine uses the hardware and its vdev, but no guest memory")           \
	X(CALL_CONTEXT, "call-context", vpl_check_calls,                                           \
	  "a proc is called where what it uses is at hand")                                        \
	X(ENGINE_COMPLETE, "engine-complete", vpl_check_engines,                                   \
	  "an engine that is sent to has transmit, recover, done, depth, timeout and max")         \
	X(SLICE_COMPLETE, "slice-complete", vpl_check_slices,                                      \
	  "a slice engine has timeout, start, idle and recover, a partition engine reset")         \
	X(PARTITION_INSTANCES, "partition-instances", vpl_check_partitions,                        \
	  "a partition engine has 1 to 64 instances, each with a place in the bar; 256 in all")    \
	X(PORT_COMPLETE, "port-complete", vpl_check_ports,                                         \
	  "a port is a single register without handlers, with a way for each direction")           \
	X(DENY_RESTORE, "deny-restore", vpl_check_deny_restore,                                    \
	  "nothing is both denied and written to the hardware by the owner and by a hand-off")     \
	X(DIRECT_CAUSE, "direct-cause", vpl_check_direct_cause,                                    \
	  "causes and masks are the vdev's own, never an engine's registers that reach the "       \
	  "hardware")                                                                              \
	X(UNSAVEABLE, "unsaveable", vpl_check_saveable,                                            \
	  "what reaches the hardware is saved by reading it and restored by writing it")           \
	X(DIRECT_AREA, "direct-area", vpl_check_direct_area,                                       \
	  "registers that reach the hardware show in one bank, and take any access")               \
	X(IDLE_REACHABLE, "idle-reachable", vpl_check_idle, "a slice engine can become idle")      \
	X(TRIGGER_UNHOOKED, "trigger-unhooked", vpl_check_triggers,                                \
	  "what starts DMA, or holds a bus address, is hooked: no guest writes it unseen")         \
	X(INSTANCE_CONTEXT, "instance-context", NULL,                                              \
	  "what is of one instance is named where it is clear which is meant")                     \
	X(NIC_COMPLETE, "nic-complete", vpl_check_nic,                                             \
	  "a model that receives frames has one engine with `on frame`, and a filter")             \
	X(HARDWARE_COMPLETE, "hardware-complete", vpl_check_hardware,                              \
	  "the hardware can be started, stopped and asked why it interrupted")                     \
	X(MODEL_SIZE, "model-size", NULL, "a model keeps within the format's limits")              \
	X(VM_REGISTERS, "vm-registers", NULL, "a handler's values fit in 64 VM registers")         \
	X(HANDLER_SIZE, "handler-size", NULL, "a handler has at most 4096 instructions, 64 loops") \
	X(COST, "cost", NULL, "a handler's worst case stays within the monitor's limit")

enum vpl_check_id {
#define VPL_CHECK_ENUM(id, name, function, what) CHECK_##id,
	VPL_CHECKS(VPL_CHECK_ENUM)
#undef VPL_CHECK_ENUM
};

/* A place in the text. */
struct at {
	u32 offset;
	u32 line; /* from 1 */
};

/* A name as it is written somewhere. */
struct name {
	const char *text; /* NULL: none */
	struct at at;
};

/* A number as it is written somewhere. */
struct number {
	u64 value;
	struct at at;
	bool given;
};

enum symbol_kind {
	S_CONST,
	S_PARAM,
	S_VAR,
	S_REGISTER,
	S_WINDOW,
	S_ENGINE,
	S_DMA,
	S_LAYOUT,
	S_PROC,
	S_LOCAL,
};

/* What a name means; the first member of whatever has a name. */
struct symbol {
	enum symbol_kind kind;
	const char *name;
	struct at at;
	struct symbol *chain; /* in its scope's bucket */
};

struct scope {
	struct symbol *buckets[VPL_MAX_BUCKETS];
};

struct field {
	struct name name;
	struct number high, low;
	int access; /* enum vpb_access, or -1: its register's */
	struct field *next;
};

struct layout {
	struct symbol symbol;
	unsigned int width; /* bytes */
	struct field *fields;
	struct layout *next;
};

enum expr_kind {
	E_NUMBER,
	E_PLACE,  /* name, name[index], name.field, name[index].field, hardware.name, own.name */
	E_MEMORY, /* guest.u32[index], frame.u16[index], dma.u8[index] */
	E_CALL,
	E_UNARY,
	E_BINARY,
	E_CHOICE, /* a ? b : c */
};

struct expr {
	enum expr_kind kind;
	bool own;      /* E_PLACE: own.REG */
	bool assigned; /* what is assigned to */
	struct at at;
	unsigned int depth; /* of the tree below */
	u64 number;	    /* E_NUMBER */
	int sign;	    /* E_UNARY, E_BINARY: a token's code */
	struct expr *a, *b, *c;
	struct name name;   /* E_PLACE, E_MEMORY, E_CALL */
	struct name field;  /* E_PLACE; E_CALL: what is called, of name */
	unsigned int width; /* E_MEMORY: bytes */
	struct expr *index;
	struct expr *arguments, *next; /* E_CALL: a list */
	/* what the names mean (resolve.c) */
	struct symbol *symbol;
	const struct field *bits;
	const struct builtin *builtin;
};

enum statement_kind { T_LET, T_ASSIGN, T_IF, T_REPEAT, T_BREAK, T_CONTINUE, T_RETURN, T_CALL };

struct statement {
	enum statement_kind kind;
	struct at at;
	struct statement *next;
	struct name name;	/* T_LET, T_REPEAT's index */
	struct name layout;	/* T_LET */
	struct expr *place;	/* T_ASSIGN */
	int sign;		/* T_ASSIGN: '=', or the operator of += and so on */
	bool cause;		/* T_ASSIGN, written as `cause REG.FIELD` */
	u8 raise;		/* of that: VPB_RAISE, VPB_URGE, VPB_LATER */
	struct expr *value;	/* T_LET, T_ASSIGN, T_IF, T_REPEAT, T_RETURN, T_CALL */
	struct statement *body; /* T_IF, T_REPEAT */
	struct statement *otherwise;
	struct local *local; /* T_LET, T_REPEAT (resolve.c) */
	u64 bound;	     /* T_REPEAT */
};

/* A local name. Where its value is now is the generator's business. */
struct local {
	struct symbol symbol;
	const struct field *fields;
	unsigned int width; /* bytes that its layout has */
	bool assigned;	    /* after it was made */
	bool used;
	bool constant; /* gen.c: its value is `value`, else it is in `reg` */
	bool address;  /* gen.c: a bus address, or made from one */
	u64 value;
	unsigned int reg;
	struct local *next; /* parameter of the same proc */
};

enum event {
	EV_READ,
	EV_WRITE,
	EV_RESET,
	EV_NOTIFY,
	EV_DONE,
	EV_FRAME,
	EV_RUN,
	EV_BEGIN,
	EV_IDLE,
	EV_READY,
	EV_SAVE,
	EV_SAVED,
	EV_RESTORE,
	EV_RESTORED,
	EV_ABORT,
	EV_RESET_ONE, /* of one instance of a partition engine */
	EV_INTERRUPT_ONE,
	EV_IDLE_ONE,
	EV_ABORT_ONE,
	EV_START,
	EV_STOP,
	EV_INTERRUPT,
	EV_TICK,
	EV_TRANSMIT,
	EV_RECOVER,
	EV_POLL,
	EV_MASK,
	EV_FILTER, /* not written as a handler */
	EVENTS
};

/* Where a handler may stand. */
enum home {
	HOME_MODEL = 1 << 0, /* outside hardware and engines */
	HOME_HOST = 1 << 1,  /* in a host engine */
	HOME_SLICE = 1 << 2,
	HOME_PARTITION = 1 << 3,
	HOME_HARDWARE = 1 << 4,
	HOME_ENGINE = HOME_HOST | HOME_SLICE | HOME_PARTITION,
	HOME_VDEV = HOME_MODEL | HOME_ENGINE,
};

/* On whose behalf a handler runs, and so what a name in it means. */
enum context {
	IN_VDEV = 1 << 0,     /* a vdev's */
	IN_HARDWARE = 1 << 1, /* the hardware's; that of a slice engine's owner; an instance's */
	IN_START = 1 << 2,    /* a vdev's that has the hardware: `on start` of an engine */
	IN_ALL = IN_VDEV | IN_HARDWARE | IN_START,
	CONTEXTS = 3,
};

struct event_info {
	const char *name;
	char target; /* 'r' a register, 'e' an engine, 0 none */
	u8 home;     /* enum home */
	enum vpb_handler_kind kind;
	bool result;
	const char *arguments[2]; /* names of VM registers r0, r1 */
};

extern const struct event_info vpl_events[EVENTS];

/* The names that stand for a handler's arguments. */
struct arguments {
	struct local value, index, size;
};

struct handler {
	enum event event;
	struct at at;
	struct name target, index;
	struct name *guards; /* on write ... when FIELD, FIELD */
	bool *guard_changes; /* "FIELD changes" */
	unsigned int guard_count;
	u64 when, changes;     /* their bits: written as 1; that change */
	struct engine *engine; /* in which it stands, or of which it is */
	bool hardware;	       /* stands in `hardware` */
	struct statement *body;
	struct arguments arguments;
	u16 number; /* in the compiled model */
	struct handler *next;
};

struct deny {
	struct at at;
	struct name target, index;
	struct expr *when; /* NULL: always */
	const char *doc;   /* why; NULL: not said */
	struct arguments arguments;
	struct deny *next, *other; /* of the model; of the same register */
};

struct var {
	struct symbol symbol;
	unsigned int width;
	struct number count; /* not given: no array */
	u64 reset;
	bool hardware;
	bool assigned;	       /* by any handler */
	struct engine *engine; /* in which it stands */
	u16 number;
	struct var *next;
};

struct reg {
	struct symbol symbol; /* no name: reserved bytes */
	struct number offset, count, step, bytes;
	unsigned int width;
	int access;
	bool whole;
	u64 reset;
	struct number banks[1 << VPB_MAX_BANK_BITS];
	unsigned int bank_count; /* 0: all banks */
	const char *doc;
	struct field *fields;
	struct window *window;
	struct engine *engine;
	struct handler *on_read, *on_write;
	struct port *port;
	struct deny *denies;
	u16 deny_number; /* of the handler that is made for its deny rules alone */
	u16 flags;	 /* enum vpb_reg_flag */
	u16 number;
	u16 var;
	struct reg *next;
};

/* A stretch of a window: a register, an element of a spread array, or reserved bytes. */
struct piece {
	struct reg *reg;
	u32 start, end;
};

struct window {
	struct symbol symbol;
	struct number size;
	struct name bank_reg, bank_field;
	struct reg *selector;
	const struct field *selector_bits;
	unsigned int bank_bits;
	struct bar *bar;      /* by which the hardware side reaches it */
	struct piece *pieces; /* sorted by offset */
	unsigned int count;   /* of them */
	u16 number;
	struct window *next;
};

struct bar {
	struct at at;
	struct number index, size;
	bool io;
	struct name window_name;
	struct window *window;
	struct bar *next;
};

struct engine {
	struct symbol symbol;
	enum vpb_discipline discipline;
	struct number depth, timeout, max;
	struct number instances, step; /* partition */
	struct name window_name;
	struct handler *on[VPB_ENGINE_EVENTS];
	bool is_sent_to, is_run, is_started;
	struct at sent_at;  /* or run */
	struct at start_at; /* start or started; no line: nowhere */
	u16 number;
	struct engine *next;
};

/* One direction of a data port. */
struct way {
	struct at at;
	bool given;
	struct name memory, place, left, top, bottom, unit, engine_name, when;
	const struct var *array;
	const struct var *variables[6]; /* place, left, top, bottom, unit, when; NULL: none */
	const struct engine *engine;
	bool has_end;
	struct statement *end;
	u16 number; /* of the handler that is made of `end` */
};

struct port {
	struct at at;
	struct name target;
	struct reg *reg;
	struct way ways[2]; /* read, write */
	u16 number;
	struct port *next;
};

struct irq {
	struct name cause_name, mask_name;
	struct reg *cause, *mask;
	struct irq *next;
};

enum { FILTER_UNICAST, FILTER_BROADCAST, FILTER_MULTICAST, FILTER_PROMISCUOUS, FILTERS };

struct dma {
	struct symbol symbol;
	struct number size, align;
	u16 number;
	struct dma *next;
};

struct constant {
	struct symbol symbol;
	u64 value;
	bool known; /* false while its expression is looked at */
};

struct param {
	struct symbol symbol;
	struct number values[VPB_MAX_PARAM_VALUES];
	unsigned int count;
	const char *doc;
	u16 number, var;
	struct param *next;
};

struct proc {
	struct symbol symbol;
	struct local *parameters;
	unsigned int parameter_count;
	struct statement *body;
	bool hardware;
	bool has_result;
	unsigned int contexts;	      /* bits of enum context in which it may be expanded */
	struct name reason[CONTEXTS]; /* what it uses that is not at hand in that context */
	unsigned int round;	      /* of a search that has seen it (checks.c) */
	enum { PROC_NEW, PROC_UNDER_WAY, PROC_CHECKED } state;
	unsigned int height; /* calls inside each other, itself included */
	bool in_filter;
	struct proc *next;
};

struct pci {
	struct number vendor, device, class_code, subvendor, subdevice, revision, msi, dma;
	struct name revision_param;
	struct param *param;
	bool pin;
	bool given;
};

/* A list that grows at its end. */
#define LIST(type)                   \
	struct {                     \
		type *first, **last; \
		unsigned int count;  \
	}

struct model {
	struct name name;
	const char *title;
	struct pci pci;
	LIST(struct param) params;
	LIST(struct bar) bars;
	LIST(struct window) windows;
	LIST(struct reg) regs; /* and reserved bytes, as they are written */
	LIST(struct engine) engines;
	LIST(struct irq) irqs;
	LIST(struct dma) dmas;
	LIST(struct layout) layouts;
	LIST(struct var) vars;
	LIST(struct proc) procs;
	LIST(struct handler) handlers;
	LIST(struct port) ports;
	LIST(struct deny) denies;
	struct expr *filters[FILTERS], *multicast_hash;
	struct at filter_at, hardware_at;
	struct at frame_use; /* a frame is given to other guests here; no line: nowhere */
	bool has_filter, has_hardware;
	u16 filter_number; /* of its handler */
	struct handler *on[VPB_EVENTS];
	struct scope scope, hardware; /* names of the model; names in `hardware` */
};

/* A handler's code, in the order of the compiled model. */
struct unit {
	const char *name;
	u32 start, count, line;
	u8 kind, nregs;
};

/* One compilation. */
struct vpl {
	const char *file;
	const char *text;
	u32 size;
	FILE *diagnostics;
	jmp_buf stop; /* where the first error leads */
	struct chunk *memory;
	struct writer *writer;
	struct model model;
	struct unit *units;
	u32 unit_count, unit_room;
	struct vpb_insn *code;
	u32 code_count, code_room;
	unsigned int work;	  /* gen.c: nodes of the tree, as often as they are expanded */
	struct vpb_insn *scratch; /* gen.c: the code of the handler at hand */
};

/* report.c: errors and memory. Both end the compilation by a jump to vpl->stop. */
void __attribute__((noreturn, format(printf, 4, 5)))
vpl_error(struct vpl *vpl, struct at at, enum vpl_check_id check, const char *format, ...);
void *vpl_alloc(struct vpl *vpl, size_t size); /* zeroed; lives as long as the compilation */
char *vpl_format(struct vpl *vpl, const char *format, ...) __attribute__((format(printf, 2, 3)));
void *vpl_grow(struct vpl *vpl, void *array, u32 count, u32 *room, size_t element);
void vpl_free(struct vpl *vpl);

/* lex.c */
enum token_kind { TOKEN_END, TOKEN_NUMBER, TOKEN_NAME, TOKEN_STRING, TOKEN_SIGN };

struct token {
	enum token_kind kind;
	struct at at;
	u32 end;    /* offset behind it */
	bool first; /* of its line */
	int sign;   /* TOKEN_SIGN: SIGN() */
	u64 number;
	const char *text; /* TOKEN_NAME, TOKEN_STRING */
};

/* The code of a sign of one or two characters. */
#define SIGN(a, b) ((a) | (b) << 8)

/* Reads the token behind the last one, which it replaces. */
void vpl_lex(struct vpl *vpl, struct token *token);
/* A token as a message shows it. */
const char *vpl_token_name(struct vpl *vpl, const struct token *token);

/* parse.c */
void vpl_parse(struct vpl *vpl);

/* names.c */
void vpl_declare(struct vpl *vpl, struct scope *scope, struct symbol *symbol, enum symbol_kind kind,
		 struct name name);
struct symbol *vpl_look_up(const struct scope *scope, const char *name);
const struct field *vpl_field(const struct field *fields, const char *name);
/* The declared name that was perhaps meant, among a scope's; NULL if none is close. */
const char *vpl_similar(const struct scope *scope, const char *name);
/* The same among names that are offered one by one. */
void vpl_offer(const char *wanted, const char *offer, const char **best, unsigned int *distance);
void __attribute__((noreturn))
vpl_unknown(struct vpl *vpl, struct name name, const char *what, const char *similar);
const char *vpl_kind_name(enum symbol_kind kind);

/* builtin.c: what the language offers by name */
struct builtin {
	const char *object; /* "frame", "guest", VPL_DMA_METHOD, or NULL */
	const char *name;
	/* e a value, E an engine, D a DMA memory, M an array of bytes, c a constant, w a width */
	const char *arguments;
	enum { FORM_VALUE, FORM_CALL, FORM_STATEMENT } form;
	u8 op; /* enum vpb_op */
};

/* In the place of the object that is any DMA memory. */
#define VPL_DMA_METHOD "dma memory"

const struct builtin *vpl_builtin(const char *object, const char *name, int form);
const struct builtin *vpl_builtin_at(unsigned int index);
bool vpl_builtin_has_result(const struct builtin *builtin);
bool vpl_is_reserved(const char *name);
/* Whether a handler calls one of its arguments so: nothing else in a model may be called so. */
bool vpl_is_argument(const char *name);

/* walk.c: calls a function for each expression below a statement list or an expression */
typedef void vpl_visit(struct expr *expr, void *data);
void vpl_walk(struct statement *first, vpl_visit *visit, void *data);
void vpl_walk_expr(struct expr *expr, vpl_visit *visit, void *data);

/* resolve.c: what names mean, and what is constant */
void vpl_resolve(struct vpl *vpl);
/* Marks the registers that the receive filter reads; after the check for recursion. */
void vpl_mark_filter(struct vpl *vpl);
/* The value of an expression in which only numbers and constants stand. `what` it is for. */
u64 vpl_constant(struct vpl *vpl, bool hardware, struct expr *expr, const char *what);
/* True, and the value, if the compiler knows it. */
bool vpl_fold(const struct expr *expr, u64 *value);
u64 vpl_mask(unsigned int bits);
static inline unsigned int vpl_field_width(const struct field *field)
{
	return (unsigned int)(field->high.value - field->low.value + 1);
}

/* A check of the whole model. */
typedef void vpl_check_function(struct vpl *vpl);

/* checks.c */
void vpl_run_checks(struct vpl *vpl);
/* Whether a register shows in a bank. */
bool vpl_in_bank(const struct reg *reg, unsigned int bank);
/* The bits of a register that take what is written, and those that a written 1 clears. */
u64 vpl_writable(const struct reg *reg);
u64 vpl_clearable(const struct reg *reg);
/* The bits that a written 1 sets, and a written 0 leaves. */
u64 vpl_settable(const struct reg *reg);
/* The bytes from a register's first to behind its last. */
u64 vpl_extent(const struct reg *reg);
u64 vpl_step(const struct reg *reg);
u64 vpl_count(const struct reg *reg);
/* The context in which handlers of a kind run. */
enum context vpl_context(enum vpb_handler_kind kind);
/* How a message calls a context. */
const char *vpl_context_name(unsigned int context);

/*
 * What a read (or a write) of a bank meets, sorted by offset. A register without that direction is
 * met too, unless one that has it shares its place.
 */
struct piece *vpl_map(struct vpl *vpl, const struct window *window, unsigned int bank, bool write,
		      unsigned int *count);

/* engines.c: what reaches the hardware, and the checks of engines */
extern vpl_check_function vpl_check_slices, vpl_check_partitions, vpl_check_ports,
	vpl_check_deny_restore, vpl_check_direct_cause, vpl_check_saveable, vpl_check_direct_area,
	vpl_check_idle, vpl_check_triggers;
/* Whether the owner's accesses, of one direction at least, reach the hardware's register. */
bool vpl_is_direct(const struct reg *reg);
/* Whether a hand-off saves the register, and whether it restores it. */
bool vpl_is_saved(const struct reg *reg);
bool vpl_is_restored(const struct reg *reg);
/*
 * Whether it gets its reset value when its instance of a partition engine is reset, and what its
 * guest has written when that is recovered.
 */
bool vpl_is_renewed(const struct reg *reg);

/* gen.c */
void vpl_generate(struct vpl *vpl);

/* write.c */
/* Numbers registers and variables and gives them their places; before the code is generated. */
void vpl_layout(struct vpl *vpl);
void vpl_write(struct vpl *vpl, struct vpl_output *out);

#endif /* VPIO_LANG_AST_H */

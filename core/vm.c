// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The virtual machine that runs a model's handlers. Everything static was checked at load
 * (verify.c); what is left to check here are values: an array's index, an offset into a DMA memory,
 * a guest's address.
 */
#include "state.h"

enum {
	FEW_REGISTERS = 8, /* most handlers have no more */
};

/* What a running handler works on. */
struct vm {
	struct vpio_pdev *pdev;
	struct vpio_vdev *vdev; /* NULL: a handler of the hardware */
	struct vpio_frame *frame;
	u8 *state[3];  /* by enum vpb_space; VPB_SLICE: a vdev's own, else see slice_state() */
	bool hardware; /* the pdev's lock is held */
	u32 engine;    /* whose instance is at hand; VPB_NONE: none is */
	u32 number;    /* of the instance */
};

static u64 low_bits(u32 imm)
{
	return ~0ull >> (64 - (imm >> 8));
}

static u64 insert(u64 value, u64 field, u32 imm)
{
	const u64 mask = low_bits(imm) << (imm & 0xff);

	return (value & ~mask) | ((field << (imm & 0xff)) & mask);
}

/* A handler went wrong: it ends here, and the fault is counted against the model. */
static u64 abort_handler(struct vm *vm, u64 index)
{
	if (vm->vdev)
		vpio_refuse(vm->vdev, VPIO_REFUSE_MODEL, index, 0);
	else
		vm->pdev->stats.model_errors++;
	return 0;
}

/*
 * Whose state of an engine a handler means: its vdev's, the owner's, or that of the vdev that has
 * the instance at hand; NULL: nobody's.
 */
static u8 *slice_state(const struct vm *vm, const struct vpb_var *var)
{
	const struct vpio_vdev *vdev = vm->vdev;

	if (!vdev && vm->engine == var->engine)
		vdev = vm->pdev->instances[vm->engine][vm->number].vdev;
	else if (!vdev)
		vdev = vm->pdev->slices[var->engine].owner;
	return vdev ? vdev->slice_state : NULL;
}

static void lock_slices(const struct vm *vm)
{
	if (!vm->hardware)
		vm->pdev->ops->lock(vm->pdev);
}

static void unlock_slices(const struct vm *vm)
{
	if (!vm->hardware)
		vm->pdev->ops->unlock(vm->pdev);
}

/* What a slice engine saves has the pdev's lock; the index is within the variable. */
static void store_slice(struct vm *vm, const struct vpb_var *var, u64 index, u64 value)
{
	u8 *state = slice_state(vm, var);

	/* what was read of a device that is gone is not worth saving */
	if (!vm->vdev && !vpio_health_answers(vm->pdev))
		return;
	lock_slices(vm);
	if (state)
		vpio_store(state, var, (u32)index, value);
	unlock_slices(vm);
}

static u64 load_slice(struct vm *vm, const struct vpb_var *var, u64 index)
{
	const u8 *state = slice_state(vm, var);
	u64 value;

	lock_slices(vm);
	value = state ? vpio_load(state, var, (u32)index) : 0;
	unlock_slices(vm);
	return value;
}

/*
 * The instance of a partition engine that a handler means: its vdev's, or the one at hand. False:
 * it is none's, which a compiler does not let a model say.
 */
static bool find_instance(const struct vm *vm, u32 engine, u32 *number)
{
	if (vm->vdev)
		*number = vm->vdev->instances[engine];
	else
		*number = vm->number;
	return vm->vdev || vm->engine == engine;
}

/* A variable of a vdev, which may be a register's, has changed. */
static void mark_stale(struct vm *vm, u32 number)
{
	const struct vpb_var *var = &vm->pdev->model.vars[number];

	if (var->space == VPB_VDEV && var->reg != VPB_NONE)
		vm->vdev->stale |= vpio_stale(&vm->pdev->model.regs[var->reg]);
}

/* Sets causes, of which the guest is to hear although some may be set already. */
static void raise_causes(struct vm *vm, u32 number, u64 causes)
{
	const struct vpb_var *var = &vm->pdev->model.vars[number];
	struct vpio_vdev *vdev = vm->vdev;
	u32 i;

	if (var->space != VPB_VDEV)
		return; /* no cause is of another space */
	vpio_store(vdev->state, var, 0, vpio_load(vdev->state, var, 0) | causes);
	mark_stale(vm, number);
	for (i = 0; i < VPB_MAX_IRQS && vm->pdev->irqs[i].cause; i++) {
		if (vm->pdev->irqs[i].cause == var)
			vdev->raised[i] |= causes;
	}
}

/* Where the registers of the instance begin that a handler means. */
static bool find_registers(const struct vm *vm, const struct vpb_reg *reg, u32 *offset)
{
	u32 number;

	*offset = reg->offset;
	if (reg->engine == VPB_NONE ||
	    vm->pdev->model.engines[reg->engine].discipline != VPB_PARTITIONED)
		return true;
	if (!find_instance(vm, reg->engine, &number))
		return false;
	*offset += number * vm->pdev->model.engines[reg->engine].step;
	return true;
}

static bool hardware(struct vm *vm, u32 number, u64 index, bool write, u64 *value)
{
	const struct vpb_reg *reg = &vm->pdev->model.regs[number];
	const unsigned int bar = vm->pdev->model.windows[reg->window].hw_bar;
	struct vpio_pdev *pdev = vm->pdev;
	u32 offset;

	if (index >= reg->count || !find_registers(vm, reg, &offset))
		return false;
	offset += (u32)index * reg->stride;
	if (write)
		vpio_hardware_write(pdev, bar, offset, reg->width, *value);
	else
		*value = vpio_hardware_read(pdev, bar, offset, reg->width);
	return true;
}

/* The bytes of a DMA memory from an offset on; NULL if they are not all in it. */
static u8 *dma_bytes(struct vm *vm, u32 number, u64 offset, u64 size)
{
	const struct vpb_dma *dma = &vm->pdev->model.dmas[number];

	if (offset > dma->size || size > dma->size - offset)
		return NULL;
	return (u8 *)vm->pdev->dma[number].memory + offset;
}

static bool dma_load(struct vm *vm, u32 imm, u64 offset, u64 *value)
{
	const u8 *place = dma_bytes(vm, imm & 0xffff, offset, imm >> 16);

	if (place)
		*value = vpio_get_bytes(place, imm >> 16);
	return place;
}

static bool dma_store(struct vm *vm, u32 imm, u64 offset, u64 value)
{
	u8 *place = dma_bytes(vm, imm & 0xffff, offset, imm >> 16);

	if (place)
		vpio_put_bytes(place, imm >> 16, value);
	return place;
}

static void new_frame(struct vm *vm)
{
	vm->frame = vm->vdev ? &vm->vdev->gather : &vm->pdev->gather;
	vm->frame->length = 0;
}

/* Makes room for bytes at the frame's end; NULL if it would grow too long. */
static inline u8 *extend_frame(struct vm *vm, u64 size)
{
	struct vpio_frame *frame = vm->frame;
	u8 *place;

	frame->fcs = false;
	if (size > frame->capacity || frame->length > frame->capacity - size)
		return NULL;
	place = frame->data + frame->length;
	frame->length += (u32)size;
	return place;
}

static u64 frame_add(struct vm *vm, u64 address, u64 size)
{
	u8 *place = extend_frame(vm, size);

	if (!place) {
		vpio_refuse(vm->vdev, VPIO_REFUSE_LONG, address, size);
		return 0;
	}
	if (vpio_guest_read(vm->vdev, address, place, (u32)size))
		return 1;
	vm->frame->length -= (u32)size;
	return 0;
}

static u64 frame_dma(struct vm *vm, u32 dma, u64 offset, u64 size)
{
	const u8 *from = dma_bytes(vm, dma, offset, size);
	u8 *place = from ? extend_frame(vm, size) : NULL;

	if (!place)
		return 0;
	memcpy(place, from, size);
	return 1;
}

static u64 frame_out(struct vm *vm, u32 dma, u64 offset)
{
	u8 *place = dma_bytes(vm, dma, offset, vm->frame->length);

	if (!place)
		return 0;
	memcpy(place, vm->frame->data, vm->frame->length);
	return 1;
}

/* Whether so many bytes are few enough accesses of a register. */
static bool is_burst(const struct vm *vm, u32 number, u64 size)
{
	return size <= (u64)VPB_MAX_BURST * vm->pdev->model.regs[number].width;
}

/* A data port of the hardware to the frame's end: the last access may yield more than is left. */
static u64 frame_read(struct vm *vm, u32 number, u64 size)
{
	const u32 width = vm->pdev->model.regs[number].width;
	u8 *place = is_burst(vm, number, size) ? extend_frame(vm, size) : NULL;
	u64 done, value = 0;

	if (!place)
		return 0;
	for (done = 0; done < size; done += width) {
		hardware(vm, number, 0, false, &value);
		memcpy(place + done, &value, size - done < width ? size - done : width);
	}
	return 1;
}

static u64 frame_write(struct vm *vm, u32 number, u64 offset, u64 size)
{
	const struct vpio_frame *frame = vm->frame;
	const u32 width = vm->pdev->model.regs[number].width;
	u64 done, value, rest;

	if (!is_burst(vm, number, size) || offset > frame->length)
		return 0;
	for (done = 0; done < size; done += width) {
		rest = offset + done < frame->length ? frame->length - offset - done : 0;
		value = 0;
		memcpy(&value, frame->data + offset + done, rest < width ? rest : width);
		hardware(vm, number, 0, true, &value);
	}
	return 1;
}

/* As the hardware has received it, if nothing of the frame has changed since. */
static u64 frame_fcs(const struct vpio_frame *frame)
{
	if (frame->fcs)
		return vpio_get_bytes(frame->data + frame->length, VPIO_FCS);
	return vpio_crc32(0, frame->data, frame->length);
}

static void strip_fcs(struct vpio_frame *frame)
{
	if (frame->length <= VPIO_FCS)
		return;
	frame->length -= VPIO_FCS;
	frame->fcs = true;
}

static u64 frame_load(const struct vpio_frame *frame, u64 offset, u32 width)
{
	u64 value = 0;

	if (offset > frame->length || width > frame->length - offset)
		return 0;
	memcpy(&value, frame->data + offset, width);
	return value;
}

static u64 frame_put(struct vm *vm, u64 address, u64 offset, u64 size)
{
	const struct vpio_frame *frame = vm->frame;

	if (offset > frame->length || size > frame->length - offset)
		return 0;
	return vpio_guest_write(vm->vdev, address, frame->data + offset, (u32)size);
}

/* An array of bytes, whichever handler means it; NULL: nobody's, or shorter than that. */
static u8 *memory_bytes(const struct vm *vm, u32 number, u64 size)
{
	const struct vpb_var *var = &vm->pdev->model.vars[number];
	u8 *state = var->space == VPB_SLICE ? slice_state(vm, var) : vm->state[var->space];

	return state && size <= var->count ? state + var->offset : NULL;
}

/* Between guest memory and an array, by way of the gathering frame: no lock is held meanwhile. */
static u64 memory_get(struct vm *vm, u32 number, u64 address, u64 size)
{
	u8 *place = memory_bytes(vm, number, size);

	if (!place || size > vm->vdev->gather.capacity) {
		vpio_refuse(vm->vdev, VPIO_REFUSE_LONG, address, size);
		return 0;
	}
	if (!vpio_guest_read(vm->vdev, address, vm->vdev->gather.data, (u32)size))
		return 0;
	lock_slices(vm);
	memcpy(place, vm->vdev->gather.data, size);
	unlock_slices(vm);
	mark_stale(vm, number);
	return 1;
}

static u64 memory_put(struct vm *vm, u32 number, u64 address, u64 size)
{
	const u8 *place = memory_bytes(vm, number, size);

	if (!place || size > vm->vdev->gather.capacity) {
		vpio_refuse(vm->vdev, VPIO_REFUSE_LONG, address, size);
		return 0;
	}
	lock_slices(vm);
	memcpy(vm->vdev->gather.data, place, size);
	unlock_slices(vm);
	return vpio_guest_write(vm->vdev, address, vm->vdev->gather.data, (u32)size);
}

/* Between an array and a DMA memory. Without an owner there is no array: nothing is moved. */
static bool memory_dma(struct vm *vm, u32 imm, u64 offset, u64 size, bool to_dma)
{
	u8 *dma = dma_bytes(vm, imm >> 16, offset, size);
	u8 *place = memory_bytes(vm, imm & 0xffff, size);

	if (!dma || size > vm->pdev->model.vars[imm & 0xffff].count)
		return false;
	if (place && to_dma)
		memcpy(dma, place, size);
	else if (place)
		memcpy(place, dma, size);
	if (!to_dma)
		mark_stale(vm, imm & 0xffff);
	return true;
}

static u64 frame_from_memory(struct vm *vm, u32 number, u64 offset, u64 size)
{
	const u8 *memory = memory_bytes(vm, number, offset);
	u8 *place;

	if (!memory || size > vm->pdev->model.vars[number].count - offset)
		return 0;
	place = extend_frame(vm, size);
	if (!place)
		return 0;
	lock_slices(vm);
	memcpy(place, memory + offset, size);
	unlock_slices(vm);
	return 1;
}

static u64 frame_to_memory(struct vm *vm, u32 number, u64 offset, u64 from, u64 size)
{
	const struct vpio_frame *frame = vm->frame;
	u8 *memory = memory_bytes(vm, number, offset);

	if (!memory || size > vm->pdev->model.vars[number].count - offset)
		return 0;
	if (from > frame->length || size > frame->length - from)
		return 0;
	lock_slices(vm);
	memcpy(memory + offset, frame->data + from, size);
	unlock_slices(vm);
	mark_stale(vm, number);
	return 1;
}

/* Appends the low bytes of a value; 1 if there was room. */
static void frame_append(struct vm *vm, u64 value, u32 width)
{
	u8 *place = extend_frame(vm, width);

	if (place)
		vpio_put_bytes(place, width, value);
}

/* The engine's oldest job, or that of the instance at hand, has ended. */
static bool finish(struct vm *vm, u32 engine, u8 status)
{
	u32 number;

	/* what a device that is gone seems to have done, it has not */
	if (!vpio_health_answers(vm->pdev))
		status = 1;
	else if (!status)
		vm->pdev->failures = 0;
	vm->pdev->progress++;
	switch ((enum vpb_discipline)vm->pdev->model.engines[engine].discipline) {
	case VPB_SLICED:
		vpio_slice_finish(vm->pdev, engine, status);
		break;
	case VPB_HOSTED:
		vpio_job_finish(vm->pdev, engine, status);
		break;
	case VPB_PARTITIONED:
		if (!find_instance(vm, engine, &number))
			return false;
		vpio_partition_finish(vm->pdev, engine, number, status);
		break;
	}
	return true;
}

static u64 guest_load(struct vm *vm, u64 address, u32 width)
{
	u64 value = 0;

	return vpio_guest_read(vm->vdev, address, &value, width) ? value : 0;
}

static u64 packed_mac(const struct vpio_vdev *vdev)
{
	u64 mac = 0;

	memcpy(&mac, vdev->mac, VPIO_ADDRESS);
	return mac;
}

static void set_filter(struct vm *vm, u64 filter, u64 hash)
{
	struct vpio_pdev *pdev = vm->pdev;

	pdev->ops->lock(pdev);
	vm->vdev->filter = (u32)filter;
	vm->vdev->multicast_hash = hash;
	vpio_switch_listen(vm->vdev);
	pdev->ops->unlock(pdev);
}

static void emit(struct vm *vm)
{
	struct vpio_pdev *pdev = vm->pdev;

	if (vm->frame->length < VPIO_ETHER_HEADER || !vpio_health_answers(pdev))
		return;
	pdev->progress++;
	pdev->stats.rx_frames++;
	pdev->stats.rx_bytes += vm->frame->length;
	vpio_switch(pdev, NULL, vm->frame);
}

static void notify(struct vm *vm, u64 event)
{
	struct vpio_pdev *pdev = vm->pdev;
	u32 i;

	for (i = 0; i < pdev->count; i++) {
		pdev->vdevs[i]->notify |= 1u << (event & 31);
		pdev->ops->wake_vdev(pdev->vdevs[i]);
	}
}

static u64 run(struct vm *vm, const struct vpb_handler *handler, u64 *r)
{
	const struct vpb_insn *code = &vm->pdev->code[handler->start];
	const struct vpb_insn *insn = code;
	const struct vpb_var *const vars = vm->pdev->model.vars;
	u32 counters[VPB_MAX_LOOPS] = { 0 };
	u32 number;
#define OPERATION(name, uses, imm, context, cost, meaning) [VPB_##name] = &&name,
#define OPERATIONS(name)                                               \
	[VPIO_##name] = &&name##_u8, [VPIO_##name + 1] = &&name##_u16, \
	[VPIO_##name + 2] = &&name##_u32, [VPIO_##name + 3] = &&name##_u64
	/* where each instruction is carried out; there are no others in verified code */
	static const void *const operations[VPIO_OP_COUNT] __annotate_jump_table = {
		VPB_OPS(OPERATION) OPERATIONS(LOAD),
		OPERATIONS(STORE),
		OPERATIONS(CHANGE),
		OPERATIONS(LOADX),
		OPERATIONS(STOREX),
		[VPIO_FIELD] = &&FIELD,
	};
#undef OPERATION
#undef OPERATIONS

#define GO goto *operations[insn->op]
#define NEXT            \
	do {            \
		insn++; \
		GO;     \
	} while (0)
#define FOR_WIDTHS(DO) DO(u8) DO(u16) DO(u32) DO(u64)
/* Whole: a guest's handler reads variables of the hardware without the pdev's lock. */
#define LOAD(type)                                                        \
	LOAD_##type:                                                      \
	{                                                                 \
		D = READ_ONCE(*(const type *)(vm->state[insn->a] + IMM)); \
		NEXT;                                                     \
	}
#define STORE(type)                                                       \
	STORE_##type:                                                     \
	{                                                                 \
		WRITE_ONCE(*(type *)(vm->state[insn->d] + IMM), (type)A); \
		NEXT;                                                     \
	}
#define CHANGE(type)                        \
	CHANGE_##type:                      \
	{                                   \
		vm->vdev->stale |= insn->b; \
		goto STORE_##type;          \
	}
#define LOADX(type)                                                                  \
	LOADX_##type:                                                                \
	{                                                                            \
		const struct vpb_var *var = &vars[IMM];                              \
		type value;                                                          \
                                                                                     \
		if (A >= var->count)                                                 \
			return abort_handler(vm, A);                                 \
		memcpy(&value, vm->state[insn->b] + var->offset + A * sizeof(value), \
		       sizeof(value));                                               \
		D = value;                                                           \
		NEXT;                                                                \
	}
#define STOREX(type)                                                                    \
	STOREX_##type:                                                                  \
	{                                                                               \
		const struct vpb_var *var = &vars[IMM];                                 \
		const type value = (type)A;                                             \
                                                                                        \
		if (B >= var->count)                                                    \
			return abort_handler(vm, B);                                    \
		memcpy(vm->state[insn->d] + var->offset + B * sizeof(value), &value,    \
		       sizeof(value));                                                  \
		if (var->reg != VPB_NONE)                                               \
			vm->vdev->stale |= vpio_stale(&vm->pdev->model.regs[var->reg]); \
		NEXT;                                                                   \
	}
#define D     r[insn->d]
#define A     r[insn->a]
#define B     r[insn->b]
#define IMM   insn->imm
#define FRAME vm->frame
	GO;
LDI:
	D = IMM;
	NEXT;
LDH:
	D |= (u64)IMM << 32;
	NEXT;
MOV:
	D = A;
	NEXT;
ADD:
	D = A + B;
	NEXT;
SUB:
	D = A - B;
	NEXT;
MUL:
	D = A * B;
	NEXT;
DIV:
	D = B ? A / B : 0;
	NEXT;
MOD:
	D = B ? A % B : 0;
	NEXT;
AND:
	D = A & B;
	NEXT;
OR:
	D = A | B;
	NEXT;
XOR:
	D = A ^ B;
	NEXT;
SHL:
	D = B < 64 ? A << B : 0;
	NEXT;
SHR:
	D = B < 64 ? A >> B : 0;
	NEXT;
EQ:
	D = A == B;
	NEXT;
NE:
	D = A != B;
	NEXT;
LT:
	D = A < B;
	NEXT;
LE:
	D = A <= B;
	NEXT;
ADDI:
	D = A + IMM;
	NEXT;
SUBI:
	D = A - IMM;
	NEXT;
MULI:
	D = A * IMM;
	NEXT;
DIVI:
	D = A / IMM;
	NEXT;
MODI:
	D = A % IMM;
	NEXT;
ANDI:
	D = A & IMM;
	NEXT;
ORI:
	D = A | IMM;
	NEXT;
XORI:
	D = A ^ IMM;
	NEXT;
SHLI:
	D = A << IMM;
	NEXT;
SHRI:
	D = A >> IMM;
	NEXT;
EQI:
	D = A == IMM;
	NEXT;
NEI:
	D = A != IMM;
	NEXT;
LTI:
	D = A < IMM;
	NEXT;
LEI:
	D = A <= IMM;
	NEXT;
GTI:
	D = A > IMM;
	NEXT;
GEI:
	D = A >= IMM;
	NEXT;
NOT:
	D = !A;
	NEXT;
INV:
	D = ~A;
	NEXT;
EXT:
FIELD: /* what EXT is decoded to */
	D = A << (IMM & 0xff) >> (IMM >> 8);
	NEXT;
INS:
	D = insert(A, B, IMM);
	NEXT;
LDV:
	D = load_slice(vm, &vars[IMM], vpb_element(insn, false));
	NEXT;
STV:
	store_slice(vm, &vars[IMM], vpb_element(insn, true), A);
	NEXT;
LDX:
	if (A >= vars[IMM].count)
		return abort_handler(vm, A);
	D = load_slice(vm, &vars[IMM], A);
	NEXT;
STX:
	if (B >= vars[IMM].count)
		return abort_handler(vm, B);
	store_slice(vm, &vars[IMM], B, A);
	NEXT;
RAISE:
	raise_causes(vm, IMM, A);
	vpio_pace_news(vm->vdev);
	NEXT;
URGE:
	raise_causes(vm, IMM, A);
	vm->vdev->urgent = true;
	NEXT;
LATER:
	raise_causes(vm, IMM, A);
	vpio_pace_later(vm->vdev);
	NEXT;
JMP:
	insn = code + IMM - 1;
	NEXT;
JZ:
	if (!A)
		insn = code + IMM - 1;
	NEXT;
JNZ:
	if (A)
		insn = code + IMM - 1;
	NEXT;
CLR:
	counters[IMM] = 0;
	NEXT;
CNT:
	D = counters[IMM];
	NEXT;
LOOP:
	if (++counters[insn->d] < (u32)(insn->a | insn->b << 8))
		insn = code + IMM - 1;
	NEXT;
RET:
	return r[0];
NOW:
	D = vm->pdev->ops->now(vm->pdev);
	NEXT;
MAC:
	D = packed_mac(vm->vdev);
	NEXT;
GLD:
	D = guest_load(vm, A, IMM);
	NEXT;
GST:
	vpio_guest_write(vm->vdev, A, &B, IMM);
	NEXT;
FAULT:
	D = vm->vdev->fault;
	vm->vdev->fault = false;
	NEXT;
REFUSE:
	vpio_refuse(vm->vdev, VPIO_REFUSE_MODEL_REQUEST, A, 0);
	NEXT;
DENY:
	vpio_refuse(vm->vdev, VPIO_REFUSE_DENY, vm->vdev->written, 0);
	NEXT;
DROP:
	vm->vdev->stats.rx_dropped++;
	vm->vdev->urgent = true;
	FRAME->length = 0;
	NEXT;
FNEW:
	new_frame(vm);
	NEXT;
FADD:
	D = frame_add(vm, A, B);
	NEXT;
FDMA:
	D = frame_dma(vm, IMM, A, B);
	NEXT;
FLEN:
	D = FRAME->length;
	NEXT;
FLD:
	D = frame_load(FRAME, A, IMM);
	NEXT;
FCRC:
	D = frame_fcs(FRAME);
	NEXT;
FSTRIP:
	strip_fcs(FRAME);
	NEXT;
FSUM:
	D = vpio_frame_checksum(FRAME, (u32)A);
	NEXT;
FTAG:
	vpio_frame_tag(FRAME, (u16)A);
	NEXT;
FUNTAG:
	D = vpio_frame_untag(FRAME);
	NEXT;
FPUT:
	D = frame_put(vm, A, B, r[IMM]);
	NEXT;
SEND:
	D = vpio_job_send(vm->vdev, IMM, A, (u32)B);
	NEXT;
ROOM:
	D = vpio_job_room(vm->vdev);
	NEXT;
RUN:
	vm->vdev->run |= 1u << IMM;
	NEXT;
FILTER:
	set_filter(vm, A, B);
	NEXT;
HRD:
	if (!hardware(vm, IMM, 0, false, &D))
		return abort_handler(vm, IMM);
	NEXT;
HWR:
	if (!hardware(vm, IMM, 0, true, &A))
		return abort_handler(vm, IMM);
	NEXT;
HRX:
	if (!hardware(vm, IMM, A, false, &D))
		return abort_handler(vm, A);
	NEXT;
HWX:
	if (!hardware(vm, IMM, B, true, &A))
		return abort_handler(vm, B);
	NEXT;
DLD:
	if (!dma_load(vm, IMM, A, &D))
		return abort_handler(vm, A);
	NEXT;
DST:
	if (!dma_store(vm, IMM, A, B))
		return abort_handler(vm, A);
	NEXT;
DADDR:
	D = vm->pdev->dma[IMM].bus;
	NEXT;
FOUT:
	D = frame_out(vm, IMM, A);
	NEXT;
EMIT:
	emit(vm);
	NEXT;
DONE:
	if (!finish(vm, IMM, (u8)A))
		return abort_handler(vm, IMM);
	NEXT;
NOTIFY:
	notify(vm, A);
	NEXT;
CANCEL:
	vpio_job_cancel(vm->vdev, IMM);
	NEXT;
START:
	D = vpio_slice_start(vm->vdev, IMM, A, B);
	NEXT;
STARTED:
	D = READ_ONCE(vm->vdev->starts[IMM].pending) || READ_ONCE(vm->vdev->granted) >> IMM & 1;
	NEXT;
OWNED:
	D = vm->pdev->slices[IMM].owner != NULL;
	NEXT;
INSTANCE:
	if (!find_instance(vm, IMM, &number))
		return abort_handler(vm, IMM);
	D = number;
	NEXT;
GGET:
	D = memory_get(vm, IMM, A, B);
	NEXT;
GPUT:
	D = memory_put(vm, IMM, A, B);
	NEXT;
DGET:
	if (!memory_dma(vm, IMM, A, B, false))
		return abort_handler(vm, A);
	NEXT;
DPUT:
	if (!memory_dma(vm, IMM, A, B, true))
		return abort_handler(vm, A);
	NEXT;
FMEM:
	D = frame_from_memory(vm, IMM, A, B);
	NEXT;
FMPUT:
	D = frame_to_memory(vm, IMM & 0xffff, A, B, r[IMM >> 16]);
	NEXT;
LOCAL:
	D = vpio_job_local(vm->vdev);
	NEXT;
FAPP:
	frame_append(vm, A, IMM);
	NEXT;
FREAD:
	D = frame_read(vm, IMM, A);
	NEXT;
FWRITE:
	D = frame_write(vm, IMM, A, B);
	NEXT;
	FOR_WIDTHS(LOAD)
	FOR_WIDTHS(STORE)
	FOR_WIDTHS(CHANGE)
	FOR_WIDTHS(LOADX)
	FOR_WIDTHS(STOREX)
#undef GO
#undef NEXT
#undef FOR_WIDTHS
#undef LOAD
#undef STORE
#undef CHANGE
#undef LOADX
#undef STOREX
#undef D
#undef A
#undef B
#undef IMM
#undef FRAME
}

u64 vpio_vm_run_instance(struct vpio_pdev *pdev, u32 engine, u32 number, u32 event, u64 r0)
{
	const u16 index = pdev->model.engines[engine].on[event];
	const struct vpb_handler *handler;
	struct vm vm = {
		.pdev = pdev,
		.frame = &pdev->gather,
		.state = { NULL, pdev->state, NULL },
		.hardware = true,
		.engine = engine,
		.number = number,
	};
	u64 r[VPB_MAX_NREGS];

	if (index == VPB_NONE)
		return r0;
	handler = &pdev->model.handlers[index];
	memset(r, 0, handler->nregs * sizeof(*r));
	r[0] = r0;
	return run(&vm, handler, r);
}

u64 vpio_vm_run(struct vpio_pdev *pdev, struct vpio_vdev *vdev, u16 index, struct vpio_frame *frame,
		u64 r0, u64 r1, u64 r2)
{
	const struct vpb_handler *handler;
	struct vm vm = {
		.pdev = pdev,
		.vdev = vdev,
		.frame = frame,
		.state = { vdev ? vdev->state : NULL, pdev->state,
			   vdev ? vdev->slice_state : NULL },
		.engine = VPB_NONE,
	};
	u64 r[VPB_MAX_NREGS];

	if (index == VPB_NONE)
		return r0;
	handler = &pdev->model.handlers[index];
	vm.hardware = handler->kind >= VPB_H_HARDWARE;
	if (!frame)
		vm.frame = vdev ? &vdev->gather : &pdev->gather;
	if (vdev) {
		vdev->hooked = true;
		vdev->fault = false;
		vdev->refused = false;
		vdev->violated = false;
	}
	r[0] = r0;
	r[1] = r1;
	r[2] = r2;
	memset(r + 3, 0, (FEW_REGISTERS - 3) * sizeof(*r)); /* faster than as many as it has */
	if (handler->nregs > FEW_REGISTERS)
		memset(r + FEW_REGISTERS, 0, (handler->nregs - FEW_REGISTERS) * sizeof(*r));
	return run(&vm, handler, r);
}

// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The virtual machine that runs a model's handlers. Everything static was checked at load
 * (verify.c); what is left to check here are values: an array's index, an offset into a DMA memory,
 * a guest's address.
 */
#include "state.h"

/* What a running handler works on. */
struct vm {
	struct vpio_pdev *pdev;
	struct vpio_vdev *vdev; /* NULL: a handler of the hardware */
	const struct vpio_model *model;
	struct vpio_frame *frame;
	u8 *state[3];  /* by enum vpb_space; VPB_SLICE: see slice_state() */
	bool hardware; /* the pdev's lock is held */
	u32 engine;    /* whose instance is at hand; VPB_NONE: none is */
	u32 number;    /* of the instance */
};

static u64 low_bits(u32 imm)
{
	return ~0ull >> (64 - (imm >> 8));
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

static bool store_variable(struct vm *vm, u32 number, u64 index, u64 value)
{
	const struct vpb_var *var = &vm->model->vars[number];

	if (index >= var->count)
		return false;
	if (var->space == VPB_SLICE) {
		u8 *state = slice_state(vm, var);

		lock_slices(vm);
		if (state)
			vpio_store(state, var, (u32)index, value);
		unlock_slices(vm);
		return true;
	}
	vpio_store(vm->state[var->space], var, (u32)index, value);
	if (var->reg != VPB_NONE && (vm->model->regs[var->reg].flags & VPB_REG_FILTER))
		vm->vdev->filter_stale = true;
	return true;
}

static bool load_variable(struct vm *vm, u32 number, u64 index, u64 *value)
{
	const struct vpb_var *var = &vm->model->vars[number];
	const u8 *state = vm->state[var->space];

	if (index >= var->count)
		return false;
	if (var->space == VPB_SLICE) {
		state = slice_state(vm, var);
		lock_slices(vm);
		*value = state ? vpio_load(state, var, (u32)index) : 0;
		unlock_slices(vm);
	} else {
		*value = vpio_load(state, var, (u32)index);
	}
	return true;
}

/*
 * The instance of a partition engine that a handler means: its vdev's, or the one at hand. False: it
 * is none's, which a compiler does not let a model say.
 */
static bool find_instance(const struct vm *vm, u32 engine, u32 *number)
{
	if (vm->vdev)
		*number = vm->vdev->instances[engine];
	else
		*number = vm->number;
	return vm->vdev || vm->engine == engine;
}

/* Sets causes, of which the guest is to hear although some may be set already. */
static void raise_causes(struct vm *vm, u32 number, u64 causes)
{
	const struct vpio_model *model = vm->model;
	u64 value = 0;
	u32 i;

	load_variable(vm, number, 0, &value);
	store_variable(vm, number, 0, value | causes);
	for (i = 0; i < model->header->irqs.count; i++) {
		if (model->regs[model->irqs[i].cause].var == number)
			vm->vdev->raised[i] |= causes;
	}
}

/* Where the registers of the instance begin that a handler means. */
static bool find_registers(const struct vm *vm, const struct vpb_reg *reg, u32 *offset)
{
	u32 number;

	*offset = reg->offset;
	if (reg->engine == VPB_NONE ||
	    vm->model->engines[reg->engine].discipline != VPB_PARTITIONED)
		return true;
	if (!find_instance(vm, reg->engine, &number))
		return false;
	*offset += number * vm->model->engines[reg->engine].step;
	return true;
}

static bool hardware(struct vm *vm, u32 number, u64 index, bool write, u64 *value)
{
	const struct vpb_reg *reg = &vm->model->regs[number];
	const unsigned int bar = vm->model->windows[reg->window].hw_bar;
	struct vpio_pdev *pdev = vm->pdev;
	u32 offset;

	if (index >= reg->count || !find_registers(vm, reg, &offset))
		return false;
	offset += (u32)index * reg->stride;
	if (write) {
		pdev->stats.hw_writes++;
		pdev->ops->hw_write(pdev, bar, offset, reg->width, *value);
	} else {
		pdev->stats.hw_reads++;
		*value = pdev->ops->hw_read(pdev, bar, offset, reg->width);
	}
	return true;
}

/* The bytes of a DMA memory from an offset on; NULL if they are not all in it. */
static u8 *dma_bytes(struct vm *vm, u32 number, u64 offset, u64 size)
{
	const struct vpb_dma *dma = &vm->model->dmas[number];

	if (offset > dma->size || size > dma->size - offset)
		return NULL;
	return (u8 *)vm->pdev->dma[number].memory + offset;
}

static u64 dma_load(const u8 *place, unsigned int width)
{
	return vpio_get_bytes(place, width);
}

static void new_frame(struct vm *vm)
{
	vm->frame = vm->vdev ? &vm->vdev->gather : &vm->pdev->gather;
	vm->frame->length = 0;
}

/* Makes room for bytes at the frame's end; NULL if it would grow too long. */
static u8 *extend_frame(struct vm *vm, u64 size)
{
	struct vpio_frame *frame = vm->frame;
	u8 *place;

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
	return size <= (u64)VPB_MAX_BURST * vm->model->regs[number].width;
}

/* A data port of the hardware to the frame's end: the last access may yield more than is left. */
static u64 frame_read(struct vm *vm, u32 number, u64 size)
{
	const u32 width = vm->model->regs[number].width;
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
	const u32 width = vm->model->regs[number].width;
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
	const struct vpb_var *var = &vm->model->vars[number];
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

	if (!dma || size > vm->model->vars[imm & 0xffff].count)
		return false;
	if (place && to_dma)
		memcpy(dma, place, size);
	else if (place)
		memcpy(place, dma, size);
	return true;
}

static u64 frame_from_memory(struct vm *vm, u32 number, u64 offset, u64 size)
{
	const u8 *memory = memory_bytes(vm, number, offset);
	u8 *place;

	if (!memory || size > vm->model->vars[number].count - offset)
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

	if (!memory || size > vm->model->vars[number].count - offset)
		return 0;
	if (from > frame->length || size > frame->length - from)
		return 0;
	lock_slices(vm);
	memcpy(memory + offset, frame->data + from, size);
	unlock_slices(vm);
	return 1;
}

/* Appends the low bytes of a value; 1 if there was room. */
static void frame_append(struct vm *vm, u64 value, u32 width)
{
	u8 *place = extend_frame(vm, width);

	if (place)
		memcpy(place, &value, width);
}

/* The engine's oldest job, or that of the instance at hand, has ended. */
static bool finish(struct vm *vm, u32 engine, u8 status)
{
	u32 number;

	switch ((enum vpb_discipline)vm->model->engines[engine].discipline) {
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
	pdev->ops->unlock(pdev);
}

static void emit(struct vm *vm)
{
	struct vpio_pdev *pdev = vm->pdev;

	if (vm->frame->length < VPIO_ETHER_HEADER)
		return;
	pdev->stats.rx_frames++;
	pdev->stats.rx_bytes += vm->frame->length;
	vpio_switch(pdev, NULL, vm->frame->data, vm->frame->length);
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
	const struct vpb_insn *code = &vm->model->code[handler->start];
	const struct vpb_insn *insn = code;
	u32 counters[VPB_MAX_LOOPS] = { 0 };

#define D     r[insn->d]
#define A     r[insn->a]
#define B     r[insn->b]
#define IMM   insn->imm
#define FRAME vm->frame
	for (;; insn++) {
		switch ((enum vpb_op)insn->op) {
		case VPB_LDI:
			D = IMM;
			break;
		case VPB_LDH:
			D |= (u64)IMM << 32;
			break;
		case VPB_MOV:
			D = A;
			break;
		case VPB_ADD:
			D = A + B;
			break;
		case VPB_SUB:
			D = A - B;
			break;
		case VPB_MUL:
			D = A * B;
			break;
		case VPB_DIV:
			D = B ? A / B : 0;
			break;
		case VPB_MOD:
			D = B ? A % B : 0;
			break;
		case VPB_AND:
			D = A & B;
			break;
		case VPB_OR:
			D = A | B;
			break;
		case VPB_XOR:
			D = A ^ B;
			break;
		case VPB_SHL:
			D = B < 64 ? A << B : 0;
			break;
		case VPB_SHR:
			D = B < 64 ? A >> B : 0;
			break;
		case VPB_EQ:
			D = A == B;
			break;
		case VPB_NE:
			D = A != B;
			break;
		case VPB_LT:
			D = A < B;
			break;
		case VPB_LE:
			D = A <= B;
			break;
		case VPB_ADDI:
			D = A + IMM;
			break;
		case VPB_SUBI:
			D = A - IMM;
			break;
		case VPB_MULI:
			D = A * IMM;
			break;
		case VPB_DIVI:
			D = A / IMM;
			break;
		case VPB_MODI:
			D = A % IMM;
			break;
		case VPB_ANDI:
			D = A & IMM;
			break;
		case VPB_ORI:
			D = A | IMM;
			break;
		case VPB_XORI:
			D = A ^ IMM;
			break;
		case VPB_SHLI:
			D = A << IMM;
			break;
		case VPB_SHRI:
			D = A >> IMM;
			break;
		case VPB_EQI:
			D = A == IMM;
			break;
		case VPB_NEI:
			D = A != IMM;
			break;
		case VPB_LTI:
			D = A < IMM;
			break;
		case VPB_LEI:
			D = A <= IMM;
			break;
		case VPB_GTI:
			D = A > IMM;
			break;
		case VPB_GEI:
			D = A >= IMM;
			break;
		case VPB_NOT:
			D = !A;
			break;
		case VPB_INV:
			D = ~A;
			break;
		case VPB_EXT:
			D = (A >> (IMM & 0xff)) & low_bits(IMM);
			break;
		case VPB_INS: {
			u64 mask = low_bits(IMM) << (IMM & 0xff);

			D = (A & ~mask) | ((B << (IMM & 0xff)) & mask);
			break;
		}
		case VPB_LDV:
			load_variable(vm, IMM, 0, &D);
			break;
		case VPB_STV:
			store_variable(vm, IMM, 0, A);
			break;
		case VPB_LDX:
			if (!load_variable(vm, IMM, A, &D))
				return abort_handler(vm, A);
			break;
		case VPB_STX:
			if (!store_variable(vm, IMM, B, A))
				return abort_handler(vm, B);
			break;
		case VPB_RAISE:
			raise_causes(vm, IMM, A);
			break;
		case VPB_JMP:
			insn = code + IMM - 1;
			break;
		case VPB_JZ:
			if (!A)
				insn = code + IMM - 1;
			break;
		case VPB_JNZ:
			if (A)
				insn = code + IMM - 1;
			break;
		case VPB_CLR:
			counters[IMM] = 0;
			break;
		case VPB_CNT:
			D = counters[IMM];
			break;
		case VPB_LOOP:
			if (++counters[insn->d] < (u32)(insn->a | insn->b << 8))
				insn = code + IMM - 1;
			break;
		case VPB_RET:
			return r[0];
		case VPB_NOW:
			D = vm->pdev->ops->now(vm->pdev);
			break;
		case VPB_MAC:
			D = packed_mac(vm->vdev);
			break;
		case VPB_GLD:
			D = guest_load(vm, A, IMM);
			break;
		case VPB_GST:
			vpio_guest_write(vm->vdev, A, &B, IMM);
			break;
		case VPB_FAULT:
			D = vm->vdev->fault;
			vm->vdev->fault = false;
			break;
		case VPB_REFUSE:
			vpio_refuse(vm->vdev, VPIO_REFUSE_MODEL_REQUEST, A, 0);
			break;
		case VPB_DENY:
			vpio_refuse(vm->vdev, VPIO_REFUSE_DENY, vm->vdev->written, 0);
			break;
		case VPB_DROP:
			vm->vdev->stats.rx_dropped++;
			FRAME->length = 0;
			break;
		case VPB_FNEW:
			new_frame(vm);
			break;
		case VPB_FADD:
			D = frame_add(vm, A, B);
			break;
		case VPB_FDMA:
			D = frame_dma(vm, IMM, A, B);
			break;
		case VPB_FLEN:
			D = FRAME->length;
			break;
		case VPB_FLD:
			D = frame_load(FRAME, A, IMM);
			break;
		case VPB_FCRC:
			D = vpio_crc32(0, FRAME->data, FRAME->length);
			break;
		case VPB_FSUM:
			D = vpio_frame_checksum(FRAME, (u32)A);
			break;
		case VPB_FTAG:
			vpio_frame_tag(FRAME, (u16)A);
			break;
		case VPB_FUNTAG:
			D = vpio_frame_untag(FRAME);
			break;
		case VPB_FPUT:
			D = frame_put(vm, A, B, r[IMM]);
			break;
		case VPB_SEND:
			D = vpio_job_send(vm->vdev, IMM, A, (u32)B);
			break;
		case VPB_ROOM:
			D = vpio_job_room(vm->vdev);
			break;
		case VPB_RUN:
			vm->vdev->run |= 1u << IMM;
			break;
		case VPB_FILTER:
			set_filter(vm, A, B);
			break;
		case VPB_HRD:
			if (!hardware(vm, IMM, 0, false, &D))
				return abort_handler(vm, IMM);
			break;
		case VPB_HWR:
			if (!hardware(vm, IMM, 0, true, &A))
				return abort_handler(vm, IMM);
			break;
		case VPB_HRX:
			if (!hardware(vm, IMM, A, false, &D))
				return abort_handler(vm, A);
			break;
		case VPB_HWX:
			if (!hardware(vm, IMM, B, true, &A))
				return abort_handler(vm, B);
			break;
		case VPB_DLD: {
			const u8 *place = dma_bytes(vm, IMM & 0xffff, A, IMM >> 16);

			if (!place)
				return abort_handler(vm, A);
			D = dma_load(place, IMM >> 16);
			break;
		}
		case VPB_DST: {
			u8 *place = dma_bytes(vm, IMM & 0xffff, A, IMM >> 16);

			if (!place)
				return abort_handler(vm, A);
			memcpy(place, &B, IMM >> 16);
			break;
		}
		case VPB_DADDR:
			D = vm->pdev->dma[IMM].bus;
			break;
		case VPB_FOUT:
			D = frame_out(vm, IMM, A);
			break;
		case VPB_EMIT:
			emit(vm);
			break;
		case VPB_DONE:
			if (!finish(vm, IMM, (u8)A))
				return abort_handler(vm, IMM);
			break;
		case VPB_NOTIFY:
			notify(vm, A);
			break;
		case VPB_CANCEL:
			vpio_job_cancel(vm->vdev, IMM);
			break;
		case VPB_START:
			D = vpio_slice_start(vm->vdev, IMM, A, B);
			break;
		case VPB_STARTED: {
			const struct vpio_start *start = &vm->vdev->starts[IMM];

			D = READ_ONCE(start->pending) || READ_ONCE(start->granted);
			break;
		}
		case VPB_OWNED:
			D = vm->pdev->slices[IMM].owner != NULL;
			break;
		case VPB_INSTANCE: {
			u32 number;

			if (!find_instance(vm, IMM, &number))
				return abort_handler(vm, IMM);
			D = number;
			break;
		}
		case VPB_GGET:
			D = memory_get(vm, IMM, A, B);
			break;
		case VPB_GPUT:
			D = memory_put(vm, IMM, A, B);
			break;
		case VPB_DGET:
			if (!memory_dma(vm, IMM, A, B, false))
				return abort_handler(vm, A);
			break;
		case VPB_DPUT:
			if (!memory_dma(vm, IMM, A, B, true))
				return abort_handler(vm, A);
			break;
		case VPB_FMEM:
			D = frame_from_memory(vm, IMM, A, B);
			break;
		case VPB_FMPUT:
			D = frame_to_memory(vm, IMM & 0xffff, A, B, r[IMM >> 16]);
			break;
		case VPB_LOCAL:
			D = vpio_job_local(vm->vdev);
			break;
		case VPB_FAPP:
			frame_append(vm, A, IMM);
			break;
		case VPB_FREAD:
			D = frame_read(vm, IMM, A);
			break;
		case VPB_FWRITE:
			D = frame_write(vm, IMM, A, B);
			break;
		case VPB_OP_COUNT:
			return 0;
		}
	}
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
		.model = &pdev->model,
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
		.model = &pdev->model,
		.frame = frame,
		.state = { vdev ? vdev->state : NULL, pdev->state, NULL },
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
	}
	r[0] = r0;
	r[1] = r1;
	r[2] = r2;
	memset(r + 3, 0, (handler->nregs - 3) * sizeof(*r));
	return run(&vm, handler, r);
}

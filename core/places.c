// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Places: what an access meets at each byte of a window. It is worked out when the model is loaded,
 * for the beginning of each window in each map, and looked up at an access; what lies beyond is
 * searched.
 */
#include "state.h"

enum {
	LARGEST = 1024, /* bytes of a window that have a table */
	WHOLE = 8,	/* bytes of the widest access */
};

static u32 maps_of(const struct vpb_window *window)
{
	return 2u << window->bank_bits;
}

static u32 length_of(const struct vpb_window *window)
{
	return window->size < LARGEST ? window->size : LARGEST;
}

static u32 at_most(u32 value, u32 most)
{
	return value < most ? value : most;
}

/* Whether a register is the vdev's own, and takes an access by parts. */
static bool is_own(const struct vpb_reg *reg)
{
	return !(reg->flags & (VPB_REG_DIRECT | VPB_REG_FIXED)) && reg->port == VPB_NONE;
}

/* Whether an access of such a register is one of memory, and nothing else. */
static bool is_plain(const struct vpb_reg *reg, bool write)
{
	if (!write)
		return reg->on_read == VPB_NONE &&
		       (reg->access == VPB_RW || reg->access == VPB_RO || reg->access == VPB_W1C);
	return reg->on_write == VPB_NONE && reg->access == VPB_RW && !vpio_stale(reg) &&
	       !reg->clear && !reg->set && reg->writable == ~0ull >> (64 - 8 * reg->width);
}

static struct vpio_place place_in(const struct vpio_model *model, const struct vpb_span *span,
				  u32 offset, bool write)
{
	struct vpio_place place = { .reg = span->reg };
	const struct vpb_reg *reg;
	u32 within;

	if (span->reg == VPB_NONE) {
		place.left = (u8)at_most(span->end - offset, WHOLE);
		return place;
	}
	reg = &model->regs[span->reg];
	place.index = (u16)((offset - reg->offset) / reg->stride);
	within = (offset - reg->offset) % reg->stride;
	place.at = (u8)within;
	place.left = (u8)(reg->width - within);
	place.port = reg->port != VPB_NONE;
	if (!is_own(reg))
		return place;
	place.state = model->vars[reg->var].offset + place.index * reg->width + within;
	if (!within)
		place.whole = reg->width;
	if (!is_plain(reg, write))
		return place;
	/* the elements of an array lie one behind the other in the vdev as in the window */
	place.plain = reg->stride == reg->width ? (u8)at_most(span->end - offset, WHOLE)
						: place.left;
	return place;
}

size_t vpio_places_size(const struct vpio_model *model)
{
	size_t size = 0;
	u32 i;

	for (i = 0; i < model->header->windows.count; i++)
		size += vpio_align(maps_of(&model->windows[i]) * length_of(&model->windows[i]) *
				   sizeof(struct vpio_place));
	return size;
}

static void fill(const struct vpio_model *model, const struct vpb_window *window,
		 struct vpio_place *table)
{
	const u32 length = length_of(window);
	u32 map, i, at;

	for (map = 0; map < maps_of(window); map++, table += length) {
		const struct vpb_map *spans = &model->maps[window->map + map];

		for (at = 0; at < length; at++)
			table[at] = VPIO_NOWHERE;
		for (i = 0; i < spans->count; i++) {
			const struct vpb_span *span = &model->spans[spans->span + i];

			for (at = span->start; at < span->end && at < length; at++)
				table[at] = place_in(model, span, at, map & 1);
		}
	}
}

void vpio_places_init(struct vpio_pdev *pdev, void *memory)
{
	const struct vpio_model *model = &pdev->model;
	struct vpio_place *tables[VPB_MAX_WINDOWS];
	u8 *place = memory;
	u32 i;

	for (i = 0; i < model->header->windows.count; i++) {
		const struct vpb_window *window = &model->windows[i];

		tables[i] = (struct vpio_place *)place;
		fill(model, window, tables[i]);
		place +=
			vpio_align(maps_of(window) * length_of(window) * sizeof(struct vpio_place));
	}
	for (i = 0; i < model->header->bars.count; i++) {
		const struct vpb_bar *bar = &model->bars[i];
		const struct vpb_window *window = &model->windows[bar->window];

		pdev->bars[bar->index] = (struct vpio_bar){ window, tables[bar->window],
							    length_of(window), bar->size };
	}
}

const struct vpio_place *vpio_place_search(const struct vpio_model *model,
					   const struct vpb_window *window, u32 map, u32 offset,
					   struct vpio_place *found)
{
	const struct vpb_span *spans = &model->spans[model->maps[window->map + map].span];
	u32 low = 0, high = model->maps[window->map + map].count;

	*found = VPIO_NOWHERE;
	while (low < high) {
		u32 middle = (low + high) / 2;

		if (offset < spans[middle].start) {
			high = middle;
		} else if (offset >= spans[middle].end) {
			low = middle + 1;
		} else {
			*found = place_in(model, &spans[middle], offset, map & 1);
			break;
		}
	}
	return found;
}

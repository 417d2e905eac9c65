// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Places: which register a byte of a window is. Small windows have a table, a number for each byte
 * in each map, made when the model is loaded; large ones are searched.
 */
#include "state.h"

enum {
	LARGEST = 1024, /* bytes of a window that has a table */
};

static u32 maps_of(const struct vpb_window *window)
{
	return 2u << window->bank_bits;
}

static size_t table_size(const struct vpb_window *window)
{
	if (window->size > LARGEST)
		return 0;
	return vpio_align(maps_of(window) * window->size * sizeof(u16));
}

size_t vpio_places_size(const struct vpio_model *model)
{
	size_t size = 0;
	u32 i;

	for (i = 0; i < model->header->windows.count; i++)
		size += table_size(&model->windows[i]);
	return size;
}

static void fill(const struct vpio_model *model, const struct vpb_window *window, u16 *table)
{
	u32 map, i, at;

	for (map = 0; map < maps_of(window); map++, table += window->size) {
		const struct vpb_map *spans = &model->maps[window->map + map];

		for (i = 0; i < spans->count; i++) {
			const struct vpb_span *span = &model->spans[spans->span + i];

			for (at = span->start; at < span->end; at++)
				table[at] = (u16)(i + 1);
		}
	}
}

void vpio_places_init(struct vpio_pdev *pdev, u16 *tables)
{
	const struct vpio_model *model = &pdev->model;
	u32 i;

	for (i = 0; i < model->header->windows.count; i++) {
		const struct vpb_window *window = &model->windows[i];

		if (!table_size(window))
			continue;
		pdev->places[i] = tables;
		fill(model, window, tables);
		tables += table_size(window) / sizeof(u16);
	}
}

static const struct vpb_span *search(const struct vpb_span *spans, u32 count, u32 offset)
{
	u32 low = 0, high = count;

	while (low < high) {
		u32 middle = (low + high) / 2;

		if (offset < spans[middle].start)
			high = middle;
		else if (offset >= spans[middle].end)
			low = middle + 1;
		else
			return &spans[middle];
	}
	return NULL;
}

const struct vpb_span *vpio_place(const struct vpio_pdev *pdev, const struct vpb_window *window,
				  u32 map, u32 offset)
{
	const struct vpio_model *model = &pdev->model;
	const u16 *table = pdev->places[window - model->windows];
	const struct vpb_map *spans = &model->maps[window->map + map];
	u32 place;

	if (!table)
		return search(&model->spans[spans->span], spans->count, offset);
	if (offset >= window->size)
		return NULL;
	place = table[map * window->size + offset];
	return place ? &model->spans[spans->span + place - 1] : NULL;
}

// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * A model as the register chapter of a datasheet: one page of HTML that needs nothing else, for the
 * screen and for paper.
 */
#include "tool.h"

enum {
	ROW = 16, /* bits of one row of a diagram */
};

static const char style[] =
	"body{font:15px/1.45 system-ui,sans-serif;color:#1a1a1a;max-width:62rem;margin:2rem auto;"
	"padding:0 1.2rem}\n"
	"h1{font-size:1.7rem;margin-bottom:.2rem}h2{font-size:1.25rem;margin-top:2.4rem;"
	"border-bottom:2px solid #1a1a1a;padding-bottom:.2rem}h3{font-size:1.02rem;margin:1.8rem 0 "
	".3rem}\n"
	"table{border-collapse:collapse;width:100%;margin:.6rem 0 1.2rem}"
	"th,td{text-align:left;vertical-align:top;padding:.22rem .5rem;border-bottom:1px solid "
	"#d8d8d8}th{border-bottom:1.5px solid #777;font-weight:600}\n"
	"td.n,code{font-family:ui-monospace,monospace;font-size:.9em}td.n{white-space:nowrap}\n"
	"table.bits{table-layout:fixed}table.bits td{border:1px solid #777;text-align:center;"
	"padding:.3rem .1rem;overflow-wrap:anywhere;font-size:.82em}"
	"table.bits th{border:0;text-align:center;font-weight:400;font-size:.72em;color:#666;padding:"
	"0}table.bits td.none{background:#eee}\n"
	"a{color:#0b4f9c;text-decoration:none}p.note{color:#555;margin:.1rem 0}\n"
	"section{break-inside:avoid}"
	"@media print{body{font-size:10.5pt;max-width:none;margin:0}a{color:inherit}"
	"h2{break-after:avoid}h3{break-after:avoid}}\n";

static void text(FILE *file, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", file);
			break;
		case '<':
			fputs("&lt;", file);
			break;
		case '>':
			fputs("&gt;", file);
			break;
		case '"':
			fputs("&quot;", file);
			break;
		default:
			fputc(*text, file);
		}
	}
}

static void cell(FILE *file, const char *content)
{
	fputs("<td>", file);
	text(file, content);
	fputs("</td>", file);
}

static void heads(FILE *file, const char *const *names)
{
	fputs("<table><thead><tr>", file);
	for (; *names; names++)
		fprintf(file, "<th>%s</th>", *names);
	fputs("</tr></thead><tbody>\n", file);
}

static void table_end(FILE *file)
{
	fputs("</tbody></table>\n", file);
}

/* --- Identity ---------------------------------------------------------------------------- */

static void write_identity(const struct vpio_model *model, FILE *file)
{
	static const char *const names[] = { "BAR", "kind", "bytes", "window", NULL };
	const struct vpb_header *header = model->header;
	u32 i;

	fputs("<h1>", file);
	text(file, tool_name(model, header->title));
	fprintf(file,
		"</h1>\n<p>Model <code>%s</code>: PCI <code>%04x:%04x</code>, class "
		"<code>%06x</code>, subsystem <code>%04x:%04x</code>, revision ",
		tool_name(model, header->name), header->vendor, header->device, header->class_code,
		header->subvendor, header->subdevice);
	if (header->revision_param != VPB_NONE)
		fprintf(file, "by the parameter <code>%s</code>",
			tool_name(model, model->params[header->revision_param].name));
	else
		fprintf(file, "<code>%02x</code>", header->revision);
	fprintf(file, "%s%s%s; bus addresses of %u bits.</p>\n", header->irq_pin ? ", INTA" : "",
		header->msi ? ", MSI" : "", header->flags & VPB_NIC ? ", a NIC" : "",
		header->dma_bits);
	heads(file, names);
	for (i = 0; i < header->bars.count; i++)
		fprintf(file,
			"<tr><td>%u</td><td>%s</td><td>%u</td><td><a href=\"#w%u\">%s</a></td>"
			"</tr>\n",
			model->bars[i].index, model->bars[i].io ? "I/O ports" : "memory",
			model->bars[i].size, model->bars[i].window,
			tool_name(model, model->windows[model->bars[i].window].name));
	table_end(file);
}

static void write_params(const struct vpio_model *model, FILE *file)
{
	static const char *const names[] = { "parameter", "values, the first by default", "meaning",
					     NULL };
	u32 i, j;

	if (!model->header->params.count)
		return;
	fputs("<h2>Parameters</h2>\n", file);
	heads(file, names);
	for (i = 0; i < model->header->params.count; i++) {
		const struct vpb_param *param = &model->params[i];

		fprintf(file, "<tr><td><code>%s</code></td><td class=\"n\">",
			tool_name(model, param->name));
		for (j = 0; j < param->count; j++)
			fprintf(file, "%s0x%llx", j ? ", " : "",
				(unsigned long long)model->values[param->value + j]);
		fputs("</td>", file);
		cell(file, tool_name(model, param->doc));
		fputs("</tr>\n", file);
	}
	table_end(file);
}

/* --- Registers --------------------------------------------------------------------------- */

static void write_register_name(const struct vpio_model *model, const struct vpb_reg *reg,
				FILE *file)
{
	text(file, tool_name(model, reg->name));
	if (reg->count > 1)
		fprintf(file, "[%u]", reg->count);
}

static void write_offset(const struct vpb_reg *reg, FILE *file)
{
	fprintf(file, "0x%02x", reg->offset);
	if (reg->count > 1 && reg->stride != reg->width)
		fprintf(file, " + %ui", reg->stride);
	else if (reg->count > 1)
		fprintf(file, " + %ui", reg->width);
	if (reg->bank != VPB_NONE)
		fprintf(file, ", bank %u", reg->bank);
}

static void write_overview(const struct vpio_model *model, u32 window, FILE *file)
{
	static const char *const names[] = { "offset", "name",	 "type",    "access",
					     "reset",  "engine", "meaning", NULL };
	u32 i;

	heads(file, names);
	for (i = 0; i < model->header->regs.count; i++) {
		const struct vpb_reg *reg = &model->regs[i];

		if (reg->window != window)
			continue;
		fputs("<tr><td class=\"n\">", file);
		write_offset(reg, file);
		fprintf(file, "</td><td class=\"n\"><a href=\"#r%u\">", i);
		write_register_name(model, reg, file);
		fprintf(file,
			"</a></td><td class=\"n\">u%u</td><td>%s</td><td class=\"n\">0x%llx</td>",
			8 * reg->width, tool_access_name(reg->access),
			(unsigned long long)model->vars[reg->var].reset);
		cell(file, reg->engine == VPB_NONE
				   ? ""
				   : tool_name(model, model->engines[reg->engine].name));
		cell(file, tool_name(model, reg->doc));
		fputs("</tr>\n", file);
	}
	table_end(file);
}

/* The field that has a bit; NULL: none. */
static const struct vpb_field *field_at(const struct vpio_model *model, const struct vpb_reg *reg,
					unsigned int bit)
{
	u32 i;

	for (i = 0; i < reg->fields; i++) {
		const struct vpb_field *field = &model->fields[reg->field + i];

		if (bit >= field->low && bit < (unsigned int)(field->low + field->width))
			return field;
	}
	return NULL;
}

/* One row of a diagram: bits top..top - count + 1, a cell for each field. */
static void write_bit_row(const struct vpio_model *model, const struct vpb_reg *reg,
			  unsigned int top, unsigned int count, FILE *file)
{
	const struct vpb_field *field;
	unsigned int i, span;

	fputs("<tr>", file);
	for (i = 0; i < count; i++)
		fprintf(file, "<th>%u</th>", top - i);
	fputs("</tr><tr>", file);
	for (i = 0; i < count; i += span) {
		field = field_at(model, reg, top - i);
		for (span = 1; i + span < count; span++) {
			if (field_at(model, reg, top - i - span) != field)
				break;
		}
		fprintf(file, "<td colspan=\"%u\"%s>", span, field ? "" : " class=\"none\"");
		if (field)
			text(file, tool_name(model, field->name));
		fputs("</td>", file);
	}
	fputs("</tr>\n", file);
}

static void write_bits(const struct vpio_model *model, const struct vpb_reg *reg, FILE *file)
{
	static const char *const names[] = { "bits", "field", "access", NULL };
	const unsigned int bits = 8 * reg->width, row = bits < ROW ? bits : ROW;
	unsigned int top;
	u32 i;

	fputs("<table class=\"bits\">", file);
	for (top = bits; top; top -= row)
		write_bit_row(model, reg, top - 1, row, file);
	fputs("</table>\n", file);
	heads(file, names);
	for (i = 0; i < reg->fields; i++) {
		const struct vpb_field *field = &model->fields[reg->field + i];

		fputs("<tr><td class=\"n\">", file);
		if (field->width > 1)
			fprintf(file, "%u:", field->low + field->width - 1);
		fprintf(file, "%u</td><td class=\"n\">%s</td><td>%s</td></tr>\n", field->low,
			tool_name(model, field->name), tool_access_name(field->access));
	}
	table_end(file);
}

static void write_register(const struct vpio_model *model, const struct vpb_reg *reg, FILE *file)
{
	const struct tool_text read = tool_read_of(model, reg), write = tool_write_of(model, reg);

	fprintf(file, "<section><h3 id=\"r%u\"><code>", (u32)(reg - model->regs));
	write_offset(reg, file);
	fputs(" ", file);
	write_register_name(model, reg, file);
	fputs("</code> &mdash; ", file);
	text(file, tool_name(model, reg->doc));
	fputs("</h3>\n<p class=\"note\">Read: ", file);
	text(file, read.text);
	fputs(". Write: ", file);
	text(file, write.text);
	fprintf(file, ". Described in line %u.</p>\n", reg->line);
	if (reg->fields)
		write_bits(model, reg, file);
	fputs("</section>\n", file);
}

static void write_windows(const struct vpio_model *model, FILE *file)
{
	u32 i, j;

	for (i = 0; i < model->header->windows.count; i++) {
		fprintf(file, "<h2 id=\"w%u\">Registers of window <code>%s</code>, %u bytes</h2>\n",
			i, tool_name(model, model->windows[i].name), model->windows[i].size);
		write_overview(model, i, file);
		for (j = 0; j < model->header->regs.count; j++) {
			if (model->regs[j].window == i)
				write_register(model, &model->regs[j], file);
		}
	}
}

/* --- Engines and handlers ---------------------------------------------------------------- */

static void write_list(FILE *file, const char *what, const char *list)
{
	if (!*list)
		return;
	fprintf(file, "<p class=\"note\">%s: <code>", what);
	text(file, list);
	fputs("</code></p>\n", file);
}

static void write_engine(const struct vpio_model *model, u32 number, FILE *file)
{
	static const char *const names[] = { "handler", "line", "kind", NULL };
	const struct vpb_engine *engine = &model->engines[number];
	u32 i;

	fprintf(file, "<section><h3><code>%s</code> &mdash; %s", tool_name(model, engine->name),
		tool_discipline_name(engine->discipline));
	if (engine->discipline == VPB_PARTITIONED)
		fprintf(file, ", %u instances, %u bytes apart", engine->depth, engine->step);
	else if (engine->depth)
		fprintf(file, ", %u jobs at a time", engine->depth);
	if (engine->timeout_ms)
		fprintf(file, ", timeout %u ms", engine->timeout_ms);
	if (engine->max_frame)
		fprintf(file, ", frames of up to %u bytes", engine->max_frame);
	fputs("</h3>\n", file);
	if (engine->discipline == VPB_SLICED) {
		write_list(file, "A hand-off saves", tool_copied(model, engine, true).text);
		write_list(file, "and restores", tool_copied(model, engine, false).text);
		write_list(file, "Variables that belong to the owner",
			   tool_kept(model, number).text);
	}
	heads(file, names);
	for (i = 0; i < VPB_ENGINE_EVENTS; i++) {
		const struct vpb_handler *handler = &model->handlers[engine->on[i]];

		if (engine->on[i] == VPB_NONE)
			continue;
		fputs("<tr>", file);
		cell(file, tool_name(model, handler->name));
		fprintf(file, "<td>%u</td><td>%s</td></tr>\n", handler->line,
			tool_handler_kind(handler->kind));
	}
	table_end(file);
	fputs("</section>\n", file);
}

static void write_engines(const struct vpio_model *model, FILE *file)
{
	u32 i;

	if (!model->header->engines.count)
		return;
	fputs("<h2>Engines</h2>\n", file);
	for (i = 0; i < model->header->engines.count; i++)
		write_engine(model, i, file);
}

static void write_interrupts(const struct vpio_model *model, FILE *file)
{
	static const char *const names[] = { "cause", "mask", NULL };
	u32 i;

	if (!model->header->irqs.count)
		return;
	fputs("<h2>Interrupt line</h2>\n<p>Up while a cause is set that its mask lets "
	      "through.</p>\n",
	      file);
	heads(file, names);
	for (i = 0; i < model->header->irqs.count; i++) {
		const struct vpb_irq *irq = &model->irqs[i];

		fputs("<tr>", file);
		cell(file, tool_name(model, model->regs[irq->cause].name));
		cell(file, irq->mask == VPB_NONE ? "all causes"
						 : tool_name(model, model->regs[irq->mask].name));
		fputs("</tr>\n", file);
	}
	table_end(file);
}

static void write_handlers(const struct vpio_model *model, FILE *file)
{
	static const char *const names[] = { "handler", "line", "kind", "instructions", NULL };
	u32 i;

	if (!model->header->handlers.count)
		return;
	fputs("<h2>Handlers</h2>\n", file);
	heads(file, names);
	for (i = 0; i < model->header->handlers.count; i++) {
		const struct vpb_handler *handler = &model->handlers[i];

		fputs("<tr>", file);
		cell(file, tool_name(model, handler->name));
		fprintf(file, "<td>%u</td><td>%s</td><td>%u</td></tr>\n", handler->line,
			tool_handler_kind(handler->kind), handler->count);
	}
	table_end(file);
}

void tool_doc(const struct vpio_model *model, FILE *file)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>",
	      file);
	text(file, tool_name(model, model->header->title));
	fprintf(file, "</title>\n<style>\n%s</style></head><body>\n", style);
	write_identity(model, file);
	write_params(model, file);
	write_windows(model, file);
	write_engines(model, file);
	write_interrupts(model, file);
	write_handlers(model, file);
	fputs("</body></html>\n", file);
}

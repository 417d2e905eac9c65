# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""The benchmarks' page: tables and SVG plots in one file of HTML: for bench/report."""
import html

from measured import GROUPS, IDLE, find, median_of, ratio, ratios, summary, vdevs_of

TESTS = ["tcp-send", "tcp-receive", "udp-send", "udp-receive", "request"]
PLACES = {
    "native": "native: the virtual host's own driver",
    "passthrough": "vfio-pci, BAR mapped into the guest",
    "trapped": "vfio-pci, BAR trapped (8139cp)",
    "trapped-too": "vfio-pci, BAR trapped (8139too)",
    "vpio-too": "VPIO (8139too)",
    "vpio-too-vmm": "VPIO (8139too), accesses by QEMU",
    "vpio-cp": "VPIO (8139cp)",
    "vpio": "VPIO (ne2k-pci)",
    "rtl8139": "emulated RTL8139, tap and bridge",
    "ne2000": "emulated NE2000, tap and bridge",
    "e1000": "emulated e1000, tap and bridge",
    "virtio": "virtio-net with vhost, tap and bridge",
}
# A port's access always leaves the guest: an NE2000 has no BAR that could be mapped.
NE2000_PLACES = {**PLACES, "passthrough": "vfio-pci"}
# What VPIO is compared with: the same driver where there is one
PEERS = {
    "vpio-too": ["native", "passthrough", "trapped-too", "vpio-too-vmm", "rtl8139", "e1000", "virtio"],
    "vpio-cp": ["native", "passthrough", "trapped", "rtl8139", "e1000", "virtio"],
    "vpio": ["native", "passthrough", "ne2000", "virtio"],
}
COLUMNS = [
    "Mbit/s", "frames/s", "median ms", "p99 ms", "exits/request", "exits/frame",
    "exits/frame sent", "MMIO exits to QEMU/frame", "I/O exits/frame", "hooks/frame",
    "hooks/access", "interrupts/frame", "host CPU ms/MiB",
]
WORKS = {
    "tcp": "guests send by TCP (8139cp)",
    "udp": "guests send by UDP (8139cp)",
    "tcp-virtio": "guests send by TCP (virtio-net with vhost)",
    "udp-virtio": "guests send by UDP (virtio-net with vhost)",
    "frames": "tenants without a VM send full frames",
    "compute": "factorials",
    "transfer": "transfers of 4 KiB",
}
SHARING_COLUMNS = {
    "per_second": "a second, all",
    "each_per_second": "a second, each",
    "mbit_per_second": "Mbit/s, all",
    "each_mbit_per_second": "Mbit/s, each",
    "of_one": "of one alone",
    "of_passthrough": "of passthrough",
    "jain": "Jain",
    "wait_median_ms": "wait ms, p50",
    "wait_p99_ms": "p99",
    "wait_most_ms": "longest",
    "exits_per_frame_sent": "exits/frame sent",
    "hand_offs": "hand-offs",
    "hand_off_ms": "hand-off ms",
    "hand_off_most_ms": "longest since the module was loaded",
}
COLOURS = ["#c33", "#e80", "#fb5", "#36a", "#6ae", "#393", "#8c6", "#777", "#bbb"]
STYLE = """body{font:15px sans-serif;max-width:100em;margin:2em auto;padding:0 1em}
table{border-collapse:collapse;margin:1em 0}
td,th{border:1px solid #ccc;padding:.2em .6em;text-align:right}
td:first-child,th:first-child{text-align:left;min-width:15em}
small{color:#777;white-space:nowrap}
svg{display:block;margin:1em 0}
svg text{font-size:13px}
.how{color:#555}"""


# --- Tables ----------------------------------------------------------------------------------


def number(value):
    if value is None:
        return "&ndash;"
    if isinstance(value, bool):
        return "yes" if value else "<b>no</b>"
    if isinstance(value, dict):
        value = value if "median" in value else summary(value)
        spread = f"<small> {number(value['least'])} to {number(value['most'])}</small>"
        return number(value["median"]) + (spread if value["runs"] > 1 else "")
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return html.escape(str(value))


def table(head, rows):
    text = "<table><tr>" + "".join(f"<th>{html.escape(name)}</th>" for name in head) + "</tr>\n"
    for row in rows:
        text += "<tr>" + "".join(f"<td>{number(cell)}</td>" for cell in row) + "</tr>\n"
    return text + "</table>\n"


def paragraph(*words):
    return "<p>" + " ".join(words) + "</p>\n"


def heading(level, text):
    return f"<h{level}>{html.escape(text)}</h{level}>\n"


# --- Plots -----------------------------------------------------------------------------------


def svg(width, height, title, body):
    name = html.escape(title)
    return (f'<svg width="{width}" height="{height}" role="img"><title>{name}</title>'
            f'<text x="0" y="16" font-weight="bold">{name}</text>{"".join(body)}</svg>\n')


def words(x, y, text, anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(str(text))}</text>'


def box(x, y, width, height, colour, title=""):
    return (f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height}" fill="{colour}">'
            f"<title>{html.escape(title)}</title></rect>")


def bars(title, rows):
    """Horizontal bars, [(label, {round: value})], with lines from the least to the most."""
    rows = [(label, summary(rounds)) for label, rounds in rows]
    scale = 400 / (max((v["most"] for _, v in rows), default=0) or 1)
    body = []
    for i, (label, v) in enumerate(rows):
        y = 28 + 24 * i
        least, most = 280 + scale * v["least"], 280 + scale * v["most"]
        body += [
            words(270, y + 14, label, "end"),
            box(280, y, scale * v["median"], 18, "#c33" if "VPIO" in label else "#999"),
            f'<path d="M{least:.1f} {y + 9}H{most:.1f}" stroke="#000"/>',
            words(most + 6, y + 14, number(v["median"])),
        ]
    return svg(780, 24 * len(rows) + 34, title, body)


def lines(title, label, series):
    """Lines from 0 on, {name: [(x, y)]}."""
    scale = 150 / (max((y for points in series.values() for _, y in points), default=0) or 1)
    xs = sorted({x for points in series.values() for x, _ in points})
    body = []
    for i in range(5):
        y = 190 - 37.5 * i
        body.append(f'<path d="M60 {y}H560" stroke="#ddd"/>')
        body.append(words(54, y + 4, number(37.5 * i / scale), "end"))
    for x in xs:
        body.append(words(60 + 500 * x / xs[-1], 206, x, "middle"))
    for i, (name, points) in enumerate(series.items()):
        colour = COLOURS[i % len(COLOURS)]
        places = [f"{60 + 500 * x / xs[-1]:.1f},{190 - scale * y:.1f}" for x, y in sorted(points)]
        body += [
            f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="',
            " ".join(places) + '"/>',
            box(580, 30 + 18 * i, 12, 12, colour),
            words(598, 41 + 18 * i, name),
        ]
    body.append(words(310, 224, label, "middle"))
    return svg(900, max(232, 40 + 18 * len(series)), title, body)


def stacks(title, unit, rows):
    """Horizontal bars of parts, {label: {part: value}}."""
    parts = {part for row in rows.values() for part in row}
    parts = sorted(parts, key=lambda part: (not part.startswith("VPIO"), part))
    scale = 480 / (max((sum(row.values()) for row in rows.values()), default=0) or 1)
    body = []
    for i, (label, row) in enumerate(rows.items()):
        x, y = 200.0, 28 + 26 * i
        body.append(words(192, y + 14, label, "end"))
        for j, part in enumerate(parts):
            width = scale * row.get(part, 0)
            what = f"{part}: {number(row.get(part, 0.0))} {unit}"
            body.append(box(x, y, width, 20, COLOURS[j % len(COLOURS)], what))
            x += width
        body.append(words(x + 6, y + 15, f"{number(float(sum(row.values())))} {unit}"))
    top = 40 + 26 * len(rows)
    for j, part in enumerate(parts):
        body.append(box(200, top + 18 * j, 12, 12, COLOURS[j % len(COLOURS)]))
        body.append(words(218, top + 11 + 18 * j, part))
    return svg(860, top + 18 * len(parts) + 4, title, body)


# --- One guest -------------------------------------------------------------------------------


def network_ratios(name, network, labels):
    """What leads: VPIO against each peer, round by round."""
    columns = [(test, "median ms" if test == "request" else "Mbit/s", test) for test in TESTS[:4]]
    columns.append(("request", "median ms", "time of a request"))
    columns += [(test, "exits/frame", f"exits/frame, {test}") for test in TESTS[:3]]
    text = ""
    for vpio, peers in PEERS.items():
        rows = []
        for peer in peers:
            row = [ratios(find(network, test, vpio, column), find(network, test, peer, column))
                   for test, column, _ in columns]
            if any(row):
                rows.append([labels[peer]] + row)
        if rows:
            text += heading(3, f"{name}: {labels[vpio]}, as a multiple of")
            text += table([""] + [head for _, _, head in columns], rows)
    return text


def network_page(name, how, network, labels):
    text = heading(2, f"One guest: {name}") + how + paragraph(
        "Each way has a card of the same kind, and a wire with a stock peer of its own, all alike;",
        "they take turns, and a ratio is of the same round. Median, and the least and the most.",
        "&ndash;: there is no such thing at that place (no exits without a guest, hooks only in",
        "VPIO).")
    text += network_ratios(name, network, labels)
    for test in TESTS:
        places = network.get(test, {})
        column = "median ms" if test == "request" else "Mbit/s"
        shown = [place for place in labels if place in places]
        if not shown:
            continue
        heads = [c for c in COLUMNS if any(c in places[place] for place in shown)]
        text += heading(3, test)
        text += bars(f"{name}, {test}: {column}", [
            (labels[place], places[place][column]) for place in shown if column in places[place]])
        text += table([""] + heads, [
            [labels[place]] + [places[place].get(c) for c in heads] for place in shown])
    return text


# --- Sharing ---------------------------------------------------------------------------------


def sharing_page(name, how, works):
    text = heading(2, f"Sharing: {name}") + how + paragraph(
        "All begin at the same time. Wait: from asking to the end, as the tenant itself sees it,",
        "with 48 frames (one job) of its own asked for; p50 is of the median tenant, p99 of the",
        "one that waited longest. All tenants, the module's workers and the wire's other end share",
        "the virtual host's one emulated processor, if it is not said to have more.")
    series = {}
    for work, rows in works.items():
        points = [(int(tenants), median_of(row["of_one"])) for tenants, row in rows.items()
                  if tenants.isdigit() and row.get("of_one")]
        if points:
            series[WORKS[work]] = points
    if series:
        text += lines(f"{name}: all tenants together, of one alone", "tenants", series)
    for work, rows in works.items():
        heads = [c for c in SHARING_COLUMNS if any(c in row for row in rows.values())]
        text += heading(3, WORKS[work])
        text += table(["tenants"] + [SHARING_COLUMNS[c] for c in heads], [
            [tenants] + [row.get(c) for c in heads] for tenants, row in rows.items()])
    if "transfer" in works:
        text += paragraph(
            "Passthrough: one tenant that has the device itself by vfio-pci. Hand-off: what is",
            "left of the time, for each, after the jobs have had what they take alone (for",
            "factorials, which are short, that is mostly a change of processes). A transfer takes",
            "QEMU's edu 100 ms, and so do saving the buffer and restoring it, of which each",
            "hand-off of the DMA engine consists.")
    return text


# --- User space ------------------------------------------------------------------------------


def access_page(how, access, frames, traffic):
    heads = [f"{which} instructions, {vdevs_of(n)}" for which in ("median", "most")
             for n in (1, 4, 16)]
    heads = [c for c in heads if any(c in row for row in access.values())]
    heads += ["ns, of the median access", "ns, of the slowest", "accesses"]
    text = heading(2, "The monitor's own code") + how + paragraph(
        "Instructions (callgrind: the same in each run) and time (101 runs: the median, and where",
        "the middle nine tenths are) of each kind of access, in user space.")
    text += table([""] + heads, [
        [name] + [row.get(c) for c in heads] for name, row in access.items()])
    if frames:
        text += frames_page(frames)
    if traffic:
        heads = ["accesses", "hooks", "interrupts"]
        text += heading(3, "Stock drivers' traffic, counted")
        text += paragraph("For each frame sent (received, each request), on a simulated card: the",
                          "same in each run.")
        text += table([""] + heads, [
            [name] + [row.get(c) for c in heads] for name, row in traffic.items()])
    return text


def frames_page(frames):
    bursts = [(vdevs, n) for vdevs in ("1", "4", "16") for n in ("1", "2", "4", "8")]
    text = heading(3, "How it grows with frames and with vdevs") + paragraph(
        "All instructions of the monitor for a burst, from the guest's access to the last frame's",
        "end. In the table, for each frame of it; &ndash;: a burst for which the classic mode's",
        "four descriptors have no room.")
    text += lines("instructions of a burst, one vdev", "frames", {
        name: [(int(n), count) for n, count in by_vdevs["1"].items()]
        for name, by_vdevs in frames.items()})
    text += lines("instructions of a frame alone", "vdevs", {
        name: [(int(vdevs), counts["1"]) for vdevs, counts in by_vdevs.items()]
        for name, by_vdevs in frames.items()})
    rows = []
    for name, by_vdevs in frames.items():
        counts = [by_vdevs.get(vdevs, {}).get(n) for vdevs, n in bursts]
        rows.append([name] + [ratio(count, int(n)) for count, (_, n) in zip(counts, bursts)])
    heads = [f"{n} frame{'s' * (n != '1')}, {vdevs_of(vdevs)}" for vdevs, n in bursts]
    return text + table(["a burst of"] + heads, rows)


def compile_page(how, models):
    rows = [[name, row["bytes"], row["compile_ms"], row["compile_ms"]["promised"], row["load_ms"],
             row["load_ms"]["promised"]] for name, row in models.items()]
    return heading(2, "Models") + how + paragraph(
        "201 runs: the median, and the least and the most.") + table(
            ["", "bytes", "compile, ms", "promised", "load and verify, ms", "promised"], rows)


# --- Profiles --------------------------------------------------------------------------------


def profile_page(how, profile):
    titles = dict(zip(GROUPS, (
        "us of the virtual host's processor",
        "us in functions of the module, with what they call outside of it",
        "exits, by reason",
        "accesses of the guest",
        "what the counters say")))
    text = heading(2, "What bounds it: where the virtual host's time goes") + how + paragraph(
        "One guest sends. perf samples the virtual host's processor (cpu-clock), and a sample",
        "belongs to what is in its call chain. The card is emulated by the outer QEMU within the",
        "access to its registers. All figures are for each frame sent.")
    text += stacks(titles["us"], "us", {
        name: {part: us for part, us in groups["us"].items() if part != IDLE}
        for name, groups in profile.items()})
    for group in GROUPS:
        names = {name for groups in profile.values() for name in groups[group]}
        most = {name: max(groups[group].get(name, 0) for groups in profile.values())
                for name in names}
        names = sorted((name for name in names if most[name] >= 0.005), key=lambda n: -most[n])
        text += heading(3, f"{titles[group]}, for each frame sent")
        text += table([""] + list(profile), [
            [name] + [groups[group].get(name) for groups in profile.values()]
            for name in names[:24]])
    return text


# --- All of it -------------------------------------------------------------------------------


def command(part, ran):
    when = f" ({ran['when']}, {ran['seconds']} s, load before it {ran['load']})" if ran else ""
    return f"<p class=how><code>make bench BENCH={part}</code>{html.escape(when)}</p>\n"


def targets_page(targets):
    return heading(2, "Targets") + table(["", "target", "measured", "reached"], [
        [row["what"], row["target"], row["measured"], row["reached"]] for row in targets])


def paper_page(paper):
    return heading(2, "Beside the paper") + paragraph(
        "Xia, Lange, Dinda: WIOV 2008, and Operating Systems Review 43(3), 2009.") + table(
            ["", "VPIO", "the paper (NE2000)"], paper)


def page(report, ran):
    def how(part):
        return command(part, ran.get(part))

    text = ("<!doctype html>\n<html lang=en><meta charset=utf-8><title>VPIO: benchmarks</title>\n"
            f"<style>{STYLE}</style>\n<h1>VPIO: benchmarks</h1>\n")
    text += paragraph(html.escape(report["machine"]["rig"]))
    text += targets_page(report["targets"])
    for part, name, labels in (("rtl8139", "RTL8139", PLACES), ("ne2000", "NE2000", NE2000_PLACES)):
        if report[part]:
            text += network_page(name, how(part), report[part], labels)
    for part, name in (("sharing", "RTL8139"), ("edu", "edu"),
                       ("processors", "RTL8139, on a virtual host of two processors")):
        if report[part]:
            text += sharing_page(name, how(part), report[part])
    if report["profile"]:
        text += profile_page(how(report["profile part"]), report["profile"])
    if report["access"]:
        text += access_page(how("access"), report["access"], report["frames"], report["traffic"])
    if report["compile"]:
        text += compile_page(how("compile"), report["compile"])
    text += paper_page(report["paper"])
    return text + heading(2, "Machine") + table(["", ""], report["machine"].items())

# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
"""What bench/run has left in a directory, as dictionaries: for bench/report.

A row of rounds is {number of the round: value}, as peers and VPIO are compared round by round.
"""
import os
import re
import statistics


def read(*path):
    try:
        with open(os.path.join(*path), encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def rows_of(*path):
    return [line.split("\t") for line in read(*path).splitlines()]


def summary(values):
    values = list(values.values()) if isinstance(values, dict) else values
    return {"median": statistics.median(values), "least": min(values), "most": max(values),
            "runs": len(values)}


def median_of(rounds):
    return statistics.median(rounds.values()) if rounds else None


def ratio(a, b):
    return a / b if a is not None and b else None


def ratios(a, b):
    """The summary of the ratios of two rows of rounds, round by round; None if there are none."""
    values = [ratio(a[number], b[number]) for number in a if number in b]
    values = [value for value in values if value is not None]
    return summary(values) if values else None


# --- In the rig ------------------------------------------------------------------------------


def derive(test, v):
    """The columns of the report, of one round's counters."""
    out = v.get("frames_out", 0)
    frames = out + v.get("frames_in", 0)
    mib = v.get("bytes", 0) / 1048576
    columns = {}
    if test == "idle":
        return {"wake-ups/s": v["wake_ups"] * 1e9 / v["ns"]} if not v["asked"] else {}
    if v.get("bytes") and v.get("ns"):
        columns["Mbit/s"] = v["bytes"] * 8000 / v["ns"]
        columns["frames/s"] = frames * 1e9 / v["ns"]
    if v.get("requests"):
        columns["median ms"] = v["median_ns"] / 1e6
        columns["p99 ms"] = v["p99_ns"] / 1e6
        columns["exits/request"] = ratio(v.get("exits"), v["requests"])
    if frames and "exits" in v:
        columns["exits/frame"] = v["exits"] / frames
        columns["exits/frame sent"] = ratio(v["exits"], out)
        # KVM counts an access to memory if it goes to QEMU, and each access to a port
        columns["MMIO exits to QEMU/frame"] = v.get("mmio_exits", 0) / frames
        columns["I/O exits/frame"] = v.get("io_exits", 0) / frames
    if "hooks" in v and frames:
        columns["hooks/access"] = ratio(v["hooks"], v.get("reads", 0) + v.get("writes", 0))
        columns["hooks/frame"] = v["hooks"] / frames
    if frames and "interrupts" in v:
        columns["interrupts/frame"] = v["interrupts"] / frames
    if mib and "cpu_ms" in v:
        columns["host CPU ms/MiB"] = v["cpu_ms"] / mib
    return columns


def read_network(directory, part):
    """{test: {place: {column: {round: value}}}}"""
    runs = {}
    for place, test, number, name, value in rows_of(directory, part, "network.tsv"):
        runs.setdefault((place, test), {}).setdefault(number, {})[name] = float(value)
    result = {}
    for (place, test), by_round in runs.items():
        columns = result.setdefault(test, {}).setdefault(place, {})
        for number, v in by_round.items():
            for name, value in derive(test, v).items():
                if value is not None:
                    columns.setdefault(name, {})[number] = value
    return result


def find(network, test, place, column):
    return network.get(test, {}).get(place, {}).get(column, {})


def divided(rounds, by):
    return {n: value / by[n] for n, value in rounds.items() if by.get(n)}


def read_sharing(directory, part):
    """{work: {tenants: {column: {round: value}}}}"""
    result = {}
    for work, tenants, number, name, value in rows_of(directory, part, "sharing.tsv"):
        row = result.setdefault(work, {}).setdefault(tenants, {})
        row.setdefault(name, {})[number] = float(value)
    for by_tenants in result.values():
        alone = by_tenants.get("1") or by_tenants.get("1 guest") or {}
        given = by_tenants.get("passthrough", {})
        for row in by_tenants.values():
            for name in ("per_second", "mbit_per_second"):
                if name in row and name in alone:
                    row["of_one"] = divided(row[name], alone[name])
                if name in row and name in given:
                    row["of_passthrough"] = divided(row[name], given[name])
            if "hand_offs" in row and "jobs" in alone:
                row["hand_off_ms"] = hand_off_ms(row, divided(alone["ms"], alone["jobs"]))
            for name in [name for name, rounds in row.items() if not rounds]:
                del row[name]
    return result


def hand_off_ms(row, job_ms):
    """What is left of the time for each, when the jobs have had what they take alone.

    Where that is less than a tenth of the time, it is lost in what the machine's load changes.
    """
    result = {}
    for n, jobs in row["jobs"].items():
        left = row["ms"][n] - jobs * job_ms.get(n, 0)
        if row["hand_offs"].get(n, 0) > 1 and left > row["ms"][n] / 10:
            result[n] = left / row["hand_offs"][n]
    return result


# --- In user space ---------------------------------------------------------------------------


def vdevs_of(number):
    return f"{number} vdev{'s' * (str(number) != '1')}"


def read_access(directory):
    result = {}
    for text in read(directory, "instructions.txt").splitlines():
        guests, name, value = text.split()
        model, kind, which = name.split(".")
        row = result.setdefault(f"{model} {kind}", {})
        row[f"{which} instructions, {vdevs_of(guests)}"] = int(value)
    times = {}
    for kind, model, _, *ns in rows_of(directory, "access.tsv"):
        times.setdefault(f"{model} {kind}", []).append([max(0.0, float(value)) for value in ns])
    for name, values in times.items():
        row = result.setdefault(name, {})
        names = ("median", "least", "most")
        middle = sorted(values)[len(values) // 2]
        row["ns, of the median access"] = dict(zip(names, middle), runs=101)
        row["ns, of the slowest"] = dict(zip(names, max(values)), runs=101)
        row["accesses"] = len(values)
    return result


def read_frames(directory):
    """{"way, driver, bytes": {vdevs: {frames: instructions}}}"""
    result = {}
    for way, driver, frames, size, vdevs, count in rows_of(directory, "frames.tsv"):
        by_vdevs = result.setdefault(f"{way}, {driver}, {size} bytes", {})
        by_vdevs.setdefault(vdevs, {})[frames] = int(count)
    return result


def read_traffic(directory):
    result = {}
    for text in read(directory, "traffic.txt").splitlines():
        name, value = text.split()
        driver, kind, what = name.split(".")
        result.setdefault(f"{driver}, {kind}", {})[what] = float(value)
    return result


def read_compile(directory):
    result = {}
    for name, size, what, median, least, most, promised in rows_of(directory, "compile.tsv"):
        result.setdefault(name, {"bytes": int(size)})[what] = {
            "median": float(median), "least": float(least), "most": float(most),
            "promised": float(promised), "runs": 201}
    return result


# --- Profiles --------------------------------------------------------------------------------

# Why an AMD processor leaves a guest (Linux, arch/x86/include/uapi/asm/svm.h)
REASONS = {
    0x400: "memory access (MMIO)", 0x7b: "port access", 0x78: "HLT", 0x60: "interrupt for the host",
    0x64: "interrupt window", 0x7c: "MSR", 0x72: "CPUID", 0x81: "VMMCALL", 0x6e: "RDTSC",
    0x77: "PAUSE", 0x61: "NMI",
}
IDLE = "idle"
GROUPS = ("us", "functions", "exits", "accesses", "counted")


def registers_of(model):
    """Names of registers by offset; where several are at one, as in banks, the first."""
    names = {}
    pattern = r"\b(0x[0-9a-f]+) ([A-Z]\w*)(?:\[(\d+)\])?\s+u(8|16|32|64)\b"
    for offset, name, count, width in re.findall(pattern, read("models", model + ".vpm")):
        for i in range(int(count or 1)):
            at = int(offset, 0) + i * int(width) // 8
            names.setdefault(at, f"{name}[{i}]" if count else name)
    return names


def category(comm, mode, functions, modules):
    """What a sample was taken in, of its call chain; None: in the profiler itself."""
    if functions & {"virtnet_poll", "vring_interrupt"}:
        return "the peer on the wire"
    if "vpio" in modules:
        # an emulated interrupt, and so a sample, comes only after the access that it is in
        if functions & {"hw_read", "hw_write", "hardware"}:
            return "VPIO: the card's registers"
        if (comm.startswith("qemu") or "KVM" in comm) and "handle_interrupt" not in functions:
            return "VPIO: in the guest's access"
        return "VPIO: workers and interrupts"
    if comm.startswith("perf") or comm == "sleep":
        return None
    if comm == "flow":
        return "the peer on the wire"
    if mode in ("G", "g"):
        return "the guest itself"
    if comm == "swapper":
        return IDLE
    if modules & {"kvm", "kvm_amd"}:
        return "KVM: leaving and entering the guest"
    if "vfio_pci_core" in modules:
        return "vfio-pci: the card's registers and interrupts"
    if comm.startswith("qemu") or "KVM" in comm:
        return "QEMU and its system calls"
    if comm.startswith(("vpio", "kworker", "ksoftirqd", "irq/", "rcu", "kthread")):
        return "the host's threads and their scheduling"
    return "all else in the host"


def read_samples(directory, name):
    """{category: us} and {function of the module: us}, of what perf script has printed.

    A sample stands for the time to the next one.
    """
    places = [(int(row.split()[5], 0), int(row.split()[1]), row.split()[0])
              for row in read(directory, "modules").splitlines()]
    counts, inner, times = {}, {}, []
    for block in read(directory, name).split("\n\n"):
        first, *chain = block.strip("\n").split("\n")
        head = re.match(r"\s*(.*?)\s+(\w+)\s+([\d.]+):", first)
        if not head:
            continue
        times.append(float(head.group(3)))
        functions, modules, innermost = set(), set(), None
        for text in chain:
            address, _, function = text.strip().partition(" ")
            if function.startswith(("asm_common_interrupt", "asm_sysvec")):
                break  # what it interrupted is not what it was for
            functions.add(function.split("+")[0])
            module = next((module for start, size, module in places
                           if start <= int(address, 16) < start + size), None)
            modules.add(module)
            if module == "vpio" and not innermost:
                innermost = function.split("+")[0]
        which = category(head.group(1), head.group(2), functions, modules)
        if which:
            counts[which] = counts.get(which, 0) + 1
        if innermost:
            inner[innermost] = inner.get(innermost, 0) + 1
    each = (times[-1] - times[0]) * 1e6 / len(times) if times else 0
    return [{which: count * each for which, count in part.items()} for part in (counts, inner)]


def profile_part(directory):
    """It is in two parts of the benchmarks: the one that was run last; None."""
    paths = [os.path.join(directory, part, "profile.tsv") for part in ("rtl8139", "profile")]
    paths = sorted((path for path in paths if read(path)), key=os.path.getmtime)
    return os.path.basename(os.path.dirname(paths[-1])) if paths else None


def read_profile(directory, part):
    """{place and test: {group: {name: number for each frame sent}}}

    Groups: us of the host's processor, us in functions of the module, exits, accesses, counted.
    """
    rows = {}
    for place, test, group, name, value in rows_of(directory, part, "profile.tsv"):
        rows.setdefault((place, test), {}).setdefault(group, {})[name] = float(value)
    names = registers_of("rtl8139")
    result = {}
    for (place, test), groups in rows.items():
        frames = groups.get("counted", {}).get("frames_out")
        sampled = groups.get("sampled", {}).get("frames_out")
        if not frames or not sampled:
            continue
        entry = {group: {} for group in GROUPS}
        samples = read_samples(os.path.join(directory, part), f"{place}.{test}.samples")
        for group, part_us in zip(("us", "functions"), samples):
            entry[group] = {name: us / sampled for name, us in part_us.items()}
        for name, value in groups.get("exits", {}).items():
            entry["exits"][REASONS.get(int(name, 0), f"{int(name, 0):#x}")] = value / frames
        for name, value in groups.get("accesses", {}).items():
            way, offset = name.split()
            register = names.get(int(offset, 0), f"{int(offset, 0):#x}")
            entry["accesses"][f"{way} {register}"] = value / frames
        entry["counted"] = {name: value / frames for name, value in groups["counted"].items()
                            if name not in ("frames_out", "cpu_ms", "ns_all")}
        result[f"{place}, {test}"] = entry
    return result

"""What a program costs: CPU seconds, peak memory and written bytes of a tree of processes, from /proc."""
import os
import pathlib
import subprocess
import time

TICK = os.sysconf('SC_CLK_TCK')
PAGE = os.sysconf('SC_PAGE_SIZE')


class Failed(Exception):
    pass


def tree(pid):
    """A process and its descendants."""
    parents = {}
    for p in pathlib.Path('/proc').iterdir():
        if p.name.isdigit():
            try:
                fields = (p / 'stat').read_text().rsplit(')', 1)[1].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(p.name))
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        todo += parents.get(found[-1], [])
    return found


def _cpu_of(pid):
    """Nanoseconds of the living threads (exact), and ticks of the whole process with its dead threads and children."""
    exact = 0
    try:
        for t in pathlib.Path(f'/proc/{pid}/task').iterdir():
            exact += int((t / 'schedstat').read_text().split()[0])
        f = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    except (OSError, ValueError, IndexError):
        return 0.0
    own, children = int(f[11]) + int(f[12]), int(f[13]) + int(f[14])
    return max(exact / 1e9, own / TICK) + children / TICK


def cpu(pid):
    return sum(_cpu_of(p) for p in tree(pid))


def peak_rss(pid):
    """Sum of the largest memory that each process of the tree ever had, in bytes."""
    total = 0
    for p in tree(pid):
        try:
            for line in pathlib.Path(f'/proc/{p}/status').read_text().splitlines():
                if line.startswith('VmHWM:'):
                    total += int(line.split()[1]) * 1024
        except OSError:
            pass
    return total


def written(pid):
    total = 0
    for p in tree(pid):
        try:
            for line in pathlib.Path(f'/proc/{p}/io').read_text().splitlines():
                if line.startswith('write_bytes:'):
                    total += int(line.split()[1])
        except OSError:
            pass
    return total


def wait_quiet(pid, idle=0.03, for_s=1.0, most_s=600):
    """Until the tree has used less than `idle` of a core for `for_s` seconds."""
    before, since, end = cpu(pid), time.monotonic(), time.monotonic() + most_s
    while time.monotonic() < end:
        time.sleep(0.25)
        now, at = cpu(pid), time.monotonic()
        if now - before > idle * (at - since):
            before, since = now, at
        elif at - since >= for_s:
            return
    raise Failed(f'process {pid} does not come to rest')


class Cost:
    """wall and CPU seconds, peak memory in bytes, written bytes, output."""

    def __init__(self, wall, cpu_s, rss=0, io=0, out=''):
        self.wall, self.cpu, self.rss, self.io, self.out = wall, cpu_s, rss, io, out


def run(args, stdin=None, shell=False, ok=(0,)):
    """Run to the end. CPU: the process and all children it waited for."""
    start = time.monotonic()
    p = subprocess.Popen(args if shell else [str(a) for a in args], stdin=stdin, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, shell=shell, executable='/bin/bash' if shell else None)
    out = p.stdout.read()
    _, status, use = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - start
    if p.returncode not in ok:
        raise Failed(f'{args}: exit code {p.returncode}\n{out.decode(errors="replace")[-2000:]}')
    return Cost(wall, use.ru_utime + use.ru_stime, use.ru_maxrss * 1024, use.ru_oublock * 512, out.decode(errors='replace'))


def end(p):
    """SIGTERM and wait; CPU seconds of the whole life of the process with the children it waited for."""
    p.terminate()
    _, status, use = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    return use.ru_utime + use.ru_stime


def size_of(folder):
    return sum(p.stat().st_size for p in pathlib.Path(folder).rglob('*') if p.is_file())

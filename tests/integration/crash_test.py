"""Processes die at the worst moment: what could be found stays, nothing is doubled, new lines arrive."""
import collections
import json
import os
import re
import signal
import socket
import sys
import threading
import time

from node import LOCAL, WAIT_S, Node, equal, need, run_cases, until

node = Node()


class Load:
    """Sends numbered lines over TCP until it is stopped; connects again when the connection is lost."""

    def __init__(self, word):
        self.word, self.sent, self.stopping = word, 0, False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        connection = None
        while not self.stopping:
            try:
                if connection is None:
                    connection = socket.create_connection((LOCAL, node.port('syslog')), WAIT_S)
                connection.sendall(b'<134>1 - h load - - - %s n%d\n' % (self.word.encode(), self.sent))
                self.sent += 1
            except OSError:
                if connection:
                    connection.close()
                connection = None
            if self.sent % 10 == 0:
                time.sleep(0.002)
        if connection:
            connection.close()

    def stop(self):
        self.stopping = True
        self.thread.join(WAIT_S)


def numbers(word):
    return collections.Counter(e['message'].split()[1] for e in node.search(word))


def start():
    """The node starts and shows its processes."""
    node.start()
    until(lambda: all(node.pids().get(n, 0) > 0 for n in ('front', 'core')), 'the pids in the status')


def kill_one(name):
    word = f'crash{name}'
    load = Load(word)
    seen = {}
    for turn in range(3):
        until(lambda: node.count(word) >= 500 * (turn + 1), f'500 lines before kill {turn + 1}')
        before = numbers(word)
        pid = node.pids()[name]
        os.kill(pid, signal.SIGKILL)
        until(lambda: node.pids().get(name, pid) not in (pid, 0), f'{name} runs again')
        after = until(lambda: node.count(word) >= len(before) and numbers(word), 'search answers again')
        missing = set(before) - set(after)
        need(not missing, f'{len(missing)} lines that could be found are gone after kill {turn + 1}')
        seen |= before
    at = load.sent
    until(lambda: any(int(k[1:]) > at for k in numbers(word)), 'new lines arrive')
    load.stop()
    last = None

    def is_still():
        nonlocal last
        before, last = last, node.count(word)
        return before == last
    until(is_still, 'the last lines')
    found = numbers(word)
    twice = [k for k, n in found.items() if n > 1]
    need(not twice, f'{len(twice)} lines are doubled, as {twice[:5]}')
    need(not set(seen) - set(found), 'lines that could be found are gone')
    need(len(found) <= load.sent, 'more lines than were sent')
    restarts = {p['name']: p['restarts'] for p in node.status()['system']['processes']}
    equal(restarts[name], 3, f'restarts of {name}')
    return found, load.sent


def kill_front():
    """kill -9 of the front under load: started again, nothing found before is gone, nothing doubled."""
    kill_one('front')
    query = 'event.dataset:khien.node event.action:front_restarted'
    until(lambda: node.tool('search', '--count', query).out == '3\n', 'each restart is told')
    for line in node.tool('search', '--json', query).out.splitlines():
        event = json.loads(line)
        need(event['khien.from'] < event['khien.to'], f'the time in which lines may be lost: {event}')


def kill_core():
    """kill -9 of core under load: started again, no line at all is lost or doubled."""
    found, sent = kill_one('core')
    equal(len(found), sent, 'lines, for the front kept what was not acknowledged')


def kill_all():
    """kill -9 of everything at once: what was durable is there after the next start."""
    load = Load('crashall')
    until(lambda: node.count('crashall') >= 1000, '1000 lines')
    load.stop()
    node.wait_count('crashall', load.sent)
    end = time.monotonic() + 1.0
    until(lambda: time.monotonic() > end, 'a second after the last line')
    everything, before = node.count('*'), numbers('crashall')
    node.kill()
    began = time.monotonic()
    node.start()
    took = time.monotonic() - began
    need(took < 10, f'the second start took {took:.1f} s')
    recovered = re.search(r'recovered\s+(\d+) segments, (\d+) blocks, (\d+) events from the write-ahead log', node.out)
    need(recovered, f'no word of the recovery: {node.out}')
    need(int(recovered.group(3)) >= load.sent, f'recovered {recovered.group(3)} events of {load.sent}')
    equal(numbers('crashall'), before, 'lines after the restart')
    need(node.count('*') >= everything, 'events are missing')


def kill_all_in_flow():
    """kill -9 of everything in the middle of a flow: what could be found is there, nothing doubled."""
    load = Load('crashflow')
    until(lambda: node.count('crashflow') >= 1000, '1000 lines')
    before = numbers('crashflow')
    node.kill()
    load.stop()
    node.tool('verify')
    node.start()
    after = numbers('crashflow')
    need(not set(before) - set(after), 'lines that could be found are gone')
    need(max(after.values()) == 1, 'lines are doubled')
    node.send(b'<13>1 - h a - - - afterflow\n')
    node.wait_count('afterflow', 1)


def kill_parent():
    """kill -9 of the parent alone: its children end by themselves, and the next start works."""
    pids = node.pids()
    node.process.kill()
    node.process.wait(WAIT_S)
    for name, pid in pids.items():
        def is_gone():
            try:
                with open(f'/proc/{pid}/stat') as f:
                    return f.read().rsplit(')', 1)[1].split()[0] == 'Z'
            except OSError:
                return True
        until(is_gone, f'{name} ends after its parent')
    node.kill()
    node.start()
    equal(node.count('afterflow'), 1)


def stop():
    """The node ends with code 0 and every seal holds."""
    everything = node.count('*')
    node.stop()
    node.tool('verify')
    need(node.count('*') >= everything, 'events are missing after the stop')


sys.exit(run_cases([start, kill_front, kill_core, kill_all, kill_all_in_flow, kill_parent, stop]))

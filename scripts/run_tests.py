#!/usr/bin/env python3
"""Run the tests of one or more build folders and commands, and sum all their TAP lines.

Usage: run_tests.py [--jobs N] [--meson BUILD[:SUITE]]... [--command NAME FOLDER COMMAND]...

Every "ok" and "not ok" of a TAP stream is one test. A program that fails without a "not ok" (a crash, a time-out, a
sanitizer's report, a missing plan) is one failed test more. A command without TAP lines is one test. The output of what
failed is printed. The last line is "N passed, N failed". Exit code 1 when something failed or when nothing ran.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import time

TAP_LINE = re.compile(r'^\s*(not )?ok\b(?:\s+\d+)?(.*)$')
PLAN = re.compile(r'^\s*1\.\.(\d+)\s*(?:#.*)?$')
SKIPPED = re.compile(r'#\s*(skip|todo)', re.IGNORECASE)
CLOSING = re.compile(r'^(\d+) passed, (\d+) failed', re.MULTILINE)
OUTPUT_LINES_MAX = 200


class Sum:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add(self, name, output, broken):
        """One program's output; broken says why it failed as a whole, or is empty."""
        bad = []
        passed = planned = 0
        for line in output.splitlines():
            plan, test = PLAN.match(line), TAP_LINE.match(line)
            if plan:
                planned += int(plan.group(1))
            elif test and SKIPPED.search(test.group(2)):
                self.skipped += 1
                planned -= 1
            elif test and test.group(1):
                bad.append(test.group(2).strip(' -'))
            elif test:
                passed += 1
        if not broken and passed + len(bad) < planned:
            broken = f'{planned - passed - len(bad)} planned tests did not run'
        if broken and not bad:
            bad.append(f'({broken})')
        self.passed += passed
        self.failed += len(bad)
        if bad:
            print(f'\nFAILED {name}: ' + '; '.join(bad))
            lines = output.splitlines()
            if len(lines) > OUTPUT_LINES_MAX:
                print(f'  ({len(lines) - OUTPUT_LINES_MAX} lines before these)')
            for line in lines[-OUTPUT_LINES_MAX:]:
                print('  ' + line)
        return passed, len(bad)


def run_meson(total, spec, jobs):
    build, _, suite = spec.partition(':')
    # Sanitizers are slow and the machine is shared, so the limits are wider than meson's 30 seconds.
    command = ['meson', 'test', '-C', build, '--num-processes', str(jobs), '--timeout-multiplier', '6', '--quiet']
    if suite:
        command += ['--suite', suite]
    log = pathlib.Path(build) / 'meson-logs' / 'testlog.json'
    log.unlink(missing_ok=True)
    print(f'== {spec}', flush=True)
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace')
    if not log.exists():
        total.add(spec, run.stdout, '' if 'No suitable tests' in run.stdout or 'No tests defined' in run.stdout
                  else f'meson test ended with {run.returncode}')
        return
    for line in log.read_text(errors='replace').splitlines():
        test = json.loads(line)
        name = f"{spec} {test['name']}"
        good = test['result'] in ('OK', 'EXPECTEDFAIL', 'SKIP')
        output = (test.get('stdout') or '') + (test.get('stderr') or '')
        passed, failed = total.add(name, output, '' if good else f"{test['result'].lower()}, code {test['returncode']}")
        if good and passed + failed == 0 and test['result'] == 'OK':
            total.passed += 1
            passed = 1
        print(f"{'ok    ' if failed == 0 else 'FAILED'} {test['duration']:6.1f} s {passed:5d}  {name}", flush=True)


def start_command(name, folder, command):
    env = dict(os.environ, KHIEN_BUILD=str(pathlib.Path('build-asan').resolve()))
    begin = time.monotonic()
    run = subprocess.run(command, shell=True, cwd=folder, env=env, text=True, errors='replace',
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return name, run, time.monotonic() - begin


def count_command(total, name, run, seconds):
    closing = CLOSING.search(run.stdout)
    broken = '' if run.returncode == 0 else f'ended with {run.returncode}'
    if closing and not any(TAP_LINE.match(line) for line in run.stdout.splitlines()):
        passed, failed = int(closing.group(1)), int(closing.group(2))
        total.passed += passed
        total.failed += failed
        if failed:
            print(run.stdout)
        if broken and not failed:
            total.add(name, run.stdout, broken)
    else:
        passed, failed = total.add(name, run.stdout, broken)
        if passed + failed == 0:
            total.passed += 1
            passed = 1
    print(f"{'ok    ' if failed == 0 and not broken else 'FAILED'} {seconds:6.1f} s {passed:5d}  {name}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('--meson', action='append', default=[], metavar='BUILD[:SUITE]')
    parser.add_argument('--command', action='append', default=[], nargs=3, metavar=('NAME', 'FOLDER', 'COMMAND'))
    args = parser.parse_args()
    total = Sum()
    for spec in args.meson:
        run_meson(total, spec, args.jobs)
    if args.command:
        print('== console', flush=True)
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for done in pool.map(lambda c: start_command(*c), args.command):
            count_command(total, *done)
    if total.skipped:
        print(f'{total.skipped} skipped')
    print(f'{total.passed} passed, {total.failed} failed', flush=True)
    return 1 if total.failed or total.passed == 0 else 0


sys.exit(main())

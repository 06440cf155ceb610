#!/usr/bin/env python3
"""Fields right / expected per product, of `khien parse --json` against what others expect of their own samples.

score.py KHIEN [--data DIR] [--misses] [--markdown] [--least FILE]

The sets lie outside the tree (KHIEN_DATA, or shared/data beside it); without them the small set of the tests is used and that is
said. A field counts when the table below says what Khiên calls it; fields that come from look-ups (places, names of browsers)
or describe the shipper do not. --least: a file with the least percentage per product; falling below fails.
"""

import argparse
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def run(khien, data):
    """Records of `khien parse --json` for the bytes of a file."""
    with tempfile.NamedTemporaryFile(delete=False) as f:
        f.write(data)
    try:
        out = subprocess.run([khien, "parse", "--json", f.name], stdout=subprocess.PIPE, check=True).stdout
    finally:
        os.unlink(f.name)
    return [json.loads(line) for line in out.decode("utf-8", "replace").split("\n") if line]


def flat(value, prefix=""):
    if not isinstance(value, dict):
        return {prefix: value}
    out = {}
    for k, v in value.items():
        out.update(flat(v, f"{prefix}.{k}" if prefix else k))
    return out


def instant(text):
    m = re.match(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?\s*(Z|UTC|[+-]\d\d:?\d\d)?$", str(text))
    if not m:
        return None
    y, mo, d, h, mi, s = (int(x) for x in m.groups()[:6])
    t = datetime.datetime(y, mo, d, h, mi, s)
    zone = m.group(8)
    if zone and zone[0] in "+-":
        sign = -1 if zone[0] == "+" else 1
        t += sign * datetime.timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return t, (m.group(7) or "0").ljust(9, "0")[:9]


def same_time(want, got):
    """Equal instants; a time without year or zone may stand in another year, and in the zone of the set (-02:00, UTC) instead of ours."""
    a, b = instant(want), instant(got)
    if a is None or b is None or a[1][:3] != b[1][:3]:
        return a == b and a is not None
    for hours in (0, 7, 9):
        shifted = b[0] + datetime.timedelta(hours=hours)
        if a[0] == shifted or (a[0].month, a[0].day, a[0].time()) == (shifted.month, shifted.day, shifted.time()):
            return True
    return False


def same(name, want, got):
    if got is None:
        return False
    if name == "@timestamp" or (instant(want) and instant(got)):
        return same_time(want, got)
    if isinstance(want, list):
        texts = [str(w) for w in want]
        return str(got) in (", ".join(texts), " ".join(texts), "|".join(texts)) or (len(texts) > 0 and str(got) == texts[0])
    if isinstance(want, bool):
        return str(got).lower() == str(want).lower()
    w, g = str(want).strip().replace("::ffff:", ""), str(got).strip().replace("::ffff:", "")
    if w == g or (name in ("network.transport", "event.outcome", "network.protocol", "event.type") and w.lower() == g.lower()):
        return True
    try:
        return float(w) == float(g)
    except ValueError:
        return False


class Score:
    def __init__(self):
        self.rows = {}
        self.misses = []

    def field(self, product, where, name, want, got):
        row = self.rows.setdefault(product, [0, 0])
        row[1] += 1
        if same(name, want, got):
            row[0] += 1
        else:
            self.misses.append(f"{product}: {where}: {name}: want {want!r}, got {got!r}")


# ---- Filebeat modules: ECS events in order of the lines -------------------------------------------------------------
LOOKUPS = re.compile(
    r"^(source|destination|client)\.(geo|as)\.|^user_agent\.(name|version|device|os)|^related\.|^(event\.(kind|module|dataset|category|type"
    r"|timezone|original)|fileset\.name|input\.type|log\.(offset|flags|file\.path)|service\.type|agent\.type|tags|container\.|host\.architecture)$"
    r"|\.address$")
COMMON = {n: n for n in """@timestamp source.ip source.port source.domain destination.ip destination.port destination.domain user.name user.id
    user.effective.name user.effective.id group.id group.name process.pid process.name process.executable process.working_directory process.args http.request.method
    http.response.status_code http.response.body.bytes http.request.body.bytes http.version http.request.referrer url.original url.path
    url.query url.domain url.extension user_agent.original event.outcome event.duration message file.path network.direction log.level
    user.target.id user.target.name""".split()}
COMMON.update({"host.hostname": "host.name", "http.response.bytes": "http.response.body.bytes", "process.ppid": "process.parent.pid",
               "nginx.access.remote_ip_list": None, "network.forwarded_ip": "network.forwarded_ip"})
BEATS = {
    "apache": {"destination.domain": "url.domain", "apache.error.module": "log.logger", "process.thread.id": "process.thread.id"},
    "nginx": {"destination.domain": "url.domain", "nginx.error.connection_id": "nginx.error.connection_id", "process.thread.id": "process.thread.id"},
    "haproxy": {"haproxy.": "haproxy.", "haproxy.source": "source.ip", "haproxy.bytes_read": None},
    "iis": {"iis.access.": "iis.access.", "iis.access.cookie": "http.request.cookie", "iis.error.reason_phrase": "event.reason", "url.original": "url.path",
            "destination.domain": "url.domain"},
    "postgresql": {"postgresql.log.": "postgresql.", "postgresql.log.database": "database.name", "postgresql.log.query": "database.query",
                   "postgresql.log.client_addr": "source.ip", "postgresql.log.client_port": "source.port",
                   "postgresql.log.sql_state_code": "event.code", "postgresql.log.timestamp": None,
                   "postgresql.log.session_id": "session.id", "postgresql.log.command_tag": "postgresql.command_tag",
                   "postgresql.log.query_step": None, "postgresql.log.query_name": None},
    "mysql": {"mysql.thread_id": "process.thread.id"},
    "auditd": {"auditd.log.record_type": "auditd.type", "auditd.log.sequence": "event.sequence", "auditd.log.": "auditd.", "user.audit.id": "auditd.auid",
               "user.saved.id": "auditd.suid", "user.saved.group.id": "auditd.sgid", "user.group.id": "auditd.gid",
               "user.effective.group.id": "auditd.egid", "user.filesystem.id": "auditd.fsuid", "user.filesystem.group.id": "auditd.fsgid",
               "user.terminal": "auditd.terminal", "process.exit_code": "auditd.exit", "process.args": "process.command_line",
               "event.outcome": None, "process.args_count": "auditd.argc", "auditd.log.hostname": "auditd.hostname",
               "auditd.log.proctitle": "process.title", "auditd.log.syscall": "auditd.syscall", "auditd.log.key": None,
               "auditd.log.node": "host.name", "network.direction": None, "auditd.log.uid": None},
    "system": {"system.auth.sudo.command": "process.command_line", "system.auth.sudo.pwd": "process.working_directory",
               "system.auth.sudo.user": "user.effective.name", "system.auth.ssh.method": "ssh.method"},
}
BEAT_SETS = {"apache": "Apache", "nginx": "nginx", "haproxy": "HAProxy", "iis": "IIS", "postgresql": "PostgreSQL",
             "mysql/error": "MySQL", "auditd": "auditd", "system": "Linux auth and syslog"}


def beat_name(module, name):
    table = BEATS.get(module, {})
    if name in table:
        return table[name]
    for prefix, ours in table.items():
        if prefix.endswith(".") and name.startswith(prefix):
            return ours + name[len(prefix):]
    return COMMON.get(name)


def beats(khien, data, score):
    for folder, product in BEAT_SETS.items():
        module = folder.split("/")[0]
        for want_file in sorted((data / "parsers/beats" / folder).rglob("*-expected.json")):
            if want_file.name.startswith("darwin-syslog"):
                continue  # macOS
            log = want_file.with_name(want_file.name[:-len("-expected.json")])
            raw = log.read_bytes()
            at, by_offset = 0, {}
            for record in run(khien, raw):
                original = record.get("event.original", "").encode()
                found = raw.find(original[:200].split(b"\n")[0], at)
                if found >= 0:
                    by_offset[found] = record
                    at = found + 1
            for want in json.loads(want_file.read_text()):
                got = by_offset.get(want["log.offset"], {})
                where = f"{log.name}@{want['log.offset']}"
                session = str(want.get("message", "")).find("session opened for user") >= 0
                for name, value in want.items():
                    if session and name in ("user.name", "user.effective.name"):
                        # Khiên's contract: user.name is whose session it is, the other who opened it
                        name = "user.effective.name" if name == "user.name" else "user.name"
                    if name == "message" and str(value)[:10] == raw[want["log.offset"]:][:10].decode("utf-8", "replace"):
                        continue  # the whole line again
                    ours = None if LOOKUPS.search(name) else beat_name(module, name)
                    if ours is not None and str(value) not in ("-", "", "[]", "None", "unknown"):
                        score.field(product, where, ours, value, got.get(ours))


# ---- CrowdSec: fields of a line by their own names ---------------------------------------------------------------------
CROWD = {
    "nginx-logs": ("nginx", {"remote_addr": "source.ip", "status": "http.response.status_code", "verb": "http.request.method", "request": "url.original",
                             "http_user_agent": "user_agent.original", "http_referer": "http.request.referrer", "http_version": "http.version",
                             "body_bytes_sent": "http.response.body.bytes", "remote_user": "user.name", "pid": "process.pid"}),
    "apache2-logs": ("Apache", {"clientip": "source.ip", "response": "http.response.status_code", "bytes": "http.response.body.bytes",
                                "http_user_agent": "user_agent.original", "referrer": "http.request.referrer"}),
    "haproxy-logs": ("HAProxy", {"client_ip": "source.ip", "client_port": "source.port", "http_status_code": "http.response.status_code",
                                 "http_verb": "http.request.method", "frontend_name": "haproxy.frontend_name", "backend_name": "haproxy.backend_name",
                                 "server_name": "haproxy.server_name", "termination_state": "haproxy.termination_state"}),
    "sshd-logs": ("sshd", {"meta.source_ip": "source.ip", "sshd_invalid_user": "user.name", "pid": "process.pid"}),
    "sshd-success-logs": ("sshd", {"meta.source_ip": "source.ip", "sshd_auth_user": "user.name", "sshd_client_port": "source.port"}),
    "pam-logs": ("PAM", {"username": "user.name"}),
    "auditd-logs": ("auditd", {"meta.exe": "process.executable", "meta.auid": "auditd.auid", "meta.ppid": "process.parent.pid"}),
    "iptables-logs": ("iptables", {"src_ip": "source.ip", "dst_ip": "destination.ip", "src_port": "source.port", "dst_port": "destination.port",
                                   "proto": "network.transport", "int_eth": "observer.ingress.interface.name"}),
    "pf-logs": ("pfSense and OPNsense", {"src_ip": "source.ip", "dst_ip": "destination.ip", "src_port": "source.port", "dst_port": "destination.port",
                                         "iface": "observer.ingress.interface.name", "action": "event.type", "direction": "network.direction",
                                         "reason": "event.reason", "rule": "rule.id", "ip4_proto": "network.transport", "ip6_proto": "network.transport"}),
    "opnsense-gui-logs": ("pfSense and OPNsense", {"source_ip": "source.ip", "username": "user.name"}),
    "bind9-logs": ("BIND", {"remote_addr": "source.ip", "remote_port": "source.port"}),
    "bind9": ("BIND", {"remote_addr": "source.ip", "remote_port": "source.port"}),
    "charon-ipsec-logs": ("strongSwan", {"source_ip": "source.ip", "source_port": "source.port", "target_ip": "destination.ip", "target_port": "destination.port"}),
    "dovecot-logs": ("Dovecot", {"dovecot_remote_ip": "source.ip", "dovecot_user": "user.name", "dovecot_local_ip": "destination.ip"}),
    "postfix-logs": ("Postfix", {"remote_addr": "source.ip", "pid": "process.pid", "helo": "postfix.helo"}),
    "postscreen-logs": ("Postfix", {"remote_addr": "source.ip", "port": "source.port"}),
    "fortinet-logs": ("FortiOS", {"meta.source_ip": "source.ip", "meta.target_user": "user.name", "meta.reason": "event.reason"}),
    "mysql-logs": ("MySQL", {"source_ip": "source.ip", "user": "user.name"}),
    "mariadb-logs": ("MySQL", {"source_ip": "source.ip", "user": "user.name"}),
    "openvpn": ("OpenVPN", {"source_ip": "source.ip", "source_port": "source.port"}),
    "palo-alto-threat-log": ("PAN-OS", {"src_ip": "source.ip", "dst_ip": "destination.ip", "src_port": "source.port", "dst_port": "destination.port",
                                        "rule": "rule.name", "app": "network.application", "src_zone": "observer.ingress.zone",
                                        "dst_zone": "observer.egress.zone", "ingress_int": "observer.ingress.interface.name",
                                        "egress_int": "observer.egress.interface.name", "session_id": "session.id", "ip_proto": "network.transport",
                                        "action": "event.type", "nat_src_port": "source.nat.port", "serial_number": "observer.serial_number"}),
    "supabase-docker-pgsql": ("PostgreSQL", {"source_ip": "source.ip", "pgsql_target_user": "user.name"}),
    "proxmox-logs": ("Proxmox", {"client_ip": "source.ip", "source_user": "user.name"}),
    "synology-dsm-logs": ("Synology", {"src_ip": "source.ip"}),
    "suricata-evelogs": ("Suricata", {"dest_ip": "destination.ip", "dest_port": "destination.port", "proto": "network.transport",
                                      "suricata_alert_signature": "rule.name", "meta.source_ip": "source.ip", "meta.suricata_alert_signature_id": "rule.id"}),
    "suricata-fastlogs": ("Suricata", {"dest_ip": "destination.ip", "dest_port": "destination.port", "proto": "network.transport",
                                       "suricata_alert_signature": "rule.name", "source_ip": "source.ip", "source_port": "source.port", "rule_id": "rule.id"}),
    "wireguard-logs": ("WireGuard", {"source_ip": "source.ip"}),
    "vsftpd-logs": ("vsftpd", {"source_ip": "source.ip", "user": "user.name"}),
    "exim-logs": ("Exim", {"source_ip": "source.ip"}),
    "smb-logs": ("Samba", {"ip_source": "source.ip", "user": "user.name"}),
    "mikrotik-logs": ("MikroTik", {"source_ip": "source.ip"}),
}


def crowdsec(khien, data, score):
    for folder in sorted((data / "parsers/crowdsec").iterdir()):
        truth = folder / "expected-parse.jsonl"
        if not truth.exists():
            continue
        for log in [p for p in folder.iterdir() if p.suffix == ".log"][:1]:
            lines = [l for l in log.read_bytes().replace(b"\r", b"").split(b"\n")]
            seen = {}
            for l in truth.read_text().splitlines():
                o = json.loads(l)
                name = o["parser"].split("/")[-1]
                if not o["success"] or o["stage"] != "s01-parse" or name not in CROWD or o["i"] >= len(lines):
                    continue
                got = seen.setdefault(o["i"], (run(khien, lines[o["i"]]) or [{}])[0])
                product, table = CROWD[name]
                fields = dict(o.get("parsed", {}))
                fields.update({"meta." + k: v for k, v in o.get("meta", {}).items()})
                for theirs, ours in table.items():
                    if fields.get(theirs) not in (None, "", "-"):
                        score.field(product, f"{folder.name}:{o['i'] + 1}", ours, fields[theirs], got.get(ours))


# ---- fail2ban: whose address (and account) a line gives away --------------------------------------------------------------
FAIL2BAN = {"apache-auth": "Apache", "apache-botsearch": "Apache", "apache-noscript": "Apache", "apache-nohome": "Apache",
            "nginx-http-auth": "nginx", "nginx-botsearch": "nginx", "nginx-bad-request": "nginx", "nginx-limit-req": "nginx",
            "postfix": "Postfix", "named-refused": "BIND", "mysqld-auth": "MySQL", "routeros-auth": "MikroTik", "squid": "Squid",
            "openvpn": "OpenVPN", "pam-generic": "PAM", "dovecot": "Dovecot", "vsftpd": "vsftpd", "mssql-auth": "SQL Server",
            "exim": "Exim", "haproxy-http-auth": "HAProxy", "sshd-journal": "sshd"}


def fail2ban(khien, data, score):
    for name, product in FAIL2BAN.items():
        path = data / "parsers/fail2ban" / name
        if not path.exists():
            continue
        want = None
        for n, line in enumerate(path.read_bytes().split(b"\n"), 1):
            m = re.match(rb"#\s*failJSON:\s*(\{.*\})\s*$", line)
            if m:
                want = json.loads(m.group(1).decode("utf-8", "replace"))
            elif want is not None and line and not line.startswith(b"#"):
                if want.get("match") and want.get("host") and re.match(r"^[0-9a-fA-F.:]+$", want["host"]):
                    got = (run(khien, line) or [{}])[0]
                    score.field(product, f"{name}:{n}", "source.ip", want["host"].replace("::ffff:", ""), got.get("source.ip"))
                want = None


# ---- Logstash patterns, Corelight, CEF of VRL, syslog-ng ----------------------------------------------------------------
LOGSTASH = {"firewalls": "Cisco ASA", "haproxy": "HAProxy", "httpd": "Apache", "squid": "Squid", "bro": "Zeek", "junos": "Junos"}
LOGSTASH_NAMES = dict(COMMON)
LOGSTASH_NAMES.update({n: n for n in """observer.ingress.interface.name observer.egress.interface.name source.nat.ip source.nat.port source.bytes
    destination.bytes source.packets destination.packets source.mac destination.mac network.transport network.protocol event.reason observer.ingress.zone observer.egress.zone rule.name
    url.port haproxy.frontend_name haproxy.backend_name haproxy.server_name dns.question.name""".split()})
LOGSTASH_NAMES.update({"cisco.asa.network.transport": "network.transport", "cisco.asa.rule_name": "rule.name", "zeek.session_id": "session.id",
                       "cisco.asa.connection_id": "session.id", "haproxy.termination_state": "haproxy.termination_state",
                       "squid.hierarchy_code": "squid.hierarchy_code", "event.duration": None, "message": None,
                       "process.pid": "process.pid", "@timestamp": None, "source.bytes": None, "destination.domain": None, "process.name": "process.name"})


def logstash(khien, data, score):
    for name, product in LOGSTASH.items():
        path = data / f"parsers/logstash-patterns/{name}.jsonl"
        header = b""
        for n, l in enumerate(path.read_text().splitlines(), 1):
            o = json.loads(l)
            line = o["message"].encode()
            if name == "firewalls" and o["pattern"].startswith("CISCOFW") and "-" + o["pattern"][7:13] not in o["message"]:
                line = b"%ASA-4-" + o["pattern"][7:13].encode() + b": " + line
            if name == "bro":
                continue  # without the header that names the columns
            got = (run(khien, header + line) or [{}])[-1]
            for theirs, value in flat(o["expected_ecs_v1_includes"]).items():
                ours = LOGSTASH_NAMES.get(theirs)
                if ours is not None and not isinstance(value, dict) and str(value).lower() in o["message"].lower():
                    score.field(product, f"logstash {name}:{n}", ours, value, got.get(ours))


CORELIGHT = {"source.ip": "source.ip", "source.port": "source.port", "destination.ip": "destination.ip", "destination.port": "destination.port",
             "network.transport": "network.transport", "network.protocol": "network.protocol", "dns.question.name": "dns.question.name",
             "http.request.method": "http.request.method", "http.response.status_code": "http.response.status_code", "user.name": "user.name",
             "user_agent.original": "user_agent.original", "url.original": "url.original"}


def corelight(khien, data, score):
    for path in sorted((data / "parsers/logscale").glob("*Corelight*sensor*.jsonl")):
        for n, l in enumerate(path.read_text().splitlines(), 1):
            o = json.loads(l)
            got = (run(khien, o["raw"].encode()) or [{}])[0]
            for theirs, value in (o.get("expected_fields") or {}).items():
                if theirs in CORELIGHT and value not in (None, ""):
                    score.field("Zeek", f"corelight:{n}", CORELIGHT[theirs], value, got.get(CORELIGHT[theirs]))


def csv_sets(khien, data, score):
    table = json.loads((data / "parsers/syslog-ng/test_mariadb_audit_parser.json").read_text())["tables"][0]["cases"]
    names = {"username": "user.name", "host": "source.ip", "operation": "mysql.operation", "database": "database.name", "object": "database.query",
             "retcode": "event.code", "connectionid": "session.id"}
    for n, (line, want) in enumerate((c[0], c[1]) for c in table):
        got = (run(khien, line.encode()) or [{}])[0]
        for theirs, ours in names.items():
            value = want.get("_mariadb", {}).get(theirs)
            if value not in (None, ""):
                score.field("MariaDB audit", f"syslog-ng:{n + 1}", ours, value.strip("'"), got.get(ours))
    table = json.loads((data / "parsers/syslog-ng/test_postgresql_csvlog_parser.json").read_text())["tables"][0]["cases"]
    names = {"pid": "process.pid", "username": "user.name", "database": "database.name", "sql_state_code": "event.code", "session_id": "session.id",
             "message": "message", "application_name": "postgresql.application_name", "error_severity": "log.level"}
    for n, (line, want) in enumerate((c[0], c[1]) for c in table):
        got = (run(khien, line.encode()) or [{}])[0]
        pg = want.get("_pgsql") or want.get("pgsql") or want.get("_postgresql") or {}
        for theirs, ours in names.items():
            if pg.get(theirs) not in (None, ""):
                score.field("PostgreSQL", f"syslog-ng csv:{n + 1}", ours, pg[theirs], got.get(ours))


CEF = {"deviceVendor": "observer.vendor", "deviceProduct": "observer.product", "deviceVersion": "observer.version", "deviceEventClassId": "event.code",
       "name": "rule.name", "severity": "event.severity", "src": "source.ip", "dst": "destination.ip", "spt": "source.port", "dpt": "destination.port",
       "suser": "user.name", "request": "url.original"}


def cef(khien, data, score):
    for n, l in enumerate((data / "parsers/vrl/parse_cef.jsonl").read_text().splitlines(), 1):
        o = json.loads(l)
        if not isinstance(o.get("expected"), dict) or "translate" in json.dumps(o["args"]):
            continue
        got = (run(khien, str(o["args"]["value"]).encode()) or [{}])[0]
        for theirs, value in o["expected"].items():
            if theirs in CEF:
                score.field("CEF", f"vrl:{n}", CEF[theirs], value, got.get(CEF[theirs]))


# ---- Wazuh: which product a line is of -----------------------------------------------------------------------------------
WAZUH = {"cisco-asa": ("Cisco ASA", "event.dataset", "cisco.asa"), "cisco-ios": ("Cisco IOS", "event.dataset", "cisco.ios"),
         "huawei-usg": ("Huawei VRP", "event.dataset", "huawei.vrp"), "sonicwall": ("SonicWall", "event.dataset", "sonicwall.sonicos"),
         "pf": ("pfSense and OPNsense", "event.dataset", "pfsense.filterlog"), "junos-rt-flow": ("Junos", "event.dataset", "juniper.junos"),
         "web-accesslog": ("Apache", "event.dataset", "web.access"), "apache-errorlog": ("Apache", "event.dataset", "web.error"),
         "squid-accesslog": ("Squid", "event.dataset", "squid.access"), "windows_eventchannel": ("Windows events", "event.dataset", "windows.event"),
         "pam": ("PAM", "event.dataset", "linux.auth"), "named": ("BIND", "event.dataset", "bind.log"), "fortigate-firewall-v5": ("FortiOS", "event.dataset", "fortinet.fortios")}


def wazuh(khien, data, score):
    for path in sorted((data / "wazuh-tests").glob("*.ini")):
        lines, where = [], path.name
        for l in path.read_text(errors="replace").splitlines() + ["[end]"]:
            m = re.match(r"log \d+ pass = ?(.*)", l)
            if m:
                lines.append(m.group(1))
            elif l.startswith("["):
                lines = []
            elif l.startswith("decoder") and lines:
                decoder = l.split("=", 1)[1].strip()
                if decoder in WAZUH:
                    product, name, want = WAZUH[decoder]
                    for n, line in enumerate(lines, 1):
                        got = (run(khien, line.encode()) or [{}])[0]
                        score.field(product, f"wazuh {where} {line[:60]}", name, want, got.get(name))


# ---- Windows: every value of the record under its own name ----------------------------------------------------------------
def windows(khien, data, score):
    for path in sorted((data / "evtx-json/evtx-attack-samples").rglob("*.jsonl"))[:60]:
        raw = path.read_bytes()
        for record, line in zip(run(khien, raw), [l for l in raw.split(b"\n") if l]):
            event = json.loads(line)["Event"]
            system, values = event["System"], event.get("EventData") or {}
            code = system["EventID"]
            want = {"event.code": code.get("#text") if isinstance(code, dict) else code, "winlog.channel": system.get("Channel"),
                    "host.name": system.get("Computer"), "winlog.record_id": system.get("EventRecordID"),
                    "winlog.provider_name": ((system.get("Provider") or {}).get("#attributes") or {}).get("Name"),
                    "@timestamp": ((system.get("TimeCreated") or {}).get("#attributes") or {}).get("SystemTime")}
            if isinstance(values, dict):
                want.update({"winlog.event_data." + k: v for k, v in values.items() if not isinstance(v, (dict, list)) and not k.startswith("#")})
            for name, value in want.items():
                if value not in (None, ""):
                    score.field("Windows events", f"{path.name} {system.get('EventRecordID')}", name, value, record.get(name))


SETS = [beats, crowdsec, fail2ban, logstash, corelight, csv_sets, cef, wazuh, windows]


def own(khien, score):
    """The cases of the unit tests: `> line` and the fields below it."""
    for path in sorted((ROOT / "tests/parse/cases").glob("*.txt")):
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
        got = None
        for n, l in enumerate(lines, 1):
            if l.startswith("> "):
                text = l[2:].encode().decode("unicode_escape").encode("latin-1")
                got = None if b"\n" in text or "@" in path.stem else (run(khien, text) or [None])[0]
            elif got is not None and re.match(r"[a-z_.0-9]+=[^\\]*$", l) and l.split("=")[0] not in ("flags", "time", "sev", "fac", "dialect", "msg", "recv"):
                name, value = l.split("=", 1)
                score.field(path.stem, f"{path.name}:{n}", name, value, got.get(name))


def find_data(option):
    for p in [option, os.environ.get("KHIEN_DATA"), ROOT / "../shared/data", ROOT / "../../shared/data"]:
        if p and (pathlib.Path(p) / "parsers").is_dir():
            return pathlib.Path(p)
    return None


def main():
    a = argparse.ArgumentParser()
    a.add_argument("khien")
    a.add_argument("--data")
    a.add_argument("--misses", action="store_true")
    a.add_argument("--markdown", action="store_true")
    a.add_argument("--least")
    a.add_argument("--sets", default="")
    o = a.parse_args()
    data, score = find_data(o.data), Score()
    if data is None:
        print("# no test data of others here: the cases of the unit tests instead")
        own(o.khien, score)
    else:
        for s in SETS:
            if not o.sets or s.__name__ in o.sets.split(","):
                s(o.khien, data, score)
    if o.misses:
        print("\n".join(score.misses))
    bad = []
    least = {}
    if o.least and data is not None:
        for l in pathlib.Path(o.least).read_text().splitlines():
            m = re.match(r"\| ([^|]+) \| (\d+) \| (\d+) \| ([\d.]+) % \|", l)
            if m:
                least[m.group(1).strip()] = float(m.group(4))
    right = sum(r[0] for r in score.rows.values())
    total = sum(r[1] for r in score.rows.values())
    for product, (r, n) in sorted(score.rows.items()):
        percent = int(1000 * r / n) / 10
        print(f"| {product} | {r} | {n} | {percent} % |" if o.markdown else f"# {product:28} {r:6} of {n:6}  {percent:5} %")
        if percent + 0.05 < least.get(product, 0):
            bad.append(f"{product}: {percent} %, {least[product]} % were reached before")
    print(f"{'' if o.markdown else '# '}all products: {right} of {total}")
    print(f"1..1\n{'not ok' if bad or total == 0 else 'ok'} 1 - parser scores")
    for b in bad:
        print("# " + b)
    return 1 if bad or total == 0 else 0


if __name__ == "__main__":
    sys.exit(main())

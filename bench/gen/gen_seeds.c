/*
 * Lines of sixteen systems as they write them, all made up for this program. What varies is found by
 * gen_syslog.c: addresses, numbers, hexadecimal ids, UUIDs, accounts; {clf} is the time of an access log,
 * {up} the kernel's seconds since its start, {date} and {time} those of the line.
 */
#include "gen/gen.h"

static const char *const ssh[] = {
    "86 sshd[] Connection from 203.0.113.18 port 51822 on 10.8.0.4 port 22 rdomain \"\"",
    "86 sshd[] Invalid user oracle from 203.0.113.18 port 51822",
    "86 sshd[] pam_unix(sshd:auth): authentication failure; uid=0 euid=0 tty=ssh rhost=203.0.113.18",
    "86 sshd[] Failed password for invalid user oracle from 203.0.113.18 port 51822 ssh2",
    "86 sshd[] Failed password for root from 203.0.113.18 port 52044 ssh2",
    "86 sshd[] Failed password for root from 203.0.113.18 port 52044 ssh2",
    "86 sshd[] error: maximum authentication attempts exceeded for root from 203.0.113.18 port 52044 ssh2 "
    "[preauth]",
    "86 sshd[] Disconnecting authenticating user root 203.0.113.18 port 52044: Too many authentication "
    "failures [preauth]",
    "86 sshd[] Received disconnect from 203.0.113.18 port 52044:11: Bye Bye [preauth]",
    "86 sshd[] Connection closed by invalid user oracle 203.0.113.18 port 51822 [preauth]",
    "86 sshd[] Accepted publickey for deploy from 10.8.3.21 port 40118 ssh2: ED25519 "
    "SHA256:f3a91c7d20be5548aa01",
    "86 sshd[] pam_unix(sshd:session): session opened for user deploy(uid=1004) by (uid=0)",
    "86 sshd[] User child is on pid 27113",
    "86 sshd[] Starting session: command for deploy from 10.8.3.21 port 40118 id 0",
    "86 sshd[] Received disconnect from 10.8.3.21 port 40118:11: disconnected by user",
    "86 sshd[] Disconnected from user deploy 10.8.3.21 port 40118",
    "86 sshd[] pam_unix(sshd:session): session closed for user deploy",
    "86 sshd[] Accepted password for nguyenvana from 10.8.12.90 port 61204 ssh2",
    "86 sshd[] pam_unix(sshd:session): session opened for user nguyenvana(uid=1021) by (uid=0)",
    "86 sshd[] subsystem request for sftp by user nguyenvana",
    "86 sshd[] pam_unix(sshd:session): session closed for user nguyenvana",
    "86 sshd[] Did not receive identification string from 203.0.113.77 port 33980",
    "86 sshd[] banner exchange: Connection from 203.0.113.77 port 34002: invalid format",
};

static const char *const accounts[] = {
    "85 sudo[] nguyenvana : TTY=pts/0 ; PWD=/home/nguyenvana ; USER=root ; COMMAND=/usr/bin/systemctl "
    "restart motcua-web",
    "86 sudo[] pam_unix(sudo:session): session opened for user root(uid=0) by nguyenvana(uid=1021)",
    "86 sudo[] pam_unix(sudo:session): session closed for user root",
    "85 sudo[] tranthib : TTY=pts/1 ; PWD=/srv/bieumau ; USER=root ; COMMAND=/usr/bin/tail -n 200 "
    "/var/log/motcua/tiepnhan.log",
    "84 sudo[] pam_unix(sudo:auth): authentication failure; uid=1033 tty=/dev/pts/2 ruser=levanc user=levanc",
    "81 sudo[] levanc : user NOT in sudoers ; TTY=pts/2 ; PWD=/tmp ; USER=root ; COMMAND=/bin/bash",
    "85 su[] (to postgres) root on none",
    "86 su[] pam_unix(su-l:session): session opened for user postgres(uid=114) by (uid=0)",
    "86 su[] pam_unix(su-l:session): session closed for user postgres",
    "84 su[] FAILED SU (to root) phamthid on pts/3",
    "86 useradd[] new user: name=hoangvane, UID=1044, GID=1044, home=/home/hoangvane, shell=/bin/bash, "
    "from=/dev/pts/1",
    "86 groupadd[] new group: name=hoangvane, GID=1044",
    "86 usermod[] add 'hoangvane' to group 'vanthu'",
    "86 passwd[] pam_unix(passwd:chauthtok): password changed for hoangvane",
    "86 chage[] changed password expiry for hoangvane",
    "86 login[] pam_unix(login:session): session opened for user admin(uid=1000) by LOGIN(uid=0)",
    "84 login[] FAILED LOGIN (1) on '/dev/tty1' FOR 'admin', Authentication failure",
    "85 systemd-logind[] New session 2217 of user nguyenvana.",
    "85 systemd-logind[] Session 2217 logged out. Waiting for processes to exit.",
    "85 systemd-logind[] Removed session 2217.",
};

static const char *const cron[] = {
    "78 CRON[] (root) CMD (   cd / && run-parts --report /etc/cron.hourly)",
    "86 CRON[] pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)",
    "78 CRON[] (postgres) CMD (/usr/local/bin/sao-luu-csdl --muc tiepnhan --giu 14 >/dev/null 2>&1)",
    "86 CRON[] pam_unix(cron:session): session closed for user root",
    "78 CRON[] (backup) CMD (rsync -a --delete /srv/hoso/ 10.8.20.11:/kho/hoso/)",
    "78 CRON[] (www-data) CMD ([ -x /usr/lib/php/sessionclean ] && /usr/lib/php/sessionclean)",
    "78 crontab[] (giamsat) LIST (giamsat)",
    "78 crontab[] (giamsat) REPLACE (giamsat)",
    "78 cron[] (giamsat) RELOAD (crontabs/giamsat)",
    "78 anacron[] Job `cron.daily' started",
    "78 anacron[] Job `cron.daily' terminated",
    "78 anacron[] Normal exit (1 job run)",
};

static const char *const units[] = {
    "30 systemd[1] Starting logrotate.service - Rotate log files...",
    "30 systemd[1] logrotate.service: Deactivated successfully.",
    "30 systemd[1] Finished logrotate.service - Rotate log files.",
    "30 systemd[1] Started session-2217.scope - Session 2217 of User nguyenvana.",
    "30 systemd[1] session-2217.scope: Deactivated successfully.",
    "30 systemd[1] Created slice user-1021.slice - User Slice of UID 1021.",
    "30 systemd[1] Starting motcua-web.service - Cong dich vu mot cua...",
    "30 systemd[1] Started motcua-web.service - Cong dich vu mot cua.",
    "29 systemd[1] motcua-web.service: Main process exited, code=exited, status=1/FAILURE",
    "28 systemd[1] motcua-web.service: Failed with result 'exit-code'.",
    "30 systemd[1] motcua-web.service: Scheduled restart job, restart counter is at 3.",
    "30 systemd[1] motcua-web.service: Consumed 41.318s CPU time.",
    "27 systemd[1] Failed to start postgresql@15-main.service - PostgreSQL Cluster 15-main.",
    "30 systemd[1] Reloading nginx.service - A high performance web server and a reverse proxy server...",
    "30 systemd[1] Mounted mnt-kho.mount - /mnt/kho.",
    "30 systemd[1] Reached target multi-user.target - Multi-User System.",
    "30 systemd-timesyncd[] Contacted time server 10.8.0.2:123 (ntp.noibo.cantho.gov.vn).",
    "30 dbus-daemon[] [system] Activating org.freedesktop.timedate1 for ':1.482' (uid=0 pid=27113)",
};

static const char *const kernel[] = {
    "4 kernel {up} [UFW BLOCK] IN=eth0 OUT= SRC=203.0.113.18 DST=10.8.0.4 LEN=60 TTL=48 ID=31822 DF "
    "PROTO=TCP SPT=51822 DPT=3389 SYN URGP=0",
    "4 kernel {up} [UFW BLOCK] IN=eth0 OUT= SRC=203.0.113.18 DST=10.8.0.4 LEN=44 TTL=241 ID=54321 PROTO=TCP "
    "SPT=40210 DPT=8728 SYN URGP=0",
    "4 kernel {up} FW-DROP IN=ens18 OUT=ens19 SRC=10.8.31.15 DST=203.0.113.99 LEN=78 TTL=127 ID=20117 "
    "PROTO=UDP SPT=58211 DPT=53 LEN=58",
    "6 kernel {up} FW-ACCEPT IN=ens19 OUT=ens18 SRC=10.8.31.15 DST=203.0.113.40 LEN=52 TTL=127 ID=20118 DF "
    "PROTO=TCP SPT=58214 DPT=443 SYN URGP=0",
    "6 kernel {up} e1000e 0000:00:1f.6 eno1: NIC Link is Up 1000 Mbps Full Duplex, Flow Control: Rx/Tx",
    "6 kernel {up} e1000e 0000:00:1f.6 eno1: NIC Link is Down",
    "4 kernel {up} TCP: request_sock_TCP: Possible SYN flooding on port 443. Sending cookies.",
    "3 kernel {up} Out of memory: Killed process 27113 (java) total-vm:6291456kB, anon-rss:4122804kB",
    "6 kernel {up} usb 1-1.2: New USB device found, idVendor=0951, idProduct=1666, bcdDevice= 1.10",
    "6 kernel {up} usb-storage 1-1.2:1.0: USB Mass Storage device detected",
    "5 kernel {up} audit: type=1400 audit({unix}.118:4402): apparmor=\"DENIED\" operation=\"open\" "
    "profile=\"/usr/sbin/named\" name=\"/srv/vung/noibo.db\" pid=27113 comm=\"named\"",
    "6 kernel {up} EXT4-fs (sdb1): mounted filesystem with ordered data mode. Quota mode: none.",
};

static const char *const nginx[] = {
    "190 nginx 10.8.12.90 - - [{clf}] \"GET / HTTP/1.1\" {status} 5124 \"-\" \"{=Mozilla/5.0 (Windows NT "
    "10.0; Win64; x64) Chrome/129.0}\"",
    "190 nginx 10.8.12.90 - - [{clf}] \"GET /assets/app-4f1c9a07be22d318.js HTTP/1.1\" {status} 184220 "
    "\"https://motcua.vn/\" \"{=Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/129.0}\"",
    "190 nginx 10.8.12.90 - - [{clf}] \"POST /api/v1/dangnhap HTTP/1.1\" {status} 118 "
    "\"https://motcua.vn/dangnhap\" \"{=Mozilla/5.0 (Windows NT 10.0) Firefox/130.0}\"",
    "190 nginx 10.8.12.90 - - [{clf}] \"POST /api/v1/dangnhap HTTP/1.1\" {status} 642 "
    "\"https://motcua.vn/dangnhap\" \"{=Mozilla/5.0 (Windows NT 10.0) Firefox/130.0}\"",
    "190 nginx 10.8.12.90 - nguyenvana [{clf}] \"GET /api/v1/hoso/20261188/xem HTTP/1.1\" {status} 9822 "
    "\"-\" \"{=Mozilla/5.0 (Windows NT 10.0) Firefox/130.0}\"",
    "190 nginx 203.0.113.77 - - [{clf}] \"GET /wp-login.php HTTP/1.1\" {status} 153 \"-\" "
    "\"{=python-requests/2.31.0}\"",
    "190 nginx 203.0.113.77 - - [{clf}] \"GET /.env HTTP/1.1\" {status} 153 \"-\" \"{=curl/8.4.0}\"",
    "190 nginx 203.0.113.77 - - [{clf}] \"GET /tracuu?ma=1'%20OR%20'1'='1 HTTP/1.1\" {status} 157 \"-\" "
    "\"{=sqlmap/1.7}\"",
    "190 nginx 10.8.44.7 - - [{clf}] \"GET /tracuu?ma=88213077&phuong=cai-khe HTTP/1.1\" {status} 3310 \"-\" "
    "\"{=Mozilla/5.0 (iPhone; CPU iPhone OS 17_5)}\"",
    "187 nginx {date} {time} [error] 27113#27113: *88213 connect() failed (111: Connection refused) while "
    "connecting to upstream, client: 10.8.44.7, server: motcua.cantho.gov.vn, request: \"GET /api/v1/hangdoi "
    "HTTP/1.1\"",
    "190 nginx 10.8.0.9 - - [{clf}] \"GET /suckhoe HTTP/1.1\" {status} 2 \"-\" \"{=kube-probe/1.29}\"",
};

static const char *const apache[] = {
    "190 apache2[] 10.8.15.33 - - [{clf}] \"GET /vanban/den?trang=3 HTTP/1.1\" {status} 18224",
    "190 apache2[] 10.8.15.33 - vanthu [{clf}] \"POST /vanban/den/41822/chuyen HTTP/1.1\" {status} 311",
    "190 apache2[] 10.8.15.33 - vanthu [{clf}] \"GET /vanban/den/41822 HTTP/1.1\" {status} 6120",
    "187 apache2[] [core:error] [pid 27113:tid 139872] [client 203.0.113.77:40210] AH00126: Invalid URI in "
    "request GET /cgi-bin/.%%2e/.%%2e/bin/sh HTTP/1.1",
    "187 apache2[] [php:error] [pid 27113] [client 10.8.15.33:51002] PHP Fatal error:  Uncaught "
    "PDOException: SQLSTATE[HY000] in /srv/vanban/lib/CoSoDuLieu.php:118",
    "188 apache2[] [authz_core:error] [pid 27113] [client 203.0.113.77:40288] AH01630: client denied by "
    "server configuration: /srv/vanban/.git",
    "190 apache2[] 10.8.0.9 - - [{clf}] \"OPTIONS * HTTP/1.0\" {status} 126",
    "190 apache2[] 10.8.15.90 - - [{clf}] \"GET /vanban/di/tai?so=1287&ban=c3f0aa1972de5510 HTTP/1.1\" "
    "{status} 402118",
    "190 apache2[] 10.8.15.90 - - [{clf}] \"GET /server-status?auto HTTP/1.1\" {status} 277",
    "189 apache2[] [mpm_event:notice] [pid 27113:tid 139872] AH00489: {=Apache/2.4.62 (Debian)} configured "
    "-- resuming normal operations",
};

static const char *const postfix[] = {
    "22 postfix/smtpd[] connect from mx3.tinhdoan.example[203.0.113.61]",
    "22 postfix/smtpd[] 4C1F82A0B3: client=mx3.tinhdoan.example[203.0.113.61]",
    "22 postfix/cleanup[] 4C1F82A0B3: message-id=<20261122010204.88213@tinhdoan.example>",
    "22 postfix/qmgr[] 4C1F82A0B3: from=<thongbao@tinhdoan.example>, size=18422, nrcpt=1 (queue active)",
    "22 postfix/local[] 4C1F82A0B3: to=<vanthu@cantho.gov.vn>, relay=local, delay=0.41, "
    "delays=0.3/0.01/0/0.1, status=sent (delivered to mailbox)",
    "22 postfix/qmgr[] 4C1F82A0B3: removed",
    "22 postfix/smtpd[] disconnect from mx3.tinhdoan.example[203.0.113.61] ehlo=2 commands=7",
    "22 postfix/smtpd[] NOQUEUE: reject: RCPT from unknown[203.0.113.18]: 554 5.7.1 Service unavailable; "
    "blocked; from=<info@khuyenmai.example> to=<vanthu@cantho.gov.vn> proto=ESMTP helo=<w7>",
    "20 postfix/smtpd[] warning: unknown[203.0.113.18]: SASL LOGIN authentication failed: authentication "
    "failure, sasl_username=admin",
    "22 postfix/smtp[] 9D0E17C4F2: to=<phongvien@bao.example>, relay=mx.bao.example[203.0.113.140]:25, "
    "delay=2.8, delays=0.1/0/1.2/1.5, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 7B2290AC41)",
    "22 postfix/smtp[] 9D0E17C4F2: to=<phongvien@bao.example>, relay=none, delay=30, delays=0.1/0/30/0, "
    "dsn=4.4.1, status=deferred (connect to mx.bao.example[203.0.113.140]:25: Connection timed out)",
    "22 postfix/anvil[] statistics: max connection rate 12/60s for (smtp:203.0.113.18)",
    "22 dovecot imap-login: Login: user=<tranthib>, method=PLAIN, rip=10.8.12.91, lip=10.8.0.25, mpid=27113, "
    "TLS, session=<a81Jq0d2ff119c>",
    "22 dovecot imap(tranthib)<27113><a81Jq0d2ff119c>: Disconnected: Logged out in=1822 out=88213",
};

static const char *const dhcp[] = {
    "30 dhcpd[] DHCPDISCOVER from 52:54:00:1c:0a:7e via vlan30",
    "30 dhcpd[] DHCPOFFER on 10.8.30.117 to 52:54:00:1c:0a:7e (PC-VANTHU) via vlan30",
    "30 dhcpd[] DHCPREQUEST for 10.8.30.117 (10.8.0.2) from 52:54:00:1c:0a:7e (PC-VANTHU) via vlan30",
    "30 dhcpd[] DHCPACK on 10.8.30.117 to 52:54:00:1c:0a:7e (PC-VANTHU) via vlan30",
    "30 dhcpd[] DHCPREQUEST for 10.8.30.118 from 52:54:00:2d:11:09 via vlan30",
    "30 dhcpd[] DHCPACK on 10.8.30.118 to 52:54:00:2d:11:09 via vlan30",
    "30 dhcpd[] DHCPINFORM from 10.8.30.44 via vlan30",
    "30 dhcpd[] DHCPRELEASE of 10.8.30.117 from 52:54:00:1c:0a:7e via vlan30 (found)",
    "28 dhcpd[] DHCPDISCOVER from 52:54:00:77:a0:3c via vlan31: network 10.8.31.0/24: no free leases",
    "30 dhcpd[] reuse_lease: lease age 1288 (secs) under 25% threshold, existing lease for 10.8.30.118",
};

static const char *const dns[] = {
    "30 named[] client 10.8.30.117#58211 (www.cantho.gov.vn): query: www.cantho.gov.vn IN A +E(0)K "
    "(10.8.0.2)",
    "30 named[] client 10.8.30.117#58214 (time.windows.example): query: time.windows.example IN AAAA + "
    "(10.8.0.2)",
    "30 named[] client 10.8.30.44#50311 (dl.capnhat.example): query: dl.capnhat.example IN HTTPS + "
    "(10.8.0.2)",
    "30 named[] client 10.8.30.117#58217 (motcua.cantho.gov.vn): query: motcua.cantho.gov.vn IN A + "
    "(10.8.0.2)",
    "30 named[] client 10.8.30.44#50319 (a.c3f0aa1972de5510.dohanh.example): query: "
    "a.c3f0aa1972de5510.dohanh.example IN TXT + (10.8.0.2)",
    "29 named[] client 203.0.113.18#40210 (isc.example): query (cache) 'isc.example/ANY/IN' denied "
    "(allow-query-cache did not match)",
    "28 named[] lame-servers: connection refused resolving 'mx.bao.example/A/IN': 203.0.113.140#53",
    "30 named[] resolver priming query complete: success",
    "29 named[] zone noibo.cantho.gov.vn/IN: sending notifies (serial 2026112204)",
    "30 named[] client 10.8.0.3#41822: transfer of 'noibo.cantho.gov.vn/IN': AXFR-style IXFR ended: 3 "
    "messages, 1188 records, 41220 bytes, 0.012 secs",
};

static const char *const proxy[] = {
    "134 haproxy[] 10.8.12.90:51822 [{clf}] https~ motcua/web2 0/0/1/48/49 {status} 9822 - - ---- "
    "118/104/12/4/0 0/0 \"GET /api/v1/hoso/20261188 HTTP/1.1\"",
    "134 haproxy[] 10.8.12.90:51824 [{clf}] https~ motcua/web1 0/0/0/12/12 {status} 188 - - ---- "
    "118/104/11/3/0 0/0 \"GET /assets/logo.svg HTTP/1.1\"",
    "134 haproxy[] 10.8.44.7:40118 [{clf}] https~ vanban/app1 0/0/2/311/313 {status} 40218 - - ---- "
    "121/107/14/6/0 0/0 \"POST /vanban/den/tim HTTP/1.1\"",
    "134 haproxy[] 203.0.113.77:40288 [{clf}] https~ https/<NOSRV> -1/-1/-1/-1/10002 408 212 - - cR-- "
    "120/106/0/0/0 0/0 \"<BADREQ>\"",
    "129 haproxy[] Server motcua/web2 is DOWN, reason: Layer4 connection problem, info: \"Connection "
    "refused\". 1 active and 0 backup servers left.",
    "133 haproxy[] Server motcua/web2 is UP, reason: Layer7 check passed, code: 200. 2 active and 0 backup "
    "servers online.",
    "134 haproxy[] 10.8.15.33:51002 [{clf}] https~ vanban/app2 0/0/1/1204/1388 {status} 402118 - - ---- "
    "119/105/13/5/0 0/0 \"GET /vanban/di/tai HTTP/1.1\"",
};

static const char *const squid[] = {
    "190 squid[] {unix}.118    288 10.8.30.117 TCP_TUNNEL/{status} 18224 CONNECT dl.capnhat.example:443 "
    "nguyenvana HIER_DIRECT/203.0.113.140 -",
    "190 squid[] {unix}.402     12 10.8.30.44 TCP_HIT/{status} 4120 GET "
    "http://kho.noibo.cantho.gov.vn/debian/dists/bookworm/InRelease - HIER_NONE/- text/plain",
    "190 squid[] {unix}.010      0 10.8.30.44 TCP_DENIED/{status} 3988 CONNECT www.mangxahoi.example:443 - "
    "HIER_NONE/- text/html",
    "190 squid[] {unix}.377   1188 10.8.30.117 TCP_MISS/{status} 88213 GET "
    "http://bao.example/tin/20261122/1822.html tranthib HIER_DIRECT/203.0.113.61 text/html",
    "190 squid[] {unix}.101  30002 10.8.30.99 TCP_TUNNEL_ABORTED/{status} 39 CONNECT "
    "c3f0aa1972de5510.tailieu.example:443 levanc HIER_DIRECT/203.0.113.18 -",
    "190 squid[] {unix}.544      3 10.8.30.117 TCP_DENIED/{status} 4210 GET http://203.0.113.18/a.exe "
    "nguyenvana "
    "HIER_NONE/- text/html",
};

static const char *const network[] = {
    "189 %LINK-3-UPDOWN Interface GigabitEthernet1/0/14, changed state to down",
    "189 %LINEPROTO-5-UPDOWN Line protocol on Interface GigabitEthernet1/0/14, changed state to down",
    "189 %LINK-3-UPDOWN Interface GigabitEthernet1/0/14, changed state to up",
    "189 %LINEPROTO-5-UPDOWN Line protocol on Interface GigabitEthernet1/0/14, changed state to up",
    "189 %SYS-5-CONFIG_I Configured from console by admin on vty0 (10.8.0.9)",
    "188 %SEC_LOGIN-4-LOGIN_FAILED Login failed [user: admin] [Source: 203.0.113.18] [localport: 22] "
    "[Reason: Login Authentication Failed] at {time} ICT",
    "189 %SEC_LOGIN-5-LOGIN_SUCCESS Login Success [user: giamsat] [Source: 10.8.0.9] [localport: 22] at "
    "01:02:04 ICT Sun Nov 22 2026",
    "190 %SEC-6-IPACCESSLOGP list CHAN-NGOAI denied tcp 203.0.113.18(51822) -> 10.8.0.4(23), 1 packet",
    "190 %SEC-6-IPACCESSLOGP list CHAN-NGOAI permitted udp 10.8.31.15(58211) -> 10.8.0.2(53), 12 packets",
    "188 %PORT_SECURITY-2-PSECURE_VIOLATION Security violation occurred, caused by MAC address "
    "5254.001c.0a7e on port GigabitEthernet1/0/22.",
    "188 %SPANTREE-2-BLOCK_BPDUGUARD Received BPDU on port Gi1/0/22 with BPDU Guard enabled. Disabling port.",
    "190 %DHCP_SNOOPING-5-UNTRUSTED_PORT DHCP_SNOOPING drop message on untrusted port, message "
    "type: DHCPOFFER, MAC sa: 5254.0077.a03c",
};

static const char *const firewall[] = {
    "189 fw date={date} time={time} devname=\"FW-CTHO-01\" type=\"traffic\" subtype=\"forward\" "
    "srcip=10.8.31.15 srcport=58214 dstip=203.0.113.40 dstport=443 policyid=118 sessionid=88213077 proto=6 "
    "action=\"close\" service=\"HTTPS\" duration=122 sentbyte=18224 rcvdbyte=402118",
    "189 fw date={date} time={time} devname=\"FW-CTHO-01\" type=\"traffic\" subtype=\"forward\" "
    "srcip=10.8.31.15 srcport=58211 dstip=203.0.113.99 dstport=53 policyid=0 sessionid=88213078 proto=17 "
    "action=\"deny\" service=\"DNS\" duration=0 sentbyte=0 rcvdbyte=0",
    "188 fw date={date} time={time} devname=\"FW-CTHO-01\" logid=\"0419016384\" type=\"utm\" subtype=\"ips\" "
    "level=\"alert\" severity=\"high\" srcip=203.0.113.18 dstip=10.8.0.4 sessionid=88213079 "
    "action=\"dropped\" attack=\"Web.Server.Path.Traversal\"",
    "190 filterlog[] "
    "118,,,1000000103,igb0,match,block,in,4,0x0,,48,31822,0,DF,6,tcp,60,203.0.113.18,10.8.0.4,51822,3389,0,S,"
    "2811906440,,64240,,mss",
    "190 filterlog[] "
    "88,,,1000000204,igb1,match,pass,in,4,0x0,,127,20118,0,none,17,udp,78,10.8.31.15,10.8.0.2,58211,53,58",
    "29 openvpn[] nguyenvana/203.0.113.61:40118 MULTI_sva: pool returned IPv4=10.9.0.14, IPv6=(Not enabled)",
    "29 openvpn[] 203.0.113.18:51822 TLS Error: TLS key negotiation failed to occur within 60 seconds",
    "29 charon[] 12[IKE] IKE_SA kho-vung[118] established between "
    "203.0.113.5[fw1.cantho.gov.vn]...203.0.113.40[fw.omon.cantho.gov.vn]",
};

static const char *const database[] = {
    "134 postgres[] [27113-1] nguyenvana@tiepnhan LOG:  connection authorized: user=nguyenvana "
    "database=tiepnhan SSL enabled",
    "134 postgres[] [27113-2] nguyenvana@tiepnhan LOG:  duration: 1288.402 ms  statement: SELECT id, ten, "
    "trangthai FROM hoso WHERE phuong = 118 ORDER BY ngaynhan DESC LIMIT 50",
    "132 postgres[] [27113-3] postgres@tiepnhan ERROR:  duplicate key value violates unique constraint "
    "\"hoso_ma_key\"",
    "132 postgres[] [27113-4] postgres@tiepnhan DETAIL:  Key (ma)=(20261188) already exists.",
    "131 postgres[] [27113-5] admin@tiepnhan FATAL:  password authentication failed for user \"admin\"",
    "134 postgres[] [902-14] LOG:  checkpoint complete: wrote 18224 buffers (11.1%); 0 WAL file(s) added, 3 "
    "removed, 2 recycled; write=269.118 s",
    "134 postgres[] [27113-6] nguyenvana@tiepnhan LOG:  disconnection: session time: 0:12:44.118 "
    "user=nguyenvana database=tiepnhan host=10.8.40.12 port=51002",
    "131 mariadbd[] 88213 [Warning] Access denied for user 'root'@'203.0.113.18' (using password: YES)",
    "134 mariadbd[] 88214 [Note] Aborted connection 88214 to db: 'vanban' user: 'vanthu' host: '10.8.40.13' "
    "(Got timeout reading communication packets)",
};

static const char *const office[] = {
    "134 motcua[] INFO  [exec-12] TiepNhan - Tiếp nhận hồ sơ ma=20261188 thutuc=1.004227 canbo=tranthib "
    "phien=c3f0aa19-72de-4510-9b1c-0a7e41c9d681",
    "134 motcua[] INFO  [exec-4] PhienLamViec - Đăng nhập thành công taikhoan=nguyenvana diachi=10.8.12.90 "
    "phien=c3f0aa19-72de-4510-9b1c-0a7e41c9d681",
    "132 motcua[] WARN  [exec-7] PhienLamViec - Đăng nhập thất bại taikhoan=admin diachi=203.0.113.18 lan=3",
    "134 motcua[] INFO  [exec-12] LuuTru - Ghi tệp đính kèm /kho/2026/11/c3f0aa1972de5510.pdf "
    "dungluong=402118 hoso=20261188",
    "134 motcua[] INFO  [hang-doi-2] GuiTin - Gửi thông báo hồ sơ 20261188 tới 0912xxx882 trong 288 ms",
    "131 motcua[] ERROR [exec-9] KySo - Chứng thư số hết hạn serial=5404FFFEB7033FB3 canbo=levanc",
    "134 motcua[] DEBUG [exec-12] BoDem - hit=18224 miss=1188 tile=0.93",
    "134 motcua[] INFO  [lich-1] DongBo - Đồng bộ trục liên thông: nhận 118 gửi 44 lỗi 0 thời gian 1288 ms",
    "132 motcua[] WARN  [exec-3] ThoiHan - Hồ sơ 20261142 quá hạn 2 ngày, bộ phận xử lý: phòng Tư pháp",
    "134 motcua[] INFO  [exec-5] TraCuu - Tra cứu ma=20261188 diachi=10.8.44.7 ketqua=1 thoigian=12ms",
    "134 motcua[] INFO  [exec-8] PhienLamViec - Đăng xuất taikhoan=nguyenvana "
    "phien=c3f0aa19-72de-4510-9b1c-0a7e41c9d681",
};

#define SYSTEM(a)                                                                                            \
    {                                                                                                        \
        .name = #a, .lines = (a), .n = (uint32_t)(sizeof(a) / sizeof((a)[0]))                                \
    }

/* The most frequent first. */
const struct gen_system gen_seeds[] = {
    SYSTEM(ssh),      SYSTEM(units),   SYSTEM(dhcp),   SYSTEM(cron),     SYSTEM(accounts), SYSTEM(dns),
    SYSTEM(network),  SYSTEM(postfix), SYSTEM(apache), SYSTEM(office),   SYSTEM(kernel),   SYSTEM(squid),
    SYSTEM(database), SYSTEM(nginx),   SYSTEM(proxy),  SYSTEM(firewall),
};
const uint32_t gen_seeds_n = (uint32_t)(sizeof(gen_seeds) / sizeof(gen_seeds[0]));

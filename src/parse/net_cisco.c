#include "parse/net.h"
#include "parse/pattern.h"

/*
 * Cisco ASA, FTD and PIX (Cisco Secure Firewall ASA Series Syslog Messages) and IOS, IOS XE, IOS XR, NX-OS
 * (System Message Guides): the text behind "%FACILITY-SEVERITY-MNEMONIC:", which stands in event.code. "for"
 * is the outer end of a connection and "to" the inner one, whoever began; the source is the end that began.
 */
#define IN "%{observer.ingress.interface.name}"
#define OUT "%{observer.egress.interface.name}"
#define ALLOWED ACTION_FIREWALL_ALLOWED, OUTCOME_NONE, NULL
#define BLOCKED ACTION_FIREWALL_BLOCKED, OUTCOME_NONE, NULL
#define FLOW ACTION_NETWORK_FLOW, OUTCOME_NONE, NULL

static const struct pattern_row asa[] = {
    {"Built inbound %{transport} connection %{session.id} for " IN
     ":%{source} (%{source.nat.ip}/%{source.nat.port}) to " OUT
     ":%{destination} (%{destination.nat.ip}/%{destination.nat.port})",
     ALLOWED},
    {"Built outbound %{transport} connection %{session.id} for " OUT
     ":%{destination} (%{destination.nat.ip}/%{destination.nat.port}) to " IN
     ":%{source} (%{source.nat.ip}/%{source.nat.port})",
     ALLOWED},
    {"Built inbound %{transport} connection %{session.id} for " IN ":%{source} (%w)%* to " OUT
     ":%{destination} (%*",
     ALLOWED},
    {"Built outbound %{transport} connection %{session.id} for " OUT ":%{destination} (%w)%* to " IN
     ":%{source} (%*",
     ALLOWED},
    {"Built %{network.direction} ICMP connection for faddr %{destination} gaddr %w laddr %{source}", ALLOWED},
    {"Teardown %{transport} connection %{session.id} for " IN ":%{source} to " OUT
     ":%{destination} duration %w bytes %{network.bytes} %r",
     FLOW},
    {"Teardown %{transport} connection %{session.id} for " IN ":%{source} to " OUT
     ":%{destination} duration %w bytes %{network.bytes}",
     FLOW},
    {"Teardown %{transport} connection %{session.id} for " IN ":%{source}(%w to " OUT
     ":%{destination}(%w duration %w bytes %{network.bytes} %r",
     FLOW},
    {"Teardown ICMP connection for faddr %{destination} gaddr %w laddr %{source}", FLOW},
    {"Teardown ICMP connection for faddr %{destination} gaddr %w laddr %{source} %*", FLOW},
    {"Built %w %{transport} translation from " IN ":%{source} to " OUT ":%{destination}", ALLOWED},
    {"Teardown %w %{transport} translation from " IN ":%{source} to " OUT ":%{destination} duration %w",
     FLOW},
    {"Deny inbound UDP from %{source} to %{destination} due to %r", BLOCKED},
    {"Deny %w %{transport} from %{source} to %{destination} on interface " IN, BLOCKED},
    {"Deny %w protocol %{transport} src " IN ":%{source} dst " OUT ":%{destination}", BLOCKED},
    {"Deny %w %{transport} src " IN ":%{source} dst " OUT ":%{destination}(type %*", BLOCKED},
    {"Deny %w %{transport} src " IN ":%{source} dst " OUT ":%{destination} (type %*", BLOCKED},
    {"Deny %{transport} (no connection) from %{source} to %{destination} flags %w %* on interface " IN,
     BLOCKED},
    {"Deny IP spoof from (%{source}) to %{destination} on interface " IN, ACTION_FIREWALL_BLOCKED,
     OUTCOME_NONE, "ip_spoof"},
    {"Deny %{transport} reverse path check from %{source} to %{destination} on interface " IN, BLOCKED},
    {"Deny protocol %{transport} src " IN ":%{source} dst " OUT
     ":%{destination} by access-group \"%{rule.name*}\"%*",
     BLOCKED},
    {"Deny %{transport} src " IN ":%{source} dst " OUT
     ":%{destination} (type %*) by access-group \"%{rule.name*}\"%*",
     BLOCKED},
    {"Deny %{transport} src " IN ":%{source} dst " OUT ":%{destination} by access-group \"%{rule.name*}\"%*",
     BLOCKED},
    {"Deny %{transport} src " IN ":%{source}(%w dst " OUT
     ":%{destination}(%w by access-group \"%{rule.name*}\"%*",
     BLOCKED},
    {"Inbound %{transport} connection denied from %{source} to %{destination} flags %* on interface " IN,
     BLOCKED},
    {"access-list %{rule.name} permitted %{transport} " IN "/%{source} -> " OUT "/%{destination} hit-cnt %*",
     ALLOWED},
    {"access-list %{rule.name} denied %{transport} " IN "/%{source} -> " OUT "/%{destination} hit-cnt %*",
     BLOCKED},
    {"access-list %{rule.name} permitted %{transport} " IN "/%{source}(%* -> " OUT "/%{destination}(%*",
     ALLOWED},
    {"access-list %{rule.name} denied %{transport} " IN "/%{source}(%* -> " OUT "/%{destination}(%*",
     BLOCKED},
    {"%{transport} access denied by ACL from %{source} to " OUT ":%{destination}", BLOCKED},
    {"%{transport} access permitted from %{source} to " OUT ":%{destination}", ALLOWED},
    {"%{transport} access requested from %{source} to " OUT ":%{destination}", ACTION_FIREWALL_LOGGED,
     OUTCOME_NONE, NULL},
    {"%{transport} request discarded from %{source} to " OUT ":%{destination}", BLOCKED},
    {"Denied ICMP type=%d, code=%d from %{source} on interface " IN, BLOCKED},
    {"Dropping %{transport} packet from " IN ":%{source} to " OUT ":%{destination}, reason: %r", BLOCKED},
    {"Duplicate TCP SYN from " IN ":%{source} to " OUT
     ":%{destination} with different initial sequence number%*",
     ACTION_FIREWALL_LOGGED, OUTCOME_NONE, "Duplicate TCP SYN"},
    {"%{transport} flow from " IN ":%{source} to " OUT ":%{destination} is %w because %r", BLOCKED},
    {"No matching connection for ICMP error message: %{transport} src " IN ":%{source} dst " OUT
     ":%{destination} %*",
     ACTION_FIREWALL_BLOCKED, OUTCOME_NONE, "No matching connection"},
    {"Failed to locate egress interface for %{transport} from " IN ":%{source} to %{destination}",
     ACTION_FIREWALL_BLOCKED, OUTCOME_NONE, "Failed to locate egress interface"},
    {"IPSEC: Received a non-IPSec packet (protocol= %{transport}) from %{source} to %{destination}.",
     BLOCKED},
    {"IDS:%{rule.id} %{rule.name*} from %{source} to %{destination} on interface " IN, ACTION_IDS_ALERT,
     OUTCOME_NONE, NULL},
    {"%{source} Accessed URL %{destination}:%{url}", ACTION_HTTP_REQUEST, OUTCOME_SUCCESS, NULL},
    {"Access denied URL %{url} SRC %{source} DEST %{destination} %*", ACTION_WEB_BLOCKED, OUTCOME_FAILURE,
     NULL},
    {"Login denied from %{source} to " OUT ":%{destination}/%{service.name} for user \"%u\"",
     ACTION_DEVICE_LOGIN, OUTCOME_FAILURE, NULL},
    {"Login permitted from %{source} to " OUT ":%{destination}/%{service.name} for user \"%u\"",
     ACTION_DEVICE_LOGIN, OUTCOME_SUCCESS, NULL},
    {"User authentication succeeded: IP address: %{source}, Uname: %u", ACTION_DEVICE_LOGIN, OUTCOME_SUCCESS,
     NULL},
    {"User authentication failed: IP address: %{source}, Uname: %u", ACTION_DEVICE_LOGIN, OUTCOME_FAILURE,
     NULL},
    {"User authentication succeeded: Uname: %u", ACTION_DEVICE_LOGIN, OUTCOME_SUCCESS, NULL},
    {"User authentication failed: Uname: %u", ACTION_DEVICE_LOGIN, OUTCOME_FAILURE, NULL},
    {"User logged out: Uname: %u", ACTION_DEVICE_LOGOUT, OUTCOME_SUCCESS, NULL},
    {"AAA user authentication Successful : %* user = %u", ACTION_SERVICE_LOGIN, OUTCOME_SUCCESS, NULL},
    {"AAA user authentication Rejected : reason = %r : server = %* : user = %u : user IP = %{source}",
     ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, NULL},
    {"AAA user authentication Rejected : reason = %r : local database : user = %u : user IP = %{source}",
     ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, NULL},
    {"AAA user authentication Rejected : reason = %r : %* user = %u", ACTION_SERVICE_LOGIN, OUTCOME_FAILURE,
     NULL},
    {"Authentication succeeded for user '%u' from %{source} to %{destination} on interface " IN,
     ACTION_SERVICE_LOGIN, OUTCOME_SUCCESS, NULL},
    {"Authentication failed for user '%u' from %{source} to %{destination} on interface " IN,
     ACTION_SERVICE_LOGIN, OUTCOME_FAILURE, NULL},
    {"Group = %{group.name*}, Username = %u, IP = %{source}, Session disconnected. Session Type: "
     "%{service.name~}, "
     "Duration: %*, Bytes xmt: %{destination.bytes}, Bytes rcv: %{source.bytes}, Reason: %r",
     ACTION_VPN_LOGOUT, OUTCOME_SUCCESS, NULL},
    {"Group <%{group.name~}> User <%{user.name~}> IP <%{source}> AnyConnect parent session started.",
     ACTION_VPN_LOGIN, OUTCOME_SUCCESS, NULL},
    {"Group <%{group.name~}> User <%{user.name~}> IP <%{source}> WebVPN session started.", ACTION_VPN_LOGIN,
     OUTCOME_SUCCESS, NULL},
    {"Group <%{group.name~}> User <%{user.name~}> IP <%{source}> WebVPN session terminated: %r",
     ACTION_VPN_LOGOUT, OUTCOME_SUCCESS, NULL},
    {"Group <%{group.name~}> User <%{user.name~}> IP <%{source}> %r", ACTION_NONE, OUTCOME_NONE, NULL},
    {"Group = %{group.name~}, Username = %{user.name~}, IP = %{source}, %r", ACTION_NONE, OUTCOME_NONE, NULL},
    {"Group = %{group.name~}, IP = %{source}, %r", ACTION_NONE, OUTCOME_NONE, NULL},
    {"User '%u' executed the '%c' command.", ACTION_CONFIG_CHANGED, OUTCOME_SUCCESS, NULL},
    {"User '%u' executed cmd: %c", ACTION_CONFIG_CHANGED, OUTCOME_SUCCESS, NULL},
    {"User '%u', running '%{service.name~}' from IP %{source}, executed '%c'", ACTION_CONFIG_CHANGED,
     OUTCOME_SUCCESS, NULL},
    {"%{source} end configuration: %r", ACTION_CONFIG_CHANGED, OUTCOME_SUCCESS, NULL},
    {"Shunned packet: %{source} ==> %{destination} on interface " IN, BLOCKED},
    {"Line protocol on Interface " IN ", changed state to up", ACTION_LINK_UP, OUTCOME_NONE, NULL},
    {"Line protocol on Interface " IN ", changed state to down", ACTION_LINK_DOWN, OUTCOME_NONE, NULL},
    {"Local:%{destination} Remote:%{source} Username:%{user.name} IKEv2 SA UP. Reason: %r", ACTION_VPN_TUNNEL,
     OUTCOME_SUCCESS, NULL},
};

static const struct pattern_row ios[] = {
    {"list %{rule.name} denied %{transport} %{source} (%*) -> %{destination}, %*", BLOCKED},
    {"list %{rule.name} permitted %{transport} %{source} (%*) -> %{destination}, %*", ALLOWED},
    {"list %{rule.name} denied %{transport} %{source} -> %{destination}, %*", BLOCKED},
    {"list %{rule.name} permitted %{transport} %{source} -> %{destination}, %*", ALLOWED},
    {"list %{rule.name} denied %{transport} %{source} -> %{destination} %*", BLOCKED},
    {"list %{rule.name} permitted %{transport} %{source} -> %{destination} %*", ALLOWED},
    {"list %{rule.name} denied %{source} %d packet%*", BLOCKED},
    {"list %{rule.name} permitted %{source} %d packet%*", ALLOWED},
    {"Login Success [user: %u] [Source: %{source}] [localport: %{destination.port}]%*", ACTION_DEVICE_LOGIN,
     OUTCOME_SUCCESS, NULL},
    {"Login failed [user: %u] [Source: %{source}] [localport: %{destination.port}] [Reason: %r] at %*",
     ACTION_DEVICE_LOGIN, OUTCOME_FAILURE, NULL},
    {"User %u has exited tty session %w(%{source})", ACTION_DEVICE_LOGOUT, OUTCOME_SUCCESS, NULL},
    {"User '%u' authentication for SSH2 Session from %{source} (tty = %w) using %* Succeeded",
     ACTION_DEVICE_LOGIN, OUTCOME_SUCCESS, NULL},
    {"User '%u' authentication for SSH2 Session from %{source} (tty = %w) using %* Failed",
     ACTION_DEVICE_LOGIN, OUTCOME_FAILURE, NULL},
    {"SSH2 Session request from %{source} (tty = %w) using %*", ACTION_CONNECTION_OPENED, OUTCOME_NONE, NULL},
    {"Configured from console by %u on %w (%{source})", ACTION_CONFIG_CHANGED, OUTCOME_SUCCESS, NULL},
    {"Configured from %w by %u on %{source}@%w", ACTION_CONFIG_CHANGED, OUTCOME_SUCCESS, NULL},
    {"Configured from console by %u", ACTION_CONFIG_CHANGED, OUTCOME_SUCCESS, NULL},
    {"User:%u  logged command:%c", ACTION_CONFIG_CHANGED, OUTCOME_SUCCESS, NULL},
    {"Line protocol on Interface " IN ", changed state to up", ACTION_LINK_UP, OUTCOME_NONE, NULL},
    {"Line protocol on Interface " IN ", changed state to down", ACTION_LINK_DOWN, OUTCOME_NONE, NULL},
    {"Interface " IN ", changed state to up", ACTION_LINK_UP, OUTCOME_NONE, NULL},
    {"Interface " IN ", changed state to down", ACTION_LINK_DOWN, OUTCOME_NONE, NULL},
    {"Interface " IN ", changed state to administratively down", ACTION_LINK_DOWN, OUTCOME_NONE,
     "administratively"},
    {"Interface " IN " is up%*", ACTION_LINK_UP, OUTCOME_NONE, NULL},
    {"Interface " IN " is down (%r)", ACTION_LINK_DOWN, OUTCOME_NONE, NULL},
    {"Interface " IN " is down%*", ACTION_LINK_DOWN, OUTCOME_NONE, NULL},
    {"System restarted --%*", ACTION_SYSTEM_STARTED, OUTCOME_SUCCESS, NULL},
    {"pam_aaa:Authentication failed for user %u from %{source} - %*", ACTION_DEVICE_LOGIN, OUTCOME_FAILURE,
     NULL},
    {"Sig:%{rule.id} Subsig:%d Sev:%{event.severity} %{rule.name*} [%{source} -> %{destination}]",
     ACTION_IDS_ALERT, OUTCOME_NONE, NULL},
    {"Security violation occurred, caused by MAC address %{source.mac} on port " IN ".", BLOCKED},
    {"Authentication failed for client (%{source.mac*}) on Interface " IN " %*", ACTION_WIFI_JOINED,
     OUTCOME_FAILURE, NULL},
    {"System clock has been updated from %r", ACTION_TIME_CHANGED, OUTCOME_SUCCESS, NULL},
    {"Fan %r", ACTION_HARDWARE_ALARM, OUTCOME_FAILURE, NULL},
    {"Power supply %r", ACTION_HARDWARE_ALARM, OUTCOME_FAILURE, NULL},
};

bool net_cisco(struct parse_out *out, struct str code, struct str msg)
{
    bool firewall = str_starts(code, S("ASA-")) || str_starts(code, S("FTD-")) || str_starts(code, S("PIX-"));
    struct str vendor = S("cisco");
    while (msg.n > 0 && msg.p[msg.n - 1] == ' ')
        msg.n--;
    parse_out_observer(out, vendor, firewall ? str_sub(code, 0, 3) : S("ios"));
    parse_out_known(out, firewall ? S("cisco.asa") : S("cisco.ios"));
    return firewall ? pattern_apply(out, msg, asa, COUNT_OF(asa))
                    : pattern_apply(out, msg, ios, COUNT_OF(ios));
}

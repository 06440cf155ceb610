#include "parse/linux.h"
#include "parse/parse_stamp.h"
#include "parse/pattern.h"

/* OpenVPN, WireGuard of the Linux kernel, strongSwan. */

bool vpn_openvpn(struct parse_out *out, struct str msg)
{
    static const struct pattern_row rows[] = {
        {"%u/%{source} MULTI: Learn: %{source.nat.ip} -> %*", ACTION_VPN_LOGIN, OUTCOME_SUCCESS, NULL},
        {"%{source} [%u] Peer Connection Initiated with %*", ACTION_VPN_LOGIN, OUTCOME_SUCCESS, NULL},
        {"%{source} Peer Connection Initiated with %*", ACTION_VPN_LOGIN, OUTCOME_SUCCESS, NULL},
        {"[%u] Peer Connection Initiated with [AF_INET]%{source}", ACTION_VPN_LOGIN, OUTCOME_SUCCESS, NULL},
        {"%{source} TLS: Username/Password authentication succeeded for username '%u'%*", ACTION_VPN_LOGIN,
         OUTCOME_SUCCESS, NULL},
        {"%{source} TLS Auth Error: Auth Username/Password verification failed for peer", ACTION_VPN_LOGIN,
         OUTCOME_FAILURE, "bad_password"},
        {"%u/%{source} AUTH: Received control message: AUTH_FAILED%*", ACTION_VPN_LOGIN, OUTCOME_FAILURE,
         NULL},
        {"%{source} OpenSSL: error:%r", ACTION_VPN_LOGIN, OUTCOME_FAILURE, NULL},
        {"%{source} TLS Auth Error: %r", ACTION_VPN_LOGIN, OUTCOME_FAILURE, NULL},
        {"%{source} TLS Error: TLS handshake failed", ACTION_VPN_LOGIN, OUTCOME_FAILURE, "tls"},
        {"%{source} VERIFY ERROR: %r", ACTION_VPN_LOGIN, OUTCOME_FAILURE, NULL},
        {"%{source} PLUGIN_CALL: POST %* failed with status %*", ACTION_VPN_LOGIN, OUTCOME_FAILURE, NULL},
        {"%{source} SENT CONTROL [%u]: 'AUTH_FAILED' %*", ACTION_VPN_LOGIN, OUTCOME_FAILURE, NULL},
        {"AUTH-PAM: BACKGROUND: user '%u' failed to authenticate: %r", ACTION_VPN_LOGIN, OUTCOME_FAILURE,
         NULL},
        {"%u/%{source} SIGTERM[%*] received, client-instance exiting", ACTION_VPN_LOGOUT, OUTCOME_SUCCESS,
         NULL},
        {"%u/%{source} SIGUSR1[%*] received, client-instance restarting", ACTION_VPN_LOGOUT, OUTCOME_SUCCESS,
         NULL},
        {"%u/%{source} Inactivity timeout (%*", ACTION_VPN_LOGOUT, OUTCOME_SUCCESS, "timeout"},
        {"TCP connection established with [AF_INET]%{source}", ACTION_CONNECTION_OPENED, OUTCOME_NONE, NULL},
        {"TCP connection established with [AF_INET6]%{source}", ACTION_CONNECTION_OPENED, OUTCOME_NONE, NULL},
        {"TLS Error: %r from [AF_INET]%{source} (%*", ACTION_VPN_LOGIN, OUTCOME_FAILURE, NULL},
        {"TLS Error: %r from [AF_INET6]%{source} (%*", ACTION_VPN_LOGIN, OUTCOME_FAILURE, NULL},
        {"TLS Error: %r from [AF_INET]%{source}", ACTION_VPN_LOGIN, OUTCOME_FAILURE, NULL},
        {"TLS Error: %r from [AF_INET6]%{source}", ACTION_VPN_LOGIN, OUTCOME_FAILURE, NULL},
        {"Initialization Sequence Completed", ACTION_SERVICE_STARTED, OUTCOME_SUCCESS, NULL},
    };
    if (!pattern_apply(out, msg, rows, COUNT_OF(rows))) {
        /* "192.0.2.1:1194 …" or "client/192.0.2.1:1194 …" in front of anything else */
        struct str first, rest;
        if (!str_cut(msg, ' ', &first, &rest))
            return false;
        const char *slash = first.n == 0 ? NULL : memrchr(first.p, '/', first.n);
        struct str peer = slash == NULL ? first : str_from(first, (size_t)(slash - first.p) + 1);
        const char *colon = peer.n == 0 ? NULL : memrchr(peer.p, ':', peer.n);
        if (colon == NULL || !parse_ip_is(str_sub(peer, 0, (size_t)(colon - peer.p))))
            return false;
        parse_out_end(out, SIDE_SOURCE, peer);
        parse_out_known(out, out->dataset);
    }
    parse_out_put(out, FIELD_SERVICE_NAME, S("openvpn"));
    return true;
}

/* "wireguard: wg0: Invalid handshake initiation from 192.0.2.1:51820" (dynamic debug of the kernel) */
bool vpn_wireguard(struct parse_out *out, struct str msg)
{
    static const struct pattern_row rows[] = {
        {"%I: Receiving handshake initiation from peer %{wireguard.peer} (%{source})",
         ACTION_CONNECTION_OPENED, OUTCOME_NONE, NULL},
        {"%I: Receiving handshake response from peer %{wireguard.peer} (%{source})", ACTION_CONNECTION_OPENED,
         OUTCOME_NONE, NULL},
        {"%I: Sending handshake initiation to peer %{wireguard.peer} (%{destination})",
         ACTION_CONNECTION_OPENED, OUTCOME_NONE, NULL},
        {"%I: Sending handshake response to peer %{wireguard.peer} (%{destination})",
         ACTION_CONNECTION_OPENED, OUTCOME_NONE, NULL},
        {"%I: Handshake for peer %{wireguard.peer} (%{destination}) did not complete after %*",
         ACTION_VPN_TUNNEL, OUTCOME_FAILURE, "timeout"},
        {"%I: Invalid handshake initiation from %{source}", ACTION_VPN_LOGIN, OUTCOME_FAILURE,
         "invalid_handshake"},
        {"%I: Invalid handshake response from %{source}", ACTION_VPN_LOGIN, OUTCOME_FAILURE,
         "invalid_handshake"},
        {"%I: Invalid MAC of handshake, dropping packet from %{source}", ACTION_VPN_LOGIN, OUTCOME_FAILURE,
         "invalid_mac"},
        {"%I: Packet has unallowed src IP (%{source.nat.ip}) from peer %{wireguard.peer} (%{source})",
         ACTION_FIREWALL_BLOCKED, OUTCOME_NONE, "unallowed_source"},
        {"%I: Packet is neither IPv4 nor IPv6 from peer %{wireguard.peer} (%{source})",
         ACTION_FIREWALL_BLOCKED, OUTCOME_NONE, NULL},
    };
    struct str mark = S("wireguard: ");
    if (!str_starts(msg, mark))
        return false;
    out->dataset = S("wireguard.log");
    return pattern_apply(out, str_from(msg, mark.n), rows, COUNT_OF(rows));
}

/* The source is the peer in both directions: "07[IKE] <conn|3> received packet: from 192.0.2.1[500] to
 * 198.51.100.1[500] (336 bytes)" */
bool vpn_strongswan(struct parse_out *out, struct str msg)
{
    static const struct pattern_row rows[] = {
        {"received packet: from %{source.ip}[%{source.port}] to %{destination.ip}[%{destination.port}] "
         "(%{network.bytes} bytes)",
         ACTION_NONE, OUTCOME_NONE, NULL},
        {"received packet: from %{source.ip}[%{source.port}] to %{destination.ip}[%{destination.port}]",
         ACTION_NONE, OUTCOME_NONE, NULL},
        {"sending packet: from %{destination.ip}[%{destination.port}] to %{source.ip}[%{source.port}] "
         "(%{network.bytes} bytes)",
         ACTION_NONE, OUTCOME_NONE, NULL},
        {"sending packet: from %{destination.ip}[%{destination.port}] to %{source.ip}[%{source.port}]",
         ACTION_NONE, OUTCOME_NONE, NULL},
        {"%{source.ip} is initiating a%*", ACTION_VPN_TUNNEL, OUTCOME_NONE, NULL},
        {"no IKE config found for %{destination.ip}...%{source.ip}, sending NO_PROPOSAL_CHOSEN",
         ACTION_VPN_TUNNEL, OUTCOME_FAILURE, "no_proposal"},
        {"EAP method %w failed for peer %u", ACTION_VPN_LOGIN, OUTCOME_FAILURE, NULL},
        {"EAP method %w succeeded, %*", ACTION_VPN_LOGIN, OUTCOME_SUCCESS, NULL},
        {"XAuth authentication of '%u' successful", ACTION_VPN_LOGIN, OUTCOME_SUCCESS, NULL},
        {"XAuth authentication of '%u' failed", ACTION_VPN_LOGIN, OUTCOME_FAILURE, NULL},
        {"IKE_SA %{service.name~} established between %{destination.ip}[%*]...%{source.ip}[%u]",
         ACTION_VPN_TUNNEL, OUTCOME_SUCCESS, NULL},
        {"CHILD_SA %{service.name~} established with %*", ACTION_VPN_TUNNEL, OUTCOME_SUCCESS, NULL},
        {"received AUTHENTICATION_FAILED notify error", ACTION_VPN_TUNNEL, OUTCOME_FAILURE, "authentication"},
        {"deleting IKE_SA %{service.name~} between %{destination.ip}[%*]...%{source.ip}[%*]",
         ACTION_VPN_LOGOUT, OUTCOME_SUCCESS, NULL},
        {"tried %d shared key for '%*' - '%u', but MAC mismatched", ACTION_VPN_LOGIN, OUTCOME_FAILURE,
         "bad_key"},
    };
    struct str thread, text, connection, rest;
    size_t open = str_find_char(str_sub(msg, 0, msg.n < 8 ? msg.n : 8), '[');
    if (open == SIZE_MAX || !str_cut(msg, ']', &thread, &text) || thread.n <= open)
        return false;
    struct str logger = str_from(thread, open + 1);
    text = str_trim(text);
    if (text.n > 0 && text.p[0] == '<' && str_cut(text, '>', &connection, &rest))
        text = str_trim(rest);
    out->dataset = S("strongswan.log");
    if (!pattern_apply(out, text, rows, COUNT_OF(rows)))
        parse_out_known(out, out->dataset);
    parse_out_put(out, FIELD_LOG_LOGGER, logger);
    return true;
}

/* "2026-11-22 07:59:58 192.0.2.1:1194 TLS Error: …" of its own file */
bool vpn_openvpn_line(struct parse_out *out, struct str raw)
{
    static const struct str marks[] = {{"[AF_INET", 8}, {" TLS", 4},          {"MULTI:", 6},
                                       {"VERIFY ", 7},  {"SENT CONTROL", 12}, {"peer info:", 10},
                                       {" AUTH", 5},    {" OpenSSL:", 9},     {"Inactivity timeout", 18}};
    struct parse_stamp st;
    struct cur c = cur_of(raw);
    if (raw.n < 24 || raw.p[10] != ' ' || raw.p[19] != ' ' ||
        !parse_stamp_read(&c, out->ctx->recv_ns, out->ctx->zone_s, WHEN_DAY_NS, &st) || c.at != 19)
        return false;
    struct str msg = str_from(raw, 20);
    bool marked = false;
    for (size_t i = 0; i < COUNT_OF(marks) && !marked; i++)
        marked = str_find(msg, marks[i]) != SIZE_MAX;
    out->dataset = S("openvpn.log");
    if (!marked || !vpn_openvpn(out, msg))
        return false;
    out->content_done = true;
    parse_out_time(out, st.ns, true);
    out->e.message = msg;
    return true;
}

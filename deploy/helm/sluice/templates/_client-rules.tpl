{{/* The rules of nftables; those of no values are deploy/systemd/sluice-client-limits.nft, which a test holds. Takes the values as "limits". */}}
{{- define "sluice.clientRules" -}}
{{- $limits := .limits -}}
{{- $exempt4 := list "127.0.0.0/8" -}}
{{- $exempt6 := list "::1" -}}
{{- range $limits.exempt -}}
{{- if contains ":" . -}}{{- $exempt6 = append $exempt6 . -}}{{- else -}}{{- $exempt4 = append $exempt4 . -}}{{- end -}}
{{- end -}}
# What one client may take of a gateway node, for the ports of its Gateways: connections at once, and new ones a second. Envoy has no limit
# by client address. A client is an IPv4 address, or the 64 bits of an IPv6 address that one site has. Needs Linux 4.18, and the kernel's
# connection tracking large enough (net.netfilter.nf_conntrack_max) for two entries of each connection that Envoy takes.
#
# Loading it again replaces it at once and forgets what it counted; connections stay. Seen with: nft list counters table inet sluice-clients
table inet sluice-clients
delete table inet sluice-clients
table inet sluice-clients {
  set ports {
    type inet_service
    elements = { {{ join ", " $limits.ports }} }
  }
  # Not limited: load balancers that put their own address in place of the client's, and whoever many clients are behind.
  set exempt4 {
    type ipv4_addr
    flags interval
    auto-merge
    elements = { {{ join ", " $exempt4 }} }
  }
  set exempt6 {
    type ipv6_addr
    flags interval
    auto-merge
    elements = { {{ join ", " $exempt6 }} }
  }
  # A full set limits nobody who is not in it: there are more clients than that only where nobody is who they say.
  set open4 {
    type ipv4_addr
    size 262144
    flags dynamic
  }
  set open6 {
    type ipv6_addr
    size 262144
    flags dynamic
  }
  set new4 {
    type ipv4_addr
    size 262144
    flags dynamic,timeout
    timeout 10s
  }
  set new6 {
    type ipv6_addr
    size 262144
    flags dynamic,timeout
    timeout 10s
  }
  counter too-fast {
  }
  counter too-many {
  }
  chain input {
    type filter hook input priority filter - 1; policy accept;
    tcp dport @ports tcp flags & (fin | syn | rst | ack) == syn ct state new jump limits
  }
  chain limits {
    ip saddr @exempt4 return
    ip6 saddr @exempt6 return
    # Dropped, not refused: the client's kernel tries again a second later.
    update @new4 { ip saddr limit rate over {{ $limits.newPerSecond }}/second burst {{ $limits.burst }} packets } counter name too-fast drop
    update @new6 { ip6 saddr & ffff:ffff:ffff:ffff:: limit rate over {{ $limits.newPerSecond }}/second burst {{ $limits.burst }} packets } counter name too-fast drop
    # Refused: the client goes on to the next address at once.
    add @open4 { ip saddr ct count over {{ $limits.connections }} } counter name too-many reject with tcp reset
    add @open6 { ip6 saddr & ffff:ffff:ffff:ffff:: ct count over {{ $limits.connections }} } counter name too-many reject with tcp reset
  }
}
{{- end }}

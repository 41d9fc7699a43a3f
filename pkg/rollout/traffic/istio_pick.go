// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// protocols are the keys of a VirtualService's lists of routes, in the order in which they are edited.
var protocols = []string{"http", "tls", "tcp"}

// pick returns the routes that the rollout names, by protocol. Where it names none at all, they are the only route of
// each protocol that there is.
func (v *virtualServiceEdit) pick(spec map[string]any) (map[string][]map[string]any, error) {
	all := map[string][]map[string]any{}
	for _, protocol := range protocols {
		if routes, _ := dicts(spec, protocol); len(routes) > 0 {
			all[protocol] = routes
		}
	}
	if len(all) == 0 {
		return nil, errors.New("it has no HTTP, TLS or TCP routes")
	}
	if len(v.routes.Routes)+len(v.routes.TLSRoutes)+len(v.routes.TCPRoutes) == 0 {
		return v.only(all)
	}
	picked := map[string][]map[string]any{}
	add := func(protocol, what string, named func(map[string]any) bool) error {
		before := len(picked[protocol])
		for _, route := range all[protocol] {
			if named(route) {
				picked[protocol] = append(picked[protocol], route)
			}
		}
		if len(picked[protocol]) == before {
			return fmt.Errorf("no %s route %s", strings.ToUpper(protocol), what)
		}
		return nil
	}
	for _, name := range v.routes.Routes {
		if err := add("http", fmt.Sprintf("has the name %q", name), func(route map[string]any) bool { return text(route, "name") == name }); err != nil {
			return nil, err
		}
	}
	for _, wanted := range v.routes.TLSRoutes {
		if err := add("tls", "matches just "+describeMatch(wanted.Port, wanted.SNIHosts), func(route map[string]any) bool {
			return matchesJust(route, wanted.Port, wanted.SNIHosts)
		}); err != nil {
			return nil, err
		}
	}
	for _, wanted := range v.routes.TCPRoutes {
		if err := add("tcp", "matches just "+describeMatch(wanted.Port, nil), func(route map[string]any) bool {
			return matchesJust(route, wanted.Port, nil)
		}); err != nil {
			return nil, err
		}
	}
	return picked, nil
}

// only returns the only route of each protocol. Managed routes, which the rollout itself has added, do not count.
func (v *virtualServiceEdit) only(all map[string][]map[string]any) (map[string][]map[string]any, error) {
	picked := map[string][]map[string]any{}
	for protocol, routes := range all {
		own := slices.DeleteFunc(slices.Clone(routes), func(route map[string]any) bool { return protocol == "http" && v.managed(route) })
		if len(own) != 1 {
			return nil, fmt.Errorf("it has %d %s routes: it must have exactly one route unless the rollout names those to edit", len(own), strings.ToUpper(protocol))
		}
		picked[protocol] = own
	}
	return picked, nil
}

// matchesJust tells that a TLS or TCP route has a single match, on this port and these hosts. A port or hosts that are
// not wanted may be any.
func matchesJust(route map[string]any, port *int64, hosts []string) bool {
	matches, _ := dicts(route, "match")
	if len(matches) != 1 || port == nil && len(hosts) == 0 {
		return false
	}
	if port != nil && number(matches[0], "port") != *port {
		return false
	}
	if len(hosts) == 0 {
		return true
	}
	var there []string
	list, _ := matches[0]["sniHosts"].([]any)
	for _, host := range list {
		name, _ := host.(string)
		there = append(there, name)
	}
	return slices.Equal(slices.Compact(slices.Sorted(slices.Values(there))), slices.Compact(slices.Sorted(slices.Values(hosts))))
}

func describeMatch(port *int64, hosts []string) string {
	var parts []string
	if port != nil {
		parts = append(parts, "port "+strconv.FormatInt(*port, 10))
	}
	if len(hosts) > 0 {
		parts = append(parts, "sniHosts "+strings.Join(hosts, ", "))
	}
	return strings.Join(parts, " and ")
}

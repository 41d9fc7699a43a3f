// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import "argosy.dev/argosy/apis/raw"

// TrafficRouting splits the traffic of a canary by routers. Several may be used at once.
type TrafficRouting struct {
	// istio splits by the routes of VirtualServices of Istio.
	// +optional
	Istio *IstioTrafficRouting `json:"istio,omitempty"`
	// nginx splits by a second Ingress for the nginx ingress controller.
	// +optional
	Nginx *NginxTrafficRouting `json:"nginx,omitempty"`
	// alb splits by annotations of an Ingress for the AWS Load Balancer Controller.
	// +optional
	ALB *ALBTrafficRouting `json:"alb,omitempty"`
	// smi splits by a TrafficSplit of the Service Mesh Interface.
	// +optional
	SMI *SMITrafficRouting `json:"smi,omitempty"`
	// ambassador splits by Mappings of Ambassador (Emissary).
	// +optional
	Ambassador *AmbassadorTrafficRouting `json:"ambassador,omitempty"`
	// appMesh splits by the VirtualRouter of AWS App Mesh.
	// +optional
	AppMesh *AppMeshTrafficRouting `json:"appMesh,omitempty"`
	// traefik splits by a TraefikService.
	// +optional
	Traefik *TraefikTrafficRouting `json:"traefik,omitempty"`
	// apisix splits by an ApisixRoute.
	// +optional
	Apisix *ApisixTrafficRouting `json:"apisix,omitempty"`
	// plugins are routers by name, each with a configuration of its own. "argoproj-labs/gatewayAPI", by routes of the
	// Gateway API, is built in.
	// +optional
	// +patchStrategy=replace
	Plugins map[string]raw.JSON `json:"plugins,omitzero" patchStrategy:"replace"`
	// managedRoutes are the routes that setHeaderRoute and setMirrorRoute set, in the order of their precedence.
	// +optional
	// +listType=atomic
	ManagedRoutes []ManagedRoute `json:"managedRoutes,omitzero"`
	// maxTrafficWeight is the weight that stands for all of the traffic. Only with nginx and plugins. Default: 100.
	// +optional
	MaxTrafficWeight *int32 `json:"maxTrafficWeight,omitempty"`
}

// ManagedRoute is a route that the rollout may add, change and remove.
type ManagedRoute struct {
	// name is the name of the route.
	Name string `json:"name"`
}

// IstioTrafficRouting splits by the routes of VirtualServices. Exactly one of virtualService and virtualServices is
// set.
type IstioTrafficRouting struct {
	// virtualService is the VirtualService to edit.
	// +optional
	VirtualService *IstioVirtualService `json:"virtualService,omitempty"`
	// virtualServices are the VirtualServices to edit.
	// +optional
	// +listType=atomic
	VirtualServices []IstioVirtualService `json:"virtualServices,omitzero"`
	// destinationRule is the DestinationRule to edit, where the routes go to subsets of one host rather than to two
	// Services.
	// +optional
	DestinationRule *IstioDestinationRule `json:"destinationRule,omitempty"`
}

// IstioVirtualService names routes of a VirtualService.
type IstioVirtualService struct {
	// name is the name of the VirtualService, with its namespace behind a dot if that is another.
	Name string `json:"name"`
	// routes are the names of HTTP routes. May be absent where there is only one.
	// +optional
	// +listType=atomic
	Routes []string `json:"routes,omitzero"`
	// tlsRoutes are TLS routes.
	// +optional
	// +listType=atomic
	TLSRoutes []TLSRoute `json:"tlsRoutes,omitzero"`
	// tcpRoutes are TCP routes.
	// +optional
	// +listType=atomic
	TCPRoutes []TCPRoute `json:"tcpRoutes,omitzero"`
}

// TLSRoute finds a TLS route by what it matches, since such routes have no names.
type TLSRoute struct {
	// port is the port that the route matches.
	// +optional
	Port *int64 `json:"port,omitempty"`
	// sniHosts are the hosts that the route matches, all of them.
	// +optional
	// +listType=atomic
	SNIHosts []string `json:"sniHosts,omitzero"`
}

// TCPRoute finds a TCP route by what it matches, since such routes have no names.
type TCPRoute struct {
	// port is the port that the route matches.
	// +optional
	Port *int64 `json:"port,omitempty"`
}

// IstioDestinationRule names the subsets of a DestinationRule.
type IstioDestinationRule struct {
	// name is the name of the DestinationRule.
	Name string `json:"name"`
	// canarySubsetName is the subset of the new pods. Its labels are edited.
	CanarySubsetName string `json:"canarySubsetName"`
	// stableSubsetName is the subset of the old pods. Its labels are edited.
	StableSubsetName string `json:"stableSubsetName"`
	// additionalSubsetNames are subsets that follow the old pods, too.
	// +optional
	// +listType=atomic
	AdditionalSubsetNames []string `json:"additionalSubsetNames,omitzero"`
}

// NginxTrafficRouting splits by a second Ingress. Exactly one of stableIngress and stableIngresses is set.
type NginxTrafficRouting struct {
	// annotationPrefix is the prefix of the annotations. Default: nginx.ingress.kubernetes.io.
	// +optional
	AnnotationPrefix string `json:"annotationPrefix,omitempty"`
	// stableIngress is the Ingress of the stable Service, which is copied.
	// +optional
	StableIngress string `json:"stableIngress,omitempty"`
	// stableIngresses are the Ingresses of the stable Service, which are copied.
	// +optional
	// +listType=atomic
	StableIngresses []string `json:"stableIngresses,omitzero"`
	// additionalIngressAnnotations are put on the copies, each below annotationPrefix.
	// +optional
	AdditionalIngressAnnotations map[string]string `json:"additionalIngressAnnotations,omitzero"`
	// canaryIngressAnnotations are put on the copies as they are.
	// +optional
	CanaryIngressAnnotations map[string]string `json:"canaryIngressAnnotations,omitzero"`
}

// ALBTrafficRouting splits by annotations of an Ingress. Exactly one of ingress and ingresses is set.
type ALBTrafficRouting struct {
	// ingress is the Ingress to edit.
	// +optional
	Ingress string `json:"ingress,omitempty"`
	// ingresses are the Ingresses to edit.
	// +optional
	// +listType=atomic
	Ingresses []string `json:"ingresses,omitzero"`
	// servicePort is the port of the Services that the traffic goes to.
	ServicePort int32 `json:"servicePort"`
	// rootService is the Service that the rules of the Ingress name. Default: the stable Service.
	// +optional
	RootService string `json:"rootService,omitempty"`
	// annotationPrefix is the prefix of the annotations. Default: alb.ingress.kubernetes.io.
	// +optional
	AnnotationPrefix string `json:"annotationPrefix,omitempty"`
	// stickinessConfig keeps a client at the version that it reached first.
	// +optional
	StickinessConfig *StickinessConfig `json:"stickinessConfig,omitempty"`
}

// StickinessConfig keeps a client at the version that it reached first.
type StickinessConfig struct {
	// enabled tells whether it does.
	Enabled bool `json:"enabled"`
	// durationSeconds is for how many seconds, from 1 to 604800.
	DurationSeconds int64 `json:"durationSeconds"`
}

// SMITrafficRouting splits by a TrafficSplit, which is created.
type SMITrafficRouting struct {
	// rootService is the Service that clients use. Default: the stable Service.
	// +optional
	RootService string `json:"rootService,omitempty"`
	// trafficSplitName is the name of the TrafficSplit. Default: the name of the rollout.
	// +optional
	TrafficSplitName string `json:"trafficSplitName,omitempty"`
}

// AmbassadorTrafficRouting splits by Mappings, each of which gets a copy for the new pods.
type AmbassadorTrafficRouting struct {
	// mappings are the names of the Mappings. At least one.
	// +listType=atomic
	Mappings []string `json:"mappings"`
}

// AppMeshTrafficRouting splits by the VirtualRouter of AWS App Mesh.
type AppMeshTrafficRouting struct {
	// virtualService is the VirtualService whose VirtualRouter is edited.
	// +optional
	VirtualService *AppMeshVirtualService `json:"virtualService,omitempty"`
	// virtualNodeGroup names the VirtualNodes of old and new pods.
	// +optional
	VirtualNodeGroup *AppMeshVirtualNodeGroup `json:"virtualNodeGroup,omitempty"`
}

// AppMeshVirtualService names routes of the VirtualRouter of a VirtualService.
type AppMeshVirtualService struct {
	// name is the name of the VirtualService.
	Name string `json:"name"`
	// routes are the names of the routes. Absent means all.
	// +optional
	// +listType=atomic
	Routes []string `json:"routes,omitzero"`
}

// AppMeshVirtualNodeGroup names the VirtualNodes of old and new pods.
type AppMeshVirtualNodeGroup struct {
	// canaryVirtualNodeRef is the VirtualNode of the new pods.
	CanaryVirtualNodeRef AppMeshVirtualNodeReference `json:"canaryVirtualNodeRef"`
	// stableVirtualNodeRef is the VirtualNode of the old pods.
	StableVirtualNodeRef AppMeshVirtualNodeReference `json:"stableVirtualNodeRef"`
}

// AppMeshVirtualNodeReference names a VirtualNode.
type AppMeshVirtualNodeReference struct {
	// name is the name of the VirtualNode.
	Name string `json:"name"`
}

// TraefikTrafficRouting splits by a TraefikService.
type TraefikTrafficRouting struct {
	// weightedTraefikServiceName is the name of the TraefikService, which must be a weighted one.
	WeightedTraefikServiceName string `json:"weightedTraefikServiceName"`
}

// ApisixTrafficRouting splits by an ApisixRoute.
type ApisixTrafficRouting struct {
	// route is the ApisixRoute to edit.
	// +optional
	Route *ApisixRoute `json:"route,omitempty"`
}

// ApisixRoute names rules of an ApisixRoute.
type ApisixRoute struct {
	// name is the name of the ApisixRoute.
	Name string `json:"name"`
	// rules are the names of its HTTP rules. May be absent where there is only one.
	// +optional
	// +listType=atomic
	Rules []string `json:"rules,omitzero"`
}

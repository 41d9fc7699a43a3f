// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apiserver/pkg/admission"
	genericapiserver "k8s.io/apiserver/pkg/server"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	cliflag "k8s.io/component-base/cli/flag"
	basecompatibility "k8s.io/component-base/compatibility"
	"k8s.io/component-base/version"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/apis/scheme"
	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/apiserver/etcd"
	"argosy.dev/argosy/pkg/apiserver/quota"
)

// etcdPrefix begins the keys of all objects.
const etcdPrefix = "/registry"

// storageVersions are the groups and versions that objects are stored in: the native ones.
var storageVersions = []schema.GroupVersion{wfv1.SchemeGroupVersion, appv1.SchemeGroupVersion, rov1.SchemeGroupVersion, snv1.SchemeGroupVersion}

// Options are the server's flags.
type Options struct {
	// Recommended are what an aggregated server takes from k8s.io/apiserver, less etcd.
	Recommended *genericoptions.RecommendedOptions
	// ServerRun are the limits of a generic server.
	ServerRun *genericoptions.ServerRunOptions
	// Etcd is where objects are stored. Without servers, an embedded member is used.
	Etcd *genericoptions.EtcdOptions
	// DataDir holds the embedded etcd.
	DataDir string
	// QuotaBackendBytes bounds the embedded etcd's database.
	QuotaBackendBytes int64

	// Namespace and ServiceName are the Service by which the cluster reaches the server.
	Namespace, ServiceName string
	// ServicePort is the port of that Service.
	ServicePort int32
	// CASecret names the Secret in Namespace that holds the serving authority.
	CASecret string
	// RegisterAPIServices makes the server register itself.
	RegisterAPIServices bool
	// OwnerClusterRole is the ClusterRole with which the APIServices go.
	OwnerClusterRole string
	// CompatibilityGroup serves argoproj.io too.
	CompatibilityGroup bool
	// TakeOverArgoproj registers argoproj.io even if its custom resources exist.
	TakeOverArgoproj bool
	// Families are what the administrator decides about kinds.
	Families FamilyOptions
}

// NewOptions returns the defaults.
func NewOptions() *Options {
	versions := kubernetesVersions() // before anything asks for a feature
	recommended := genericoptions.NewRecommendedOptions(etcdPrefix, nil)
	recommended.Etcd = nil
	recommended.SecureServing.BindPort = 8443
	quota.Register(recommended.Admission.Plugins, twins)
	recommended.Admission.RecommendedPluginOrder = append(recommended.Admission.RecommendedPluginOrder, quota.PluginName)
	recommended.ExtraAdmissionInitializers = func(*genericapiserver.RecommendedConfig) ([]admission.PluginInitializer, error) {
		return []admission.PluginInitializer{quota.Initializer()}, nil
	}
	// The certificate is made from our own authority, never kept in a file.
	recommended.SecureServing.ServerCert.CertDirectory = ""
	recommended.SecureServing.ServerCert.PairName = ""
	run := genericoptions.NewServerRunOptionsForComponent(basecompatibility.DefaultKubeComponent, versions)
	run.MaxRequestBodyBytes = MaxBodyBytes
	// Drain what is short and then cut what streams. Otherwise the shutdown waits
	// --request-timeout for watches that never end by themselves, and while a
	// single server is away no namespace of the cluster can be deleted.
	run.ShutdownSendRetryAfter = true
	backend := storagebackend.NewDefaultConfig(etcdPrefix, scheme.Codecs.LegacyCodec(storageVersions...))
	backend.EncodeVersioner = schema.GroupVersions(storageVersions)
	return &Options{
		Recommended:         recommended,
		ServerRun:           run,
		Etcd:                genericoptions.NewEtcdOptions(backend),
		DataDir:             "/var/lib/argosy",
		QuotaBackendBytes:   etcd.DefaultQuotaBackendBytes,
		Namespace:           "argosy-system",
		ServiceName:         "argosy-apiserver",
		ServicePort:         443,
		CASecret:            "argosy-apiserver-ca",
		RegisterAPIServices: true,
		CompatibilityGroup:  true,
	}
}

// kubernetesVersions makes feature gates and emulation follow the Kubernetes
// release that we are built from. The default registry would take our own
// version for it, by which all features of Kubernetes are still to come.
func kubernetesVersions() basecompatibility.ComponentGlobalsRegistry {
	registry := basecompatibility.NewComponentGlobalsRegistry()
	kube := basecompatibility.NewEffectiveVersionFromString(version.DefaultKubeBinaryVersion, "", "")
	utilruntime.Must(registry.Register(basecompatibility.DefaultKubeComponent, kube, utilfeature.DefaultMutableFeatureGate))
	return registry
}

// Flags returns the flags in named sections, as components of Kubernetes show them.
func (o *Options) Flags() cliflag.NamedFlagSets {
	var fss cliflag.NamedFlagSets
	o.ServerRun.AddUniversalFlags(fss.FlagSet("generic"))
	o.addEtcdFlags(fss.FlagSet("etcd"))
	o.Recommended.SecureServing.AddFlags(fss.FlagSet("secure serving"))
	o.Recommended.Authentication.AddFlags(fss.FlagSet("authentication"))
	o.Recommended.Authorization.AddFlags(fss.FlagSet("authorization"))
	o.Recommended.Audit.AddFlags(fss.FlagSet("auditing"))
	o.Recommended.Features.AddFlags(fss.FlagSet("features"))
	o.Recommended.CoreAPI.AddFlags(fss.FlagSet("cluster"))
	o.Recommended.Admission.AddFlags(fss.FlagSet("admission"))
	o.Recommended.EgressSelector.AddFlags(fss.FlagSet("egress selector"))
	o.Recommended.Traces.AddFlags(fss.FlagSet("traces"))

	fs := fss.FlagSet("aggregation")
	fs.StringVar(&o.Namespace, "namespace", o.Namespace, "Namespace that the server runs in: of its Service, its Secret and its Leases.")
	fs.StringVar(&o.ServiceName, "service-name", o.ServiceName, "Name of the Service by which the aggregation layer reaches the server.")
	fs.Int32Var(&o.ServicePort, "service-port", o.ServicePort, "Port of that Service.")
	fs.StringVar(&o.CASecret, "serving-ca-secret", o.CASecret, "Name of the Secret in --namespace that holds the server's own certificate authority. It is made if absent, shared by all replicas, and renewed in time. Not used with --tls-cert-file.")
	fs.BoolVar(&o.RegisterAPIServices, "register-apiservices", o.RegisterAPIServices, "Register the server's APIServices with the cluster, and keep them registered.")
	fs.StringVar(&o.OwnerClusterRole, "owner-cluster-role", o.OwnerClusterRole, "ClusterRole that owns the APIServices: deleting it unregisters the server. If empty, they stay until they are deleted.")
	fs.BoolVar(&o.CompatibilityGroup, "compatibility-group", o.CompatibilityGroup, "Serve all kinds in the group argoproj.io too.")
	fs.BoolVar(&o.TakeOverArgoproj, "take-over-argoproj", o.TakeOverArgoproj, "Register argoproj.io even if custom resource definitions of that group exist. Their objects can no longer be reached while the server is registered.")

	fs = fss.FlagSet("kinds")
	fs.BoolVar(&o.Families.AcceptInvalidRollouts, "accept-invalid-rollouts", o.Families.AcceptInvalidRollouts, "Store rollouts, analyses and experiments that are invalid, with a warning, instead of refusing them. A condition says what is wrong, and nothing is done with them until it is mended.")
	return fss
}

func (o *Options) addEtcdFlags(fs *pflag.FlagSet) {
	o.Etcd.AddFlags(fs)
	fs.Lookup("etcd-servers").Usage = "List of etcd servers to connect with (scheme://ip:port), comma separated. If empty, the server runs an etcd of its own in --data-dir."
	fs.StringVar(&o.DataDir, "data-dir", o.DataDir, "Directory of the embedded etcd. Used by one server only.")
	fs.Int64Var(&o.QuotaBackendBytes, "quota-backend-bytes", o.QuotaBackendBytes, "Size in bytes that the embedded etcd may grow to before it refuses writes.")
}

// Embedded tells whether the server runs its own etcd.
func (o *Options) Embedded() bool { return len(o.Etcd.StorageConfig.Transport.ServerList) == 0 }

// Validate returns everything that is wrong with the options.
func (o *Options) Validate() error {
	errs := o.Recommended.Validate()
	errs = append(errs, o.ServerRun.Validate()...)
	for _, err := range o.Etcd.Validate() {
		// An empty list is what asks for the embedded member.
		if !o.Embedded() || !strings.Contains(err.Error(), "--etcd-servers must be specified") {
			errs = append(errs, err)
		}
	}
	if o.Embedded() && o.DataDir == "" {
		errs = append(errs, errors.New("--data-dir must be given where --etcd-servers is not"))
	}
	if o.QuotaBackendBytes <= 0 {
		errs = append(errs, fmt.Errorf("--quota-backend-bytes must be positive, not %d", o.QuotaBackendBytes))
	}
	if tls := o.Recommended.SecureServing.ServerCert.CertKey; (tls.CertFile == "") != (tls.KeyFile == "") {
		errs = append(errs, errors.New("--tls-cert-file and --tls-private-key-file must be given together"))
	}
	if o.TakeOverArgoproj && !o.CompatibilityGroup {
		errs = append(errs, errors.New("--take-over-argoproj needs --compatibility-group"))
	}
	return utilerrors.NewAggregate(errs)
}

// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/util/csaupgrade"

	"argosy.dev/argosy/pkg/application/object"
)

// attempts is how often a write is tried that somebody else's write has overtaken.
const attempts = 5

// undeclared is what a server says of a field that it does not know. A server-side apply fails with it even where validation
// is off, since no owner can be noted for such a field; a client-side apply passes over it then.
const undeclared = "field not declared in schema"

// Undeclared tells of an error of a server-side apply that the object has a field which the server does not know. The server
// answers with an internal error then.
func Undeclared(err error) bool { return strings.Contains(err.Error(), undeclared) }

// MigratedManagers are the field managers whose fields a server-side apply takes over as a rule: kubectl's client-side
// apply, and the peer's, which writes under the name by which it also applies server-side.
var MigratedManagers = []string{"kubectl-client-side-apply", FieldManager}

// Apply makes an object what it should be.
func (c *Cache) Apply(ctx context.Context, request ApplyRequest) (Applied, error) {
	kind, key, err := c.locate(ctx, request.Object)
	if err != nil {
		return Applied{}, err
	}
	a := &applying{
		cache: c, kind: kind, key: key, request: request, target: toSend(request.Object, key),
		how: writing{manager: request.Manager, dryRun: request.DryRun, strict: !request.NoValidation},
	}
	if a.how.manager == "" {
		a.how.manager = FieldManager
	}
	rebinds, err := a.rebinds(ctx)
	if err != nil {
		return Applied{}, failure(key, err, request.Object)
	}
	var answer *unstructured.Unstructured
	var done string
	switch {
	case request.Force && !neverDeleted(key) || rebinds:
		answer, done, err = a.anew(ctx)
	case request.Mode == Replace:
		answer, done, err = a.replace(ctx)
	case request.Mode == ClientSide:
		answer, done, err = a.merge(ctx)
	case request.Mode == ServerSide, request.Mode == "":
		answer, done, err = a.serverSide(ctx)
	default:
		return Applied{}, &Error{Key: key, Err: fmt.Errorf("there is no way to apply that is called %q", request.Mode)}
	}
	if err != nil {
		return Applied{}, failure(key, err, request.Object, a.live)
	}
	if request.DryRun {
		done += " (dry run)"
	} else {
		c.learn(kind, answer)
	}
	return Applied{Object: answer, Message: key.Label() + " " + done}, nil
}

// neverDeleted tells that an object is not deleted to create it anew: with it would go all that it holds.
func neverDeleted(key object.Key) bool {
	return key.Group == "" && key.Kind == "Namespace" || key.Group == "apiextensions.k8s.io" && key.Kind == "CustomResourceDefinition"
}

// applying is one ApplyRequest on its way.
type applying struct {
	cache   *Cache
	kind    Kind
	key     object.Key
	request ApplyRequest
	target  *unstructured.Unstructured
	how     writing
	// live is the object as it was last seen, nil if it is not there or was not looked at.
	live *unstructured.Unstructured
}

// look finds the live object: in the cache at first, from the server if the cache's was overtaken.
func (a *applying) look(ctx context.Context, again bool) (err error) {
	if again {
		a.live, err = a.cache.read(ctx, a.key, a.kind.Version)
	} else {
		a.live, err = a.cache.Get(ctx, a.key, a.kind.Version)
	}
	return err
}

// rebinds tells that an object is a binding of another role than the live one. The role of a binding cannot be changed, so
// it is deleted and created anew, as kubectl auth reconcile does; but only if the server would let us create it.
func (a *applying) rebinds(ctx context.Context) (bool, error) {
	if a.key.Group != rbacv1.GroupName || a.key.Kind != "RoleBinding" && a.key.Kind != "ClusterRoleBinding" || a.request.Mode == Replace || a.request.Force {
		return false, nil
	}
	if err := a.look(ctx, false); err != nil || a.live == nil || roleOf(a.live) == roleOf(a.target) {
		return false, err
	}
	asking := *a
	asking.how.dryRun = true
	if _, err := asking.create(ctx); err != nil && !apierrors.IsAlreadyExists(err) {
		return false, err
	}
	return true, nil
}

// roleOf is the role that a binding is of.
func roleOf(binding *unstructured.Unstructured) (role [2]string) {
	for i, field := range []string{"kind", "name"} {
		role[i], _, _ = unstructured.NestedString(binding.Object, "roleRef", field) // what is no text is refused by the server
	}
	return role
}

// serverSide is one PATCH, and one more before it if fields of other managers are taken over.
func (a *applying) serverSide(ctx context.Context) (*unstructured.Unstructured, string, error) {
	if len(a.request.Migrate) > 0 && !a.request.DryRun {
		if err := a.migrate(ctx); err != nil {
			return nil, "", err
		}
	}
	body, err := encode(a.target)
	if err != nil {
		return nil, "", err
	}
	a.how.force = true
	for try := 1; ; try++ {
		r := a.how.on(a.cache.request(a.cache.client.Patch(types.ApplyPatchType), a.kind, a.key.Namespace, a.key.Name))
		answer, err := a.cache.send(ctx, r, body)
		switch {
		case err != nil && a.request.NoValidation && Undeclared(err):
			a.how.force = false
			return a.merge(ctx)
		case !apierrors.IsConflict(err) || try == attempts || a.target.GetResourceVersion() != "":
			return answer, "serverside-applied", err
		}
	}
}

// migrate takes over the fields that others wrote by client-side apply, if there are any: otherwise what is taken out of the
// manifest would stay, since it would still be theirs.
func (a *applying) migrate(ctx context.Context) error {
	managers := sets.New(a.request.Migrate...)
	for try := 1; ; try++ {
		if err := a.look(ctx, try > 1); err != nil || a.live == nil {
			return err
		}
		if !slices.ContainsFunc(a.live.GetManagedFields(), func(entry metav1.ManagedFieldsEntry) bool {
			return entry.Operation == metav1.ManagedFieldsOperationUpdate && entry.Subresource == "" && managers.Has(entry.Manager)
		}) {
			return nil
		}
		if try == 1 { // the cache keeps no times of fields, and these must not be lost
			continue
		}
		patch, err := csaupgrade.UpgradeManagedFieldsPatch(a.live, managers, a.how.manager)
		if err != nil || patch == nil {
			return err
		}
		r := a.how.on(a.cache.request(a.cache.client.Patch(types.JSONPatchType), a.kind, a.key.Namespace, a.key.Name))
		if _, err = a.cache.send(ctx, r, patch); !apierrors.IsConflict(err) || try >= attempts {
			return err
		}
	}
}

// create is one POST.
func (a *applying) create(ctx context.Context) (*unstructured.Unstructured, error) {
	target := a.target.DeepCopy()
	target.SetResourceVersion("")
	target.SetUID("")
	body, err := encode(target)
	if err != nil {
		return nil, err
	}
	return a.cache.send(ctx, a.how.on(a.cache.request(a.cache.client.Post(), a.kind, a.key.Namespace, "")), body)
}

// write creates the object if it is not there, else it has it changed from what is there. If others were faster, it is
// tried again on what they left.
func (a *applying) write(ctx context.Context, change func() (*unstructured.Unstructured, string, error)) (*unstructured.Unstructured, string, error) {
	for try := 1; ; try++ {
		if err := a.look(ctx, try > 1); err != nil {
			return nil, "", err
		}
		if a.live == nil {
			answer, err := a.create(ctx)
			if apierrors.IsAlreadyExists(err) && try < attempts {
				continue
			}
			return answer, "created", err
		}
		answer, message, err := change()
		if (apierrors.IsConflict(err) || notFound(err)) && try < attempts {
			continue
		}
		return answer, message, err
	}
}

// replace is one PUT, or one POST if the object is not there.
func (a *applying) replace(ctx context.Context) (*unstructured.Unstructured, string, error) {
	return a.write(ctx, func() (*unstructured.Unstructured, string, error) {
		target := a.target.DeepCopy()
		target.SetResourceVersion(a.live.GetResourceVersion())
		target.SetUID(a.live.GetUID())
		body, err := encode(target)
		if err != nil {
			return nil, "", err
		}
		answer, err := a.cache.send(ctx, a.how.on(a.cache.request(a.cache.client.Put(), a.kind, a.key.Namespace, a.key.Name)), body)
		return answer, "replaced", err
	})
}

// anew deletes the object, waits until it is gone, and creates it.
func (a *applying) anew(ctx context.Context) (*unstructured.Unstructured, string, error) {
	if err := a.look(ctx, false); err != nil {
		return nil, "", err
	}
	if a.live == nil {
		answer, err := a.create(ctx)
		return answer, "created", err
	}
	it := a.cache.lookup(a.key)
	deleted, err := a.cache.Delete(ctx, DeleteRequest{
		Key: a.key, UID: a.live.GetUID(), Propagation: metav1.DeletePropagationBackground, DryRun: a.request.DryRun,
	})
	if err != nil {
		return nil, "", err
	}
	if a.request.DryRun {
		return a.target, "replaced", nil
	}
	if !deleted.Gone {
		if it == nil {
			return nil, "", errors.New("it is being deleted, and its kind cannot be watched to see when it has gone")
		}
		if err := a.cache.awaitGone(ctx, a.key, it); err != nil {
			return nil, "", fmt.Errorf("waiting until it is deleted, to create it anew: %w", err)
		}
	}
	if a.request.Mode == ClientSide {
		if err := setLastApplied(a.target); err != nil {
			return nil, "", err
		}
	}
	answer, err := a.create(ctx)
	return answer, "replaced", err
}

// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// maxDescription is what the peer's schema allows, in characters.
const maxDescription = 255

// ValidateAppProject returns what can never be right in a project, besides its metadata.
func ValidateAppProject(p *appv1.AppProject) field.ErrorList {
	spec, path := &p.Spec, field.NewPath("spec")
	var errs field.ErrorList
	if utf8.RuneCountInString(spec.Description) > maxDescription {
		errs = append(errs, field.TooLong(path.Child("description"), "", maxDescription))
	}
	errs = append(errs, unique(spec.SourceRepos, path.Child("sourceRepos"))...)
	for i, repo := range spec.SourceRepos {
		errs = append(errs, glob(repo, path.Child("sourceRepos").Index(i))...)
	}
	errs = append(errs, destinations(spec.Destinations, path.Child("destinations"))...)
	for i, ns := range spec.SourceNamespaces {
		errs = append(errs, glob(ns, path.Child("sourceNamespaces").Index(i))...)
	}
	errs = append(errs, serviceAccounts(spec.DestinationServiceAccounts, path.Child("destinationServiceAccounts"))...)
	errs = append(errs, roles(p.Name, spec.Roles, path.Child("roles"))...)
	for i := range spec.SyncWindows {
		errs = append(errs, syncWindow(&spec.SyncWindows[i], path.Child("syncWindows").Index(i))...)
	}
	keys := make([]string, len(spec.SignatureKeys))
	for i, key := range spec.SignatureKeys {
		keys[i] = key.KeyID
		errs = append(errs, signatureKey(key.KeyID, path.Child("signatureKeys").Index(i).Child("keyID"))...)
	}
	errs = append(errs, unique(keys, path.Child("signatureKeys"))...)
	if spec.SourceIntegrity != nil {
		errs = append(errs, sourceIntegrity(spec.SourceIntegrity, path.Child("sourceIntegrity"))...)
	}
	return atMost(errs)
}

// glob refuses what denies everything, which the peer refuses, too: leaving the place empty does the same.
func glob(text string, path *field.Path) field.ErrorList {
	if strings.TrimSpace(text) == "!*" {
		return field.ErrorList{field.Invalid(path, text, "must not deny everything")}
	}
	return nil
}

func destinations(all []appv1.ProjectDestination, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := map[appv1.ProjectDestination]bool{}
	for i, d := range all {
		at := path.Index(i)
		if seen[d] {
			errs = append(errs, field.Duplicate(at, short(fmt.Sprintf("%s%s/%s", d.Server, d.Name, d.Namespace))))
		}
		seen[d] = true
		errs = append(errs, glob(d.Server, at.Child("server"))...)
		errs = append(errs, glob(d.Name, at.Child("name"))...)
		errs = append(errs, glob(d.Namespace, at.Child("namespace"))...)
	}
	return errs
}

func serviceAccounts(all []appv1.DestinationServiceAccount, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := map[[2]string]bool{}
	for i, a := range all {
		at := path.Index(i)
		if key := [2]string{a.Server, a.Namespace}; seen[key] {
			errs = append(errs, field.Duplicate(at, short(a.Server+"/"+a.Namespace)))
		} else {
			seen[key] = true
		}
		errs = append(errs, required(a.Server, at.Child("server"), "a glob of clusters")...)
		if strings.HasPrefix(a.Server, "!") {
			errs = append(errs, field.Invalid(at.Child("server"), short(a.Server), "must not begin with !"))
		}
		if strings.HasPrefix(a.Namespace, "!") {
			errs = append(errs, field.Invalid(at.Child("namespace"), short(a.Namespace), "must not begin with !"))
		}
		errs = append(errs, serviceAccount(a.DefaultServiceAccount, at.Child("defaultServiceAccount"))...)
	}
	return errs
}

func serviceAccount(text string, path *field.Path) field.ErrorList {
	if text == "" {
		return field.ErrorList{field.Required(path, "a service account as NAME or NAMESPACE:NAME")}
	}
	namespace, name, found := strings.Cut(text, ":")
	if !found {
		namespace, name = "", text
	}
	var said []string
	if found {
		said = validation.IsDNS1123Label(namespace)
	}
	said = append(said, apivalidation.ValidateServiceAccountName(name, false)...)
	return messages(path, text, said)
}

// roleName is what a role may be called: it is part of the subjects of policies.
var roleName = regexp.MustCompile(`^[a-zA-Z0-9]([-_a-zA-Z0-9]*[a-zA-Z0-9])?$`)

func roles(project string, all []appv1.ProjectRole, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := map[string]bool{}
	for i := range all {
		r, at := &all[i], path.Index(i)
		switch {
		case r.Name == "":
			errs = append(errs, field.Required(at.Child("name"), ""))
		case !roleName.MatchString(r.Name):
			errs = append(errs, field.Invalid(at.Child("name"), short(r.Name), "must consist of letters, digits, - and _, and begin and end with a letter or digit"))
		case seen[r.Name]:
			errs = append(errs, field.Duplicate(at.Child("name"), r.Name))
		}
		seen[r.Name] = true
		errs = append(errs, unique(r.Policies, at.Child("policies"))...)
		for j, text := range r.Policies {
			errs = append(errs, policy(text, project, r.Name, at.Child("policies").Index(j))...)
		}
		errs = append(errs, unique(r.Groups, at.Child("groups"))...)
		for j, group := range r.Groups {
			if strings.TrimSpace(group) == "" || strings.ContainsAny(group, "\n\r\t") {
				errs = append(errs, field.Invalid(at.Child("groups").Index(j), short(group), "must not be blank, and not have line breaks or tabs"))
			}
		}
		for j, token := range r.JWTTokens {
			errs = append(errs, apivalidation.ValidateNonnegativeField(token.IssuedAt, at.Child("jwtTokens").Index(j).Child("iat"))...)
			if token.ExpiresAt != nil {
				errs = append(errs, apivalidation.ValidateNonnegativeField(*token.ExpiresAt, at.Child("jwtTokens").Index(j).Child("exp"))...)
			}
		}
	}
	return errs
}

// policy refuses a text that is no policy, or one about another project or role.
func policy(text, project, role string, path *field.Path) field.ErrorList {
	bad := func(format string, args ...any) field.ErrorList {
		return field.ErrorList{field.Invalid(path, short(text), fmt.Sprintf(format, args...))}
	}
	parts := strings.Split(text, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	if len(parts) != 6 || parts[0] != "p" {
		return bad("must be \"p, SUBJECT, RESOURCE, ACTION, OBJECT, allow|deny\"")
	}
	// A name that the server makes up is not known yet.
	subject := "proj:" + project + ":" + role
	if project != "" && parts[1] != subject {
		return bad("the subject must be %s", subject)
	}
	if parts[2] == "" || parts[3] == "" {
		return bad("resource and action must not be empty")
	}
	if project != "" && !strings.HasPrefix(parts[4], project+"/") {
		return bad("the object must begin with %s/", project)
	}
	if effect := parts[5]; effect != "allow" && effect != "deny" {
		return bad("the effect must be allow or deny")
	}
	return nil
}

func syncWindow(w *appv1.SyncWindow, path *field.Path) field.ErrorList {
	errs := oneOf(w.Kind, path.Child("kind"), appv1.SyncWindowAllow, appv1.SyncWindowDeny)
	errs = append(errs, schedule(w.Schedule, path.Child("schedule"))...)
	if d, err := time.ParseDuration(w.Duration); err != nil || d <= 0 {
		errs = append(errs, field.Invalid(path.Child("duration"), short(w.Duration), "must be a duration such as 1h30m"))
	}
	if w.TimeZone != "" {
		if _, err := time.LoadLocation(w.TimeZone); err != nil {
			errs = append(errs, field.Invalid(path.Child("timeZone"), short(w.TimeZone), "must be the name of a time zone such as Europe/Berlin"))
		}
	}
	return errs
}

// keyID is the id of a GnuPG key, short or as its fingerprint.
var keyID = regexp.MustCompile(`^([0-9A-Fa-f]{16}|[0-9A-Fa-f]{40})$`)

func signatureKey(id string, path *field.Path) field.ErrorList {
	if keyID.MatchString(id) {
		return nil
	}
	return field.ErrorList{field.Invalid(path, short(id), "must be the id of a GnuPG key: 16 or 40 hexadecimal digits")}
}

func sourceIntegrity(s *appv1.SourceIntegrity, path *field.Path) field.ErrorList {
	at := path.Child("git")
	if s.Git == nil {
		return field.ErrorList{field.Required(at, "")}
	}
	var errs field.ErrorList
	for i := range s.Git.Policies {
		p, at := &s.Git.Policies[i], at.Child("policies").Index(i)
		for j, repo := range p.Repos {
			errs = append(errs, required(repo.URL, at.Child("repos").Index(j).Child("url"), "a glob of repositories")...)
		}
		if p.GPG == nil {
			errs = append(errs, field.Required(at.Child("gpg"), ""))
			continue
		}
		at = at.Child("gpg")
		errs = append(errs, oneOf(p.GPG.Mode, at.Child("mode"), appv1.SourceIntegrityNone, appv1.SourceIntegrityHead, appv1.SourceIntegrityStrict)...)
		for j, key := range p.GPG.Keys {
			errs = append(errs, signatureKey(key, at.Child("keys").Index(j))...)
		}
	}
	return errs
}

// policyResources are what a project's policies can be about.
var policyResources = []string{"applications", "applicationsets", "repositories", "write-repositories", "clusters", "logs", "exec", "projects", "*"}

// WarnAppProject returns what is accepted in a project, but will not do what its writer may expect.
func WarnAppProject(p *appv1.AppProject) []string {
	var w warnings
	path := field.NewPath("spec")
	for i := range p.Spec.SyncWindows {
		window, at := &p.Spec.SyncWindows[i], path.Child("syncWindows").Index(i)
		if len(window.Applications)+len(window.Namespaces)+len(window.Clusters) == 0 {
			w.add(at, "about no application: none of applications, namespaces and clusters is given")
		}
	}
	for i := range p.Spec.Roles {
		r, at := &p.Spec.Roles[i], path.Child("roles").Index(i)
		for j, text := range r.Policies {
			if parts := strings.Split(text, ","); len(parts) == 6 && !has(policyResources, strings.TrimSpace(parts[2])) {
				w.add(at.Child("policies").Index(j), "there is no resource %q", short(strings.TrimSpace(parts[2])))
			}
		}
		for j, token := range r.JWTTokens {
			if token.ExpiresAt != nil && *token.ExpiresAt != 0 && *token.ExpiresAt < token.IssuedAt {
				w.add(at.Child("jwtTokens").Index(j), "expires before it was given out")
			}
		}
	}
	if len(p.Spec.SignatureKeys) > 0 {
		w.add(path.Child("signatureKeys"), "deprecated: use sourceIntegrity")
	}
	if s := p.Spec.SourceIntegrity; s != nil && s.Git != nil {
		for i, policy := range s.Git.Policies {
			if g := policy.GPG; g != nil && g.Mode != appv1.SourceIntegrityNone && len(g.Keys) == 0 {
				w.add(path.Child("sourceIntegrity", "git", "policies").Index(i).Child("gpg", "keys"), "no key is trusted, so nothing can be synced from these repositories")
			}
		}
	}
	if len(p.Spec.SourceRepos) == 0 {
		w.add(path.Child("sourceRepos"), "none is given, so no application can be synced")
	}
	if len(p.Spec.Destinations) == 0 {
		w.add(path.Child("destinations"), "none is given, so no application can be synced")
	}
	return w
}

// Package fieldpath is version 6 by the path of version 4: the plugin imports that one, and hands it
// what a client of Kubernetes 1.36 gives, which are types of version 6.
package fieldpath

import v6 "sigs.k8s.io/structured-merge-diff/v6/fieldpath"

type (
	Path = v6.Path
	Set  = v6.Set
)

var MakePath = v6.MakePath

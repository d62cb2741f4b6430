// Pulumi's Kubernetes plugin. Its own main embeds files that are generated, and not in its module.
package main

import (
	"bytes"
	_ "embed"
	"strconv"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
)

var version string

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var mapping []byte

func main() {
	versioned := bytes.Replace(schema, []byte("{"), []byte(`{"version":`+strconv.Quote(version)+","), 1)
	provider.Serve("kubernetes", version, versioned, mapping)
}

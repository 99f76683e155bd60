// Command pulumi-resource-kubernetes is Pulumi's Kubernetes provider: the main of its own source, which the build gives
// the two files that it embeds. Upstream makes them by a generator that its published module cannot run.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var terraformMapping []byte

func main() {
	provider.Serve("kubernetes", version.Version, schema, terraformMapping)
}

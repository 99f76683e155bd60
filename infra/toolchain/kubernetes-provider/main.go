// Command pulumi-resource-kubernetes is Pulumi's Kubernetes provider: the main of its own source, which the build gives
// the two files that it embeds. Upstream makes them by a generator that its published module cannot run.
package main

import (
	_ "embed"
	"os"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var terraformMapping []byte

// patchForce is the argument enablePatchForce of newer releases, which the program gives to each of its providers: what
// others changed is set back instead of reported as a conflict. This release reads it from the environment only.
const patchForce = "PULUMI_K8S_ENABLE_PATCH_FORCE"

func main() {
	if err := os.Setenv(patchForce, "true"); err != nil {
		panic(err)
	}
	provider.Serve("kubernetes", version.Version, schema, terraformMapping)
}

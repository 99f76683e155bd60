// Prints what compose-go reads from the Compose files that are named, as JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	options, err := cli.NewProjectOptions(os.Args[1:],
		cli.WithOsEnv, cli.WithEnvFiles(), cli.WithDotEnv, cli.WithDefaultProfiles())
	if err == nil {
		project, failure := options.LoadProject(context.Background())
		if failure == nil {
			_ = json.NewEncoder(os.Stdout).Encode(map[string]any{"project": project, "disabled": project.DisabledServices})
			return
		}
		err = failure
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

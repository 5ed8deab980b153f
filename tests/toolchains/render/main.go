// SPDX-License-Identifier: Apache-2.0

// Prints what `kubectl kustomize DIR` would, with the same library, for each directory in turn: documents of one directory
// are separated by "---", those of two directories by "# DIR".
package main

import (
	"fmt"
	"os"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

func main() {
	failed := false
	for _, dir := range os.Args[1:] {
		rendered, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
		var text []byte
		if err == nil {
			text, err = rendered.AsYaml()
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", dir, err)
			failed = true
			continue
		}
		fmt.Printf("# %s\n%s---\n", dir, text)
	}
	if failed {
		os.Exit(1)
	}
}

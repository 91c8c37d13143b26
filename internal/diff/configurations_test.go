package diff

import (
	"testing"

	"scim-auditor/internal/ona"
)

func TestComputeRefusesAnUnsortedInventory(t *testing.T) {
	sorted := ona.Inventory{SCIM: []ona.SCIMConfiguration{{ID: "a"}, {ID: "b"}}, SSO: []ona.SSOConfiguration{{ID: "a"},
		{ID: "b"}}}
	for name, in := range map[string]ona.Inventory{
		"SCIM out of order": {SCIM: []ona.SCIMConfiguration{{ID: "b"}, {ID: "a"}}, SSO: sorted.SSO},
		"SCIM twice":        {SCIM: []ona.SCIMConfiguration{{ID: "a"}, {ID: "a"}, {ID: "b"}}, SSO: sorted.SSO},
		"SSO out of order":  {SCIM: sorted.SCIM, SSO: []ona.SSOConfiguration{{ID: "b"}, {ID: "a"}}},
	} {
		for side, compute := range map[string]func() []Change{
			"before": func() []Change { return Compute(in, sorted, nil) },
			"after":  func() []Change { return Compute(sorted, in, nil) },
		} {
			t.Run(name+" "+side, func(t *testing.T) {
				defer func() {
					if recover() == nil {
						t.Error("no panic")
					}
				}()
				t.Errorf("changes of an unsorted inventory: %q", format(compute()))
			})
		}
	}
}

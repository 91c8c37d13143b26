package finding

import "strings"

// Frameworks are the frameworks that a Control can belong to, by the names under which auditors
// cite them, in the order of reports.
var Frameworks = []string{"SOC 2 TSC 2017", "ISO/IEC 27001:2022 Annex A", "NIST SP 800-53 Rev. 5", "PCI DSS 4.0.1"}

// Control is one control of a framework. A rule supports a control; no rule alone satisfies one.
type Control struct {
	Framework, ID string
}

// Controls returns the ids of the controls of one framework that the rule supports.
func (r Rule) Controls(framework string) []string {
	var ids []string
	for _, c := range r.Supports {
		if c.Framework == framework {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// supports returns the controls of each framework, in the order of Frameworks; the ids of one
// framework are separated by spaces.
func supports(soc2, iso, nist, pci string) []Control {
	var all []Control
	for i, ids := range []string{soc2, iso, nist, pci} {
		for _, id := range strings.Fields(ids) {
			all = append(all, Control{Frameworks[i], id})
		}
	}
	return all
}

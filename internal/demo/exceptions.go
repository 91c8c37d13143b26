package demo

import _ "embed" // for exceptions.yaml

//go:embed exceptions.yaml
var exceptions string

// Exceptions is an exceptions file for the story: one exception that expires after night 4, one
// whose finding is resolved on night 6, one for a whole organization, and one that stays in force.
func Exceptions() string { return exceptions }

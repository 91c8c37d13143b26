package settings

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"
)

// The bounds of a settings file. The YAML library takes a time that grows much faster than the file
// for values in each other and for aliases of aliases.
const (
	maxYAMLBytes = 4 << 20
	maxNesting   = 64
	// maxExpanded is the most nodes that all aliases together may stand for.
	maxExpanded = 20_000
)

// checkSize returns an error if a file is larger than any file of settings.
func checkSize(path string, content []byte) error {
	if len(content) > maxYAMLBytes {
		return fmt.Errorf("%s: the file has %d bytes; expected at most %d", path, len(content), maxYAMLBytes)
	}
	return nil
}

// checkNesting returns an error if values are nested too deeply, before the parser follows them.
func (f *yamlFile) checkNesting(content []byte) error {
	flow, inRow, line := 0, 0, 0 // open brackets, and further levels that began in the same line or entry
	for _, t := range lexer.Tokenize(string(content)) {
		if flow == 0 && t.Position.Line != line {
			inRow, line = 0, t.Position.Line
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow = max(flow-1, 0)
		case token.SequenceEntryType, token.MappingKeyType, token.TagType, token.AnchorType:
			inRow++
		case token.MappingValueType:
			if flow == 0 {
				inRow++
			}
		case token.CollectEntryType:
			inRow = 0
		}
		if flow+inRow > maxNesting {
			return fmt.Errorf("%s: values are nested more than %d levels deep", f.at(t), maxNesting)
		}
	}
	return nil
}

// checkAliases returns an error if the aliases stand for too many nodes, before the decoder copies
// them.
func (f *yamlFile) checkAliases() error {
	var anchors []*ast.AnchorNode
	var aliases []*ast.AliasNode
	f.each(func(n ast.Node) {
		switch n := n.(type) {
		case *ast.AnchorNode:
			anchors = append(anchors, n)
		case *ast.AliasNode:
			aliases = append(aliases, n)
		}
	})
	nodes := make(map[string]int) // for which an anchor stands, by its name
	// An anchor can contain another, whose nodes are known one round later.
	for changed, round := true, 0; changed && round < maxNesting; round++ {
		changed = false
		for _, a := range anchors {
			n := expanded(a.Value, nodes)
			changed = changed || n != nodes[a.Name.String()]
			nodes[a.Name.String()] = n
		}
	}
	sum := 0
	for _, a := range aliases {
		if sum += nodes[a.Value.String()]; sum > maxExpanded {
			return fmt.Errorf("%s: the aliases of the file stand for more than %d values; write them out", f.at(a.GetToken()),
				maxExpanded)
		}
	}
	return nil
}

// expanded counts the nodes of a value in which each alias stands for what is known of its anchor.
// It stops counting above maxExpanded.
func expanded(value ast.Node, nodes map[string]int) (n int) {
	ast.Walk(visitor(func(node ast.Node) {
		n++
		if alias, ok := node.(*ast.AliasNode); ok {
			n += nodes[alias.Value.String()]
		}
		n = min(n, maxExpanded+1)
	}), value)
	return n
}

// each calls do for every node of the file.
func (f *yamlFile) each(do func(ast.Node)) {
	for _, doc := range f.tree.Docs {
		ast.Walk(visitor(do), doc)
	}
}

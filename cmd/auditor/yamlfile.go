package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// yamlFile is a settings file that has been read, strictly: an unknown or repeated key, a value of another type, or a second document is an
// error with file, line, column and what was expected.
type yamlFile struct {
	path string
	tree *ast.File
}

// readYAML decodes content into a value. An empty file leaves it as it is.
func readYAML(path string, content []byte, into any) (*yamlFile, error) {
	f := &yamlFile{path: path}
	var err error
	if f.tree, err = parser.ParseBytes(content, 0); err != nil {
		return nil, f.problem(err, into)
	}
	if len(f.tree.Docs) > 1 {
		return nil, fmt.Errorf("%s: a second YAML document; expected one", f.at(f.tree.Docs[1].Start))
	}
	err = yaml.NewDecoder(bytes.NewReader(content), yaml.Strict()).Decode(into)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, f.problem(err, into)
	}
	return f, nil
}

// at is a place in the file as file:line:column.
func (f *yamlFile) at(t *token.Token) string {
	if t == nil || t.Position == nil {
		return f.path
	}
	return fmt.Sprintf("%s:%d:%d", f.path, t.Position.Line, t.Position.Column)
}

// where is the place of the node at the first path that there is, such as $.rules.disabled.
func (f *yamlFile) where(paths ...string) string {
	for _, text := range paths {
		path, err := yaml.PathString(text)
		if err != nil {
			continue
		}
		if node, err := path.FilterFile(f.tree); err == nil {
			return f.at(node.GetToken())
		}
	}
	return f.path
}

func (f *yamlFile) problem(err error, into any) error {
	located, ok := errors.AsType[yaml.Error](err)
	if !ok {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	where := f.at(located.GetToken())
	if unknown, ok := errors.AsType[*yaml.UnknownFieldError](err); ok {
		return fmt.Errorf("%s: %s; expected one of %s", where, unknown.Message, strings.Join(f.keysBeside(unknown.Token, reflect.TypeOf(into)), ", "))
	}
	if path := f.pathOf(located.GetToken()); path != "" {
		where += ": " + path
	}
	if mistyped, ok := errors.AsType[*yaml.TypeError](err); ok {
		return fmt.Errorf("%s: %s; expected %s", where, quoted(mistyped.Token), yamlType(mistyped.DstType))
	}
	if mistyped, ok := errors.AsType[*yaml.UnexpectedNodeTypeError](err); ok {
		return fmt.Errorf("%s: %s; expected %s", where, nodeName(mistyped.Actual), nodeName(mistyped.Expected))
	}
	return fmt.Errorf("%s: %s", where, located.GetMessage())
}

// nodeName is a part of YAML in the words of people who do not know its grammar.
func nodeName(t ast.NodeType) string {
	switch t {
	case ast.MappingType, ast.MappingValueType:
		return "keys with values"
	case ast.SequenceType:
		return "a list"
	}
	if name := strings.ToLower(t.YAMLName()); name != "int" {
		return "a " + name
	}
	return "a whole number"
}

func quoted(t *token.Token) string {
	if t == nil {
		return "a value of another type"
	}
	return fmt.Sprintf("%q", t.Value)
}

// keysBeside are the keys that the object can have in which a key stands, of a file that is read into t.
func (f *yamlFile) keysBeside(key *token.Token, t reflect.Type) []string {
	outer := strings.Split(listIndex.ReplaceAllString(f.pathOf(key), ""), ".")
	for _, name := range outer[:len(outer)-1] {
		for _, field := range yamlFields(t) {
			if field.name == name {
				t = field.t
			}
		}
	}
	var names []string
	for _, field := range yamlFields(t) {
		names = append(names, field.name)
	}
	return names
}

var listIndex = regexp.MustCompile(`\[\d+\]`)

// pathOf is what stands at a place, such as organizations[0].name; empty where the place is not known.
func (f *yamlFile) pathOf(t *token.Token) string {
	if t == nil || t.Position == nil || f.tree == nil {
		return ""
	}
	path := ""
	for _, doc := range f.tree.Docs {
		ast.Walk(visitor(func(n ast.Node) {
			if _, pair := n.(*ast.MappingValueNode); pair {
				return // its token is the colon
			}
			if at := n.GetToken(); at != nil && at.Position != nil && at.Position.Line == t.Position.Line && at.Position.Column == t.Position.Column {
				path = strings.TrimLeft(n.GetPath(), "$.")
			}
		}), doc)
	}
	return path
}

// visitor is called for every node of a tree.
type visitor func(ast.Node)

func (v visitor) Visit(n ast.Node) ast.Visitor {
	v(n)
	return v
}

type yamlField struct {
	name string
	t    reflect.Type
}

// yamlFields are the keys that a value can have, in the order of its fields.
func yamlFields(t reflect.Type) []yamlField {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	var fields []yamlField
	if t.Kind() != reflect.Struct {
		return nil
	}
	for i := range t.NumField() {
		switch name, option, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ","); {
		case name != "":
			fields = append(fields, yamlField{name, t.Field(i).Type})
		case option == "inline":
			fields = append(fields, yamlFields(t.Field(i).Type)...)
		}
	}
	return fields
}

// yamlType names what a value must be.
func yamlType(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Int:
		return "a whole number"
	case reflect.String:
		return "a text"
	case reflect.Slice:
		return "a list"
	}
	return "keys with values"
}

// indent is the white space before the entries of a list.
func (f *yamlFile) indent() string {
	list, ok := f.tree.Docs[0].Body.(*ast.SequenceNode)
	if !ok || list.Start == nil {
		return ""
	}
	return strings.Repeat(" ", list.Start.Position.Column-1)
}

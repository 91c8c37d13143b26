package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
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
		return fmt.Errorf("%s: %s; expected %s", where, unknown.Message, strings.Join(yamlKeys(reflect.TypeOf(into)), ", "))
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
	return "a " + strings.ToLower(t.YAMLName())
}

func quoted(t *token.Token) string {
	if t == nil {
		return "a value of another type"
	}
	return fmt.Sprintf("%q", t.Value)
}

// yamlKeys are the keys that a value can have, in the order of its fields, those of inner values after their own with a dot.
func yamlKeys(t reflect.Type) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	var keys []string
	if t.Kind() != reflect.Struct {
		return nil
	}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if name == "" {
			continue
		}
		inner := yamlKeys(t.Field(i).Type)
		if len(inner) == 0 {
			keys = append(keys, name)
		}
		for _, key := range inner {
			keys = append(keys, name+"."+key)
		}
	}
	return keys
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

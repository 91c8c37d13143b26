package settings

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// yamlFile is a parsed settings file. Unknown and repeated keys, values of a wrong type and a
// second document are errors that name file, line, column and what was expected.
type yamlFile struct {
	path    string
	content []byte
	tree    *ast.File // while it is read: it takes 25 times the memory of the content
}

// readYAML decodes content into a value. An empty file does not change the value. It skips a byte
// order mark at the beginning, which editors of Windows write.
func readYAML(path string, content []byte, into any) (*yamlFile, error) {
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	f := &yamlFile{path: path, content: content}
	defer func() { f.tree = nil }()
	err := cmp.Or(checkSize(path, content), f.checkNesting(content))
	if err != nil {
		return nil, err
	}
	if f.tree, err = parser.ParseBytes(content, 0); err != nil {
		return nil, f.problem(err, into)
	}
	if len(f.tree.Docs) > 1 {
		return nil, fmt.Errorf("%s: a second YAML document; expected one", f.at(f.tree.Docs[1].Start))
	}
	if key := f.otherKey(); key != nil {
		err := fmt.Errorf("%s: the key %s is not a text", f.at(key.GetToken()), key.GetToken().Value)
		if key.Type() == ast.BoolType {
			err = fmt.Errorf("%w; for the key on, write \"on\" with the quotes: programs that read YAML 1.1 take on for true",
				err)
		}
		return nil, err
	}
	if f.tree.Docs[0].Body == nil {
		return f, nil // the decoder would set every field to its zero value
	}
	if err := f.checkAliases(); err != nil {
		return nil, err
	}
	if err := yaml.NewDecoder(bytes.NewReader(content), yaml.Strict()).Decode(into); err != nil {
		return nil, f.problem(err, into)
	}
	return f, nil
}

func (f *yamlFile) at(t *token.Token) string {
	if t == nil {
		return f.path
	}
	return fmt.Sprintf("%s:%d:%d", f.path, t.Position.Line, t.Position.Column)
}

// where returns the position of the first of the paths (such as $.rules.disabled) that exists,
// or else the file name.
func (f *yamlFile) where(paths ...string) string {
	tree, err := parser.ParseBytes(f.content, 0)
	if err != nil {
		return f.path
	}
	for _, text := range paths {
		path, err := yaml.PathString(text)
		if err != nil {
			continue
		}
		if node, err := path.FilterFile(tree); err == nil {
			return f.at(node.GetToken())
		}
	}
	return f.path
}

// problem returns an error of the YAML library with its position and what was expected.
func (f *yamlFile) problem(err error, into any) error {
	located, ok := errors.AsType[yaml.Error](err)
	if !ok || located.GetToken() == nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	where, path := f.at(located.GetToken()), f.pathOf(located.GetToken())
	if unknown, ok := errors.AsType[*yaml.UnknownFieldError](err); ok {
		known := strings.Join(keysBeside(path, reflect.TypeOf(into)), ", ")
		return fmt.Errorf("%s: %s; expected one of %s", where, unknown.Message, known)
	}
	if path != "" {
		where += ": " + path
	}
	if mistyped, ok := errors.AsType[*yaml.TypeError](err); ok {
		return fmt.Errorf("%s: %q; expected %s", where, mistyped.Token.Value, scalarNames[mistyped.DstType.Kind()])
	}
	if mistyped, ok := errors.AsType[*yaml.UnexpectedNodeTypeError](err); ok {
		return fmt.Errorf("%s: %s; expected %s", where, nodeName(mistyped.Actual), nodeName(mistyped.Expected))
	}
	return fmt.Errorf("%s: %s", where, located.GetMessage())
}

// scalarNames names the Go types of settings. For a list and for keys with values, the library
// reports the node types.
var scalarNames = map[reflect.Kind]string{
	reflect.String: "a text", reflect.Int: "a whole number", reflect.Bool: "true or false",
}

var nodeNames = map[ast.NodeType]string{
	ast.MappingType: "keys with values", ast.MappingValueType: "keys with values",
	ast.SequenceType: "a list", ast.IntegerType: "a whole number",
}

func nodeName(t ast.NodeType) string {
	return cmp.Or(nodeNames[t], "a "+strings.ToLower(t.YAMLName()))
}

var listIndex = regexp.MustCompile(`\[\d+\]`)

// keysBeside returns the valid keys in the mapping that has the key at path. The file is
// decoded into t.
func keysBeside(path string, t reflect.Type) (names []string) {
	outer := strings.Split(listIndex.ReplaceAllString(path, ""), ".")
	for _, name := range outer[:len(outer)-1] {
		for _, field := range yamlFields(t) {
			if field.Tag.Get("yaml") == name {
				t = field.Type
			}
		}
	}
	for _, field := range yamlFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		names = append(names, name)
	}
	return names
}

// yamlFields returns the fields of a struct (or of what a pointer or slice points to) that have
// a key, in order.
func yamlFields(t reflect.Type) []reflect.StructField {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return slices.DeleteFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool { return f.Tag.Get("yaml") == "" })
}

// pathOf returns the path of the last node at t, such as organizations[0].name, or "" if t
// belongs to no node.
func (f *yamlFile) pathOf(t *token.Token) (path string) {
	if f.tree == nil {
		return ""
	}
	place := f.at(t)
	f.each(func(n ast.Node) {
		_, pair := n.(*ast.MappingValueNode) // its token is the colon
		if !pair && f.at(n.GetToken()) == place {
			path = strings.TrimLeft(n.GetPath(), "$.")
		}
	})
	return path
}

// otherKey returns the first key that is a truth value, a number or null, or nil. The decoder would
// drop all keys of its mapping without an error.
func (f *yamlFile) otherKey() (other ast.Node) {
	f.each(func(n ast.Node) {
		pair, ok := n.(*ast.MappingValueNode)
		if !ok || other != nil {
			return
		}
		var key ast.Node = pair.Key
		if explicit, ok := key.(*ast.MappingKeyNode); ok { // a key after "?"
			key = explicit.Value
		}
		switch key.Type() {
		case ast.BoolType, ast.IntegerType, ast.FloatType, ast.InfinityType, ast.NanType, ast.NullType:
			other = key
		}
	})
	return other
}

type visitor func(ast.Node)

// Visit implements ast.Visitor.
func (v visitor) Visit(n ast.Node) ast.Visitor {
	v(n)
	return v
}

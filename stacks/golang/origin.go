package golang

import (
	"debug/buildinfo"
	"path"
	"strings"
)

// origin tells the application's functions from those of Go and of modules that it uses, by what the linker noted of
// the build.
type origin struct {
	root      string   // where the files of the standard library are: "/usr/local/go/src/"; empty where paths were trimmed
	main      string   // path of the main module
	local     []string // modules of the build that lie beside the main one: replaced by a folder
	libraries []string // other modules of the build
}

// newOrigin takes the file of a function of package runtime: "/usr/local/go/src/runtime/proc.go" or, trimmed,
// "runtime/proc.go".
func newOrigin(build *buildinfo.BuildInfo, runtimeFile string) origin {
	o := origin{main: build.Main.Path}
	if root := path.Dir(path.Dir(runtimeFile)); path.IsAbs(root) {
		o.root = root + "/"
	}
	for _, dep := range build.Deps {
		if dep.Replace != nil && dep.Replace.Version == "" {
			o.local = append(o.local, dep.Path)
		} else {
			o.libraries = append(o.libraries, dep.Path)
		}
	}
	return o
}

// library tells whether a function is none of the application.
func (o origin) library(function, file string) bool {
	if path.Base(file) == "_cgo_gotypes.go" { // cgo generates it in the application's package: it calls C for its code
		return true
	}
	p := packageOf(function)
	if p == "main" {
		return false
	}
	if o.main != "" && within(p, o.main) {
		return false
	}
	for _, module := range o.local {
		if within(p, module) {
			return false
		}
	}
	for _, module := range o.libraries {
		if within(p, module) {
			return true
		}
	}
	return o.standard(p, file) || strings.Contains(file, "/pkg/mod/") || strings.Contains(file, "/vendor/")
}

// standard tells whether it is of Go itself: by the folder of its file or, where paths were trimmed, by the first
// element of its package, which has no dot.
func (o origin) standard(p, file string) bool {
	if o.root != "" {
		return strings.HasPrefix(file, o.root)
	}
	first, _, _ := strings.Cut(p, "/")
	return !strings.Contains(first, ".")
}

// packageOf is the path of a function's package: "net/http" of "net/http.(*conn).serve". Dots in its last element are
// written %2e, and the brackets of a type parameter may hold paths themselves.
func packageOf(function string) string {
	name, _, _ := strings.Cut(function, "[")
	slash := strings.LastIndexByte(name, '/')
	dot := strings.IndexByte(name[slash+1:], '.')
	if dot < 0 {
		return ""
	}
	return strings.ReplaceAll(name[:slash+1+dot], "%2e", ".")
}

// within tells whether a package belongs to a module.
func within(p, module string) bool {
	rest, ok := strings.CutPrefix(p, module)
	return ok && (rest == "" || rest[0] == '/')
}

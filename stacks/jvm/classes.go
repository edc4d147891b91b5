package jvm

import (
	"strings"

	"github.com/hangtime-dev/hangtime/stacks/foreign"
)

// A class is what is kept of one.
type class struct {
	name    string // "java.util.concurrent.FutureTask"
	source  string // "FutureTask.java"; empty: it does not say
	library bool
	super   uint64
	fields  map[string]int // where in its objects: those asked for; -1: it has none of that name
}

// classes are those that were loaded.
type classes struct {
	classLayout
	version int // of Java
	view    *foreign.View
	objects *objects
	known   map[uint64]*class
}

// maxSymbol bounds the names of classes and methods.
const maxSymbol = 512

// symbol is one of HotSpot's names.
func (all *classes) symbol(at uint64) string {
	// One read mostly: few names are longer. None over the edge of a page: what follows may not be there.
	block := all.view.Block(at, int(min(uint64(all.symbolBody+64), pageSize-at%pageSize)))
	n := int(block.Uint16(all.symbolLength))
	if block != nil && all.symbolBody+n <= len(block) {
		return printable(block[all.symbolBody : all.symbolBody+n])
	}
	if block == nil || len(block) < all.symbolLength+2 {
		n = int(all.view.Block(at, all.symbolLength+2).Uint16(all.symbolLength))
	}
	return all.view.Text(at+uint64(all.symbolBody), n, maxSymbol)
}

// printable is a name, or nothing where the bytes are none.
func printable(b []byte) string {
	for _, c := range b {
		if c < ' ' || c == 0x7f {
			return ""
		}
	}
	return string(b)
}

// class tells of a class by its address.
func (all *classes) class(at uint64) *class {
	if c := all.known[at]; c != nil {
		return c
	}
	c := &class{fields: map[string]int{}}
	if at == 0 || at%8 != 0 {
		return c
	}
	name := all.symbol(all.view.Word(at + uint64(all.className)))
	if name == "" {
		return c
	}
	c.name = strings.ReplaceAll(name, "/", ".")
	c.super = all.view.Word(at + uint64(all.classSuper))
	if !strings.HasPrefix(name, "[") {
		c.source = all.source(at)
	}
	c.library = isLibrary(c.name) || all.ofPlatform(at)
	if !all.view.Spent() {
		all.known[at] = c
	}
	return c
}

// source is the name of the file that a class was compiled from.
func (all *classes) source(class uint64) string {
	pool := all.view.Word(class + uint64(all.classConstants))
	at := class + uint64(all.sourceOfClass)
	if all.sourceOfPool >= 0 {
		at = pool + uint64(all.sourceOfPool)
	} else if all.sourceOfClass < 0 {
		return ""
	}
	return all.constant(pool, all.view.Block(at, 4).Uint32(0)&0xffff)
}

// constant is a name in a pool of constants.
func (all *classes) constant(pool uint64, index uint32) string {
	if pool == 0 || index == 0 {
		return ""
	}
	return all.symbol(all.view.Word(pool + uint64(all.poolSize) + 8*uint64(index)))
}

// ofPlatform says that a class was loaded by the boot loader, which has no object, or by the loader of the platform's
// modules.
func (all *classes) ofPlatform(class uint64) bool {
	data := all.view.Word(class + uint64(all.loaderData))
	if data == 0 {
		return false
	}
	loader := all.view.Word(data + uint64(all.loader))
	if all.loaderIsHandle {
		loader = all.objects.cell(loader)
	}
	if loader == 0 {
		return !all.view.Spent()
	}
	name := all.symbol(all.view.Word(all.objects.classOf(loader) + uint64(all.className)))
	return name == "jdk/internal/loader/ClassLoaders$PlatformClassLoader"
}

// isLibrary says that a class is Java's own or a well-known package's. The loader of the application has those too,
// and does not say which of its classes somebody else wrote.
func isLibrary(class string) bool {
	for _, prefix := range []string{
		"java.", "javax.", "jdk.", "sun.", "com.sun.", "jakarta.",
		"org.apache.", "org.eclipse.", "org.springframework.", "org.hibernate.", "org.postgresql.", "org.jboss.",
		"org.xnio.", "org.glassfish.",
		"com.zaxxer.", "com.mysql.", "com.mongodb.", "com.google.common.", "com.fasterxml.", "com.netflix.",
		"io.netty.", "io.undertow.", "io.vertx.", "io.grpc.", "io.quarkus.", "io.micronaut.", "io.lettuce.",
		"redis.clients.",
		"okhttp3.", "okio.", "reactor.", "kotlin.", "kotlinx.", "scala.", "akka.", "groovy.", "clojure.",
	} {
		if strings.HasPrefix(class, prefix) {
			return true
		}
	}
	return false
}

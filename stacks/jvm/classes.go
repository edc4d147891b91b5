package jvm

import "strings"

// A class is what is kept of one.
type class struct {
	name    string // "java.util.concurrent.FutureTask"
	source  string // "FutureTask.java"; empty: it does not say
	library bool
	super   uint64
	fields  map[string]int // where in its objects: those asked for; -1: it has none of that name
}

// maxSymbol bounds the names of classes and methods.
const maxSymbol = 512

// symbol is one of HotSpot's names.
func (p *program) symbol(at uint64) string {
	// One read mostly: few names are longer. None over the edge of a page: what follows may not be there.
	block := p.view.Block(at, int(min(uint64(p.symbolBody+64), pageSize-at%pageSize)))
	n := int(block.Uint16(p.symbolLength))
	if block != nil && p.symbolBody+n <= len(block) {
		return printable(block[p.symbolBody : p.symbolBody+n])
	}
	if block == nil || len(block) < p.symbolLength+2 {
		n = int(p.view.Block(at, p.symbolLength+2).Uint16(p.symbolLength))
	}
	return p.view.Text(at+uint64(p.symbolBody), n, maxSymbol)
}

const pageSize = 4096

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
func (p *program) class(at uint64) *class {
	if c := p.classes[at]; c != nil {
		return c
	}
	c := &class{fields: map[string]int{}}
	if at == 0 || at%8 != 0 {
		return c
	}
	name := p.symbol(p.view.Word(at + uint64(p.className)))
	if name == "" {
		return c
	}
	c.name = strings.ReplaceAll(name, "/", ".")
	c.super = p.view.Word(at + uint64(p.classSuper))
	if !strings.HasPrefix(name, "[") {
		c.source = p.source(at)
	}
	c.library = isLibrary(c.name) || p.ofPlatform(at)
	if !p.view.Spent() {
		p.classes[at] = c
	}
	return c
}

// source is the name of the file that a class was compiled from.
func (p *program) source(class uint64) string {
	pool := p.view.Word(class + uint64(p.classConstants))
	at := class + uint64(p.sourceOfClass)
	if p.sourceOfPool >= 0 {
		at = pool + uint64(p.sourceOfPool)
	} else if p.sourceOfClass < 0 {
		return ""
	}
	return p.constant(pool, p.view.Block(at, 4).Uint32(0)&0xffff)
}

// constant is a name in a pool of constants.
func (p *program) constant(pool uint64, index uint32) string {
	if pool == 0 || index == 0 {
		return ""
	}
	return p.symbol(p.view.Word(pool + uint64(p.poolSize) + 8*uint64(index)))
}

// ofPlatform says that a class was loaded by the boot loader, which has no object, or by the loader of the platform's
// modules.
func (p *program) ofPlatform(class uint64) bool {
	data := p.view.Word(class + uint64(p.loaderData))
	if data == 0 {
		return false
	}
	loader := p.view.Word(data + uint64(p.loader))
	if p.loaderIsHandle && loader != 0 {
		loader = p.view.Word(loader)
	}
	if loader == 0 {
		return !p.view.Spent()
	}
	name := p.symbol(p.view.Word(p.classOf(loader) + uint64(p.className)))
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

// field is where a field lies in the objects of a class or of one that it derives from; -1: it has none.
func (p *program) field(at uint64, name string) int {
	c := p.class(at)
	if offset, known := c.fields[name]; known {
		return offset
	}
	offset := -1
	for class, depth := at, 0; class != 0 && depth < maxDepth && offset < 0; class, depth = p.class(class).super, depth+1 {
		offset = p.declared(class, name)
	}
	if !p.view.Spent() {
		c.fields[name] = offset
	}
	return offset
}

// Bounds of classes: how deep one derives, how many fields it declares, how large its objects are.
const (
	maxDepth     = 32
	maxFields    = 1024
	maxFieldsEnd = 1 << 16
)

// declared is where a field lies that a class itself declares; -1: it declares none of that name.
func (p *program) declared(class uint64, name string) int {
	pool := p.view.Word(class + uint64(p.classConstants))
	switch {
	case p.fields >= 0:
		return p.fieldOfArray(class, pool, name)
	case p.fieldStream >= 0:
		return p.fieldOfStream(class, pool, name)
	}
	return -1
}

// fieldOfArray looks through the fields as HotSpot kept them to JDK 20 (fieldInfo.hpp): six numbers of 16 bits each,
// of which the last two are the offset, above two bits of a tag.
func (p *program) fieldOfArray(class, pool uint64, name string) int {
	all := p.view.Word(class + uint64(p.fields))
	count := min(int(p.view.Block(all+uint64(p.arrayLength), 4).Uint32(0))/6, maxFields)
	if p.fieldCount >= 0 { // those behind are HotSpot's own
		count = min(count, int(p.view.Block(class+uint64(p.fieldCount), 2).Uint16(0)))
	}
	numbers := p.view.Block(all+uint64(p.shortsData), count*12)
	for i := 0; i+12 <= len(numbers); i += 12 {
		if p.constant(pool, uint32(numbers.Uint16(i+2))) == name {
			return int(uint32(numbers.Uint16(i+8))|uint32(numbers.Uint16(i+10))<<16) >> 2
		}
	}
	return -1
}

// fieldOfStream looks through the fields as HotSpot has kept them since JDK 21 (fieldInfo.hpp): compressed numbers;
// first how many fields there are, and how many are HotSpot's own.
func (p *program) fieldOfStream(class, pool uint64, name string) int {
	all := p.view.Word(class + uint64(p.fieldStream))
	length := p.view.Block(all+uint64(p.arrayLength), 4).Uint32(0)
	s := p.stream(p.view.Block(all+uint64(p.bytesData), int(min(length, maxFields*16))))
	count := min(s.number(), maxFields)
	s.number()
	for ; count > 0 && !s.over(); count-- {
		index := s.number()
		s.number() // its type
		offset := s.number()
		s.number() // its access flags
		flags := s.number()
		for _, bit := range []uint32{1, 4, 16} { // it has an initial value, a generic type, a group of contention
			if flags&bit != 0 {
				s.number()
			}
		}
		if p.constant(pool, index) == name {
			return int(min(offset, maxFieldsEnd))
		}
	}
	return -1
}

package perl

import "strings"

// A layout says where a version of Perl keeps what is read here: offsets in bytes, on a processor with addresses of 64
// bits. Where a version is not named, all that are listed agree.
type layout struct {
	threads bool // it was built with threads, as distributions do
	// Of a build with threads, in struct interpreter (intrpvar.h): PL_curcop and PL_curstackinfo.
	current, calls int
	// nameApart says that a package has its name behind the table of its symbols (until 5.34), and not right in it.
	nameApart bool
	// local is that of the length of a variable's name in PADNAME (pad.h), of one byte.
	local int
}

// layouts has the versions by offsetof: 5.36 from the headers of Debian's 5.36.0, the others from those of Perl 5.32.1,
// 5.34.1, 5.38.2 and 5.40.0, each configured with threads. Tried on running programs: Debian's 5.36.0, 5.40.0 with
// threads and 5.36.0 without; the others were not. Versions with an odd number are of development.
func layouts(version string) (layout, bool) {
	rest, is := strings.CutPrefix(version, "5.")
	minor, _, _ := strings.Cut(rest, ".")
	if !is {
		return layout{}, false
	}
	switch minor {
	case "32":
		return layout{current: 224, calls: 240, nameApart: true, local: 40}, true
	case "34":
		return layout{current: 208, calls: 224, nameApart: true, local: 40}, true
	case "36":
		return layout{current: 208, calls: 224, local: 40}, true
	case "38", "40":
		return layout{current: 208, calls: 224, local: 48}, true
	}
	return layout{}, false
}

// interpreterOp is that of PL_op in struct interpreter: the operation that is carried out.
const interpreterOp = 8

// PERL_SI (cop.h): a list of calls. Perl begins another where C calls Perl, as a destructor or a sort does.
const (
	listCalls = 8  // si_cxstack
	listOuter = 16 // si_prev
	listLast  = 32 // si_cxix: the innermost call; -1: there is none
	listMost  = 36 // si_cxmax
	listSize  = 40
)

// PERL_CONTEXT (cop.h): a call, a block or a loop.
const (
	callSize      = 104
	callStatement = 16 // blk_oldcop: at which its caller is
	callBody      = 48 // of what is particular to its kind
	kindMask      = 15 // of its first byte

	kindSub    = 9  // CXt_SUB
	kindFormat = 10 // CXt_FORMAT
	kindEval   = 11 // CXt_EVAL

	// In the body of a call of a function: struct block_sub.
	subCode  = 24
	subDepth = 32 // how many calls of the same function were before this one
	// In that of an eval: struct block_eval.
	evalFile = 16 // old_namesv: what require reads
	evalCode = 40 // cv: of a file or a text; 0: it is eval of a block
)

// COP and OP (cop.h, op.h): a statement, and an operation.
const (
	opKind     = 32    // of nine bits
	opKindMask = 0x1ff //
	opSize     = 40

	statementLine = 36
	statementFile = 48 // of a build with threads the name; else a glob called "_<" and the name
	statementSize = 88
)

// SV (sv.h): the head of every value.
const (
	valueBody  = 0
	valueFlags = 12
	valueOwn   = 16 // sv_u: its string, its elements, what it refers to
	valueSize  = 24

	flagKind      = 0xff
	flagInteger   = 0x100 // SVf_IOK
	flagText      = 0x400 // SVf_POK
	flagReference = 0x800 // SVf_ROK
	flagAux       = 0x2000000

	kindInteger = 1 // SVt_IV, whose number is in its head
	kindText    = 3 // SVt_PV
	kindMagic   = 7 // SVt_PVMG
	kindGlob    = 9
	kindArray   = 11
	kindHash    = 12
	kindCode    = 13

	textLen     = 16 // xpv_cur
	bodyInteger = 32 // xiv_iv
)

// XPVCV (cv.h): the body of a function.
const (
	codePackage = 32
	codeName    = 56 // a glob; or, with flagNamed, the name itself
	codePads    = 72 // xcv_padlist
	codeFlags   = 92
	codeSize    = 96

	flagNamed = 0x8000 // CVf_NAMED
)

// XPVGV (gv.h): the body of a glob.
const (
	globName    = 32
	globPackage = 40
	globSize    = 48
)

// HEK and HE (hv.h): a key, and an entry of a hash.
const (
	keyLen  = 4
	keyText = 8

	entryNext  = 0
	entryKey   = 8
	entryValue = 16
	entrySize  = 24
)

// XPVHV (hv.h): the body of a hash; xpvhv_aux: what a package has besides.
const (
	hashMost = 24 // the number of its buckets, less one
	hashSize = 32

	auxName      = 0  // a key; or, where nameCount is not 0, a list of keys
	auxNameCount = 28 // of four bytes
	auxSize      = 32
)

// XPVAV (av.h): the body of an array.
const arrayLast = 16

// PADLIST, PADNAMELIST and PADNAME (pad.h): the lexical variables of a function. The first of the pads is their names'.
const (
	padsMost = 0
	padsList = 8

	namesLast = 0
	namesList = 8

	nameText = 0
)

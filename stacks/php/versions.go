package php

// A layout says where PHP keeps what is read here: offsets in bytes, on a processor with addresses of 64 bits, in a
// build without threads (NTS) and without debugging. Where a version is not named, all that are listed agree.
type layout struct {
	name string // "8.2"
	// current is that of current_execute_data in executor_globals (Zend/zend_globals.h).
	current int
	// filename is that of a function's file in zend_op_array (Zend/zend_compile.h); its first and its last line stand
	// right behind it.
	filename int
}

// layouts has the versions by ZEND_MODULE_API_NO (Zend/zend_modules.h), which each module of PHP carries. 8.2 is by
// offsetof from the headers of Debian's 8.2.36, the others are from theirs by the offsets that the profiler phpspy
// publishes (structs/x86_64 and structs/aarch64). Tried on running programs: 8.2.36 (fpm, Apache, command line) and
// 8.4.27 (fpm, command line), both of Debian; 8.0, 8.1 and 8.3 were not.
func layouts(api uint32) (layout, bool) {
	switch api {
	case 20200930:
		return layout{name: "8.0", current: 488, filename: 144}, true
	case 20210902:
		return layout{name: "8.1", current: 488, filename: 144}, true
	case 20220829:
		return layout{name: "8.2", current: 488, filename: 152}, true
	case 20230831:
		return layout{name: "8.3", current: 488, filename: 144}, true
	case 20240924:
		return layout{name: "8.4", current: 488, filename: 168}, true
	}
	return layout{}, false
}

// struct _zend_execute_data (Zend/zend_compile.h): one call. opline is the instruction that it is at, where it calls
// another; prev is who called it.
const (
	callOpline = 0
	callFunc   = 24
	callPrev   = 48
	callSize   = 56
)

// union _zend_function (Zend/zend_compile.h): what is called.
const (
	functionType  = 0 // of one byte
	functionName  = 8
	functionScope = 16 // its class
	functionSize  = 24

	typeInternal = 1 // ZEND_INTERNAL_FUNCTION: written in C
	typeUser     = 2 // ZEND_USER_FUNCTION
	typeEval     = 4 // ZEND_EVAL_CODE

	className = 8 // zend_class_entry.name (Zend/zend.h)
)

// opLine is that of the line in an instruction: zend_op.lineno (Zend/zend_compile.h).
const opLine = 24

// zend_string (Zend/zend_types.h): its length and its bytes.
const (
	stringLen = 16
	stringVal = 24
)

// A module of PHP: module_registry is a hash table (Zend/zend_types.h) whose buckets point to a zend_module_entry
// (Zend/zend_modules.h).
const (
	tableBuckets = 16
	tableUsed    = 24
	tableSize    = 32

	moduleAPI   = 4
	moduleDebug = 8 // of one byte
	moduleZTS   = 9 // of one byte
	moduleSize  = 10
)

// sapi_globals (main/SAPI.h): the request.
const (
	sapiContext = 0 // the server's own structure
	sapiMethod  = 8
	sapiQuery   = 16
	sapiPath    = 48  // request_uri; under FastCGI it is the script's
	sapiStarted = 436 // of one byte: a request is being worked on
	sapiSize    = 440
)

// struct _fcgi_request (main/fastcgi.c; tried on 8.2 and 8.4): what the server's context is under
// FastCGI.
const (
	fcgiFD   = 8    // the connection; -1: there is none
	fcgiKeep = 16   // the connection stays open for the next request
	fcgiList = 9320 // env.list: what the web server sent, as a list

	// fcgi_hash_bucket: one variable of it.
	varLen      = 4
	varName     = 8
	varValueLen = 16
	varValue    = 24
	varNext     = 40
	varSize     = 48
)

// What Apache 2.4 keeps of a request (httpd.h and apr_network_io.h of 2.4.71, by offsetof; the module's interface
// promises these for all of 2.4). php_struct (sapi/apache2handler) points to request_rec.
const (
	apacheRequest    = 8   // php_struct.r
	apachePrevious   = 32  // request_rec.prev: an internal redirect's origin
	apacheMain       = 40  // request_rec.main: a subrequest's origin
	apacheUnparsed   = 328 // request_rec.unparsed_uri: as the client asked for it
	apacheConnection = 8   // request_rec.connection
	apacheClient     = 32  // conn_rec.client_addr
	apachePort       = 24  // apr_sockaddr_t.port, of two bytes
)

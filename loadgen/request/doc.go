// Package request makes what is hit ready to be sent: targets of a plan or of vegeta's files, and the bytes of a
// request, also from templates.
//
// It sends nothing.
package request

package rq

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/hangtime-dev/hangtime/queues"
)

// The opcodes of Python's pickle, protocol 2, that plain values take (Lib/pickletools.py says what each does).
const (
	opProto    = "\x80\x02"
	opNone     = 'N'
	opTrue     = '\x88'
	opFalse    = '\x89'
	opInt      = 'J' // four bytes
	opLong     = 'I' // decimal, to the end of the line
	opFloat    = 'G' // eight bytes, the most significant first
	opText     = 'X' // four bytes of length, and UTF-8
	opMark     = '('
	opTuple    = 't'
	opList     = 'l'
	opDict     = 'd'
	opStop     = '.'
	mostNested = 64
)

// pickled is what RQ stores of a call: (function, no object, arguments by place, arguments by name).
func pickled(task queues.Task) ([]byte, error) {
	p := &pickler{}
	p.to.WriteString(opProto)
	p.to.WriteByte(opMark)
	p.text(task.Name)
	p.to.WriteByte(opNone)
	p.to.WriteByte(opMark)
	for _, arg := range task.Args {
		if err := p.json(arg); err != nil {
			return nil, err
		}
	}
	p.to.WriteByte(opTuple)
	p.to.WriteByte(opMark)
	for name, arg := range task.Kwargs {
		p.text(name)
		if err := p.json(arg); err != nil {
			return nil, err
		}
	}
	p.to.WriteByte(opDict)
	p.to.WriteByte(opTuple)
	p.to.WriteByte(opStop)
	return p.to.Bytes(), nil
}

type pickler struct{ to bytes.Buffer }

func (p *pickler) json(text json.RawMessage) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return err
	}
	return p.value(value, 0)
}

func (p *pickler) value(value any, depth int) error {
	if depth > mostNested {
		return fmt.Errorf("arguments are nested more than %d deep", mostNested)
	}
	switch v := value.(type) {
	case nil:
		p.to.WriteByte(opNone)
	case bool:
		p.to.WriteByte(map[bool]byte{true: opTrue, false: opFalse}[v])
	case string:
		p.text(v)
	case json.Number:
		return p.number(v)
	case []any:
		p.to.WriteByte(opMark)
		for _, one := range v {
			if err := p.value(one, depth+1); err != nil {
				return err
			}
		}
		p.to.WriteByte(opList)
	case map[string]any:
		p.to.WriteByte(opMark)
		for name, one := range v {
			p.text(name)
			if err := p.value(one, depth+1); err != nil {
				return err
			}
		}
		p.to.WriteByte(opDict)
	}
	return nil
}

func (p *pickler) text(s string) {
	p.to.WriteByte(opText)
	p.to.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(s))))
	p.to.WriteString(s)
}

func (p *pickler) number(n json.Number) error {
	if slices.ContainsFunc([]byte(n), func(c byte) bool { return c == '.' || c == 'e' || c == 'E' }) {
		f, err := n.Float64()
		if err != nil {
			return err
		}
		p.to.WriteByte(opFloat)
		p.to.Write(binary.BigEndian.AppendUint64(nil, math.Float64bits(f)))
		return nil
	}
	if i, err := strconv.ParseInt(n.String(), 10, 32); err == nil {
		p.to.WriteByte(opInt)
		p.to.Write(binary.LittleEndian.AppendUint32(nil, uint32(int32(i))))
		return nil
	}
	p.to.WriteByte(opLong)
	p.to.WriteString(n.String() + "\n")
	return nil
}

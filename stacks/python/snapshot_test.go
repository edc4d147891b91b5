package python

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/hangtime-dev/hangtime/kernel/memory"
)

// TestALookReadsAtOnceWhatTheLastOneAskedFor and tells what is there now: of a page that is gone too.
func TestALookReadsAtOnceWhatTheLastOneAskedFor(t *testing.T) {
	there := map[uint64]byte{5: 50, 6: 60, 7: 70} // what the pages are filled with, by number
	var single, together []uint64
	fill := func(number uint64, into []byte) bool {
		with, is := there[number]
		for i := range into {
			into[i] = with
		}
		return is
	}
	m := &snapshot{
		spare: &sync.Pool{},
		read: func(address uint64, into []byte) error {
			single = append(single, address/pageSize)
			if !fill(address/pageSize, into) {
				return errors.New("not there")
			}
			return nil
		},
		many: func(pieces []memory.Piece) {
			for i := range pieces {
				together = append(together, pieces[i].Address/pageSize)
				pieces[i].There = fill(pieces[i].Address/pageSize, pieces[i].Into)
			}
		},
	}
	look := func(pages ...uint64) (read []byte) {
		single, together = nil, nil
		m.forget()
		m.readAgain()
		for _, number := range pages {
			read = append(read, m.octet(number*pageSize+1))
		}
		m.end()
		slices.Sort(together)
		return read
	}
	if got := look(5, 6, 8); !slices.Equal(got, []byte{50, 60, 0}) || !slices.Equal(single, []uint64{5, 6, 8}) || together != nil {
		t.Errorf("the first look tells %v; one by one it read %v, at once %v", got, single, together)
	}
	there[5] = 51
	delete(there, 6)
	if got := look(5, 6, 7); !slices.Equal(got, []byte{51, 0, 70}) || !slices.Equal(together, []uint64{5, 6}) ||
		!slices.Equal(single, []uint64{6, 7}) {
		t.Errorf("the second look tells %v; one by one it read %v, at once %v", got, single, together)
	}
	if look(7); !slices.Equal(together, []uint64{5, 7}) {
		t.Errorf("the third look read at once %v, want what the second one found", together)
	}
	if look(); !slices.Equal(together, []uint64{7}) {
		t.Errorf("the fourth look read at once %v, want what the third one asked for", together)
	}
}

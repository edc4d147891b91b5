package jvm

const pageSize = 4096

// pages reads memory in whole pages and keeps them: for tables, which do not change.
func pages(memory func(uint64, []byte) error) func(uint64, []byte) error {
	kept := map[uint64]*[pageSize]byte{}
	return func(at uint64, into []byte) error {
		for len(into) > 0 {
			page := kept[at/pageSize]
			if page == nil {
				page = new([pageSize]byte)
				if err := memory(at/pageSize*pageSize, page[:]); err != nil {
					return err
				}
				kept[at/pageSize] = page
			}
			n := copy(into, page[at%pageSize:])
			into, at = into[n:], at+uint64(n)
		}
		return nil
	}
}
